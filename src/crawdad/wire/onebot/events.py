"""What events say. A frame is kept as it came; what was asked for beside it stands below `crawdad`: `quoted` (the reply of
`get_msg`), `forwarded` (that of `get_forward_msg`)."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.channels import (
    Chat,
    InboundMedia,
    InboundMessage,
    Mentions,
    Person,
    PlatformRequest,
    Quoted,
    RequestKind,
)
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.wire.onebot.cq import segments_of
from crawdad.wire.onebot.notices import ASIDE, read_notice

_MEDIA: dict[str, tuple[MediaKind, str, str]] = {
    "image": ("image", "image/jpeg", "image.jpg"),
    "record": ("audio", "audio/amr", "voice.amr"),
    "video": ("video", "video/mp4", "video.mp4"),
    "file": ("document", "application/octet-stream", "file"),
}


def is_event(frame: JsonObject) -> bool:
    """Whether a frame is an event rather than the answer to an action."""
    return isinstance(frame.get("post_type"), str)


def quoted_id(frame: JsonObject) -> str:
    """The id of the message that a message answers; empty: none."""
    for segment in segments_of(frame.get("message")):
        if segment["type"] == "reply":
            return str(segment["data"].get("id") or "")
    return ""


def forward_id(frame: JsonObject) -> str:
    """The id of the forwarded messages that a message holds; empty: none."""
    for segment in segments_of(frame.get("message")):
        if segment["type"] == "forward":
            return str(segment["data"].get("id") or "")
    return ""


def read_event(frame: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    match frame["post_type"]:
        case "message":
            return _message(frame)
        case "request":
            return _request(frame)
        case "notice":
            return read_notice(frame)
    return None


def _message(frame: JsonObject) -> InboundMessage | None:
    own = str(frame["self_id"])
    sender = _sender(frame)
    segments = segments_of(frame["message"])
    words, mentions = _words(segments, own)
    media = tuple(file for segment in segments if (file := _file(segment, frame)) is not None)
    aside = frame.get(ASIDE) or {}
    if "forwarded" in aside:
        words = "\n".join(part for part in (words, _forwarded(aside["forwarded"])) if part)
    quoted = _quoted(frame, own)
    if quoted is not None and quoted.by_bot and not mentions.bot:
        mentions = Mentions(True, "reply", mentions.everyone, mentions.others)
    if not words and not media and not mentions.bot:
        return None
    context: JsonObject = {}
    if frame["message_type"] == "private" and frame.get("sub_type") == "group":
        # A conversation that began in a group, with somebody who is no friend: answers must name the group.
        context = {"group_id": str(frame.get("group_id") or (frame.get("sender") or {}).get("group_id") or "")}
    return InboundMessage(
        f"message:{frame['message_id']}:{frame['time']}",
        _chat(frame),
        sender,
        float(frame["time"]),
        message_id=str(frame["message_id"]),
        text=words,
        mentions=mentions,
        quoted=quoted,
        media=media,
        reply_context=context,
    )


def _chat(frame: JsonObject) -> Chat:
    if frame.get("message_type") == "private" or not frame.get("group_id"):
        return Chat("direct", str(frame["user_id"]), str((frame.get("sender") or {}).get("nickname") or ""))
    return Chat("group", str(frame["group_id"]), str(frame.get("group_name") or ""))


def _sender(frame: JsonObject) -> Person:
    sender = frame.get("sender") or {}
    own = str(frame["self_id"])
    anonymous = frame.get("anonymous")
    if isinstance(anonymous, dict) and anonymous.get("flag"):
        return Person(f"anonymous:{anonymous.get('id')}", str(anonymous.get("name") or ""))
    identity = str(frame["user_id"])
    role = str(sender.get("role") or "")
    name = str(sender.get("card") or sender.get("nickname") or "")
    return Person(identity, name, itself=identity == own, roles=(role,) if role else ())


def _words(segments: list[JsonObject], own: str) -> tuple[str, Mentions]:
    """The words without the bot's name at their beginning, and whom they name."""
    pieces: list[str] = []
    named = everyone = False
    others: list[str] = []
    for segment in segments:
        data = segment["data"]
        match segment["type"]:
            case "text":
                pieces.append(str(data.get("text") or ""))
            case "at":
                whom = str(data.get("qq") or "")
                if whom == own:
                    named = True
                    if "".join(pieces).strip():
                        pieces.append(f"@{data.get('name') or own}".replace("@@", "@"))
                elif whom == "all":
                    everyone = True
                else:
                    others.append(whom)
                    pieces.append(f"@{data.get('name') or whom}".replace("@@", "@"))
            case "mface":
                pieces.append(str(data.get("summary") or ""))
            case "markdown":
                pieces.append(str(data.get("content") or ""))
            case "json":
                pieces.append(_card(data.get("data")))
            case "location":
                pieces.append(f"{data.get('title') or ''} geo:{data.get('lat')},{data.get('lon')}".strip())
            case "dice" | "rps":
                pieces.append(f"[{segment['type']} {data.get('result') or ''}]")
    return "".join(pieces).strip(), Mentions(named, "native" if named else "", everyone, tuple(others))


