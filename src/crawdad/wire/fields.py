"""Reading untrusted JSON: typed access that raises `GatewayError` naming the field, never anything else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.sse import MARK

_SHALLOW = 200
"""JSON with no more brackets than this cannot be nested too deeply."""
_MOST_TOKENS = 10**15
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape in JSON; the group is half a pair of surrogates without its other half."""


def parse_object(body: bytes) -> JsonObject:
    """The JSON object in a client's request body. Raises BAD_REQUEST for anything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("wire.not_json", reason=str(error)) from None
    if not isinstance(value, dict):
        raise bad_request("wire.not_object")
    return value


def check_request_depth(body: JsonObject) -> None:
    """Raises BAD_REQUEST for a body that is nested deeper than what is made of it can be written."""
    if _too_deep(body):
        raise bad_request("wire.too_deep")


def check_answer_depth(body: Any) -> None:
    """Raises UPSTREAM_BROKEN for an answer that is nested deeper than it can be told again."""
    if _too_deep(body):
        raise unreadable("nested too deeply")


def _too_deep(value: Any) -> bool:
    """JSON is read 1024 levels deep and written 254; other protocols put some things a few levels deeper."""
    try:
        orjson.dumps([[[[[[[[value]]]]]]]])
    except TypeError:
        return True
    return False


def parse_event(data: bytes) -> Any:
    """The JSON in one event of an upstream's stream. Raises UPSTREAM_BROKEN where it is none, or nested too deeply."""
    event = parse_upstream(data)
    if data.count(b"[") + data.count(b"{") > _SHALLOW:
        check_answer_depth(event)
    return event


def parse_arguments(text: str) -> JsonObject | None:
    """The object that a model wrote as arguments; None for anything else, and for one nested too deeply to be told."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or (text.count("[") + text.count("{") > _SHALLOW and _too_deep(value)):
        return None
    return value


def parse_error(body: bytes) -> Any:
    """The JSON of an upstream's error answer; None where it is none, or nested deeper than it can be told again."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return None if _too_deep(value) else value


def parse_upstream(data: bytes | str) -> Any:
    """JSON that an upstream sent. Raises UPSTREAM_BROKEN where it is none.

    Half a surrogate pair, which servers send that cut their text between the two halves of a character, is read as the
    replacement character, and a byte order mark in front is passed over: neither is worth an answer.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        mended = _ESCAPE.sub(_whole_escape, raw.removeprefix(MARK))
        if mended != raw:
            try:
                return orjson.loads(mended)
            except orjson.JSONDecodeError:
                pass
        raise unreadable(str(error)) from None


def _whole_escape(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[1] else match[0]


def encode(document: Any) -> bytes:
    """`document` as JSON. Raises BAD_REQUEST where it is nested deeper than can be written: what can be read goes about
    four times deeper than what can be written."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        raise bad_request("wire.too_deep") from None


def is_too_deep(error: TypeError) -> bool:
    """Whether JSON could not be written for its depth. What orjson raises is a plain `TypeError`, as any fault of ours may
    be."""
    return "Recursion limit" in str(error)


def unreadable(reason: str) -> GatewayError:
    """The upstream's answer makes no sense, because of `reason`."""
    return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": reason}))


def wrong_type(param: str, expected: str) -> GatewayError:
    """A field of the client's request has the wrong type."""
    return bad_request("wire.type", param, expected=expected)


def get_string(source: JsonObject, key: str, path: str = "") -> str | None:
    """An optional string (null counts as absent)."""
    value = source.get(key)
    if value is None or type(value) is str:
        return value
    raise wrong_type(path + key, "a string")


def need_string(source: JsonObject, key: str, path: str = "") -> str:
    """A required string."""
    value = get_string(source, key, path)
    if value is None:
        raise bad_request("wire.missing", path + key)
    return value


def get_number(source: JsonObject, key: str, path: str = "") -> float | None:
    """An optional number."""
    value = source.get(key)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise wrong_type(path + key, "a number")


def get_int(source: JsonObject, key: str, path: str = "") -> int | None:
    """An optional whole number (1.0 is accepted as 1)."""
    value = get_number(source, key, path)
    if value is None or isinstance(value, int):
        return value
    if value.is_integer():
        return int(value)
    raise wrong_type(path + key, "an integer")


def get_bool(source: JsonObject, key: str, path: str = "") -> bool | None:
    """An optional boolean."""
    value = source.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise wrong_type(path + key, "a boolean")


def get_object(source: JsonObject, key: str, path: str = "") -> JsonObject | None:
    """An optional object."""
    value = source.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise wrong_type(path + key, "an object")


def get_list(source: JsonObject, key: str, path: str = "") -> list[Any] | None:
    """An optional array."""
    value = source.get(key)
    if value is None or isinstance(value, list):
        return value
    raise wrong_type(path + key, "an array")


def need_list(source: JsonObject, key: str, path: str = "") -> list[Any]:
    """A required array."""
    value = get_list(source, key, path)
    if value is None:
        raise bad_request("wire.missing", path + key)
    return value


def as_object(value: Any, path: str) -> JsonObject:
    """`value`, which must be an object."""
    if isinstance(value, dict):
        return value
    raise wrong_type(path, "an object")


def rest(source: JsonObject, known: frozenset[str]) -> JsonObject:
    """The fields of `source` that are not in `known`: what we have never heard of, kept for its own protocol."""
    return {key: value for key, value in source.items() if key not in known}


def as_count(value: Any) -> int:
    """A token count from an upstream: whole, not negative, and small enough that sums of counts can be told; anything else
    (absent, a string, −3) counts as 0."""
    if type(value) is int:
        return min(max(value, 0), _MOST_TOKENS)
    if type(value) is float and value == value and 0 <= value <= _MOST_TOKENS:
        return int(value)
    return 0


def whole_number(text: str) -> int | None:
    """The number that a text of at most nine ASCII digits spells; None for any other text."""
    return int(text) if len(text) < 10 and text.isascii() and text.isdigit() else None


def as_unix_seconds(value: Any) -> int | None:
    """Unix seconds of a time an upstream wrote in RFC 3339; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
