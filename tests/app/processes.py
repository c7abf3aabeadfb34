"""Real processes of Crawdad on ephemeral loopback ports, with short timings, and patience with a deadline."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.waiting import PATIENCE, eventually

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parent / "stand_in"


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A process environment that leads to `home` and nowhere else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(STAND_IN), str(ROOT / "src")])
    chosen = {"PYTHONPATH": path, "CRAWDAD_HOME": str(home), "CRAWDAD_PORT": "0", "CRAWDAD_LANG": "en"}
    return kept | chosen | {"CRAWDAD_BACKOFF_SECONDS": "0.05", "JOURNAL_STREAM": "8:1"} | variables


class Running:
    """A `crawdad up` in a home directory of its own."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "crawdad.app.supervisor"],
            env=environment(home, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.home / "supervisor.json").read_text())
        except FileNotFoundError:
            return {}
        return state if state["pid"] == self.process.pid else {}

    def until_ready(self, *, other_than: int = 0) -> int:
        """Wait until an application serves whose process id is not `other_than`; its process id."""

        def look() -> int:
            assert self.process.poll() is None, self.process.communicate()
            state = self.state()
            application = state.get("application") or {}
            return application["pid"] if state.get("state") == "ready" and application["pid"] != other_than else 0

        return eventually(look, "an application that serves")

    @property
    def port(self) -> int:
        return int(self.state()["addresses"][0][1])

    def events(self) -> list[dict[str, Any]]:
        path = self.home / "logs" / "supervisor.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event called `name`."""
        return eventually(lambda: next((each for each in self.events() if each["event"] == name), {}), name)

    def connect(self, host: str = "127.0.0.1", timeout: float = PATIENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(host, self.port, timeout=timeout)

    @contextmanager
    def asking(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """The answer to `GET path`, its body yet to be read."""
        with closing(self.connect()) as connection:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                yield answer

    def health(self, host: str = "127.0.0.1") -> dict[str, Any]:
        """What a fresh connection is told by `/healthz`."""
        with closing(self.connect(host)) as connection:
            connection.request("GET", "/healthz")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = PATIENCE) -> int:
        """Wait for the end of the supervisor: its exit code."""
        return self.process.wait(seconds)


@contextmanager
def running(home: Path, **variables: str) -> Iterator[Running]:
    """A supervisor that does not outlive the test."""
    supervisor = Running(home, **variables)
    try:
        yield supervisor
    finally:
        if supervisor.process.poll() is None:
            supervisor.signal(signal.SIGKILL)
        supervisor.process.communicate(timeout=PATIENCE)
