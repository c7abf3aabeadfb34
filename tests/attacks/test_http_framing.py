"""Malformed, ambiguous and oversized HTTP is refused whole, before anything behind the door sees it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from functools import cache

import aiohttp
import orjson
import pytest

from tests.attacks.clients import CLIENTS, Client, Told, post, request
from tests.attacks.sockets import connect, memory_below, say, statuses
from tests.support.server import TOKEN, Gateway
from tests.support.upstreams.scripted import ScriptedUpstream

LET_IN = f"Authorization: Bearer {TOKEN}\r\n".encode()
MEGABYTE = 1024 * 1024


def chat(marker: str) -> bytes:
    """A body that reaches the upstream when it is let in."""
    return orjson.dumps({"model": "scripted-chat/story:hello", "messages": [{"role": "user", "content": marker}]})


def smuggled(marker: str) -> bytes:
    """A whole request to hide inside another."""
    body = chat(marker)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + LET_IN
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" + LET_IN
HIDDEN = smuggled("smuggled")
AMBIGUOUS = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "the same length twice": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a list of lengths": POST + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a signed length": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a space before the colon": POST + b"Content-Length : 0\r\n\r\n" + HIDDEN,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two codings": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a hidden coding": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a bare line feed in a chunk extension": POST + b"Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n" + HIDDEN,
    "a bare line feed after a chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n0\n\r\n" + HIDDEN,
    "a chunk size in another base": POST + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + HIDDEN,
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + HIDDEN,
    "bare line feeds": POST.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n" + HIDDEN,
    "a folded header": POST + b"X-Folded: a\r\n Content-Length: 5\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a NUL in a header": POST + b"X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
}


@pytest.mark.parametrize("framing", AMBIGUOUS)
def test_a_hidden_request_is_never_taken_for_one(
    gateway: Gateway, scripted_upstream: ScriptedUpstream, framing: str
) -> None:
    """Attack 2: smuggling by doubled or conflicting framing."""
    before = len(scripted_upstream.journal)
    assert statuses(say(gateway, AMBIGUOUS[framing])) == [400]
    assert not [entry for entry in scripted_upstream.journal if b"smuggled" in entry.body]
    assert len(scripted_upstream.journal) == before


@pytest.mark.parametrize("extension", [b";" + b"x" * 60_000, b";a=1" * 10_000])
def test_chunk_extensions_are_borne_or_refused(
    gateway: Gateway, scripted_upstream: ScriptedUpstream, extension: bytes
) -> None:
    """Attack 2: what stands behind a chunk's size is never part of the body."""
    body = chat("extended")
    answer = say(gateway, POST, b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
                 b"%x%b\r\n%b\r\n0\r\n\r\n" % (len(body), extension, body))  # fmt: skip
    assert statuses(answer) in ([200], [400], [431])
    if statuses(answer) == [200]:
        assert scripted_upstream.journal.last.json["messages"][0]["content"] == "extended"


HOSTS = {
    "none": b"",
    "empty": b"Host:\r\n",
    "two": b"Host: localhost\r\nHost: evil.example\r\n",
    "the same twice": b"Host: localhost\r\nHost: localhost\r\n",
    "a path": b"Host: localhost/health\r\n",
    "a query": b"Host: localhost?x\r\n",
    "a fragment": b"Host: localhost#x\r\n",
    "a user": b"Host: localhost@evil.example\r\n",
    "a space": b"Host: local host\r\n",
    "a backslash": b"Host: localhost\\x\r\n",
    "no port": b"Host: localhost:port\r\n",
    "another name": b"Host: evil.example\r\n",
    "a name that ends alike": b"Host: evil-localhost\r\n",
    "a name that begins alike": b"Host: localhost.evil.example\r\n",
    "a name with our address in it": b"Host: 127.0.0.1.evil.example\r\n",
    "a name and our port": b"Host: rebound.example:18789\r\n",
}


@pytest.mark.parametrize("name", HOSTS)
def test_foreign_and_malformed_hosts_are_refused(gateway: Gateway, name: str) -> None:
    """Attacks 1 and 7: the Host header; names that a page could have rebound to this address."""
    for path in (b"/v1/models", b"/health", b"/metrics"):
        head = b"GET " + path + b" HTTP/1.1\r\n" + HOSTS[name] + LET_IN + b"Connection: close\r\n\r\n"
        assert statuses(say(gateway, head)) == [400], path


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:18789", "app.localhost", "10.1.2.3"]
)
def test_names_that_cannot_be_rebound_are_answered(gateway: Gateway, host: str) -> None:
    """Attack 7: localhost and literal addresses are what a program on this machine calls us."""
    head = b"GET /health HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host.encode()
    assert statuses(say(gateway, head)) == [200]


