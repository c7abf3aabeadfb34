"""Secrets stay where they belong: planted ones are looked for in everything a gateway wrote or said (attack 20)."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import pytest
import websockets.asyncio.client
from websockets.exceptions import InvalidStatus

from tests.attacks.clients import CLIENTS, Client, request
from tests.attacks.keys import new_key
from tests.attacks.records import logged
from tests.attacks.sockets import say
from tests.support.server import UP, Gateway, running_gateway, settings
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.protocols import PROTOCOLS, provider
from tests.support.waiting import PATIENCE

TOKEN = "cd-planted-token-8f3a6c21d9"
ADMIN = "cd-planted-admin-77b1e0c4f2"
PROVIDER = "sk-planted-provider-5b9d13ae"
FROM_ENVIRONMENT = "sk-planted-environment-e2417c"
HEADER = "planted-header-value-90aa42"
QUERY = "cd-planted-query-wrong-61d2"
WRONG = "cd-planted-bearer-wrong-a7f0"
SECRETS = (TOKEN, ADMIN, PROVIDER, FROM_ENVIRONMENT, HEADER, QUERY, WRONG)
FAULTS = (
    "none error-echo error-html status,code=401 status,code=403 status,code=429 rst-first fin-midstream not-http "
    "header-huge redirect error-200 html"
)


def spellings(secret: str) -> list[bytes]:
    """A secret as it may be found: plain, quoted for a URL, in base64 at any of its three offsets."""
    plain = secret.encode()
    encoded = [base64.b64encode(b"x" * shift + plain)[shift and 4 : -4] for shift in range(3)]
    return [plain, quote(secret, safe="").encode(), *encoded]


def leaks(data: bytes, *but: str) -> list[str]:
    """The planted secrets that `data` holds."""
    return [secret for secret in SECRETS if secret not in but and any(form in data for form in spellings(secret))]


@pytest.fixture(scope="module", params=["json", "console"])
def planted(
    request: pytest.FixtureRequest, faulty_upstream: FaultyUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A supervised gateway full of secrets, with either form of log, that talks as much as it can."""
    found: dict[str, Any] = {
        protocol: provider(
            protocol, faulty_upstream.url, [], discover=True, apiKey=PROVIDER, headers={"x-vendor-token": HEADER}
        )
        for protocol in PROTOCOLS
    }
    found["environment"] = provider("chat", faulty_upstream.url, [], apiKey="${PLANTED_KEY}")
    found["broken"] = provider("chat", "http://127.0.0.1:1", [], apiKey=PROVIDER)
    config = settings(
        found,
        gateway={"auth": {"adminToken": ADMIN}},
        retry={"attempts": 2, "baseSeconds": 0.01},
        logging={"level": "debug", "format": request.param},
    )
    home = tmp_path_factory.mktemp("planted")
    env = {"CRAWDAD_TOKEN": TOKEN, "PLANTED_KEY": FROM_ENVIRONMENT}
    with running_gateway(config, env=env, command=UP, home=home) as running:
        running.token = TOKEN
        yield running


