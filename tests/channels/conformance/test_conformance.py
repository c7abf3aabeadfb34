"""What every channel must do. Each test runs the real host over the channel's real transport against its simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest
import structlog

from crawdad.core.agents import RunOrder
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart, TextPart
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.services.agents.transcript import text_of
from tests.channels.conformance.simulators import SIMULATORS
from tests.channels.simulator import Said, Simulator
from tests.support.channel_stage import Stage, channel_stage
from tests.support.scripted_runs import ScriptedRuns
from tests.support.waiting import until

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@pytest.fixture(params=sorted(SIMULATORS))
async def simulator(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """Each channel's simulator in turn."""
    async with SIMULATORS[request.param]() as made:
        yield made


def need(simulator: Simulator, *abilities: str) -> None:
    """Skip what makes no sense for a platform."""
    missing = set(abilities) - simulator.abilities
    if missing:
        pytest.skip(f"{simulator.kind.id} has no {', '.join(sorted(missing))}")


def open_stage(
    simulator: Simulator, database_url: str, *accounts: str, settings: dict[str, Any] | None = None, **more: Any
) -> AbstractAsyncContextManager[Stage]:
    """The host with these accounts of the simulator."""
    names = accounts or ("default",)
    common = {"dmPolicy": "open", "allowFrom": ["*"], **(settings or {})}
    block = {**common, "accounts": {name: simulator.settings(name) for name in names}}
    states = {name: simulator.signed_in(name) for name in names}
    return channel_stage(database_url, {simulator.kind.id: block}, kinds=[simulator.kind], states=states, **more)


async def reads(simulator: Simulator, chat: str, *texts: str, account: str = "default") -> None:
    """Wait until just that is to be read in a chat."""

    async def is_so() -> bool:
        return list(simulator.texts(chat, account)) == list(texts)

    try:
        await until(is_so)
    except AssertionError:
        assert list(simulator.texts(chat, account)) == list(texts)
        raise


async def test_a_message_is_answered_where_it_came_from(simulator: Simulator, database_url: str) -> None:
    one, other = simulator.people[:2]
    async with open_stage(simulator, database_url) as stage:
        event = await simulator.say(Said("say hello", sender=one))
        await reads(simulator, one, "hello")
        assert await stage.done(event) == "answered" and list(simulator.texts(other)) == []
        assert await stage.state() == "connected", "there is evidence that the link works"
        view = await stage.view()
        assert view.status.inbound_at is not None and view.status.outbound_at is not None
        order = stage.runs.orders[0]
        assert order.route == Route(simulator.kind.id, one, "default") and order.sender.id == one
        assert order.origin == "channel" and order.untrusted, "who may write is not yet the operator"


async def test_an_event_is_kept_before_it_is_acknowledged(simulator: Simulator, database_url: str) -> None:
    need(simulator, "acknowledge")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        append = stage.world.inbox.append
        refused: list[int] = []

        async def refuse(*arguments: Any) -> list[str]:
            refused.append(1)
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("store.damaged", {"reason": "test"}))

        stage.world.inbox.append = refuse  # type: ignore[method-assign, assignment]
        event = await simulator.say(Said("say kept"))
        await stage.until(lambda: refused)
        assert not simulator.acknowledged(event), "what is not kept is not acknowledged"
        assert await stage.event(event) is None
        stage.world.inbox.append = append  # type: ignore[method-assign]
        for _ in range(200):
            if await stage.event(event) is not None:
                break
            stage.clock.advance(30)
            await until_some_moments()
        await reads(simulator, simulator.people[0], "kept")
        await stage.until(lambda: simulator.acknowledged(event))


async def until_some_moments() -> None:
    """Let others have their turn."""
    import asyncio

    await asyncio.sleep(0.02)


