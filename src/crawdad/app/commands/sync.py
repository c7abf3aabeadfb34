"""`crawdad sync`: point Claude Code, Codex or Gemini CLI at this gateway."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.backends import Tools
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import words
from crawdad.services.cli_sync.plan import FileChange

app = application("sync", no_args_is_help=True)


@command(app, "cli.sync")
def sync(  # noqa: PLR0913  # one parameter an option
    context: typer.Context,
    tool: Annotated[str, typer.Argument(metavar="claude|codex|gemini", help=words("cli.sync.tool"))],
    url: Annotated[str | None, typer.Option(metavar="URL", help=words("cli.sync.url"))] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help=words("cli.sync.key"))] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help=words("cli.sync.model"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words("cli.sync.dry_run"))] = False,
    restore: Annotated[bool, typer.Option("--restore", help=words("cli.sync.restore"))] = False,
    status: Annotated[bool, typer.Option("--status", help=words("cli.sync.status"))] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=words("cli.sync.yes"))] = False,
) -> int:
    invocation: Invocation = context.obj
    tools = backends.open_tools(invocation.launch)
    if status:
        return asyncio.run(_status(invocation, tools, tool, url))
    planned = asyncio.run(tools.preview(tool, url, key, model, restore))
    changes = [change for change in planned if change.is_change]
    secrets = (key or "",)
    shown = [_lines(change, secrets) for change in changes] or [words("cli.sync.nothing")]
    written = bool(changes) and not dry_run
    if written and not invocation.output.as_json:
        invocation.output.show(None, *shown)
        if not yes and sys.stdin.isatty() and not typer.confirm(words("cli.sync.confirm")):
            raise CommandFailed(words("cli.sync.left"), exits.PROBLEM)
    if written or (restore and not dry_run):
        asyncio.run(tools.restore(tool, url) if restore else tools.sync(tool, url, key, model))
    document = {
        "tool": tool,
        "written": written,
        "files": [{"path": tools.place(change.file), "diff": change.diff(secrets)} for change in changes],
    }
    done = Toned(words("cli.sync.restored" if restore else "cli.sync.done", tool=tool), "green")
    invocation.output.show(document, *([done] if written else shown))
    return exits.OK


async def _status(invocation: Invocation, tools: Tools, tool: str, url: str | None) -> int:
    found = await tools.status(tool, url)
    document: dict[str, Any] = {
        "tool": tool,
        "installed": found.installed,
        "version": found.version,
        "synced": found.is_synced,
        "backup": found.has_backup,
        "base_url": found.current_base_url,
        "files": list(found.paths),
    }
    lines: Sequence[str] = [
        words("cli.sync.installed" if found.installed else "cli.sync.missing", tool=tool, version=found.version or ""),
        words("cli.sync.is_synced" if found.is_synced else "cli.sync.not_synced", url=found.current_base_url or "-"),
        *([words("cli.sync.has_backup")] if found.has_backup else []),
    ]
    invocation.output.show(document, *lines)
    return exits.OK


def _lines(change: FileChange, secrets: Sequence[str]) -> str:
    return change.diff(secrets)
