"""Bytes on a naked connection, and what a process took of the machine meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

T = TypeVar("T")


def connect(gateway: Gateway, source: str | None = None) -> socket.socket:
    """A connection to close after use. `source` is the client's own address, such as 127.0.0.2."""
    return socket.create_connection(("127.0.0.1", gateway.port), PATIENCE, (source, 0) if source else None)


def say(gateway: Gateway, *pieces: bytes, source: str | None = None) -> bytes:
    """Everything the server answers until it closes. Fails when it does not."""
    with connect(gateway, source) as connection:
        with suppress(ConnectionError):  # it may refuse while we still speak
            for piece in pieces:
                connection.sendall(piece)
        return listen(connection)


def listen(connection: socket.socket) -> bytes:
    """What comes until the connection ends; a reset counts as an end."""
    answer = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def statuses(answer: bytes) -> list[int]:
    """The status of each response in a row of them."""
    return [int(piece[:3]) for piece in answer.split(b"HTTP/1.1 ")[1:]]


@contextmanager
def memory_below(gateway: Gateway, megabytes: float) -> Iterator[None]:
    """Fails when the process's memory rises by more than that at any moment of the block (Linux; elsewhere it is not known)."""
    assert gateway.process is not None
    folder = Path(f"/proc/{gateway.process.pid}")
    if not folder.exists():
        yield
        return
    (folder / "clear_refs").write_text("5")  # the high-water mark begins anew
    before = _peak(folder)
    yield
    risen = _peak(folder) - before
    assert risen < megabytes, f"the gateway took {risen:.0f} MB more"


def _peak(folder: Path) -> float:
    for line in (folder / "status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the system does not tell")
