"""A group's custom bot: an address that takes messages for its group, each signed where the bot has a secret.

Source: Feishu's guide "Use bots in groups". The signature's key is `<timestamp>\\n<secret>`, and what is signed is empty.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

import orjson

_LIMITED = frozenset((9499, 11232))
LONGEST = 15_000
"""Characters of a text; the whole call may have 20 KB."""


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """What the platform said. `again`: it may be tried later."""

    ok: bool
    words: str
    again: bool


def write_message(text: str, secret: str, now: float) -> bytes:
    """The body of a call."""
    body: dict[str, object] = {"msg_type": "text", "content": {"text": text[:LONGEST]}}
    if secret:
        timestamp = str(int(now))
        body |= {"timestamp": timestamp, "sign": signature(timestamp, secret)}
    return orjson.dumps(body)


def signature(timestamp: str, secret: str) -> str:
    """How a call at that moment is signed."""
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def read_answer(status: int, body: bytes) -> BotAnswer:
    """What became of a call. The platform says so in its body, under either of two names; a success is HTTP 200 too."""
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return BotAnswer(False, f"HTTP {status}", status >= 500 or status == 429)
    code = found.get("code", found.get("StatusCode"))
    if code == 0 and status < 400:
        return BotAnswer(True, "", False)
    words = str(found.get("msg") or found.get("StatusMessage") or f"HTTP {status}")
    return BotAnswer(False, f"{code}: {words}"[:300], status >= 500 or status == 429 or code in _LIMITED)
