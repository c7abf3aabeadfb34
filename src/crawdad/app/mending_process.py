"""The look before a start, as the supervisor sees it: a process of its own with the full code, and an end to its time. Standard
library only."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import Any, NamedTuple

from crawdad.app import versions
from crawdad.app.launch import Launch

_MOST_BYTES = 1 << 20


class Mended(NamedTuple):
    """What it came to. `acted`: something was done that may help; another start is worth it."""

    acted: bool = False
    events: tuple[dict[str, Any], ...] = ()


class MendingProcess:
    """`crawdad.app.mending` at work. Raises OSError where the system has no process to give."""

    def __init__(self, launch: Launch, facts: dict[str, Any], seconds: float) -> None:
        python = versions.interpreter(launch.home)
        self.output, theirs = os.pipe()
        command = [python, "-P", "-m", "crawdad.app.mending", *launch.options(), "--facts", json.dumps(facts)]
        try:
            self.pid = os.posix_spawn(
                python,
                command,
                versions.environment_for(python, launch.environment),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, theirs, 1),
                ],
                setpgroup=0,
            )
        except OSError:
            os.close(self.output)
            raise
        finally:
            os.close(theirs)
        os.set_blocking(self.output, False)
        self.facts = facts
        self.kill_at = time.monotonic() + seconds
        self._told = b""

    def fileno(self) -> int:
        """What it tells comes here."""
        return self.output

    def read(self) -> bool:
        """Take what it tells. False: it has told all."""
        try:
            data = os.read(self.output, 65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._told = (self._told + data)[-_MOST_BYTES:]
        return bool(data)

    def kill(self) -> None:
        """End it and what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> Mended:
        """It is at its end: what it came to. What cannot be read came to nothing."""
        while self.read():
            pass
        os.close(self.output)
        self.kill()
        os.waitpid(self.pid, 0)
        try:
            told = json.loads(self._told.strip().splitlines()[-1])
            return Mended(bool(told["acted"]), tuple(told["events"]))
        except (ValueError, KeyError, TypeError, IndexError):
            return Mended()
