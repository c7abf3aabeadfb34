"""A mock of many vendors that somebody else wrote: the npm package `@copilotkit/aimock`, run as a process.

Its fixtures are matched against any protocol's request alike; see its README for their form. It is installed by name and
locked hash (`tests/support/node`) into a cache outside the tree; without Node.js or a registry the tests that need it are
skipped, or fail where CRAWDAD_REQUIRE_SERVICES=1 promises that they can run.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.request import Request, urlopen

import orjson
import pytest

from tests.support.node_packages import NotInstalled, installed
from tests.support.waiting import PATIENCE

FIXTURES: list[dict[str, Any]] = [
    {
        "match": {"userMessage": "weather", "hasToolResult": False},
        "response": {
            "content": "Let me look.",
            "toolCalls": [{"id": "call_weather", "name": "get_weather", "arguments": {"city": "Zürich"}}],
        },
    },
    {
        "match": {"userMessage": "weather", "hasToolResult": True},
        "response": {"content": "It is 21 degrees in Zürich."},
    },
    {"match": {"userMessage": "think"}, "response": {"content": "42", "reasoning": "Six by seven."}},
    {
        "match": {"userMessage": "busy"},
        "response": {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429},
    },
    {"match": {"userMessage": "cut off"}, "response": {"content": "I was going to", "finishReason": "length"}},
    {
        "match": {"userMessage": "story"},
        "response": {"content": "Once upon a time there was a crawdad. " * 20},
        "streamingProfile": {"ttft": 20, "tps": 400},
    },
    {"match": {"userMessage": "ping"}, "response": {"content": "pong, 你好 🦞"}},
]
"""What the mock answers: by a word in the last user message."""

_PACKAGE = Path(__file__).resolve().parents[1] / "node"
_ENTRY = Path("node_modules/@copilotkit/aimock/dist/cli.js")
_REQUIRED = os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1"


def install() -> Path:
    """The folder where the package is installed, installing it if need be.

    Skips the running test (fails it where services are required) when Node.js or the registry is not to be had.
    """
    try:
        return installed(_PACKAGE)
    except NotInstalled as problem:
        _unavailable(str(problem))


def _unavailable(reason: str) -> NoReturn:
    if _REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


class AimockServer:
    """The mock on a loopback port, between `start` and `stop` (or as a context manager)."""

    def __init__(self, fixtures: list[dict[str, Any]] | None = None) -> None:
        self.url = ""
        self._fixtures = FIXTURES if fixtures is None else fixtures
        self._process: subprocess.Popen[str] | None = None
        self._output: list[str] = []
        self._listening = threading.Event()
        self._folder = tempfile.TemporaryDirectory()

    def start(self) -> Self:
        """Install the package if need be, start it, and wait until it listens."""
        package = install()
        fixtures = Path(self._folder.name) / "fixtures.json"
        fixtures.write_bytes(orjson.dumps({"fixtures": self._fixtures}))
        command = ["node", str(package / _ENTRY), "--host", "127.0.0.1", "--port", "0", "--fixtures", str(fixtures)]
        self._process = subprocess.Popen(
            [*command, "--strict", "--chunk-size", "7"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        if not self._listening.wait(PATIENCE) or not self.url:
            self.stop()
            raise RuntimeError("the mock did not start:\n" + "".join(self._output))
        return self

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._output.append(line)
                if "listening on" in line:
                    self.url = line.rsplit(" ", 1)[1].strip()
                    self._listening.set()
        self._listening.set()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._reader.join()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def journal(self) -> list[dict[str, Any]]:
        """What it received: `{method, path, headers, body, response: {status, fixture}}`, bodies in chat's spelling."""
        with urlopen(f"{self.url}/__aimock/journal", timeout=PATIENCE) as answer:
            entries: list[dict[str, Any]] = orjson.loads(answer.read())
            return entries

    def reset(self) -> None:
        """Forget what was received."""
        urlopen(Request(f"{self.url}/__aimock/reset/journal", method="POST"), timeout=PATIENCE).close()
