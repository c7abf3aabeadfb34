"""`crawdad cron`: jobs of this installation. What is asked for here a running server does within a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.core.cron import CronRun, Job
    from crawdad.core.identity import Principal
    from crawdad.services.schedule.jobs import Jobs

app = application("cron", no_args_is_help=True)
Answer = TypeVar("Answer")
_LOOK_SECONDS = 0.2

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


@command(app, "cli.cron.list", "list")
def list_jobs(
    context: typer.Context,
    all_jobs: Annotated[bool, typer.Option("--all", help=words("cli.cron.disabled"))] = False,
) -> int:
    from crawdad.core.cron import JobFilter
    from crawdad.wire.cron import write_job

    wanted = JobFilter(enabled=None if all_jobs else True)

    async def read(jobs: Jobs, by: Principal) -> list[Job]:
        found: list[Job] = []
        while True:
            page = await jobs.page(by, wanted, 200, len(found))
            found += page.jobs
            if not page.jobs or len(found) >= page.total:
                return found

    found = _with_jobs(context, read)
    columns = ("id", "name", "schedule", "next", "last", "status")
    table = Table([words(f"cli.cron.column.{name}") for name in columns], [_row(job) for job in found])
    context.obj.output.show({"jobs": [write_job(job) for job in found]}, table)
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
    document |= {"name": name, **({"agentId": agent} if agent else {})}
    return _show(context, _with_jobs(context, lambda jobs, by: jobs.create(document, by)))


@command(app, "cli.cron.show", "show")
def show(context: typer.Context, job: Which) -> int:
    return _show(context, _with_jobs(context, lambda jobs, by: jobs.get(job, by)))


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
    return _show(context, _with_jobs(context, lambda jobs, by: jobs.change(job, patch, by)))


@command(app, "cli.cron.enable", "enable")
def enable(context: typer.Context, job: Which) -> int:
    return _show(context, _with_jobs(context, lambda jobs, by: jobs.change(job, {"enabled": True}, by)))


@command(app, "cli.cron.disable", "disable")
def disable(context: typer.Context, job: Which) -> int:
    return _show(context, _with_jobs(context, lambda jobs, by: jobs.change(job, {"enabled": False}, by)))


@command(app, "cli.cron.remove", "remove")
def remove(context: typer.Context, job: Which) -> int:
    removed = _with_jobs(context, lambda jobs, by: jobs.remove(job, by))
    line = Toned(words("cli.cron.removed", id=job), "green")
    context.obj.output.show({"id": job, "removed": removed}, line)
    return exits.OK


@command(app, "cli.cron.run", "run")
def run(
    context: typer.Context,
    job: Which,
    due: Annotated[bool, typer.Option("--due", help=words("cli.cron.only_due"))] = False,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help=words("cli.cron.wait"))] = 30.0,
) -> int:
    from crawdad.wire.cron import write_run

    async def ask(jobs: Jobs, by: Principal) -> tuple[CronRun | None, str]:
        asked = await jobs.run(job, by, only_due=due)
        found, until = asked.run, time.monotonic() + wait
        while found is not None and found.status in ("requested", "running") and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            found = await jobs.run_of(found.job_id, found.slot, by)
        return found, asked.reason

    found, reason = _with_jobs(context, ask)
    output = context.obj.output
    if found is None:
        output.show({"ran": False, "reason": reason}, words("cli.cron.not_run", reason=reason))
        return exits.PROBLEM
    if found.status == "requested":
        output.show({"ran": False, "run": write_run(found)}, words("cli.cron.asked"))
        return exits.PROBLEM
    output.show({"ran": True, "run": write_run(found)}, _runs_table([found]))
    return exits.OK if found.status in ("ok", "running") else exits.PROBLEM


@command(app, "cli.cron.runs", "runs")
def runs(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(metavar="[ID]", help=words("cli.cron.id"))] = None,
    limit: Limit = 20,
) -> int:
    from crawdad.core.cron import RunFilter
    from crawdad.wire.cron import write_run

    found, total = _with_jobs(context, lambda jobs, by: jobs.runs(by, RunFilter(job_id=job), limit))
    context.obj.output.show({"entries": [write_run(each) for each in found], "total": total}, _runs_table(found))
    return exits.OK


@command(app, "cli.cron.import", "import")
def import_jobs(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=words("cli.cron.file"))],
) -> int:
    from crawdad.wire.cron import read_store

    try:
        document = json.loads(file.read_bytes())
    except (ValueError, UnicodeDecodeError):
        raise CommandFailed(words("cron.bad_store"), exits.PROBLEM) from None
    found, problems = read_store(document, int(time.time() * 1000))
    count = _with_jobs(context, lambda jobs, by: jobs.take_over(found, by))
    total = len(found) + len(problems)
    lines = [words("cli.cron.imported", count=count, total=total)]
    told = [{"name": name, "reason": error.message(LANGUAGE)} for name, error in problems]
    lines += [words("cli.cron.not_imported", name=each["name"], reason=each["reason"]) for each in told]
    context.obj.output.show({"imported": count, "total": total, "problems": told}, *lines)
    return exits.PROBLEM if problems else exits.OK


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


def _milliseconds(text: str) -> int:
    from crawdad.core.durations import seconds_of

    try:
        return round(seconds_of(text, "s") * 1000)
    except ValueError:
        raise CommandFailed(words("cli.cron.bad_every", text=text), exits.USAGE) from None


def _with_jobs(context: typer.Context, work: Callable[[Jobs, Principal], Awaitable[Answer]]) -> Answer:
    from crawdad.services.schedule.owners import OPERATOR

    invocation: Invocation = context.obj

    async def run() -> Answer:
        async with backends.open_jobs(invocation.launch) as jobs:
            return await work(jobs, OPERATOR)

    return asyncio.run(run())


def _show(context: typer.Context, job: Job) -> int:
    from crawdad.wire.cron import write_job

    told = write_job(job)
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in told.items()
        if value not in (None, "")
    ]
    context.obj.output.show(told, Table(("", ""), rows))
    return exits.OK


def _row(job: Job) -> tuple[str | Toned, ...]:
    from crawdad.wire.cron import write_job

    schedule = write_job(job)["schedule"]
    if schedule["kind"] == "every":
        times = f"{schedule['everyMs'] / 1000:g} s"
    else:
        times = schedule.get("expr") or schedule.get("at")
    state = job.state
    status = state.last_status or ""
    return (
        job.id,
        job.name if job.enabled else Toned(job.name, "dim"),
        f"{times} {schedule.get('tz', '')}".strip(),
        _moment(state.next_run_at if job.enabled else None),
        _moment(state.last_run_at),
        Toned(status, "red") if status == "error" else status,
    )


def _runs_table(found: list[CronRun]) -> Table:
    columns = ("name", "started", "seconds", "status", "delivery", "words")
    rows = [
        (
            run.job_name,
            _moment(run.started_at or run.requested_at),
            f"{run.duration / 1000:.1f}",
            Toned(run.status, "red") if run.status in ("error", "interrupted") else run.status,
            run.delivery_status,
            " ".join((run.error or run.summary).split())[:80],
        )
        for run in found
    ]
    return Table([words(f"cli.cron.column.{name}") for name in columns], rows)


def _moment(milliseconds: int | None) -> str:
    return moment(None if milliseconds is None else milliseconds / 1000)