async def test_an_event_that_comes_twice_is_answered_once(simulator: Simulator, database_url: str) -> None:
    need(simulator, "repeat")
    async with open_stage(simulator, database_url) as stage:
        event = await simulator.say(Said("say once"))
        await stage.done(event)
        await simulator.repeat(event)
        last = await simulator.say(Said("say last"))
        await stage.done(last)
        await reads(simulator, simulator.people[0], "once", "last")
        assert len(stage.runs.orders) == 2


async def test_what_was_kept_is_answered_by_the_next_process(simulator: Simulator, database_url: str) -> None:
    class Full(ScriptedRuns):
        async def start(self, order: RunOrder) -> str:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("agents.too_many_waiting"))

    async with open_stage(simulator, database_url, runs=lambda sessions, tasks, _: Full(sessions, tasks)) as stage:
        event = await simulator.say(Said("say after all"))

        async def is_kept() -> bool:
            found = await stage.event(event)
            return found is not None and bool(found.reason)

        await until(is_kept)
    async with open_stage(simulator, database_url, runner="runner-2") as stage:
        stage.clock.advance(600)
        await reads(simulator, simulator.people[0], "after all")
        assert await stage.done(event) == "answered"
        if "acknowledge" in simulator.abilities:
            await stage.until(lambda: simulator.acknowledged(event))


async def test_an_account_stops_at_once(simulator: Simulator, database_url: str) -> None:
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        with structlog.testing.capture_logs() as logs:
            await stage.host.stop(stage.account())

            async def is_stopped() -> bool:
                return await stage.state() == "stopped"

            await until(is_stopped)
        assert "channel_does_not_stop" not in [entry["event"] for entry in logs], "nobody waited for it in vain"
        await stage.host.start(stage.account())
        await stage.connected()


async def test_a_link_that_was_cut_comes_back(simulator: Simulator, database_url: str) -> None:
    need(simulator, "cut")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.cut()

        async def is_down() -> bool:
            return await stage.state() == "degraded"

        await until(is_down)
        event = await simulator.say(Said("say back"))
        await simulator.mend()

        async def is_done() -> bool:
            stage.clock.advance(5)
            found = await stage.event(event)
            return found is not None and found.state == "done"

        await until(is_done)
        await reads(simulator, simulator.people[0], "back")
        assert await stage.state() == "connected"
        assert (await stage.view()).status.reconnects >= 1


async def test_dead_credentials_wait_for_a_sign_in(simulator: Simulator, database_url: str) -> None:
    need(simulator, "expire")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.expire()

        async def is_out() -> bool:
            stage.clock.advance(5)
            told = any(one.topic == "channels.trouble" and one.data["code"] == "signed_out" for one in stage.happened)
            return told and await stage.state() == "needs_login"

        await until(is_out)
        assert stage.host.running(stage.account()).status.last_error is not None


