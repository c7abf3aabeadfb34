"""What the WebSocket form of `/v1/responses` leaves in the log."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from websockets.sync.client import connect

from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

FRAME = {"type": "response.create", "model": "crawdad/demo", "store": False}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running


async def test_a_prepared_turn_is_logged_as_done_and_not_as_abandoned() -> None:
    with running_gateway(settings({})) as gateway:
        url = gateway.base_url.replace("http", "ws", 1) + "/v1/responses"
        with connect(url, additional_headers=gateway.headers, proxy=None, open_timeout=PATIENCE) as socket:
            socket.send(orjson.dumps({**FRAME, "input": [], "generate": False}).decode(), text=True)
            kinds = [orjson.loads(socket.recv(PATIENCE))["type"] for _ in range(2)]
        assert kinds == ["response.created", "response.completed"]
        gateway.stop()
        async with open_database(f"sqlite:///{gateway.home}/crawdad.db") as database:
            (found,) = (await ExchangeLog(database).page()).exchanges
    assert (found.outcome, found.status, found.lane) == ("completed", 200, "local")
    assert (found.model_requested, found.provider) == ("crawdad/demo", "")


@pytest.mark.parametrize("more", [{}, {"generate": False}, {"generate": False, "store": True}])
@pytest.mark.parametrize("model", ["openclaw", "crawdad/demo"])
def test_what_is_nested_too_deeply_is_refused_and_the_connection_goes_on(
    gateway: Gateway, model: str, more: dict[str, bool]
) -> None:
    """Attack 5, over a WebSocket."""
    url = gateway.base_url.replace("http", "ws", 1) + "/v1/responses"
    frame = {**FRAME, "model": model, "input": "hello", **more}
    with connect(url, additional_headers=gateway.headers, proxy=None, open_timeout=PATIENCE) as socket:
        for depth in (250, 600, 1000, 100_000):
            deep = b'{"a":' * depth + b"1" + b"}" * depth
            socket.send((orjson.dumps(frame)[:-1] + b',"metadata":' + deep + b"}").decode(), text=True)
            told = orjson.loads(socket.recv(PATIENCE))
            assert (told["type"], told["status"]) == ("error", 400), told
            assert told["error"]["type"] == "invalid_request_error"
        socket.send(orjson.dumps({**FRAME, "input": [], "generate": False}).decode(), text=True)
        assert orjson.loads(socket.recv(PATIENCE))["type"] == "response.created"
