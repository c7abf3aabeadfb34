"""A panel that listens on `/ws`, with a client that is not ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

Frame = dict[str, Any]


class Listener:
    """Keeps every frame that comes, in order."""

    def __init__(self, gateway: Gateway, query: str, headers: dict[str, str] | None = None) -> None:
        address = f"ws://127.0.0.1:{gateway.port}/ws{query}"
        self._opening = connect(
            address, additional_headers=headers or {}, proxy=None, open_timeout=PATIENCE, max_size=None
        )
        self.socket: ClientConnection
        self.frames: list[Frame] = []

    def __enter__(self) -> Self:
        self.socket = self._opening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, value, trace)

    def until(self, wanted: Callable[[Frame], bool], seconds: float = PATIENCE) -> Frame:
        """The first frame that is wanted, of those that came and those that come."""
        for frame in self.frames:
            if wanted(frame):
                return frame
        deadline = time.monotonic() + seconds
        while True:
            fresh: Frame = orjson.loads(self.socket.recv(timeout=max(0.01, deadline - time.monotonic())))
            self.frames.append(fresh)
            if wanted(fresh):
                return fresh

    def of(self, kind: str) -> list[Any]:
        """The data of the frames of a type that have come so far."""
        return [frame["data"] for frame in self.frames if frame["type"] == kind]

    def closed(self, seconds: float = PATIENCE) -> int:
        """Read until the other side closes: its code."""
        try:
            while True:
                self.frames.append(orjson.loads(self.socket.recv(timeout=seconds)))
        except ConnectionClosed as error:
            assert error.rcvd is not None
            return error.rcvd.code


def logged(part: str) -> Callable[[Frame], bool]:
    """A `log-entry` whose summary holds `part`."""
    return lambda frame: frame["type"] == "log-entry" and part in frame["data"]["summary"]
