"""What every model route does around a turn: faults of our own, and keep-alives at the end."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from crawdad.api.call import Call
from crawdad.api.pulse import Pulse
from crawdad.api.speaking import Dialect, Gate, error_headers, speak
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.settings import Settings
from crawdad.services.operations.completions import Completions
from crawdad.services.turns.front import ModelFront, Reply
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness

_CHAT = Dialect("openai-chat", "chat", "openai")
_CALLER = Principal("key_1", "api_key", "caller", EVERYTHING)


class Route:
    """A model route with everything around it left out; what it sends, and what is logged."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.sent: list[MutableMapping[str, Any]] = []
        ledger = Ledger(FakeClock(), self.journal, lambda _: None, lambda _: None)
        settings = Settings()

        async def admit(principal: Principal) -> None:
            pass

        parts = {
            "front": SimpleNamespace(ledger=ledger, catalogue=lambda: SimpleNamespace(providers={})),
            "clock": FakeClock(),
            "randomness": FakeRandomness(),
            "settings": lambda: settings,
            "bodies": SimpleNamespace(begin=lambda: None),
            "budgets": SimpleNamespace(admit=admit),
        }
        self.gate = cast(Gate, SimpleNamespace(**parts))

    async def ask(self, take: Any, **asked: Any) -> None:
        body = orjson.dumps({"model": "m", **asked})
        scope = {
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [(b"content-type", b"application/json")],
            "crawdad.watch": lambda on_lost: None,
        }

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            self.sent.append(message)

        await speak(Call(scope, receive, send, "id1"), self.gate, _CHAT, take=take, principal=_CALLER)


@pytest.mark.parametrize("fault", [RuntimeError("a fault of ours"), TypeError("'NoneType' object is not iterable")])
async def test_a_fault_of_ours_is_logged_as_one(fault: Exception) -> None:
    """Neither as a client that left, nor as a request of the client's that would be nested too deeply."""

    async def take(turn: Turn) -> Reply:
        raise fault

    route = Route()
    with pytest.raises(type(fault)):
        await route.ask(take)
    (row,) = route.journal.exchanges
    assert (row.outcome, row.status, row.error_kind) == ("failed", 500, "internal")
    assert not route.sent, "the front door tells the client"


async def test_what_is_too_deep_to_be_written_is_the_clients_fault() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]

    async def take(turn: Turn) -> Reply:
        return Reply("application/json", body=orjson.dumps(deep))

    route = Route()
    await route.ask(take)
    (row,) = route.journal.exchanges
    assert (row.outcome, row.status, row.error_kind) == ("failed", 400, "bad_request")
    assert route.sent[0]["status"] == 400


async def test_of_completions_that_fail_the_log_says_what_the_client_was_told() -> None:
    """Also of a prompt that was still being answered when another one failed."""
    route, never = Route(), asyncio.Event()

    async def events(turn: Turn) -> Any:
        if turn.exchange.id == "id1":
            await never.wait()
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, "gone")

    front = SimpleNamespace(ledger=route.gate.front.ledger, events=events)
    await route.ask(Completions(cast(ModelFront, front)).take, prompt=["one", "two"])
    assert route.sent[0]["status"] == 502
    rows = {row.id: (row.outcome, row.status, row.error_kind) for row in route.journal.exchanges}
    assert rows == dict.fromkeys(("id1", "id1p1"), ("failed", 502, "upstream_broken"))


@pytest.mark.parametrize(("wait", "told"), [(0.0, "0"), (0.3, "1"), (1.4, "2"), (7, "7")])
def test_whoever_waits_as_long_as_it_is_told_does_not_come_too_early(wait: float, told: str) -> None:
    assert error_headers(GatewayError(ErrorKind.RATE_LIMITED, "slow down", retry_after=wait))["retry-after"] == told


async def test_a_keep_alive_whose_time_has_come_does_not_follow_the_last_words() -> None:
    pinged = []

    async def ping() -> None:
        pinged.append(True)

    for ends, pings in ((False, [True]), (True, [])):
        pinged.clear()
        pulse = Pulse(0.0, ping)
        before = len(asyncio.all_tasks())
        for _ in range(1000):
            if len(asyncio.all_tasks()) > before:
                break  # the ping's task is made, and has not run yet
            await asyncio.sleep(0)
        if ends:
            pulse.end()
        else:
            pulse.beat()
            await asyncio.sleep(0)
        await pulse.stop()
        assert pinged[:1] == pings
