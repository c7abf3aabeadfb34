"""Domain events as clients hear of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.api.control.device_shapes import request_fields
from crawdad.api.control.hub import Relay
from crawdad.api.control.node_shapes import node_request
from crawdad.core.approvals import APPROVAL_REQUESTED, APPROVAL_RESOLVED
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.devices import DEVICE_REQUESTED, DEVICE_RESOLVED, Described, DeviceRequest
from crawdad.core.happenings import HEAL_CHANGED
from crawdad.core.nodes import NODE_REQUESTED, NODE_RESOLVED
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import TASK_CHANGED
from crawdad.services.agents.run_news import AGENT_NEWS, CHAT_NEWS
from crawdad.services.schedule.heartbeat import HEARTBEAT
from crawdad.services.wake_words import WAKE_WORDS_CHANGED


def _request(data: Mapping[str, Any]) -> DeviceRequest:
    told = dict(data["request"])
    told["described"] = Described(**told["described"])
    told["scopes"] = tuple(told["scopes"])
    return DeviceRequest(**told)


def _requested(data: Mapping[str, Any]) -> JsonObject:
    return request_fields(_request(data))


def _node_requested(data: Mapping[str, Any]) -> JsonObject:
    return node_request(_request(data))


def _node_resolved(data: Mapping[str, Any]) -> JsonObject:
    told = _resolved(data)
    told["nodeId"] = told.pop("deviceId")
    return told


def _resolved(data: Mapping[str, Any]) -> JsonObject:
    return {
        "requestId": data["request_id"],
        "deviceId": data["device_id"],
        "decision": data["decision"],
        "ts": int(data["at"] * 1000),
    }


def _payload(data: Mapping[str, Any]) -> JsonObject:
    return dict(data["payload"])


def _only(data: Mapping[str, Any]) -> str:
    return str(data.get("only") or "")


def run_mark(run_id: str) -> str:
    """The mark of the end of a run."""
    return f"run:{run_id}"


def cron_mark(run_id: str) -> str:
    """The mark of the end of a job's run."""
    return f"cron:{run_id}"


def _run_ended(data: Mapping[str, Any]) -> str:
    payload = data["payload"]
    return run_mark(payload["runId"]) if payload["state"] != "delta" else ""


def _job_ended(data: Mapping[str, Any]) -> str:
    return cron_mark(data["runId"]) if data.get("action") == "finished" else ""


def approval_shown(data: Mapping[str, Any]) -> JsonObject:
    """A question as operators see it, out of what is told of it on the bus."""
    details = data.get("details") or {}
    request = {
        "command": data["summary"],
        "cwd": details.get("cwd"),
        "host": details.get("host") or "gateway",
        "security": details.get("security"),
        "ask": details.get("ask"),
        "agentId": data["agentId"] or None,
        "resolvedPath": details.get("resolvedPath"),
        "sessionKey": data["sessionKey"] or None,
    }
    # Who decides must see all that the answer is about; of variables the names, for their values may be secrets.
    exact = {"commandArgv": details.get("argv"), "nodeId": details.get("nodeId"), "envKeys": details.get("envKeys")}
    request |= {name: value for name, value in exact.items() if value}
    times = {"createdAtMs": round(data["createdAt"] * 1000), "expiresAtMs": round(data["expiresAt"] * 1000)}
    return {"id": data["id"], "request": request, **times}


def _answered(data: Mapping[str, Any]) -> JsonObject:
    told = {"id": data["id"], "decision": data["decision"], "resolvedBy": data["by"]}
    return {**told, "ts": round(data["at"] * 1000)}


_OF_CRON = (
    *("jobId", "action", "runAtMs", "durationMs", "status", "error", "summary", "sessionId", "sessionKey"),
    *("nextRunAtMs", "model", "provider", "usage", "deliveryStatus", "delivered"),
)


def _cron(data: Mapping[str, Any]) -> JsonObject:
    told = {name: data[name] for name in _OF_CRON if name in data}
    if data["action"] == "started":
        return {name: told[name] for name in ("jobId", "action", "runAtMs") if name in told}
    return told


def _told(data: Mapping[str, Any]) -> JsonObject:
    return dict(data)


def _work(data: Mapping[str, Any]) -> JsonObject:
    return {name: value for name, value in data.items() if name != "errorWords"}  # of this system's own


def _wake_words(data: Mapping[str, Any]) -> JsonObject:
    return {"triggers": list(data["triggers"])}


RELAYS: Mapping[str, Relay] = {
    DEVICE_REQUESTED: Relay("device.pair.requested", _requested),
    DEVICE_RESOLVED: Relay("device.pair.resolved", _resolved),
    NODE_REQUESTED: Relay("node.pair.requested", _node_requested),
    NODE_RESOLVED: Relay("node.pair.resolved", _node_resolved),
    AGENT_NEWS: Relay("agent", _payload, _only),
    CHAT_NEWS: Relay("chat", _payload, _only, _run_ended),
    APPROVAL_REQUESTED: Relay("exec.approval.requested", approval_shown),
    APPROVAL_RESOLVED: Relay("exec.approval.resolved", _answered),
    CRON_CHANGED: Relay("cron", _cron, mark=_job_ended),
    HEARTBEAT: Relay("heartbeat", _told),
    WAKE_WORDS_CHANGED: Relay("voicewake.changed", _wake_words),
    TASK_CHANGED: Relay("work", _work),
    HEAL_CHANGED: Relay("healing", _told),
}
