"""How SQL says which exchanges somebody wants to see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, or_

from crawdad.core.log import ExchangeFilter
from crawdad.store.tables import IS_ERROR, exchanges

_SEARCHED = (
    exchanges.c.id,
    exchanges.c.principal_name,
    exchanges.c.model_requested,
    exchanges.c.model_resolved,
    exchanges.c.error_message,
)
_SEARCHED_BY_TERMS = (
    exchanges.c.path,
    exchanges.c.method,
    exchanges.c.model_requested,
    cast(exchanges.c.status, Text),
    exchanges.c.account_label,
)


def matching(query: Select[Any], wanted: ExchangeFilter | None, dialect: str) -> Select[Any]:
    """`query`, narrowed to what is wanted."""
    return query if wanted is None else query.where(*_conditions(wanted, dialect))


def _conditions(wanted: ExchangeFilter, dialect: str) -> list[ColumnElement[bool]]:
    """What rows must meet."""
    columns = exchanges.c
    exact = (
        (columns.principal_id, wanted.principal_id),
        (columns.model_resolved, wanted.model),
        (columns.provider, wanted.provider),
        (columns.outcome, wanted.outcome),
        (columns.contract, wanted.contract),
        (columns.status, wanted.status),
    )
    either = (
        (columns.model_requested, columns.model_resolved, wanted.named),
        (columns.account, columns.account_label, wanted.account),
        (columns.principal_id, columns.principal_name, wanted.key),
    )
    found = [column == value for column, value in exact if value is not None]
    found += [or_(first == value, second == value) for first, second, value in either if value is not None]
    if wanted.since is not None:
        found.append(columns.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(columns.started_at < wanted.until)
    if wanted.errors:
        found.append(IS_ERROR)
    if wanted.containing:
        found.append(found_in(_SEARCHED, wanted.containing, dialect))
    return found + [found_in(_SEARCHED_BY_TERMS, term, dialect) for term in wanted.terms]


def found_in(columns: tuple[ColumnElement[Any], ...], words: str, dialect: str) -> ColumnElement[bool]:
    """Whether any of the columns holds the words, in any case and taken literally.

    SQLite's LIKE ignores the case of ASCII letters by itself, and without `lower` it is three times as fast."""
    literal = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    like = (column.like if dialect == "sqlite" else column.ilike for column in columns)
    return or_(*(compare(f"%{literal}%", escape="/") for compare in like))
