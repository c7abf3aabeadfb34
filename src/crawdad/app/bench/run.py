"""Taking the measurements, one after the other, around one upstream."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

from crawdad.app.bench import peers as other_gateways
from crawdad.app.bench.gateway import UP, RunningGateway, gateway
from crawdad.app.bench.measures import MEASURES, SHARING, remarks
from crawdad.app.bench.plan import Bench, Plan
from crawdad.app.bench.processes import BenchError, Cores, static_upstream
from crawdad.app.bench.soak import soak
from crawdad.app.bench.table import Row


def run(
    names: Sequence[str],
    plan: Plan,
    *,
    peers: bool = False,
    soak_minutes: float = 0.0,
    say: Callable[[str], None],
    command: Sequence[str] = UP,
) -> tuple[list[Row], list[str]]:
    """Take the named measurements, and watch a gateway under load for so long; the rows found and what must be known to read
    them. `command` starts the gateway."""
    cores = Cores.split()
    with tempfile.TemporaryDirectory(prefix="crawdad-bench-") as folder, static_upstream(cores) as upstream_port:
        bench = Bench(plan, cores, upstream_port, Path(folder), command)
        rows = list(_rows(bench, [name for name in MEASURES if name in names], peers, say))
        if soak_minutes:
            rows += soak(bench, soak_minutes, say)
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
