"""Clients that are slow, silent or deaf cost little memory and not for ever (attack 4)."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import orjson
import pytest

from tests.attacks.conftest import providers_of
from tests.attacks.sockets import connect, listen, memory_below, say, statuses
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.loopback import Received
from tests.support.waiting import eventually

_IMPATIENT = """
import sys
from crawdad.app import front, http_connection
http_connection.HEADER_SECONDS = http_connection.BODY_SECONDS = 0.5
http_connection.DISCARD_SECONDS = http_connection.LINGER_SECONDS = 0.3
http_connection.UNREAD_SECONDS = 3.0
front.TICK_SECONDS = 0.1
from crawdad.app.launch import Launch
from crawdad.app.server import run
sys.exit(run(Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])))
"""
HEAD = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


@pytest.fixture(scope="module")
def impatient(faulty_upstream: FaultyUpstream) -> Iterator[Gateway]:
    """A gateway whose patience is counted in tenths of seconds instead of tens of them."""
    found = providers_of("faulty", faulty_upstream)
    with running_gateway(settings(found), command=(sys.executable, "-c", _IMPATIENT)) as running:
        yield running


def test_headers_that_never_end_are_given_up(impatient: Gateway) -> None:
    """Attack 4: a connection that says nothing, and many that say a little."""
    with memory_below(impatient, 24):
        waiting = [connect(impatient) for _ in range(200)]
        for number, connection in enumerate(waiting):
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nX: "[: number % 40])
        answers = [listen(connection) for connection in waiting]
        for connection in waiting:
            connection.close()
    assert {tuple(statuses(answer)) for answer in answers} <= {(), (408,)}
    assert answers[0] == b""  # nothing was asked, so nothing is answered
    assert statuses(answers[39]) == [408]


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"])
def test_a_body_that_never_ends_is_given_up(impatient: Gateway, framing: bytes) -> None:
    """Attack 4: slow bodies, with a key."""
    assert statuses(say(impatient, HEAD + framing)) == [408]


def test_a_body_behind_its_answer_is_not_read_for_ever(impatient: Gateway) -> None:
    """Attack 4: one answer, though the body is still to come."""
    head = HEAD.replace(TOKEN.encode(), b"wrong") + b"Content-Length: 100000\r\n\r\n"
    assert statuses(say(impatient, head, b"{")) == [401]


def test_a_stream_that_nobody_reads_is_held_back_and_then_dropped(
    impatient: Gateway, faulty_upstream: FaultyUpstream
) -> None:
    """Attack 4: the upstream could send without end as fast as it can; what is not read is not fetched."""
    names = [f"fault:endless-events,key={number}" for number in range(20)]

    def journal(name: str) -> Received | None:
        found = [e for e in faulty_upstream.journal if e.body and e.json.get("model") == name]
        return found[-1] if found else None

    with memory_below(impatient, 64):
        deaf = []
        for name in names:
            connection = connect(impatient)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ask = {"model": f"faulty-chat/{name}", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
            body = orjson.dumps(ask)
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            deaf.append(connection)
        for name in names:  # dropped, and the upstream let go of, though the client never said a word

            def left(name: str = name) -> bool:
                entry = journal(name)
                return entry is not None and entry.left_at is not None

            eventually(left, "the upstream to be let go of")
        for connection in deaf:
            connection.close()
    for name in names:
        entry = journal(name)
        assert entry is not None and entry.sent < 16 * 1024 * 1024
    assert statuses(say(impatient, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == [200]
