"""Web pages get nothing without permission, and nobody is believed about where he comes from."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import orjson
import pytest
import websockets.asyncio.client
from websockets.exceptions import InvalidStatus

from tests.attacks.conftest import providers_of
from tests.attacks.records import logged
from tests.attacks.sockets import say, statuses
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

LET_IN = f"Authorization: Bearer {TOKEN}\r\n".encode()
LOCAL = b"Host: localhost\r\nConnection: close\r\n"
FOREIGN = [
    "http://evil.example",
    "https://localhost.evil.example",
    "null",
    "http://localhost:3000",
    "http://127.0.0.1:1",
]
ASK = orjson.dumps({"model": "scripted-chat/story:hello", "messages": [{"role": "user", "content": "hi"}]})


@pytest.fixture(scope="module")
def guarded(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway behind a proxy on 127.0.0.1, that lets one page in."""
    gateway = {"trustedProxies": ["127.0.0.1"], "allowedOrigins": ["https://app.example"]}
    found = settings(providers_of("scripted", scripted_upstream), gateway=gateway)
    with running_gateway(found) as running:
        yield running


@pytest.fixture(scope="module")
def keyless(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway that asks nobody for a key."""
    found = settings(providers_of("scripted", scripted_upstream), gateway={"auth": {"mode": "none"}})
    with running_gateway(found, env={"CRAWDAD_TOKEN": ""}) as running:
        yield running


@pytest.mark.parametrize("origin", FOREIGN)
async def test_no_origin_is_reflected(gateway: Gateway, session: aiohttp.ClientSession, origin: str) -> None:
    """Attack 7: CORS reflection and the null origin, with a key, without, and before the request."""
    for method, path in (("POST", "/v1/chat/completions"), ("GET", "/health"), ("OPTIONS", "/v1/messages")):
        for headers in ({}, gateway.headers):
            asked = {**headers, "origin": origin, "access-control-request-method": "POST"}
            async with session.request(method, gateway.base_url + path, headers=asked, data=ASK) as answer:
                told = [name for name in answer.headers if name.lower().startswith("access-control")]
                assert told == [], (method, path)


async def test_an_allowed_origin_is_the_only_one(guarded: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 7: permission is for an origin, to the letter; credentials of the browser are never asked for."""
    url = guarded.base_url + "/v1/models"
    async with session.get(url, headers={**guarded.headers, "origin": "https://app.example"}) as answer:
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers
    for other in ("https://app.example.evil", "http://app.example", "https://APP.example", "https://app.example:444"):
        async with session.get(url, headers={**guarded.headers, "origin": other}) as answer:
            assert "access-control-allow-origin" not in answer.headers, other


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_cannot_use_a_gateway_that_asks_for_no_key(
    keyless: Gateway, scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession, origin: str
) -> None:
    """Attack 7: a page needs no permission to send, so it is refused before anything is spent."""
    before = len(scripted_upstream.journal)
    headers = {"origin": origin, "content-type": "text/plain"}
    async with session.post(keyless.base_url + "/v1/chat/completions", data=ASK, headers=headers) as answer:
        assert answer.status == 403
        assert "allowedOrigins" in (await answer.json())["error"]["message"]
    assert len(scripted_upstream.journal) == before


@pytest.mark.parametrize("origin", [None, "app://cherry", "chrome-extension://abc", "own"])
async def test_programs_on_this_machine_may(
    keyless: Gateway, session: aiohttp.ClientSession, origin: str | None
) -> None:
    """Attack 7: no page, so nothing that a person merely opens."""
    headers = {} if origin is None else {"origin": keyless.base_url if origin == "own" else origin}
    async with session.post(keyless.base_url + "/v1/chat/completions", data=ASK, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("origin", [*FOREIGN, "chrome-extension://abc"])
async def test_a_page_cannot_open_a_websocket(gateway: Gateway, keyless: Gateway, origin: str) -> None:
    """Attack 7: cross-site WebSocket hijacking; browsers ask nobody before they connect."""
    for running, headers in ((gateway, gateway.headers), (keyless, {})):
        url = running.base_url.replace("http", "ws") + "/v1/responses"
        with pytest.raises(InvalidStatus) as refused:
            async with websockets.asyncio.client.connect(
                url, additional_headers={**headers, "origin": origin}, open_timeout=PATIENCE
            ):
                pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
async def test_a_rebound_name_cannot_open_a_websocket(gateway: Gateway, host: str) -> None:
    """Attacks 1 and 7: origin and host agree, and both are the attacker's."""
    url = gateway.base_url.replace("http", "ws") + "/v1/responses"
    headers = {**gateway.headers, "host": host, "origin": f"http://{host}"}
    with pytest.raises(InvalidStatus):
        async with websockets.asyncio.client.connect(url, additional_headers=headers, open_timeout=PATIENCE):
            pass


SPOOFS = (
    b"X-Forwarded-For: 127.0.0.1",
    b"X-Forwarded-For: ::1, 127.0.0.1",
    b"Forwarded: for=127.0.0.1",
    b"X-Real-IP: 127.0.0.1",
    b"Via: 1.1 localhost",
    b"Tailscale-User-Login: owner@example.com",
    b"CF-Connecting-IP: 127.0.0.1",
    b"True-Client-IP: 127.0.0.1",
)


@pytest.mark.parametrize("spoof", SPOOFS)
def test_metrics_off_loopback_need_a_key_whatever_is_claimed(gateway: Gateway, spoof: bytes) -> None:
    """Attack 8: who comes from elsewhere does not become local by saying so. 127.0.0.2 stands for elsewhere."""
    head = b"GET /metrics HTTP/1.1\r\n" + LOCAL + spoof + b"\r\n"
    assert statuses(say(gateway, head + b"\r\n", source="127.0.0.2")) == [401]
    assert statuses(say(gateway, head + LET_IN + b"\r\n", source="127.0.0.2")) == [200]


def test_metrics_on_loopback_need_none_unless_somebody_is_passed_on(gateway: Gateway) -> None:
    """Attack 8: a proxy on this machine does not lend its place to whom it serves."""
    head = b"GET /metrics HTTP/1.1\r\n" + LOCAL
    assert statuses(say(gateway, head + b"\r\n")) == [200]
    for passed_on in (b"X-Forwarded-For: 203.0.113.7", b"Forwarded: for=203.0.113.7", b"X-Real-IP: 203.0.113.7"):
        assert statuses(say(gateway, head + passed_on + b"\r\n\r\n")) == [401]
    assert statuses(say(gateway, head + b"Authorization: Bearer wrong-key-of-some-length\r\n\r\n")) == [401]


async def test_the_log_names_the_peer_unless_it_is_a_trusted_proxy(
    gateway: Gateway, guarded: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 8: the client's address in the log; of a list, the last that no trusted proxy stands for."""
    claims = [
        ("x-forwarded-for", "198.51.100.1, 198.51.100.3"),
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=198.51.100.2"),
        ("x-real-ip", "1.2.3.4"),
    ]
    for running, address in ((gateway, "127.0.0.1"), (guarded, "203.0.113.7")):
        asked = [*running.headers.items(), *claims]
        async with session.post(running.base_url + "/v1/chat/completions", data=ASK, headers=asked) as answer:
            assert answer.status == 200
            assert logged(running, answer.headers["request-id"])["client_address"] == address


async def test_who_keeps_guessing_through_a_proxy_is_locked_out_alone(
    guarded: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attacks 8 and 12: each client of a trusted proxy answers for himself, over HTTP and WebSocket together."""
    url = guarded.base_url + "/v1/models"

    async def status(address: str, token: str) -> int:
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
        async with session.get(url, headers=headers) as answer:
            return answer.status

    async def socket_status(address: str, token: str) -> int:
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
        try:
            async with websockets.asyncio.client.connect(
                guarded.base_url.replace("http", "ws") + "/v1/responses",
                additional_headers=headers,
                open_timeout=PATIENCE,
            ):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    for number in range(5):
        assert await status("203.0.113.66", f"guess-of-mine-{number}") == 401
        assert await socket_status("203.0.113.66", f"another-guess-{number}") == 401
    assert await status("203.0.113.66", TOKEN) == 429
    assert await socket_status("203.0.113.66", TOKEN) == 429
    assert await status("203.0.113.67", TOKEN) == 200
    assert await status("127.0.0.1, 203.0.113.66", TOKEN) == 429
    assert await status("203.0.113.66, 127.0.0.1", TOKEN) == 429
