"""Frames of the connection: what they say, and what is sent. Messages are kept as `{"at": <when it came>, "req": <the id that
an answer names>, "body": {…}}`."""

from __future__ import annotations

import re
from typing import Any

import orjson

from crawdad.core.channels import (
    Chat,
    InboundMedia,
    InboundMessage,
    Mentions,
    OutboundMedia,
    Person,
    Quoted,
    SendFailed,
    SendOutcome,
)
from crawdad.core.parts import JsonObject, MediaKind

TEXT_LIMIT = 20_000
"""In bytes of UTF-8."""
CHUNK_BYTES = 512 * 1024
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
SUBSCRIBE, PING = "aibot_subscribe", "ping"
RESPOND, SEND = "aibot_respond_msg", "aibot_send_msg"
UPLOAD_BEGIN, UPLOAD_CHUNK, UPLOAD_END = (
    "aibot_upload_media_init",
    "aibot_upload_media_chunk",
    "aibot_upload_media_finish",
)
_BUSY, _TOO_FAST = frozenset((-1, 6000)), frozenset((45009, 846607))
_NAMED = re.compile(r"^\s*@\S+\s*")
_KINDS: dict[MediaKind, str] = {"image": "image", "video": "video", "document": "file", "audio": "file"}


def frame_of(command: str, request: str, body: JsonObject | None = None) -> str:
    """A frame of ours."""
    made: JsonObject = {"cmd": command, "headers": {"req_id": request}}
    if body is not None:
        made["body"] = body
    return orjson.dumps(made).decode()


def read_frame(data: str | bytes) -> JsonObject:
    """A frame of theirs; empty: it is none."""
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def request_of(frame: JsonObject) -> str:
    """The id that a frame and its answer share."""
    headers = frame.get("headers")
    return str((headers.get("req_id") if isinstance(headers, dict) else "") or frame.get("req_id") or "")


def event_name(frame: JsonObject) -> str:
    """What happened, for a frame that tells an event."""
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return str((event.get("eventtype") or event.get("event_type") or "") if isinstance(event, dict) else "")


def read_event(event: JsonObject) -> InboundMessage | None:
    """What a message says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    body = event["body"]
    identity = str(body["msgid"])
    who = Person(str(body["from"]["userid"]))
    group = body.get("chattype") == "group"
    chat = Chat("group", str(body["chatid"])) if group else Chat("direct", who.id)
    words, media = _content(body)
    if group:
        words = _NAMED.sub("", words, count=1)
    if not words and not media and not group:
        return None
    return InboundMessage(
        f"message:{identity}",
        chat,
        who,
        float(body.get("create_time") or event["at"]),
        message_id=identity,
        text=words.strip(),
        mentions=Mentions(group, "native" if group else ""),  # in groups it hears nothing else
        quoted=_quoted(body.get("quote")),
        media=tuple(media),
        reply_context={"req": str(event["req"]), "at": float(event["at"])},
    )


def _content(body: JsonObject) -> tuple[str, list[InboundMedia]]:
    kind = str(body["msgtype"])
    if kind == "text":
        return str(body["text"]["content"]), []
    if kind == "voice":
        return str((body.get("voice") or {}).get("content") or ""), []
    if kind == "mixed":
        words, media = [], []
        for one in (body.get("mixed") or {}).get("msg_item") or ():
            its_words, its_media = _content(one)
            words.append(its_words)
            media += its_media
        return "\n".join(filter(None, words)), media
    found = body.get(kind)
    kinds: dict[str, MediaKind] = {"image": "image", "file": "document", "video": "video"}
    if kind in kinds and isinstance(found, dict) and found.get("url"):
        handle: JsonObject = {"url": str(found["url"]), "key": str(found.get("aeskey") or "")}
        size = found.get("size")
        name = str(found.get("name") or "")
        return "", [InboundMedia(kinds[kind], handle, "", name, size if isinstance(size, int) else None)]
    return "", []


def _quoted(quote: Any) -> Quoted | None:
    if not isinstance(quote, dict) or not quote.get("msgtype"):
        return None
    words, media = _content(quote)
    return Quoted(str(quote.get("msgid") or ""), words, media=tuple(media))


def said(text: str) -> JsonObject:
    """A part of words."""
    return {"msgtype": "markdown", "markdown": {"content": text}}


def growing(identity: str, text: str, *, over: bool) -> JsonObject:
    """The whole of an answer so far."""
    return {"msgtype": "stream", "stream": {"id": identity, "content": text, "finish": over}}


def kind_of(media: OutboundMedia) -> str:
    """What the platform calls such a file."""
    return _KINDS.get(media.kind, "file")


def failure_of(answer: JsonObject) -> SendFailed:
    """What an answer that is no success means for the part."""
    code = answer.get("errcode")
    outcome: SendOutcome = "refused"
    if code in _BUSY:
        outcome = "not_sent"
    elif code in _TOO_FAST:
        outcome = "rate_limited"
    return SendFailed(outcome, str(answer.get("errmsg") or f"errcode {code}")[:300])


def opened(data: bytes, key: str) -> bytes:
    """A file in clear: AES-256-CBC, the IV is the first half of the key, padded to 32. Raises ValueError."""
    import base64
    import binascii

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        secret = base64.b64decode(key + "=" * (-len(key) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("no key") from error
    if len(secret) != 32 or not data or len(data) % 16:
        raise ValueError("not whole blocks")
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    plain = cipher.update(data) + cipher.finalize()
    left = plain[-1]
    if not 1 <= left <= 32 or plain[-left:] != bytes([left]) * left:
        raise ValueError("wrong padding")
    return plain[:-left]
