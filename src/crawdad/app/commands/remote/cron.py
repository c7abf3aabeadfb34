"""`crawdad cron` for another gateway."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.cron import (
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
    job_document,
)
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
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
    columns = ("id", "name", "schedule", "next", "last", "status")
    table = Table([words(f"cli.cron.column.{name}") for name in columns], [_row(job) for job in found])
    context.obj.output.show({"jobs": found}, table)
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
    document = job_document(at, every, cron, tz, message, text, model, announce, webhook, misfire)
    if "schedule" not in document or "payload" not in document:
        raise CommandFailed(words("cli.cron.one_schedule"), exits.USAGE)
    target = "main" if document["payload"]["kind"] == "systemEvent" else "isolated"
    document |= {"name": name, "sessionTarget": target, **({"agentId": agent} if agent else {})}
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
    patch = job_document(at, every, cron, tz, message, text, model, announce, webhook, misfire)
    patch |= {key: value for key, value in (("name", name), ("agentId", agent)) if value}
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
    invocation.output.show({**told, "run": entries[0] if entries else None}, _runs_table(entries))
    return exits.OK if entries and entries[0].get("status") == "ok" else exits.PROBLEM


@command(app, "cli.cron.runs", "runs")
def runs(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(metavar="[ID]", help=words("cli.cron.id"))] = None,
    limit: Limit = 20,
) -> int:
    wanted: dict[str, Any] = {"id": job} if job else {"scope": "all"}
    told = _call(context.obj, "cron.runs", {**wanted, "limit": min(limit, _PAGE)})
    context.obj.output.show(told, _runs_table(told["entries"]))
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
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in job.items()
    ]
    invocation.output.show(job, Table(("", ""), rows))
    return exits.OK


def _row(job: dict[str, Any]) -> tuple[str | Toned, ...]:
    schedule, state = job["schedule"], job.get("state", {})
    every = f"{schedule['everyMs'] / 1000:g} s" if schedule["kind"] == "every" else ""
    times = every or schedule.get("expr") or schedule.get("at") or ""
    status = str(state.get("lastStatus") or "")
    return (
        job["id"],
        job["name"] if job["enabled"] else Toned(job["name"], "dim"),
        f"{times} {schedule.get('tz', '')}".strip(),
        _moment(state.get("nextRunAtMs")),
        _moment(state.get("lastRunAtMs")),
        Toned(status, "red") if status == "error" else status,
    )


def _runs_table(entries: list[dict[str, Any]]) -> Table:
    columns = ("name", "started", "seconds", "status", "delivery", "words")
    rows = [
        (
            str(run.get("jobName") or run["jobId"]),
            _moment(run.get("runAtMs")),
            f"{(run.get('durationMs') or 0) / 1000:.1f}",
            Toned(run["status"], "red") if run.get("status") == "error" else str(run.get("status") or ""),
            str(run.get("deliveryStatus") or ""),
            " ".join(str(run.get("error") or run.get("summary") or "").split())[:80],
        )
        for run in entries
    ]
    return Table([words(f"cli.cron.column.{name}") for name in columns], rows)


def _moment(milliseconds: int | None) -> str:
    return moment(None if milliseconds is None else milliseconds / 1000)
