"""Which models there are and who may use them, asked in every dialect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from crawdad.core.identity import Limits
from crawdad.services.identity.keys import KeyOrder
from tests.e2e.all_clients import SPEAKS, Speaks
from tests.e2e.keys import make_keys, open_keys
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, eventually

HELLO, ECHO = "vendor/story:hello", "vendor/story:echo"
CREDENTIALS: dict[str, Callable[[str], dict[str, str]]] = {
    "authorization": lambda token: {"authorization": f"Bearer {token}"},
    "x-api-key": lambda token: {"x-api-key": token},
    "x-goog-api-key": lambda token: {"x-goog-api-key": token},
}


@pytest.fixture(scope="module")
def guarded(scripted_upstream: ScriptedUpstream, keys: dict[str, str]) -> Iterator[Gateway]:
    """A gateway of its own, with keys of all kinds."""
    models = ["story:hello", "story:echo", "text-embedding-3-small"]
    found = {"vendor": provider("chat", scripted_upstream.url, models, discover=False, profile="openai")}
    named = {"aliases": {"quick": HELLO}, "rules": [{"match": "gpt-*", "targets": [{"model": ECHO}]}]}
    gateway = running_gateway(settings(found, models=named))
    orders = [
        KeyOrder("narrow", limits=Limits(models=("vendor/story:h*",))),
        KeyOrder("expired", expires_at=1.0),
        *(KeyOrder(f"slow-{speaks}", limits=Limits(requests_per_minute=2)) for speaks in SPEAKS),
    ]
    keys.update(asyncio.run(make_keys(gateway, orders)))
    with gateway as running:
        yield running


@pytest.fixture(scope="module")
def client(guarded: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.base_url, timeout=PATIENCE) as opened:
        yield opened


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """Name -> token, once the gateway runs."""
    return {}


@pytest.fixture
def narrow_key(guarded: Gateway, keys: dict[str, str]) -> str:
    return keys["narrow"]


@pytest.fixture(params=SPEAKS)
def speaks(request: pytest.FixtureRequest) -> Speaks:
    chosen: Speaks = request.param
    return chosen


@pytest.fixture(params=CREDENTIALS)
def credential(request: pytest.FixtureRequest) -> Callable[[str], dict[str, str]]:
    return CREDENTIALS[request.param]


def ask(client: httpx.Client, speaks: Speaks, model: str, headers: dict[str, str]) -> httpx.Response:
    """A small request in that dialect."""
    turn = [{"role": "user", "content": "hi"}]
    if speaks == "gemini":
        body = {"contents": [{"parts": [{"text": "hi"}]}]}
        return client.post(f"/v1beta/models/{model}:generateContent", json=body, headers=headers)
    requests: dict[str, tuple[str, dict[str, Any]]] = {
        "chat": ("/v1/chat/completions", {"messages": turn}),
        "responses": ("/v1/responses", {"input": "hi"}),
        "anthropic": ("/v1/messages", {"messages": turn, "max_tokens": 9}),
    }
    path, body = requests[speaks]
    return client.post(path, json={"model": model, **body}, headers=headers)


def error_of(speaks: Speaks, answer: httpx.Response) -> tuple[int, str, str]:
    """`(status, the dialect's own word for the error, message)`."""
    error = answer.json()["error"]
    word = {"gemini": error.get("status"), "anthropic": error.get("type")}.get(speaks, error.get("code"))
    if speaks == "gemini":
        assert error["code"] == answer.status_code
    if speaks == "anthropic":
        assert answer.json()["type"] == "error"
    return answer.status_code, str(word), error["message"]


def test_an_unknown_name_is_a_404_with_near_ones(client: httpx.Client, guarded: Gateway, speaks: Speaks) -> None:
    status, word, message = error_of(speaks, ask(client, speaks, "vendor/story:helo", guarded.headers))
    words = {"gemini": "NOT_FOUND", "anthropic": "not_found_error"}
    assert (status, word) == (404, words.get(speaks, "model_not_found"))
    assert "Did you mean: vendor/story:hello" in message


@pytest.mark.parametrize("name", [HELLO, "story:hello", "quick", "gpt-5", "gpt-4o-mini"])
def test_names_lead_to_models(client: httpx.Client, guarded: Gateway, speaks: Speaks, name: str) -> None:
    answer = ask(client, speaks, name, guarded.headers)
    assert answer.status_code == 200
    assert answer.headers["x-crawdad-model"] == (ECHO if name.startswith("gpt") else HELLO)


def test_lists_look_as_the_asker_expects(client: httpx.Client, guarded: Gateway) -> None:
    token = guarded.token
    openai = client.get("/v1/models", headers=CREDENTIALS["authorization"](token)).json()
    assert openai["object"] == "list"
    assert {"quick", HELLO, ECHO, "crawdad/demo"} <= {model["id"] for model in openai["data"]}
    version = {"anthropic-version": "2023-06-01"}
    anthropic = client.get("/v1/models?limit=2", headers=CREDENTIALS["x-api-key"](token) | version).json()
    assert (len(anthropic["data"]), anthropic["has_more"]) == (2, True)
    assert anthropic["data"][0]["type"] == "model"
    rest = client.get(f"/v1/models?after_id={anthropic['last_id']}", headers=CREDENTIALS["x-api-key"](token) | version)
    assert anthropic["last_id"] not in {model["id"] for model in rest.json()["data"]}
    for path, headers in (
        ("/v1beta/models", CREDENTIALS["x-goog-api-key"](token)),
        ("/v1/models", CREDENTIALS["x-goog-api-key"](token)),
        (f"/v1beta/models?key={token}", {}),
        ("/v1beta/models", CREDENTIALS["authorization"](token)),
    ):
        gemini = client.get(path, headers=headers).json()
        assert f"models/{HELLO}" in {model["name"] for model in gemini["models"]}
    with_version = client.get(f"/v1/models/{HELLO}", headers=guarded.headers | version).json()
    assert with_version["type"] == "model"
    assert client.get(f"/v1/models/{HELLO}", headers=guarded.headers).json()["object"] == "model"
    assert client.get(f"/v1beta/models/{HELLO}?key={token}").json()["name"] == f"models/{HELLO}"


def test_every_place_for_a_credential_leads_to_the_same_rights(
    client: httpx.Client, narrow_key: str, speaks: Speaks, credential: Callable[[str], dict[str, str]]
) -> None:
    assert ask(client, speaks, HELLO, credential(narrow_key)).status_code == 200
    status, word, _ = error_of(speaks, ask(client, speaks, ECHO, credential(narrow_key)))
    words = {"gemini": "PERMISSION_DENIED", "anthropic": "permission_error"}
    assert (status, word) == (403, words.get(speaks, "model_not_allowed"))
    status, word, _ = error_of(speaks, ask(client, speaks, HELLO, credential("sk-wrong")))
    words = {"gemini": "UNAUTHENTICATED", "anthropic": "authentication_error"}
    assert (status, word) == (401, words.get(speaks, "invalid_api_key"))


def test_a_key_in_the_address_counts_below_v1beta_alone(client: httpx.Client, narrow_key: str) -> None:
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    for path, status in ((HELLO, 200), (ECHO, 403)):
        assert client.post(f"/v1beta/models/{path}:generateContent?key={narrow_key}", json=body).status_code == status
    turn = [{"role": "user", "content": "hi"}]
    answer = client.post(f"/v1/chat/completions?key={narrow_key}", json={"model": HELLO, "messages": turn})
    assert answer.status_code == 401


def test_lists_hold_what_the_key_may_use(client: httpx.Client, narrow_key: str) -> None:
    openai = client.get("/v1/models", headers=CREDENTIALS["authorization"](narrow_key)).json()
    assert {model["id"] for model in openai["data"]} == {HELLO, "quick"}
    version = {"anthropic-version": "2023-06-01"}
    anthropic = client.get("/v1/models", headers=CREDENTIALS["x-api-key"](narrow_key) | version).json()
    assert {model["id"] for model in anthropic["data"]} == {HELLO, "quick"}
    gemini = client.get("/v1beta/models", headers=CREDENTIALS["x-goog-api-key"](narrow_key)).json()
    assert {model["name"] for model in gemini["models"]} == {f"models/{HELLO}", "models/quick"}
    assert client.get(f"/v1/models/{ECHO}", headers=CREDENTIALS["authorization"](narrow_key)).status_code == 404


def test_an_expired_key_is_told_so(client: httpx.Client, keys: dict[str, str], speaks: Speaks) -> None:
    status, _, message = error_of(speaks, ask(client, speaks, HELLO, CREDENTIALS["authorization"](keys["expired"])))
    assert status == 401
    assert "expired" in message


def test_a_key_has_its_requests_per_minute(client: httpx.Client, keys: dict[str, str], speaks: Speaks) -> None:
    headers = CREDENTIALS["authorization"](keys[f"slow-{speaks}"])
    answers = [ask(client, speaks, HELLO, headers) for _ in range(5)]  # even if a new minute begins in between
    assert [answers[0].status_code, answers[-1].status_code] == [200, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    words = {"gemini": "RESOURCE_EXHAUSTED", "anthropic": "rate_limit_error"}
    assert error_of(speaks, answers[-1])[1] == words.get(speaks, "rate_limit_exceeded")


def test_a_key_tells_when_it_was_used_last(guarded: Gateway, client: httpx.Client, keys: dict[str, str]) -> None:
    """Within seconds; the list on the command line shows it."""

    async def listed() -> dict[str, float | None]:
        async with open_keys(guarded) as opened:
            return {key.name: key.last_used_at for key in await opened.list()}

    before = time.time()
    headers = {"authorization": f"Bearer {keys['narrow']}"}
    assert client.get("/v1/models", headers=headers).status_code == 200
    used = eventually(lambda: (asyncio.run(listed())["narrow"] or 0.0) >= before - 1, "the use to be noted")
    assert used
    assert asyncio.run(listed())["expired"] is None
