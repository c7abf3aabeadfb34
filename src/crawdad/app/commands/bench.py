"""`crawdad bench`: load on a running server, from this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.commands.server_client import Server, server_token, server_url
from crawdad.app.invocation import Invocation
from crawdad.app.load import Load, summary
from crawdad.app.output import Table
from crawdad.app.record import read_state
from crawdad.app.words import words

app = application("bench")
_WARM_UP = 50


@command(app, "cli.bench")
def bench(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None,
    token: Annotated[str | None, typer.Option(help=words("cli.option.token"))] = None,
    model: Annotated[str, typer.Option(help=words("cli.bench.model"))] = "crawdad/demo",
    requests: Annotated[int, typer.Option(min=1, help=words("cli.bench.requests"))] = 2000,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help=words("cli.bench.concurrency"))] = 32,
) -> int:
    invocation: Invocation = context.obj
    cpu = _cpu_clock(invocation) if url is None else None
    url = url or server_url(invocation.launch)
    token = token or server_token(invocation.launch)
    Server(url).get("/healthz")  # tells clearly when nobody is there
    rows = asyncio.run(_measure(lambda stream: Load(url, token, model, stream=stream), cpu, requests, concurrency))
    columns = ("row", "rate", "median", "p99", "first", "cpu", "failed")
    table = Table([words(f"cli.bench.{column}") for column in columns], [_row(row) for row in rows])
    reasons = [row["reason"] for row in rows if row["reason"]]
    invocation.output.show({"model": model, "rows": rows}, table, *reasons[:1])
    return exits.PROBLEM if any(row["failed"] for row in rows) else exits.OK


async def _measure(
    load_of: Callable[[bool], Load], cpu: Callable[[], float] | None, requests: int, concurrency: int
) -> list[dict[str, Any]]:
    rows = []
    for stream, clients in ((False, 1), (False, concurrency), (True, concurrency)):
        load = load_of(stream)
        await load.run(min(_WARM_UP, requests), min(clients, _WARM_UP))
        before = cpu() if cpu else 0.0
        seen = await load.run(requests, clients)
        spent = (cpu() - before) * 1e6 / requests if cpu else None
        row = {"stream": stream, "clients": clients, **summary(seen)}
        rows.append(row | {"cpu_microseconds": None if spent is None else round(spent, 1)})
    return rows


def _cpu_clock(invocation: Invocation) -> Callable[[], float] | None:
    """Seconds of processor time that the application of this home directory has used; None when it does not run here."""
    state = read_state(invocation.launch.home)
    process = (state or {}).get("application")
    if not process:
        return None
    import psutil

    application = psutil.Process(process["pid"])

    def spent() -> float:
        times = application.cpu_times()
        return float(times.user + times.system)

    return spent


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    def number(name: str) -> str:
        return "" if row[name] is None else f"{row[name]:,}"

    name = words("cli.bench.streamed" if row["stream"] else "cli.bench.whole", clients=row["clients"])
    names = ("requests_per_second", "median_ms", "p99_ms", "first_byte_median_ms", "cpu_microseconds", "failed")
    return (name, *(number(column) for column in names))
