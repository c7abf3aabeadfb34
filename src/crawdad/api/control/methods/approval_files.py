"""`exec.approvals.*`: what may run unasked, here and at nodes."""

from __future__ import annotations

from typing import Any

import orjson
import structlog

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.parts import JsonObject
from crawdad.services.nodes.asking import not_connected, payload_of
from crawdad.services.tools.approval_file import ApprovalFile
from crawdad.wire.control.schema import BOOLEAN, FILLED, NOTHING, STRING, Schema, closed, opened
from crawdad.wire.control.scopes import ADMIN

_log = structlog.get_logger(__name__)
_SECONDS = 30.0
_RULES = {**dict.fromkeys(("security", "ask", "askFallback"), STRING), "autoAllowSkills": BOOLEAN}
_ENTRY: Schema = closed(
    {
        "id": FILLED,
        "pattern": STRING,
        "source": {"const": "allow-always"},
        **dict.fromkeys(("commandText", "argPattern", "lastUsedCommand", "lastResolvedPath"), STRING),
        "lastUsedAt": {"type": "number", "minimum": 0},
    },
    "pattern",
)
_AGENT: Schema = closed({**_RULES, "allowlist": {"type": "array", "items": _ENTRY, "maxItems": 1000}})
_FILE: Schema = closed(
    {
        "version": {"const": 1},
        "socket": closed({"path": STRING, "token": STRING}),
        "defaults": closed(_RULES),
        "agents": {"type": "object", "additionalProperties": _AGENT},
    },
    "version",
)
_SET: Schema = closed({"file": _FILE, "baseHash": FILLED}, "file")
_NODE: Schema = closed({"nodeId": FILLED}, "nodeId")
_NODE_SET: Schema = closed({"nodeId": FILLED, "file": opened({}), "baseHash": FILLED}, "nodeId", "file")
_SHOWN = "{path, exists, hash, file{version, defaults, agents}}"


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    nodes = _OfNodes(control)
    found = [
        Method("exec.approvals.node.get", ADMIN, nodes.get, _NODE, _SHOWN),
        Method("exec.approvals.node.set", ADMIN, nodes.set, _NODE_SET, _SHOWN),
    ]
    if control.approval_file is None:
        return found
    own = _Own(control.approval_file)
    return [
        Method("exec.approvals.get", ADMIN, own.get, NOTHING, _SHOWN),
        Method("exec.approvals.set", ADMIN, own.set, _SET, _SHOWN),
        *found,
    ]


class _Own:
    def __init__(self, file: ApprovalFile) -> None:
        self._file = file

    async def get(self, _: Asked) -> Any:
        return await self._file.show()

    async def set(self, asked: Asked) -> Any:
        by = asked.connection.admitted.principal
        _log.info("exec_approvals_changed", by=by.id)
        return await self._file.replace(asked.params["file"], asked.params.get("baseHash"), by)


class _OfNodes:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def get(self, asked: Asked) -> Any:
        return await self._ask(asked, "system.execApprovals.get", {})

    async def set(self, asked: Asked) -> Any:
        _log.info("exec_approvals_changed", node=asked.params["nodeId"], by=asked.connection.admitted.principal.id)
        params: JsonObject = {name: asked.params[name] for name in ("file", "baseHash") if name in asked.params}
        return await self._ask(asked, "system.execApprovals.set", params)

    async def _ask(self, asked: Asked, command: str, params: JsonObject) -> Any:
        node = self._control.nodes.find(asked.params["nodeId"])
        if node is None:
            raise not_connected()
        key = self._control.randomness.new_id()
        written = orjson.dumps(params).decode()
        return payload_of(await self._control.nodes.invoke(node, command, written, _SECONDS, key))
