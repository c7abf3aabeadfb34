"""The schema that the makers of the control protocol publish (version 4, npm `@openclaw/gateway-protocol`): every frame that a
test's client receives is held against it, where the package is installed.

It is installed by the first test of `tests/api/control` (`installed_schema`); elsewhere it is used if it is there.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from tests.support.node_packages import NotInstalled, installed, place_of

_PACKAGE = Path(__file__).with_name("node_protocol")
_FILE = "node_modules/@openclaw/gateway-protocol/protocol.schema.json"
_INSTALL_SECONDS = 60
RESULTS = {
    "config.schema": "ConfigSchemaResponse",
    "connect": "HelloOk",
    "cron.list": None,
    "exec.approvals.get": "ExecApprovalsSnapshot",
    "exec.approvals.set": "ExecApprovalsSnapshot",
    "agent.identity.get": "AgentIdentityResult",
    "exec.approvals.node.get": "ExecApprovalsNodeSnapshot",
    "exec.approvals.node.set": "ExecApprovalsNodeSnapshot",
}
"""Methods whose result is not defined under their own name with `Result` behind it."""
EVENTS = {
    "agent": "AgentEvent",
    "chat": "ChatEvent",
    "tick": "TickEvent",
    "shutdown": "ShutdownEvent",
    "device.pair.requested": "DevicePairRequestedEvent",
    "device.pair.resolved": "DevicePairResolvedEvent",
    "node.invoke.request": "NodeInvokeRequestEvent",
}
DIFFERENCES = {
    r"AgentEvent at \$: Additional properties are not allowed \('sessionKey' was unexpected\)": (
        "recorded gateways say which session a run belongs to, and clients go by it"
    ),
    r"LogsTailResult at \$: Additional properties are not allowed \('omitted', 'omittedBytes' were unexpected\)": (
        "the console tells how much of the log it was not shown; the published schema has no words for lines"
    ),
    r"PluginsUninstallResult at \$\.restartRequired: True was expected": (
        "a plugin is taken down at once here: no restart is needed, and saying otherwise would have people restart"
    ),
}
"""What is other than in the schema, and why."""


def installed_schema() -> Path:
    """The schema's file, installed first if need be. Raises `NotInstalled`."""
    return installed(_PACKAGE, _INSTALL_SECONDS) / _FILE


def problems(frame: dict[str, Any], method: str = "") -> list[str]:
    """What in a frame is not as the schema has it; nothing where the schema is not at hand."""
    if _definitions() is None:
        return []
    kind = "EventFrame" if frame.get("type") == "event" else "ResponseFrame"
    found = _against(kind, frame)
    payload = frame.get("payload")
    name = EVENTS.get(frame.get("event", ""))
    if kind == "ResponseFrame" and frame.get("ok"):
        name = RESULTS.get(method, f"{_camel(method)}Result")
    if name and payload is not None and name in (_definitions() or {}):
        found += _against(name, payload)
    if frame.get("event") == "presence":
        found += [each for entry in frame["payload"]["presence"] for each in _against("PresenceEntry", entry)]
    return found


def _against(name: str, value: Any) -> list[str]:
    found = [f"{name} at {error.json_path}: {error.message[:300]}" for error in _validator(name).iter_errors(value)]
    return [each for each in found if not any(re.fullmatch(known, each) for known in DIFFERENCES)]


@lru_cache(64)
def _validator(name: str) -> Any:
    return import_module("jsonschema").Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": _definitions()})


def _definitions() -> dict[str, Any] | None:
    file = place_of(_PACKAGE) / _FILE
    return _read(file) if file.exists() else None  # another test may install it meanwhile


@cache
def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(file.read_bytes())["definitions"]
    return found


def _camel(method: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[.\-]", method))


def at_hand() -> bool:
    """Whether frames are validated. Installs nothing."""
    return _definitions() is not None


__all__ = ["DIFFERENCES", "NotInstalled", "at_hand", "installed_schema", "problems"]
