"""What the bench found, as rows: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what was measured, what Crawdad wants to reach, and what puts it in proportion.

    `met` is None where there is no goal, or where this run cannot judge it. `data` holds the plain numbers.
    """

    name: str
    result: str
    goal: str = ""
    met: bool | None = None
    beside: str = ""
    data: dict[str, float] = field(default_factory=dict)


_MARKS = {True: "[green]✓[/green]", False: "[yellow]✗[/yellow]", None: ""}


def show(rows: Sequence[Row], remarks: Sequence[str]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_lines=True)
    for heading in ("measured", "result", "goal", "beside it"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        goal = f"{escape(row.goal)} {_MARKS[row.met]}"
        table.add_row(escape(row.name), f"[bold]{escape(row.result)}[/bold]", goal, escape(row.beside))
    console = Console()
    console.print(table)
    for remark in remarks:
        console.print(remark, markup=False, highlight=False)


def as_json(rows: Sequence[Row], remarks: Sequence[str]) -> dict[str, Any]:
    """The same for a program."""
    return {"rows": [asdict(row) for row in rows], "remarks": list(remarks)}
