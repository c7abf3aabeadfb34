"""`crawdad plugins`: other people's code: listed, shown, installed, updated, switched, removed, loaded anew, looked over."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.app.stored_plugins import StoredPlugins
    from crawdad.core.text import Text
    from crawdad.services.plugins.installing import PluginCandidate

app = application("plugins", no_args_is_help=True)
Answer = TypeVar("Answer")

Id = Annotated[str, typer.Argument(metavar="ID", help=words("cli.plugins.id"))]
Sha256 = Annotated[str, typer.Option(metavar="HASH", help=words("cli.plugins.sha256"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=words("cli.plugins.dry_run"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=words("cli.plugins.yes"))]
Downgrade = Annotated[bool, typer.Option("--downgrade", help=words("cli.plugins.downgrade"))]
_TONES = {"loaded": "green", "disabled": "yellow", "error": "red", "down": "red"}
_LISTS = (
    *("toolNames", "hookNames", "channelIds", "providerIds", "gatewayMethods", "services", "commands", "httpRoutes"),
    "skills",
)
_ASKED = ("network", "files", "programs", "config", "agents")


@command(app, "cli.plugins.list", "list")
def list_plugins(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    found = _with(invocation, lambda plugins: plugins.administration.listed(LANGUAGE))
    rows = [(one["id"], one["version"] or "", one["origin"], _state(one), one["description"]) for one in found]
    columns = [words(f"cli.plugins.column.{name}") for name in ("id", "version", "origin", "status", "description")]
    document = {"workspaceDir": str(invocation.launch.home), "plugins": found}
    invocation.output.show(document, Table(columns, rows) if found else words("cli.plugins.none"))
    return exits.OK


@command(app, "cli.plugins.show", "show")
def show(context: typer.Context, plugin: Id) -> int:
    invocation: Invocation = context.obj
    told = _with(invocation, lambda plugins: plugins.administration.shown(plugin, LANGUAGE))
    why = told.get("error") or told.get("reason") or ""
    lines: list[str | Toned] = [
        f"{told['name']} {told['version'] or ''}: {told['description']}",
        words("cli.plugins.where", path=told["rootDir"], origin=told["origin"]),
        words("cli.plugins.is", state=words(f"cli.plugins.status.{told['status']}"), reason=why),
    ]
    if told["failures"]:
        lines.append(words("cli.plugins.counted", failures=told["failures"], last=told["lastFailure"] or ""))
    if told["sandboxed"] is not None:
        lines.append(words("cli.plugins.confined" if told["sandboxed"] else "plugins.unconfined"))
    record = told["record"]
    if record.get("source"):
        at = record.get("installedAt")
        values = {"source": record["source"], "sha256": record.get("sha256", "")}
        lines.append(words("cli.plugins.from", at=moment(at if isinstance(at, float) else None), **values))
    lines += [words("cli.plugins.offers", kind=name, values=", ".join(told[name])) for name in _LISTS if told[name]]
    lines += _asked(told.get("permissions", {}))
    invocation.output.show(told, *lines)
    return exits.OK


@command(app, "cli.plugins.install", "install")
def install(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help=words("cli.plugins.source"))],
    sha256: Sha256 = "",
    force: Annotated[bool, typer.Option("--force", help=words("cli.plugins.force"))] = False,
    downgrade: Downgrade = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    invocation: Invocation = context.obj

    async def work(plugins: StoredPlugins) -> tuple[PluginCandidate, str]:
        plugins.administration.installer.progress = _progress(invocation)
        candidate = await plugins.administration.look(source, sha256)
        return candidate, await _put(invocation, plugins, candidate, (dry_run, yes, force, downgrade))

    return _told(invocation, *_with(invocation, work), yes)


@command(app, "cli.plugins.update", "update")
def update(
    context: typer.Context,
    plugin: Id,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help=words("cli.plugins.to"))] = "",
    sha256: Sha256 = "",
    downgrade: Downgrade = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    invocation: Invocation = context.obj

    async def work(plugins: StoredPlugins) -> tuple[PluginCandidate, str]:
        plugins.administration.installer.progress = _progress(invocation)
        candidate = await plugins.administration.look_at_update(plugin, to, sha256)
        return candidate, await _put(invocation, plugins, candidate, (dry_run, yes, True, downgrade))

    return _told(invocation, *_with(invocation, work), yes)


@command(app, "cli.plugins.enable", "enable")
def enable(context: typer.Context, plugin: Id) -> int:
    return _switch(context.obj, plugin, True)


@command(app, "cli.plugins.disable", "disable")
def disable(context: typer.Context, plugin: Id) -> int:
    return _switch(context.obj, plugin, False)


@command(app, "cli.plugins.uninstall", "uninstall")
def uninstall(context: typer.Context, plugin: Id, yes: Yes = False) -> int:
    invocation: Invocation = context.obj
    if not yes:
        _agreed(invocation, words("cli.plugins.confirm_remove", id=plugin), words("cli.plugins.remove_needs_yes"))
    _with(invocation, lambda plugins: plugins.administration.remove(plugin))
    invocation.output.show({"id": plugin, "removed": True}, words("cli.plugins.removed", id=plugin))
    return exits.OK


@command(app, "cli.plugins.reload", "reload")
def reload(
    context: typer.Context,
    plugin: Annotated[str | None, typer.Argument(metavar="ID", help=words("cli.plugins.id"))] = None,
) -> int:
    invocation: Invocation = context.obj
    done = _with(invocation, lambda plugins: plugins.administration.reload(plugin))
    invocation.output.show({"reloaded": done}, words("cli.plugins.reloaded", ids=", ".join(done) or "-"))
    return exits.OK


@command(app, "cli.plugins.doctor", "doctor")
def doctor(context: typer.Context) -> int:
    invocation: Invocation = context.obj

    async def look(plugins: StoredPlugins) -> tuple[list[Any], list[str]]:
        library = plugins.administration.library
        return await plugins.administration.listed(LANGUAGE), await library.unknown_entries()

    found, unknown = _with(invocation, look)
    faulty = [one for one in found if one["status"] in ("error", "down")]
    lines: list[str | Toned] = [Toned(f"{one['id']}: {one.get('error', '')}", "red") for one in faulty]
    lines += [Toned(words("cli.plugins.unknown_entry", id=plugin), "yellow") for plugin in unknown]
    document = {
        "healthy": not lines,
        "faulty": [{"id": one["id"], "status": one["status"], "error": one.get("error")} for one in faulty],
        "unknownEntries": unknown,
    }
    invocation.output.show(document, *(lines or [Toned(words("cli.plugins.healthy"), "green")]))
    return exits.PROBLEM if faulty else exits.OK


@command(app, "cli.plugins.run", "run")
def run(
    context: typer.Context,
    plugin: Id,
    name: Annotated[str, typer.Argument(metavar="COMMAND", help=words("cli.plugins.command"))],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help=words("cli.plugins.words"))] = None,
) -> int:
    invocation: Invocation = context.obj
    answer = _with(invocation, lambda plugins: plugins.run(plugin, name, arguments or []))
    if isinstance(answer, int):
        return answer
    invocation.output.show({"output": answer or ""}, *([answer] if answer else []))
    return exits.OK


def _with(invocation: Invocation, work: Callable[[StoredPlugins], Awaitable[Answer]]) -> Answer:
    async def opened() -> Answer:
        async with backends.open_plugins(invocation.launch) as plugins:
            return await work(plugins)

    return asyncio.run(opened())


async def _put(
    invocation: Invocation,
    plugins: StoredPlugins,
    candidate: PluginCandidate,
    how: tuple[bool, bool, bool, bool],
) -> str:
    dry_run, yes, force, downgrade = how
    if dry_run:
        return ""
    if not yes:
        await asyncio.to_thread(_ask, invocation, candidate)
    return await plugins.administration.install(candidate, replace_it=force, downgrade=downgrade)


def _told(invocation: Invocation, candidate: PluginCandidate, folder: str, asked: bool) -> int:
    document = {**candidate.document, "installed": bool(folder), "directory": folder}
    shown = [] if folder and not asked else _summary(candidate)
    manifest = candidate.manifest
    values = {"id": manifest.id, "version": manifest.version, "path": folder}
    done = [Toned(words("cli.plugins.installed", **values), "green")] if folder else []
    invocation.output.show(document, *shown, *done)
    return exits.OK


def _switch(invocation: Invocation, plugin: str, enabled: bool) -> int:
    _with(invocation, lambda plugins: plugins.switch(plugin, enabled))
    text = words("cli.plugins.enabled" if enabled else "cli.plugins.disabled", id=plugin)
    invocation.output.show({"id": plugin, "enabled": enabled}, text)
    return exits.OK


def _ask(invocation: Invocation, candidate: PluginCandidate) -> None:
    """Show what the plugin would have, and have the operator agree. Where nobody can, `--yes` is needed."""
    if not invocation.output.as_json and sys.stdin.isatty():
        invocation.output.show(None, *_summary(candidate))
    _agreed(invocation, words("cli.plugins.confirm", id=candidate.manifest.id), words("cli.plugins.needs_yes"))


def _agreed(invocation: Invocation, question: str, unasked: str) -> None:
    if invocation.output.as_json or not sys.stdin.isatty():
        raise CommandFailed(unasked, exits.USAGE)
    if not typer.confirm(question):
        raise CommandFailed(words("cli.plugins.left"), exits.PROBLEM)


def _progress(invocation: Invocation) -> Callable[[Text], None]:
    def tell(text: Text) -> None:
        if not invocation.output.as_json and sys.stderr.isatty():
            print(text.render(LANGUAGE), file=sys.stderr)

    return tell


def _summary(candidate: PluginCandidate) -> list[str | Toned]:
    manifest, document = candidate.manifest, candidate.document
    lines: list[str | Toned] = [
        f"{manifest.name.render(LANGUAGE)} {manifest.version}: {manifest.description.render(LANGUAGE)}",
        words(
            "cli.plugins.hash",
            sha256=candidate.package.digest,
            vouched=words(f"cli.plugins.by.{candidate.vouched}"),
        ),
        Toned(words("cli.plugins.runs.apart" if manifest.isolated else "cli.plugins.runs.inside"), "yellow"),
    ]
    if document["replaces"]:
        lines.append(words("cli.plugins.replaces", version=document["replaces"]))
    for kind, values in document["offers"].items():
        if isinstance(values, list) and values:
            lines.append(words("cli.plugins.offers", kind=kind, values=", ".join(values)))
    lines += _asked(document["permissions"])
    if candidate.previous is not None and candidate.more:
        new = [each for values in document["newPermissions"].values() for each in values]
        lines.append(Toned(words("cli.plugins.asks.new", values=", ".join(new)), "yellow"))
    if candidate.libraries:
        lines.append(words("cli.plugins.libraries", values=", ".join(candidate.libraries)))
    lines += [Toned(words("cli.plugins.warning", text=text), "yellow") for text in candidate.warnings]
    return lines


def _asked(permissions: dict[str, list[str]]) -> list[str]:
    return [
        words(f"cli.plugins.asks.{name}", values=", ".join(permissions[name]))
        for name in _ASKED
        if permissions.get(name)
    ]


def _state(one: dict[str, Any]) -> Toned:
    return Toned(words(f"cli.plugins.status.{one['status']}"), _TONES[one["status"]])
