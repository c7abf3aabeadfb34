"""Packing: whatever an exchange holds, its record is bounded and fit for both databases."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.usage import Usage
from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.records import COLUMNS, pack, unpack
from crawdad.store.tables import exchanges
from tests.store.samples import MORNING, exchange

NASTY: list[dict[str, Any]] = [
    {"model_requested": "nul \0 inside"},
    {"user_agent": "lone \ud800 surrogate"},
    {"error_message": 'a quote " a backslash \\ and \\u0000 spelled out'},
    {"usage": Usage(10**30, -(10**30))},
    {"request_bytes": 2**63},
    {"cost": float("nan")},
    {"duration_seconds": float("inf")},
    {"path": "/" + "x" * 5_000_000},
    {"notes": ["n" * 100_000] * 1000},
    {"attempts": [Attempt("s\0", "m\udfff", 200, "e" * 10_000_000)] * 500},
    {"notes": [object()]},
]


def test_every_column_is_packed() -> None:
    assert set(COLUMNS) == set(exchanges.c.keys()) - {"sequence"}


@pytest.mark.parametrize("fields", NASTY, ids=lambda fields: "-".join(fields))
async def test_what_is_nasty_is_kept_as_far_as_it_can_be(database: Database, fields: dict[str, Any]) -> None:
    record = pack(exchange(1, **fields))
    assert len(record) < 100_000
    log = ExchangeLog(database)
    await log.insert([record, pack(exchange(2))])
    found = await log.get("ex000001")
    assert found is not None
    assert found.contract == "openai", "the other fields are untouched"
    for name in fields:
        assert "\0" not in str(getattr(found, name))


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Exchange,
        id=st.text(min_size=1),
        started_at=st.floats(allow_nan=False, allow_infinity=False),
        contract=st.text(),
        protocol=st.text(),
        operation=st.text(),
        model_requested=st.text(st.characters()),
        usage=st.builds(Usage, st.none() | st.integers(), st.none() | st.integers()),
        notes=st.lists(st.text()),
        cost=st.none() | st.floats(),
        error_message=st.none() | st.text(st.characters(codec=None)),
    )
)
def test_packing_never_fails(made: Exchange) -> None:
    record = pack(made)
    assert b"\\u0000" not in record.replace(b"\\\\", b"")
    [row] = unpack([record])
    assert len(row) == len(COLUMNS)


def test_a_record_of_an_older_version_is_filled_up() -> None:
    older = orjson.dumps([["old", MORNING, "openai", "openai_chat", "chat"], [12, 3]])
    row = dict(zip(COLUMNS, unpack([older])[0], strict=True))
    assert (row["id"], row["input_tokens"], row["output_tokens"]) == ("old", 12, 3)
    assert (row["method"], row["notes"], row["outcome"], row["cache_read_tokens"]) == ("POST", "[]", "open", 0)


def test_a_record_of_a_newer_version_is_cut_down() -> None:
    own, usage = orjson.loads(pack(exchange(7)))
    newer = orjson.dumps([[*own, "new"], [*usage, 1, 2]])
    row = unpack([newer])[0]
    assert row[:-1] == unpack([pack(exchange(7))])[0][:-1]


def test_the_order_of_the_fields_is_frozen() -> None:
    """Spools of the first version must stay readable: fields are appended, never moved."""
    record = orjson.loads(pack(exchange(7)))
    assert [record[0][place] for place in (0, 1, 7, 13, 14, 19, 25, 26, 28, 32)] == [
        *("ex000007", MORNING + 7, "key_1", "gpt-5", "openai/gpt-5", True, 200, "completed", 0.0125),
        ["top_k dropped: no such knob"],
    ]
    assert record[1] == [100, 20, 64, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, "priority"]
