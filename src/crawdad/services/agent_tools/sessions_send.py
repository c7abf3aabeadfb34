"""Tool: `sessions_send`, a message to another session, whose agent answers it.

Agents that talk to each other stop: a turn knows how many agents stand between it and a person, and beyond
`session.agentToAgent.maxPingPongTurns` none sends any further; replies that were not waited for go to and fro as often.
"""

from __future__ import annotations

from crawdad.core.agents import AgentRuns, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.sessions import SessionEntry, normalise_agent_id
from crawdad.core.text import Text
from crawdad.core.tools import Sender, ToolContext, ToolDefinition, ToolOutcome
from crawdad.services.agent_tools.sessions_access import (
    MOST_LABEL,
    SessionAccess,
    as_json,
    bad_argument,
    need,
    number,
    text,
)
from crawdad.services.agents.replies import REPLIES, SKIP, begun, words_about
from crawdad.services.agents.taint import EXPOSED
from crawdad.services.sessions.policy import may_send

_MOST_MESSAGE = 100_000
_MOST_SECONDS = 3600.0


class SessionsSend:
    """`sessions_send`."""

    definition = ToolDefinition(
        name="sessions_send",
        description=(
            "Send a message to another session, by its key or its label, and get the reply of the agent there. With "
            "timeoutSeconds 0 it is only delivered. A session does not send to itself."
        ),
        parameters={
            "type": "object",
            "properties": {
                "sessionKey": {"type": "string"},
                "label": {"type": "string", "minLength": 1, "maxLength": MOST_LABEL},
                "agentId": {"type": "string", "minLength": 1, "maxLength": 64},
                "message": {"type": "string"},
                "timeoutSeconds": {"type": "number", "minimum": 0},
            },
            "required": ["message"],
        },
        group="sessions",
    )

    def __init__(self, access: SessionAccess, runs: AgentRuns) -> None:
        self._access = access
        self._runs = runs

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Send, and wait for the reply as long as is wanted."""
        message = need(arguments, "message", _MOST_MESSAGE)
        seconds = number(arguments, "timeoutSeconds", 30, 0, _MOST_SECONDS)
        entry = await self._target(arguments, context)
        most = self._access.settings().session.agent_to_agent.max_ping_pong_turns
        if context.scope.depth > most:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("session_tools.too_deep", {"most": most}), {"code": "depth"})
        order = _order(entry, message, context, context.scope.session_key)
        order.idempotency_key = f"sessions_send:{context.idempotency}"
        replies = bool(most) and entry.key != context.scope.session_key
        if replies:
            here = context.scope.session_key
            order.extra[REPLIES] = begun(here, entry.key, most, context.idempotency, owed=not seconds)
        run_id = await self._runs.start(order)
        details: JsonObject = {"runId": run_id, "sessionKey": entry.key}
        if seconds:
            state = await self._runs.wait(run_id, seconds)
            if state.ended:
                return _answered(state, details)
            details["status"] = "timeout"
        else:
            details["status"] = "accepted"
        if replies:
            if seconds:
                await self._runs.owe(run_id)
            details["delivery"] = {"status": "pending", "mode": "announce"}
        return as_json(details)

    async def _target(self, arguments: JsonObject, context: ToolContext) -> SessionEntry:
        key, label = text(arguments, "sessionKey"), text(arguments, "label", MOST_LABEL)
        if bool(key) == bool(label):
            raise bad_argument("session_tools.key_or_label", "sessionKey")
        if key:
            entry = await self._access.find(key, context.scope)
        else:
            agent = text(arguments, "agentId", 64)
            entry = await self._access.labelled(label, normalise_agent_id(agent) if agent else None, context.scope)
        if entry.key == context.scope.session_key:
            raise bad_argument("session_tools.itself", "sessionKey")
        if not may_send(entry, self._access.settings().session.send_policy):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("sessions.send_denied"), {"code": "send_policy"})
        return entry


def _order(entry: SessionEntry, message: str, context: ToolContext, sender_key: str) -> RunOrder:
    scope = context.scope
    return RunOrder(
        agent_id=entry.agent_id,
        session_key=entry.key,
        principal=scope.principal,
        origin="system",
        parts=[TextPart(message)],
        extra_system=words_about(sender_key, scope.agent_id),
        # A person's rights go along only as far as nothing from outside has had a say.
        sender=Sender(f"agent:{scope.agent_id}", scope.agent_id, owner=scope.sender.owner and not context.untrusted),
        untrusted=context.untrusted,
        extra={EXPOSED: context.exposed},
        depth=scope.depth + 1,
        language=context.language,
    )


def _answered(state: RunState, details: JsonObject) -> ToolOutcome:
    if state.status in ("completed", "paused"):
        said = {**details, "status": "ok", "reply": "" if state.text.strip() == SKIP else state.text}
        return as_json(said, untrusted=True)
    return as_json({**details, "status": "error", "error": state.error or state.status}, is_error=True)
