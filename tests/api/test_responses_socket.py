"""What the WebSocket form of `/v1/responses` leaves in the log."""

from __future__ import annotations

import orjson
from websockets.sync.client import connect

from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from tests.support.server import running_gateway, settings

FRAME = {"type": "response.create", "model": "crawdad/demo", "store": False}


async def test_a_prepared_turn_is_logged_as_done_and_not_as_abandoned() -> None:
    with running_gateway(settings({})) as gateway:
        url = gateway.base_url.replace("http", "ws", 1) + "/v1/responses"
        with connect(url, additional_headers=gateway.headers, proxy=None) as socket:
            socket.send(orjson.dumps({**FRAME, "input": [], "generate": False}).decode(), text=True)
            kinds = [orjson.loads(socket.recv(10))["type"] for _ in range(2)]
        assert kinds == ["response.created", "response.completed"]
        gateway.stop()
        async with open_database(f"sqlite:///{gateway.home}/crawdad.db") as database:
            (found,) = (await ExchangeLog(database).page()).exchanges
    assert (found.outcome, found.status, found.lane) == ("completed", 200, "local")
    assert (found.model_requested, found.provider) == ("crawdad/demo", "")
