"""How an exchange is written down: two JSON arrays on its way through the spool, a row of the table at its end.

The arrays hold the values of the exchange and those of its usage. Spools outlive an update, so the order of the fields is
frozen: newer ones are only ever appended, and a shorter array is filled up with their defaults.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import RowMapping

from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.usage import Usage

_EXCHANGE_FIELDS = (
    *("id", "started_at", "contract", "protocol", "operation", "method", "path"),
    *("principal_id", "principal_name", "client_address", "user_agent", "client_request_id", "session"),
    *("model_requested", "model_resolved", "provider", "upstream_protocol", "account", "lane", "stream", "attempts"),
    *("first_byte_seconds", "duration_seconds", "request_bytes", "response_bytes", "status", "outcome", "stop_reason"),
    *("cost", "error_kind", "error_message", "upstream_request_id", "notes"),
    *("account_label", "owner"),
)
_USAGE_FIELDS = (
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    *("reasoning_tokens", "tool_input_tokens", "audio_input_tokens", "audio_output_tokens", "image_input_tokens"),
    *(
        "image_output_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
        "web_searches",
        "service_tier",
    ),
)
COLUMNS = (*_EXCHANGE_FIELDS, *_USAGE_FIELDS, "stored_bytes")
"""The columns of `exchanges`, in the order of a row that `unpack` gives."""

_exchange_values = attrgetter(*_EXCHANGE_FIELDS)
_usage_values = attrgetter(*_USAGE_FIELDS)
_EXCHANGE_DEFAULTS = _exchange_values(Exchange("", 0.0, "", "", ""))
_USAGE_DEFAULTS = _usage_values(Usage())
_ATTEMPTS, _NOTES = COLUMNS.index("attempts"), COLUMNS.index("notes")

_ROW_OVERHEAD = 256
"""Bytes that a row and its index entries take beside its values, roughly."""
_MOST_BYTES = 32 * 1024
_MOST_CHARACTERS = 1000
_CHARGE = ("id", "outcome", "input_tokens", "output_tokens", "cost")
_MOST_ITEMS = 20
_LARGEST = 2**53


def pack(exchange: Exchange) -> bytes:
    """The record of `exchange`. Never fails: what no database could hold is cut down to what it can."""
    values = (_exchange_values(exchange), _usage_values(exchange.usage))
    try:
        record = orjson.dumps(values, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:  # a lone surrogate, an integer beyond 53 bits, something that is no JSON
        return _pack_cleaned(values)
    if len(record) > _MOST_BYTES or (b"\\" in record and b"\\u0000" in record):
        return _pack_cleaned(values)
    return record


def _pack_cleaned(values: Iterable[Iterable[Any]]) -> bytes:
    return orjson.dumps([[_cleaned(value) for value in part] for part in values])


def _cleaned(value: Any) -> Any:
    """`value` within bounds, in Unicode and without NUL, which PostgreSQL does not take."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return max(-_LARGEST, min(value, _LARGEST))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_cleaned(item) for item in value[:_MOST_ITEMS]]
    if isinstance(value, Attempt):
        return {field.name: _cleaned(getattr(value, field.name)) for field in fields(value)}
    text = str(value)[:_MOST_CHARACTERS]
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def pack_charge(exchange: Exchange) -> bytes:
    """The short record of an exchange whose own finds no room: no more than what it owes to budgets."""
    usage = exchange.usage
    values = (exchange.id, exchange.outcome, usage.input_tokens, usage.output_tokens, exchange.cost)
    return orjson.dumps(dict(zip(_CHARGE, map(_cleaned, values), strict=True)))


def is_charge(record: bytes) -> bool:
    """Whether a record is one of `pack_charge`."""
    return record.startswith(b"{")


def unpack_charges(records: Iterable[bytes]) -> list[list[Any]]:
    """The rows of charges, in the order of `COLUMNS`, with nothing where only the log would read."""
    rows = []
    for record in records:
        values = orjson.loads(record)
        rows.append([values.get(name) for name in COLUMNS])
    return rows


def unpack(records: Iterable[bytes]) -> list[list[Any]]:
    """The rows of `records`, in the order of `COLUMNS`."""
    rows = []
    for record in records:
        own, usage = orjson.loads(record)
        row = _filled(own, _EXCHANGE_DEFAULTS)
        row[_ATTEMPTS] = _json(row[_ATTEMPTS])
        row[_NOTES] = _json(row[_NOTES])
        row += _filled(usage, _USAGE_DEFAULTS)
        row.append(len(record) + _ROW_OVERHEAD)
        rows.append(row)
    return rows


def _filled(values: list[Any], defaults: tuple[Any, ...]) -> list[Any]:
    """As many values as this version knows: an older one wrote fewer, a newer one more."""
    return values[: len(defaults)] + list(defaults[len(values) :])


def _json(items: list[Any]) -> str:
    return orjson.dumps(items).decode() if items else "[]"


def exchange_of(row: RowMapping) -> Exchange:
    """The exchange that a row of the table tells of."""
    return Exchange(
        **{name: row[name] for name in _EXCHANGE_FIELDS if name not in ("attempts", "notes")},
        usage=Usage(**{name: row[name] for name in _USAGE_FIELDS}),
        attempts=[Attempt(**attempt) for attempt in orjson.loads(row["attempts"])],
        notes=orjson.loads(row["notes"]),
    )
