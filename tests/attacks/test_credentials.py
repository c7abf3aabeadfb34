"""What is no key is no key, in whatever place and shape it comes; guessing costs the guesser."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import hmac
import inspect
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import pytest
import websockets.asyncio.client
from websockets.exceptions import InvalidStatus

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import KEY_DEFAULT, Principal
from crawdad.core.secret import Secret
from crawdad.core.settings import AuthSettings
from crawdad.services.identity import Door, Lockout, hash_credential
from crawdad.services.identity.principals import configured_principals
from tests.attacks.clients import CLIENTS, Client, error_in, request
from tests.attacks.sockets import connect, listen, say, statuses
from tests.support.fakes import FakeClock
from tests.support.server import SERVE, TOKEN, Gateway, GatewayFailed, free_port, running_gateway, settings
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

METACHARACTERS = [
    "' OR '1'='1",
    "'; DROP TABLE api_keys; --",
    '" OR ""="',
    "1' UNION SELECT hash FROM api_keys --",
    "*)(uid=*))(|(uid=*",
    '{"$ne": null}',
    '{"$gt": ""}',
    "%",
    "_" * 32,
    "*",
    "../../etc/passwd",
    "$(id)`id`",
    "%00%0a%0d",
    "\\x00\\u0000",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "null",
    "undefined",
    "true",
    "0",
    "[object Object]",
    "é" * 40,
    TOKEN[:-1],
    TOKEN + "x",
    TOKEN.upper(),
    hash_credential(TOKEN),
    "x" * 512,
    "x" * 513,
    "x" * 12_000,
]
HEADERS = {
    "authorization": "Bearer {}",
    "x-api-key": "{}",
    "x-goog-api-key": "{}",
}


@pytest.mark.parametrize("place", [*HEADERS, "key"])
@pytest.mark.parametrize("client", CLIENTS)
async def test_metacharacters_are_wrong_keys_like_any_other(
    gateway: Gateway,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    client: Client,
    place: str,
) -> None:
    """Attack 10: SQL, NoSQL, LDAP, shell and template characters in every place a key may stand, in every protocol."""
    before = len(scripted_upstream.journal)
    path, body = request(client, "scripted-chat/story:hello")
    for junk in METACHARACTERS:
        headers = {"content-type": "application/json"}
        params = {}
        if place == "key":
            params["key"] = junk
        else:
            headers[place] = HEADERS[place].format(junk).encode().decode("latin-1")
        url = gateway.base_url + path
        async with session.post(url, params=params, headers=headers, data=orjson.dumps(body)) as answer:
            assert answer.status == 401, (junk, answer.status)
            error = error_in(client, await answer.json())
            assert error is not None and junk not in str(error["message"])
    assert len(scripted_upstream.journal) == before


@pytest.mark.parametrize(
    "header", [b"Authorization: Bearer ", b"x-api-key: ", b"x-goog-api-key: ", b"Cookie: token=", b"x-admin-token: "]
)
def test_tokens_of_a_megabyte_are_refused_unread(gateway: Gateway, header: bytes) -> None:
    """Attack 10: 1 MB in each header, over HTTP and on the way to a WebSocket."""
    token = b"x" * 1_000_000
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
    for more in (b"Connection: close\r\n", upgrade):
        head = b"GET /v1/responses HTTP/1.1\r\nHost: localhost\r\n" + more + header + token + b"\r\n\r\n"
        assert statuses(say(gateway, head)) in ([431], [])
    line = b"POST /v1beta/models/x:generateContent?key=" + token + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert statuses(say(gateway, line)) in ([414], [])


@pytest.mark.parametrize("junk", METACHARACTERS)
async def test_a_websocket_takes_no_other_keys(gateway: Gateway, junk: str) -> None:
    """Attack 10: the same check on the way to a WebSocket; sub-protocols are no place for a key."""
    url = gateway.base_url.replace("http", "ws") + "/v1/responses"
    tries: list[dict[str, Any]] = [
        {"additional_headers": {name: form.format(junk.encode("ascii", "ignore").decode())}}
        for name, form in HEADERS.items()
    ]
    tries += [{"subprotocols": ["realtime", f"openai-insecure-api-key.{TOKEN}"]}]
    for arguments in tries:
        with pytest.raises(InvalidStatus) as refused:
            async with websockets.asyncio.client.connect(url, **arguments, open_timeout=PATIENCE):
                pass
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/chat/completions?key=" + TOKEN, {}),
        ("/v1/messages?key=" + TOKEN, {}),
        ("/v1/responses?key=" + TOKEN, {}),
        ("/v1/chat/completions?api_key=" + TOKEN, {}),
        ("/v1/chat/completions?access_token=" + TOKEN, {}),
        ("/v1/chat/completions", {"cookie": f"token={TOKEN}; Authorization=Bearer {TOKEN}"}),
        ("/v1/chat/completions", {"x-admin-token": TOKEN}),
        ("/v1/chat/completions", {"x-openclaw-token": TOKEN}),
        ("/v1/chat/completions", {"proxy-authorization": f"Bearer {TOKEN}"}),
        ("/v1/chat/completions", {"authorization": TOKEN}),
        ("/v1/chat/completions", {"authorization": "Basic " + base64.b64encode(f"x:{TOKEN}".encode()).decode()}),
        ("/v1/chat/completions", {"referer": f"http://localhost/?key={TOKEN}"}),
    ],
)
async def test_the_right_key_in_the_wrong_place_opens_nothing(
    gateway: Gateway, session: aiohttp.ClientSession, path: str, headers: dict[str, str]
) -> None:
    """Attack 10: what browsers send by themselves, and what ends up in logs of others, is not looked at."""
    _, body = request("chat", "scripted-chat/story:hello")
    async with session.post(gateway.base_url + path, headers=headers, data=orjson.dumps(body)) as answer:
        assert answer.status == 401


def forged(algorithm: str, key: bytes, **more: Any) -> str:
    """A JSON Web Token that says its bearer is the administrator."""
    head = {"alg": algorithm, "typ": "JWT", **more}
    claims = {"sub": "admin", "scope": "operator.admin", "iat": 0, "nbf": 0, "exp": 2**40}
    signed = b".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in (head, claims))
    signature = hmac.new(key, signed, hashlib.sha256).digest() if algorithm.startswith("HS") else b""
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.mark.parametrize(
    "token",
    [
        forged("none", b""),
        forged("NonE", b""),
        forged("HS256", b""),
        forged("HS256", b"secret"),
        forged("HS256", TOKEN.encode()),
        forged("HS256", b"", kid="../../../dev/null"),
        forged("HS256", b"", kid="' UNION SELECT ''; --"),
        forged("RS256", b"", jku="http://127.0.0.1:1/keys", x5u="http://127.0.0.1:1/"),
        forged("HS256", TOKEN.encode(), b64=False, crit=["b64"]),
    ],
)
async def test_a_jwt_is_an_unknown_key(gateway: Gateway, session: aiohttp.ClientSession, token: str) -> None:
    """Attack 14: no algorithm, no key id and no claim of a token is ever read."""
    for name, form in HEADERS.items():
        async with session.get(gateway.base_url + "/v1/models", headers={name: form.format(token)}) as answer:
            assert answer.status == 401


def door(clock: FakeClock | None = None) -> tuple[Door, Principal]:
    """A door that knows one key."""
    made = Door(clock or FakeClock())
    principal = Principal("key_1", "api_key", "laptop", KEY_DEFAULT)
    made.replace({hash_credential("the-right-key"): principal}, True)
    return made, principal


def refused(opened: Door, token: str, address: str) -> ErrorKind:
    with pytest.raises(GatewayError) as error:
        opened.enter(token, address)
    return error.value.kind


def test_a_key_is_found_by_its_hash_alone() -> None:
    """Attack 13: no comparison of secrets takes longer the more of a guess is right, and the door holds no secret."""
    opened, principal = door()
    assert opened.enter("the-right-key", "192.0.2.1") is principal
    assert "the-right-key" not in repr([vars(opened), gc.get_referents(opened._principals)])
    assert hash_credential("the-right-key") == hashlib.sha256(b"the-right-key").hexdigest()
    source = inspect.getsource(Door.enter)
    assert not re.search(r"credential\s*(==|!=)|(==|!=)\s*credential", source)


def test_a_flood_of_keys_is_refused_without_leaving_the_process() -> None:
    """Attack 12: under a millisecond of the processor each, no look at the database (the check cannot even wait)."""
    opened, _ = door()
    assert not inspect.iscoroutinefunction(opened.enter)
    started = time.process_time()
    for number in range(20_000):
        with pytest.raises(GatewayError):
            opened.enter(f"wrong-key-{number}", f"198.51.{number % 256}.{number // 256 % 256}")
    assert (time.process_time() - started) / 20_000 < 0.001


async def test_a_flood_over_http_costs_little(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 12: rotating keys, HTTP included. Loopback is not locked out, so each of them is looked at."""
    assert gateway.process is not None
    process = psutil.Process(gateway.process.pid)

    async def flood(count: int) -> None:
        for number in range(count):
            headers = {"authorization": f"Bearer rotating-{number}-{count}"}
            async with session.post(gateway.base_url + "/v1/chat/completions", headers=headers, data=b"{}") as answer:
                assert answer.status == 401

    before = process.cpu_times()
    await asyncio.gather(*(flood(100) for _ in range(10)))
    after = process.cpu_times()
    assert (after.user + after.system - before.user - before.system) / 1000 < 0.001
    async with session.get(gateway.base_url + "/v1/models", headers=gateway.headers) as answer:
        assert answer.status == 200


