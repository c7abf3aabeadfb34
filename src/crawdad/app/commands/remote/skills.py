"""`crawdad skills` for another gateway. What is on this machine is brought there; addresses the gateway fetches itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.commands.skills import DryRun, Force, Hash, Name, Registry, Source, Yes
from crawdad.app.commands.skills_shown import confirm, show_installed
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.adapters.control_client import Connection

app = application("skills", no_args_is_help=True)
_PIECE = 2 * 1024 * 1024
_MOST_BYTES, _MOST_FILES = 50 * 1024 * 1024, 2000
_SECONDS = 180.0


@command(app, "cli.skills.list", "list")
def list_skills(
    context: typer.Context,
    agent: Annotated[str | None, typer.Option(metavar="ID", help=words("cli.agents.agent"))] = None,
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("skills.status", {"agentId": agent} if agent else {})
    rows = [(each["name"], each["source"], _state(each), each["description"]) for each in told["skills"]]
    table = Table([words(f"cli.skills.column.{name}") for name in ("name", "source", "state", "description")], rows)
    invocation.output.show(told, table if rows else words("cli.skills.none"))
    return exits.OK


@command(app, "cli.skills.show", "show")
def show(context: typer.Context, name: Name) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        skill = _skill(channel, name)
    rows = [
        (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in skill.items()
    ]
    invocation.output.show(skill, Table(("", ""), rows))
    return exits.OK


@command(app, "cli.skills.install", "install")
def install(
    context: typer.Context,
    source: Source,
    sha256: Hash = "",
    registry: Registry = "",
    force: Force = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    invocation: Invocation = context.obj
    away = bool(registry) or source.startswith(("http://", "https://"))
    with open_channel(invocation) as channel:
        if away:
            pins = {name: value for name, value in (("sha256", sha256.lower()), ("registry", registry)) if value}
            skill = channel.call("skills.look", {"address": source, **pins}, _SECONDS)
        else:
            skill = _brought(channel, source, sha256, force)
        if dry_run:
            return show_installed(invocation, skill, "", seen=True)
        if not yes:
            confirm(invocation, skill)
        wanted = {"source": "upload", "uploadId": skill["uploadId"], "slug": skill["name"], "force": force}
        made = channel.call("skills.install", {**wanted, "sha256": skill["sha256"]}, _SECONDS)
    return show_installed(invocation, made, made["directory"], seen=yes)


@command(app, "cli.skills.remove", "remove")
def remove(context: typer.Context, name: Name) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        channel.call("skills.remove", {"name": name})
    invocation.output.show({"name": name, "removed": True}, words("cli.skills.removed", name=name))
    return exits.OK


@command(app, "cli.skills.enable", "enable")
def enable(context: typer.Context, name: Name) -> int:
    return _switch(context.obj, name, True)


@command(app, "cli.skills.disable", "disable")
def disable(context: typer.Context, name: Name) -> int:
    return _switch(context.obj, name, False)


def _switch(invocation: Invocation, name: str, enabled: bool) -> int:
    with open_channel(invocation) as channel:
        channel.call("skills.update", {"skillKey": _skill(channel, name)["skillKey"], "enabled": enabled})
    text = words("cli.skills.enabled" if enabled else "cli.skills.disabled", name=name)
    invocation.output.show({"name": name, "enabled": enabled}, text)
    return exits.OK


def _skill(channel: Connection, name: str) -> dict[str, Any]:
    skills: list[dict[str, Any]] = channel.call("skills.status", {})["skills"]
    found = next((each for each in skills if each["name"] == name), None)
    if found is None:
        raise CommandFailed(words("skills.unknown", name=name[:100]))
    return found


def _brought(channel: Connection, source: str, sha256: str, force: bool) -> dict[str, Any]:
    """Bring a directory or an archive of this machine to the gateway: what it would have."""
    name, data = _archive(source)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 and (Path(source).is_dir() or sha256.lower() != digest):
        wanted = sha256.lower()
        raise CommandFailed(words("skills.other_hash", found=digest, wanted=wanted[:64]))
    begin = {"kind": "skill-archive", "slug": name, "sizeBytes": len(data), "sha256": digest, "force": force}
    upload = channel.call("skills.upload.begin", begin)["uploadId"]
    for start in range(0, len(data), _PIECE):
        piece = base64.b64encode(data[start : start + _PIECE]).decode()
        channel.call("skills.upload.chunk", {"uploadId": upload, "offset": start, "dataBase64": piece}, _SECONDS)
    found: dict[str, Any] = channel.call("skills.upload.commit", {"uploadId": upload}, _SECONDS)
    return found


def _archive(source: str) -> tuple[str, bytes]:
    """A skill's name and its archive, read and checked as an installation of one's own would be."""
    from crawdad.adapters.agent_files import LocalSkillPackages
    from crawdad.core.errors import GatewayError
    from crawdad.services.skills.head import read_head

    try:
        package = asyncio.run(LocalSkillPackages(Path()).read(source, _MOST_BYTES, _MOST_FILES))
    except GatewayError as error:
        raise CommandFailed(error.message(LANGUAGE)) from error
    head = read_head(package.files.get("SKILL.md", b"").decode("utf-8", "replace"))
    if head is None:
        raise CommandFailed(words("skills.no_head"))
    place = Path(source).expanduser()
    if not place.is_dir():
        return head.name, place.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.files):
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path in package.executable else 0o100644) << 16
            archive.writestr(entry, package.files[path])
    return head.name, packed.getvalue()


def _state(skill: dict[str, Any]) -> Toned:
    if skill["eligible"]:
        return Toned(words("cli.skills.usable"), "green")
    if skill["disabled"]:
        return Toned(words("cli.remote.skill_off"), "yellow")
    missing = [str(name) for names in skill["missing"].values() for name in names]
    return Toned(words("cli.remote.skill_lacks", what=", ".join(missing)), "yellow")
