"""What is sent of a part, and what the answers mean: of a conversation's webhook, and of the open interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.channels import SendFailed, SendOutcome
from crawdad.core.parts import JsonObject

TEXT_LIMIT = 4000
_TITLE_CHARACTERS = 40
_DEAD_TOKEN = frozenset(("InvalidAuthentication", "Forbidden.AccessDenied.AccessTokenInvalid", "40014", "42001"))
_BAD_SECRET = frozenset(("invalidClientIdOrSecret", "authFailed", "400002"))
_SESSION_OVER = frozenset(("300001", "300005", "310000"))
_TOO_FAST = frozenset(("130101", "130102", "Throttling", "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an empty code is success."""

    status: int
    code: str
    words: str
    data: JsonObject

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 300 and not self.code

    @property
    def dead_token(self) -> bool:
        """The token is not taken any more."""
        return self.code in _DEAD_TOKEN or (self.status == 401 and self.code not in _BAD_SECRET)

    @property
    def bad_secret(self) -> bool:
        """The app's id and secret are not taken."""
        return self.code in _BAD_SECRET

    @property
    def session_over(self) -> bool:
        """The conversation's webhook holds no longer."""
        return self.code in _SESSION_OVER


def read_answer(status: int, body: bytes) -> Answer:
    """An answer's meaning. The older interface answers 200 with an `errcode`, the newer a status and a `code` in words."""
    try:
        found = orjson.loads(body) if body else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return Answer(status if status >= 400 else 502, "unreadable", f"HTTP {status}", {})
    code: Any = found.get("errcode", found.get("code") if status >= 300 else 0)
    words = str(found.get("errmsg") or found.get("message") or f"HTTP {status}")[:300]
    name = "" if code in (0, None) and status < 300 else str(code or f"HTTP {status}")
    return Answer(status, name, words, found)


def said(text: str) -> JsonObject:
    """A part for a conversation's webhook."""
    return {"msgtype": "markdown", "markdown": {"title": _title(text), "text": text}}


def keyed(text: str) -> tuple[str, JsonObject]:
    """A part for the open interface: the key of its kind, and its values."""
    return "sampleMarkdown", {"title": _title(text), "text": text}


def keyed_file(kind: str, media: str, name: str) -> tuple[str, JsonObject]:
    """A file that was uploaded."""
    if kind == "image":
        return "sampleImageMsg", {"photoURL": media}
    return "sampleFile", {"mediaId": media, "fileName": name, "fileType": name.rpartition(".")[2] or "bin"}


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    if answer.code in _TOO_FAST or answer.status == 429:
        outcome = "rate_limited"
    elif answer.bad_secret or answer.dead_token:
        outcome = "signed_out"
    elif answer.session_over:
        outcome = "needs_inbound"
    elif answer.status >= 500:
        outcome = "ambiguous"
    return SendFailed(outcome, answer.words)


def _title(text: str) -> str:
    """What is to be read in the list of conversations."""
    return text.strip().splitlines()[0].lstrip("#>*- ")[:_TITLE_CHARACTERS] if text.strip() else "…"
