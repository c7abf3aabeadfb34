"""`node.*` as operators call them: which nodes there are, letting them in, and asking them to do something."""

from __future__ import annotations

from typing import Any

import structlog

from crawdad.api.control.context import Control
from crawdad.api.control.node_shapes import node_request, node_rows, paired_node
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.repeats import Repeats
from crawdad.core.devices import Described, DeviceRequest
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.nodes import LiveNode
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.devices.pairing import MOST_NAME
from crawdad.services.nodes.asking import SECONDS, payload_of
from crawdad.services.nodes.pending import WORK
from crawdad.services.nodes.run_params import RUN, argv_of, command_text, forwarded
from crawdad.wire.control.schema import FILLED, NOTHING, STRING, STRINGS, Schema, closed, integer, words
from crawdad.wire.control.scopes import NODE, PAIRING, READ, WRITE

_log = structlog.get_logger(__name__)
_SHORT: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_ONE: Schema = closed({"nodeId": FILLED}, "nodeId")
_REQUEST: Schema = closed({"requestId": FILLED}, "requestId")
_SAID = (
    *("displayName", "platform", "version", "coreVersion", "uiVersion", "deviceFamily", "modelIdentifier"),
    "remoteIp",
)
_PAIR: Schema = closed(
    {
        "nodeId": _SHORT,
        **dict.fromkeys(_SAID, _SHORT),
        "caps": STRINGS,
        "commands": STRINGS,
        "silent": {"type": "boolean"},
    },
    "nodeId",
)
_INVOKE: Schema = closed(
    {
        "nodeId": FILLED,
        "command": FILLED,
        "params": {},
        "timeoutMs": integer(0),
        "idempotencyKey": FILLED,
        **dict.fromkeys(("sessionKey", "turnSourceChannel", "turnSourceTo", "turnSourceAccountId"), STRING),
        "turnSourceThreadId": {},
    },
    "nodeId",
    "command",
    "idempotencyKey",
)

