"""Queries that are asked again and again: built once, and on SQLite spelled once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

Row = dict[str, Any]
"""A found row by the names of its columns."""


class Question:
    """A query whose parameters are `bindparam`s; each of its columns has a name of its own."""

    def __init__(self, query: Select[Any]) -> None:
        self.query = query

    @cached_property
    def _spelled(self) -> tuple[str, tuple[str, ...], tuple[tuple[int, Callable[[Any], Any]], ...]]:
        """The text, the columns' names, and how the values of some of them are read."""
        dialect = sqlite.dialect(paramstyle="named")
        readers = []
        for number, column in enumerate(self.query.selected_columns):
            read = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if read is not None:
                readers.append((number, read))
        return str(self.query.compile(dialect=dialect)), tuple(self.query.selected_columns.keys()), tuple(readers)

    def ask(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> list[Row]:
        """What SQLite answers."""
        text, names, readers = self._spelled
        found = connection.execute(text, values).fetchall()
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for number, read in readers:
            name = names[number]
            for row in rows:
                row[name] = read(row[name])
        return rows
