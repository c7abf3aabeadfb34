"""`crawdad update`: look for a newer version, put it in place, go back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crawdad.app.operations import Updating
    from crawdad.core.switches import Switch
    from crawdad.services.updates.service import Updated

app = application("update", no_args_is_help=True)
_WAIT_SECONDS = 300.0
_LOOK_SECONDS = 0.2


class _Told:
    """What goes on, told as it goes."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def progress(self, percent: float) -> None:
        """Lines tell enough."""

    def say(self, text: Any) -> None:
        """A line."""
        if not self._quiet:
            typer.echo(text if isinstance(text, str) else text.render(LANGUAGE), err=True)


@command(app, "cli.update.check", "check")
def check(context: typer.Context) -> int:
    from crawdad.services.updates.service import checked_fields

    invocation: Invocation = context.obj
    found = _with(invocation, lambda updating: updating.updates.check())
    lines = [Toned(words("updates.newest", version=found.current), "green")]
    if found.available:
        lines = [Toned(words("cli.update.available", latest=found.latest, current=found.current), "yellow")]
    if found.managed:
        lines.append(words(f"updates.managed.{found.managed}"))  # type: ignore[arg-type]
    invocation.output.show(checked_fields(found), *lines)
    return exits.OK


@command(app, "cli.update.status", "status")
def status(context: typer.Context) -> int:
    from crawdad.core.tasks import rendered
    from crawdad.services.updates.service import checked_fields

    invocation: Invocation = context.obj
    standing = _with(invocation, lambda updating: updating.updates.standing())
    switch = standing.switch
    reason = rendered(switch.reason, LANGUAGE) if switch is not None else ""
    last = None if switch is None else {"state": switch.state, "reason": reason or None, **switch.detail}
    facts = {
        **checked_fields(standing.checked),
        "state": standing.state,
        "installed": [each.version for each in standing.installed],
        "pointer": standing.pointer or None,
        "last": last,
    }
    checked = standing.checked
    rows = [
        ("version", checked.current),
        ("latest", checked.latest or "-"),
        ("checked", moment(checked.checked_at) or words("cli.update.never")),
        ("installed", ", ".join(each.version for each in standing.installed) or "-"),
        ("pointer", standing.pointer or "-"),
        ("last", "-" if switch is None else f"{switch.detail.get('to')}: {switch.state} {reason}".strip()),
    ]
    table = Table(("", ""), [(words(f"cli.update.fact.{name}"), value) for name, value in rows])
    invocation.output.show(facts, table)
    return exits.OK


@command(app, "cli.update.run", "run")
def run(context: typer.Context) -> int:
    return _order(context.obj, lambda updating, told: updating.updates.run(told))


@command(app, "cli.update.rollback", "rollback")
def rollback(context: typer.Context) -> int:
    return _order(context.obj, lambda updating, told: updating.updates.roll_back(told))


def _order(invocation: Invocation, order: Callable[[Updating, _Told], Awaitable[Updated]]) -> int:
    from crawdad.core.tasks import rendered

    told = _Told(invocation.output.as_json)

    async def work(updating: Updating) -> tuple[Updated, Switch | None]:
        updated = await order(updating, told)
        return updated, await _ended(updating) if updated.performed == "restarting" else None

    updated, ended = _with(invocation, work)
    undone = ended is not None and ended.state == "undone"
    reason = rendered(ended.reason, LANGUAGE) if ended is not None else ""
    facts = {
        **{"before": updated.before, "after": updated.after, "backup": updated.safety},
        "outcome": ended.state if ended is not None else updated.performed or "newest",
        "reason": reason if undone else None,
    }
    lines = []
    if ended is not None and ended.state in ("kept", "undone"):
        key = f"cli.update.outcome.{ended.state}"
        lines.append(Toned(words(key, version=updated.after, reason=reason), "red" if undone else "green"))
    invocation.output.show(facts, *lines)
    return exits.PROBLEM if undone else exits.OK


async def _ended(updating: Updating) -> Switch | None:
    end = time.monotonic() + _WAIT_SECONDS
    while await updating.switches.current() is not None:
        if time.monotonic() > end:
            return None
        await asyncio.sleep(_LOOK_SECONDS)
    return await updating.switches.last()


def _with(invocation: Invocation, work: Callable[[Updating], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with backends.open_updates(invocation.launch) as updating:
            return await work(updating)

    return asyncio.run(opened())
