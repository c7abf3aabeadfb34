"""The fault upstream does what each fault's name says, in every protocol."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import orjson
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.upstreams.faults import FAULTS
from tests.support.upstreams.faulty import FaultyUpstream, closed_address, unresponsive_address
from tests.support.upstreams.loopback import Received
from tests.support.upstreams.protocols import BASE, PROTOCOLS, Protocol
from tests.support.waiting import PATIENCE
from tests.support_tests.http import connect, fetch, send

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."
ENOUGH = 300_000
WAITING = {"silent": 0.05, "half-open": 0.05, "lingering": 1.0}
"""Seconds after which nothing more comes of these."""


def request(protocol: Protocol, model: str, stream: bool) -> tuple[str, dict[str, Any]]:
    """The path and body of a small request."""
    turn = [{"role": "user", "content": "hi"}]
    base = BASE[protocol]
    requests: dict[Protocol, tuple[str, dict[str, Any]]] = {
        "chat": (f"{base}/chat/completions", {"model": model, "messages": turn, "stream": stream}),
        "responses": (f"{base}/responses", {"model": model, "input": "hi", "stream": stream}),
        "anthropic": ("/v1/messages", {"model": model, "messages": turn, "max_tokens": 9, "stream": stream}),
        "ollama": ("/api/chat", {"model": model, "messages": turn, "stream": stream}),
        "gemini": (
            f"{base}/models/{model}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}",
            {"contents": [{"parts": [{"text": "hi"}]}]},
        ),
    }
    return requests[protocol]


def taste(faulty: FaultyUpstream, protocol: Protocol, model: str, stream: bool) -> bytes:
    """Up to ENOUGH bytes of an answer, or as many as came before the connection broke."""
    path, body = request(protocol, model, stream)
    got = b""
    with closing(connect(faulty.url)) as connection:
        connection.timeout = WAITING.get(model.removeprefix("fault:"), 10)
        try:
            response = send(connection, path, body)
            while len(got) < ENOUGH and (piece := response.read1(65536)):
                got += piece
        except (OSError, HTTPException) as error:
            got += getattr(error, "partial", b"")
    return got


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_fault_can_be_shown_in_every_protocol(protocol: Protocol, stream: bool) -> None:
    with FaultyUpstream() as faulty:  # leaving it raises whatever a fault stumbled over
        healthy = taste(faulty, protocol, "fault:none", stream)
        same = [
            name
            for name, fault in FAULTS.items()
            if taste(faulty, protocol, f"fault:{name}", stream) == healthy and fault.story == "hello"
        ]
        assert len(faulty.journal) == len(FAULTS) + 1
        faulty.journal.wait(lambda journal: all(entry.done_at or entry.left_at for entry in journal))
    seen_elsewhere = {  # in the cuts, in time, in headers; or needing a kind of stream that this is not
        name for name, fault in FAULTS.items() if not fault.show.__module__.endswith(("toolcalls", "bodies"))
    }
    assert set(same) <= seen_elsewhere | {"usage", "usage-nan", "other-way"}


@pytest.fixture
def openai(faulty: FaultyUpstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=faulty.url + "/v1", api_key="x", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic(faulty: FaultyUpstream) -> Iterator[Anthropic]:
    with Anthropic(base_url=faulty.url, api_key="x", max_retries=0) as client:
        yield client


LEGAL = (
    "none one-byte split-utf8 split-blank-lines odd-cuts glued crlf cr no-space comments event-ids split-data no-done "
    "close-after until-close early-hints header-injection slow-stream,seconds=0.001 slow-first-event,seconds=0.01 "
    "slow-first-byte,seconds=0.01 gzip duplicate-keys wrong-content-type"
)


@pytest.mark.parametrize("fault", LEGAL.split())
def test_what_is_merely_unusual_is_read_by_the_vendors_own_client(
    openai: OpenAI, anthropic: Anthropic, fault: str
) -> None:
    """So that a gateway that stumbles over it is wrong, and not the fault."""
    chunks = openai.chat.completions.create(
        model=f"fault:{fault}", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    said = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(said) == HELLO
    if fault in ("comments", "split-data", "cr"):
        return  # that SDK's own reader is less tolerant
    with anthropic.messages.stream(
        model=f"fault:{fault}", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        assert stream.get_final_text() == HELLO


def answer(faulty: FaultyUpstream, fault: str, protocol: Protocol = "chat", stream: bool = False) -> Any:
    return fetch(faulty.url, *request(protocol, f"fault:{fault}", stream))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_statuses_are_the_vendors_own_errors(faulty: FaultyUpstream, protocol: Protocol) -> None:
    got = answer(faulty, "status,code=429,after=7", protocol)
    assert (got.status, got.headers["retry-after"]) == (429, "7")
    assert "scripted failure with status 429" in str(got.json["error"])


def test_faults_pass_after_so_many_times(faulty: FaultyUpstream) -> None:
    statuses = [answer(faulty, "status,code=529,times=2,key=passes").status for _ in range(4)]
    assert statuses == [529, 529, 200, 200]
    assert answer(faulty, "status,code=529,times=2,key=other").status == 529


def test_retry_after_as_a_date(faulty: FaultyUpstream) -> None:
    header = answer(faulty, "status,code=503,after=date").headers["retry-after"]
    assert parsedate_to_datetime(header).tzinfo is not None
    assert answer(faulty, "status,code=503,after=ms").headers["retry-after-ms"] == "50"


def test_redirects_lead_where_they_say(faulty: FaultyUpstream) -> None:
    assert answer(faulty, "redirect").headers["location"].startswith("http://169.254.169.254/")
    assert answer(faulty, "redirect,to=file").headers["location"] == "file:///etc/passwd"
    elsewhere = answer(faulty, "redirect,to=elsewhere,code=302")
    assert (elsewhere.status, elsewhere.headers["location"]) == (302, faulty.url + "/landed")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("stream", [True, False])
def test_usage_can_be_wrong_in_many_ways(faulty: FaultyUpstream, protocol: Protocol, stream: bool) -> None:
    def body(word: str) -> str:
        return str(answer(faulty, f"usage,as={word}", protocol, stream).body.decode())

    assert "-5" in body("negative")
    assert '"25"' in body("string") or '"12"' in body("string")
    assert "9223372036854775807" in body("huge")
    assert not any(word in body("missing") for word in ('"usage":{', "usageMetadata", "prompt_eval_count"))
    assert b":NaN" in answer(faulty, "usage-nan", protocol, stream).body or protocol == "chat"


def calls(stream: bytes) -> list[tuple[str, str]]:
    """The tool calls of a chat stream, joined by index alone."""
    found: dict[int, list[str]] = {}
    for line in stream.splitlines():
        if line.startswith(b"data: {"):
            for call in orjson.loads(line[6:])["choices"][0]["delta"].get("tool_calls", ()):
                name, arguments = found.setdefault(call["index"], ["", ""])
                new = call["function"]
                found[call["index"]] = [name + new.get("name", ""), arguments + new.get("arguments", "")]
    return [(name, arguments) for _, (name, arguments) in sorted(found.items())]


def test_tool_call_deltas_in_every_disorder(faulty: FaultyUpstream) -> None:
    expected = [
        ("get_weather", '{"city":"Paris"}'),
        ("get_weather", '{"city":"北京"}'),
        ("get_time", "{}"),
    ]

    def told(fault: str) -> list[tuple[str, str]]:
        return calls(answer(faulty, fault, "chat", True).body)

    healthy = answer(faulty, "none,story=parallel", "chat", True).body
    assert calls(healthy) == expected
    for harmless in ("tool-calls-interleaved", "tool-calls-reversed", "tool-start-late", "tool-deltas-empty"):
        assert answer(faulty, harmless, "chat", True).body != healthy
        assert told(harmless) == expected
    assert told("tool-starts-duplicated")[2] == ("get_timeget_time", "{}")
    assert told("tool-deltas-duplicated")[2] == ("get_time", "{}{}")
    assert told("tool-deltas-reordered")[0][1] != expected[0][1]
    assert told("tool-deltas-missing") == [(name, "") for name, _ in expected]
    assert told("tool-arguments,as=broken")[0] == ("get_weather", '{"city": "Par')
    assert b'"index":' in healthy
    assert answer(faulty, "tool-without-index", "chat", True).body.count(b'"index":') < healthy.count(b'"index":')


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("stream", [True, False])
def test_tool_calls_lose_ids_names_and_sense_in_every_protocol(
    faulty: FaultyUpstream, protocol: Protocol, stream: bool
) -> None:
    def body(fault: str) -> bytes:
        return bytes(answer(faulty, fault, protocol, stream).body)

    assert b"get_weather" not in body("tool-without-name")
    assert b"get_weather" not in body("tool-without-name,gone=1")
    key = b'"call_id":""' if protocol == "responses" else b'"id":""'
    assert key in body("tool-without-id")
    assert "Paris" not in body("tool-arguments,as=broken").decode()
    assert r"{\"city\": \"Par" in body("tool-arguments,as=broken").decode()


@pytest.mark.parametrize("protocol", ["anthropic", "responses"])
def test_disorder_in_the_protocols_with_blocks(faulty: FaultyUpstream, protocol: Protocol) -> None:
    healthy = answer(faulty, "none,story=parallel", protocol, True).body.split(b"\n\n")
    mixed = answer(faulty, "tool-calls-interleaved", protocol, True).body.split(b"\n\n")
    assert len(mixed) == len(healthy)
    assert mixed != healthy
    assert len(answer(faulty, "tool-deltas-duplicated", protocol, True).body.split(b"\n\n")) > len(healthy)


def test_compressed_without_saying_so(faulty: FaultyUpstream) -> None:
    got = answer(faulty, "gzip-without-header")
    assert "content-encoding" not in got.headers
    assert HELLO in gzip.decompress(got.body).decode()


def test_big_and_deep_bodies_have_their_size(faulty: FaultyUpstream) -> None:
    assert len(answer(faulty, "big-delta,megabytes=2", "chat", True).body) > 2_000_000
    assert answer(faulty, "deep-json").body.count(b"[") > 99_999
    assert len(answer(faulty, "huge-body,megabytes=3").body) > 3_000_000


def test_connections_end_as_told(faulty: FaultyUpstream) -> None:
    def ending(fault: str) -> type[BaseException] | None:
        try:
            answer(faulty, fault, "chat", True)
        except (OSError, HTTPException) as error:
            return type(error)
        return None

    assert ending("rst-first") is ConnectionResetError
    assert ending("rst-midstream") is ConnectionResetError
    assert str(ending("fin-first")).find("RemoteDisconnected") > 0
    assert str(ending("fin-midstream")).find("IncompleteRead") > 0
    assert str(ending("not-http")).find("BadStatusLine") > 0
    assert ending("none") is None


def test_it_notices_when_the_client_leaves_and_how_much_it_took(faulty: FaultyUpstream) -> None:
    path, body = request("anthropic", "fault:endless-events,key=leave", True)
    with closing(connect(faulty.url)) as connection:
        response = send(connection, path, body)
        response.read(1000)

        def entries() -> list[Received]:
            return [e for e in faulty.journal if e.body and e.json.get("model") == "fault:endless-events,key=leave"]

        assert entries()[0].left_at is None
        response.close()
    faulty.journal.wait(lambda journal: entries()[0].left_at is not None)
    assert entries()[0].sent < 64 * 1024 * 1024  # what nobody reads is held back


def test_it_counts_who_is_there_at_once() -> None:
    with FaultyUpstream() as upstream:
        path, body = request("chat", "fault:silent", True)
        connections = [connect(upstream.url) for _ in range(5)]
        for connection in connections:
            connection.request("POST", path, orjson.dumps(body))
        upstream.journal.wait(lambda journal: upstream.requests_open == 5)
        assert (upstream.connections_peak, len(upstream.journal)) == (5, 5)
        for connection in connections:
            connection.close()
        upstream.journal.wait(lambda journal: upstream.connections_open == 0)
        assert upstream.requests_peak == 5


def test_addresses_where_nobody_answers() -> None:
    with unresponsive_address() as address, pytest.raises(TimeoutError):
        socket.create_connection(address, timeout=0.2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(closed_address(), timeout=PATIENCE)


def test_unknown_faults_are_a_404(faulty: FaultyUpstream) -> None:
    assert answer(faulty, "no-such-thing").status == 404
    assert [model["id"] for model in fetch(faulty.url, "/v1/models").json["data"]] == faulty.models