async def test_a_part_that_failed_is_sent_again_and_no_other(simulator: Simulator, database_url: str) -> None:
    need(simulator, "not_sent")
    limit = simulator.kind.capabilities.text_limit
    words = [str(number) * (limit * 2 // 3) for number in (1, 2, 3)]
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.say(Said("say first"))
        await reads(simulator, simulator.people[0], "first")
        route = Route(simulator.kind.id, simulator.people[0])
        await simulator.fail("not_sent", times=2)

        async def send() -> None:
            delivery = await stage.outbound.send(route, [TextPart("\n\n".join(words))], key="k")
            assert delivery.delivered

        from crawdad.services.tasks import Tasks

        async with Tasks() as tasks:
            task = tasks.start(send(), "send")

            async def is_sent() -> bool:
                stage.clock.advance(5)
                return task.done()

            await until(is_sent)
        await reads(simulator, simulator.people[0], "first", *words)


async def test_what_may_be_there_is_not_sent_again(simulator: Simulator, database_url: str) -> None:
    need(simulator, "ambiguous")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.fail("ambiguous", taken=True)
        first = await simulator.say(Said("say maybe"))
        assert await stage.done(first) == "answered"
        second = await simulator.say(Said("say next"))
        await stage.done(second)
        await reads(simulator, simulator.people[0], "maybe", "next")
        stage.clock.advance(600)
        await until_some_moments()
        await reads(simulator, simulator.people[0], "maybe", "next")
        if not simulator.kind.capabilities.repeats_safely:
            delivery = await stage.delivery(first)
            assert delivery is not None and delivery.state == "unknown"
            assert any(one.data.get("code") == "unknown" for one in stage.happened), "the operator is told"


async def test_a_rate_limit_is_waited_out(simulator: Simulator, database_url: str) -> None:
    need(simulator, "rate_limited")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.fail("rate_limited", seconds=300)
        await simulator.say(Said("say late"))

        async def is_waiting() -> bool:
            view = await stage.view()
            return bool(view.counts.get("open")) and bool(
                stage.running().sending.not_before > stage.clock.monotonic() + 200
            )

        await until(is_waiting)
        assert list(simulator.texts(simulator.people[0])) == []
        stage.clock.advance(200)
        await until_some_moments()
        assert list(simulator.texts(simulator.people[0])) == [], "not before its time"

        async def is_there() -> bool:
            stage.clock.advance(60)
            return list(simulator.texts(simulator.people[0])) == ["late"]

        await until(is_there)


async def test_what_the_platform_refuses_is_given_up_and_told(simulator: Simulator, database_url: str) -> None:
    need(simulator, "refused")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.fail("refused")
        first = await simulator.say(Said("say never"))
        await stage.done(first)
        second = await simulator.say(Said("say but this"))
        await stage.done(second)
        await reads(simulator, simulator.people[0], "but this")
        delivery = await stage.delivery(first)
        assert delivery is not None and delivery.state == "failed"
        assert any(one.data.get("code") == "not_sent" for one in stage.happened)


async def test_what_needs_somebody_to_write_first_is_parked(simulator: Simulator, database_url: str) -> None:
    need(simulator, "needs_inbound")
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await simulator.fail("needs_inbound")
        first = await simulator.say(Said("say parked"))
        await stage.done(first)

        async def is_parked() -> bool:
            return bool((await stage.view()).counts.get("parked"))

        await until(is_parked)
        assert any(one.data.get("code") == "parked" for one in stage.happened)
        await simulator.say(Said("say now"))

        async def both() -> bool:
            return sorted(simulator.texts(simulator.people[0])) == ["now", "parked"]

        await until(both)
        assert simulator.texts(simulator.people[0])[0] == "parked", "what waited goes first"


async def test_a_long_answer_comes_in_parts_that_fit(simulator: Simulator, database_url: str) -> None:
    limit = simulator.kind.capabilities.text_limit
    words = [f"word{number}" for number in range(limit // 3)]
    async with open_stage(simulator, database_url) as stage:
        before = 0
        if "long_in" in simulator.abilities:
            await stage.done(await simulator.say(Said("say " + " ".join(words))))
        else:  # people may not write as much as the bot
            await stage.done(await simulator.say(Said("say hi")))
            await reads(simulator, simulator.people[0], "hi")
            before = 1
            route = Route(simulator.kind.id, simulator.people[0])
            assert (await stage.outbound.send(route, [TextPart(" ".join(words))], key="long")).delivered
        measure = stage.running().desk.channel.measure

        async def is_whole() -> bool:
            return " ".join(simulator.texts(simulator.people[0])[before:]).split() == words

        await until(is_whole)
        parts = simulator.texts(simulator.people[0])[before:]
        assert len(parts) > 1 and all(measure(part) <= limit for part in parts)


async def test_strangers_get_a_code_once_and_few_of_them(simulator: Simulator, database_url: str) -> None:
    async with open_stage(simulator, database_url, settings={"dmPolicy": "pairing", "allowFrom": []}) as stage:
        for person in simulator.people[:4]:
            for _ in range(2):
                assert await stage.done(await simulator.say(Said("say hi", sender=person))) == "pairing"
        codes = {person: list(simulator.texts(person)) for person in simulator.people[:4]}
        assert [len(codes[person]) for person in simulator.people[:4]] == [1, 1, 1, 0] and stage.runs.orders == []
        waiting = await stage.world.pairing.waiting(simulator.kind.id)
        first = next(one for one in waiting if one.sender_id == simulator.people[0])
        assert first.code in codes[simulator.people[0]][0]
        with pytest.raises(GatewayError) as refused:
            await stage.world.pairing.approve(simulator.kind.id, "AAAAAAAA", by="test")
        assert refused.value.kind is ErrorKind.NOT_FOUND
        await stage.world.pairing.approve(simulator.kind.id, first.code, by="test")
        assert await stage.done(await simulator.say(Said("say in", sender=simulator.people[0]))) == "answered"
        assert await stage.done(await simulator.say(Said("say out", sender=simulator.people[1]))) == "pairing"
        stage.clock.advance(3601)
        assert await stage.done(await simulator.say(Said("say hi", sender=simulator.people[3]))) == "pairing"
        await stage.until(lambda: len(simulator.texts(simulator.people[3])) == 1)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"dmPolicy": "disabled"}, "dm_disabled"),
        ({"dmPolicy": "allowlist", "allowFrom": ["nobody"]}, "dm_not_listed"),
        ({"dmPolicy": "open", "allowFrom": []}, "dm_not_listed"),
    ],
)
async def test_who_may_not_write_hears_nothing(
    simulator: Simulator, database_url: str, settings: dict[str, Any], reason: str
) -> None:
    async with open_stage(simulator, database_url, settings=settings) as stage:
        assert await stage.done(await simulator.say(Said("say hi"))) == reason
        assert stage.runs.orders == [] and list(simulator.texts(simulator.people[0])) == []


