"""Many clients of a real gateway at once, and frames that no client would send."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import orjson
import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crawdad.app.bench.control import Listener
from tests.support.control import BACKEND, Device, connect_params, connected
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

CLIENTS = 1000
AT_ONCE = 100
MOST_BYTES_EACH = 150 * 1024
ODD: list[Any] = [[], 1, "x", {"": {}}, {"deviceId": []}, [[[]]] * 50]


async def _join(gateway: Gateway) -> Listener:
    """A client that costs the test little: it looks for one word in what comes."""
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(Listener, "127.0.0.1", gateway.port)
    await listener.heard
    welcome = listener.expect('"hello-ok"')
    listener.send("connect", connect_params(gateway.token, client={**BACKEND, "instanceId": "one of many"}), "c")
    await welcome
    return listener


def _resident(gateway: Gateway) -> int:
    assert gateway.process is not None
    root = psutil.Process(gateway.process.pid)
    return sum(each.memory_info().rss for each in (root, *root.children(recursive=True)))


async def test_a_thousand_clients_hear_of_it_and_take_bounded_memory(gateway: Gateway) -> None:
    device, before = Device(), _resident(gateway)
    listeners: list[Listener] = []
    try:
        async with asyncio.timeout(120):
            while len(listeners) < CLIENTS:
                listeners += await asyncio.gather(*(_join(gateway) for _ in range(AT_ONCE)))
            assert _resident(gateway) - before < CLIENTS * MOST_BYTES_EACH
            hearing = [listener.expect(device.id) for listener in listeners]
            url = gateway.base_url.replace("http", "ws", 1) + "/"
            async with connect(url, proxy=None, local_addr=("127.0.0.7", 0), open_timeout=PATIENCE) as stranger:
                nonce = orjson.loads(await stranger.recv())["payload"]["nonce"]
                params = connect_params(gateway.token, ["operator.read"])
                params["device"] = device.params(params, nonce)
                await stranger.send(
                    orjson.dumps({"type": "req", "id": "c", "method": "connect", "params": params}).decode()
                )
                await asyncio.gather(*hearing)
    finally:
        for listener in listeners:
            listener.close()


def test_any_frames_leave_the_gateway_answering(gateway: Gateway) -> None:
    chance = random.Random(20260226)
    pieces = [
        '{"type":"req"',
        ',"id":"a"',
        ',"method":',
        '"health"',
        ',"params":',
        "[[[[",
        "}}}",
        "null",
        "1e999",
        '"\\ud800"',
        "{}",
        ",",
    ]
    with connected(gateway) as client:
        for _ in range(300):
            client.send("".join(chance.choice(pieces) for _ in range(chance.randrange(1, 9))))
        for _ in range(50):
            client.socket.send(chance.randbytes(chance.randrange(1, 60)))
        for method in ("health", "config.set", "device.token.rotate", "logs.tail", "x" * 10_000, "\u0000"):
            for params in ODD:
                client.send({"type": "req", "id": "p", "method": method, "params": params})
        client.send('{"type":"req","id":"deep","method":"health","params":' + "[" * 5000 + "]" * 5000 + "}")
        assert client.request("health", {}, "the last")["ok"]


def test_large_frames_are_bounded(gateway: Gateway) -> None:
    with connected(gateway) as client:
        client.send({"type": "req", "id": "big", "method": "health", "params": {"x": "y" * 5_000_000}})
        assert client.response("big")["ok"]
        with suppress(ConnectionClosed):  # it may be cut off while it still sends
            client.send('"' + "x" * 26_214_400 + '"')
        assert client.closed()[0] in (1009, None)
    with connected(gateway) as client:
        assert client.call("health")["ok"]


def test_a_client_that_does_not_read_costs_the_others_nothing(gateway: Gateway) -> None:
    with connected(gateway) as slow, connected(gateway) as other:
        for number in range(400):  # hundreds of kilobytes each, none of them read
            with suppress(ConnectionClosed):
                slow.send({"type": "req", "id": f"s{number}", "method": "config.schema"})
        for _ in range(20):
            assert other.call("health")["ok"]
