"""Strange things said in strange places, looked for in everything a gateway wrote: tokens in any spelling (attack 53), and what a
terminal would obey (attack 50)."""

from __future__ import annotations

import base64
import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import orjson
import pytest
import websockets.sync.client
from websockets.exceptions import InvalidStatus

from tests.attacks.sockets import say
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

PROVIDER = "vendor;key=/with+odd&signs 4f81"
PUSH = "push-secret-of-words-b7c9"
OSC = "\x1b]52;c;cHduZWQ=\x07"
C1 = "\x9d52;c;cHduZWQ=\x9c"
MARK = "cHduZWQ="


@pytest.fixture(scope="module", params=["json", "console"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that logs all it can into a file that rotates often."""
    home = tmp_path_factory.mktemp("strange")
    provider = {
        "baseUrl": "http://127.0.0.1:1/v1",
        "apiKey": PROVIDER,
        "api": "openai-completions",
        "models": [{"id": "m"}],
    }
    logging = {
        "level": "debug",
        "format": request.param,
        "file": str(home / "logs" / "crawdad.log"),
        "rotation": {"megabytes": 0.02, "files": 50},
        "activity": {"pushSecret": PUSH},
    }
    with running_gateway(settings({"v": provider}, logging=logging), home=home) as found:
        yield found


def spellings(secret: str) -> list[bytes]:
    """A secret as it may be found: plain, quoted for a URL or JSON, in base64 at any of its three offsets."""
    plain = secret.encode()
    encoded = [base64.b64encode(b"x" * shift + plain)[shift and 4 : -4] for shift in range(3)]
    return [plain, quote(secret, safe="").encode(), orjson.dumps(secret)[1:-1], *encoded]


def speak(gateway: Gateway, strange: str) -> None:
    """Say something in every place of a request that is not the credential's own."""
    url, headers = gateway.base_url, gateway.headers
    quoted = quote(strange, safe="")
    body = {"model": f"v/m {strange}", "messages": [{"role": "user", "content": strange}], "user": strange}
    paths = (
        f"/v1/models/{quoted}",
        f"/{quoted}",
        f"/v1/models?key={quoted}&x={quoted}",
        f"/v1/openclaw/{quoted}?token={quoted}",
        f"/api/{quoted}",
        f"/v1/openclaw/bots/file?id={quoted}&type={quoted}",
        f"/channels/{quoted}/{quoted}",
    )
    with httpx.Client(timeout=PATIENCE) as client:
        for path in paths:
            client.get(url + path, headers=headers)
            client.get(url + path)
        for path in (
            "/v1/chat/completions",
            "/v1/messages",
            "/v1/responses",
            "/api/events/log",
            "/login",
            "/hooks/agent",
        ):
            client.post(url + path, headers=headers, json=body)
            client.post(url + path, headers=headers, content=orjson.dumps(body)[:-4])
        odd = {"user-agent": quoted, "referer": f"http://x/{quoted}", "x-request-id": quoted, "cookie": f"a={quoted}"}
        basic = base64.b64encode(f"user:{strange}".encode()).decode()
        client.get(url + "/v1/models", headers={**odd, "authorization": f"Basic {basic}"})
        client.post(url + "/v1/chat/completions", headers={**headers, **odd, "x-openclaw-agent-id": quoted}, json=body)
    raw = strange.encode("utf-8")
    say(gateway, b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: " + raw + b"\r\n\r\n")
    say(gateway, b"GET /" + raw + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for path in ("/v1/ws/logs", "/ws", f"/channels/{quoted}"):
        address = url.replace("http", "ws", 1) + f"{path}?token={quoted}"
        try:
            with websockets.sync.client.connect(address, open_timeout=PATIENCE, proxy=None):
                pass
        except (InvalidStatus, OSError):
            pass


def written(home: Path) -> dict[str, bytes]:
    """All files of an installation but its configuration, and the texts of its database."""
    found = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    found = {name: gzip.decompress(data) if name.endswith(".gz") else data for name, data in found.items()}
    with sqlite3.connect(f"file:{home / 'crawdad.db'}?mode=ro", uri=True) as database:
        found["dump"] = "\n".join(database.iterdump()).encode("utf-8", "surrogateescape")
    return found


def test_no_credential_is_written_down_in_any_spelling(gateway: Gateway) -> None:
    for secret in (gateway.token, PROVIDER, PUSH):
        speak(gateway, secret)
    answer = httpx.post(
        gateway.base_url + "/v1/chat/completions",
        headers=gateway.headers,
        json={"model": "v/m", "messages": [{"role": "user", "content": "hi"}]},
        timeout=60,
    )
    assert answer.status_code >= 500
    for path in (
        "/api/logs?limit=1000",
        "/api/logs/export?format=jsonl",
        "/api/notifications",
        "/v1/system/events",
        "/metrics",
    ):
        told = httpx.get(gateway.base_url + path, headers=gateway.headers, timeout=60)
        assert told.status_code == 200, path
        for secret in (gateway.token, PROVIDER, PUSH):
            assert not [form for form in spellings(secret) if form in told.content], (path, secret)
    files = written(gateway.home)
    assert any("crawdad.log" in name for name in files)
    for name, data in files.items():
        for secret in (gateway.token, PROVIDER, PUSH):
            assert not [form for form in spellings(secret) if form in data], (name, secret)


def test_nothing_in_the_log_is_obeyed_by_a_terminal(gateway: Gateway) -> None:
    for strange in (OSC, C1, "line\r\nforged: line", "\u202egnissap"):
        speak(gateway, strange)
    logs = (
        b"".join(path.read_bytes() for path in (gateway.home / "logs").iterdir() if path.suffix != ".gz")
        + gateway.log().encode()
    )
    text = logs.decode("utf-8", "replace")
    assert "request" in text or "model" in text
    bare = text.replace("\x1b[", "")  # the console's own colours; no sequence begins otherwise
    assert not [character for character in "\x1b\x07\x9b\x9c\x9d\x90\u202e\r" if character in bare]
    assert not [line for line in text.splitlines() if line.startswith("forged")]
