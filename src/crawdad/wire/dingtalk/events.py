"""What the stream's frames say. Messages are kept as they come in a frame's `data`."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person
from crawdad.core.parts import JsonObject, MediaKind

MESSAGES = "/v1.0/im/bot/messages/get"
_FILES: dict[str, tuple[MediaKind, str, str]] = {
    "picture": ("image", "image/png", "image.png"),
    "audio": ("audio", "audio/amr", "voice.amr"),
    "video": ("video", "video/mp4", "video.mp4"),
    "file": ("document", "", "file"),
}


def read_frame(data: str | bytes) -> JsonObject | None:
    """A frame; None: it is none."""
    try:
        found = orjson.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("headers"), dict) else None


def data_of(frame: JsonObject) -> JsonObject | None:
    """What a frame carries: JSON in a text."""
    raw = frame.get("data")
    try:
        found = orjson.loads(raw) if isinstance(raw, str) else raw
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def acknowledgement(frame: JsonObject, code: int = 200, data: Any = None) -> str:
    """The answer to a frame. One that is not answered with 200 is delivered again."""
    headers = {"messageId": str(frame["headers"].get("messageId") or ""), "contentType": "application/json"}
    body = orjson.dumps({"response": data} if not isinstance(data, str) else data).decode()
    answer = {"code": code, "headers": headers, "message": "OK" if code == 200 else "not kept"}
    return orjson.dumps({**answer, "data": data if isinstance(data, str) else body}).decode()


def read_event(event: JsonObject) -> InboundMessage | None:
    """What a message says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    identity = str(event["msgId"])
    staff, outside = str(event.get("senderStaffId") or ""), str(event.get("senderId") or "")
    who = Person(
        staff or outside,
        str(event.get("senderNick") or ""),
        (outside,) if staff and outside else (),
        roles=("admin",) if event.get("isAdmin") else (),
    )
    direct = str(event["conversationType"]) == "1"
    conversation = str(event["conversationId"])
    chat = Chat("direct", who.id) if direct else Chat("group", conversation, str(event.get("conversationTitle") or ""))
    words, media = _content(event)
    named = direct or bool(event.get("isInAtList"))
    if not words and not media and direct:
        return None
    others = [
        str(one.get("staffId") or one.get("dingtalkId") or "")
        for one in event.get("atUsers") or ()
        if isinstance(one, dict) and one.get("dingtalkId") != event.get("chatbotUserId")
    ]
    context: JsonObject = {"conversation": conversation}
    if event.get("sessionWebhook"):
        context |= {"webhook": str(event["sessionWebhook"]), "until": _seconds(event.get("sessionWebhookExpiredTime"))}
    return InboundMessage(
        f"message:{identity}",
        chat,
        who,
        _seconds(event.get("createAt")),
        message_id=identity,
        text=words,
        mentions=Mentions(
            named and not direct, "native" if named and not direct else "", others=tuple(filter(None, others))
        ),
        media=tuple(media),
        reply_context=context,
    )


def _content(event: JsonObject) -> tuple[str, list[InboundMedia]]:
    kind, content = str(event["msgtype"]), event.get("content")
    content = content if isinstance(content, dict) else {}
    if kind == "text":
        return str((event.get("text") or {}).get("content") or "").strip(), []
    robot = str(event.get("robotCode") or "")
    if kind == "richText":
        words, media = [], []
        for one in content.get("richText") or ():
            if one.get("text"):
                words.append(str(one["text"]))
            code = one.get("downloadCode") or one.get("pictureDownloadCode")
            if code:
                media.append(InboundMedia("image", {"code": str(code), "robot": robot}, "image/png", "image.png"))
        return "".join(words).strip(), media
    if kind in _FILES:
        media_kind, media_type, name = _FILES[kind]
        code = content.get("downloadCode") or content.get("pictureDownloadCode")
        if not code:
            return "", []
        spoken = str(content.get("recognition") or "")
        handle: JsonObject = {"code": str(code), "robot": robot}
        name = str(content.get("fileName") or name)
        return "", [InboundMedia(media_kind, handle, media_type, name, transcript=spoken)]
    return "", []


def _seconds(value: Any) -> float:
    return float(value) / 1000 if isinstance(value, (int, float)) else 0.0