def _card(raw: Any) -> str:
    """What a shared card says of itself."""
    try:
        card = orjson.loads(raw) if isinstance(raw, str) else raw
    except ValueError:
        return ""
    if not isinstance(card, dict):
        return ""
    found = [str(card.get("prompt") or "")]
    details = card.get("meta")
    for one in details.values() if isinstance(details, dict) else ():
        if isinstance(one, dict):
            found += [str(one[name]) for name in ("title", "desc", "qqdocurl", "jumpUrl") if one.get(name)]
    return "\n".join(dict.fromkeys(part for part in found if part))


def _file(segment: JsonObject, frame: JsonObject) -> InboundMedia | None:
    known = _MEDIA.get(segment["type"])
    if known is None:
        return None
    kind, media_type, name = known
    data = segment["data"]
    handle: JsonObject = {"type": segment["type"]}
    for key in ("url", "file", "file_id", "path"):
        if data.get(key):
            handle[key] = str(data[key])
    if frame.get("group_id"):
        handle["group_id"] = str(frame["group_id"])
    handle["user_id"] = str(frame["user_id"])
    size = data.get("file_size")
    file_name = str(data.get("name") or data.get("file_name") or "")
    if (
        not file_name
        and kind == "document"
        and not str(data.get("file") or "").startswith(("base64:", "http", "file:"))
    ):
        file_name = str(data.get("file") or "")
    return InboundMedia(
        kind,
        handle,
        "image/gif" if kind == "image" and str(data.get("file") or "").lower().endswith(".gif") else media_type,
        file_name or name,
        int(size) if str(size or "").isdigit() else None,
    )


def _quoted(frame: JsonObject, own: str) -> Quoted | None:
    identity = quoted_id(frame)
    if not identity:
        return None
    found = (frame.get(ASIDE) or {}).get("quoted")
    if not isinstance(found, dict):
        return Quoted(identity)
    sender = found.get("sender") or {}
    who = str(sender.get("user_id") or found.get("user_id") or "")
    segments = segments_of(found.get("message"))
    words, _ = _words(segments, own)
    place = {"user_id": who, "group_id": frame.get("group_id")}
    media = tuple(file for segment in segments if (file := _file(segment, place)) is not None)
    person = Person(who, str(sender.get("card") or sender.get("nickname") or ""), itself=who == own) if who else None
    return Quoted(identity, words, person, who == own, media)


def _forwarded(found: Any) -> str:
    """Forwarded messages, a line each."""
    messages = found.get("messages") or found.get("message") or [] if isinstance(found, dict) else []
    lines: list[str] = []
    for one in messages[:100]:
        if not isinstance(one, dict):
            continue
        data = one.get("data") if one.get("type") == "node" else one
        if not isinstance(data, dict):
            continue
        name = str((data.get("sender") or {}).get("nickname") or data.get("nickname") or data.get("name") or "")
        words, _ = _words(segments_of(data.get("message") or data.get("content")), "")
        if words:
            lines.append(f"> {name}: {words}")
    return "\n".join(lines)


def _request(frame: JsonObject) -> InboundMessage:
    kind: RequestKind = "friend"
    group = ""
    if frame["request_type"] == "group":
        kind = "group_invite" if frame.get("sub_type") == "invite" else "group_join"
        group = str(frame["group_id"])
    elif frame["request_type"] != "friend":
        raise ValueError(frame["request_type"])
    who = str(frame["user_id"])
    flag = str(frame["flag"])
    return InboundMessage(
        f"request:{kind}:{flag}",
        Chat("group", group) if group else Chat("direct", who),
        Person(who, str(frame.get("nickname") or "")),
        float(frame["time"]),
        kind="request",
        request=PlatformRequest(kind, flag, str(frame.get("comment") or ""), group),
    )
