"""`crawdad cron` for another gateway."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.cron_options import (
    Agent,
    Announce,
    At,
    Cron,
    Every,
    Limit,
    Message,
    Misfire,
    Model,
    Name,
    Text,
    Webhook,
    Which,
    Zone,
    change_of,
    job_document,
    new_job,
)
from crawdad.app.commands.cron_shown import job_table, jobs_table, runs_table
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import words

app = application("cron", no_args_is_help=True)
_RUN_SECONDS = 3600.0
_PAGE = 200


@command(app, "cli.cron.list", "list")
def list_jobs(
    context: typer.Context,
    all_jobs: Annotated[bool, typer.Option("--all", help=words("cli.cron.disabled"))] = False,
) -> int:
    found = _jobs(context.obj, all_jobs)
    context.obj.output.show({"jobs": found}, jobs_table(found))
    return exits.OK


@command(app, "cli.cron.add", "add")
def add(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=words("cli.cron.name"))],
    at: At = None,
    every: Every = None,
    cron: Cron = None,
    tz: Zone = None,
    message: Message = None,
    text: Text = None,
    agent: Agent = None,
    model: Model = None,
    announce: Announce = None,
    webhook: Webhook = None,
    misfire: Misfire = None,
) -> int:
    asked = job_document(at, every, cron, tz, message, text, model, announce, webhook, misfire)
    document = new_job(name, agent, asked)
    document["sessionTarget"] = "main" if document["payload"]["kind"] == "systemEvent" else "isolated"
    return _show(context.obj, _call(context.obj, "cron.add", document))


@command(app, "cli.cron.show", "show")
def show(context: typer.Context, job: Which) -> int:
    found = next((each for each in _jobs(context.obj, True) if each["id"] == job), None)
    if found is None:
        raise CommandFailed(words("cli.remote.no_job", id=job))
    return _show(context.obj, found)


@command(app, "cli.cron.edit", "edit")
def edit(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    job: Which,
    name: Name = None,
    at: At = None,
    every: Every = None,
    cron: Cron = None,
    tz: Zone = None,
    message: Message = None,
    text: Text = None,
    agent: Agent = None,
    model: Model = None,
    announce: Announce = None,
    webhook: Webhook = None,
    misfire: Misfire = None,
) -> int:
    asked = job_document(at, every, cron, tz, message, text, model, announce, webhook, misfire)
    patch = change_of(name, agent, asked)
    return _change(context.obj, job, patch)


@command(app, "cli.cron.enable", "enable")
def enable(context: typer.Context, job: Which) -> int:
    return _change(context.obj, job, {"enabled": True})


@command(app, "cli.cron.disable", "disable")
def disable(context: typer.Context, job: Which) -> int:
    return _change(context.obj, job, {"enabled": False})


@command(app, "cli.cron.remove", "remove")
def remove(context: typer.Context, job: Which) -> int:
    told = _call(context.obj, "cron.remove", {"id": job})
    context.obj.output.show({"id": job, **told}, Toned(words("cli.cron.removed", id=job), "green"))
    return exits.OK


@command(app, "cli.cron.run", "run")
def run(
    context: typer.Context,
    job: Which,
    due: Annotated[bool, typer.Option("--due", help=words("cli.cron.only_due"))] = False,
    wait: Annotated[float, typer.Option(min=1, metavar="SECONDS", help=words("cli.cron.wait"))] = _RUN_SECONDS,
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("cron.run", {"id": job, "mode": "due" if due else "force"}, wait)
        entries = channel.call("cron.runs", {"id": job, "limit": 1})["entries"] if told["ran"] else []
    if not told["ran"]:
        invocation.output.show(told, words("cli.cron.not_run", reason=told.get("reason", "")))
        return exits.PROBLEM
    invocation.output.show({**told, "run": entries[0] if entries else None}, runs_table(entries))
    return exits.OK if entries and entries[0].get("status") == "ok" else exits.PROBLEM


@command(app, "cli.cron.runs", "runs")
def runs(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(metavar="[ID]", help=words("cli.cron.id"))] = None,
    limit: Limit = 20,
) -> int:
    wanted: dict[str, Any] = {"id": job} if job else {"scope": "all"}
    told = _call(context.obj, "cron.runs", {**wanted, "limit": min(limit, _PAGE)})
    context.obj.output.show(told, runs_table(told["entries"]))
    return exits.OK


def _call(invocation: Invocation, method: str, params: dict[str, Any]) -> Any:
    with open_channel(invocation) as channel:
        return channel.call(method, params)


def _jobs(invocation: Invocation, disabled: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with open_channel(invocation) as channel:
        while True:
            params = {"includeDisabled": disabled, "limit": _PAGE, "offset": len(found)}
            page = channel.call("cron.list", params)
            found += page["jobs"]
            if not page["hasMore"] or not page["jobs"]:
                return found


def _change(invocation: Invocation, job: str, patch: dict[str, Any]) -> int:
    return _show(invocation, _call(invocation, "cron.update", {"id": job, "patch": patch}))


def _show(invocation: Invocation, job: dict[str, Any]) -> int:
    invocation.output.show(job, job_table(job))
    return exits.OK
