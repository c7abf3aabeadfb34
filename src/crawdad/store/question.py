"""Queries that are asked again and again: built once, and on SQLite spelled once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, RowMapping, Select, bindparam
from sqlalchemy.dialects import sqlite

Row = dict[str, Any]
"""A found row by the names of its columns."""
AnyRow = RowMapping | Row
"""The same, also as SQLAlchemy gives it."""


def parameter(name: str) -> BindParameter[Any]:
    """What is given when a question is asked."""
    return bindparam(name, required=False)


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A query as SQLite takes it: its text, the values that stand in it, the columns' names, and how some of them are read."""

    text: str
    values: Mapping[str, Any]
    names: Sequence[str]
    readers: Sequence[tuple[str, Callable[[Any], Any]]]


class Question:
    """A query whose parameters are `parameter`s; each of its columns has a name of its own."""

    def __init__(self, query: Select[Any]) -> None:
        self.query = query

    @cached_property
    def _spelled(self) -> _Spelled:
        dialect = sqlite.dialect(paramstyle="named")
        compiled = self.query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        readers = []
        for name, column in self.query.selected_columns.items():
            read = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if read is not None:
                readers.append((name, read))
        return _Spelled(str(compiled), compiled.params, tuple(self.query.selected_columns.keys()), tuple(readers))

    def ask(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> list[Row]:
        """What SQLite answers."""
        spelled = self._spelled
        found = connection.execute(spelled.text, {**spelled.values, **values}).fetchall()
        rows = [dict(zip(spelled.names, row, strict=True)) for row in found]
        for name, read in spelled.readers:
            for row in rows:
                row[name] = read(row[name])
        return rows
