"""What nodes call: results of commands, and what happens at them."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.turns import Turns
from crawdad.core.agent_names import default_agent
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.nodes import NodeAnswer
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.sessions import agent_of, main_key
from crawdad.core.text import Text
from crawdad.services.devices.rights import scopes_of
from crawdad.wire.control.schema import BOOLEAN, FILLED, NOTHING, STRING, Schema, closed, integer
from crawdad.wire.control.scopes import NODE, READ, WRITE, holds

_ERROR: Schema = closed({"code": FILLED, "message": FILLED})
_NULL: Schema = {"type": "null"}
_RESULT: Schema = closed(
    {
        "id": FILLED,
        "nodeId": FILLED,
        "ok": BOOLEAN,
        "payload": {},
        "payloadJSON": {"anyOf": [STRING, _NULL]},
        "error": {"anyOf": [_ERROR, _NULL]},
    },
    "id",
    "nodeId",
    "ok",
)
_EVENT: Schema = closed({"event": FILLED, "payload": {}, "payloadJSON": {"anyOf": [STRING, _NULL]}}, "event")
_PROGRESS: Schema = closed(
    {"invokeId": FILLED, "nodeId": FILLED, "seq": integer(0), "chunk": {"type": "string", "maxLength": 16_384}},
    *("invokeId", "nodeId", "seq", "chunk"),
)
_ACK: Schema = closed({"ids": {"type": "array", "items": FILLED, "minItems": 1, "maxItems": 200}}, "ids")
_DRAINED = "{nodeId, revision, items[{id, type, priority, createdAtMs, expiresAtMs}], hasMore}"
_DRAINED_AT_ONCE = 4
_MOST_CHARACTERS = 4000
_MOST_SESSIONS = 64


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    node = _Node(control)
    found = [
        Method("node.invoke.result", NODE, node.result, _RESULT, "{ok, ignored?}"),
        Method("node.invoke.progress", NODE, node.progress, _PROGRESS, "{ok, ignored?}"),
        Method("node.event", NODE, node.event, _EVENT, "{ok, event, handled}"),
        Method("node.pending.drain", NODE, node.drain, closed({"maxItems": integer(1, 10)}), _DRAINED),
        Method(
            "node.pending.pull", NODE, node.pull, NOTHING, "{nodeId, actions[{id, command, paramsJSON, enqueuedAtMs}]}"
        ),
        Method("node.pending.ack", NODE, node.acknowledge, _ACK, "{nodeId, ackedIds[], remainingCount}"),
    ]
    if control.agents is not None:
        found.append(Method("skills.bins", NODE, _Skills(control.agents).bins, NOTHING, "{bins[]}"))
    return found


class _Skills:
    def __init__(self, side: AgentSide) -> None:
        self._side = side

    async def bins(self, _: Asked) -> Any:
        """The programs that skills of any agent need: a node may let these run unasked."""
        found: set[str] = set()
        for agent in self._side.roster().agents.values():
            for skill in await self._side.skills.found(agent.id, agent.workspace):
                found |= {*skill.head.binaries, *skill.head.any_binaries}
        return {"bins": sorted(found)}


class _Node:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._side = control.agents
        self._turns = Turns(control, control.agents) if control.agents is not None else None

    async def result(self, asked: Asked) -> Any:
        params, connection = asked.params, asked.connection
        if params["nodeId"] != connection.admitted.device_id:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("nodes.other_node"))
        fault = params.get("error") or {}
        answer = NodeAnswer(
            params["ok"],
            params.get("payload"),
            params.get("payloadJSON"),
            str(fault.get("code") or ""),
            str(fault.get("message") or "")[:_MOST_CHARACTERS],
        )
        waited = await self._control.nodes.answered(connection.id, params["id"], answer)
        return {"ok": True} if waited else {"ok": True, "ignored": True}

    async def progress(self, asked: Asked) -> Any:
        """What it says while it works at a command, for whoever asked."""
        params, connection = asked.params, asked.connection
        if params["nodeId"] != connection.admitted.device_id:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("nodes.other_node"))
        nodes = self._control.nodes
        waited = await nodes.progressed(connection.id, params["invokeId"], params["seq"], params["chunk"])
        return {"ok": True} if waited else {"ok": True, "ignored": True}

    async def drain(self, asked: Asked) -> Any:
        """What it is asked while it was away."""
        node_id, since = await self._self(asked)
        most = asked.params.get("maxItems") or _DRAINED_AT_ONCE
        revision, items, more = await self._control.pending.drain(node_id, most, since)
        return {"nodeId": node_id, "revision": revision, "items": items, "hasMore": more}

    async def pull(self, asked: Asked) -> Any:
        """The commands that wait until somebody looks at it; those that it may be asked for."""
        node_id, since = await self._self(asked)
        connect = asked.connection.connect
        allowed = self._control.asking.allowed(connect.said("platform"), connect.said("deviceFamily"))
        found = await self._control.pending.actions(node_id, since)
        known = {*connect.commands} & {*allowed}
        return {"nodeId": node_id, "actions": [each for each in found if each["command"] in known]}

    async def acknowledge(self, asked: Asked) -> Any:
        """It has taken them up."""
        node_id, since = await self._self(asked)
        ids = list(dict.fromkeys(asked.params["ids"]))
        left = await self._control.pending.acknowledge(node_id, ids, since)
        return {"nodeId": node_id, "ackedIds": ids, "remainingCount": left}

    async def _self(self, asked: Asked) -> tuple[str, float]:
        """The node itself, and since when it has been let in (Unix time)."""
        node_id = asked.connection.admitted.device_id
        found = await self._control.pairing.store.get(node_id)
        return node_id, found[0].approved_at if found is not None else self._control.clock.now()

    async def event(self, asked: Asked) -> Any:
        """Take in what happens at a node. What is not known is not an error: nodes may be newer than the gateway."""
        name, payload = asked.params["event"], _payload(asked.params)
        handled = await self._take(asked, name, payload) if payload is not None else False
        return {"ok": True, "event": name, "handled": handled}

    async def _take(self, asked: Asked, name: str, payload: JsonObject) -> bool:
        if name in ("chat.subscribe", "chat.unsubscribe"):
            return self._subscribe(asked, str(payload.get("sessionKey") or ""), begin=name == "chat.subscribe")
        if name in ("exec.started", "exec.finished", "exec.denied"):
            return await self._executed(asked, name.partition(".")[2], payload)
        if name == "voice.transcript":
            return await self._turn(asked, str(payload.get("text") or ""), payload)
        if name == "agent.request":
            return await self._turn(asked, str(payload.get("message") or ""), payload)
        return False

    def _may(self, asked: Asked, scope: str) -> bool:
        """Whether whoever let the node in holds this: a node is nobody on its own."""
        return holds(scopes_of(asked.connection.admitted.principal), scope)

    def _subscribe(self, asked: Asked, written: str, *, begin: bool) -> bool:
        sessions = asked.connection.sessions
        if self._turns is None or not written.strip() or not self._may(asked, READ):
            return False
        key = self._turns.key(written)
        if not begin:
            sessions.discard(key)
        elif len(sessions) < _MOST_SESSIONS:
            sessions.add(key)
        return not begin or key in sessions

    async def _executed(self, asked: Asked, what: str, payload: JsonObject) -> bool:
        """The agent is told, as of something from outside: a node's words are not the operator's."""
        if self._side is None or self._turns is None:
            return False
        settings = self._control.settings()
        written = str(payload.get("sessionKey") or "")
        own = main_key(default_agent(settings.agents), settings.session.scope)
        key = self._turns.key(written) if written.strip() else own
        run_id = str(payload.get("runId") or "")
        mark = f"node:{asked.connection.admitted.device_id}:{run_id}:{what}" if run_id else None
        words = _told_of(what, asked.connection.admitted.device_id, payload)
        if await self._side.events.add(key, words[:_MOST_CHARACTERS], key=mark):
            self._side.hearts.request(agent_of(key, default_agent(settings.agents)), "exec-event", key)
        return True

    async def _turn(self, asked: Asked, text: str, payload: JsonObject) -> bool:
        """Somebody speaks to the agent through the node."""
        if self._turns is None or not text.strip() or not self._may(asked, WRITE):
            return False
        key = self._turns.key(str(payload.get("sessionKey") or "main"))
        run_id = str(payload.get("key") or self._control.randomness.new_id())[:200]
        params = {"idempotencyKey": run_id, "sessionKey": str(payload.get("sessionKey") or "")}
        if isinstance(payload.get("thinking"), str):
            params["thinking"] = payload["thinking"]
        await self._turns.order(Asked(asked.id, params, asked.connection), key, [TextPart(text[:20_000])])
        return True


def _payload(params: JsonObject) -> JsonObject | None:
    found = params.get("payload")
    if found is None and params.get("payloadJSON"):
        try:
            found = orjson.loads(params["payloadJSON"])
        except ValueError:
            return None
    return found if isinstance(found, dict) else ({} if found is None else None)


def _told_of(what: str, node_id: str, payload: JsonObject) -> str:
    """As agents know it."""
    run_id, command = str(payload.get("runId") or ""), str(payload.get("command") or "")
    where = f"node={node_id[:12]}" + (f" id={run_id[:64]}" if run_id else "")
    if what == "started":
        return f"Exec started ({where}): {command}"
    if what == "denied":
        return f"Exec denied ({where}, {payload.get('reason') or 'denied'}): {command}"
    ended = "timed out" if payload.get("timedOut") else f"code {payload.get('exitCode', '?')}"
    output = str(payload.get("output") or "").strip()
    return f"Exec finished ({where}, {ended})" + (f"\n{output}" if output else "")
