"""`agent` and `agent.wait`: a turn, and its end."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Failed, Method
from crawdad.api.control.sending import answer_route
from crawdad.api.control.turns import TOLD_SECONDS, Turns, message_parts
from crawdad.core.agent_names import default_agent
from crawdad.core.agents import RunOrder, RunState
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.sessions import Route, agent_of, main_key, normalise_agent_id
from crawdad.core.text import Text
from crawdad.services.sessions.service import no_session
from crawdad.wire.control import errors
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, Schema, closed, integer, words
from crawdad.wire.control.scopes import WRITE

_WAIT_MS = 30_000
_LONGEST_SECONDS = 24 * 3600.0
_PROVENANCE: Schema = closed(
    {
        "kind": words("external_user", "inter_session", "internal_system"),
        "sourceSessionKey": STRING,
        "sourceChannel": STRING,
        "sourceTool": STRING,
    },
    "kind",
)
_PLACES = (
    *("agentId", "to", "replyTo", "sessionId", "sessionKey", "thinking", "channel", "replyChannel", "accountId"),
    *("replyAccountId", "threadId", "groupId", "groupChannel", "groupSpace", "lane", "extraSystemPrompt", "spawnedBy"),
)
_AGENT = closed(
    {
        "message": FILLED,
        **dict.fromkeys(_PLACES, STRING),
        "deliver": BOOLEAN,
        "attachments": {"type": "array", "items": {}},
        "timeout": integer(0),
        "inputProvenance": _PROVENANCE,
        "idempotencyKey": FILLED,
        "label": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "message",
    "idempotencyKey",
)
_WAIT = closed({"runId": FILLED, "timeoutMs": integer(0)}, "runId")


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    agent = _Agent(control, control.agents)
    first, last = "{runId, status: accepted, acceptedAt}", "{runId, status, summary, result{payloads, meta}}"
    return [
        Method("agent", WRITE, agent.take_turn, _AGENT, f"{first}, {last}", waits=True),
        Method("agent.wait", WRITE, agent.wait, _WAIT, "{runId, status, startedAt, endedAt, error}", waits=True),
    ]


class _Agent:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)

    async def take_turn(self, asked: Asked) -> Any:
        """Two answers under one id: that the turn is ordered, and what came of it."""
        params = asked.params
        run_id = params["idempotencyKey"]
        key = await self._key(params)
        parts = message_parts(params)
        if not parts:
            raise bad_request("control.nothing_said", "message")
        said = parts[0].text if isinstance(parts[0], TextPart) else ""
        word, _, rest = said.partition(" ")
        entry = await self._side.sessions.get(key)
        last = entry.route if entry is not None else None
        route = answer_route(self._side.outbound, params, last) if params.get("deliver") else None
        known = await self._turns.find(asked, run_id)
        if known is None and word.lower() in ("/new", "/reset") and rest.strip():
            if entry is not None:
                await self._side.runs.cancel_session(key)
                await self._side.sessions.reset(key, word[1:].lower())
            parts = [TextPart(rest.strip()), *parts[1:]]
        order = RunOrder("", key, asked.connection.admitted.principal, "client")
        order.extra_system = str(params.get("extraSystemPrompt") or "")
        order.timeout_seconds = params.get("timeout")
        order.title = str(params.get("label") or "")
        async with self._turns.told(run_id) as told:
            own = await self._turns.order(asked, key, parts, order)
            state = await self._side.runs.look(own)
            accepted = round((state.created_at if state is not None else self._control.clock.now()) * 1000)
            asked.answer_early({"runId": run_id, "status": "accepted", "acceptedAt": accepted})
            if state is None or not state.ended:
                state = await self._side.runs.wait(own)
                await told.wait(TOLD_SECONDS)
        result = await self._turns.result(state, run_id)
        if route is not None and state.status == "completed" and state.text.strip():
            await self._deliver(asked, run_id, route, state.text)
        return result

    async def _deliver(self, asked: Asked, run_id: str, route: Route, text: str) -> None:
        """Send the answer on; asked for again it is not sent again. Raises `Failed`."""
        name = f"agent:{asked.connection.admitted.principal.id}:{run_id}"
        try:
            sent = await self._side.outbound.send(route, [TextPart(text)], key=name)
            reason = "" if sent.delivered else sent.error or sent.status
        except GatewayError as error:
            reason = error.message(asked.language)
        if reason:
            words_ = Text("control.not_sent", {"reason": reason}).render(asked.language)
            payload = {"runId": run_id, "status": "error", "summary": words_}
            raise Failed(payload, errors.error(errors.UNAVAILABLE, words_))

    async def _key(self, params: JsonObject) -> str:
        """The session that is meant. Raises BAD_REQUEST, NOT_FOUND."""
        settings = self._control.settings()
        agent = params.get("agentId")
        if agent:
            agent = self._side.roster().get(agent).id
        if params.get("sessionKey"):
            key = self._turns.key(params["sessionKey"], agent)
            if agent and agent_of(key, agent) != normalise_agent_id(agent):
                raise bad_request("control.other_agent", "agentId", agent=agent, owner=agent_of(key))
            return key
        if params.get("sessionId"):
            log = await self._side.sessions.store.log(params["sessionId"])
            if log is None:
                raise no_session(params["sessionId"])
            return log.key
        return main_key(agent or default_agent(settings.agents), settings.session.scope)

    async def wait(self, asked: Asked) -> Any:
        run_id = asked.params["runId"]
        seconds = min(asked.params.get("timeoutMs", _WAIT_MS) / 1000, _LONGEST_SECONDS)
        async with self._turns.told(run_id) as told:
            state = await self._turns.find(asked, run_id)
            if state is not None and not state.ended:
                state = await self._side.runs.wait(state.id, seconds)
                if state.ended:
                    await told.wait(TOLD_SECONDS)
        return _waited(state, run_id)


def _waited(state: RunState | None, run_id: str) -> JsonObject:
    if state is None or not state.ended:
        return {"runId": run_id, "status": "timeout"}
    began, ended = state.started_at or state.created_at, state.ended_at or state.created_at
    good = state.status not in ("failed", "interrupted")
    told: JsonObject = {"runId": run_id, "status": "ok" if good else "error"}
    told |= {"startedAt": round(began * 1000), "endedAt": round(ended * 1000)}
    return told if good else {**told, "error": state.error or state.status}
