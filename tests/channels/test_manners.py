"""How an agent behaves in chats: messages gathered into one, signs that they were heard, how readily it speaks up, errors that
are not told again and again, skills of a group. On the stage, through the front door of the channel in memory."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.parts import TextPart
from crawdad.services.agents.transcript import text_of
from tests.support.channel_stage import TOKEN, Stage, channel_stage
from tests.support.memory_channel import Platform
from tests.support.waiting import until

BLOCK: dict[str, Any] = {"token": TOKEN, "allowFrom": ["u1", "u2"], "groups": {"g1": {}}}
DEBOUNCE: dict[str, Any] = {"messages": {"inbound": {"debounceMs": 60_000, "byChannel": {"memory": 5000}}}}


async def waiting(stage: Stage, count: int) -> None:
    async def is_so() -> bool:
        return (await stage.view()).counts.get("waiting", 0) == count

    await until(is_so)


async def test_what_comes_in_quick_succession_is_answered_once(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}, **DEBOUNCE) as stage:
        await stage.connected()
        first, last = stage.platform.say("say one")["id"], stage.platform.say("two")["id"]
        await waiting(stage, 2)
        assert stage.runs.orders == []
        stage.clock.advance(6)
        assert await stage.done(first) == "gathered" and await stage.done(last) == "answered"
        (order,) = stage.runs.orders
        assert text_of(order.parts) == "say one\ntwo" and order.idempotency_key == f"channel:memory:default:{last}"
        await stage.until(lambda: stage.platform.texts() == ["one\ntwo"])


async def test_what_waits_to_be_gathered_outlives_the_process(database_url: str) -> None:
    platform = Platform()
    async with channel_stage(database_url, {"memory": BLOCK}, platform=platform, **DEBOUNCE) as stage:
        first = platform.say("say one")["id"]
        await waiting(stage, 1)
    async with channel_stage(database_url, {"memory": BLOCK}, platform=platform, runner="two", **DEBOUNCE) as stage:
        last = platform.say("two")["id"]
        await waiting(stage, 2)
        stage.clock.advance(6)
        assert await stage.done(first) == "gathered" and await stage.done(last) == "answered"
        assert len(stage.runs.orders) == 1


@pytest.mark.parametrize("what", ["command", "file", "other"])
async def test_commands_files_and_others_are_not_waited_with(database_url: str, what: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}, **DEBOUNCE) as stage:
        await stage.connected()
        group: dict[str, Any] = {"chat": "g1", "kind": "group", "mention": "native"}
        if what == "command":
            assert await stage.done(stage.platform.say("/whoami")["id"]) == "command_whoami"
        elif what == "file":
            picture = stage.platform.upload(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
            assert await stage.done(stage.platform.say("say seen", media=[picture])["id"]) == "answered"
        else:
            first = stage.platform.say("say first", **group)["id"]
            stage.platform.say("say second", sender="u2", **group)
            assert await until(lambda: _ended(stage, first)) == "answered"
            assert "first" in text_of(stage.runs.orders[0].parts)


async def _ended(stage: Stage, event_id: str) -> str:
    stage.clock.advance(1)
    found = await stage.event(event_id)
    return found.reason if found is not None and found.state == "done" else ""


async def test_a_sign_is_put_to_what_is_answered_and_taken_away(database_url: str) -> None:
    messages = {"ackReaction": "👀", "ackReactionScope": "all", "removeAckAfterReply": True}
    async with channel_stage(database_url, {"memory": BLOCK}, messages=messages) as stage:
        event = stage.platform.say("say hi")
        assert await stage.done(event["id"]) == "answered"
        reactions = stage.platform.phone().reactions
        await stage.until(lambda: reactions == [(event["message"], "👀"), (event["message"], "")])
        await stage.done(stage.platform.say("not for it", chat="g1", kind="group")["id"])
        await stage.done(stage.platform.say("say hi", sender="u9")["id"])
        assert len(reactions) == 2, "only what is answered"


async def test_how_readily_it_speaks_up(database_url: str) -> None:
    limit = {"wakeProbability": 100, "minIntervalSec": 30, "wakeTrigger": {"keywords": ["claw"]}}
    group: dict[str, Any] = {"chat": "g1", "kind": "group"}
    async with channel_stage(database_url, {"memory": {**BLOCK, "rateLimit": limit}}) as stage:
        assert await stage.done(stage.platform.say("say one", **group)["id"]) == "answered", "by chance"
        assert await stage.done(stage.platform.say("say claw", **group)["id"]) == "group_too_soon"
        stage.clock.advance(31)
        assert await stage.done(stage.platform.say("say claw again", **group)["id"]) == "answered"
        assert "say claw\n" in text_of(stage.runs.orders[1].parts), "what was passed over is shown with the next"
        stage.configure({"memory": {**BLOCK, "rateLimit": {**limit, "wakeProbability": 0, "minIntervalSec": 0}}})

        async def quiet() -> bool:
            return stage.running().settings.rate_limit.wake_probability == 0

        await until(quiet)
        assert await stage.done(stage.platform.say("say two", **group)["id"]) == "group_not_mentioned"
        assert await stage.done(stage.platform.say("say CLAW", **group)["id"]) == "answered"


async def test_an_error_is_told_once_in_a_while(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        assert await stage.done(stage.platform.say("fail")["id"]) == "failed"
        assert await stage.done(stage.platform.say("fail")["id"]) == "failed_told_before"
        assert await stage.done(stage.platform.say("fail", sender="u2")["id"]) == "failed", "another chat"
        await stage.until(lambda: len(stage.platform.texts("u2")) == 1)
        stage.clock.advance(301)
        assert await stage.done(stage.platform.say("fail")["id"]) == "failed"
        await stage.until(lambda: len(stage.platform.texts()) == 2)


async def test_a_group_may_narrow_the_skills(database_url: str) -> None:
    groups = {"*": {"skills": ["tea"], "systemPrompt": "Be brief."}, "g2": {"skills": []}, "g3": {"enabled": False}}
    async with channel_stage(database_url, {"memory": {**BLOCK, "groups": groups}}) as stage:
        for chat, expected in (("g1", ["tea"]), ("g2", [])):
            event = stage.platform.say("say hi", chat=chat, kind="group", mention="native")
            assert await stage.done(event["id"]) == "answered"
            order = stage.runs.orders[-1]
            assert order.extra["skills"] == expected and order.extra_system.endswith("Be brief.")
        await stage.done(stage.platform.say("say hi")["id"])
        assert "skills" not in stage.runs.orders[-1].extra
        assert isinstance(stage.runs.orders[-1].parts[0], TextPart)
