"""Two processes, one account: whichever is asked shows how it is where it runs, and the heir does not believe the dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawdad.core.channels import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.channels.figures import ChannelFigures
from crawdad.services.channels.sharing import adopt, told_of
from crawdad.services.channels.status import TOLD_SECONDS, AccountStatus
from crawdad.store.cluster import open_cluster
from tests.support.channel_stage import TOKEN, SteppedClock, channel_stage
from tests.support.memory_channel import Platform
from tests.support.waiting import until

BLOCK = {"memory": {"token": TOKEN, "allowFrom": ["u1"]}}


async def test_whoever_is_asked_shows_the_account_as_it_is(database_url: str) -> None:
    clock, platform = SteppedClock(), Platform()
    async with (
        open_cluster(None, clock) as cluster,
        channel_stage(database_url, BLOCK, platform=platform, cluster=cluster, clock=clock, runner="owner") as owner,
    ):
        await owner.connected()
        platform.say("say hello")
        await owner.until(lambda: platform.texts() == ["hello"])
        async with channel_stage(
            database_url, BLOCK, platform=platform, cluster=cluster, clock=clock, runner="other"
        ) as other:

            async def other_is(state: str, error: str = "") -> bool:
                clock.advance(1)
                view = await other.view()
                words = view.status.last_error
                told = words.render() if isinstance(words, Text) else words or ""
                return view.status.elsewhere and view.state == state and error in told

            await until(lambda: other_is("connected"))
            account, here, there = other.account(), owner.host.status, other.host.status
            assert there(account).identity == here(account).identity != ""
            assert not other.host.is_running(account)
            with pytest.raises(GatewayError) as refused:
                other.host.running(account)
            assert refused.value.kind is ErrorKind.UNAVAILABLE
            assert await other.host.count(account, "direct") == await owner.host.count(account, "direct") == 1
            platform.cut()
            await until(lambda: other_is("degraded", "line"))
            platform.mend()
            await until(lambda: other_is("connected"))
            platform.sign_out()
            await until(lambda: other_is("needs_login"))


async def test_nobody_answers_for_an_account_whose_process_is_gone(database_url: str) -> None:
    clock = SteppedClock()
    async with (
        open_cluster(None, clock) as cluster,
        channel_stage(database_url, BLOCK, cluster=cluster, clock=clock) as stage,
    ):
        await stage.connected()
        running = stage.running()
        await cluster.leases.release(f"channels.account:{running.account}", "runner-1")
        assert await cluster.leases.claim(f"channels.account:{running.account}", "one that hangs", 3600.0)

        async def lost() -> bool:
            clock.advance(1)
            return running.status.elsewhere

        await until(lost)
        adopt(running.status, {"state": "connected", "identity": "it"}, clock.now())
        assert await stage.state() == "connected"
        clock.advance(TOLD_SECONDS + 1)
        assert await stage.state() == "elsewhere", "that was long ago"
        with pytest.raises(GatewayError) as refused:
            await stage.host.count(running.account, "group")
        assert refused.value.kind is ErrorKind.UNAVAILABLE
        assert (await ChannelFigures(stage.host, clock).qq()).connected is False


def test_what_is_told_comes_back_as_it_was(tmp_path: Path) -> None:
    owner, other = AccountStatus(60.0), AccountStatus(60.0, elsewhere=True)
    owner.started(1.0)
    owner.heard(2.0, "Claw 10001")
    owner.lost(3.0, Text("onebot.token_refused", {"reason": Text("channels.silent")}))
    told = told_of(Account("qq"), owner, 4.0)
    adopt(other, told, 4.0)
    assert (other.state(5.0), other.identity, other.running, other.reconnects) == ("degraded", "Claw 10001", True, 1)
    assert (other.heard_at, other.lost_at, other.last_error) == (2.0, 3.0, owner.last_error)
    other.taken()
    assert (other.state(6.0), other.identity) == ("stopped", "Claw 10001")
    for wrong in ({}, {"state": "fine"}, {**told, "lost_at": "x"}, {**told, "last_error": {"key": 1}}):
        with pytest.raises((KeyError, ValueError, TypeError)):
            adopt(other, wrong, 7.0)
    adopt(other, {**told, "last_error": {"key": "of.tomorrow", "values": {}}}, 7.0)
    assert other.last_error == "of.tomorrow"
