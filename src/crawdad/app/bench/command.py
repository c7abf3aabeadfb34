"""The command `crawdad bench`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Annotated

import orjson
import typer

from crawdad.app.bench import peers as other_gateways
from crawdad.app.bench.gateway import UP, RunningGateway, gateway
from crawdad.app.bench.measures import MEASURES, SHARING, remarks
from crawdad.app.bench.plan import FULL, QUICK, Bench, Plan
from crawdad.app.bench.processes import BenchError, Cores, static_upstream
from crawdad.app.bench.table import Row, as_json, show


def bench(
    quick: Annotated[bool, typer.Option(help="Less than a minute, and less exact.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    peers: Annotated[bool, typer.Option(help="Compare with the other gateways that are installed.")] = False,
    install_peers: Annotated[bool, typer.Option(help="Install the other gateways, and do no more.")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Take only these: {', '.join(MEASURES)}.")] = None,
) -> None:
    """Measure this installation beside a direct call. Nothing timed passes or fails."""
    if install_peers:
        raise typer.Exit(0 if other_gateways.install(_say) else 1)
    unknown = sorted(set(only or ()) - MEASURES.keys())
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(MEASURES)}", param_hint="--only")
    rows, notes = run(only or list(MEASURES), QUICK if quick else FULL, peers=peers)
    if json:
        sys.stdout.buffer.write(orjson.dumps(as_json(rows, notes), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show(rows, notes)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(
    names: Sequence[str],
    plan: Plan,
    *,
    peers: bool = False,
    say: Callable[[str], None] = _say,
    command: Sequence[str] = UP,
) -> tuple[list[Row], list[str]]:
    """Take the named measurements; the rows found and what must be known to read them. `command` starts the gateway."""
    cores = Cores.split()
    with tempfile.TemporaryDirectory(prefix="crawdad-bench-") as folder, static_upstream(cores) as upstream_port:
        bench = Bench(plan, cores, upstream_port, Path(folder), command)
        rows = list(_rows(bench, [name for name in MEASURES if name in names], peers, say))
        return rows, remarks(bench)


def _rows(bench: Bench, names: Sequence[str], peers: bool, say: Callable[[str], None]) -> Iterator[Row]:
    with ExitStack() as stack:
        for name in names:
            say(f"measuring: {name}")
            try:
                if name in SHARING and bench.shared is None:
                    bench.shared = stack.enter_context(_shared(bench))
                yield from MEASURES[name](bench)
            except BenchError as error:
                yield Row(name, f"not measured: {error}")
        if peers:
            say("measuring: peers")
            if bench.shared is None:
                with suppress(BenchError):
                    bench.shared = stack.enter_context(_shared(bench))
            yield from other_gateways.compare(bench)


def _shared(bench: Bench) -> AbstractContextManager[RunningGateway]:
    return gateway(bench.home("shared"), bench.cores, bench.plan.models[0], bench.command)