def test_an_address_that_keeps_guessing_is_locked_out_alone() -> None:
    """Attack 12: ten wrong keys within a minute cost five minutes, even for the right key; others are not touched."""
    clock = FakeClock()
    opened, principal = door(clock)
    for number in range(10):
        assert refused(opened, f"guess-{number}", "192.0.2.1") is ErrorKind.UNAUTHENTICATED
    assert refused(opened, "the-right-key", "192.0.2.1") is ErrorKind.RATE_LIMITED
    assert opened.enter("the-right-key", "192.0.2.2") is principal
    clock.advance(299)
    assert refused(opened, "the-right-key", "192.0.2.1") is ErrorKind.RATE_LIMITED
    clock.advance(2)
    assert opened.enter("the-right-key", "192.0.2.1") is principal


def test_slow_mistakes_and_missing_keys_lock_nobody_out() -> None:
    """Attack 12: a person who mistypes, a browser that comes without a key."""
    clock = FakeClock()
    opened, principal = door(clock)
    for number in range(100):
        refused(opened, f"typo-{number}", "192.0.2.1")
        refused(opened, "", "192.0.2.1")
        clock.advance(7)
    assert opened.enter("the-right-key", "192.0.2.1") is principal


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_programs_on_this_machine_do_not_lock_each_other_out(address: str) -> None:
    """Attack 12: the loopback policy."""
    opened, principal = door()
    for number in range(1000):
        assert refused(opened, f"guess-{number}", address) is ErrorKind.UNAUTHENTICATED
    assert opened.enter("the-right-key", address) is principal