_ENQUEUE: Schema = closed(
    {
        "nodeId": FILLED,
        "type": words(*WORK),
        "priority": words("normal", "high"),
        "expiresInMs": integer(1000, 86_400_000),
        "wake": {"type": "boolean"},
    },
    "nodeId",
    "type",
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    nodes = _Nodes(control)
    row = "nodeId, displayName?, platform?, caps[], commands[], paired, connected, …"
    invoked = "{ok, nodeId, command, payload, payloadJSON}"
    return [
        Method("node.list", READ, nodes.listed, NOTHING, f"{{ts, nodes[{{{row}}}]}}"),
        Method("node.describe", READ, nodes.describe, _ONE, f"{{ts, {row}}}"),
        Method(
            "node.rename",
            PAIRING,
            nodes.rename,
            closed({"nodeId": FILLED, "displayName": FILLED}, "nodeId", "displayName"),
            "{nodeId, displayName}",
        ),
        Method("node.pair.request", PAIRING, nodes.pair, _PAIR, "{status, request{…}, created}"),
        Method("node.pair.list", PAIRING, nodes.pairs, NOTHING, "{pending[], paired[]}"),
        Method("node.pair.approve", PAIRING, nodes.approve, _REQUEST, "{requestId, node{nodeId, token, …}}"),
        Method("node.pair.reject", PAIRING, nodes.reject, _REQUEST, "{requestId, nodeId}"),
        Method("node.pair.remove", PAIRING, nodes.remove, _ONE, "{nodeId}"),
        Method(
            "node.pair.verify",
            PAIRING,
            nodes.verify,
            closed({"nodeId": FILLED, "token": FILLED}, "nodeId", "token"),
            "{ok, node?}",
        ),
        Method("node.invoke", WRITE, nodes.invoke, _INVOKE, invoked),
        Method("node.pending.enqueue", WRITE, nodes.enqueue, _ENQUEUE, "{nodeId, revision, queued{…}, wakeTriggered}"),
    ]


class _Nodes:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._asking = control.asking
        self._pairing = control.pairing
        self._repeats = Repeats(control.clock)

    async def listed(self, _: Asked) -> Any:
        return {"ts": self._now(), "nodes": await self._rows()}

    async def describe(self, asked: Asked) -> Any:
        wanted = asked.params["nodeId"]
        found = next((row for row in await self._rows() if row["nodeId"] == wanted), None)
        if found is None:
            raise _unknown()
        return {"ts": self._now(), **found}

    async def rename(self, asked: Asked) -> Any:
        name = asked.params["displayName"].strip()[:MOST_NAME]
        if not name:
            raise bad_request("nodes.no_name", "displayName")
        try:
            await self._pairing.rename(asked.params["nodeId"], NODE, name, asked.connection.admitted.by)
        except GatewayError as error:
            raise _unknown() from error
        return {"nodeId": asked.params["nodeId"], "displayName": name}

    async def pair(self, asked: Asked) -> Any:
        """Have a node wait before it has ever come, by the id that follows from its key."""
        params = asked.params
        known = await self._pairing.store.get(params["nodeId"])
        said = Described(
            params["nodeId"],
            "",
            params.get("displayName", ""),
            params.get("platform", ""),
            params.get("deviceFamily", ""),
            remote_ip=params.get("remoteIp", ""),
        )
        described = known[0].described if known is not None else said
        own = DeviceRequest(
            self._control.randomness.new_id(), described, NODE, (), known is not None, self._control.clock.now()
        )
        kept = await self._pairing.ask(own)
        return {"status": "pending", "request": node_request(kept), "created": kept.id == own.id}

    async def pairs(self, _: Asked) -> Any:
        waiting, known = await self._pairing.waiting(), await self._pairing.known()
        return {
            "pending": [node_request(request) for request in waiting if request.role == NODE],
            "paired": [paired_node(device) for device, _ in known if NODE in device.roles],
        }

    async def approve(self, asked: Asked) -> Any:
        by = asked.connection.admitted.by
        request = await self._request(asked.params["requestId"])
        _, device = await self._pairing.approve(request.id, by)
        token = await self._pairing.token(device, NODE)
        secret = await self._pairing.mint.token(device.id, NODE, token.serial)
        return {"requestId": request.id, "node": paired_node(device, secret)}

    async def reject(self, asked: Asked) -> Any:
        request = await self._request(asked.params["requestId"])
        await self._pairing.reject(request.id, asked.connection.admitted.by)
        return {"requestId": request.id, "nodeId": request.described.device_id}

    async def remove(self, asked: Asked) -> Any:
        """Forget a node. A device that is an operator as well only stops being a node when it is removed as a device."""
        found = await self._pairing.store.get(asked.params["nodeId"])
        if found is None or NODE not in found[0].roles:
            raise _unknown()
        await self._pairing.remove(found[0].id, asked.connection.admitted.by)
        return {"nodeId": found[0].id}

    async def verify(self, asked: Asked) -> Any:
        found = await self._pairing.store.get(asked.params["nodeId"])
        if found is None:
            return {"ok": False}
        device, tokens = found
        token = next((each for each in tokens if each.role == NODE and each.revoked_at is None), None)
        mint = self._pairing.mint
        if token is None or not await mint.is_token(asked.params["token"], device.id, NODE, token.serial):
            return {"ok": False}
        return {"ok": True, "node": paired_node(device)}

    async def invoke(self, asked: Asked) -> Any:
        """Ask a node for something; the same key again gives the first result."""
        owner = asked.connection.admitted.principal.id
        return await self._repeats.once((owner, asked.params["idempotencyKey"]), lambda: self._invoke(asked))

    async def _invoke(self, asked: Asked) -> JsonObject:
        params = asked.params
        command = params["command"].strip()
        node = self._asking.node_for(params["nodeId"], command)
        given = params.get("params")
        if command == RUN:
            given = await self._run_params(asked, node, given)
        by = asked.connection.admitted.principal.id
        _log.info("node_invoked", node=node.node_id, command=command, by=by)
        seconds = params["timeoutMs"] / 1000 if params.get("timeoutMs") else SECONDS
        answer = await self._asking.ask(node, command, given, seconds, params["idempotencyKey"])
        told = {"ok": True, "nodeId": node.node_id, "command": command, "payload": payload_of(answer)}
        return {**told, "payloadJSON": answer.payload_json}

    async def enqueue(self, asked: Asked) -> Any:
        """Have a node asked when it next looks. Nothing here can wake a phone, and so it says."""
        params = asked.params
        if not await self._is_node(params["nodeId"]):
            raise _unknown()
        seconds = params["expiresInMs"] / 1000 if "expiresInMs" in params else None
        priority = params.get("priority") or "normal"
        revision, item = await self._control.pending.enqueue(params["nodeId"], params["type"], priority, seconds)
        return {"nodeId": params["nodeId"], "revision": revision, "queued": item, "wakeTriggered": False}

    async def _is_node(self, node_id: str) -> bool:
        found = await self._pairing.store.get(node_id)
        return found is not None and NODE in found[0].roles

    async def _run_params(self, asked: Asked, node: LiveNode, params: Any) -> JsonObject:
        """What a node is told of a command to run. That it was approved it is told where it was: by an approval for just this
        that was issued to whoever asks. Without one, the node's own list decides."""
        if not isinstance(params, dict):
            raise bad_request("nodes.no_command", "command")
        told, argv = forwarded(params), argv_of(params)
        text = command_text(argv, params.get("rawCommand"))
        if params.get("approved") is not True and not params.get("approvalDecision"):
            return told
        approval_id = params.get("runId")
        if not isinstance(approval_id, str) or not approval_id or self._control.approvals is None:
            wire = {"wire": {"code": "MISSING_RUN_ID"}}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("nodes.no_approval"), wire)
        run: JsonObject = {"command": text, "argv": argv, "nodeId": node.node_id}
        run |= {name: told.get(name) for name in ("cwd", "env", "agentId", "sessionKey")}
        decision = await self._control.approvals.use(approval_id, run, asked.connection.admitted.principal)
        return {**told, "approved": True, "approvalDecision": decision, "runId": approval_id}

    async def _rows(self) -> list[JsonObject]:
        devices = [device for device, _ in await self._pairing.known()]
        return node_rows(devices, self._asking.connected(), self._asking.allowed)

    async def _request(self, request_id: str) -> DeviceRequest:
        """A request of a node; another device's is none of this method's. Raises NOT_FOUND."""
        for request in await self._pairing.waiting():
            if request.id == request_id and request.role == NODE:
                return request
        raise GatewayError(ErrorKind.NOT_FOUND, Text("devices.unknown_request"))

    def _now(self) -> int:
        return int(self._control.clock.now() * 1000)


def _unknown() -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("nodes.unknown"))
