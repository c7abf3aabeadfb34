"""Processes of a measurement: started on chosen cores, watched for CPU time and memory, and ended with the measurement."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

import orjson
import psutil

from crawdad.app.bench.load import Job

_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Cores:
    """Which cores the server under test and the rest of the bench run on; empty where processes cannot be pinned."""

    tested: frozenset[int]
    bench: frozenset[int]

    @classmethod
    def split(cls) -> Cores:
        """One core for the server, the others for upstream and load."""
        if not hasattr(os, "sched_getaffinity"):
            return cls(frozenset(), frozenset())
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:
            return cls(frozenset(), frozenset())
        return cls(frozenset(usable[-1:]), frozenset(usable[:-1]))

    @property
    def pinned(self) -> bool:
        """Whether the server has a core for itself."""
        return bool(self.tested)


@contextlib.contextmanager
def running_on(cores: frozenset[int]) -> Iterator[None]:
    """What is started meanwhile, and this process itself, runs on `cores`. A child inherits it before its first line."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A server under measurement: a process and its children. Ended by `stop`, or when the context is left."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path, cores: frozenset[int]) -> None:
        self.log = log
        self.started_at = time.monotonic()
        with running_on(cores), log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-800:].strip()

    def tree(self) -> list[psutil.Process]:
        """The process and all its descendants, itself first."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        """User and system time of the whole tree so far."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def memory(self) -> list[int]:
        """Resident bytes of each process of the tree, the first process first."""
        sizes = []
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                sizes.append(process.memory_info().rss)
        return sizes

    def stop(self) -> None:
        """Ask the tree to end, and make it."""
        tree = self.tree()
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in tree[:1]:
                process.terminate()
        _, alive = psutil.wait_procs(tree, timeout=_STOP_SECONDS)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class BenchError(Exception):
    """A measurement could not be taken; the message says why."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes


def ask(
    port: int, path: str, body: Any = None, headers: Mapping[str, str] | None = None, seconds: float = 10
) -> Answer:
    """One request on a connection of its own. Raises `OSError` or `HTTPException`."""
    connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        data = None if body is None else orjson.dumps(body)
        more = {"content-type": "application/json", **(headers or {})}
        connection.request("GET" if body is None else "POST", path, data, more)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


@contextlib.contextmanager
def static_upstream(cores: Cores) -> Iterator[int]:
    """The port of a running static upstream."""
    with running_on(cores.bench):
        process = subprocess.Popen(
            [sys.executable, "-m", "crawdad.app.bench.upstream"],
            env=module_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    with process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@dataclass(frozen=True)
class Loaded:
    """What the load generator found, and what the server spent meanwhile (both within the measured window)."""

    found: dict[str, Any]
    cpu_seconds: float
    wall_seconds: float

    @property
    def cores_used(self) -> float:
        """CPU seconds per second."""
        return self.cpu_seconds / self.wall_seconds

    def per_core(self, amount: float) -> float:
        """What a whole core would have done; 0 where too little CPU time was used to be seen."""
        return amount / self.cores_used if self.cpu_seconds else 0.0


def load(job: Job, cores: Cores, server: Server | None = None) -> Loaded:
    """Run one job in a load generator. Raises `BenchError` when it fails or not one request succeeds."""
    with running_on(cores.bench):
        process = subprocess.Popen(
            [sys.executable, "-m", "crawdad.app.bench.load"],
            env=module_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write(orjson.dumps(job))
            process.stdin.close()
            spent, at = [], []
            for _ in ("begin", "end"):
                process.stdout.readline()
                spent.append(server.cpu_seconds() if server else 0.0)
                at.append(time.monotonic())
            result = process.stdout.readline()
            if not result:
                raise BenchError(f"the load generator failed: {process.stderr.read()[-800:].decode(errors='replace')}")
        finally:
            process.kill()
    found = orjson.loads(result)
    if found["requests"] == 0:
        raise BenchError(found["first_error"] or "no request was answered")
    return Loaded(found, spent[1] - spent[0], at[1] - at[0])


def module_environment(**more: str) -> dict[str, str]:
    """An environment in which `python -m crawdad…` runs this very package."""
    source = str(Path(__file__).resolve().parents[3])
    paths = [source, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
