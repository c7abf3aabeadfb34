"""The control channel between the supervisor and one application process: JSON lines over a socket pair.

The application asks for its listening sockets (it alone reads the configuration), tells that its loop lives (`beat`),
that it serves (`ready`) and that it finishes up (`draining`). The supervisor answers the question with the open file
descriptors (SCM_RIGHTS) and keeps its own copies, so a replacement gets the very same sockets. End of file on either
side means that the other process is gone. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Sequence
from typing import Any

from crawdad.app.listening import AddressError

_MOST_DESCRIPTORS = 128
_LINE_LIMIT = 65536
_ANSWER_SECONDS = 30.0


class Disconnected(Exception):
    """The other side of the channel is gone."""


class SupervisorEnd:
    """The supervisor's end: reads what the application tells, answers with sockets."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.setblocking(False)
        self._rest = b""

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have arrived. Raises `Disconnected` at end of file or on nonsense."""
        try:
            data = self.connection.recv(_LINE_LIMIT)
        except BlockingIOError:
            return []
        except OSError as error:
            raise Disconnected from error
        if not data or len(self._rest) > _LINE_LIMIT:
            raise Disconnected
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise Disconnected from error

    def give(self, sockets: Sequence[socket.socket]) -> None:
        """Hand over listening sockets."""
        self._answer({"sockets": len(sockets)}, [each.fileno() for each in sockets])

    def refuse(self, error: AddressError) -> None:
        """Tell that an address could not be opened."""
        self._answer({"host": error.host, "port": error.port, "errno": error.number}, [])

    def _answer(self, message: dict[str, Any], descriptors: list[int]) -> None:
        with contextlib.suppress(OSError):  # the process is gone; its end is noticed elsewhere
            socket.send_fds(self.connection, [json.dumps(message).encode() + b"\n"], descriptors)


class ApplicationEnd:
    """The application's end."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(_ANSWER_SECONDS)

    def sockets(self, bind: str, ports: Sequence[int]) -> list[socket.socket]:
        """Ask for the listening sockets. Blocks until the supervisor answers; raises `AddressError`, `Disconnected`."""
        self._tell({"say": "listen", "bind": bind, "ports": list(ports)})
        try:
            data, descriptors, _, _ = socket.recv_fds(self.connection, _LINE_LIMIT, _MOST_DESCRIPTORS)
            answer = json.loads(data)
        except (OSError, ValueError) as error:
            raise Disconnected from error
        if "errno" in answer:
            raise AddressError(answer["host"], answer["port"], answer["errno"])
        self.connection.setblocking(False)
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for each in sockets:
            each.set_inheritable(False)
            each.setblocking(False)
        return sockets

    def beat(self) -> None:
        """The event loop lives."""
        self._tell({"say": "beat"})

    def ready(self, **facts: Any) -> None:
        """The application serves. `facts` are for the supervisor's greeting and its patience."""
        self._tell({"say": "ready", **facts})

    def draining(self) -> None:
        """No new connection is taken any more."""
        self._tell({"say": "draining"})

    def supervisor_is_gone(self) -> bool:
        """To be asked when the connection has become readable."""
        try:
            return self.connection.recv(_LINE_LIMIT) == b""
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            return True

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # full or closed: the supervisor stands still or is gone
            self.connection.send(json.dumps(message).encode() + b"\n")


def channel() -> tuple[SupervisorEnd, socket.socket]:
    """A new channel: the supervisor's end, and the socket to be inherited by the application process."""
    ours, theirs = socket.socketpair()
    theirs.set_inheritable(True)
    return SupervisorEnd(ours), theirs
