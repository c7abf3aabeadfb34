"""`/v1/ws/tui`: `crawdad chat` behind a socket: buddy.md §6.9."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import SHUT_RDWR

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from crawdad.services.devices.rights import TALKING
from crawdad.services.terminals import Size, understood
from tests.support.scripted_model import MODEL, NAME, ScriptedModel, says
from tests.support.server import SOURCE, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

PATH = "/v1/ws/tui"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/{MODEL}"}, "list": [{"id": "main"}]}
    with (
        ScriptedModel(says("Good morning."), says("Good morning.")) as model,
        running_gateway(
            settings({NAME: model.provider()}, agents=agents),
            {"PYTHONPATH": f"{SOURCE}:{SOURCE.parent}", "LANG": "C.UTF-8"},
        ) as found,
    ):
        yield found


def opened(gateway: Gateway, headers: dict[str, str] | None = None) -> ClientConnection:
    address = gateway.base_url.replace("http", "ws", 1) + PATH
    return connect(
        address, additional_headers=gateway.headers if headers is None else headers, open_timeout=PATIENCE, proxy=None
    )


def read_until(socket: ClientConnection, wanted: str) -> str:
    """What the terminal shows up to `wanted`; every frame is binary and short."""
    shown = b""
    while wanted.encode() not in shown:
        try:
            frame = socket.recv(timeout=60)
        except (ConnectionClosed, TimeoutError) as error:
            raise AssertionError(shown.decode("utf-8", "replace")) from error
        assert isinstance(frame, bytes)
        assert 0 < len(frame) <= 2048
        shown += frame
    return shown.decode("utf-8", "replace")


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def chats(gateway: Gateway) -> list[int]:
    """The processes of terminals, wherever below the gateway they are."""
    found, waiting = [], [gateway.pid]
    while waiting:
        pid = waiting.pop()
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            waiting += children(pid)
        except OSError:
            continue
        if b"chat" in words:
            assert gateway.token.encode() not in b" ".join(words)
            found.append(pid)
    return found


def gone(gateway: Gateway) -> bool:
    return eventually(lambda: not chats(gateway), "the end of the terminal's processes")


def test_one_talks_with_an_agent_and_the_program_ends_the_socket(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        socket.send(orjson.dumps({"type": "resize", "cols": 132, "rows": 43}).decode())
        read_until(socket, "agent:main:main")
        assert len(chats(gateway)) == 1
        socket.send("hello\r")
        read_until(socket, "Good morning.")
        socket.send(b"/quit\r")
        with pytest.raises(ConnectionClosed) as raised:
            while True:
                socket.recv(timeout=60)
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 1000
    assert gone(gateway)


def test_nothing_is_left_of_it_when_its_watcher_goes(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        read_until(socket, "agent:main:main")
        assert len(chats(gateway)) == 1
        socket.socket.shutdown(SHUT_RDWR)  # without a word of the protocol
        assert gone(gateway)


def test_it_has_the_rights_of_whoever_signed_in(gateway: Gateway) -> None:
    admin = {"x-admin-token": gateway.token}
    rights = ["system.manage", *sorted(TALKING)]
    made = httpx.post(
        gateway.base_url + "/api/keys", json={"name": "own", "permissions": rights}, headers=admin, timeout=PATIENCE
    ).json()
    with opened(gateway, {"authorization": f"Bearer {made['key']}"}) as socket:
        read_until(socket, "agent:main:main")
        socket.send("hello\r")
        read_until(socket, "Good morning.")
        [pid] = chats(gateway)
        told = Path(f"/proc/{pid}/environ").read_bytes()
        assert gateway.token.encode() not in told
        assert made["key"].encode() not in told


def test_who_may_not_come_in_is_told_before_the_upgrade(gateway: Gateway) -> None:
    made = httpx.post(
        gateway.base_url + "/api/keys",
        json={"name": "reader", "permissions": ["system.manage", "system.read", "agents.use", "logs.read"]},
        headers={"x-admin-token": gateway.token},
        timeout=PATIENCE,
    ).json()
    for headers, status in (({}, 401), ({"authorization": f"Bearer {made['key']}"}, 403)):
        with pytest.raises(InvalidStatus) as raised, opened(gateway, headers):
            pass
        assert raised.value.response.status_code == status
        assert orjson.loads(raised.value.response.body)["code"] == status
    assert chats(gateway) == []


def test_there_are_only_so_many(gateway: Gateway) -> None:
    with ExitStack() as stack:
        for socket in [stack.enter_context(opened(gateway)) for _ in range(4)]:
            read_until(socket, "agent:main:main")
        with pytest.raises(InvalidStatus) as raised, opened(gateway):
            pass
        assert raised.value.response.status_code == 429
    assert gone(gateway)


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ('{"type":"resize","cols":100,"rows":30}', Size(100, 30)),
        (b' {"type":"resize","cols":0,"rows":99999999}', Size(1, 500)),
        ('{"type":"resize","cols":65535,"rows":65535}', Size(1000, 500)),
        ('{"type":"resize","cols":-5,"rows":1e300}', Size(1, 500)),
        ('{"type":"resize","cols":true,"rows":30}', b'{"type":"resize","cols":true,"rows":30}'),
        ('{"type":"resize","cols":1e999,"rows":30}', b'{"type":"resize","cols":1e999,"rows":30}'),
        ('{"type":"resize","cols":"100","rows":30}', b'{"type":"resize","cols":"100","rows":30}'),
        ('{"type":"resize"}x', b'{"type":"resize"}x'),
        ('{"type":"other"}', b'{"type":"other"}'),
        ("你\x03", "你\x03".encode()),
        (b"\xff", b"\xff"),
    ],
)
def test_what_a_message_means(message: str | bytes, meaning: Size | bytes) -> None:
    assert understood(message) == meaning
