"""`crawdad stats`: what was used."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.statistics import Dimension, Used

app = application("stats")
_COLUMNS = ("requests", "failed", "input", "output", "tokens", "cost")


class By(StrEnum):
    """What usage may be told apart by."""

    DAY = "day"
    MODEL = "model"
    ACCOUNT = "account"
    KEY = "key"
    OWNER = "owner"


_DIMENSIONS: dict[By, Dimension] = {
    By.MODEL: "model_requested",
    By.ACCOUNT: "account",
    By.KEY: "principal",
    By.OWNER: "owner",
}


@command(app, "cli.stats")
def stats(
    context: typer.Context,
    by: Annotated[By, typer.Option("--by", help=words("cli.stats.by"))] = By.DAY,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help=words("cli.stats.days"))] = 7,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help=words("cli.stats.timezone"))
    ] = None,
) -> int:
    invocation: Invocation = context.obj
    total, rows = asyncio.run(_read(invocation, by, days, timezone))
    document = {"by": by.value, "days": days, "total": _document(total)}
    titles = [words(f"cli.stats.column.{column}") for column in (by.value, *_COLUMNS)]
    told = [*rows, (words("cli.stats.total"), total)]
    invocation.output.show(
        {**document, "rows": [{by.value: name, **_document(used)} for name, used in rows]},
        Table(titles, [_row(name, used) for name, used in told]),
    )
    return exits.OK


async def _read(invocation: Invocation, by: By, days: int, timezone: str | None) -> tuple[Used, list[tuple[str, Used]]]:
    from crawdad.core.statistics import Used
    from crawdad.services.statistics import Asked

    asked = Asked(timezone)
    async with backends.open_statistics(invocation.launch) as statistics:
        if by is By.DAY:
            rows = [(period.name, period.used) for period in await statistics.daily(days, asked)]
        else:
            found = await statistics.by(_DIMENSIONS[by], days * 24, asked)
            rows = [(group.label or words("cli.stats.nobody"), used) for group, used in found]
    return sum((used for _, used in rows), Used()), rows


def _document(used: Used) -> dict[str, Any]:
    return {
        "requests": used.completed,
        "failed": used.failed,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "total_tokens": used.total_tokens,
        "cache_read_tokens": used.cache_read_tokens,
        "cost": used.cost,
        "unpriced_requests": used.unpriced,
    }


def _row(name: str, used: Used) -> tuple[str, ...]:
    counts = (used.completed, used.failed, used.input_tokens, used.output_tokens, used.total_tokens)
    cost = words("cli.stats.no_price") if used.cost is None else f"{used.cost:,.4f}"
    return name, *(f"{count:,}" for count in counts), cost + ("+" if used.unpriced and used.cost is not None else "")