async def test_in_groups_only_who_may_and_only_when_it_is_meant(simulator: Simulator, database_url: str) -> None:
    need(simulator, "groups", "mention")
    one, other = simulator.people[:2]
    group = {"groupPolicy": "allowlist", "groups": {simulator.group: {}}, "groupAllowFrom": [one]}
    async with open_stage(simulator, database_url, settings=group) as stage:

        async def said(text: str, sender: str, mention: bool) -> str:
            event = await simulator.say(Said(text, sender=sender, chat=simulator.group, mention=mention))
            return await stage.done(event)

        assert await said("just talking", one, False) == "group_not_mentioned"
        assert await said("say no", other, True) == "group_sender"
        assert stage.runs.orders == []
        assert await said("say yes", one, True) == "answered"
        await stage.until(lambda: "asked=" in " ".join(simulator.texts(simulator.group)))
        order = stage.runs.orders[0]
        assert order.session_key == f"agent:main:{simulator.kind.id}:group:{simulator.group}".lower()
        shown = text_of(order.parts)
        assert "just talking" in shown and f"id {one}" in shown, "what was said before is shown, with who said it"
        assert "say no" not in shown


async def test_a_picture_reaches_the_agent_and_none_that_is_too_large(simulator: Simulator, database_url: str) -> None:
    need(simulator, "media_in")
    async with open_stage(simulator, database_url) as stage:
        await stage.done(await simulator.say(Said("say seen", picture=PICTURE)))
        pictures = [part for part in stage.runs.orders[0].parts if isinstance(part, MediaPart)]
        assert len(pictures) == 1 and pictures[0].media_type == "image/png"
    async with open_stage(simulator, database_url, settings={"mediaMaxMb": 0.00001}, runner="runner-2") as stage:
        await stage.done(await simulator.say(Said("say seen", picture=PICTURE)))
        order = stage.runs.orders[0]
        assert not any(isinstance(part, MediaPart) for part in order.parts) and "too large" in text_of(order.parts)


