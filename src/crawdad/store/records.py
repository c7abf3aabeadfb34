"""How an exchange is written down: a JSON array on its way through the spool, a row of the table at its end.

The array's order is `_FIELDS` and frozen: spools outlive an update, so newer fields are only ever appended, and a
shorter array is filled up with their defaults.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import RowMapping

from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.usage import Usage

_FIELDS = (
    *("id", "started_at", "contract", "protocol", "operation", "method", "path"),
    *("principal_id", "principal_name", "client_address", "user_agent", "client_request_id", "session"),
    *("model_requested", "model_resolved", "provider", "upstream_protocol", "account", "lane", "stream", "attempts"),
    *("first_byte_seconds", "duration_seconds", "request_bytes", "response_bytes", "status", "outcome", "stop_reason"),
    *("cost", "error_kind", "error_message", "upstream_request_id", "notes"),
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
COLUMNS = (*_FIELDS, "stored_bytes")
"""The columns of `exchanges`, in the order of a row that `unpack` gives."""

_ATTEMPTS, _NOTES = _FIELDS.index("attempts"), _FIELDS.index("notes")
_USAGE_FIELDS = tuple(field.name for field in fields(Usage))
_OWN_FIELDS = tuple(field.name for field in fields(Exchange) if field.name not in ("usage", "attempts", "notes"))
_BLANK = Exchange("", 0.0, "", "", "")
_DEFAULTS = [getattr(_BLANK.usage if name in _USAGE_FIELDS else _BLANK, name) for name in _FIELDS]

_ROW_OVERHEAD = 256
"""Bytes that a row and its index entries take beside its values, roughly."""
_MOST_BYTES = 32 * 1024
_MOST_CHARACTERS = 1000
_MOST_ITEMS = 20
_LARGEST = 2**53


def pack(exchange: Exchange) -> bytes:
    """The record of `exchange`. Never fails: what no database could hold is cut down to what it can.

    It is written out by hand because every request pays for it.
    """
    x, u = exchange, exchange.usage
    values = (
        *(x.id, x.started_at, x.contract, x.protocol, x.operation, x.method, x.path),
        *(x.principal_id, x.principal_name, x.client_address, x.user_agent, x.client_request_id, x.session),
        *(
            x.model_requested,
            x.model_resolved,
            x.provider,
            x.upstream_protocol,
            x.account,
            x.lane,
            x.stream,
            x.attempts,
        ),
        *(x.first_byte_seconds, x.duration_seconds, x.request_bytes, x.response_bytes, x.status, x.outcome),
        *(x.stop_reason, x.cost, x.error_kind, x.error_message, x.upstream_request_id, x.notes),
        *(u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, u.cache_write_1h_tokens),
        *(u.reasoning_tokens, u.tool_input_tokens, u.audio_input_tokens, u.audio_output_tokens, u.image_input_tokens),
        *(u.image_output_tokens, u.accepted_prediction_tokens, u.rejected_prediction_tokens, u.web_searches),
        u.service_tier,
    )
    try:
        record = orjson.dumps(values, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:  # a lone surrogate, an integer beyond 53 bits, something that is no JSON
        return _pack_cleaned(values)
    if len(record) > _MOST_BYTES or (b"\\" in record and b"\\u0000" in record):
        return _pack_cleaned(values)
    return record


def _pack_cleaned(values: Iterable[Any]) -> bytes:
    return orjson.dumps([_cleaned(value) for value in values])


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


def unpack(records: Iterable[bytes]) -> list[list[Any]]:
    """The rows of `records`, in the order of `COLUMNS`."""
    rows = []
    for record in records:
        row: list[Any] = orjson.loads(record)
        row += _DEFAULTS[len(row) :]
        row[_ATTEMPTS] = _json(row[_ATTEMPTS])
        row[_NOTES] = _json(row[_NOTES])
        row.append(len(record) + _ROW_OVERHEAD)
        rows.append(row)
    return rows


def _json(items: list[Any]) -> str:
    return orjson.dumps(items).decode() if items else "[]"


def exchange_of(row: RowMapping) -> Exchange:
    """The exchange that a row of the table tells of."""
    return Exchange(
        **{name: row[name] for name in _OWN_FIELDS},
        usage=Usage(**{name: row[name] for name in _USAGE_FIELDS}),
        attempts=[Attempt(**attempt) for attempt in orjson.loads(row["attempts"])],
        notes=orjson.loads(row["notes"]),
    )
