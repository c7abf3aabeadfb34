"""Questions to the rolled-up usage: sums over a window, apart by anything that it is kept by, and by local hours and days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, Select, Subquery, and_, case, func, literal, select, union_all

from crawdad.core.local_time import Offset
from crawdad.core.statistics import Dimension, Grain, Group, Used
from crawdad.store.database import Database
from crawdad.store.tables import usage_buckets, usage_totals
from crawdad.store.usage import COUNTS, DAY, HOUR, QUARTER, clear_usage

_LATER = 2**40 // DAY * DAY
"""Later than anything: a window without an end takes in what a clock that is ahead has counted."""
_SECONDS: dict[Grain, int] = {"hour": HOUR, "day": DAY}


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage. `since` is included, `until` is not (Unix seconds; a part of a quarter of an hour counts whole).

    `account` is an id or label, `model` a requested or resolved name. `finest` is the shortest span that is still there for all
    of the window: with hours, local hours and days of zones that are not whole hours from UTC are told to the hour.
    """

    since: int = 0
    until: int | None = None
    principal_id: str | None = None
    account: str | None = None
    model: str | None = None
    finest: int = QUARTER

    @property
    def everybody(self) -> bool:
        """Whether all usage of the window is wanted."""
        return self.principal_id is None and self.account is None and self.model is None


class Piece(NamedTuple):
    """Rows of one span, from `since` to before `until`."""

    span: int
    since: int
    until: int


def cover(since: int, until: int, spans: Sequence[int]) -> list[Piece]:
    """The fewest rows that make up a window: the longest spans in its middle, shorter ones at its ends.

    `spans` go from long to short; the ends are rounded outwards to the shortest.
    """
    span, *shorter = spans
    if not shorter:
        return [Piece(span, since // span * span, -(-until // span) * span)]
    first, last = -(-since // span) * span, until // span * span
    if first >= last:
        return cover(since, until, shorter)
    before = cover(since, first, shorter) if since < first else []
    after = cover(last, until, shorter) if last < until else []
    return [*before, Piece(span, first, last), *after]


class UsageLog:
    """The rolled-up usage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def clear(self, now: float) -> None:
        """Forget all usage until `now` (Unix seconds)."""
        await clear_usage(self._database, now)

    async def total(self, wanted: UsageFilter) -> Used:
        """The sum of all that matches."""
        source = _source(wanted, _spans(DAY, wanted))
        async with self._database.read() as connection:
            return _used((await connection.execute(select(*_sums(source)))).mappings().one())

    async def by(self, dimension: Dimension, wanted: UsageFilter) -> list[tuple[Group, Used]]:
        """Sums apart for every value of a dimension, those with the most tokens first."""
        source = _source(wanted, _spans(DAY, wanted), apart=True)
        group, label = _group(dimension, source)
        query = select(group.label("id"), label.label("label"), *_sums(source)).group_by(group)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [(Group(row["id"], row["label"] or row["id"]), _used(row)) for row in rows]
        return sorted(found, key=lambda entry: (-entry[1].total_tokens, -entry[1].requests, entry[0].label))

    async def over_time(self, grain: Grain, local: Sequence[Offset], wanted: UsageFilter) -> list[tuple[int, Used]]:
        """Sums by local hours or days, in their order; periods without any use are left out.

        An hour is told as its beginning in Unix seconds, a day as its number in local time since 1970-01-01. `local` are the
        offsets of the zone within the window.
        """
        source = _source(wanted, _spans(_SECONDS[grain], wanted, local))
        period = _period(grain, local, source)
        query = select(period.label("period"), *_sums(source)).group_by("period").order_by("period")
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [(int(row["period"]), _used(row)) for row in rows]

    async def trend(
        self, grain: Grain, dimension: Dimension, local: Sequence[Offset], wanted: UsageFilter
    ) -> list[tuple[int, Group, int]]:
        """Tokens by local hours or days (as `over_time` tells them), apart for every value of a dimension."""
        source = _source(wanted, _spans(_SECONDS[grain], wanted, local), apart=True)
        period = _period(grain, local, source)
        group, label = _group(dimension, source)
        tokens = func.sum(source.c.input_tokens + source.c.output_tokens)
        columns = period.label("period"), group.label("id"), label.label("label"), tokens.label("tokens")
        query = select(*columns).group_by("period", group).order_by("period", group).having(tokens > 0)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [(int(row.period), Group(row.id, row.label or row.id), int(row.tokens)) for row in rows]


def _spans(longest: int, wanted: UsageFilter, local: Sequence[Offset] = ()) -> tuple[int, ...]:
    """The spans to add up, from long to short: those whose rows never straddle a local hour or day, and the finest."""
    spans = [span for span in (DAY, HOUR) if wanted.finest < span <= longest]
    return (*(span for span in spans if all(each.seconds % span == 0 for each in local)), wanted.finest)


def _period(grain: Grain, local: Sequence[Offset], source: Subquery) -> ColumnElement[int]:
    """The local period of a row. Integer division: nothing here is negative."""
    bucket = source.c.bucket
    seconds = _SECONDS[grain]

    def period(offset: int) -> ColumnElement[int]:
        number: ColumnElement[int] = (bucket + literal(offset)) // literal(seconds)
        return number if grain == "day" else number * literal(seconds) - literal(offset)

    later = [(bucket >= each.since, period(each.seconds)) for each in reversed(local[1:])]
    first = period(local[0].seconds)
    return case(*later, else_=first) if later else first


def _source(wanted: UsageFilter, spans: Sequence[int], apart: bool = False) -> Subquery:
    """The rows of the window; `apart`: with what they are kept by."""
    table = usage_totals if not apart and wanted.everybody else usage_buckets
    columns = table.c
    narrow: list[ColumnElement[bool]] = []
    if wanted.principal_id is not None:
        narrow.append(columns.principal_id == wanted.principal_id)
    if wanted.account is not None:
        narrow.append((columns.account == wanted.account) | (columns.account_label == wanted.account))
    if wanted.model is not None:
        narrow.append((columns.model_requested == wanted.model) | (columns.model_resolved == wanted.model))
    until = _LATER if wanted.until is None else wanted.until
    selects: list[Select[Any]] = [
        select(table).where(
            and_(columns.span == piece.span, columns.bucket >= piece.since, columns.bucket < piece.until, *narrow)
        )
        for piece in cover(wanted.since, until, spans)
    ]
    return (union_all(*selects) if len(selects) > 1 else selects[0]).subquery()


def _group(dimension: Dimension, source: Subquery) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """What to group by and what to call it. A provider without accounts of its own counts as one."""
    columns = source.c
    if dimension == "account":
        key = case((columns.account != "", columns.account), else_=columns.account_label)
        return key, func.max(columns.account_label)
    if dimension == "principal":
        return columns.principal_id, func.max(columns.principal_name)
    column = columns[dimension]
    return column, func.max(column)


def _sums(source: Subquery) -> list[ColumnElement[Any]]:
    return [func.coalesce(func.sum(source.c[name]), 0).label(name) for name in COUNTS]


def _used(row: RowMapping) -> Used:
    """PostgreSQL gives sums as decimals."""
    counts = {name: int(row[name]) for name in COUNTS if name != "cost"}
    return Used(cost=float(row["cost"]) if counts["priced"] else None, **counts)
