"""Lines to others that can be cut: a relay before a server, a server that swallows everything, names that stop being known."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.drill.scenario import NotPossible
from tests.support.server import free_port

_CHUNK = 65536
_SECONDS = 5.0


class Relay:
    """Passes bytes on to a server on loopback, until it is cut; `mend` makes it pass them on again, at the same port."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self.port = free_port()  # of which nobody else makes use while it is cut
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listen()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with self._lock:
            found, self._open = self._open, set()
        for each in found:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def mend(self) -> None:
        """As it was before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self._there, _SECONDS)
            except OSError:
                return
            with self._lock:
                self._open |= {near, far}
            for here, there in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(here, there), daemon=True).start()


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while data := here.recv(_CHUNK):
            there.sendall(data)
    with suppress(OSError):
        there.shutdown(socket.SHUT_WR)


@contextmanager
def black_hole() -> Iterator[int]:
    """A port on loopback at which nothing is answered: its queue is full, so whoever connects hears nothing at all."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@contextmanager
def deaf() -> Iterator[int]:
    """A port on loopback that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield int(listener.getsockname()[1])


class Names:
    """The names that a process knows which is started with `command`: those in a file, and no name server answers."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0 or not _may_unshare():
            raise NotPossible("only root may give a process names of its own", permitted=False)
        self._hosts, self._resolver = folder / "hosts", folder / "resolv.conf"
        self._resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.know()

    def know(self, *names: str) -> None:
        """Only these are known, and lead to loopback."""
        self._hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))

    @property
    def command(self) -> tuple[str, ...]:
        """What goes before a command that is to know these names alone."""
        script = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, str(self._hosts), str(self._resolver))


def _may_unshare() -> bool:
    try:
        return subprocess.run(["unshare", "--mount", "true"], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False
