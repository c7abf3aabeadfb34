"""Agents through the front door of a real gateway: memory over many turns, and what plain requests feel of a crowd of turns.

    python scripts/bench_agents.py [--turns 10000] [--at-once 200]     (0 at once: the memory alone)

The model is the bench's static upstream. Memory is that of the application process and its supervisor. Nothing here passes
or fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from crawdad.app.bench.gateway import RunningGateway, gateway, write_configuration
from crawdad.app.bench.load import Job
from crawdad.app.bench.processes import Cores, Loaded, ask, load, static_upstream

_MODEL = "whole"
_SESSIONS = 500
_CALLERS = 8
_MEGABYTE = 1024 * 1024
_SECONDS = 8.0


def main() -> None:
    """Take both measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=200)
    wanted = parser.parse_args()
    cores = Cores.split()
    with tempfile.TemporaryDirectory(prefix="crawdad-bench-") as folder, static_upstream(cores) as port:
        home = Path(folder) / "home"
        write_configuration(home, port, [_MODEL])
        _with_agents(home)
        if wanted.at_once:
            with gateway(home, cores, _MODEL) as running:
                _crowd(running, cores, wanted.at_once)
        with gateway(home, cores, _MODEL) as running:
            _memory(running, wanted.turns)


def _with_agents(home: Path) -> None:
    path = home / "openclaw.json"
    config = orjson.loads(path.read_bytes())
    config["agents"] = {"defaults": {"model": f"static/{_MODEL}"}}
    path.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))


def _memory(running: RunningGateway, turns: int) -> None:
    """Resident memory after a tenth, a half and all of the turns, in many sessions."""

    def turn(number: int) -> None:
        body = {"model": "openclaw", "user": f"u{number % _SESSIONS}"}
        body |= {"messages": [{"role": "user", "content": f"Message {number}: say hello."}]}
        answer = ask(running.target.port, running.target.chat_path, body, running.target.headers, 60)
        if answer.status != 200:
            raise SystemExit(f"turn {number}: {answer.status} {answer.body[:300]!r}")

    def tell(done: int) -> None:
        sizes = running.server.memory()
        shown = " + ".join(f"{size / _MEGABYTE:.0f} MB" for size in sizes)
        print(f"after {done:6} turns: {shown}  ({done / (time.monotonic() - began):.0f} turns/s so far)", flush=True)

    began, done = time.monotonic(), 0
    with ThreadPoolExecutor(_CALLERS) as pool:
        for mark in sorted({turns // 10, turns // 4, turns // 2, turns * 3 // 4, turns}):
            list(pool.map(turn, range(done, mark)))
            done = mark
            tell(done)


def _crowd(running: RunningGateway, cores: Cores, at_once: int) -> None:
    """Latency of plain requests, one at a time: alone, and while so many turns go on."""
    target = running.target
    plain = target.chat(_MODEL)
    turn = {"model": "openclaw", "messages": [{"role": "user", "content": "Say hello."}]}

    def measured(body: dict[str, Any], connections: int, seconds: float) -> Loaded:
        job = Job(
            kind="requests",
            host="127.0.0.1",
            port=target.port,
            path=target.chat_path,
            headers=target.headers,
            body=orjson.dumps(body).decode(),
            connections=connections,
            warmup_seconds=2.0,
            seconds=seconds,
            events=0,
        )
        return load(job, cores, running.server)

    alone = measured(plain, 1, _SECONDS / 2)
    with ThreadPoolExecutor(1) as pool:
        crowd = pool.submit(measured, turn, at_once, _SECONDS + 4)
        time.sleep(3.0)
        beside = measured(plain, 1, _SECONDS / 2)
        turns = crowd.result()
    for name, found in (("plain, alone", alone), (f"plain, beside {at_once} turns", beside), ("the turns", turns)):
        latency, rate = found.found["latency"], found.found["requests"] / found.found["seconds"]
        words = ", ".join(f"{point} {value:.1f} ms" for point, value in latency.items())
        print(f"{name}: {rate:.0f}/s, {words}, {found.found['errors']} errors {found.found['first_error'][:200]}")


if __name__ == "__main__":
    sys.exit(main())
