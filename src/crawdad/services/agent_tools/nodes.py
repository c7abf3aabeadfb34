"""`nodes`: an agent looks at the devices that are connected, and has them do something. What runs programs there needs the
node's own list to allow it, or the operator's word to exactly that command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from crawdad.core.approvals import ApprovalRequest, Approvals
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.nodes import LiveNode, NodeAnswer
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agent_tools.arguments import get_number, get_text, get_texts, need_text, schema
from crawdad.services.nodes.asking import SECONDS, NodeAsking, not_connected, payload_of
from crawdad.services.nodes.run_params import RUN, command_text

LOOKS = ("status", "describe", "camera_list")
ACTIONS = (*LOOKS, "notify", "camera_snap", "location_get", "run", "invoke")
_ASKS_FIRST = "SYSTEM_RUN_DENIED"
_RUN_SECONDS = 120.0
_LONGEST_SECONDS = 600.0
_SHOWN_CHARACTERS = 20_000
_TEXT = {"type": "string"}


class NodesTool:
    """The tool. Offered while a node is connected."""

    definition = ToolDefinition(
        "nodes",
        "Devices that are connected to this gateway: see which there are (status), what one can do (describe), and have it do "
        "something (notify, camera_snap, camera_list, location_get, run a program, invoke any of its commands). Running a "
        "program may need the operator's approval.",
        schema(
            {
                "action": {"type": "string", "enum": list(ACTIONS)},
                "node": {"type": "string", "description": "Its id or its name."},
                "title": _TEXT,
                "body": _TEXT,
                "facing": {"type": "string", "enum": ["front", "back"]},
                "deviceId": _TEXT,
                "desiredAccuracy": {"type": "string", "enum": ["coarse", "balanced", "precise"]},
                "command": {
                    "type": "array",
                    "items": _TEXT,
                    "description": "For run: the program and its arguments.",
                },
                "cwd": _TEXT,
                "env": {"type": "array", "items": _TEXT, "description": "For run: NAME=value."},
                "invokeCommand": {
                    "type": "string",
                    "description": "For invoke: the node's command, as describe shows it.",
                },
                "invokeParams": {"type": "object", "description": "For invoke: its parameters."},
                "timeoutMs": {"type": "integer", "minimum": 1000, "maximum": 600_000},
            },
            ("action",),
        ),
        "nodes",
        needs_trust=True,
        looks=LOOKS,
        owner_only=True,
    )

    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals
        self._asking: NodeAsking | None = None

    def reach(self, asking: NodeAsking) -> None:
        """Nodes can be reached from now on."""
        self._asking = asking

    def offered(self) -> bool:
        """Whether there is any node."""
        return self._asking is not None and bool(self._asking.connected())

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        action = get_text(arguments, "action", 40)
        if action not in ACTIONS:
            raise bad_request("arguments.choice", "action", choices=", ".join(ACTIONS))
        asking = self._asking
        if asking is None:
            raise not_connected()
        if action == "status":
            return _shown([_row(asking, node) for node in asking.connected()])
        node = _named(asking, need_text(arguments, "node", 200))
        if action == "describe":
            return _shown(_row(asking, node))
        if action == "run":
            return await self._run(asking, node, arguments, context)
        command, params = _order(action, arguments)
        seconds = get_number(arguments, "timeoutMs", SECONDS * 1000, 1000, _LONGEST_SECONDS * 1000) / 1000
        answer = await _ask(asking, node, command, params, seconds, context.idempotency, context.progress)
        payload = payload_of(answer)
        return _picture(payload, node) if action == "camera_snap" else _shown(payload, outside=True)

    async def _run(
        self, asking: NodeAsking, node: LiveNode, arguments: JsonObject, context: ToolContext
    ) -> ToolOutcome:
        """Have a program run: unasked where the node's own list allows it, else with the operator's word."""
        argv = get_texts(arguments, "command", 200)
        if not argv or not argv[0]:
            raise bad_request("nodes.no_command", "command")
        text, seconds = (
            command_text(argv),
            get_number(arguments, "timeoutMs", _RUN_SECONDS * 1000, 1000, 600_000) / 1000,
        )
        params: JsonObject = {"command": argv, "rawCommand": text, "timeoutMs": round(seconds * 1000)}
        params |= {"agentId": context.scope.agent_id, "sessionKey": context.scope.session_key}
        if cwd := get_text(arguments, "cwd", 4000):
            params["cwd"] = cwd
        if env := _variables(get_texts(arguments, "env", 100)):
            params["env"] = env
        key = context.idempotency
        answer = await _ask(asking, node, RUN, params, seconds, key, context.progress)
        if not answer.ok and _ASKS_FIRST in answer.message:
            params |= {"approved": True, "approvalDecision": "allow-once"}
            params["runId"] = await self._approved(node, text, params, context)
            answer = await _ask(asking, node, RUN, params, seconds, f"{key}:approved", context.progress)
        return _shown(payload_of(answer), outside=True)

    async def _approved(self, node: LiveNode, text: str, params: JsonObject, context: ToolContext) -> str:
        """The operator's word to this very command at this node: the approval's id. Raises FORBIDDEN."""
        scope = context.scope
        details: JsonObject = {"host": "node", "nodeId": node.node_id, "argv": params["command"]}
        if params.get("cwd"):
            details["cwd"] = params["cwd"]
        if params.get("env"):
            details["envKeys"] = sorted(params["env"])
        request = ApprovalRequest(
            kind="exec",
            summary=text,
            agent_id=scope.agent_id,
            session_key=scope.session_key,
            run_id=context.run_id,
            call_id=context.call_id,
            principal_id=scope.principal.id,
            binding={"node": node.node_id, **{name: params.get(name) for name in ("command", "cwd", "env")}},
            details=details,
        )
        allowed = await self._approvals.ask(request)
        await self._approvals.use(allowed, request)
        return allowed


async def _ask(
    asking: NodeAsking,
    node: LiveNode,
    command: str,
    params: Any,
    seconds: float,
    key: str,
    said: Callable[[str], None],
) -> NodeAnswer:
    return await asking.ask(asking.node_for(node.node_id, command), command, params, seconds, key, said)


def _order(action: str, arguments: JsonObject) -> tuple[str, JsonObject]:
    """The node's command, and its parameters."""
    if action == "notify":
        told_ = {"title": get_text(arguments, "title", 200), "body": get_text(arguments, "body", 2000)}
        if not any(told_.values()):
            raise bad_request("arguments.missing", "body")
        return "system.notify", {name: value for name, value in told_.items() if value}
    if action == "camera_list":
        return "camera.list", {}
    if action == "camera_snap":
        wanted = {"facing": get_text(arguments, "facing", 10) or "front", "format": "jpg", "maxWidth": 1600}
        device = get_text(arguments, "deviceId", 200)
        return "camera.snap", {**wanted, **({"deviceId": device} if device else {})}
    if action == "location_get":
        accuracy = get_text(arguments, "desiredAccuracy", 20)
        return "location.get", {"desiredAccuracy": accuracy} if accuracy else {}
    command, params = need_text(arguments, "invokeCommand", 200), arguments.get("invokeParams") or {}
    if not isinstance(params, dict):
        raise bad_request("arguments.type", "invokeParams", expected="object")
    if command == RUN:
        raise bad_request("nodes.run_by_itself", "invokeCommand")
    return command, params


