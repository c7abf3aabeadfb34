"""What a gateway wrote down, read from its own files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import orjson

from tests.support.server import Gateway
from tests.support.waiting import eventually

Row = dict[str, Any]


def exchanges(gateway: Gateway, condition: str = "1", *values: Any) -> list[Row]:
    """The rows of the exchange log that meet an SQL `condition`, oldest first."""
    return rows(gateway, f"SELECT * FROM exchanges WHERE {condition} ORDER BY started_at, id", *values)


def rows(gateway: Gateway, query: str, *values: Any) -> list[Row]:
    """What a query finds in the gateway's SQLite file."""
    path = gateway.home / "crawdad.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(query, values)]
    for row in found:
        for name in ("attempts", "notes"):
            if name in row:
                row[name] = orjson.loads(row[name])
    return found


def logged(gateway: Gateway, request_id: str) -> Row:
    """The one row of an exchange, waited for; the log is written in batches."""
    found = eventually(lambda: exchanges(gateway, "id = ?", request_id), f"exchange {request_id} in the log")
    assert len(found) == 1
    return found[0]


def none_follows(gateway: Gateway, marker: Callable[[], str], condition: str, *values: Any) -> None:
    """Fails when a row that meets the condition is there once the exchange that `marker` makes has been logged: rows are
    written in order, so a row that is not there by then never comes."""
    logged(gateway, marker())
    assert not exchanges(gateway, condition, *values)
