"""`chat.*`: talking to an agent in a session."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.session_shapes import messages_shown
from crawdad.api.control.turns import TOLD_SECONDS, Turns, message_parts
from crawdad.core.agents import RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, Message, Part, TextPart
from crawdad.core.sessions import NewLogEvent
from crawdad.core.text import Text
from crawdad.services.channels.commands import STOP_PHRASES
from crawdad.services.sessions.service import no_session
from crawdad.services.sessions.transcript import write_message
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, closed, integer
from crawdad.wire.control.scopes import ADMIN, READ, WRITE
from crawdad.wire.control.turns import CHAT, chat_message

_RESET = re.compile(r"/(new|reset)(?:\s+(.*))?$", re.DOTALL | re.IGNORECASE)
_COMPACT = re.compile(r"/compact(?:\s*:?\s+(.*))?$", re.DOTALL | re.IGNORECASE)
_JUST_ENDED = 1.0
_HISTORY = 200
_SEND = closed(
    {
        "sessionKey": FILLED,
        "message": STRING,
        "thinking": STRING,
        "deliver": BOOLEAN,
        "attachments": {"type": "array", "items": {}},
        "timeoutMs": integer(0),
        "idempotencyKey": FILLED,
    },
    "sessionKey",
    "message",
    "idempotencyKey",
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    chat = _Chat(control, control.agents)
    history = closed({"sessionKey": FILLED, "limit": integer(1, 1000)}, "sessionKey")
    abort = closed({"sessionKey": FILLED, "runId": FILLED}, "sessionKey")
    label = {"type": "string", "maxLength": 100}
    inject = closed({"sessionKey": FILLED, "message": FILLED, "label": label}, "sessionKey", "message")
    return [
        Method("chat.history", READ, chat.history, history, "{sessionKey, sessionId, messages, thinkingLevel}"),
        Method("chat.abort", WRITE, chat.abort, abort, "{ok, aborted, runIds}"),
        Method("chat.send", WRITE, chat.send, _SEND, "{runId, status}"),
        Method("chat.inject", ADMIN, chat.inject, inject, "{ok, messageId}", advertised=False),
    ]


class _Chat:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)

    async def history(self, asked: Asked) -> Any:
        written = asked.params["sessionKey"]
        entry = await self._side.sessions.get(self._turns.key(written))
        default = self._control.settings().agents.defaults.thinking_default or "off"
        if entry is None:
            return {"sessionKey": written, "messages": [], "thinkingLevel": default}
        lines = await self._side.sessions.history(entry.session_id, int(asked.params.get("limit", _HISTORY)))
        told: JsonObject = {
            "sessionKey": written,
            "sessionId": entry.session_id,
            "messages": messages_shown(lines),
            "thinkingLevel": entry.settings.get("thinkingLevel") or default,
        }
        if entry.settings.get("verboseLevel"):
            told["verboseLevel"] = entry.settings["verboseLevel"]
        return told

    async def send(self, asked: Asked) -> Any:
        params, run_id = asked.params, asked.params["idempotencyKey"]
        parts = message_parts(params)
        if not parts:
            raise bad_request("control.nothing_said", "message")
        key = self._turns.key(params["sessionKey"])
        said = parts[0].text if isinstance(parts[0], TextPart) else ""
        if said.lower() in STOP_PHRASES:
            return await self._stop(key, params["sessionKey"], "stop")
        known = await self._turns.find(asked, run_id)
        if known is not None and known.session_key == key:
            return self._again(known, run_id)
        order = RunOrder("", key, asked.connection.admitted.principal, "client")
        if "timeoutMs" in params:
            order.timeout_seconds = params["timeoutMs"] / 1000
        if found := _COMPACT.match(said):
            order.extra = {"compact": True, "instructions": found[1] or ""}
            parts = []
        elif found := _RESET.match(said):
            if await self._side.sessions.get(key) is not None:
                await self._side.runs.cancel_session(key)
                await self._side.sessions.reset(key, found[1].lower())
            if not found[2]:
                await self._tell_final(run_id, key, Text("control.session_reset").render(asked.language))
                return {"runId": run_id, "status": "started"}
            parts = [TextPart(found[2].strip()), *parts[1:]]
        if await self._side.sessions.get(key) is None:
            owner = asked.connection.admitted.principal.id
            await self._side.sessions.open(key, owner=owner, values={"channel": "webchat", "chat_type": "direct"})
        await self._turns.order(asked, key, self._stamped(parts), order)
        return {"runId": run_id, "status": "started"}

    def _again(self, known: RunState, run_id: str) -> JsonObject:
        """A key that was used before."""
        if not known.ended or self._control.clock.now() - (known.ended_at or 0) < _JUST_ENDED:
            return {"runId": run_id, "status": "in_flight"}
        if known.status in ("failed", "interrupted"):
            return {"runId": run_id, "status": "error", "summary": known.error or known.status}
        return {"runId": run_id, "status": "ok"}

    def _stamped(self, parts: list[Part]) -> list[Part]:
        """With the time before the words, by which the agent knows how late it is."""
        if not parts or not isinstance(parts[0], TextPart):
            return parts
        moment = datetime.fromtimestamp(self._control.clock.now(), UTC).strftime("%a %Y-%m-%d %H:%M UTC")
        return [TextPart(f"[{moment}] {parts[0].text}"), *parts[1:]]

    async def abort(self, asked: Asked) -> Any:
        written, run_id = asked.params["sessionKey"], asked.params.get("runId")
        key = self._turns.key(written)
        if run_id is None:
            return await self._stop(key, written, "rpc")
        state = await self._turns.find(asked, run_id)
        if state is None or state.ended:
            return {"ok": True, "aborted": False, "runIds": []}
        if state.session_key != key:
            raise bad_request("control.other_session", "runId")
        async with self._turns.told(run_id) as told:
            stopped = await self._side.runs.cancel(state.id)
            if stopped:
                await told.wait(TOLD_SECONDS)
        return {"ok": True, "aborted": stopped, "runIds": [run_id] if stopped else []}

    async def _stop(self, key: str, written: str, reason: str) -> JsonObject:
        """Stop what runs and waits in a session, and what it has sub-agents do."""
        active = await self._side.runs.active(key)
        names = {state.id: _client_name(state) for state in active}
        for state in active:
            self._side.news.stopped_by[state.id] = reason
        if not active:
            stopped = await self._side.runs.cancel_session(key)
            return {"ok": True, "aborted": bool(stopped), "runIds": list(stopped)}
        try:
            async with self._turns.told(names[active[0].id]) as told:
                stopped = await self._side.runs.cancel_session(key)
                if active[0].id in stopped:
                    await told.wait(TOLD_SECONDS)
        finally:
            for state in active:
                self._side.news.stopped_by.pop(state.id, None)
        return {"ok": True, "aborted": bool(stopped), "runIds": [names.get(one, one) for one in stopped]}

    async def inject(self, asked: Asked) -> Any:
        params = asked.params
        key = self._turns.key(params["sessionKey"])
        entry = await self._side.sessions.get(key)
        if entry is None:
            raise no_session(key)
        if await self._side.runs.active(key):
            raise GatewayError(ErrorKind.CONFLICT, Text("sessions.running"))
        text = f"[{params['label']}]\n\n{params['message']}" if params.get("label") else params["message"]
        message = write_message(Message("assistant", [TextPart(text)]), self._control.clock.now())
        data = {"message": message, "stopReason": "injected", "model": "gateway-injected"}
        lines = await self._side.sessions.append(entry, [NewLogEvent("message", data, text=text)])
        await self._tell_final(f"inject-{lines[0].id}", key, text)
        return {"ok": True, "messageId": lines[0].id}

    async def _tell_final(self, run_id: str, key: str, text: str) -> None:
        payload = {"runId": run_id, "sessionKey": key, "seq": 0, "state": "final"}
        await self._side.news.tell(CHAT, {**payload, "message": chat_message(text, self._control.clock.now())})


def _client_name(state: RunState) -> str:
    """What the client calls a run that it began here."""
    mark = state.idempotency_key or ""
    return mark.removeprefix("control:") if mark.startswith("control:") else state.id
