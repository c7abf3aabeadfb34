"""Questions of commands as clients of the control channel ask and answer them: `api.control.context.ExecApprovals`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crawdad.core.approvals import Approval, ApprovalRequest, Decision, fingerprint
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.tools.approvals import ApprovalService, told_of

_SECONDS = 120.0
_LONGEST_SECONDS = 3600.0
_SHOWN = ("cwd", "host", "security", "ask", "resolvedPath")
_DECISIONS: dict[str, Decision] = {"allow-once": "allow-once", "allow-always": "allow-always", "deny": "deny"}


class CommandQuestions:
    """Asks in the name of clients that run commands themselves. What is decided binds them alone: no agent of ours runs
    anything by it."""

    def __init__(self, approvals: ApprovalService) -> None:
        self._approvals = approvals

    async def request(self, params: JsonObject, by: Principal, early: Callable[[JsonObject], None]) -> JsonObject:
        """Ask, and wait for the decision. `early` tells that the question is asked."""
        details = {name: params[name] for name in _SHOWN if params.get(name)}
        details |= _of_run(params)
        binding = _binding(by, params["command"], details, params.get("env"))
        seconds = min(params["timeoutMs"] / 1000 if "timeoutMs" in params else _SECONDS, _LONGEST_SECONDS)
        request = ApprovalRequest(
            kind="exec",
            summary=params["command"],
            agent_id=params.get("agentId") or "",
            session_key=params.get("sessionKey") or "",
            run_id="",
            call_id="",
            principal_id=by.id,
            binding=binding,
            lasting=binding,
            details=details,
        )
        made = await self._approvals.put(request, params.get("id") or "", seconds)
        early({"status": "accepted", **_times(made)})
        return await self._told(await self._approvals.settled(made.id))

    async def waiting(self) -> Sequence[JsonObject]:
        """What waits for an answer, as it is told on the bus."""
        return [told_of(each) for each in await self._approvals.list(("pending",))]

    async def wait(self, approval_id: str) -> JsonObject:
        """The decision, once there is one. Raises NOT_FOUND."""
        try:
            return await self._told(await self._approvals.settled(approval_id))
        except GatewayError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                raise GatewayError(ErrorKind.NOT_FOUND, Text("control.approval_expired")) from error
            raise

    async def use(self, approval_id: str, run: JsonObject, by: Principal) -> str:
        """Use up what was allowed, for this run of a command and no other: the decision. `run` holds `command` (its text),
        `argv`, `cwd`, `env`, `nodeId`, `agentId` and `sessionKey`. Raises FORBIDDEN, with the protocol's word in
        `details["wire"]`."""
        try:
            found = await self._approvals.get(approval_id)
        except GatewayError as error:
            raise _not_allowed("nodes.unknown_approval", "UNKNOWN_APPROVAL_ID") from error
        if found.principal_id != by.id:
            raise _not_allowed("nodes.foreign_approval", "APPROVAL_CLIENT_MISMATCH")
        kept = {name: value for name, value in found.details.items() if name in (*_SHOWN, "argv", "nodeId", "envKeys")}
        details = {**kept, **({"cwd": run["cwd"]} if run.get("cwd") else {})}
        if not run.get("cwd"):
            details.pop("cwd", None)
        if "argv" in kept:
            details["argv"] = run["argv"]
        if "nodeId" in kept:
            details["nodeId"] = run["nodeId"]
        for_node = kept.get("host") == "node"
        same = (run.get("agentId") or "") == found.agent_id and (run.get("sessionKey") or "") == found.session_key
        binding = _binding(by, run["command"], details, run.get("env"))
        if not (for_node and same and fingerprint(binding) == found.fingerprint):
            raise _not_allowed("nodes.other_run", "APPROVAL_REQUEST_MISMATCH")
        decision = (await self._told(found))["decision"]
        if not await self._approvals.take(found):
            raise _not_allowed("nodes.approval_over", "APPROVAL_EXPIRED")
        return str(decision)

    async def resolve(self, approval_id: str, decision: str, by: Principal) -> None:
        """Decide. Raises NOT_FOUND, BAD_REQUEST."""
        if decision not in _DECISIONS:
            raise bad_request("control.bad_decision", "decision")
        try:
            await self._approvals.resolve(approval_id, _DECISIONS[decision], by)
        except GatewayError as error:
            if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT):
                raise GatewayError(ErrorKind.NOT_FOUND, Text("control.unknown_approval")) from error
            raise

    async def _told(self, approval: Approval) -> JsonObject:
        decision: str | None = None
        if approval.status == "denied":
            decision = "deny"
        elif approval.status in ("allowed", "used"):
            grants = await self._approvals.grants()
            lasts = any(each.lasting == approval.lasting and each.agent_id == approval.agent_id for each in grants)
            decision = "allow-always" if approval.lasting and lasts else "allow-once"
        return {"decision": decision, **_times(approval)}


def _of_run(params: JsonObject) -> JsonObject:
    """What a question for a node is about besides: the exact arguments, the node, and which variables are set."""
    told: JsonObject = {}
    plan = params.get("systemRunPlan") or {}
    if argv := params.get("commandArgv") or plan.get("argv"):
        told["argv"] = list(argv)
    if params.get("nodeId"):
        told["nodeId"] = params["nodeId"]
    if params.get("env"):
        told["envKeys"] = sorted(params["env"])
    return told


def _binding(by: Principal, command: str, details: JsonObject, env: JsonObject | None) -> JsonObject:
    """What the answer is about. The values of variables are bound, and shown to nobody."""
    named = {name: value for name, value in details.items() if name != "envKeys"}
    return {"asker": by.id, "command": command, **named, **({"env": env} if env else {})}


def _not_allowed(key: str, code: str) -> GatewayError:
    return GatewayError(ErrorKind.FORBIDDEN, Text(key), {"wire": {"code": code}})


def _times(approval: Approval) -> JsonObject:
    return {
        "id": approval.id,
        "createdAtMs": round(approval.created_at * 1000),
        "expiresAtMs": round(approval.expires_at * 1000),
    }
