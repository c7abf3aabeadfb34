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
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import orjson
import psutil

from tests.support.nursery import Forked, nursery
from tests.support.waiting import PATIENCE

SOURCE = Path(__file__).resolve().parents[2] / "src"
SERVE = (sys.executable, "-m", "crawdad.app.main", "serve")
"""The command of one gateway process; `--home DIR` is put behind it."""
UP = (sys.executable, "-m", "crawdad.app.main", "up")
TOKEN = "cd-test-token-0123456789abcdef"

_FORKED = frozenset(
    {
        SERVE[2],
        "tests.support.agent_server",
        "tests.support.clock_server",
        "tests.support.rest_server",
        "tests.support.schedule_server",
    }
)
"""What the nursery starts."""
_READY_SECONDS = 120.0
_STOP_SECONDS = PATIENCE
_CLOSE_SECONDS = 2.0
_ENDING: list[threading.Thread] = []
_MOST_ENDING = 4
"""So many gateways whose tests are over may still be about to end: one whose clients are still there gives them two seconds."""
_ALONE = {"CRAWDAD_UPDATES": "managed", "CRAWDAD_UPDATE_INDEX": "http://127.0.0.1:1/simple"}
"""Nobody is asked for newer versions unless a test has its own index."""
_LEFT_OUT = ("CRAWDAD_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "OLLAMA_", "CLAUDE_", "CODEX_")


class GatewayFailed(AssertionError):
    """The gateway did not start or did not stop; the message holds what it printed."""


class Served(Protocol):
    """A gateway somewhere, as its clients know it: an origin without a slash at the end, and a token."""

    @property
    def base_url(self) -> str: ...

    @property
    def token(self) -> str: ...


class Process(Protocol):
    """A process, however it was started; as `subprocess.Popen` shows it."""

    pid: int
    returncode: Any

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...


class Gateway:
    """One gateway process. `start`, `stop` and `kill` may be called in turns: home, port and token stay the same."""

    def __init__(
        self,
        config: Mapping[str, Any],
        env: Mapping[str, str],
        command: Sequence[str] = SERVE,
        home: Path | None = None,
        log: Path | None = None,
    ) -> None:
        self._folder = None if home else tempfile.TemporaryDirectory(prefix="crawdad-test-", ignore_cleanup_errors=True)
        self.home = home or Path(self._folder.name if self._folder else "")
        self.port = free_port()
        self.token = TOKEN
        self.process: Process | None = None
        self._command = (*command, "--home", str(self.home))
        self._env = {
            **clean_environment(),
            "CRAWDAD_PORT": str(self.port),
            "CRAWDAD_TOKEN": self.token,
            **_ALONE,
            **env,
        }
        self._log = log or self.home / "process.log"
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

    def worked(self) -> float:
        """Seconds of a processor that the process has had so far: a measure that other programs of the machine do not change."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Put `openclaw.json` in place, atomically as an editor would."""
        self._config = orjson.dumps(config, option=orjson.OPT_INDENT_2)
        fresh = self.home / "openclaw.json.new"
        fresh.write_bytes(self._config)
        fresh.replace(self.home / "openclaw.json")

    def log(self) -> str:
        """Everything the process has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> Self:
        """Start the process and wait until it is ready. Raises `GatewayFailed` with its output when it is not."""
        with self._log.open("ab") as log:
            self.process = self._spawn(log)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._ready():
            if self.process.poll() is not None:
                raise GatewayFailed(f"the gateway ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                self.kill()
                raise GatewayFailed(f"the gateway was not ready after {_READY_SECONDS} s:\n{self.log()}")
            time.sleep(0.02)
        return self

    def _spawn(self, log: BinaryIO) -> Process:
        if _is_forked(self._command) and nursery().suits(self._env):
            return nursery().start(self._command[2], self._command[3:], self._env, self._log)
        return subprocess.Popen(
            self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def run(self, *arguments: str) -> str:
        """What a command of Crawdad prints in this home. Raises `GatewayFailed` where it fails."""
        done = run_command([*arguments, "--home", str(self.home)], self._env)
        if done.returncode:
            raise GatewayFailed(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

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

    def _running(self) -> Process:
        if self.process is None:
            raise GatewayFailed("the gateway was never started")
        return self.process

    def _close(self) -> None:
        if isinstance(self.process, Forked) and self.process.poll() is None and self._stands_alone:
            self.process.send_signal(signal.SIGTERM)
            _ENDING.append(threading.Thread(target=self._clear_away))
            _ENDING[-1].start()
            finish_ending(_MOST_ENDING)
            return
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self._clear_away()

    @property
    def _stands_alone(self) -> bool:
        """Whether nobody can come to the gateway's home or database once its test is over."""
        return self._folder is not None and b'"database"' not in self._config and b'"cluster"' not in self._config

    def _clear_away(self) -> None:
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_CLOSE_SECONDS)
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


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], given: str = "", timeout: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """A command of Crawdad to its end."""
    return run_module(SERVE[2], arguments, environment, given, timeout)


def run_module(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], given: str = "", timeout: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """`python -m module` to its end. It is started as a shell would where its environment asks for more than a fork."""
    if nursery().suits(environment):
        return nursery().run(module, arguments, environment, given, timeout)
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, input=given, env=environment, capture_output=True, text=True, timeout=timeout)


def finish_ending(most: int = 0) -> None:
    """Wait for gateways whose tests are over, until no more than `most` of them are left."""
    while len(_ENDING) > most:
        _ENDING.pop(0).join()


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


def _is_forked(command: Sequence[str]) -> bool:
    """Whether the nursery starts it. A supervisor replaces its process, and is nothing that could be forked."""
    return tuple(command[:2]) == SERVE[:2] and command[2] in _FORKED and tuple(command[: len(UP)]) != UP


def free_port() -> int:
    """A port nobody listens on, below those that the system hands out to outgoing connections. No other test process is given it
    while this one lives, and this one once."""
    while True:
        port = random.SystemRandom().randrange(18_800, 32_000)
        if not _claimed(port):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def _claimed(port: int) -> bool:
    """Whether a port is this process's from now on: between here and its gateway's start another one could choose it, too. What
    stands for it is a socket of a name that the system forgets when the process ends."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0crawdad-test-port-{port}")
    except OSError:
        claim.close()
        return False
    claim.detach()
    return True


def clean_environment() -> dict[str, str]:
    """The environment without what would configure a gateway behind the test's back."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEFT_OUT) and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(SOURCE.parent)]), "PYTHONUNBUFFERED": "1"}
