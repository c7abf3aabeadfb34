"""Commands in chats, through the real host."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from crawdad.core.approvals import ApprovalRequest
from crawdad.core.sessions import main_key
from crawdad.core.text import Text
from crawdad.services.agents.transcript import text_of
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, Stage, channel_stage

MAIN = main_key("main")
OWNER: dict[str, Any] = {"commands": {"ownerAllowFrom": ["memory:u1"]}}


def open_stage(database_url: str, runs: LastingRuns | None = None, **more: Any) -> AbstractAsyncContextManager[Stage]:
    group = {"groups": {"g1": {}}, "groupAllowFrom": ["u1", "u2"]}
    channels = {"memory": {"token": TOKEN, "allowFrom": ["u1", "u2"], **group}}
    if runs is not None:
        more["runs"] = lambda *_: runs
    return channel_stage(database_url, channels, **more)


def _more(found: list[Any], before: int) -> bool:
    return len(found) > before


async def said(stage: Stage, text: str, **more: Any) -> str:
    """The last thing that the bot said, after a message."""
    before = len(stage.platform.phone().shown)
    await stage.done(stage.platform.say(text, **more)["id"])
    await stage.until(lambda: len(stage.platform.phone().shown) > before)
    return stage.platform.phone().shown[-1].text


async def test_the_gateways_own_answers(database_url: str) -> None:
    async with open_stage(database_url, **OWNER) as stage:
        assert "Model: test/x" not in await said(stage, "/status")
        assert (
            await said(stage, "/model test/x")
            == Text("channels.setting", {"name": "model", "value": "test/x"}).render()
        )
        assert "Model: test/x" in await said(stage, "/status")
        assert await said(stage, "/think high") == "thinkingLevel: high"
        assert "nonsense" in await said(stage, "/think nonsense")
        assert (
            await said(stage, "/whoami")
            == Text("channels.whoami_owner", {"sender": "u1", "channel": "memory", "chat": "direct:u1"}).render()
        )
        await said(stage, "/help")
        await stage.until(lambda: any("/new" in text for text in stage.platform.texts()))
        assert stage.runs.orders == []


async def test_a_new_conversation(database_url: str) -> None:
    async with open_stage(database_url) as stage:
        assert await said(stage, "say one") == "one"
        before = await stage.world.sessions.get(MAIN)
        assert await said(stage, "/new") == Text("channels.new").render()
        after = await stage.world.sessions.get(MAIN)
        assert before is not None and after is not None and before.session_id != after.session_id
        assert await said(stage, "/new say two") == "two", "what follows is the first message of the new one"
        last = await stage.world.sessions.get(MAIN)
        assert last is not None and last.session_id != after.session_id


async def test_stopping(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        assert await said(stage, "/stop") == Text("channels.nothing_to_stop").render()
        hanging = stage.platform.say("hang")["id"]
        await stage.until(lambda: runs.orders)
        assert await said(stage, "stop") == Text("channels.stopped").render()
        assert await stage.done(hanging) == "stopped"


async def test_in_chinese(database_url: str) -> None:
    async with open_stage(database_url, language="auto", **OWNER) as stage:
        await said(stage, "say 你好")
        assert await said(stage, "/stop 请", sender="u2") == Text("channels.nothing_to_stop").render("zh")


async def test_the_operators_commands_are_words_from_anybody_else(database_url: str) -> None:
    async with open_stage(database_url, **OWNER) as stage:
        await stage.done(stage.platform.say("/model evil/model", sender="u2")["id"])
        (order,) = stage.runs.orders
        assert text_of(order.parts) == "/model evil/model" and not order.sender.owner and order.untrusted
        entry = await stage.world.sessions.get(MAIN)
        assert entry is not None and not entry.settings.get("model")
        group: dict[str, Any] = {"chat": "g1", "kind": "group", "sender": "u2"}
        event = stage.platform.say("/status", **group)["id"]
        assert await stage.done(event) == "group_not_mentioned", (
            "a command of somebody who may not give it is no mention"
        )


async def test_a_group_may_be_told_to_always_answer(database_url: str) -> None:
    async with open_stage(database_url, **OWNER) as stage:
        group: dict[str, Any] = {"chat": "g1", "kind": "group"}
        assert await stage.done(stage.platform.say("say a", **group)["id"]) == "group_not_mentioned"
        await stage.done(stage.platform.say("/activation always", **group)["id"])
        assert await stage.done(stage.platform.say("say b", **group)["id"]) == "answered"
        await stage.done(stage.platform.say("/activation mention", **group)["id"])
        assert await stage.done(stage.platform.say("say c", **group)["id"]) == "group_not_mentioned"


async def test_an_approval_is_asked_for_and_given_in_the_chat(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, **OWNER) as stage:
        for sender, asked in (("u2", False), ("u1", True)):
            before = len(runs.orders)
            event = stage.platform.say("hang", sender=sender)["id"]
            await stage.until(partial(_more, runs.orders, before))
            request = ApprovalRequest("exec", "rm -rf x", "main", MAIN, "run", "call", "p", {"command": f"rm {sender}"})
            approval = await stage.world.approvals.put(request)
            if not asked:
                runs.release(f"run-{before + 1}", "done")
                await stage.done(event)
                # Only the operator is asked, and only where it is he who talks.
                await stage.until(lambda: stage.platform.texts("u2") == ["done"])
                continue
            await stage.until(lambda: len(stage.platform.shown("u1")) == 1)
            shown = stage.platform.shown("u1")[0]
            assert "rm -rf x" in shown.text and shown.buttons[0] == f"/approve {approval.id} once"
            stage.platform.say("pressed", sender="u2", type="button", button=shown.buttons[0])
            button = stage.platform.say("", sender="u1", type="button", button=shown.buttons[0])["id"]
            await stage.done(button)
            assert (await stage.world.approvals.get(approval.id)).status == "allowed"
            assert (await stage.world.approvals.get(approval.id)).decided_by == "channel-owner:memory:u1"