async def talk(session: aiohttp.ClientSession, gateway: Gateway) -> tuple[list[bytes], str]:
    """Everything the gateway can be made to say, and the id of the last exchange."""
    said = []
    last = ""

    async def ask(client: Client, name: str, fault: str) -> None:
        nonlocal last
        path, body = request(client, f"{name}/fault:{fault}", stream=fault == "fin-midstream")
        async with session.post(gateway.base_url + path, json=body, headers=gateway.headers) as answer:
            said.append(repr(dict(answer.headers)).encode() + await answer.read())
            last = answer.headers["request-id"] if answer.status == 200 else last

    for fault in FAULTS.split():
        names = (*PROTOCOLS, "environment", "broken")
        await asyncio.gather(*(ask(client, name, fault) for client in CLIENTS for name in names))
    for key in (QUERY, TOKEN):
        path, body = request("gemini", "gemini/fault:error-echo")
        for url in (path + "?key=" + key, "/v1beta/models?key=" + key, "/v1beta/nothing?key=" + key, "/?key=" + key):
            async with session.post(gateway.base_url + url, json=body) as answer:
                said.append(repr(dict(answer.headers)).encode() + await answer.read())
    said.append(say(gateway, f"GET /v1/models?key={QUERY} HTTP/1.1\r\nHost: evil/{QUERY}\r\n\r\n".encode()))
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        headers = {name: f"Bearer {WRONG}" if name == "authorization" else WRONG}
        for path in ("/v1/models", "/v1/messages", "/metrics", "/v1/responses/resp_x"):
            async with session.get(gateway.base_url + path, headers=headers) as answer:
                said.append(repr(dict(answer.headers)).encode() + await answer.read())
        try:
            url = gateway.base_url.replace("http", "ws") + f"/v1/responses?key={QUERY}"
            async with websockets.asyncio.client.connect(url, additional_headers=headers, open_timeout=PATIENCE):
                pass
        except InvalidStatus as refused:
            said.append(bytes(refused.response.body or b""))
    async with session.get(gateway.base_url + "/metrics", headers=gateway.headers) as answer:
        said.append(await answer.read())
    return said, last


async def test_no_secret_is_said_or_written_down(planted: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 20: error bodies, headers, metrics; then logs, exchange log, spool, supervisor log and configuration."""
    made = await new_key(planted, permissions=frozenset())
    said, last = await talk(session, planted)
    for piece in said:
        assert not leaks(piece) and made.token.encode() not in piece, piece[:2000]
    await asyncio.to_thread(logged, planted, last)
    written = {path: path.read_bytes() for path in planted.home.rglob("*") if path.is_file()}
    assert {"openclaw.json", "crawdad.db", "process.log", "supervisor.jsonl"} <= {path.name for path in written}
    assert any(path.suffix == ".spool" for path in written)
    for path, data in written.items():
        found = leaks(data)
        assert not found and made.token.encode() not in data, (path, found)
    assert "broken" in planted.log() or "model_list_unavailable" in planted.log()  # it did talk


async def test_its_files_are_its_owners_alone(planted: Gateway) -> None:
    """Attack 20: whatever holds something is readable by nobody else."""
    for path in planted.home.rglob("*"):
        private = path.suffix in (".db", ".spool", ".key") or path.name.startswith(("crawdad.db", "traceback"))
        if private or path.name == "spool":
            assert path.stat().st_mode & 0o077 == 0, path


_CRASHING = """
import sys
from crawdad.services.turns.front import ModelFront

def offers(self, turn):
    holding = turn.headers, self.catalogue().providers
    credential = [dict(provider.headers) for provider in self.catalogue().providers.values()]
    raise RuntimeError("boom")

ModelFront.offers = offers
from crawdad.app.launch import Launch
from crawdad.app.server import run
sys.exit(run(Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])))
"""


@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_traceback_shows_no_values(session: aiohttp.ClientSession, tmp_path: Path, form: str) -> None:
    """Attack 20: a fault of our own, with secrets within reach."""
    found = {"chat": provider("chat", "http://127.0.0.1:1", [], discover=False, apiKey=PROVIDER)}
    config = settings(found, logging={"format": form})
    command = (sys.executable, "-c", _CRASHING)
    async with running_gateway(config, env={"CRAWDAD_TOKEN": TOKEN}, command=command, home=tmp_path) as gateway:
        body = orjson.dumps({"model": "chat/x", "messages": [{"role": "user", "content": "hi"}]})
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with session.post(gateway.base_url + "/v1/chat/completions", data=body, headers=headers) as answer:
            said = await answer.read()
            assert answer.status == 500 and not leaks(said) and b"boom" not in said
        log = gateway.log()
        assert "RuntimeError" in log and "boom" in log
        assert not leaks(log.encode()), log[-3000:]
