"""`POST /tools/invoke`: one tool, without a model."""

from __future__ import annotations

from typing import Any

import structlog

from crawdad.api.call import Call
from crawdad.api.gateway.answers import BodyRefused, answer_json, read_json, refusal
from crawdad.api.speaking import Gate
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.plain_json import in_unicode
from crawdad.core.tools import ToolOutcome
from crawdad.services.agent_doors.tool_calls import ToolCalls, ToolOrder, ToolRefusal

_MOST_BYTES = 2 * 1024 * 1024
_CALLERS_FAULT = {
    ErrorKind.BAD_REQUEST: 400,
    ErrorKind.NOT_FOUND: 400,
    ErrorKind.CONFLICT: 409,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.TOO_LARGE: 400,
    ErrorKind.RATE_LIMITED: 429,
    ErrorKind.UNAVAILABLE: 503,
}
_log = structlog.get_logger(__name__)


class ToolRoutes:
    """The handler bound to a gate and the tools."""

    def __init__(self, gate: Gate, calls: ToolCalls) -> None:
        self._gate = gate
        self._calls = calls

    async def invoke(self, call: Call) -> None:
        """`POST /tools/invoke`."""
        try:
            principal = self._gate.admit(call)
            principal.need(Permission.TOOLS_INVOKE)
            await self._gate.budgets.admit(principal)
        except GatewayError as error:
            status, body, headers = refusal(error)
            await answer_json(call, status, body, headers)
            return
        try:
            asked = await read_json(call, _MOST_BYTES)
        except BodyRefused as refused:
            words = {"message": refused.words, "type": "invalid_request_error"}
            await answer_json(call, refused.status, {"error": words})
            return
        order = order_of(call, asked if isinstance(asked, dict) else {})
        if order is None:
            words = {"message": "tools.invoke requires body.tool", "type": "invalid_request_error"}
            await answer_json(call, 400, {"error": words})
            return
        status, told = await self._carry_out(call, order, principal)
        await answer_json(call, status, told)

    async def _carry_out(self, call: Call, order: ToolOrder, principal: Principal) -> tuple[int, JsonObject]:
        try:
            outcome = await self._calls.call(order, principal, call.language)
        except ToolRefusal:
            return 404, _fault("not_found", f"Tool not available: {order.tool}")
        except GatewayError as error:
            if error.kind in _CALLERS_FAULT:
                return _CALLERS_FAULT[error.kind], _fault("tool_error", error.message(call.language))
            _log.warning("tool_failed", tool=order.tool, reason=error.message())
            return 500, _fault("tool_error", "tool execution failed")
        except Exception:  # a tool is an edge: what it stumbles over is not the caller's to see
            _log.exception("tool_failed", tool=order.tool)
            return 500, _fault("tool_error", "tool execution failed")
        if outcome.is_error:
            words = "".join(part.text for part in outcome.content if isinstance(part, TextPart))
            return 400, _fault("tool_error", words or "tool execution failed")
        return 200, {"ok": True, "result": written(outcome)}


def order_of(call: Call, body: dict[str, Any]) -> ToolOrder | None:
    """What the body asks for; None where it names no tool."""
    name = _text(body, "tool") or _text(body, "name")
    if not name:
        return None
    arguments = body.get("args")
    key = call.header(b"idempotency-key").strip() or _text(body, "idempotencyKey")
    return ToolOrder(
        name[:200],
        arguments if isinstance(arguments, dict) else {},
        _text(body, "action") or None,
        _text(body, "sessionKey"),
        _text(body, "agentId") or call.header(b"x-openclaw-agent-id"),
        body.get("dryRun") not in (None, False),
        key[:200] or None,
        call.header(b"x-openclaw-message-channel")[:64],
        call.header(b"x-openclaw-account-id")[:64],
    )


def written(outcome: ToolOutcome) -> JsonObject:
    """A tool's answer as the contract spells it."""
    return {"content": [_written_part(part) for part in outcome.content], "details": outcome.details}


def _written_part(part: Part) -> JsonObject:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, MediaPart) and part.data is not None:
        return {"type": part.kind, "data": part.data, "mimeType": part.media_type}
    return {"type": "text", "text": getattr(part, "text", "") or getattr(part, "url", "") or ""}


def _fault(kind: str, words: str) -> JsonObject:
    return {"ok": False, "error": {"type": kind, "message": in_unicode(words)}}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""
