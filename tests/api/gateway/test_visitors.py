"""Coming in by a proxy's word, by Tailscale's, and being locked out, over a running server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx

from tests.support.server import Gateway, running_gateway, settings

ASK = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
FORWARDED = {
    "x-forwarded-for": "100.101.1.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "box.ts.net",
    "tailscale-user-login": "ann@example.org",
}
TAILSCALE = """#!/bin/sh
[ "$1 $2 $3" = "whois --json 100.101.1.2" ] || exit 1
echo '{"Node": {}, "UserProfile": {"LoginName": "ann@example.org"}}'
"""


def statuses(gateway: Gateway, headers: dict[str, str]) -> tuple[int, int]:
    """What model routes and management routes say."""
    with httpx.Client(base_url=gateway.base_url, headers=headers, timeout=20) as client:
        return client.post("/v1/chat/completions", json=ASK).status_code, client.get("/api/config").status_code


def test_a_trusted_proxy_says_who_comes() -> None:
    auth = {"mode": "trusted-proxy", "trustedProxy": {"userHeader": "x-user", "allowUsers": ["ann"]}}
    gateway: dict[str, Any] = {"auth": auth, "trustedProxies": ["127.0.0.1"]}
    with running_gateway(settings({}, gateway=gateway)) as running:
        assert statuses(running, {"x-user": "ann"}) == (200, 200)
        assert statuses(running, {"x-user": "bob"}) == (401, 401)
        assert statuses(running, {}) == (401, 401)
        assert statuses(running, running.headers) == (200, 200)
        assert statuses(running, {"x-user": "ann", "authorization": "Bearer a-wrong-key-12345"}) == (401, 401)
        foreign = {"x-user": "ann", "origin": "https://evil.example"}
        assert statuses(running, foreign) == (403, 403)


def test_tailscale_says_who_comes(tmp_path: Path) -> None:
    program = tmp_path / "tailscale"
    program.write_text(TAILSCALE)
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with running_gateway(settings({}, gateway={"tailscale": {"mode": "serve"}}), environment) as running:
        assert statuses(running, FORWARDED) == (200, 200)
        assert statuses(running, {**FORWARDED, "tailscale-user-login": "boss@example.org"}) == (401, 401)
        assert statuses(running, {**FORWARDED, "x-forwarded-for": "100.101.1.3"}) == (401, 401)
        assert statuses(running, {"tailscale-user-login": "ann@example.org"}) == (401, 401)


def test_whoever_guesses_is_locked_out_as_configured() -> None:
    limit = {"maxAttempts": 3, "windowMs": 60000, "lockoutMs": 90000, "exemptLoopback": False}
    with running_gateway(settings({}, gateway={"auth": {"rateLimit": limit}})) as running:
        wrong = {"authorization": "Bearer a-wrong-key-12345"}
        with httpx.Client(base_url=running.base_url, timeout=20) as client:
            told = [client.post("/v1/chat/completions", json=ASK, headers=wrong) for _ in range(3)]
            assert [each.status_code for each in told] == [401] * 3
            for headers in (wrong, running.headers):  # the right key is told no different: no oracle
                answer = client.post("/v1/chat/completions", json=ASK, headers=headers)
                assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 90
                assert answer.json()["error"]["type"] == "rate_limited"
