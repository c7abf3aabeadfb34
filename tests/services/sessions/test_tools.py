"""The session tools: who sees what, who may send where, and that agents who talk to each other stop (attack 43)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Principal
from crawdad.core.parts import JsonObject, Message, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import NewLogEvent, SessionEntry
from crawdad.core.settings import Settings
from crawdad.core.tools import Sender, Tool, ToolContext, ToolOutcome, ToolScope
from crawdad.services.agent_tools.sessions_access import SessionAccess
from crawdad.services.agent_tools.sessions_reading import SessionsHistory, SessionsList
from crawdad.services.agent_tools.sessions_send import SessionsSend
from crawdad.services.agent_tools.sessions_status import AgentsList, SessionStatus
from crawdad.services.sessions.transcript import write_message
from crawdad.services.tasks import Tasks
from tests.services.sessions.conftest import World, said
from tests.support.scripted_runs import ScriptedRuns

MAIN = "agent:main:main"
CHILD = "agent:main:subagent:1"
GRANDCHILD = "agent:main:subagent:1:subagent:2"
SIDE = "agent:main:telegram:group:5"
OTHER = "agent:ops:main"
OPERATOR = Principal("token", "token", "token", EVERYTHING)
KEY = Principal("key_1", "api_key", "k", KEY_DEFAULT)


@dataclass
class Bench:
    """The tools over a world with sessions in it."""

    world: World
    runs: ScriptedRuns
    tasks: Tasks

    def configure(self, **tools: Any) -> None:
        session = tools.pop("session", {})
        agents = {"list": [{"id": "main"}, {"id": "ops", "name": "Ops"}, {"id": "writer"}]}
        self.world.settings = Settings.model_validate({"tools": tools, "session": session, "agents": agents})

    @property
    def access(self) -> SessionAccess:
        return SessionAccess(self.world.service, lambda: self.world.settings)

    def context(self, key: str = MAIN, principal: Principal = OPERATOR, **fields: Any) -> ToolContext:
        scope = ToolScope(
            key.split(":")[1], key, principal, Sender("me", "Me", owner=True), depth=fields.pop("depth", 0)
        )
        return ToolContext(scope, "run-a", "call-1", "log", Path("/nowhere"), **fields)

    async def call(self, tool: Tool, context: ToolContext | None = None, **arguments: Any) -> ToolOutcome:
        return await tool.run(arguments, context or self.context())

    async def listed(self, context: ToolContext | None = None, **arguments: Any) -> list[str]:
        outcome = await self.call(SessionsList(self.access), context, **arguments)
        return sorted(row["key"] for row in outcome.details["sessions"])

    def sending(self) -> SessionsSend:
        return SessionsSend(self.access, self.runs)


@pytest.fixture
async def bench(world: World) -> AsyncIterator[Bench]:
    async with Tasks() as tasks:
        made = Bench(world, ScriptedRuns(world.service, tasks), tasks)
        made.configure()
        for key, parent in ((MAIN, ""), (CHILD, MAIN), (GRANDCHILD, CHILD), (SIDE, ""), (OTHER, "")):
            entry = await world.service.open(key, values={"parent_key": parent})
            await world.service.append(entry, [said(f"in {key}")])
        yield made


async def refused(work: Any, kind: ErrorKind) -> str:
    with pytest.raises(GatewayError) as caught:
        await work
    assert caught.value.kind is kind, caught.value
    return caught.value.message()


async def test_lists_show_what_is_visible(bench: Bench) -> None:
    assert await bench.listed() == sorted([MAIN, CHILD, GRANDCHILD])
    assert await bench.listed(bench.context(CHILD)) == sorted([CHILD, GRANDCHILD])
    bench.configure(sessions={"visibility": "self"})
    assert await bench.listed() == [MAIN]
    bench.configure(sessions={"visibility": "agent"})
    assert await bench.listed() == sorted([MAIN, CHILD, GRANDCHILD, SIDE])
    bench.configure(sessions={"visibility": "all"})
    assert await bench.listed() == sorted([MAIN, CHILD, GRANDCHILD, SIDE])
    bench.configure(sessions={"visibility": "all"}, agentToAgent={"enabled": True, "allow": ["main"]})
    assert OTHER not in await bench.listed()
    bench.configure(sessions={"visibility": "all"}, agentToAgent={"enabled": True, "allow": ["ma*", "ops"]})
    assert await bench.listed() == sorted([MAIN, CHILD, GRANDCHILD, SIDE, OTHER])
    assert await bench.listed(kinds=["group"]) == [SIDE]
    assert await bench.listed(kinds=["main"]) == sorted([MAIN, OTHER])
    assert len(await bench.listed(limit=2)) == 2
    bench.world.clock.advance(3600)
    assert await bench.listed(activeMinutes=5) == []


async def test_an_empty_list_is_told_as_openclaw_does(bench: Bench) -> None:
    outcome = await bench.call(SessionsList(bench.access), kinds=["cron"])
    assert outcome.details == {"count": 0, "sessions": []}
    assert outcome.content == [TextPart('{\n  "count": 0,\n  "sessions": []\n}')]


async def test_through_an_agent_nobody_reaches_what_is_not_his(bench: Bench) -> None:
    bench.configure(sessions={"visibility": "all"}, agentToAgent={"enabled": True})
    own = await bench.world.service.open("agent:main:api:mine", owner="key_1")
    await bench.world.service.append(own, [said("mine")])
    context = bench.context(own.key, KEY)
    assert await bench.listed(context) == [own.key]
    for key in (MAIN, OTHER, "agent:main:unknown"):
        words = await refused(bench.call(SessionsHistory(bench.access), context, sessionKey=key), ErrorKind.NOT_FOUND)
        assert words.replace(key, "") == "There is no session ."
        await refused(bench.call(bench.sending(), context, sessionKey=key, message="x"), ErrorKind.NOT_FOUND)
        await refused(bench.call(SessionStatus(bench.access), context, sessionKey=key), ErrorKind.NOT_FOUND)


async def test_history_is_told_in_order_and_is_no_order(bench: Bench) -> None:
    entry = await bench.world.service.get(CHILD)
    assert entry is not None
    call = Message("assistant", [ToolCallPart("c", "read", "{}"), TextPart("looking")])
    result = Message("tool", [ToolResultPart("c", [TextPart("found")], "read")])
    lines = [NewLogEvent("message", {"message": write_message(message)}) for message in (call, result)]
    await bench.world.service.append(entry, [*lines, said("thanks")])

    async def read(**arguments: Any) -> tuple[list[str], ToolOutcome]:
        outcome = await bench.call(SessionsHistory(bench.access), **arguments)
        shown = [
            str(part.get("text") or part["type"]) for each in outcome.details["messages"] for part in each["content"]
        ]
        return shown, outcome

    shown, outcome = await read(sessionKey=CHILD)
    assert shown == [f"in {CHILD}", "looking", "thanks"] and outcome.untrusted
    assert (await read(sessionKey=CHILD, includeTools=True))[0] == [
        *(f"in {CHILD}", "toolCall", "looking", "found", "thanks")
    ]
    assert (await read(sessionKey=CHILD, limit=1))[0] == ["thanks"]
    own, outcome = await read(sessionKey="main")
    assert own == [f"in {MAIN}"] and not outcome.untrusted
    assert await refused(read(), ErrorKind.BAD_REQUEST) == "sessionKey required"
    await refused(read(sessionKey=SIDE), ErrorKind.FORBIDDEN)
    await refused(read(sessionKey=OTHER), ErrorKind.FORBIDDEN)
    await refused(read(sessionKey=5), ErrorKind.BAD_REQUEST)


async def test_a_message_is_sent_and_answered(bench: Bench) -> None:
    outcome = await bench.call(bench.sending(), sessionKey=CHILD, message="say hello back")
    assert outcome.details["status"] == "ok" and outcome.details["reply"] == "hello back" and outcome.untrusted
    (order,) = bench.runs.orders
    assert (order.session_key, order.agent_id, order.depth, order.origin) == (CHILD, "main", 1, "system")
    assert order.principal is OPERATOR and order.sender.owner and MAIN in order.extra_system
    again = await bench.call(bench.sending(), sessionKey=CHILD, message="say hello back")
    assert again.details["runId"] == outcome.details["runId"], "the same call, looked at again after a restart"
    await bench.world.service.patch(GRANDCHILD, {"label": "helper"})
    context = bench.context()
    context.call_id = "call-2"
    outcome = await bench.call(bench.sending(), context, label="helper", message="fail")
    assert outcome.is_error and outcome.details["error"] == "the vendor's own words"


async def test_what_came_from_outside_gains_no_rights_on_the_way(bench: Bench) -> None:
    await bench.call(bench.sending(), bench.context(untrusted=True), sessionKey=CHILD, message="x", timeoutSeconds=0)
    order = bench.runs.orders[0]
    assert order.untrusted and not order.sender.owner


async def test_what_cannot_be_sent(bench: Bench) -> None:
    send = bench.sending()
    await refused(bench.call(send, sessionKey=MAIN, message="x"), ErrorKind.BAD_REQUEST)
    await refused(bench.call(send, message="x"), ErrorKind.BAD_REQUEST)
    await refused(bench.call(send, sessionKey=CHILD, label="a", message="x"), ErrorKind.BAD_REQUEST)
    await refused(bench.call(send, sessionKey=CHILD), ErrorKind.BAD_REQUEST)
    await refused(bench.call(send, sessionKey=OTHER, message="x"), ErrorKind.FORBIDDEN)
    await refused(bench.call(send, label="none", message="x"), ErrorKind.NOT_FOUND)
    bench.configure(session={"sendPolicy": {"default": "deny"}})
    await refused(bench.call(send, sessionKey=CHILD, message="x"), ErrorKind.FORBIDDEN)
    assert bench.runs.orders == []


async def test_agents_that_send_on_and_on_are_stopped(bench: Bench) -> None:
    for depth in range(6):
        await bench.call(
            bench.sending(), bench.context(depth=depth, untrusted=False), sessionKey=CHILD, message="say ok"
        )
    await refused(
        bench.call(bench.sending(), bench.context(depth=6), sessionKey=CHILD, message="x"), ErrorKind.FORBIDDEN
    )
    bench.configure(session={"agentToAgent": {"maxPingPongTurns": 0}})
    await refused(
        bench.call(bench.sending(), bench.context(depth=1), sessionKey=CHILD, message="x"), ErrorKind.FORBIDDEN
    )


async def test_the_state_of_a_session(bench: Bench) -> None:
    outcome = await bench.call(SessionStatus(bench.access))
    assert outcome.details["sessionKey"] == MAIN and outcome.details["messages"] == 1
    changed = await bench.call(SessionStatus(bench.access), model="a/b")
    assert changed.details["changedModel"] is True and changed.details["model"] == "a/b"
    assert (await _entry(bench, MAIN)).settings == {"model": "a/b"}
    await bench.call(SessionStatus(bench.access), model="default")
    assert (await _entry(bench, MAIN)).settings == {}
    outside = bench.context(untrusted=True)
    await refused(bench.call(SessionStatus(bench.access), outside, model="x"), ErrorKind.FORBIDDEN)
    await bench.call(SessionStatus(bench.access), outside)


async def _entry(bench: Bench, key: str) -> SessionEntry:
    found = await bench.world.service.get(key)
    assert found is not None
    return found


async def test_agents_are_listed(bench: Bench) -> None:
    allowed: dict[str, tuple[str, ...]] = {"main": ("o*",), "writer": ("*",)}
    tool = AgentsList(lambda: bench.world.settings, lambda agent: allowed.get(agent, ()))
    outcome = await bench.call(tool)
    assert outcome.details == {
        "requester": "main",
        "allowAny": False,
        "agents": [{"id": "main", "configured": True}, {"id": "ops", "name": "Ops", "configured": True}],
    }
    everybody: JsonObject = (await bench.call(tool, bench.context("agent:writer:main"))).details
    assert everybody["allowAny"] is True and len(everybody["agents"]) == 3
    assert orjson.loads(outcome.content[0].text) == outcome.details  # type: ignore[union-attr,arg-type]
