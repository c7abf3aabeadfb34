"""The frames of `/ws`: what of the system's own events panels are told, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.activity import ACTIVITY_KEPT
from crawdad.core.channel_notices import EVENT, FRAME, STATUS
from crawdad.core.happenings import Event
from crawdad.services.activity.channels import content_of, message_type, system_event
from crawdad.services.channels.figures import QQ, WECHAT, name_of, number_of

TOPICS = (ACTIVITY_KEPT, EVENT, FRAME, STATUS)


class Frames:
    """Makes them, in the order in which things happened. It remembers how the channels were, so that only changes are told,
    and which events were told already."""

    def __init__(self, most_remembered: int = 2000) -> None:
        self._states: dict[tuple[str, str], tuple[bool, str]] = {}
        self._told: dict[str, None] = {}
        self._most = most_remembered

    def of(self, event: Event) -> list[dict[str, Any]]:
        """What an event is told as. Raises KeyError, TypeError for what another version's process tells otherwise."""
        data = event.data
        if event.topic == ACTIVITY_KEPT:
            return [_frame("log-entry", entry) for entry in data["entries"]]
        if event.topic == FRAME:
            return [_frame("event", data["frame"])] if data["channel"] == QQ else []
        if event.topic == STATUS:
            return self._status(str(data["channel"]), data)
        if data["channel"] in WECHAT and self._is_new(str(data["id"])):
            message = data["message"]
            return [_frame("wechat-event", _wechat_event(message, event.at))]
        return []

    def _status(self, channel: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        wechat = channel in WECHAT
        if channel != QQ and not wechat:
            return []
        place = channel, str(data["account"])
        state = data["state"] == "connected", str(data.get("identity") or "")
        before = self._states.get(place, (False, ""))
        self._states[place] = state
        connected, identity = state
        if state == before or not (connected or before[0]):
            return []
        if wechat:
            shown: dict[str, Any] = {"connected": True, "name": identity} if connected else {"connected": False}
            return [_frame("wechat-status", shown)]
        if not connected:
            return [_frame("napcat-status", {"connected": False})]
        who = {"selfId": number_of(identity), "nickname": name_of(identity)}
        return [_frame("napcat-status", {"connected": True, **who})]

    def _is_new(self, event_id: str) -> bool:
        if event_id in self._told:
            return False
        self._told[event_id] = None
        if len(self._told) > self._most:
            del self._told[next(iter(self._told))]
        return True


def _frame(kind: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def _wechat_event(message: Mapping[str, Any], heard_at: float) -> dict[str, Any]:
    more, chat, sender = message.get("more") or {}, message["chat"], message["sender"]
    if system_event(dict(message)):
        return {"type": more["what"], "content": more.get("content", ""), "source": more.get("source") or {}}
    group, source = chat["kind"] != "direct", more.get("source") or {}
    return {
        "type": message_type(dict(message)) if message["kind"] == "message" else more.get("type") or message["kind"],
        "content": content_of(dict(message)),
        "fromName": sender.get("name") or "",
        "fromId": (source.get("from") or {}).get("id") or sender["id"],
        "roomName": (chat.get("title") or chat["id"]) if group else "",
        "isGroup": group,
        "isMentioned": bool((message.get("mentions") or {}).get("bot")),
        "source": source,
        "timestamp": round(heard_at * 1000),
    }
