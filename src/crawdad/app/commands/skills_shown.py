"""What `crawdad skills install` shows and asks, of this installation or of another gateway: the fields of
`services.skills.staging.candidate_fields`."""

from __future__ import annotations

import sys
from typing import Any

import typer

from crawdad.app import exits
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import words

Fields = dict[str, Any]
_HAS = (
    ("programs", "binaries"),
    ("variables", "variables"),
    ("settings", "config"),
    ("installers", "installers"),
    ("scripts", "scripts"),
    ("hosts", "hosts"),
)


def confirm(invocation: Invocation, skill: Fields) -> None:
    """Show what the skill would have, and have the operator agree. Where nobody can, `--yes` is needed."""
    if invocation.output.as_json or not sys.stdin.isatty():
        raise CommandFailed(words("cli.skills.needs_yes"), exits.USAGE)
    invocation.output.show(None, *summary(skill))
    if not typer.confirm(words("cli.skills.confirm", name=skill["name"])):
        raise CommandFailed(words("cli.skills.left"), exits.PROBLEM)


def show_installed(invocation: Invocation, skill: Fields, folder: str, *, seen: bool) -> int:
    """What was installed in `folder`, or (where that is empty) would be. `seen`: nobody was asked, so the summary comes now."""
    document = {
        **{"name": skill["name"], "installed": bool(folder), "directory": folder},
        **{name: skill[name] for name in ("sha256", "vouchedBy", "permissions")},
    }
    shown = summary(skill) if seen or not folder else []
    done = [Toned(words("cli.skills.installed", name=skill["name"], path=folder), "green")] if folder else []
    invocation.output.show(document, *shown, *done)
    return exits.OK


def summary(skill: Fields) -> list[str | Toned]:
    """What the skill is, and what it would have."""
    has = skill["permissions"]
    vouched = words(f"cli.skills.by.{skill['vouchedBy']}")
    lines: list[str | Toned] = [
        f"{skill['name']}: {skill['description']}",
        words("cli.skills.hash", sha256=skill["sha256"], vouched=vouched),
        words("cli.skills.size", files=has["files"], bytes=has["bytes"]),
    ]
    lines += [words(f"cli.skills.has.{key}", values=", ".join(has[name])) for key, name in _HAS if has[name]]
    if has["commandTool"]:
        lines.append(words("cli.skills.has.tool", values=has["commandTool"]))
    return lines + [Toned(words("cli.skills.warning", text=text), "yellow") for text in has["warnings"]]
