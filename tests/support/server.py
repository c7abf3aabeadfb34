"""A real Crawdad on loopback for end-to-end tests: a process of its own, a home of its own, a free port.

    with running_gateway({"models": {"providers": {...}}}) as gateway:
        httpx.get(gateway.base_url + "/v1/models", headers=gateway.headers)

Use it as an async context manager in async tests. One server per test process is a session-scoped fixture:

    @pytest.fixture(scope="session")
    def gateway(scripted_upstream): ...
        with running_gateway(settings(providers(...))) as gateway:
            yield gateway
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

import orjson

SOURCE = Path(__file__).resolve().parents[2] / "src"
_BARE = """
import sys
from crawdad.app.launch import Launch
from crawdad.app.server import run
sys.exit(run(Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])))
"""
_HAS_COMMAND_LINE = importlib.util.find_spec("crawdad.app.main") is not None
SERVE = (sys.executable, *(("-m", "crawdad.app.main", "serve") if _HAS_COMMAND_LINE else ("-c", _BARE)))
"""The command of one gateway process; `--home DIR` is put behind it."""
UP = (sys.executable, "-m", "crawdad.app.main", "up")
TOKEN = "cd-test-token-0123456789abcdef"

_READY_SECONDS = 20.0
_STOP_SECONDS = 15.0
_LEFT_OUT = ("CRAWDAD_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "OLLAMA_", "CLAUDE_", "CODEX_")


class GatewayFailed(AssertionError):
    """The gateway did not start or did not stop; the message holds what it printed."""


class Gateway:
    """One gateway process. `start`, `stop` and `kill` may be called in turns: home, port and token stay the same."""

    def __init__(
        self,
        config: Mapping[str, Any],
        env: Mapping[str, str],
        command: Sequence[str] = SERVE,
        home: Path | None = None,
    ) -> None:
        self._folder = None if home else tempfile.TemporaryDirectory(prefix="crawdad-test-", ignore_cleanup_errors=True)
        self.home = home or Path(self._folder.name if self._folder else "")
        self.port = free_port()
        self.token = TOKEN
        self.process: subprocess.Popen[bytes] | None = None
        self._command = (*command, "--home", str(self.home))
        self._env = {**_clean_environment(), "CRAWDAD_PORT": str(self.port), "CRAWDAD_TOKEN": self.token, **env}
        self._log = self.home / "process.log"
        self.write_config(config)

    @property
    def base_url(self) -> str:
        """The gateway's origin, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be let in."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def pid(self) -> int:
        """The process that serves."""
        return self._running().pid

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Put `openclaw.json` in place, atomically as an editor would."""
        fresh = self.home / "openclaw.json.new"
        fresh.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))
        fresh.replace(self.home / "openclaw.json")

    def log(self) -> str:
        """Everything the process has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> Self:
        """Start the process and wait until it is ready. Raises `GatewayFailed` with its output when it is not."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self.process.poll() is not None:
                raise GatewayFailed(f"the gateway ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                self.kill()
                raise GatewayFailed(f"the gateway was not ready after {_READY_SECONDS} s:\n{self.log()}")
            time.sleep(0.02)
        return self

    def _ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> int:
        """Ask the process to end (SIGTERM) and wait; its exit code. Raises `GatewayFailed` when it does not end."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise GatewayFailed(f"the gateway did not stop:\n{self.log()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process and its children at once (SIGKILL), as a power cut would."""
        process = self._running()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise GatewayFailed("the gateway was never started")
        return self.process

    def _close(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(2)
            self.kill()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self._close()
            raise

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind is not None:
            sys.stderr.write(f"--- the gateway's own output ---\n{self.log()}\n")
        self._close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        await asyncio.to_thread(self.__exit__, kind)


def running_gateway(
    config: Mapping[str, Any],
    env: Mapping[str, str] | None = None,
    *,
    command: Sequence[str] = SERVE,
    home: Path | None = None,
) -> Gateway:
    """A gateway to enter with `with` or `async with`. `home` is kept when given, else temporary."""
    return Gateway(config, env or {}, command, home)


def settings(providers: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """A configuration with these providers and nothing found by itself. `sections` are merged in at the top."""
    models = {"providers": dict(providers), "discoverLocal": False, **sections.pop("models", {})}
    return {"models": models, **sections}


def free_port() -> int:
    """A port nobody listens on, below those that the system hands out to outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(18_800, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def _clean_environment() -> dict[str, str]:
    """The environment without what would configure a gateway behind the test's back."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEFT_OUT) and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(SOURCE.parent)]), "PYTHONUNBUFFERED": "1"}
