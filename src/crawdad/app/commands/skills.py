"""`crawdad skills`: what agents have learnt: listed, shown, installed, removed, switched on and off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.commands.skills_shown import confirm, show_installed
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.services.skills.installing import Candidate
    from crawdad.services.skills.skill import Skill

app = application("skills", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help=words("cli.skills.name"))]
Source = Annotated[str, typer.Argument(help=words("cli.skills.source"))]
Hash = Annotated[str, typer.Option(metavar="HASH", help=words("cli.skills.sha256"))]
Registry = Annotated[str, typer.Option(metavar="URL", help=words("cli.skills.registry"))]
Force = Annotated[bool, typer.Option("--force", help=words("cli.skills.force"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=words("cli.skills.dry_run"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=words("cli.skills.yes"))]
Workspace = Annotated[Path | None, typer.Option(metavar="DIR", help=words("cli.skills.workspace"))]


@command(app, "cli.skills.list", "list")
def list_skills(context: typer.Context, workspace: Workspace = None) -> int:
    invocation: Invocation = context.obj

    async def look() -> list[Skill]:
        async with backends.open_skills(invocation.launch) as skills:
            return list(await skills.found(workspace))

    found = asyncio.run(look())
    rows = [(one.head.name, one.source, _state(one), one.head.described(LANGUAGE)) for one in found]
    table = Table([words(f"cli.skills.column.{name}") for name in ("name", "source", "state", "description")], rows)
    document = {"skills": [_document(skill) for skill in found]}
    invocation.output.show(document, table if found else words("cli.skills.none"))
    return exits.OK


@command(app, "cli.skills.show", "show")
def show(context: typer.Context, name: Name, workspace: Workspace = None) -> int:
    invocation: Invocation = context.obj

    async def look() -> tuple[Skill, dict[str, Any]]:
        async with backends.open_skills(invocation.launch) as skills:
            skill = await skills.get(name, workspace)
            record = dict(await skills.record(name)) if skill.source == "managed" else {}
            return skill, record

    skill, record = asyncio.run(look())
    head = skill.head
    lines = [
        f"{head.name}: {head.described(LANGUAGE)}",
        words("cli.skills.where", path=skill.path, source=skill.source),
        words("cli.skills.is", state=_words(skill)),
    ]
    if record.get("source"):
        at = record.get("installedAt")
        lines.append(
            words(
                "cli.skills.from",
                source=record["source"],
                sha256=record.get("sha256", ""),
                at=moment(at if isinstance(at, float) else None),
            )
        )
    invocation.output.show({**_document(skill), "record": record}, *lines)
    return exits.OK


@command(app, "cli.skills.install", "install")
def install(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    source: Source,
    sha256: Hash = "",
    registry: Registry = "",
    force: Force = False,
    downgrade: Annotated[bool, typer.Option("--downgrade", help=words("cli.skills.downgrade"))] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    from crawdad.services.skills.staging import candidate_fields

    invocation: Invocation = context.obj

    async def work() -> tuple[Candidate, str]:
        async with backends.open_skills(invocation.launch) as skills:
            candidate = await skills.look(source, sha256, registry)
            if dry_run:
                return candidate, ""
            if not yes:
                await asyncio.to_thread(confirm, invocation, candidate_fields(candidate))
            return candidate, await skills.install(candidate, force or downgrade, downgrade)

    candidate, folder = asyncio.run(work())
    return show_installed(invocation, candidate_fields(candidate), folder, seen=yes)


@command(app, "cli.skills.remove", "remove")
def remove(context: typer.Context, name: Name) -> int:
    invocation: Invocation = context.obj

    async def work() -> None:
        async with backends.open_skills(invocation.launch) as skills:
            await skills.remove(name)

    asyncio.run(work())
    invocation.output.show({"name": name, "removed": True}, words("cli.skills.removed", name=name))
    return exits.OK


@command(app, "cli.skills.enable", "enable")
def enable(context: typer.Context, name: Name, workspace: Workspace = None) -> int:
    return _switch(context.obj, name, True, workspace)


@command(app, "cli.skills.disable", "disable")
def disable(context: typer.Context, name: Name, workspace: Workspace = None) -> int:
    return _switch(context.obj, name, False, workspace)


def _switch(invocation: Invocation, name: str, enabled: bool, workspace: Path | None) -> int:
    async def work() -> None:
        async with backends.open_skills(invocation.launch) as skills:
            await skills.switch(name, enabled, workspace)

    asyncio.run(work())
    text = words("cli.skills.enabled" if enabled else "cli.skills.disabled", name=name)
    invocation.output.show({"name": name, "enabled": enabled}, text)
    return exits.OK


def _document(skill: Skill) -> dict[str, Any]:
    return {
        "name": skill.head.name,
        "description": skill.head.description,
        "key": skill.head.key,
        "source": skill.source,
        "path": skill.path,
        "usable": skill.hindrance is None,
        "reason": None if skill.hindrance is None else skill.hindrance.render(LANGUAGE),
        "homepage": skill.head.homepage or None,
    }


def _state(skill: Skill) -> Toned:
    return Toned(_words(skill), "green" if skill.hindrance is None else "yellow")


def _words(skill: Skill) -> str:
    return words("cli.skills.usable") if skill.hindrance is None else skill.hindrance.render(LANGUAGE)
