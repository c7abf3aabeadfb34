"""`crawdad restore`: put a backup back, after a rehearsal."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.backup import with_backups
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.app.operations import Kept
    from crawdad.core.switches import Switch
    from crawdad.services.backups.rehearsal import Rehearsal, Restored

app = application("restore")
_PARTS = {
    "config": ("config",),
    "database": ("database",),
    "workspaces": ("workspaces",),
    "cron": ("cron",),
}
_WAIT_SECONDS = 180.0
_LOOK_SECONDS = 0.2


@command(app, "cli.restore")
def restore(
    context: typer.Context,
    backup: Annotated[str, typer.Argument(metavar="[BACKUP]", help=words("cli.backup.id"))] = "",
    only: Annotated[str | None, typer.Option(help=words("cli.restore.only"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words("cli.restore.dry_run"))] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help=words("cli.restore.abandon"))] = False,
) -> int:
    from crawdad.core.backups import PARTS
    from crawdad.core.tasks import rendered

    invocation: Invocation = context.obj
    if abandon:
        return _abandon(invocation)
    if not backup:
        raise CommandFailed(words("cli.restore.no_backup"), exits.USAGE)
    if only is not None and only not in _PARTS:
        raise CommandFailed(words("cli.restore.unknown_part", part=only, known=", ".join(_PARTS)), exits.USAGE)
    parts: Any = PARTS if only is None else _PARTS[only]
    if dry_run:
        rehearsal = with_backups(invocation, lambda kept: kept.restores.rehearse(backup, parts))
        passed = words("cli.restore.passed") if rehearsal.passed else words("cli.restore.not_passed")
        end = Toned(passed, "green" if rehearsal.passed else "red")
        invocation.output.show(_rehearsed(rehearsal), _table(rehearsal), *rehearsal.replaces, end)
        return exits.OK if rehearsal.passed else exits.PROBLEM

    async def work(kept: Kept) -> tuple[Restored, Switch | None]:
        restored = await kept.restores.restore(backup, parts)
        ended = await _ended(kept) if restored.performed == "restarting" else None
        return restored, ended

    restored, ended = with_backups(invocation, work)
    undone = ended is not None and ended.state == "undone"
    outcome = ended.state if ended is not None else restored.performed
    reason = rendered(ended.reason, LANGUAGE) if ended is not None else ""
    facts = {
        **_rehearsed(restored.rehearsal),
        "outcome": outcome,
        "undo": restored.safety.id if restored.safety else None,
        "reason": reason if undone else None,
    }
    key = f"cli.restore.outcome.{outcome}"
    line = Toned(words(key, reason=reason), "red" if undone else "green")
    undo = [words("cli.restore.undo", id=restored.safety.id)] if restored.safety and not undone else []
    invocation.output.show(facts, _table(restored.rehearsal), line, *undo)
    return exits.PROBLEM if undone else exits.OK


def _abandon(invocation: Invocation) -> int:
    ended = with_backups(invocation, lambda kept: kept.restores.abandon())
    safety = ended.detail.get("safety")
    facts = {"outcome": "abandoned", "backup": ended.detail.get("backup"), "undo": safety}
    invocation.output.show(facts, Toned(words("cli.restore.abandoned", backup=safety or "-"), "green"))
    return exits.OK


async def _ended(kept: Kept) -> Switch | None:
    """What became of the switch that the supervisor does; None while it is not clear for long."""
    end = time.monotonic() + _WAIT_SECONDS
    while await kept.switches.current() is not None:
        if time.monotonic() > end:
            return None
        await asyncio.sleep(_LOOK_SECONDS)
    return await kept.switches.last()


def _rehearsed(rehearsal: Rehearsal) -> dict[str, Any]:
    from crawdad.core.tasks import rendered

    steps = [{"step": step.name, "problem": rendered(step.problem, LANGUAGE)} for step in rehearsal.steps]
    facts = {"backup": rehearsal.backup.id, "parts": list(rehearsal.parts), "passed": rehearsal.passed}
    return {**facts, "steps": steps, "replaces": list(rehearsal.replaces)}


def _table(rehearsal: Rehearsal) -> Table:
    from crawdad.core.tasks import rendered

    rows = [
        (
            words(f"backups.step.{step.name}"),
            Toned(rendered(step.problem, LANGUAGE) or "✓", "red" if step.problem else "green"),
        )
        for step in rehearsal.steps
    ]
    return Table([words("cli.restore.step"), words("cli.restore.result")], rows)
