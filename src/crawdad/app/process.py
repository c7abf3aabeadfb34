"""One application process, as its supervisor sees it. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from crawdad.app import versions
from crawdad.app.control import Disconnected, channel
from crawdad.app.launch import Launch


class Patience(NamedTuple):
    """How long the supervisor waits, in seconds. Each can be set by an environment variable."""

    hang: float = 15.0
    """CRAWDAD_HANG_SECONDS: silence of a serving process before it counts as hung."""
    start: float = 60.0
    """CRAWDAD_START_SECONDS: silence of a starting one; also how long a replacement may take to be ready."""
    backoff: float = 0.5
    """CRAWDAD_BACKOFF_SECONDS: pause before the second restart in a row; it doubles from there."""
    longest_backoff: float = 30.0
    abort: float = 3.0
    """Between the signal that makes a hung process write its traceback and the one that ends it."""
    margin: float = 5.0
    """Beyond the application's own grace before it is killed."""
    failures: int = 5
    window: float = 60.0
    """`failures` within `window` lead to safe mode."""
    mend: int = 3
    """So many within `window` are looked into, before it comes to that."""
    mending: float = 420.0
    """How long looking into them, and doing something about it, may take."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Patience:
        """The defaults with what the environment says; nonsense there is ignored."""
        chosen: dict[str, Any] = {}
        for name in ("hang", "start", "backoff"):
            with contextlib.suppress(ValueError, KeyError):
                chosen[name] = max(0.01, float(environment[f"CRAWDAD_{name.upper()}_SECONDS"]))
        return cls(**chosen)


class ApplicationProcess:
    """A running `crawdad.app.server` with its control channel. It leads a process group of its own, so that a Ctrl-C
    in the terminal reaches the supervisor alone and that nothing it started outlives it.
    """

    def __init__(self, launch: Launch, *, safe_mode: bool) -> None:
        self.safe_mode = safe_mode
        self.end, theirs = channel()
        # -P: what lies in the working directory must not shadow a module.
        python = versions.interpreter(launch.home)
        command = [python, "-P", "-m", "crawdad.app.server", "--control", str(theirs.fileno())]
        command += [*launch.options(), *(["--safe-mode"] if safe_mode else [])]
        try:
            self.pid = os.posix_spawn(
                python,
                command,
                versions.environment_for(python, launch.environment),
                file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
                setpgroup=0,
            )
        finally:
            theirs.close()
        self.born = self.last_sign = time.monotonic()
        self.started_at = time.time()
        self.state = "starting"  # then "ready", perhaps "hung", perhaps "draining"
        self.has_served = False
        self.asked: tuple[str, list[int]] | None = None
        self.drain_seconds = 30.0
        self.kill_at: float | None = None

    def messages(self) -> list[dict[str, Any]]:
        """What it told since the last call; every message is a sign of life. Closes the channel when it is gone."""
        try:
            messages = self.end.receive()
        except Disconnected:
            self.end.connection.close()
            return []
        if messages:
            self.last_sign = time.monotonic()
        return messages

    @property
    def channel_is_open(self) -> bool:
        return self.end.connection.fileno() >= 0

    def silent_until(self, patience: Patience) -> float | None:
        """When its silence will count as a hang; None where silence no longer matters."""
        if self.state in ("starting", "ready"):
            return self.last_sign + (patience.start if self.state == "starting" else patience.hang)
        return None

    def excuse(self, seconds: float) -> None:
        """Its times begin so much later."""
        self.born, self.last_sign = self.born + seconds, self.last_sign + seconds
        if self.kill_at is not None:
            self.kill_at += seconds

    def drain(self, now: float, margin: float) -> None:
        """Ask it to finish what runs and leave."""
        self.state = "draining"
        self.kill_at = now + self.drain_seconds + margin
        self._signal(signal.SIGTERM)

    def abort(self, now: float, seconds: float) -> None:
        """Make a hung process write its traceback and die."""
        self.state = "hung"
        self.kill_at = now + seconds
        self._signal(signal.SIGABRT)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        self.kill_at = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def reap(self) -> int | None:
        """Its exit code when it has ended (negative: the signal), else None. What it left behind in its group is ended first,
        where the system can tell of an end without forgetting the process: until then its number is nobody else's."""
        if sys.platform != "darwin":
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self.kill()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        if sys.platform == "darwin":
            self.kill()
        return os.waitstatus_to_exitcode(status)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
