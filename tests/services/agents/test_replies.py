"""Replies of agents to each other that nobody waits for: so many and no more, each once, also over a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.agents import RunOrder
from crawdad.core.settings import Settings
from crawdad.core.tools import Sender, ToolContext, ToolOutcome, ToolScope
from crawdad.services.agent_tools.sessions_access import SessionAccess
from crawdad.services.agent_tools.sessions_send import SessionsSend
from crawdad.services.agents.replies import REPLIES, begun, next_order
from tests.support.agent_stage import OWNER, FakeRunner, Stage, config, order, stage
from tests.support.scripted_model import Hold, ScriptedModel, last_text, says
from tests.support.waiting import PATIENCE, until, until_so

HERE, THERE = "agent:main:main", "agent:ops:main"


def test_words_go_to_and_fro_until_the_limit() -> None:
    asked = order("go", session_key=THERE, agent_id="ops", depth=1, sender=Sender("agent:main", owner=True))
    asked.extra = {REPLIES: begun(HERE, THERE, 3, "m", owed=True)}
    found: list[RunOrder] = []
    following = next_order(asked, "words")
    while following is not None:
        found.append(following)
        following = next_order(following, "words")
    assert [each.session_key for each in found] == [HERE, THERE, HERE]
    assert [each.agent_id for each in found] == ["main", "ops", "main"]
    assert [each.depth for each in found] == [1, 2, 3] and all(each.untrusted for each in found)
    assert [each.idempotency_key for each in found] == [f"sessions_send:m:{turn}" for turn in range(3)]
    assert f"session {THERE}" in found[0].extra_system and f"session {HERE}" in found[1].extra_system


@pytest.mark.parametrize("said", ["", " \n", "REPLY_SKIP", " REPLY_SKIP "])
def test_nothing_more_to_say(said: str) -> None:
    asked = order("go", extra={REPLIES: begun(HERE, THERE, 3, "m", owed=True)})
    assert next_order(asked, said) is None
    assert next_order(order("go"), "words") is None


def settings(model: ScriptedModel, most: int = 5) -> Settings:
    return config(
        model.provider(),
        {"list": [{"id": "main", "default": True}, {"id": "ops"}]},
        session={"agentToAgent": {"maxPingPongTurns": most}},
        tools={"sessions": {"visibility": "all"}, "agentToAgent": {"enabled": True}},
    )


async def send(there: Stage, configured: Settings, seconds: float = 0) -> ToolOutcome:
    tool = SessionsSend(SessionAccess(there.sessions, lambda: configured), there.agents.runs)
    scope = ToolScope("main", HERE, OWNER, Sender("me", "Me", owner=True))
    context = ToolContext(scope, "run-a", "call-1", "log", Path("/nowhere"))
    return await tool.run({"sessionKey": THERE, "message": "go", "timeoutSeconds": seconds}, context)


async def quiet(there: Stage) -> None:
    async def nobody() -> bool:
        left = await there.agents.store.unannounced()
        return not left and not await there.agents.runs.active(HERE) and not await there.agents.runs.active(THERE)

    await until(nobody)


@pytest.mark.parametrize(("most", "turns"), [(0, 1), (2, 3)])
async def test_agents_answer_each_other_only_so_often(tmp_path: Path, most: int, turns: int) -> None:
    with ScriptedModel(says("words.")) as model:
        configured = settings(model, most)
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, configured) as there:
            for key in (HERE, THERE):
                await there.sessions.open(key)
            outcome = await send(there, configured)
            assert outcome.details["status"] == "accepted" and ("delivery" in outcome.details) is bool(most)
            await there.agents.runs.wait(outcome.details["runId"])
            await until_so(lambda: len(model.asked) >= turns, "all of them")
            await quiet(there)
        assert len(model.asked) == turns


async def test_a_reply_that_was_waited_for_is_not_sent_again(tmp_path: Path) -> None:
    with ScriptedModel(says("words.")) as model:
        configured = settings(model)
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, configured) as there:
            for key in (HERE, THERE):
                await there.sessions.open(key)
            outcome = await send(there, configured, 20)
            assert outcome.details["reply"] == "words."
            await quiet(there)
        assert len(model.asked) == 1


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_a_reply_outlasts_the_process_that_sent_the_message(tmp_path: Path, seconds: float) -> None:
    hold: Any = Hold(says("half"), after=1)
    with ScriptedModel(hold, says("whole."), says("REPLY_SKIP")) as model:
        configured = settings(model)
        url = f"sqlite:///{tmp_path}/db"
        async with stage(url, tmp_path, configured) as there:
            for key in (HERE, THERE):
                await there.sessions.open(key)
            outcome = await send(there, configured, seconds)
            assert outcome.details["status"] == ("timeout" if seconds else "accepted")
            assert await asyncio.to_thread(hold.reached.wait, PATIENCE), (
                "the first process is in the middle of the answer"
            )
        hold.gate.set()
        async with stage(url, tmp_path, configured, runner=FakeRunner("runner-2", {"runner-1"})) as there:
            await there.agents.runs.wait(outcome.details["runId"])
            await quiet(there)
        told = [last_text(one) for one in model.asked]
        assert "whole." in told[-1] and len([one for one in told if "whole." in one]) == 1, told
