"""Which exchanges somebody wants to see, and how SQL says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, or_

from crawdad.core.exchange import Outcome
from crawdad.store.tables import IS_ERROR, exchanges


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """Which exchanges. None means any; `since` is included, `until` is not (Unix seconds).

    `containing` is looked for, in any case, in the id, the names of principal and models, and the error. Each of `terms` must be
    found in the path, the method, the requested model, the status or the account's label. Both are taken literally.
    `model` is the resolved name, `named` either the requested or the resolved one. `account` is an id or a label, `key` the id or
    the name of a principal, `principal_id` alone the id. `errors`: those whose status is no success.
    """

    principal_id: str | None = None
    model: str | None = None
    provider: str | None = None
    outcome: Outcome | None = None
    contract: str | None = None
    since: float | None = None
    until: float | None = None
    containing: str | None = None
    terms: tuple[str, ...] = ()
    errors: bool = False
    status: int | None = None
    named: str | None = None
    account: str | None = None
    key: str | None = None


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


def matching(query: Select[Any], wanted: ExchangeFilter | None) -> Select[Any]:
    """`query`, narrowed to what is wanted."""
    return query if wanted is None else query.where(*conditions(wanted))


def conditions(wanted: ExchangeFilter) -> list[ColumnElement[bool]]:
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
        found.append(_found_in(_SEARCHED, wanted.containing))
    return found + [_found_in(_SEARCHED_BY_TERMS, term) for term in wanted.terms]


def _found_in(columns: tuple[ColumnElement[Any], ...], words: str) -> ColumnElement[bool]:
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