def test_rotating_through_an_ipv6_network_does_not_help() -> None:
    """Attack 12: whoever has one IPv6 address has 2⁶⁴ of them."""
    opened, principal = door()
    for number in range(10):
        refused(opened, f"guess-{number}", f"2001:db8:1:2::{number:x}")
    assert refused(opened, "the-right-key", "2001:db8:1:2:ffff::1") is ErrorKind.RATE_LIMITED
    assert opened.enter("the-right-key", "2001:db8:1:3::1") is principal


def test_the_memory_of_guessers_is_bounded() -> None:
    """Attack 12: addresses are cheap, too."""
    clock = FakeClock()
    lockout = Lockout(clock)
    for number in range(50_000):
        for _ in range(1 + number % 2 * 9):
            lockout.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(lockout._failures) <= 10_000 and len(lockout._locked) <= 10_000


def test_the_lock_out_shows_in_a_running_server(gateway: Gateway) -> None:
    """Attack 12: 127.0.0.3 stands for elsewhere; it guesses in every place that a key may stand."""
    places = [b"Authorization: Bearer ", b"x-api-key: ", b"x-goog-api-key: "]

    def ask(place: bytes, token: str, source: str) -> bytes:
        head = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + place + token.encode()
        return say(gateway, head + b"\r\n\r\n", source=source)

    for number in range(10):
        assert statuses(ask(places[number % 3], f"guess-of-the-test-{number}", "127.0.0.3")) == [401]
    for place in places:
        locked = ask(place, TOKEN, "127.0.0.3")
        assert statuses(locked) == [429] and b"retry-after: " in locked.lower()
        assert statuses(ask(place, TOKEN, "127.0.0.4")) == [200]


