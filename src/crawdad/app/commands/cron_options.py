"""The options of `crawdad cron`, and what they say of a job."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.invocation import CommandFailed
from crawdad.app.words import words

Which = Annotated[str, typer.Argument(metavar="ID", help=words("cli.cron.id"))]
Name = Annotated[str | None, typer.Option(help=words("cli.cron.name"))]
At = Annotated[str | None, typer.Option(metavar="TIME", help=words("cli.cron.at"))]
Every = Annotated[str | None, typer.Option(metavar="TIME", help=words("cli.cron.every"))]
Cron = Annotated[str | None, typer.Option("--cron", metavar="EXPR", help=words("cli.cron.expression"))]
Zone = Annotated[str | None, typer.Option("--tz", metavar="ZONE", help=words("cli.cron.zone"))]
Message = Annotated[str | None, typer.Option(help=words("cli.cron.message"))]
Text = Annotated[str | None, typer.Option(help=words("cli.cron.text"))]
Agent = Annotated[str | None, typer.Option(metavar="ID", help=words("cli.cron.agent"))]
Model = Annotated[str | None, typer.Option(help=words("cli.cron.model"))]
Announce = Annotated[str | None, typer.Option(metavar="WHERE", help=words("cli.cron.announce"))]
Webhook = Annotated[str | None, typer.Option(metavar="URL", help=words("cli.cron.webhook"))]
Misfire = Annotated[str | None, typer.Option(metavar="POLICY", help=words("cli.cron.misfire"))]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help=words("cli.cron.limit"))]


def job_document(  # noqa: PLR0913 - one parameter an option
    at: str | None,
    every: str | None,
    cron: str | None,
    tz: str | None,
    message: str | None,
    text: str | None,
    model: str | None,
    announce: str | None,
    webhook: str | None,
    misfire: str | None,
) -> dict[str, Any]:
    """What the options say of a job."""
    found: dict[str, Any] = {}
    if sum(each is not None for each in (at, every, cron)) > 1 or (message is not None and text is not None):
        raise CommandFailed(words("cli.cron.one_schedule"), exits.USAGE)
    if at is not None:
        found["schedule"] = {"kind": "at", "at": at}
    elif every is not None:
        found["schedule"] = {"kind": "every", "everyMs": _milliseconds(every)}
    elif cron is not None:
        found["schedule"] = {"kind": "cron", "expr": cron, **({"tz": tz} if tz else {})}
    elif tz is not None:
        found["schedule"] = {"tz": tz}
    if message is not None or model is not None:
        asked = {"message": message, "model": model}
        found["payload"] = {"kind": "agentTurn", **{name: value for name, value in asked.items() if value is not None}}
    elif text is not None:
        found["payload"] = {"kind": "systemEvent", "text": text}
    if announce is not None:
        channel, _, to = announce.partition(":")
        found["delivery"] = {"mode": "announce", "channel": channel or "last", "to": to}
    elif webhook is not None:
        found["delivery"] = {"mode": "webhook", "to": webhook}
    if misfire is not None:
        mode, colon, seconds = misfire.partition(":")
        found["misfire"] = {"mode": mode, "seconds": int(seconds)} if colon and seconds.isdigit() else mode
    return found


def new_job(name: str, agent: str | None, document: dict[str, Any]) -> dict[str, Any]:
    """A whole job. Raises `CommandFailed` for one that has no time or nothing to do."""
    if "schedule" not in document or "payload" not in document:
        raise CommandFailed(words("cli.cron.one_schedule"), exits.USAGE)
    return {**document, "name": name, **({"agentId": agent} if agent else {})}


def change_of(name: str | None, agent: str | None, document: dict[str, Any]) -> dict[str, Any]:
    """What is to be different."""
    return document | {key: value for key, value in (("name", name), ("agentId", agent)) if value}


def _milliseconds(text: str) -> int:
    from crawdad.core.durations import seconds_of

    try:
        return round(seconds_of(text, "s") * 1000)
    except ValueError:
        raise CommandFailed(words("cli.cron.bad_every", text=text), exits.USAGE) from None
