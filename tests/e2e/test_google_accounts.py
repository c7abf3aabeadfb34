"""Accounts whose credential is a token: a person's and a service account's, used for what they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.identity_provider import SERVICE_EMAIL, Faults, TestIdentityProvider, as_text
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.loopback import Received, Reply
from tests.support.upstreams.protocols import error_body
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.vertex import VertexUpstream
from tests.support.waiting import PATIENCE

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."
CLAUDE = "vertex/claude-hello@20250929"


class GeminiUpstream(ScriptedUpstream):
    """The Gemini API for people whom an identity provider knows and who say which project pays."""

    def __init__(self, idp: TestIdentityProvider) -> None:
        super().__init__()
        self._idp = idp

    async def answer(self, request: Received, reply: Reply) -> None:
        if self._idp.knows(request.headers.get("authorization", "")) is None or "x-goog-api-key" in request.headers:
            await reply.whole(401, error_body("gemini", 401, "Request had invalid authentication credentials."))
        elif "x-goog-user-project" not in request.headers:
            await reply.whole(403, error_body("gemini", 403, "The API requires a quota project."))
        else:
            await super().answer(request, reply)


@pytest.fixture(scope="module")
def idp() -> Iterator[TestIdentityProvider]:
    with TestIdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def vertex(idp: TestIdentityProvider) -> Iterator[VertexUpstream]:
    with VertexUpstream(idp.knows) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gemini(idp: TestIdentityProvider) -> Iterator[GeminiUpstream]:
    with GeminiUpstream(idp) as upstream:
        yield upstream


@pytest.fixture
def gateway(idp: TestIdentityProvider, vertex: VertexUpstream, gemini: GeminiUpstream) -> Iterator[Gateway]:
    idp.faults = Faults()
    providers: dict[str, Any] = {
        "vertex": {"baseUrl": vertex.base_url, "api": "google-generative-ai", "profile": "vertex"},
        "google": {"baseUrl": gemini.url + "/v1beta", "api": "google-generative-ai"},
    }
    with running_gateway(settings(providers, oauth={"google": idp.settings(project="pays-1")})) as running:
        yield running


def call(gateway: Gateway, method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, gateway.base_url + path, json=body, headers=gateway.headers, timeout=PATIENCE)


def ask(gateway: Gateway, model: str) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return call(gateway, "POST", "/v1/chat/completions", body)


def sign_in(gateway: Gateway, idp: TestIdentityProvider, email: str) -> dict[str, Any]:
    flow = call(gateway, "POST", "/api/accounts/oauth/start").json()
    done = call(gateway, "POST", "/api/accounts/oauth/submit-code", {"code": idp.browse(flow["url"], email)})
    assert done.status_code == 200, done.text
    return dict(done.json()["account"])


def accounts(gateway: Gateway) -> dict[str, dict[str, Any]]:
    listed = call(gateway, "GET", "/api/accounts").json()["accounts"]
    return {account["email"]: account for account in listed}


def test_a_service_account_serves_both_publishers(
    gateway: Gateway, idp: TestIdentityProvider, vertex: VertexUpstream
) -> None:
    body = {"serviceAccountJson": idp.service_account(), "baseUrl": vertex.base_url}
    added = call(gateway, "POST", "/api/accounts", body)
    assert added.status_code == 200, added.text
    assert (added.json()["email"], added.json()["provider"]) == (SERVICE_EMAIL, "vertex")
    assert "PRIVATE KEY" not in added.text
    grants = len(idp.grants)
    for model in ("vertex/gemini-hello", CLAUDE, "vertex/gemini-hello"):
        answer = ask(gateway, model)
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["message"]["content"] == HELLO
        assert idp.knows(vertex.journal.last.headers["authorization"]) == SERVICE_EMAIL
    assert len(idp.grants) == grants  # one token for all of them
    idp.expire(SERVICE_EMAIL)
    assert ask(gateway, CLAUDE).status_code == 200  # what was taken back before its time is asked for again
    assert len(idp.grants) == grants + 1


def test_a_service_account_s_key_is_looked_at(
    gateway: Gateway, idp: TestIdentityProvider, vertex: VertexUpstream
) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"token_uri": "http://169.254.169.254/token"}, "169.254.169.254"),
        ({"type": "authorized_user"}, "authorized_user"),
        ({"private_key": "x"}, "private_key"),
        ({"project_id": "no/../project"}, "project_id"),
    ]
    for changes, word in cases:
        body: dict[str, Any] = {
            "serviceAccountJson": as_text(idp.service_account(**changes)),
            "baseUrl": vertex.base_url,
        }
        answer = call(gateway, "POST", "/api/accounts", body)
        assert answer.status_code == 400 and word in answer.json()["error"], answer.text
        assert "PRIVATE KEY" not in answer.text
    body = {"serviceAccountJson": idp.service_account(), "location": "evil.example/"}
    answer = call(gateway, "POST", "/api/accounts", body)
    assert answer.status_code == 400 and "location" in answer.json()["error"]
    assert accounts(gateway) == {}


def test_a_person_serves_the_gemini_api(gateway: Gateway, idp: TestIdentityProvider, gemini: GeminiUpstream) -> None:
    account = sign_in(gateway, idp, "ann@example.com")
    assert (account["email"], account["name"], account["provider"]) == ("ann@example.com", "Ann", "google")
    assert account["is_current"] and not account["disabled"]
    answer = ask(gateway, "google/story:hello")
    assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"] == HELLO
    assert gemini.journal.last.headers["x-goog-user-project"] == "pays-1"
    native = call(
        gateway,
        "POST",
        "/v1beta/models/google%2Fstory:hello:generateContent",
        {"contents": [{"parts": [{"text": "hi"}]}]},
    )
    assert native.status_code == 200, native.text
    assert idp.knows(gemini.journal.last.headers["authorization"]) == "ann@example.com"


def test_a_person_who_takes_it_back_is_disabled_and_another_serves(
    gateway: Gateway, idp: TestIdentityProvider, gemini: GeminiUpstream
) -> None:
    for email in ("first@example.com", "second@example.com"):
        sign_in(gateway, idp, email)
    idp.revoke("first@example.com")
    idp.expire("first@example.com")
    for _ in range(3):
        answer = ask(gateway, "google/story:hello")
        assert answer.status_code == 200, answer.text
        assert idp.knows(gemini.journal.last.headers["authorization"]) == "second@example.com"
    found = accounts(gateway)
    assert found["first@example.com"]["disabled"] and not found["second@example.com"]["disabled"]
    assert "revoked" in found["first@example.com"]["disabled_reason"]
    assert not sign_in(gateway, idp, "first@example.com")["disabled"]  # signing in again mends it


def test_an_api_that_refuses_good_tokens_is_not_asked_for_ever(
    gateway: Gateway, idp: TestIdentityProvider, gemini: GeminiUpstream
) -> None:
    sign_in(gateway, idp, "refused@example.com")
    assert ask(gateway, "google/story:hello").status_code == 200
    known, asked, grants = idp.knows, len(gemini.journal), len(idp.grants)
    try:
        idp.knows = lambda authorization: None  # type: ignore[method-assign]
        first, second = ask(gateway, "google/story:hello"), ask(gateway, "google/story:hello")
    finally:
        idp.knows = known  # type: ignore[method-assign]
    assert first.status_code == 502 and second.status_code in (429, 502, 503)
    posts = [entry for entry in list(gemini.journal)[asked:] if entry.method == "POST"]
    assert len(posts) == 3  # a second try with a fresh token for the first, none for the second
    assert len(idp.grants) == grants + 1


def test_a_refresh_token_alone_is_enough(gateway: Gateway, idp: TestIdentityProvider) -> None:
    token = idp.issue_refresh_token("token@example.com")
    added = call(gateway, "POST", "/api/accounts", {"refreshToken": token, "email": "ignored"})
    assert added.status_code == 200, added.text
    assert added.json()["email"] == "token@example.com" and token not in added.text
    again = call(gateway, "POST", "/api/accounts", {"refreshToken": token})
    assert again.status_code == 200 and len(accounts(gateway)) == 1


@pytest.mark.parametrize("kind", ["revoked", "unknown", "unreachable"])
def test_a_refresh_token_that_is_not_good(gateway: Gateway, idp: TestIdentityProvider, kind: str) -> None:
    token = idp.issue_refresh_token("bad@example.com") if kind != "unknown" else "1//unknown-unknown-unknown"
    if kind == "revoked":
        idp.revoke("bad@example.com")
    if kind == "unreachable":
        idp.faults.status = 503
    answer = call(gateway, "POST", "/api/accounts", {"refreshToken": token})
    assert answer.status_code == (502 if kind == "unreachable" else 400), answer.text
    assert token not in answer.text and answer.json()["error"] and accounts(gateway) == {}


def test_a_rotated_refresh_token_survives_a_restart(gateway: Gateway, idp: TestIdentityProvider) -> None:
    idp.faults.rotate = True
    sign_in(gateway, idp, "rotates@example.com")
    assert ask(gateway, "google/story:hello").status_code == 200
    gateway.stop()
    gateway.start()
    assert ask(gateway, "google/story:hello").status_code == 200
    assert not accounts(gateway)["rotates@example.com"]["disabled"]
