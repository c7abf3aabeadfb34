"""What is sent of a part, and what the answers mean (error codes of API v2)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from crawdad.core.channels import Chat, OutboundMessage, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.core.text import Text

TEXT_LIMIT = 2000
FILE_TYPES: dict[MediaKind, int] = {"image": 1, "video": 2, "document": 4}
BAD_SECRET = frozenset((100007, 100016, 100017))
"""Of the token's own server."""
DEAD_TOKEN = frozenset((11241, 11242, 11243, 11244))
NUMBER_TAKEN = frozenset((40054005,))
"""The answer to a second message with the same `msg_id` and `msg_seq`."""
NEEDS_INBOUND = frozenset((304026, 304027, 304028, 40034005, 40034024, 40034025, 40034026, 40034027, 40034128))
RATE_LIMITED = frozenset((22009, 20028, 304045, 304046, 304047, 304048, 304049, 304050, 40034102))
TOO_LONG = frozenset((40054007, 40054018))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status below 300 and no code is success."""

    status: int
    code: int
    words: str
    data: JsonObject

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 300 and self.code == 0


def read_answer(status: int, body: bytes) -> Answer:
    """An answer's meaning. Some failures come with status 200 and a code."""
    try:
        found = orjson.loads(body) if body else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return Answer(status if status >= 400 else 502, -1, f"HTTP {status}", {})
    code = found.get("code") or found.get("err_code") or found.get("retcode") or 0
    words = str(found.get("message") or found.get("msg") or f"code {code}")[:300]
    return Answer(status, code if isinstance(code, int) else -1, words, found)


def path_of(chat: Chat, what: str = "messages") -> str:
    """Where messages (or `files`) of a chat go."""
    kind, _, identity = chat.id.partition(":")
    if kind == "channel" and identity:
        return f"/channels/{quote(identity, safe='')}/{what}"
    if kind == "dm" and identity:
        return f"/dms/{quote(identity, safe='')}/{what}"
    place = "users" if chat.kind == "direct" else "groups"
    return f"/v2/{place}/{quote(chat.id, safe='')}/{what}"


def in_guild(chat: Chat) -> bool:
    """Whether a chat is one of a guild's, whose interface is the older one."""
    return chat.id.startswith(("channel:", "dm:"))


def sequence_of(identity: str) -> int:
    """The `msg_seq` of a part: the answers to one message are numbered apart, and nobody keeps count."""
    return zlib.crc32(identity.encode()) % 1_000_000 + 1


def body_of(message: OutboundMessage, file_info: str = "") -> JsonObject:
    """A part as the interface wants it. Raises `SendFailed`: there is nothing that it could answer."""
    answered = str(message.reply_context.get("message_id") or "")
    if not answered:
        raise SendFailed("needs_inbound", Text("qqbot.nothing_to_answer"))
    body: JsonObject = {"msg_id": answered, "content": message.text}
    if in_guild(message.chat):
        return body
    body |= {"msg_type": 7 if file_info else 0, "msg_seq": sequence_of(message.id)}
    if file_info:
        body["media"] = {"file_info": file_info}
        body["content"] = message.text or " "
    if message.reply_to:
        body["message_reference"] = {"message_id": message.reply_to}
    return body


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    limit = None
    if answer.code in NEEDS_INBOUND:
        outcome = "needs_inbound"
    elif answer.code in RATE_LIMITED or answer.status == 429:
        outcome = "rate_limited"
    elif answer.code in TOO_LONG:
        outcome, limit = "too_long", TEXT_LIMIT // 2
    elif answer.code in DEAD_TOKEN or answer.code in BAD_SECRET or answer.status == 401:
        outcome = "signed_out"
    elif answer.status >= 500:
        outcome = "ambiguous"
    return SendFailed(outcome, answer.words, limit=limit)
