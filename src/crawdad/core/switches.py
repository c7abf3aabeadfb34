"""Putting new things in the place of old ones while no application runs: what services order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.tasks import Words
from crawdad.core.text import Text

SwitchState = Literal["rows", "prepared", "applying", "trial", "undoing", "kept", "undone"]
Performed = Literal["done", "restarting", "waiting"]
"""`done`: it is in place. `restarting`: the supervisor lets the application go and starts it anew. `waiting`: it will be done
when the application is started the next time."""


@dataclass(frozen=True, slots=True)
class SwitchMove:
    """`target` gives way to `staged` (empty: it just goes). `guard`: it stays where it is, and comes back as it is now should
    the application not work with what else is new. `keep`: what was there stays lying beside it."""

    target: str
    staged: str = ""
    guard: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch. `reason`: why it was undone."""

    id: str
    purpose: str
    state: SwitchState
    reason: Words = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def under_way(found: Switch) -> GatewayError:
    """Why nothing else can be put in place now, with what to do."""
    key = "switch.waits_for_rows" if found.state == "rows" else "switch.under_way"
    text = Text(key, {"purpose": found.purpose})
    return GatewayError(ErrorKind.CONFLICT, text, {"code": "switch_under_way"})


class Switches(Protocol):
    """The one switch that can be under way."""

    async def prepare(
        self,
        switch_id: str,
        purpose: str,
        moves: Sequence[SwitchMove],
        detail: Mapping[str, Any],
        *,
        rows: bool = False,
    ) -> None:
        """Order one. With `rows` something that belongs to it is written into a database first, under its id: nothing else is
        done before `rows_written`. Raises CONFLICT where one is under way, BAD_REQUEST where something is in a place that
        cannot be given another content by renaming."""

    async def rows_written(self) -> None:
        """What belongs to it stands in the database. Raises UNAVAILABLE where that cannot be written down."""

    async def leave_rows(self) -> None:
        """Whether it does cannot be told: whoever can tell may adopt it."""

    async def adopt(self) -> Switch | None:
        """The one that waits for its rows, where whoever was writing them is gone: it is this process's to settle now."""

    async def give_up(self, reason: Words) -> Switch | None:
        """End the one that was adopted, as it cannot be told whether its rows stand. None: there is none such any more."""

    async def perform(self) -> Performed:
        """Have it done as soon as can be."""

    async def withdraw(self) -> bool:
        """Forget what is prepared and has not begun."""

    async def current(self) -> Switch | None:
        """The one under way."""

    async def last(self) -> Switch | None:
        """The one that ended last."""

    def beside(self, target: str, name: str) -> str:
        """Where to stage what is to take the place of `target`: in the same file system."""
