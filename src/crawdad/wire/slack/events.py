"""What envelopes of the socket say. They are kept as `{"bot": <its user id>, "bot_id": …, "type": …, "payload": {…}}`, with the
sender's name beside (`name`) where it was asked for."""

from __future__ import annotations

import re
from typing import Any

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person
from crawdad.core.parts import JsonObject, MediaKind

EVENTS, INTERACTIVE = "events_api", "interactive"
_SPEECH = frozenset(("", "file_share", "thread_broadcast", "me_message"))
_USER = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_SPECIAL = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")
_ROOM = re.compile(r"<#([A-Z0-9]+)\|([^>]*)>")
_LINK = re.compile(r"<((?:https?|mailto|tel):[^|>]+)(?:\|([^>]*))?>")


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    payload = event["payload"]
    if event["type"] == INTERACTIVE:
        return _button(payload)
    data = payload["event"]
    match data["type"]:
        case "message" | "app_mention":
            return _said(data, payload, event)
        case "reaction_added" | "reaction_removed":
            item = data["item"]
            if item.get("type") != "message":
                return None
            who = Person(str(data["user"]), itself=str(data["user"]) == event["bot"])
            emoji = str(data["reaction"]) if data["type"] == "reaction_added" else ""
            chat = _chat(str(item["channel"]), who.id, "", "")
            return InboundMessage(
                str(payload["event_id"]),
                chat,
                who,
                _seconds(data.get("event_ts")),
                kind="reaction",
                message_id=str(item["ts"]),
                emoji=emoji,
            )
        case "member_joined_channel" | "member_left_channel":
            who = Person(str(data["user"]), itself=str(data["user"]) == event["bot"])
            chat = Chat("group", str(data["channel"]))
            at = _seconds(data.get("event_ts"))
            return InboundMessage(str(payload["event_id"]), chat, who, at, kind="member", more={"what": data["type"]})
    return None


def sender_of(envelope: JsonObject) -> str:
    """Whose name is worth asking for (empty: nobody's)."""
    payload = envelope.get("payload")
    data = payload.get("event") if isinstance(payload, dict) else None
    if not isinstance(data, dict) or data.get("type") not in ("message", "app_mention"):
        return ""
    return str(data.get("user") or "")


def _said(data: JsonObject, payload: JsonObject, event: JsonObject) -> InboundMessage | None:
    kind = str(data.get("subtype") or "")
    channel = str(data["channel"])
    if kind == "message_changed":
        found = _said({**data["message"], "type": "message", "channel": channel}, payload, event)
        before = data.get("previous_message") or {}
        if found is None or before.get("text") == data["message"].get("text"):
            return None  # a preview of a link was added
        return InboundMessage(
            str(payload["event_id"]),
            found.chat,
            found.sender,
            _seconds(data.get("event_ts")),
            kind="edit",
            message_id=found.message_id,
            text=found.text,
        )
    if kind == "message_deleted":
        who = Person(str((data.get("previous_message") or {}).get("user") or ""))
        identity = str(data["deleted_ts"])
        chat = _chat(channel, who.id, "", "")
        at = _seconds(data.get("event_ts"))
        return InboundMessage(str(payload["event_id"]), chat, who, at, kind="recall", message_id=identity)
    if kind not in _SPEECH and kind != "bot_message":
        return None
    bot = str(event["bot"])
    user = str(data.get("user") or data.get("bot_id") or "")
    itself = user == bot or (bool(data.get("bot_id")) and data["bot_id"] == event.get("bot_id"))
    who = Person(user, str(event.get("name") or ""), (), bool(data.get("bot_id")), itself)
    raw = str(data.get("text") or "")
    named = f"<@{bot}>" in raw or f"<@{bot}|" in raw
    words = plain(re.sub(rf"^\s*<@{re.escape(bot)}(?:\|[^>]*)?>", "", raw)).strip()
    media = tuple(file for one in data.get("files") or () if (file := _media(one)) is not None)
    if not words and not media and not named:
        return None
    stamp, thread = str(data["ts"]), str(data.get("thread_ts") or "")
    chat = _chat(channel, user, thread, str(data.get("channel_type") or ""))
    others = tuple(one for one in _USER.findall(raw) if one != bot)
    return InboundMessage(
        f"message:{channel}:{stamp}",  # a mention is told twice: as a message, and as a mention
        chat,
        who,
        _seconds(stamp),
        message_id=stamp,
        text=words,
        mentions=Mentions(named, "native" if named else "", bool(_SPECIAL.search(raw)), others),
        media=media,
        reply_context={"channel": channel, "thread": thread},
    )


def _chat(channel: str, person: str, thread: str, kind: str) -> Chat:
    if kind == "im" or (not kind and channel.startswith("D")):
        return Chat("direct", person or channel)
    return Chat("group", channel, thread=thread)


def plain(text: str) -> str:
    """Slack's markup as people read it."""
    text = _LINK.sub(lambda found: found[2] if found[2] and found[2] in found[1] else _link(found[1], found[2]), text)
    text = _ROOM.sub(r"#\2", text)
    text = _SPECIAL.sub(r"@\1", text)
    text = _USER.sub(r"@\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link(address: str, label: str | None) -> str:
    address = address.removeprefix("mailto:").removeprefix("tel:")
    return f"{label} ({address})" if label and label != address else address


def _media(one: Any) -> InboundMedia | None:
    if not isinstance(one, dict):
        return None
    url = one.get("url_private_download") or one.get("url_private")
    if not url:
        return None
    media_type = str(one.get("mimetype") or "")
    kinds: dict[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio"}
    size = one.get("size")
    return InboundMedia(
        kinds.get(media_type.partition("/")[0], "document"),
        {"url": str(url)},
        media_type,
        str(one.get("name") or ""),
        size if isinstance(size, int) else None,
        str(((one.get("transcription") or {}).get("preview") or {}).get("content") or ""),
    )


def _button(payload: JsonObject) -> InboundMessage | None:
    actions = payload.get("actions") or ()
    if payload.get("type") != "block_actions" or not actions or not actions[0].get("value"):
        return None
    channel, user = str((payload.get("channel") or {}).get("id") or ""), str(payload["user"]["id"])
    message = payload.get("message") or {}
    chat = _chat(channel, user, str(message.get("thread_ts") or ""), "")
    stamp = str(actions[0].get("action_ts") or "0")
    return InboundMessage(
        f"button:{channel}:{user}:{stamp}",
        chat,
        Person(user, str(payload["user"].get("name") or payload["user"].get("username") or "")),
        _seconds(stamp),
        kind="button",
        message_id=str(message.get("ts") or ""),
        button=str(actions[0]["value"]),
        reply_context={"channel": channel, "thread": chat.thread},
    )


def _seconds(stamp: Any) -> float:
    try:
        return float(stamp or 0)
    except (TypeError, ValueError):
        return 0.0
