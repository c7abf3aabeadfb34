"""`crawdad status`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.commands.server_client import Server, server_url
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.record import read_state
from crawdad.app.words import words

app = application("status")

_SECONDS = 5.0
_TONES = {"ok": "green", "degraded": "yellow", "down": "red"}


@command(app, "cli.status")
def status(
    context: typer.Context, url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None
) -> int:
    invocation: Invocation = context.obj
    supervisor = read_state(invocation.launch.home)
    url = url or server_url(invocation.launch)
    alive, health = _ask(url, "/healthz")
    ready, readiness = _ask(url, "/readyz")
    document = {
        "url": url,
        "alive": alive,
        "ready": ready,
        "home": str(invocation.launch.home),
        "supervisor": supervisor,
        "health": health,
        "readiness": readiness,
    }
    invocation.output.show(document, Table((words("cli.status.what"), words("cli.status.state")), _rows(document)))
    return exits.OK if ready else exits.PROBLEM if alive else exits.UNREACHABLE


def _ask(url: str, path: str) -> tuple[bool, Any]:
    try:
        code, body = Server(url, timeout=_SECONDS).get(path)
    except CommandFailed as failure:
        return False, {"error": failure.message}
    return code == 200, body


def _rows(document: dict[str, Any]) -> list[tuple[str, str | Toned]]:
    rows: list[tuple[str, str | Toned]] = [
        (words("cli.status.address"), document["url"]),
        (words("cli.status.answers"), _yes_or_no(document["alive"])),
        (words("cli.status.ready"), _yes_or_no(document["ready"])),
        (words("cli.status.health"), _level(document["health"])),
        (words("cli.status.home"), document["home"]),
    ]
    supervisor = document["supervisor"]
    if supervisor is None:
        return [*rows, (words("cli.status.supervisor"), words("cli.status.none"))]
    process = supervisor.get("application") or {}
    safe = supervisor["safe_mode"]
    return [
        *rows,
        (words("cli.status.supervisor"), words("cli.status.process", pid=supervisor["pid"])),
        (words("cli.status.application"), f"{supervisor['state']} ({process.get('pid', '-')})"),
        (words("cli.status.since"), moment(process.get("started_at"))),
        (words("cli.status.restarts"), str(supervisor["restarts"])),
        (words("cli.status.safe_mode"), Toned(words("cli.status.yes"), "yellow") if safe else words("cli.status.no")),
    ]


def _level(health: Any) -> str | Toned:
    """How well it does, as far as it says."""
    level = health.get("health") if isinstance(health, dict) else None
    tone = _TONES.get(str(level))
    return Toned(words(f"cli.status.health.{level}"), tone) if tone is not None else "-"


def _yes_or_no(answer: bool) -> Toned:
    return Toned(words("cli.status.yes"), "green") if answer else Toned(words("cli.status.no"), "red")
