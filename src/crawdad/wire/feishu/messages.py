"""What is sent of a part, and what the answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from crawdad.core.channels import Button, OutboundMessage, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject

TEXT_LIMIT = 4000
CARD_ELEMENT = "answer"
BAD_SECRET = (10003, 10014, 10015, 99991543)
DEAD_TOKEN = (99991661, 99991663, 99991664, 99991665, 99991668, 99991671)
RATE_LIMITED = (99991400, 230020, 11232, 11233, 230049)
TOO_LONG = (230025,)
TARGET_GONE = (230011, 230110, 231003)
CARD_REFUSED = (230099, 200621, 200830, 300000)
RenderMode = Literal["auto", "raw", "card"]
_NEEDS_CARD = re.compile(r"^\s*```|^\s*\|.*\|\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Body:
    """A message's type and content (not yet JSON text)."""

    kind: str
    content: JsonObject

    def fields(self) -> JsonObject:
        """As the API wants them."""
        return {"msg_type": self.kind, "content": orjson.dumps(self.content).decode()}


def body_of(message: OutboundMessage, mode: RenderMode) -> Body:
    """A part of words. Code and tables are shown by cards only, buttons have no other place, and what will be edited must be a
    card from the beginning."""
    if message.buttons or mode == "card" or message.role == "preview":
        return Body("interactive", card(message.text, message.buttons, direct=message.chat.kind == "direct"))
    if mode == "raw":
        return Body("text", {"text": message.text})
    if _NEEDS_CARD.search(message.text):
        return Body("interactive", card(message.text))
    return Body("post", {"zh_cn": {"content": [[{"tag": "md", "text": message.text}]]}})


def card(text: str, buttons: tuple[Button, ...] = (), *, direct: bool = False) -> JsonObject:
    """A card that shows Markdown, and buttons below."""
    elements: list[JsonObject] = [{"tag": "markdown", "element_id": CARD_ELEMENT, "content": text}]
    for button in buttons:
        value = {"button": button.value, "direct": direct}
        elements.append(
            {
                "tag": "button",
                "text": {"tag": "plain_text", "content": button.label},
                "behaviors": [{"type": "callback", "value": value}],
            }
        )
    return {"schema": "2.0", "config": {"update_multi": True}, "body": {"elements": elements}}


def streaming_card(text: str) -> JsonObject:
    """A card whose text will grow."""
    made = card(text)
    made["config"] = {"update_multi": True, "streaming_mode": True, "summary": {"content": ""}}
    return made


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `code` 0 is success."""

    status: int
    code: int
    words: str
    data: JsonObject
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.code == 0 and self.status < 400


def read_answer(status: int, body: bytes, reset: str = "") -> Answer:
    """An answer's meaning; `reset` is the header that says when the rate's limit ends."""
    after = float(reset) if reset.isdigit() else None
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("code"), int):
        return Answer(status if status >= 400 else 502, -1, f"HTTP {status}", {}, after)
    data = found.get("data")
    words = str(found.get("msg") or f"code {found['code']}")[:300]
    # Tokens are answered beside the code, everything else below `data`.
    return Answer(status, found["code"], words, data if isinstance(data, dict) else found, after)


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    limit = None
    if answer.code in RATE_LIMITED or answer.status == 429:
        outcome = "rate_limited"
    elif answer.code in BAD_SECRET or answer.code in DEAD_TOKEN or answer.status == 401:
        outcome = "signed_out"
    elif answer.code in TOO_LONG or answer.status == 413:
        outcome, limit = "too_long", TEXT_LIMIT // 2
    elif answer.status >= 500:
        outcome = "ambiguous"
    return SendFailed(outcome, answer.words, retry_after=answer.retry_after, limit=limit)


REACTIONS = {
    "👍": "THUMBSUP",
    "👌": "OK",
    "❤️": "HEART",
    "❤": "HEART",
    "😂": "LAUGH",
    "✅": "DONE",
    "👀": "GLANCE",
    "🎉": "PARTY",
}


def sent_id(data: Any) -> tuple[str, ...]:
    """The id of the message that was made."""
    identity = data.get("message_id") if isinstance(data, dict) else None
    return (str(identity),) if identity else ()