@pytest.mark.parametrize(
    "target", ["http://evil.example/v1/models", "http://localhost/v1/models", "https://x@localhost:1/v1/models"]
)
def test_the_absolute_form_changes_nothing(gateway: Gateway, target: str) -> None:
    """Attack 1: authorisation is on the routed path, whatever the request line says before it."""
    line = b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % target.encode()
    assert statuses(say(gateway, line + b"\r\n")) in ([401], [400])
    assert statuses(say(gateway, line + LET_IN + b"\r\n")) in ([200], [400])
    assert statuses(say(gateway, line.replace(b"localhost\r\n", b"evil.example\r\n") + LET_IN + b"\r\n")) == [400]


PATHS = [
    "//v1/models",
    "///v1/models",
    "/v1//models",
    "/./v1/models",
    "/v1/./models",
    "/health/../v1/models",
    "/metrics/..%2fv1/models",
    "/%2e%2e/v1/models",
    "/%2e/v1/models",
    "/v1/models;x",
    "/v1/models;/health",
    "/v1;x/models",
    "/V1/MODELS",
    "/v1/Models",
    "/v1/models.",
    "/v1/models%00",
    "/v1/models%00/health",
    "/%00/v1/models",
    "/v1/models%0d%0aX:1",
    "/v1/models/%00",
    "/v1/models/..",
    "/v1/models/%2e%2e%2f%2e%2e",
    "/v1/%6dodels",
    "/%76%31/models",
    "/v1%2fmodels",
    "/v1/models/",
    "/v1/models#",
    "/v1\\models",
    "/health%2f..%2fv1%2fmodels",
    "/v1/models%20",
    "/v1/models%ff",
    "/v1/models%c0%ae",
    "/v1/responses/",
    "/v1/responses/%00",
    "/v1/responses/a%00b/input_items",
    "/v1/responses/../models",
    "/v1/responses/%ed%a0%80",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_of_a_path_goes_round_the_door(gateway: Gateway, path: str) -> None:
    """Attack 3: dots, doubled slashes, encodings, case, NUL. Nothing is let in without a key, and nothing breaks with one."""
    line = b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % path.encode()
    assert statuses(say(gateway, line + b"\r\n"))[0] in (400, 401, 404)
    assert statuses(say(gateway, line + LET_IN + b"\r\n"))[0] in (200, 400, 404)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: y\r\n" * 10_000 + b"\r\n", 431),
        (b"GET /health?" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n", 400),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
    ids=["a large header", "many headers", "a long url", "http/2", "http/3", "connect", "tls"],
)
def test_heads_have_limits(gateway: Gateway, head: bytes, status: int) -> None:
    """Attacks 5 and 6: 10⁵ bytes and 10⁴ headers; HTTP/2 is not spoken."""
    with memory_below(gateway, 16):
        assert statuses(say(gateway, head)) in ([status], [])  # none where it was refused while still being sent


def test_an_offer_of_http2_is_passed_over(gateway: Gateway) -> None:
    """Attack 6: the upgrade is not taken, the request is answered."""
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    assert statuses(say(gateway, head + offer, head + b"Connection: close\r\n\r\n")) == [200, 200]


def chunks(total: int) -> Iterator[bytes]:
    """A chunked body of that many spaces."""
    piece = b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE)
    for _ in range(total // MEGABYTE):
        yield piece
    yield b"0\r\n\r\n"


def test_a_hundred_megabytes_without_a_key_are_not_read(gateway: Gateway) -> None:
    """Attack 5: nobody's memory is spent on strangers."""
    head = POST.replace(LET_IN, b"") + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with memory_below(gateway, 16):
        assert statuses(say(gateway, head, *chunks(100 * MEGABYTE)))[:1] in ([401], [])


def test_a_body_beyond_the_limit_is_refused_at_the_limit(gateway: Gateway) -> None:
    """Attack 5: 101 MB, announced or not."""
    with memory_below(gateway, 16):
        announced = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (101 * MEGABYTE)
        assert statuses(say(gateway, announced)) == [413]
    with memory_below(gateway, 220):
        head = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert statuses(say(gateway, head, *chunks(120 * MEGABYTE)))[:1] in ([413], [])


def test_telemetry_that_nobody_keeps_is_not_kept(gateway: Gateway) -> None:
    """Attack 5: the one route that takes bodies without a key."""
    head = b"POST /v1/api/event_logging HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    with memory_below(gateway, 24):
        assert statuses(say(gateway, head, *chunks(100 * MEGABYTE)))[:1] in ([413], [])


async def sent(
    session: aiohttp.ClientSession, gateway: Gateway, client: Client, body: bytes, encoding: str = ""
) -> Told:
    path, _ = request(client, "scripted-chat/story:hello")
    return await post(session, gateway, client, path, body, {"content-encoding": encoding} if encoding else None)


@cache
def bomb(layers: int = 1) -> bytes:
    """A quarter of a gigabyte of spaces, small."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * MEGABYTE
    data = b"".join([*(squeeze.compress(piece) for _ in range(256)), squeeze.flush()])
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


@pytest.mark.parametrize("client", CLIENTS)
async def test_compressed_bodies_are_unpacked_within_the_limit(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client
) -> None:
    """Attack 5: bombs, truncated and unknown compressions."""
    _, body = request(client, "scripted-chat/story:hello")
    plain = orjson.dumps(body)
    assert (await sent(session, gateway, client, gzip.compress(plain), "gzip")).text.startswith("Hello")
    with memory_below(gateway, 260):
        assert (await sent(session, gateway, client, bomb(), "gzip")).status == 413
    for data, encoding in (
        (bomb(2), "gzip"),
        (gzip.compress(plain)[:-9], "gzip"),
        (plain, "gzip"),
        (gzip.compress(plain), "gzip, gzip"),
        (plain, "br"),
        (plain, "zstd"),
        (plain, "x" * 5000),
    ):
        told = await sent(session, gateway, client, data, encoding)
        assert told.status == 400 and told.failed, (encoding[:9], told.brief())


DEEP = 100_000
BROKEN_JSON = {
    "nothing": b"",
    "no object": b"[]",
    "a string": b'"model"',
    "cut off": b'{"model": "x"',
    "more behind": b'{"model": "x"} {}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"model": "x"}'.encode("utf-16"),
    "no utf-8": b'{"model": "\xff\xfe"}',
    "deep lists": b'{"model": "x", "a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "NaN": b'{"model": "x", "temperature": NaN}',
    "infinity": b'{"model": "x", "temperature": Infinity}',
    "too large a number": b'{"model": "x", "temperature": 1e999}',
    "half a surrogate pair": b'{"model": "\\ud83d"}',
    "the other half": b'{"model": "\\udc00"}',
    "a raw control character": b'{"model": "a\nb"}',
    "single quotes": b"{'model': 'x'}",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("broken", BROKEN_JSON)
async def test_what_is_no_json_is_refused_in_the_clients_own_words(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client, broken: str
) -> None:
    """Attack 5: depth, NaN, 1e999, lone surrogates and other things that parsers disagree on."""
    with memory_below(gateway, 32):
        told = await sent(session, gateway, client, BROKEN_JSON[broken])
    assert told.status == 400 and told.failed, told.brief()


@pytest.mark.parametrize("upstream", ["chat", "responses", "anthropic", "gemini", "ollama"])
@pytest.mark.parametrize("client", CLIENTS)
async def test_deep_content_is_passed_on_or_refused(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client, upstream: str
) -> None:
    """Attack 5: depths that one part of the way can hold and another cannot."""
    for depth in (100, 200, 254, 300, 600, 1000):
        path, body = request(client, f"scripted-{upstream}/story:hello")
        if client == upstream == "responses":
            body["store"] = True  # else the express lane does not look
        raw = orjson.dumps(body)[:-1]
        deep = b'{"type":"object","properties":{"a":' * depth + b"{}" + b"}}" * depth
        tool = {
            "chat": b'{"type":"function","function":{"name":"f","parameters":%b}}',
            "responses": b'{"type":"function","name":"f","strict":false,"parameters":%b}',
            "anthropic": b'{"name":"f","input_schema":%b}',
            "gemini": b'{"functionDeclarations":[{"name":"f","parametersJsonSchema":%b}]}',
        }[client]
        bodies = [raw + b',"metadata":' + deep + b"}"]
        if not client == upstream == "responses":  # the scripted model cannot say those back
            bodies.append(raw + b',"tools":[' + tool % deep + b"]}")
        for raw_body in bodies:
            told = await post(session, gateway, client, path, raw_body)
            assert told.status in (200, 400), (depth, told.brief())


@pytest.mark.parametrize("client", CLIENTS)
async def test_huge_numbers_and_names_are_refused_or_borne(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client
) -> None:
    """Attack 5: numbers of a thousand digits, keys of a megabyte, a hundred thousand keys."""
    path, body = request(client, "scripted-ollama/story:hello")
    raw = orjson.dumps(body)[:-1]
    extras = {
        "digits": b',"seed":' + b"9" * 1000,
        "64 bits": b',"seed":18446744073709551615,"max_tokens":9223372036854775807',
        "negative": b',"max_tokens":-9223372036854775808,"top_k":-1,"n":-5',
        "a long key": b',"' + b"k" * MEGABYTE + b'":1',
        "many keys": b"".join(b',"k%d":1' % number for number in range(100_000)),
        "float": b',"temperature":1e308,"top_p":5e-324',
    }
    for name, extra in extras.items():
        told = await post(session, gateway, client, path, raw + extra + b"}")
        assert told.status in (200, 400), (name, told.brief())


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"Content-Length: 5\r\n\r\nhello", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n", 101),
        (b"X-Many: y\r\n" * 150 + b"\r\n", 101),
        (b"X-Large: " + b"x" * 100_000 + b"\r\n\r\n", 431),
    ],
    ids=["a body", "chunks", "a long header", "many headers", "a header beyond the limit"],
)
def test_a_websocket_handshake_is_answered_whatever_it_holds(gateway: Gateway, more: bytes, status: int) -> None:
    """Attacks 2 and 4: none is left open unanswered, where no limit of time would end it."""
    head = b"GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + LET_IN
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with connect(gateway) as connection:
        connection.sendall(head + key + more)
        assert statuses(connection.recv(65536)) == [status]
