"""Inserts that know what to do about a row that is there already; both databases spell them alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Insert, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_or_keep(dialect: str, table: Table, unique: Sequence[Column[Any]] = ()) -> Insert:
    """An insert that leaves a row with the same primary key (or the same values of `unique`) as it is."""
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=list(unique or table.primary_key))


def insert_or_set(dialect: str, table: Table, values: dict[str, Any], changes: dict[str, Any]) -> Insert:
    """An insert of `values` that makes `changes` to a row with the same primary key instead."""
    statement = _insert(dialect, table).values(values)
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Of the one that is used: PostgreSQL's is a dozen modules, which a gateway on SQLite need not load to start."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
