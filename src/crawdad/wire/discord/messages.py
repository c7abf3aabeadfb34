"""What is sent of a part, and what the answers mean."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from crawdad.core.channels import Button, OutboundMessage, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject

TEXT_LIMIT = 2000
_TOO_LARGE = frozenset((40005,))
_INVALID_FORM = 50035
_MOST_BUTTONS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    code: int
    words: str
    data: JsonObject
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 300


def read_answer(status: int, body: bytes, retry_after: str = "") -> Answer:
    """An answer's meaning; `retry_after` is the header's."""
    try:
        found = orjson.loads(body) if body else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {"items": found}
    after = found.get("retry_after")
    if not isinstance(after, (int, float)):
        after = float(retry_after) if retry_after.replace(".", "", 1).isdigit() else None
    code = found.get("code")
    words = str(found.get("message") or f"HTTP {status}")[:300]
    return Answer(status, code if isinstance(code, int) else 0, words, found, after)


def mark_of(identity: str) -> str:
    """The nonce of a part: the same for each try, so that a second one is dropped."""
    return hashlib.sha256(identity.encode()).hexdigest()[:25]


def body_of(message: OutboundMessage) -> JsonObject:
    """A part. Nobody is pinged but whom the part is to name: what a model writes pings no crowd."""
    allowed: JsonObject = {"parse": [], "replied_user": bool(message.reply_to)}
    text = message.text
    if message.mention:
        allowed["users"] = [message.mention]
        text = f"<@{message.mention}> {text}"
    body: JsonObject = {
        "content": text,
        "nonce": mark_of(message.id),
        "enforce_nonce": True,
        "allowed_mentions": allowed,
    }
    if message.reply_to:
        body["message_reference"] = {"message_id": message.reply_to, "fail_if_not_exists": False}
    if message.buttons:
        body["components"] = _rows(message.buttons)
    if message.silent:
        body["flags"] = 1 << 12
    return body


def _rows(buttons: tuple[Button, ...]) -> list[JsonObject]:
    made = [{"type": 2, "style": 2, "label": one.label[:80], "custom_id": one.value} for one in buttons]
    return [{"type": 1, "components": made[at : at + _MOST_BUTTONS]} for at in range(0, len(made), _MOST_BUTTONS)]


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    limit = None
    if answer.status == 429:
        outcome = "rate_limited"
    elif answer.status == 401:
        outcome = "signed_out"
    elif answer.code in _TOO_LARGE or answer.status == 413:
        outcome = "too_long"
    elif answer.code == _INVALID_FORM and "content" in str(answer.data.get("errors") or ""):
        outcome, limit = "too_long", TEXT_LIMIT // 2
    elif answer.status >= 500:
        outcome = "ambiguous"
    return SendFailed(outcome, answer.words, retry_after=answer.retry_after, limit=limit)