def _named(asking: NodeAsking, wanted: str) -> LiveNode:
    """The node of that id or name. Raises NOT_FOUND, and CONFLICT where several have the name."""
    there = asking.connected()
    found = [node for node in there if node.node_id == wanted]
    found = found or [node for node in there if node.display_name.lower() == wanted.lower()]
    found = found or [node for node in there if len(wanted) >= 6 and node.node_id.startswith(wanted)]
    known = ", ".join(node.display_name or node.node_id[:12] for node in there) or "-"
    if not found:
        raise GatewayError(ErrorKind.NOT_FOUND, Text("nodes.none_of_that_name", {"name": wanted, "known": known}))
    if len(found) > 1:
        raise GatewayError(ErrorKind.CONFLICT, Text("nodes.several_of_that_name", {"name": wanted}))
    return found[0]


def _row(asking: NodeAsking, node: LiveNode) -> JsonObject:
    may = asking.allowed(node.platform, node.device_family)
    told_ = {"nodeId": node.node_id, "displayName": node.display_name, "platform": node.platform}
    return {**told_, "caps": sorted(node.caps), "commands": sorted(set(node.commands) & may)}


def _variables(pairs: list[str]) -> JsonObject:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise bad_request("nodes.bad_variable", "env")
        found[name] = value
    return found


def _shown(value: Any, *, outside: bool = False) -> ToolOutcome:
    """JSON for the model. What comes from a device was written elsewhere."""
    text = json.dumps(value, ensure_ascii=False, default=str)[:_SHOWN_CHARACTERS]
    outcome = told(text, {"result": value})
    outcome.untrusted = outside
    return outcome


def _picture(payload: Any, node: LiveNode) -> ToolOutcome:
    data = payload.get("base64") if isinstance(payload, dict) else None
    if not isinstance(data, str) or not data:
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": "no picture"}))
    media_type = "image/png" if str(payload.get("format")).lower() == "png" else "image/jpeg"
    size = f"{payload.get('width', '?')}x{payload.get('height', '?')}"
    parts: list[Part] = [
        TextPart(f"A picture by {node.display_name or node.node_id} ({size})."),
        MediaPart("image", data=data, media_type=media_type, name="snap"),
    ]
    return ToolOutcome(parts, {"node": node.node_id, "mediaType": media_type}, untrusted=True)
