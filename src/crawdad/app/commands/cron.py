"""`crawdad cron`: jobs of this installation. What is asked for here a running server does within a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
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
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.core.cron import CronRun, Job
    from crawdad.core.identity import Principal
    from crawdad.services.schedule.jobs import Jobs

app = application("cron", no_args_is_help=True)
Answer = TypeVar("Answer")
_LOOK_SECONDS = 0.2


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
    told = [write_job(job, LANGUAGE) for job in found]
    context.obj.output.show({"jobs": told}, jobs_table(told))
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
    asked = job_document(at, every, cron, tz, message, text, model, announce, webhook, misfire)
    patch = change_of(name, agent, asked)
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
        output.show({"ran": False, "run": write_run(found, LANGUAGE)}, words("cli.cron.asked"))
        return exits.PROBLEM
    told = write_run(found, LANGUAGE)
    output.show({"ran": True, "run": told}, runs_table([told]))
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
    told = [write_run(each, LANGUAGE) for each in found]
    context.obj.output.show({"entries": told, "total": total}, runs_table(told))
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


def _with_jobs(context: typer.Context, work: Callable[[Jobs, Principal], Awaitable[Answer]]) -> Answer:
    from crawdad.services.schedule.owners import OPERATOR

    invocation: Invocation = context.obj

    async def run() -> Answer:
        async with backends.open_jobs(invocation.launch) as jobs:
            return await work(jobs, OPERATOR)

    return asyncio.run(run())


def _show(context: typer.Context, job: Job) -> int:
    from crawdad.wire.cron import write_job

    told = write_job(job, LANGUAGE)
    context.obj.output.show(told, job_table(told))
    return exits.OK
