"""What a call of a hook asks for. Pure. The words of refusals are the contract's own, which other systems look for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.door_settings import HookMappingSettings, HookMatchSettings, HooksSettings, WakeMode
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import agent_of, normalise_agent_id, session_key
from crawdad.services.hooks.templates import HookCall, render

NO_SESSION_KEYS = (
    "sessionKey is disabled for external /hooks/agent payloads; set hooks.allowRequestSessionKey=true to enable"
)
_GMAIL = HookMappingSettings(
    id="gmail",
    match=HookMatchSettings(path="gmail"),
    name="Gmail",
    session_key="hook:gmail:{{messages[0].id}}",
    message_template=(
        "New email from {{messages[0].from}}\nSubject: {{messages[0].subject}}\n{{messages[0].snippet}}\n"
        "{{messages[0].body}}"
    ),
)
_PRESETS = {"gmail": _GMAIL}


@dataclass(frozen=True, slots=True)
class WakeOrder:
    """Tell the main session something. `mode` now: have the agent look at once."""

    text: str
    mode: WakeMode = "now"
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentOrder:
    """Have an agent take a turn. `session_key` and `agent_id` are as they were written, empty where nothing was."""

    message: str
    name: str = "Hook"
    agent_id: str = ""
    wake_mode: WakeMode = "now"
    session_key: str = ""
    deliver: bool = True
    channel: str = "last"
    to: str = ""
    model: str | None = None
    thinking: str | None = None
    timeout_seconds: float | None = None
    unsafe: bool = False
    """The message is handed on as if the operator had written it."""


HookOrder = WakeOrder | AgentOrder


def refused(words: str) -> GatewayError:
    """The call cannot be carried out, in the contract's words."""
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "hook"})


def wake_order(body: Mapping[str, Any]) -> WakeOrder:
    """`POST /hooks/wake`. Raises BAD_REQUEST."""
    text = _text(body, "text")
    if not text:
        raise refused("text required")
    return WakeOrder(text, _mode(body.get("mode")))


def agent_order(body: Mapping[str, Any], settings: HooksSettings) -> AgentOrder:
    """`POST /hooks/agent`. Raises BAD_REQUEST."""
    order = read_agent_order(body)
    if order.session_key and not settings.allow_request_session_key:
        raise refused(NO_SESSION_KEYS)
    return order


def read_agent_order(body: Mapping[str, Any]) -> AgentOrder:
    """The fields of an order for an agent. Raises BAD_REQUEST."""
    message = _text(body, "message")
    if not message:
        raise refused("message required")
    model = body.get("model")
    if model is not None and (not isinstance(model, str) or not model.strip()):
        raise refused("model required")
    return AgentOrder(
        message,
        _text(body, "name") or "Hook",
        _text(body, "agentId"),
        _mode(body.get("wakeMode")),
        _text(body, "sessionKey"),
        body.get("deliver") is not False,
        _text(body, "channel") or "last",
        _text(body, "to"),
        model.strip() if isinstance(model, str) else None,
        _text(body, "thinking") or None,
        _seconds(body.get("timeoutSeconds")),
    )


def mapping_for(call: HookCall, settings: HooksSettings) -> HookMappingSettings | None:
    """The first mapping that fits, those of the configuration before the presets."""
    presets = [_PRESETS[name] for name in settings.presets if name in _PRESETS]
    return next((mapping for mapping in (*settings.mappings, *presets) if _fits(mapping, call)), None)


def _fits(mapping: HookMappingSettings, call: HookCall) -> bool:
    path, source = mapping.match.path, mapping.match.source
    if path is not None and path.strip("/") != call.path:
        return False
    return source is None or call.payload.get("source") == source


def mapped_fields(mapping: HookMappingSettings, call: HookCall) -> dict[str, Any]:
    """What a mapping makes of a call, by the names that a transform may change."""
    filled = {
        "name": mapping.name,
        "sessionKey": mapping.session_key,
        "to": mapping.to,
        "model": mapping.model,
        "thinking": mapping.thinking,
        "message": mapping.message_template,
        "text": mapping.text_template,
    }
    found: dict[str, Any] = {name: render(text, call) for name, text in filled.items() if text is not None}
    found |= {
        "action": mapping.action,
        "wakeMode": mapping.wake_mode,
        "agentId": mapping.agent_id,
        "deliver": mapping.deliver,
        "channel": mapping.channel,
        "timeoutSeconds": mapping.timeout_seconds,
        "allowUnsafeExternalContent": mapping.allow_unsafe_external_content,
    }
    return {name: value for name, value in found.items() if value is not None}


def mapped_order(fields: Mapping[str, Any]) -> HookOrder:
    """The order that a mapping (and its transform) came to. Raises BAD_REQUEST."""
    if fields.get("action") == "wake" or fields.get("kind") == "wake":
        text = _text(fields, "text")
        if not text:
            raise refused("hook mapping requires text")
        mode = fields.get("mode") or fields.get("wakeMode")
        return WakeOrder(text, _mode(mode), _text(fields, "agentId"))
    if not _text(fields, "message"):
        raise refused("hook mapping requires message")
    bare = {
        name: value for name, value in fields.items() if name != "model" or (isinstance(value, str) and value.strip())
    }
    return replace(read_agent_order(bare), unsafe=fields.get("allowUnsafeExternalContent") is True)


def allowed_agent(order: HookOrder, settings: HooksSettings, agents: Sequence[str], default: str) -> str:
    """The agent that an order is for: unknown ones are the default one. Raises BAD_REQUEST where it may not be named."""
    if not order.agent_id:
        return default
    wanted = normalise_agent_id(order.agent_id)
    allowed = settings.allowed_agent_ids
    if allowed is not None and "*" not in allowed and wanted not in {normalise_agent_id(each) for each in allowed}:
        raise refused("agentId is not allowed by hooks.allowedAgentIds")
    return wanted if wanted in agents else default


def session_of(order: AgentOrder, settings: HooksSettings, agent_id: str, fresh: str) -> str:
    """The canonical key of the order's session. Raises BAD_REQUEST where its key may not be used."""
    key = order.session_key or settings.default_session_key or f"hook:{fresh}"
    prefixes = settings.allowed_session_key_prefixes
    if prefixes is not None and not key.strip().lower().startswith(tuple(each.strip().lower() for each in prefixes)):
        raise refused(f"sessionKey must start with one of: {', '.join(prefixes)}")
    found = session_key(key, agent_id)
    if agent_of(found, agent_id) != agent_id:
        raise refused("sessionKey belongs to another agent")
    return found


def check_channel(order: AgentOrder, channels: Sequence[str]) -> None:
    """Raise BAD_REQUEST for a channel that is not there."""
    if order.channel != "last" and order.channel not in channels:
        raise refused(f"channel must be {'|'.join(['last', *channels])}")


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
        return None
    return max(1.0, float(math.floor(value)))


def _text(body: Mapping[str, Any], name: str) -> str:
    """Without what no database holds in a text."""
    value = body.get(name)
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def _mode(value: Any) -> WakeMode:
    return "next-heartbeat" if value == "next-heartbeat" else "now"
