"""`/v1/ws/logs`, and how the contract's sockets are opened: buddy.md §2.2, §6.8."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from crawdad.adapters.files.slices import LocalFileSlices
from crawdad.api.buddy.sockets import Sockets, Talk
from crawdad.api.channels.routes import OpenedSocket
from crawdad.api.clawpanel.access import Access
from crawdad.core.identity import Permission
from crawdad.services.identity.door import LOCAL
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.services.log_follow import LogFollower, keeps
from crawdad.services.log_ring import LogRing
from crawdad.services.log_tail import LogTail
from tests.support.fakes import FakeClock
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

PATH = "/v1/ws/logs"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    file = tmp_path_factory.mktemp("logs") / "crawdad.log"
    file.write_text("".join(f'{{"event": "old {n}", "level": "info"}}\n' for n in range(1, 21)))
    with running_gateway(settings({}, logging={"file": str(file)})) as found:
        yield found


def opened(gateway: Gateway, query: str = "", headers: dict[str, str] | None = None, **more: Any) -> ClientConnection:
    address = gateway.base_url.replace("http", "ws", 1) + PATH + query
    with_headers = gateway.headers if headers is None else headers
    found: ClientConnection = connect(
        address, additional_headers=with_headers, open_timeout=PATIENCE, proxy=None, **more
    )
    return found


def log_file(gateway: Gateway) -> Path:
    return Path(orjson.loads((gateway.home / "openclaw.json").read_bytes())["logging"]["file"])


def write(gateway: Gateway, *lines: str) -> None:
    with log_file(gateway).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def read_until(socket: ClientConnection, wanted: str) -> list[str]:
    """The frames up to the one that holds `wanted`."""
    found: list[str] = []
    while not found or wanted not in found[-1]:
        found.append(str(socket.recv(timeout=PATIENCE)))
    return found


def refused(gateway: Gateway, query: str = "", headers: dict[str, str] | None = None, **more: Any) -> int:
    with pytest.raises(InvalidStatus) as raised, opened(gateway, query, headers, **more):
        pass
    return raised.value.response.status_code


def test_what_is_written_comes_a_frame_a_line(gateway: Gateway) -> None:
    with opened(gateway, "?history_lines=0") as socket:
        assert orjson.loads(socket.recv(timeout=PATIENCE)) == {"type": "LOG_HISTORY", "lines": []}
        write(gateway, '{"event": "first 你好", "level": "info"}', '{"event": "second", "level": "error"}')
        frames = read_until(socket, "second")
        assert '{"event": "first 你好", "level": "info"}' in frames
        assert all("\n" not in frame and "old" not in frame for frame in frames)


def test_history_is_a_frame_of_its_own_where_it_is_asked_for(gateway: Gateway) -> None:
    with opened(gateway, "?history_lines=5000&source=gateway&q=OLD") as socket:
        history = orjson.loads(socket.recv(timeout=PATIENCE))
        assert history["type"] == "LOG_HISTORY"
        assert [orjson.loads(line)["event"] for line in history["lines"]] == [f"old {n}" for n in range(1, 21)]
    with opened(gateway, "?history_lines=3&q=old") as socket:
        assert len(orjson.loads(socket.recv(timeout=PATIENCE))["lines"]) == 3


def test_lines_are_chosen_by_level_and_text(gateway: Gateway) -> None:
    with opened(gateway, "?history_lines=0&level=warn&q=chosen") as socket:
        socket.recv(timeout=PATIENCE)
        write(
            gateway,
            '{"event": "chosen, too low", "level": "info"}',
            '{"event": "another", "level": "error"}',
            '{"event": "Chosen well", "level": "warning"}',
        )
        assert read_until(socket, "well") == ['{"event": "Chosen well", "level": "warning"}']


def test_it_goes_on_in_a_file_that_takes_the_others_place(gateway: Gateway) -> None:
    with opened(gateway, "?history_lines=0&q=turn") as socket:
        socket.recv(timeout=PATIENCE)
        file = log_file(gateway)
        write(gateway, '{"event": "turn, last of the old", "level": "info"}')
        file.rename(f"{file}.1")
        file.write_text('{"event": "turn, first of the new", "level": "info"}\n')
        frames = read_until(socket, "first of the new")
        assert [orjson.loads(frame)["event"] for frame in frames] == ["turn, last of the old", "turn, first of the new"]


def test_what_becomes_of_tasks_is_told_in_between(gateway: Gateway) -> None:
    with opened(gateway, "?history_lines=0&q=nothing", {**gateway.headers, "accept-language": "zh"}) as socket:
        socket.recv(timeout=PATIENCE)
        made = httpx.post(
            gateway.base_url + "/v1/openclaw/plugins/update", headers=gateway.headers, timeout=PATIENCE
        ).json()["data"]["taskID"]
        told: list[dict[str, Any]] = []
        while not told or told[-1]["data"]["status"] == "Running":
            told.append(orjson.loads(socket.recv(timeout=PATIENCE)))
    assert all((one["type"], one["data"]["id"]) == ("TASK_UPDATE", made) for one in told)
    shown = httpx.get(
        gateway.base_url + f"/v1/tasks/status?taskId={made}",
        headers={**gateway.headers, "accept-language": "zh"},
        timeout=PATIENCE,
    ).json()["data"]
    assert [told[-1]["data"]] == shown


def test_tasks_are_told_to_those_alone_who_may_see_them(gateway: Gateway) -> None:
    made = httpx.post(
        gateway.base_url + "/api/keys",
        json={"name": "logs", "permissions": ["logs.read"]},
        headers={"x-admin-token": gateway.token},
        timeout=PATIENCE,
    )
    key = {"authorization": f"Bearer {made.json()['key']}"}
    with opened(gateway, "?history_lines=0&q=mark", key) as blind, opened(gateway, "?history_lines=0&q=mark") as other:
        blind.recv(timeout=PATIENCE)
        other.recv(timeout=PATIENCE)
        httpx.post(gateway.base_url + "/v1/openclaw/plugins/update", headers=gateway.headers, timeout=PATIENCE)
        while orjson.loads(other.recv(timeout=PATIENCE))["data"]["status"] == "Running":
            pass
        write(gateway, '{"event": "the mark", "level": "info"}')
        assert read_until(blind, "the mark") == ['{"event": "the mark", "level": "info"}']


def test_every_credential_opens_it_and_a_ticket_once(gateway: Gateway) -> None:
    session = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=PATIENCE).json()["data"][
        "token"
    ]
    ticket = httpx.post(
        gateway.base_url + "/api/auth/ticket", json={"path": PATH}, headers=gateway.headers, timeout=PATIENCE
    ).json()["ticket"]
    ways: list[tuple[str, dict[str, str]]] = [
        ("", {"authorization": f"Bearer {session}"}),
        ("", {"cookie": f"guardian_token={session}"}),
        (f"?token={session}", {}),
        (f"?token={gateway.token}", {}),
        (f"?ticket={ticket}", {}),
    ]
    for query, headers in ways:
        with opened(gateway, query, headers):
            pass
    assert refused(gateway, f"?ticket={ticket}", {}) == 401
    assert ticket not in log_file(gateway).read_text() + gateway.log()
    assert gateway.token not in log_file(gateway).read_text() + gateway.log()


def test_who_may_not_come_in_is_told_before_the_upgrade(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as raised, opened(gateway, headers={}):
        pass
    body = orjson.loads(raised.value.response.body)
    assert (raised.value.response.status_code, body["code"], set(body)) == (401, 401, {"code", "message", "error"})
    for query, headers in (("?token=junk", {}), ("", {"cookie": "guardian_token=junk"})):
        assert refused(gateway, query, headers) == 401
    made = httpx.post(
        gateway.base_url + "/api/keys", json={"name": "m"}, headers={"x-admin-token": gateway.token}, timeout=PATIENCE
    )
    assert refused(gateway, "", {"authorization": f"Bearer {made.json()['key']}"}) == 403
    assert refused(gateway, origin="https://elsewhere.example") == 403
    address = gateway.base_url.replace("http", "ws", 1)
    for path, page, status in (
        ("/v1/ws/logs/", "", 404),
        ("/v1/ws/nothing", "", 404),
        ("/v1/ws/logs", "https://elsewhere.example", 403),
    ):
        sent = {**gateway.headers, **({"origin": page} if page else {})}
        with (
            pytest.raises(InvalidStatus) as raised,
            connect(address + path, additional_headers=sent, proxy=None, open_timeout=PATIENCE),
        ):
            pass
        body = orjson.loads(raised.value.response.body)
        assert (raised.value.response.status_code, body["code"], set(body)) == (
            status,
            status,
            {"code", "message", "error"},
        )
    for query in ("?source=elsewhere", "?level=loud", "?history_lines=-1"):
        assert refused(gateway, query) == 400


@pytest.mark.parametrize(
    ("level", "text", "line", "shown"),
    [
        ("", "", "anything", True),
        ("warning", "", '{"level":"info"}', False),
        ("warning", "", "2026 [error    ] broken", True),
        ("warning", "", "2026 [debug    ] broken", False),
        ("error", "", "  File x, line 5", True),
        ("", "NEEDLE", "a needle", True),
        ("", "needle", "hay", False),
    ],
)
def test_which_lines_are_shown(level: str, text: str, line: str, shown: bool) -> None:
    assert keeps(level, text)(line) is shown


async def test_what_is_in_memory_is_followed_where_there_is_no_file() -> None:
    ring, clock = LogRing(), FakeClock()
    ring.add("before")
    follower = LogFollower(LogTail(lambda: None, LocalFileSlices(), ring), clock, keeps())
    assert await follower.history(10) == ["before"]
    ring.add("after")
    assert await follower.fresh() == ["after"]


async def test_whoever_may_stay_no_longer_is_sent_away() -> None:
    class Welcoming:
        async def signed_in(self, *_: object) -> SignedIn:
            return SignedIn(LOCAL, "")

    answers, sent, coming = iter([True, True, False]), list[Any](), asyncio.Event()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def prepare(socket: OpenedSocket, _: SignedIn) -> Talk:
        async def talk() -> None:
            await socket.send("hello")
            await coming.wait()

        return talk

    sockets = Sockets(cast(Access, Welcoming()), lambda _: next(answers), FakeClock())
    scope = {"path": PATH, "headers": [], "query_string": b"", "client": ("127.0.0.1", 1), "type": "websocket"}
    await sockets.serve(scope, receive, send, Permission.LOGS_READ, prepare)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[-1]["code"] == 4401
