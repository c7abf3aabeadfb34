"""What is measured, figure by figure. Each function takes one figure of the table; `MEASURES` names them all."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from crawdad.app.bench.agents import agents
from crawdad.app.bench.budgets import budgets
from crawdad.app.bench.channels import channels
from crawdad.app.bench.codecs import codec
from crawdad.app.bench.control import control
from crawdad.app.bench.gateway import gateway
from crawdad.app.bench.leasing import leasing
from crawdad.app.bench.plan import RATE, Bench, rate_of
from crawdad.app.bench.processes import BenchError, Loaded, module_environment, running_on
from crawdad.app.bench.sessions import stored_sessions
from crawdad.app.bench.table import Row
from crawdad.app.bench.turns import turns

MEGABYTE = 1024 * 1024
PROMPT_BYTES = 458_000
_COMMAND = ("config", "path")
_GAP_GOAL_MS = 5.0


def _spent(loaded: Loaded) -> tuple[float, float]:
    """Requests per second and core, and CPU microseconds per request."""
    return loaded.per_core(rate_of(loaded)), loaded.cpu_seconds / loaded.found["requests"] * 1e6


def _errors(loaded: Loaded) -> str:
    found = loaded.found
    return f"; {found['errors']} ERRORS: {found['first_error'][:120]}" if found["errors"] else ""


def _request_row(bench: Bench, name: str, loaded: Loaded, direct: Loaded, goal: int | None) -> Row:
    per_core, microseconds = _spent(loaded)
    used = f"{rate_of(loaded):,.0f} requests/s on {loaded.cores_used:.2f} cores, {microseconds:.0f} µs CPU a request"
    latency = f"p50 {loaded.found['latency']['p50']:.2f} ms, p99 {loaded.found['latency']['p99']:.2f} ms"
    return Row(
        name,
        f"{per_core:,.0f} requests/s per core",
        f"≥ {goal:,}" if goal else "",
        per_core >= goal and not loaded.found["errors"] if goal else None,
        f"{used}; {latency}; direct {rate_of(direct):,.0f} requests/s{_errors(loaded)}",
        {
            "requests_per_second": rate_of(loaded),
            "requests_per_second_and_core": per_core,
            "cpu_microseconds_per_request": microseconds,
            "direct_requests_per_second": rate_of(direct),
            "errors": loaded.found["errors"],
        },
    )


def requests(bench: Bench) -> Iterator[Row]:
    """Requests a second and core: same protocol, then translated."""
    model, running = bench.plan.models[0], bench.running
    body, target = running.target.chat(model), running.target
    direct = bench.requests(bench.direct, bench.direct.chat(model), 64)
    yield _request_row(
        bench, "chat requests, c=64", bench.requests(target, body, 64, server=running.server), direct, 6000
    )
    translated = bench.requests(target, target.messages(model), 64, target.messages_path or "", server=running.server)
    yield _request_row(bench, "messages requests to a chat upstream, c=64", translated, direct, None)


def prompt(bench: Bench) -> Iterator[Row]:
    """A prompt of 100k tokens, passed through."""
    model, running = bench.plan.models[0], bench.running
    text = ("The quick brown fox jumps over the lazy dog. " * (PROMPT_BYTES // 45 + 1))[:PROMPT_BYTES]
    direct = bench.requests(bench.direct, bench.direct.chat(model, text), 16)
    passed = bench.requests(running.target, running.target.chat(model, text), 16, server=running.server)
    yield _request_row(bench, "chat requests of 458 KB, c=16", passed, direct, 1000)


def latency(bench: Bench) -> Iterator[Row]:
    """What the gateway adds to one request at a time. Direct and gateway take turns, so that noise hits both."""
    model, target = bench.plan.models[0], bench.running.target
    seconds = bench.plan.request_seconds / 2
    through, direct = [], []
    for _ in range(2):
        direct.append(bench.requests(bench.direct, bench.direct.chat(model), 1, seconds=seconds).found["latency"])
        through.append(bench.requests(target, target.chat(model), 1, seconds=seconds).found["latency"])
    added = {
        point: statistics.mean(found[point] for found in through) - statistics.mean(found[point] for found in direct)
        for point in ("p50", "p99")
    }
    beside = f"direct p50 {direct[0]['p50']:.2f} ms, p99 {direct[0]['p99']:.2f} ms"
    yield Row(
        "added latency, c=1",
        f"p50 {added['p50']:.2f} ms, p99 {added['p99']:.2f} ms",
        "p50 ≤ 0.3 ms, p99 ≤ 1 ms",
        added["p50"] <= 0.3 and added["p99"] <= 1.0,
        beside,
        {f"added_{point}_ms": value for point, value in added.items()},
    )


def streams(bench: Bench) -> Iterator[Row]:
    """How many translated streams (a messages client, a chat upstream) one core carries without delay or loss."""
    held, best, notes = 0, None, []
    target, misses = bench.running.target, 0
    for count in bench.plan.stream_steps:
        direct = bench.direct_streams(count)
        body = target.messages(bench.plan.models[1], stream=True)
        carried = bench.streams(target, body, count, target.messages_path or "", bench.running.server)
        delay = carried.found["gap"].get("p99", math.inf) - direct.found["gap"].get("p99", 0.0)
        notes.append(f"{count}: {delay:+.1f} ms, {carried.found['lost']} lost{_errors(carried)}")
        if delay < _GAP_GOAL_MS and not carried.found["lost"]:
            held, best, misses = count, carried, 0
        else:
            misses += 1
        if misses == 2:
            break
    yield _stream_row(bench, held, best, notes)


def _stream_row(bench: Bench, held: int, best: Loaded | None, notes: list[str]) -> Row:
    name = f"translated streams at {RATE} events/s"
    if best is None:
        return Row(name, "none carried", "≥ 500 per core", False, "; ".join(notes))
    per_core = best.per_core(held)
    events = held * RATE * best.wall_seconds
    microseconds = best.cpu_seconds / events * 1e6
    found = best.found
    return Row(
        name,
        f"{held} carried" + (" on one core" if bench.cores.pinned else f" on {best.cores_used:.2f} cores"),
        "≥ 500 per core, none lost, gap p99 < 5 ms over direct",
        (held if bench.cores.pinned else per_core) >= 500,
        f"at {held}: {best.cores_used:.2f} cores, {microseconds:.0f} µs CPU an event, relay p50"
        f" {found['relay']['p50']:.2f} ms, p99 {found['relay']['p99']:.2f} ms, first event p50"
        f" {found['first_relay']['p50']:.2f} ms; gap p99 over direct by streams: " + "; ".join(notes),
        {
            "streams": held,
            "streams_per_core_by_cpu": per_core,
            "cpu_microseconds_per_event": microseconds,
            "relay_p99_ms": found["relay"]["p99"],
            "first_event_relay_p50_ms": found["first_relay"]["p50"],
        },
    )


def start(bench: Bench) -> Iterator[Row]:
    """From the command to the first answered request: in an empty home, then in one that has been used."""
    first: list[float] = []
    again: list[float] = []
    for number in range(bench.plan.starts):
        home = bench.home(f"start-{number}")
        for times in (first, again):
            with gateway(home, bench.cores, bench.plan.models[0], bench.command) as running:
                times.append(running.start_seconds)
    seconds, fresh = statistics.median(again), statistics.median(first)
    yield Row(
        "start to first answered request",
        f"{seconds:.2f} s",
        "≤ 1.5 s",
        seconds <= 1.5,
        f"{fresh:.2f} s in an empty home",
        {"seconds": seconds, "empty_home_seconds": fresh},
    )


def command(bench: Bench) -> Iterator[Row]:
    """A command of the command line, from start to end."""
    argv = [*bench.command[:-1], *_COMMAND]
    env = module_environment(CRAWDAD_HOME=str(bench.home("command")))
    times, bare = [], []
    with running_on(bench.cores.tested):
        for _ in range(1 + 2 * bench.plan.starts):
            times.append(_timed(argv, env))
            bare.append(_timed([sys.executable, "-c", "pass"], env))
    milliseconds = statistics.median(times) * 1000
    yield Row(
        f"crawdad {' '.join(_COMMAND)}",
        f"{milliseconds:.0f} ms",
        "≤ 200 ms",
        milliseconds <= 200,
        f"Python alone {statistics.median(bare) * 1000:.0f} ms",
        {"milliseconds": milliseconds},
    )


def _timed(argv: Sequence[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, capture_output=True, timeout=30, check=False)
    if done.returncode:
        raise BenchError(f"exit code {done.returncode}: {done.stderr[-300:].decode(errors='replace')}")
    return time.perf_counter() - began


def memory(bench: Bench) -> Iterator[Row]:
    """Resident memory after the start, before any load."""
    sizes = [size / MEGABYTE for size in bench.running.server.memory()]
    supervisor, application = (sizes[0], sum(sizes[1:])) if len(sizes) > 1 else (0.0, sizes[0])
    yield Row(
        "resident memory, idle",
        f"{application:.0f} MB + {supervisor:.0f} MB supervisor",
        "≤ 130 MB + 20 MB",
        application <= 130 and supervisor <= 20,
        f"{len(sizes)} processes",
        {"application_megabytes": application, "supervisor_megabytes": supervisor},
    )


def slope(bench: Bench) -> Iterator[Row]:
    """How memory grows under load, after a warm-up. A minute cannot judge a day: the goal is for a soak test."""
    model, running = bench.plan.models[0], bench.running
    body = running.target.chat(model)
    bench.requests(running.target, body, 64)
    counts, sizes, seconds = [0.0], [sum(running.server.memory()) / MEGABYTE], 0.0
    for _ in range(bench.plan.slope_rounds):
        loaded = bench.requests(running.target, body, 64)
        seconds += bench.plan.warmup_seconds + bench.plan.request_seconds
        counts.append(counts[-1] + rate_of(loaded) * (bench.plan.warmup_seconds + bench.plan.request_seconds))
        sizes.append(sum(running.server.memory()) / MEGABYTE)
    growth = statistics.linear_regression(counts, sizes).slope * 100_000
    yield Row(
        "memory growth under load",
        f"{growth:+.2f} MB per 100,000 requests",
        "≤ 1 MB/h over a day",
        None,
        f"{sizes[0]:.0f} MB to {sizes[-1]:.0f} MB in {counts[-1]:,.0f} requests and {seconds:.0f} s",
        {"megabytes_per_100000_requests": growth, "megabytes": sizes[-1]},
    )


MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "start": start,
    "command": command,
    "memory": memory,
    "codec": codec,
    "leasing": leasing,
    "agents": agents,
    "channels": channels,
    "turns": turns,
    "sessions": stored_sessions,
    "latency": latency,
    "requests": requests,
    "prompt": prompt,
    "budgets": budgets,
    "streams": streams,
    "control": control,
    "slope": slope,
}
"""All measurements, in the order in which they are taken: what a load would disturb comes first."""

SHARING = frozenset({"memory", "latency", "requests", "prompt", "budgets", "streams", "control", "slope"})
"""Those that need the shared gateway."""


def remarks(bench: Bench) -> list[str]:
    """What a reader must know to read the numbers."""
    where = (
        "the gateway had one core for itself, upstream and load the rest"
        if bench.cores.pinned
        else "processes could not be pinned to cores: compare ratios, not numbers"
    )
    return [
        f"{where}; Python {sys.version.split()[0]}; load average {bench.load_before:.1f} before the start; "
        "nothing here passes or fails"
    ]
