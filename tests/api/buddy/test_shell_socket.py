"""`/v1/ws/shell`: off, then the allowed commands and no others: buddy.md §6.10, §8; decision 7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from crawdad.services.maintenance_shell import allows, words_of
from tests.support.server import SOURCE, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

COMMANDS = ["echo *", "crawdad version", "stty size", "cat", "yes", "false"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    config = settings({}, gateway={"shell": {"enabled": True, "commands": COMMANDS}})
    with running_gateway(config, {"PYTHONPATH": f"{SOURCE}:{SOURCE.parent}"}) as found:
        yield found


def opened(gateway: Gateway, query: str = "") -> ClientConnection:
    address = gateway.base_url.replace("http", "ws", 1) + f"/v1/ws/shell{query}"
    return connect(address, additional_headers=gateway.headers, open_timeout=PATIENCE, proxy=None)


def read_until(socket: ClientConnection, wanted: str) -> str:
    shown = b""
    while wanted.encode() not in shown:
        try:
            frame = socket.recv(timeout=PATIENCE)
        except (ConnectionClosed, TimeoutError) as error:
            raise AssertionError(shown) from error
        assert isinstance(frame, bytes)
        shown += frame
    return shown.decode()


def answer(socket: ClientConnection, line: str) -> str:
    """What comes for a line, up to the next prompt."""
    socket.send(line + "\r")
    read_until(socket, "\r\n")
    return read_until(socket, "crawdad> ").removesuffix("crawdad> ")


def test_it_is_off_until_it_is_enabled() -> None:
    with running_gateway(settings({})) as found:
        with pytest.raises(InvalidStatus) as raised, opened(found):
            pass
        assert raised.value.response.status_code == 403
        assert "gateway.shell.enabled" in orjson.loads(raised.value.response.body)["message"]


def test_allowed_commands_run_and_nothing_is_expanded(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        read_until(socket, "crawdad> ")
        assert answer(socket, 'echo "a  b" $HOME `id` $(id) * ; id | id > /tmp/x && id') == (
            "a  b $HOME `id` $(id) * ; id | id > /tmp/x && id\r\n"
        )
        assert answer(socket, "crawdax\x7fd version").strip()
        assert "1" in answer(socket, "false")
        socket.send(orjson.dumps({"type": "resize", "cols": 132, "rows": 43}).decode())
        assert answer(socket, "stty size") == "43 132\r\n"
        socket.send("exit\r")
        with pytest.raises(ConnectionClosed) as raised:
            while True:
                socket.recv(timeout=PATIENCE)
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 1000


def test_frames_are_as_large_as_the_client_takes_them(gateway: Gateway) -> None:
    for query, most in (("", 2048), ("?frame=65536", 65_536)):
        sizes = []
        with opened(gateway, query) as socket:
            read_until(socket, "crawdad> ")
            socket.send("yes\r")
            shown = 0
            while shown < 500_000:
                sizes.append(len(socket.recv(timeout=PATIENCE)))
                shown += sizes[-1]
        assert (max(sizes) > 2048) == (most > 2048) and max(sizes) <= most


def test_what_is_pasted_with_several_lines_is_run_line_by_line(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        read_until(socket, "crawdad> ")
        socket.send("echo one\r\necho two\necho thr")
        shown = read_until(socket, "echo thr")
        assert "\r\none\r\n" in shown and "\r\ntwo\r\n" in shown and shown.count("crawdad> ") == 2
        assert answer(socket, "ee").startswith("three")


def test_other_commands_do_not_run_and_are_noted(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        read_until(socket, "crawdad> ")
        for line in ("id", "crawdad version --home /", "crawdad", "/bin/echo a", "sh -c id", "cat /etc/passwd"):
            assert "not allowed" in answer(socket, line), line
        assert "quotation" in answer(socket, 'echo "a')
        assert "echo *" in answer(socket, "help")
    noted = httpx.get(gateway.base_url + "/api/events?limit=100", headers=gateway.headers, timeout=PATIENCE).text
    assert "cat /etc/passwd" in noted


def test_a_command_is_typed_into_interrupted_and_cut_off(gateway: Gateway) -> None:
    with opened(gateway) as socket:
        read_until(socket, "crawdad> ")
        socket.send("cat\r")
        read_until(socket, "\r\n")
        socket.send("typed\r")
        assert read_until(socket, "typed\r\ntyped\r\n")
        socket.send(b"\x03")
        read_until(socket, "crawdad> ")
        socket.send("yes\r")
        read_until(socket, "printed too much")
        read_until(socket, "crawdad> ")


@pytest.mark.parametrize(
    ("commands", "words", "allowed"),
    [
        (["df -h"], ["df", "-h"], True),
        (["df -h"], ["df"], False),
        (["df -h"], ["df", "-h", "/"], False),
        (["df *"], ["df"], True),
        (["df *"], ["df", "/", "-h"], True),
        (["df *"], ["dfx"], False),
        (["*"], ["rm"], False),
        (["", " "], [], False),
        ([], ["df"], False),
    ],
)
def test_what_is_allowed(commands: Sequence[str], words: Sequence[str], allowed: bool) -> None:
    assert allows(commands, words) is allowed


@pytest.mark.parametrize(
    ("line", "words"),
    [("a  'b c' \"d\"", ["a", "b c", "d"]), ("a#b \\n", ["a#b", "\\n"]), ('a "b', None), ("", [])],
)
def test_the_words_of_a_line(line: str, words: list[str] | None) -> None:
    assert words_of(line) == words
