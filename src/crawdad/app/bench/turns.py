"""Turns of agents through the front door of a real gateway: what one takes, what plain requests feel of a crowd of them, and
what memory does over many.

The model is the static upstream's `story`: it calls the tool `read` once, then answers. Every turn has a session of its own,
but for memory, where a session has as many turns as there are over all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from crawdad.app.bench.gateway import RunningGateway, Target, gateway, write_configuration
from crawdad.app.bench.plan import Bench, rate_of
from crawdad.app.bench.processes import BenchError, Loaded, ask
from crawdad.app.bench.table import Row
from crawdad.app.bench.upstream import STORY

_GOAL_MS = 15.0
_FEW = 8
_WARM = 30
_SESSIONS = 500
_AT_ONCE = 8
_MARKS = 10
_MEGABYTE = 1024 * 1024
_PATIENCE_SECONDS = 60.0
_SETTLE_SECONDS = 1.0


def turns(bench: Bench) -> Iterator[Row]:
    """One turn, a crowd of them, and many."""
    home = bench.folder / "turns"
    _configure(home, bench)
    with gateway(home, bench.cores, bench.plan.models[0], bench.command) as running:
        for _ in range(_WARM if bench.plan.turns >= _WARM else 1):
            _ask(running.target, {})
        yield _alone(bench, running)
        yield _crowd(bench, running)
    with gateway(home, bench.cores, bench.plan.models[0], bench.command) as running:  # as it is after a start
        yield _memory(bench, running)


def _configure(home: Path, bench: Bench) -> None:
    write_configuration(home, bench.upstream_port, [*bench.plan.models, STORY])
    path = home / "openclaw.json"
    config = orjson.loads(path.read_bytes())
    workspace = home / "workspace"
    workspace.mkdir()
    (workspace / "BENCH.md").write_text("A file to be read.\n")
    config["agents"] = {"defaults": {"model": f"static/{STORY}", "workspace": str(workspace)}}
    path.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))


def _body(**more: Any) -> dict[str, Any]:
    return {"model": "agent:main", "messages": [{"role": "user", "content": "Read the file."}], **more}


def _ask(target: Target, more: dict[str, Any]) -> None:
    """One turn. Raises `BenchError`."""
    answer = ask(target.port, target.chat_path, _body(**more), target.headers, _PATIENCE_SECONDS)
    if answer.status != 200:
        raise BenchError(f"a turn was answered with {answer.status}: {answer.body[:300].decode(errors='replace')}")


def _cpu_ms(loaded: Loaded) -> float:
    return float(loaded.cpu_seconds / loaded.found["requests"] * 1e3)


def _alone(bench: Bench, running: RunningGateway) -> Row:
    target, server = running.target, running.server
    alone = bench.requests(target, _body(), 1, server=server)
    few = bench.requests(target, _body(), _FEW, server=server)
    latency = alone.found["latency"]
    return Row(
        "agent turn with one tool call, through the front door",
        f"{latency['p50']:.1f} ms",
        f"≤ {_GOAL_MS:.0f} ms",
        latency["p50"] <= _GOAL_MS,
        f"with both answers of the model, p50; p90 {latency['p90']:.1f} ms; {_cpu_ms(alone):.1f} ms CPU a turn;"
        f" {_FEW} at once {_cpu_ms(few):.1f} ms CPU a turn, {rate_of(few):.0f} turns/s",
        {
            "p50_ms": latency["p50"],
            "p90_ms": latency["p90"],
            "cpu_microseconds_per_turn": _cpu_ms(alone) * 1e3,
            f"cpu_microseconds_per_turn_of_{_FEW}": _cpu_ms(few) * 1e3,
        },
    )


def _crowd(bench: Bench, running: RunningGateway) -> Row:
    """Plain requests, one at a time: alone, and beside so many turns."""
    target, seconds = running.target, bench.plan.request_seconds
    plain = target.chat(bench.plan.models[0])
    alone = bench.requests(target, plain, 1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            bench.requests, target, _body(), bench.plan.crowd, seconds=seconds + 10, server=running.server
        )
        time.sleep(_SETTLE_SECONDS + bench.plan.warmup_seconds)
        beside = bench.requests(target, plain, 1)
        crowd = waiting.result()
    before, meanwhile = alone.found["latency"], beside.found["latency"]
    errors = crowd.found["errors"] + beside.found["errors"]
    return Row(
        f"{bench.plan.crowd} agent turns at once, through the front door",
        f"{rate_of(crowd):.0f} turns/s",
        "",
        None,
        f"p50 {crowd.found['latency']['p50'] / 1e3:.1f} s; with the plain requests {_cpu_ms(crowd):.1f} ms CPU a turn; a plain"
        f" request beside them p50 {meanwhile['p50']:.1f} ms, p99 {meanwhile['p99']:.1f} ms, without them p50"
        f" {before['p50']:.1f} ms, p99 {before['p99']:.1f} ms"
        + (f"; {errors} ERRORS: {(crowd.found['first_error'] or beside.found['first_error'])[:120]}" if errors else ""),
        {
            "turns_per_second": rate_of(crowd),
            "cpu_microseconds_per_turn": _cpu_ms(crowd) * 1e3,
            "plain_p99_ms": before["p99"],
            "plain_p99_ms_beside": meanwhile["p99"],
            "errors": errors,
        },
    )


def _memory(bench: Bench, running: RunningGateway) -> Row:
    """Resident memory of the application after each tenth of the turns."""
    count, done = bench.plan.turns, 0
    marks = sorted({max(1, count * part // _MARKS) for part in range(1, _MARKS + 1)})
    sizes: list[float] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for mark in marks:
            users = ({"user": f"u{number % _SESSIONS}"} for number in range(done, mark))
            list(pool.map(lambda more: _ask(running.target, more), users))
            done = mark
            sizes.append(sum(running.server.memory()) / _MEGABYTE)
    middle = marks[len(marks) // 2]
    growth = (sizes[-1] - sizes[len(marks) // 2]) / max(1, count - middle) * 1000
    shown = ", ".join(f"{size:.0f}" for size in sizes)
    return Row(
        f"memory over {count:,} agent turns",
        f"{sizes[-1]:.0f} MB, {growth:+.1f} MB per 1,000 turns in the second half",
        "flat over 10,000",
        None,
        f"after each tenth: {shown} MB, with the supervisor; in {min(count, _SESSIONS)} sessions",
        {"megabytes": sizes[-1], "megabytes_per_1000_turns": growth},
    )
