"""Frames: requests read, responses and events written. Pure: text in, text out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.wire.control.schema import FILLED, closed, problems_of

_REQUEST = closed(
    {
        "type": {"const": "req"},
        "id": FILLED,
        "method": FILLED,
        "params": {},
        "traceparent": {"type": "string", "maxLength": 128},
    },
    "type",
    "id",
    "method",
)
_AS_TEXT = orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True)
class Request:
    """A client asks for something. `params` are as they came; left out, they are empty."""

    id: str
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class BadFrame:
    """JSON that is no request. `id` is its own where it has one, else `invalid`."""

    id: str
    problems: str


def read_request(data: str | bytes) -> Request | BadFrame | None:
    """What a frame holds; None: no JSON."""
    try:
        frame = orjson.loads(data)
    except ValueError:  # also a text that UTF-8 cannot say
        return None
    problems = problems_of(_REQUEST, frame)
    if problems:
        own = frame.get("id") if isinstance(frame, dict) else None
        return BadFrame(own if isinstance(own, str) and own else "invalid", problems)
    params = frame.get("params")
    return Request(frame["id"], frame["method"], {} if params is None else params)


def response(request_id: str, payload: Any) -> bytes:
    """The answer to a request."""
    return orjson.dumps({"type": "res", "id": request_id, "ok": True, "payload": payload}, option=_AS_TEXT)


def failure(request_id: str, error: JsonObject, payload: Any = None) -> bytes:
    """The refusal of a request."""
    frame: JsonObject = {"type": "res", "id": request_id, "ok": False, "error": error}
    if payload is not None:
        frame["payload"] = payload
    return orjson.dumps(frame, option=_AS_TEXT)


def event(name: str, payload: Any, versions: JsonObject | None = None) -> bytes:
    """An event without its number, which differs from client to client (`numbered`)."""
    frame: JsonObject = {"type": "event", "event": name, "payload": payload}
    if versions is not None:
        frame["stateVersion"] = versions
    return orjson.dumps(frame, option=_AS_TEXT)


def numbered(encoded: bytes, number: int) -> bytes:
    """An encoded event with its number put in."""
    return b'%s,"seq":%d}' % (encoded[:-1], number)
