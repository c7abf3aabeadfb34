"""A program at a terminal of its own: what it shows is waited for, what it reads is typed."""

from __future__ import annotations

import codecs
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from tests.support.waiting import PATIENCE


class Terminal:
    """Runs `command` at a new terminal. `shown` is all that it has shown so far."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.shown = ""
        self._looked = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            start_new_session=True,
            close_fds=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # behind a shell's & Ctrl-C is not heard
        )
        os.close(slave)

    def enter(self, text: str) -> None:
        """Type something, the end of the line included where one is."""
        os.write(self._master, text.encode())

    def sees(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait until `text` is shown behind what was waited for before; what came in between."""
        until = time.monotonic() + seconds
        while text not in self.shown[self._looked :]:
            left = until - time.monotonic()
            assert left > 0, f"{text!r} was not shown; what was:\n{self.shown[self._looked :]}"
            if not self._read(left) and text not in self.shown[self._looked :]:
                raise AssertionError(f"the program ended before it showed {text!r}:\n{self.shown}")
        place = self.shown.index(text, self._looked)
        between, self._looked = self.shown[self._looked : place], place + len(text)
        return between

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def ends(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + seconds
        while self._read(max(0.0, until - time.monotonic())):
            pass
        return self.process.wait(max(0.1, until - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        """Take up what is shown; False at the end of it."""
        ready, _, _ = select.select([self._master], [], [], min(seconds, 0.2))
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self.shown += self._decoder.decode(data)
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._master)
