"""`exec.approval.*`: commands that wait for somebody's word."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control, ExecApprovals
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.relays import approval_shown
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.wire.control.schema import BOOLEAN, FILLED, NOTHING, STRING, STRINGS, Schema, closed, integer, opened
from crawdad.wire.control.scopes import APPROVALS

_NAMES = (
    *("cwd", "host", "security", "ask", "agentId", "resolvedPath", "sessionKey", "nodeId", "warningText"),
    *("sessionId", "runId", "toolCallId", "turnSourceChannel", "turnSourceTo", "turnSourceAccountId"),
)
_NULLABLE: Schema = {"anyOf": [STRING, {"type": "null"}]}
_PLAN: Schema = opened({"argv": STRINGS, "cwd": _NULLABLE, "commandText": FILLED}, "argv", "commandText")
_REQUEST = closed(
    {
        "id": FILLED,
        "command": FILLED,
        "commandArgv": STRINGS,
        "systemRunPlan": {"anyOf": [_PLAN, {"type": "null"}]},
        "env": {"type": "object", "additionalProperties": STRING},
        **dict.fromkeys(_NAMES, _NULLABLE),
        "turnSourceThreadId": {},
        "timeoutMs": integer(1),
        "twoPhase": BOOLEAN,
    },
    "command",
)
_DECISION = "{id, decision, createdAtMs, expiresAtMs}"


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where nothing is to be approved."""
    if control.approvals is None:
        return []
    answers = _Approvals(control.approvals)
    return [
        Method("exec.approval.request", APPROVALS, answers.request, _REQUEST, _DECISION, waits=True),
        Method(
            "exec.approval.waitDecision", APPROVALS, answers.wait, opened({"id": FILLED}, "id"), _DECISION, waits=True
        ),
        Method(
            "exec.approval.list", APPROVALS, answers.listed, NOTHING, "[{id, request{…}, createdAtMs, expiresAtMs}]"
        ),
        Method(
            "exec.approval.get",
            APPROVALS,
            answers.get,
            closed({"id": FILLED}, "id"),
            "{id, request{…}, createdAtMs, expiresAtMs}",
        ),
        Method(
            "exec.approval.resolve",
            APPROVALS,
            answers.resolve,
            closed({"id": FILLED, "decision": FILLED}, "id", "decision"),
            "{ok}",
        ),
    ]


class _Approvals:
    def __init__(self, approvals: ExecApprovals) -> None:
        self._approvals = approvals

    async def request(self, asked: Asked) -> Any:
        early = asked.answer_early if asked.params.get("twoPhase") else lambda _: None
        return await self._approvals.request(asked.params, asked.connection.admitted.principal, early)

    async def listed(self, _: Asked) -> Any:
        """What waits for an answer, as it was told when it was asked."""
        return [approval_shown(each) for each in await self._approvals.waiting()]

    async def get(self, asked: Asked) -> Any:
        found = next((each for each in await self._approvals.waiting() if each["id"] == asked.params["id"]), None)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("control.unknown_approval"))
        return approval_shown(found)

    async def wait(self, asked: Asked) -> Any:
        return await self._approvals.wait(asked.params["id"])

    async def resolve(self, asked: Asked) -> Any:
        by = asked.connection.admitted.principal
        await self._approvals.resolve(asked.params["id"], asked.params["decision"], by)
        return {"ok": True}
