"""Calls of the Bot API: what is sent of a part, and what an answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from crawdad.core.channels import OutboundMedia, OutboundMessage, SendFailed, SendOutcome
from crawdad.core.errors import NotReached
from crawdad.core.parts import JsonObject
from crawdad.wire.telegram.lengths import CAPTION_LIMIT, TEXT_LIMIT
from crawdad.wire.telegram.render import to_html

PHOTO_LIMIT = 10 * 1024 * 1024
_TAG = re.compile(r"<[^>]*>")
_PHOTOS = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Call:
    """A method with its parameters; `file` is what goes along in field `file_field`."""

    method: str
    params: JsonObject = field(default_factory=dict)
    file_field: str = ""
    file: OutboundMedia | None = None


def call_of(message: OutboundMessage, chat_id: str, *, plain: bool = False, as_document: bool = False) -> Call:
    """The call that sends a part. `plain`: without markup, for when Telegram could not parse it."""
    params: JsonObject = {"chat_id": chat_id}
    if message.chat.thread:
        params["message_thread_id"] = int(message.chat.thread)
    if message.silent:
        params["disable_notification"] = True
    if message.reply_to.isdigit():
        params["reply_parameters"] = {"message_id": int(message.reply_to), "allow_sending_without_reply": True}
    if message.buttons:
        params["reply_markup"] = {
            "inline_keyboard": [[{"text": one.label, "callback_data": one.value} for one in message.buttons]]
        }
    media = message.media
    if media is None:
        return Call("sendMessage", {**params, **_words("text", message.text, plain)})
    params |= _words("caption", message.text, plain) if message.text else {}
    method, name = _media_method(media, as_document)
    return Call(method, params, name, media)


def edit_of(chat_id: str, message_id: str, text: str, *, plain: bool = False) -> Call:
    """The call that replaces a message's text."""
    return Call("editMessageText", {"chat_id": chat_id, "message_id": int(message_id), **_words("text", text, plain)})


def _words(name: str, text: str, plain: bool) -> JsonObject:
    html = "" if plain else to_html(text)
    if not _TAG.sub("", html).strip():  # a text of marks alone would be an empty one, which Telegram does not take
        return {name: text}
    return {name: html, "parse_mode": "HTML"}


def _media_method(media: OutboundMedia, as_document: bool) -> tuple[str, str]:
    if as_document:
        return "sendDocument", "document"
    if media.kind == "image" and media.media_type in _PHOTOS and len(media.data) <= PHOTO_LIMIT:
        return "sendPhoto", "photo"
    if media.kind == "image" and media.media_type == "image/gif":
        return "sendAnimation", "animation"
    if media.kind == "audio":
        if media.voice and media.media_type in ("audio/ogg", "audio/opus"):
            return "sendVoice", "voice"
        if media.media_type in ("audio/mpeg", "audio/mp4", "audio/m4a", "audio/x-m4a"):
            return "sendAudio", "audio"
    if media.kind == "video" and media.media_type == "video/mp4":
        return "sendVideo", "video"
    return "sendDocument", "document"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with `ok` false, or one that is none."""

    status: int
    description: str
    retry_after: float | None = None
    migrated_to: str = ""

    @property
    def unparsable(self) -> bool:
        """The markup could not be parsed: as plain text it can go."""
        return self.status == 400 and "can't parse entities" in self.description

    @property
    def unchanged(self) -> bool:
        """An edit that changes nothing."""
        return self.status == 400 and "message is not modified" in self.description

    @property
    def bad_photo(self) -> bool:
        """A picture that cannot be shown as one; as a file it can go."""
        return self.status == 400 and ("PHOTO_" in self.description or "IMAGE_PROCESS_FAILED" in self.description)


def read_answer(status: int, body: bytes) -> Any:
    """The `result` of an answer, or a `Refusal`."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return Refusal(status, body[:200].decode("utf-8", "replace"))
    if isinstance(answer, dict) and answer.get("ok") is True and status < 300:
        return answer.get("result")
    if not isinstance(answer, dict):
        return Refusal(status, "")
    parameters = answer.get("parameters")
    more: Mapping[str, Any] = parameters if isinstance(parameters, dict) else {}
    retry_after = more.get("retry_after")
    migrated = more.get("migrate_to_chat_id")
    code = answer.get("error_code")
    return Refusal(
        code if isinstance(code, int) else status,
        str(answer.get("description") or "")[:300],
        float(retry_after) if isinstance(retry_after, (int, float)) else None,
        str(migrated) if migrated is not None else "",
    )


def failure_of(refusal: Refusal, *, caption: bool = False) -> SendFailed:
    """What a refused part means."""
    status, words = refusal.status, refusal.description or f"HTTP {refusal.status}"
    outcome: SendOutcome = "refused"
    limit = None
    if status == 429:
        outcome = "rate_limited"
    elif status in (401, 404):
        outcome = "signed_out"
    elif status == 413 or (status == 400 and "too long" in words.lower()):
        outcome, limit = "too_long", CAPTION_LIMIT if caption else TEXT_LIMIT
    elif status >= 500 or status < 400:
        outcome = "ambiguous"  # a gateway on the way may have said so after the message was taken
    return SendFailed(outcome, words, retry_after=refusal.retry_after, limit=limit)


def lost_call(error: Exception, words: str) -> SendFailed:
    """What a part means that no answer came to."""
    return SendFailed("not_sent" if isinstance(error, NotReached) else "ambiguous", words)
