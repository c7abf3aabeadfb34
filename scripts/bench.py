"""`make bench`: start-up, memory and throughput of a Crawdad of its own, beside a direct call.

The upstream is `static_upstream.py`, in a process of its own; so is the load. Shared machines are noisy: compare
processor time per request, and ratios within one run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from measuring import TOKEN, crawdad, free_port, print_table, processor_seconds, program, resident, wait_until_answering

from crawdad.app.load import Load, percentile

_SETTLE_SECONDS = 2.0
_COLUMNS = ("load", "clients", "requests/s", "median ms", "99% ms", "first byte ms", "CPU µs/request", "failed")


def measure(name: str, load: Load, clients: int, requests: int, pid: int) -> tuple[object, ...]:
    """One row of the table."""
    uvloop.run(load.run(100, min(clients, 100)))
    before = processor_seconds(pid)
    seen = uvloop.run(load.run(requests, clients))
    spent = (processor_seconds(pid) - before) * 1e6 / requests
    median, slow, first = (
        (percentile(values, share) or 0.0) * 1000
        for values, share in ((seen.totals, 0.5), (seen.totals, 0.99), (seen.firsts, 0.5))
    )
    if seen.failed:
        print(f"{name}: {seen.failed} failed: {seen.reason}", file=sys.stderr)
    return name, clients, round(seen.rate, 1), median, slow, first, round(spent, 1), seen.failed


async def _once(load: Load) -> int:
    return (await load.run(1, 1)).failed


def start_up(home: Path, port: int, url: str, configuration: dict[str, object]) -> list[tuple[str, float]]:
    """Seconds from the command to the first answered request, the first and the second time; MiB at rest."""
    figures = []
    for name in ("first start, s", "second start, s"):
        began = time.perf_counter()
        with crawdad(home, port, configuration) as process:
            wait_until_answering(process, port, "/readyz")
            failed = asyncio.run(_once(Load(url, TOKEN, "crawdad/demo", stream=False)))
            figures.append((name + (" (FAILED)" if failed else ""), time.perf_counter() - began))
            if name.startswith("second"):
                time.sleep(_SETTLE_SECONDS)
                figures.append(("resident at rest, MiB", resident(process.pid)))
    return figures


def main() -> int:
    """Run and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    options = parser.parse_args()
    port, upstream_port = free_port(), free_port()
    url, upstream_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{upstream_port}"
    provider = {"baseUrl": f"{upstream_url}/v1", "apiKey": "any", "models": [{"id": "static", "name": "static"}]}
    configuration: dict[str, object] = {"models": {"providers": {"bench": provider}}}
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        print_table(("start and rest", ""), start_up(home / "start", port, url, configuration))
        print()
        command = [sys.executable, str(Path(__file__).with_name("static_upstream.py")), str(upstream_port)]
        with (
            program(command, home / "upstream.log", os.environ) as upstream,
            crawdad(home / "load", port, configuration) as process,
        ):
            wait_until_answering(upstream, upstream_port, "/v1/models")
            wait_until_answering(process, port, "/readyz")
            rows = []
            for name, where, model, pid in (
                ("direct", upstream_url, "static", upstream.pid),
                ("through Crawdad", url, "bench/static", process.pid),
                ("crawdad/demo", url, "crawdad/demo", process.pid),
            ):
                for stream in (False, True):
                    load = Load(where, TOKEN, model, stream=stream)
                    label = f"{name}, streamed" if stream else name
                    rows += [measure(label, load, clients, options.requests, pid) for clients in (1, 64)]
            print_table(_COLUMNS, rows)
    return 1 if any(row[-1] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
