"""One run of the bench: how long it takes, where it happens, and how it puts load on something."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from crawdad.app.bench.gateway import UP, RunningGateway, Target, write_configuration
from crawdad.app.bench.load import Job
from crawdad.app.bench.processes import BenchError, Cores, Loaded, Server, load

RATE = 50
"""Events per second of a paced stream."""


@dataclass(frozen=True)
class Plan:
    """How long and how much. Everything is bounded: on a machine that has nothing else to do the whole bench stays below ten
    minutes, the quick one below one and a half."""

    request_seconds: float
    warmup_seconds: float
    stream_steps: tuple[int, ...]
    stream_seconds: float
    starts: int
    slope_rounds: int
    turns: int
    """Turns of agents over which memory is watched."""
    sessions: int
    """Sessions in which is looked for some."""
    peer_warmup_seconds: float = 3.0
    """Other gateways compile themselves while they run; they are measured once they are warm."""
    crowd: int = 200
    """Turns of agents at the same time."""
    chats: int = 1_000
    """Chats of channels in which somebody writes at the same time; half as many messages make the burst in one group."""

    @property
    def stream_events(self) -> int:
        """Events of each stream, so that all streams still run when the window closes."""
        return math.ceil(RATE * (self.warmup_seconds + self.stream_seconds + 1.0))

    @property
    def models(self) -> tuple[str, str]:
        """The static upstream's model for whole answers, and the one for paced streams."""
        return "whole", f"paced-{RATE}-{self.stream_events}"


QUICK = Plan(1.5, 0.5, (64, 256, 512), 1.5, 1, 3, 200, 2_000)
FULL = Plan(5.0, 1.0, (64, 128, 256, 384, 512, 640, 768, 1024), 3.0, 3, 6, 10_000, 100_000)


def load_average() -> float:
    """How busy the machine was in the last minute (0 where the system does not tell)."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


@dataclass
class Bench:
    """One run: its plan, where it may write, and the gateway that the measurements share."""

    plan: Plan
    cores: Cores
    upstream_port: int
    folder: Path
    command: Sequence[str] = UP
    shared: RunningGateway | None = None
    load_before: float = field(default_factory=load_average)
    direct_cache: dict[str, Loaded] = field(default_factory=dict)

    @property
    def direct(self) -> Target:
        """The upstream itself."""
        return Target("direct", self.upstream_port, {})

    @property
    def running(self) -> RunningGateway:
        """The shared gateway. Raises `BenchError` where it could not be started."""
        if self.shared is None:
            raise BenchError("the gateway did not start")
        return self.shared

    def home(self, name: str) -> Path:
        """A home directory of that name, with a configuration."""
        home = self.folder / name
        if not home.exists():
            write_configuration(home, self.upstream_port, self.plan.models)
        return home

    def requests(
        self,
        target: Target,
        body: Any,
        connections: int,
        path: str = "",
        seconds: float = 0,
        server: Server | None = None,
    ) -> Loaded:
        """A closed loop of whole requests."""
        return load(
            Job(
                kind="requests",
                host="127.0.0.1",
                port=target.port,
                path=path or target.chat_path,
                headers=target.headers,
                body=orjson.dumps(body).decode(),
                connections=connections,
                warmup_seconds=self.plan.warmup_seconds,
                seconds=seconds or self.plan.request_seconds,
                events=0,
            ),
            self.cores,
            server,
        )

    def streams(self, target: Target, body: Any, connections: int, path: str, server: Server | None = None) -> Loaded:
        """Paced streams."""
        return load(
            Job(
                kind="streams",
                host="127.0.0.1",
                port=target.port,
                path=path,
                headers=target.headers,
                body=orjson.dumps(body).decode(),
                connections=connections,
                warmup_seconds=self.plan.warmup_seconds,
                seconds=self.plan.stream_seconds,
                events=self.plan.stream_events,
            ),
            self.cores,
            server,
        )

    def direct_streams(self, connections: int) -> Loaded:
        """Paced streams straight from the upstream; measured once per number of streams."""
        key = f"streams-{connections}"
        if key not in self.direct_cache:
            body = self.direct.chat(self.plan.models[1], stream=True)
            self.direct_cache[key] = self.streams(self.direct, body, connections, self.direct.chat_path)
        return self.direct_cache[key]


def rate_of(loaded: Loaded) -> float:
    """Requests per second."""
    return float(loaded.found["requests"] / loaded.found["seconds"])
