"""The client of the control channel: it waits, but not for ever."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest
from websockets.sync.client import ClientConnection

from tests.support.control import Client

CHALLENGE = {"type": "event", "event": "connect.challenge", "payload": {"nonce": "n", "ts": 1}}
TICK = {"type": "event", "event": "tick", "payload": {"ts": 1}}


class Ticking:
    """A connection on which nothing comes but ticks."""

    def __init__(self) -> None:
        self.taken = 0

    def send(self, frame: str, *, text: bool) -> None:
        pass

    def recv(self, seconds: float) -> bytes:
        self.taken += 1
        assert self.taken < 1000, "it would wait for ever"
        return orjson.dumps(TICK if self.taken > 1 else CHALLENGE)


@pytest.mark.parametrize("wait", ["event", "response", "closed"])
def test_ticks_do_not_make_a_wait_endless(monkeypatch: pytest.MonkeyPatch, wait: str) -> None:
    now = iter(range(1_000_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(now)))
    client = Client(cast(ClientConnection, Ticking()))
    waits: dict[str, Any] = {
        "event": lambda: client.event("chat"),
        "response": lambda: client.response("r1"),
        "closed": client.closed,
    }
    with pytest.raises(TimeoutError):
        waits[wait]()
    assert len(client.events) > 100, "what came meanwhile is kept"