async def test_a_file_goes_out(simulator: Simulator, database_url: str) -> None:
    need(simulator, "media_out")
    import base64

    async with open_stage(simulator, database_url) as stage:
        await stage.done(await simulator.say(Said("say hi")))
        picture = MediaPart("image", data=base64.b64encode(PICTURE).decode(), media_type="image/png", name="cat.png")
        route = Route(simulator.kind.id, simulator.people[0])
        delivery = await stage.outbound.send(route, [TextPart("look"), picture], key="k")
        assert delivery.delivered
        shown = " ".join(simulator.texts(simulator.people[0])[1:])
        assert "look" in shown
        again = await stage.outbound.send(route, [TextPart("look"), picture], key="k")
        assert again.delivered and " ".join(simulator.texts(simulator.people[0])[1:]) == shown, "one key sends once"


async def test_secrets_are_nowhere_to_be_seen(simulator: Simulator, database_url: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with open_stage(simulator, database_url) as stage:
            await stage.done(await simulator.say(Said("say hi")))
            for ability, act in (("refused", simulator.fail("refused")), ("expire", None)):
                if ability not in simulator.abilities:
                    if act is not None:
                        act.close()
                    continue
                if act is not None:
                    await act
                    await stage.done(await simulator.say(Said("say fail")))
                else:
                    await simulator.expire()

                    async def is_out() -> bool:
                        stage.clock.advance(5)
                        return await stage.state() == "needs_login"

                    await until(is_out)
            told = repr([await stage.view(), stage.happened, stage.settings, logs])
    assert simulator.secret not in told


async def test_two_accounts_do_not_touch_each_other(simulator: Simulator, database_url: str) -> None:
    one = simulator.people[0]
    async with open_stage(simulator, database_url, "first", "second") as stage:
        await stage.connected("first")
        await stage.connected("second")
        for account in ("first", "second"):
            event = await simulator.say(Said(f"say {account}", account=account))
            await stage.done(event, account)
            await reads(simulator, one, account, account=account)
        if "refused" in simulator.abilities:
            await simulator.fail("refused", "first")
            await stage.done(await simulator.say(Said("say lost", account="first")), "first")
        await stage.done(await simulator.say(Said("say still", account="second")), "second")
        await reads(simulator, one, "second", "still", account="second")
        await reads(simulator, one, "first", account="first")


async def test_a_change_to_one_account_leaves_the_other_connected(simulator: Simulator, database_url: str) -> None:
    async with open_stage(simulator, database_url, "first", "second") as stage:
        await stage.connected("first")
        await stage.connected("second")
        first, second = stage.running("first"), stage.running("second")
        accounts = {name: simulator.settings(name) for name in ("first", "second")}
        accounts["first"] = {**accounts["first"], "name": "changed"}
        stage.configure({simulator.kind.id: {"dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts}})

        async def is_another() -> bool:
            try:
                return stage.running("first") is not first
            except GatewayError:  # it is between the two
                return False

        await until(is_another)
        await stage.connected("first")
        assert stage.running("second") is second and second.status.reconnects == 0
        assert await stage.state("second") == "connected"
        assert stage.running("first").settings.name == "changed"


async def test_cron_and_the_message_tool_come_through_the_same_door(simulator: Simulator, database_url: str) -> None:
    async with open_stage(simulator, database_url) as stage:
        await stage.connected()
        await stage.done(await simulator.say(Said("say hi")))
        assert list(stage.outbound.channels()) == [simulator.kind.id]
        route = replace(Route(simulator.kind.id, simulator.people[0]), account="default")
        sent = await stage.outbound.send(route, [TextPart("news")], key="cron:1")
        assert sent.delivered
        assert bool(sent.message_id) == ("names" in simulator.abilities), "the platform's own name of it is told"
        await reads(simulator, simulator.people[0], "hi", "news")
        with pytest.raises(GatewayError) as refused:
            await stage.outbound.send(replace(route, account="none"), [TextPart("x")], key="cron:2")
        assert refused.value.kind is ErrorKind.NOT_FOUND
