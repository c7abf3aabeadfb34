"""The frames of webchat: JSON texts over a WebSocket. Pure.

A page begins with `{"type": "hello", "token"?, "visitor"?, "key"?, "name"?, "after"?}` and is answered with `{"type":
"welcome", "visitor", "key", "messages"}`: it keeps visitor and key to be the same person again, `after` is the number of the
last message that it has. It says `{"type": "message", "id", "text"}` (`id` is its own, the same when it says it again) or
`{"type": "button", "id", "value"}` and hears `{"type": "accepted", "id"}` once that is kept. From the other side come
`{"type": "message", "number", "id", "text", "role", "buttons", "at"}`, `{"type": "edit", "id", "text", "final"}`, `{"type":
"deleted", "id"}` and `{"type": "typing", "on"}`; `{"type": "error", "code"}` tells what was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

from crawdad.core.channels import Chat, InboundMessage, Person
from crawdad.core.parts import JsonObject

MOST_FRAME = 64 * 1024
MOST_TEXT = 16_000
_MOST_ID = 100


@dataclass(frozen=True, slots=True)
class Hello:
    """How a page begins."""

    token: str = ""
    visitor: str = ""
    key: str = ""
    name: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Saying:
    """What a visitor says."""

    kind: Literal["message", "button"]
    id: str
    text: str


class BadFrame(Exception):
    """A frame that says nothing sensible; its one argument is the error's code."""


def read_frame(data: str | bytes) -> Hello | Saying:
    """A frame of a page's. Raises `BadFrame`."""
    if len(data) > MOST_FRAME:
        raise BadFrame("too_large")
    try:
        frame = orjson.loads(data)
    except ValueError as error:
        raise BadFrame("not_json") from error
    if not isinstance(frame, dict):
        raise BadFrame("not_an_object")
    kind = frame.get("type")
    if kind == "hello":
        after = frame.get("after")
        number = after if isinstance(after, int) and not isinstance(after, bool) and after > 0 else 0
        token, visitor, key, name = (_text(frame, one, 200) for one in ("token", "visitor", "key", "name"))
        return Hello(token, visitor, key, name, number)
    if kind in ("message", "button"):
        text = _text(frame, "text" if kind == "message" else "value", MOST_TEXT)
        made = _text(frame, "id", _MOST_ID)
        if not made or not text.strip():
            raise BadFrame("empty")
        return Saying(kind, made, text)
    raise BadFrame("unknown_type")


def _text(frame: dict[Any, Any], name: str, most: int) -> str:
    value = frame.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise BadFrame(f"bad_{name}")
    return value


def read_event(event: JsonObject) -> InboundMessage:
    """What somebody said, as it was kept."""
    button = event["kind"] == "button"
    return InboundMessage(
        event_id=f"{event['visitor']}:{event['id']}",
        chat=Chat("direct", event["visitor"]),
        sender=Person(event["visitor"], event.get("name", "")),
        at=event["at"],
        kind="button" if button else "message",
        message_id=event["id"],
        text="" if button else event["text"],
        button=event["text"] if button else "",
    )


def frame(kind: str, **values: Any) -> str:
    """A frame for a page."""
    return orjson.dumps({"type": kind, **values}).decode()