@pytest.mark.parametrize("token", ["", " ", "        ", "short", "changeme", "CHANGEME", " password ", "your-token"])
def test_placeholders_are_no_secrets(token: str) -> None:
    """Attack 17: empty, short and customary values, as either token."""
    for auth in (AuthSettings(token=Secret(token)), AuthSettings(admin_token=Secret(token))):
        with pytest.raises(GatewayError) as error:
            configured_principals(auth)
        assert error.value.kind is ErrorKind.BAD_REQUEST


def test_the_admin_token_is_another_one() -> None:
    """Attack 18: whoever may use models must not administer by accident."""
    with pytest.raises(GatewayError):
        configured_principals(AuthSettings(token=Secret(TOKEN), admin_token=Secret(TOKEN)))
    found = configured_principals(AuthSettings(token=Secret(TOKEN), admin_token=Secret("another-" + TOKEN)))
    assert found[hash_credential(TOKEN)].permissions == KEY_DEFAULT


@pytest.mark.parametrize(
    ("auth", "token"),
    [
        ({}, "changeme"),
        ({"token": "       "}, ""),
        ({"token": TOKEN, "adminToken": TOKEN}, ""),
        ({"mode": "none"}, TOKEN),
    ],
    ids=["placeholder", "blank", "the same twice", "an open door to the network"],
)
def test_with_such_secrets_it_does_not_start(auth: dict[str, Any], token: str) -> None:
    """Attack 17: a clear word and an end, instead of a door that stands open."""
    gateway: dict[str, Any] = {"auth": auth}
    if auth.get("mode") == "none":
        gateway["bind"] = "lan"
    broken = running_gateway(settings({}, gateway=gateway), env={"CRAWDAD_TOKEN": token})
    with pytest.raises(GatewayFailed) as failure, broken:
        raise AssertionError("it started")
    assert "Traceback" not in str(failure.value)
    assert "gateway" in str(failure.value) or "CRAWDAD_TOKEN" in str(failure.value)


def test_of_two_first_starts_one_makes_the_token(tmp_path: Path) -> None:
    """Attack 18: a home that two processes find empty at the same moment gets one first-run token, and no log gets it."""
    (tmp_path / "openclaw.json").write_text('{"models": {"discoverLocal": false}}')
    (tmp_path / "other").mkdir()
    running = running_gateway({}, home=tmp_path / "other")  # for its environment
    processes = []
    try:
        for _ in range(3):
            env = {**running._env, "CRAWDAD_PORT": str(free_port()), "CRAWDAD_TOKEN": "", "JOURNAL_STREAM": "8:1"}
            command = (*SERVE, "--home", str(tmp_path))
            processes.append(
                subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            )
        said = []
        for process in processes:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "curl" in line:
                    break
            said.append("".join(lines))
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
    assert not re.search(r"sk-crawdad-[\w-]{20,}", "".join(said)), said
    assert sum("crawdad token" in text for text in said) >= 1
    token = (tmp_path / "first-token").read_text().strip()
    assert re.fullmatch(r"sk-crawdad-[\w-]{20,}", token) and (tmp_path / "first-token").stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(tmp_path / "crawdad.db")) as database:
        kept = database.execute("SELECT kind, hash FROM api_keys").fetchall()
    assert kept == [("token", hash_credential(token))]


def test_a_key_in_a_header_of_any_name_stays_unread(gateway: Gateway) -> None:
    """Attack 10: a hundred kilobytes of cookies on a connection that then goes on to ask properly."""
    with connect(gateway) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a=b; " * 4000 + b"\r\n\r\n")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert statuses(listen(connection)) == [401, 200]
