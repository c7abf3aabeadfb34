"""What a key with budgets costs a request: reserved before it, settled after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import orjson

from crawdad.app.bench.gateway import Target
from crawdad.app.bench.plan import Bench, rate_of
from crawdad.app.bench.processes import BenchError, Loaded, ask
from crawdad.app.bench.table import Row

_BUDGETS = ["1000000000 tokens/day", "1000000000 requests/month"]


def budgets(bench: Bench) -> Iterator[Row]:
    """The same requests with a key without limits and with one with two budgets, in turns."""
    model, running = bench.plan.models[0], bench.running
    plain, limited = _key(running.target, []), _key(running.target, _BUDGETS)
    body = running.target.chat(model)
    crowd = [bench.requests(target, body, 64, server=running.server) for target in (plain, limited)]
    alone = [bench.requests(target, body, 1, seconds=1.0) for target in (plain, limited)]
    spent = [loaded.cpu_seconds / loaded.found["requests"] * 1e6 for loaded in crowd]
    waits = [loaded.found["latency"]["p50"] for loaded in alone]
    yield Row(
        "chat requests with two budgets, c=64",
        f"{crowd[1].per_core(rate_of(crowd[1])):,.0f} requests/s per core",
        "",
        None,
        f"{spent[1]:.0f} µs CPU a request, {spent[0]:.0f} µs without budgets; c=1 p50 {waits[1]:.2f} ms,"
        f" {waits[0]:.2f} ms without{_errors(crowd)}",
        {
            "cpu_microseconds_per_request": spent[1],
            "cpu_microseconds_without_budgets": spent[0],
            "alone_p50_ms": waits[1],
            "alone_p50_ms_without_budgets": waits[0],
        },
    )


def _key(target: Target, wanted: list[str]) -> Target:
    """The gateway with a new key. Raises `BenchError`."""
    answer = ask(target.port, "/api/keys", {"name": "bench", "budgets": wanted}, target.headers)
    if answer.status != 201:
        raise BenchError(f"no key was made: {answer.status} {answer.body[:200].decode(errors='replace')}")
    return replace(target, headers={"Authorization": f"Bearer {orjson.loads(answer.body)['key']}"})


def _errors(loads: list[Loaded]) -> str:
    found = sum(loaded.found["errors"] for loaded in loads)
    return (
        f"; {found} ERRORS: {next(one.found['first_error'] for one in loads if one.found['errors'])[:120]}"
        if found
        else ""
    )
