"""`crawdad bench --soak MINUTES`: a gateway under mixed traffic for long, and whether anything of it only ever grows.

The traffic is modest and of all kinds: whole answers, streams, streams that are given up in the middle, agents, stored answers,
lists, logs, metrics, panels and clients that are refused. Now and then it is looked at resident memory, descriptors, threads,
tasks and the write-ahead log. What counts is the slope after the warm-up, which fills caches and pools, and only where enough
is left to tell it from chance: each slope comes with its standard error.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson
import psutil

from crawdad.app.bench.gateway import RunningGateway, Target, gateway
from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import ask
from crawdad.app.bench.table import Row

_LOOK_SECONDS = 15.0
_PAUSE_SECONDS = 0.02
_WORKERS = 4
_MEGABYTE = 1024 * 1024
_WARM_UP_SECONDS = 600.0
_JUDGED_SECONDS = 1200.0
"""After the warm-up. In less, a collection of garbage more or less looks like a slope."""
_TURNS = 20
"""Of one conversation. What is said later asks more of every turn, and that would be seen as growth."""
_MEMORY_GOAL = 1.0
"""MiB an hour."""
_TASKS = b"\ncrawdad_background_tasks "


@dataclass(frozen=True)
class Slope:
    """How much something grows in an hour, and the standard error of that."""

    an_hour: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class Look:
    """What was seen at a moment: seconds since the beginning, then sizes and counts."""

    at: float
    memory: float
    descriptors: int
    threads: int
    tasks: float
    log: float
    answers: int


def soak(bench: Bench, minutes: float, say: Callable[[str], None]) -> Iterator[Row]:
    """Put load on a gateway for so long. Raises `BenchError` where it does not start."""
    home = bench.home("soak")
    place = home / "openclaw.json"
    agents = {"defaults": {"model": f"static/{bench.plan.models[0]}"}}
    place.write_bytes(orjson.dumps({**orjson.loads(place.read_bytes()), "agents": agents}))
    with gateway(home, bench.cores, bench.plan.models[0], bench.command) as running:
        looks, counts = _run(running, home, bench.plan.models, minutes * 60, say)
    yield from rows_of(looks, counts)


def _run(
    running: RunningGateway, home: Path, models: Sequence[str], seconds: float, say: Callable[[str], None]
) -> tuple[list[Look], Counter[str]]:
    counts: Counter[str] = Counter()
    over = threading.Event()
    workers = [
        threading.Thread(target=_work, args=(running.target, models, number, counts, over), daemon=True)
        for number in range(_WORKERS)
    ]
    began, looks = time.monotonic(), list[Look]()
    for worker in workers:
        worker.start()
    while not over.wait(_LOOK_SECONDS):
        look = _look(running, home, time.monotonic() - began, counts)
        looks.append(look)
        say(
            f"{look.at / 60:5.1f} min  {look.memory:6.1f} MiB  {look.descriptors} descriptors  {look.threads} threads  "
            f"{look.tasks:g} tasks  {look.log:.1f} MiB log  {look.answers} answers  {counts['failed']} failed"
        )
        if look.at >= seconds:
            over.set()
    for worker in workers:
        worker.join(30)
    return looks, counts


def _look(running: RunningGateway, home: Path, at: float, counts: Counter[str]) -> Look:
    memory = descriptors = threads = 0
    for process in running.server.tree():
        with contextlib.suppress(psutil.Error):
            memory += process.memory_info().rss
            descriptors += process.num_fds() if hasattr(process, "num_fds") else 0
            threads += process.num_threads()
    tasks = 0.0
    with contextlib.suppress(OSError, HTTPException, ValueError, IndexError):
        text = _get(running.target, "/metrics")
        tasks = float(text.split(_TASKS, 1)[1].split(b"\n", 1)[0])
    log = home / "crawdad.db-wal"
    size = log.stat().st_size if log.exists() else 0
    answers = sum(count for name, count in counts.items() if name != "failed")
    return Look(at, memory / _MEGABYTE, descriptors, threads, tasks, size / _MEGABYTE, answers)


def _get(target: Target, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", target.port, timeout=30)
    try:
        connection.request("GET", path, headers=target.headers)
        return connection.getresponse().read()
    finally:
        connection.close()


def _work(target: Target, models: Sequence[str], number: int, counts: Counter[str], over: threading.Event) -> None:
    """One client after another, each of the next kind, until it is over."""
    kinds = _kinds(target, models, f"soak-{number}")
    turn = number
    while not over.wait(_PAUSE_SECONDS):
        name, act, wanted = kinds[turn % len(kinds)]
        turn += 1
        try:
            status = act()
        except (OSError, HTTPException) as error:
            status = 0
            counts[f"failed: {name}: {type(error).__name__}"] += 1
        if status in wanted:
            counts[name] += 1
        elif not over.is_set():
            counts["failed"] += 1
            counts[f"failed: {name}: {status}"] += 1


Kind = tuple[str, Callable[[], int], tuple[int, ...]]


def _kinds(target: Target, models: Sequence[str], name: str) -> list[Kind]:
    whole, turns = models[0], itertools.count()

    def agent() -> int:
        user = f"{name}-{next(turns) // _TURNS}"
        return post(target.chat_path, {"model": "agent:main", "messages": _SAID, "user": user})

    def post(path: str, body: Any, headers: dict[str, str] | None = None) -> int:
        return ask(target.port, path, body, target.headers if headers is None else headers, 60).status

    def get(path: str) -> Callable[[], int]:
        def act() -> int:
            connection = HTTPConnection("127.0.0.1", target.port, timeout=60)
            try:
                connection.request("GET", path, headers=target.headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status
            finally:
                connection.close()

        return act

    return [
        ("whole", lambda: post(target.chat_path, target.chat(whole)), (200,)),
        ("messages", lambda: post("/v1/messages", target.messages(whole)), (200,)),
        ("stream", lambda: post(target.chat_path, target.chat(models[1], stream=True)), (200,)),
        ("given up", lambda: _given_up(target, models[1]), (200,)),
        ("agent", agent, (200,)),
        ("stored", lambda: post("/v1/responses", {"model": f"bench-{whole}", "input": "hello"}), (200,)),
        ("models", get("/v1/models"), (200,)),
        ("sessions", get("/v1/openclaw/sessions"), (200,)),
        ("logs", get("/api/logs"), (200,)),
        ("metrics", get("/metrics"), (200,)),
        ("health", get("/healthz"), (200,)),
        ("refused", lambda: post(target.chat_path, target.chat(whole), {"Authorization": "Bearer nobody"}), (401, 429)),
    ]


_SAID = [{"role": "user", "content": "Say hello."}]


def _given_up(target: Target, model: str) -> int:
    """Read the beginning of a stream and go away."""
    connection = HTTPConnection("127.0.0.1", target.port, timeout=60)
    try:
        headers = {**target.headers, "Content-Type": "application/json"}
        body = orjson.dumps(target.chat(model, stream=True))
        connection.request("POST", target.chat_path, body, headers)
        answer = connection.getresponse()
        answer.read(200)
        return answer.status
    finally:
        connection.close()


def after_warm_up(looks: Sequence[Look]) -> Sequence[Look]:
    """The looks that count: of a short run its second half, which is shown and not judged. Pure."""
    late = [look for look in looks if look.at >= _WARM_UP_SECONDS]
    return late if _is_enough(late) else looks[len(looks) // 2 :]


def _is_enough(looks: Sequence[Look]) -> bool:
    return len(looks) > 2 and looks[-1].at - looks[0].at >= _JUDGED_SECONDS - _LOOK_SECONDS


def slope(looks: Sequence[Look], value: Callable[[Look], float]) -> Slope:
    """By least squares. Pure."""
    if len(looks) < 3:
        return Slope()
    middle, mean = fmean(look.at for look in looks), fmean(map(value, looks))
    spread = sum((look.at - middle) ** 2 for look in looks)
    if not spread:
        return Slope()
    steep = sum((look.at - middle) * (value(look) - mean) for look in looks) / spread
    rest = sum((value(look) - mean - steep * (look.at - middle)) ** 2 for look in looks)
    return Slope(3600 * steep, 3600 * math.sqrt(rest / (len(looks) - 2) / spread))


def rows_of(looks: Sequence[Look], counts: Counter[str]) -> Iterator[Row]:
    """What came of it. Pure."""
    if not looks:
        return
    last, counted = looks[-1], after_warm_up(looks)
    judged, minutes = _is_enough(counted), (last.at - counted[0].at) / 60
    span = f"the last {minutes:.0f} min" + ("" if judged else ": too short to judge")
    failures = ", ".join(f"{name[8:]} ×{count}" for name, count in counts.items() if name.startswith("failed: "))
    yield Row(
        "soak: answers",
        f"{last.answers} in {last.at / 60:.0f} min, {counts['failed']} failed",
        "none failed",
        counts["failed"] == 0,
        failures,
        {"answers": last.answers, "failed": counts["failed"], "minutes": last.at / 60},
    )
    kinds: Sequence[tuple[str, str, Callable[[Look], float], float]] = (
        ("memory", "MiB", lambda look: look.memory, _MEMORY_GOAL),
        ("descriptors", "", lambda look: look.descriptors, 20.0),
        ("threads", "", lambda look: look.threads, 10.0),
        ("tasks", "", lambda look: look.tasks, 20.0),
    )
    for name, unit, value, goal in kinds:
        grown, values, late = slope(counted, value), [value(look) for look in looks], [value(look) for look in counted]
        yield Row(
            f"soak: {name}",
            f"{values[0]:.4g} → {values[-1]:.4g} {unit}, {grown.an_hour:+.2f} ± {grown.error:.2f} an hour".replace(
                " ,", ","
            ),
            f"≤ {goal:g} an hour",
            grown.an_hour <= goal if judged else None,
            f"slope and standard error of {span}; there {late[0]:.4g} → {late[-1]:.4g},"
            f" least {min(late):.4g}, most {max(late):.4g}",
            {
                "first": values[0],
                "last": values[-1],
                "an_hour": grown.an_hour,
                "error": grown.error,
                "judged_minutes": minutes if judged else 0.0,
                "most": max(values),
            },
        )
    most = max(look.log for look in looks)
    yield Row("soak: write-ahead log", f"{most:.1f} MiB at most", "≤ 64 MiB", most <= 64.5, "", {"most": most})
