"""A key's limits hold in every dialect, header and operation (attack 11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import pytest
import websockets.asyncio.client
from websockets.exceptions import InvalidStatus

from crawdad.core.identity import Permission
from tests.attacks.clients import CLIENTS, Client, ask, post, request
from tests.attacks.conftest import providers_of
from tests.attacks.keys import Key, new_key
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, until

ALLOWED, FORBIDDEN = "scripted-chat/story:hello", "scripted-chat/story:echo"
PLACES: dict[str, Callable[[str], dict[str, str]]] = {
    "authorization": lambda token: {"authorization": f"Bearer {token}"},
    "x-api-key": lambda token: {"x-api-key": token},
    "x-goog-api-key": lambda token: {"x-goog-api-key": token},
}


@dataclass(frozen=True)
class Operation:
    """A way to use a model: path and JSON body (or form) for a model's name."""

    path: str
    body: dict[str, Any]
    form: bool = False

    def of(self, model: str) -> tuple[str, dict[str, Any]]:
        if "{model}" in self.path:
            return self.path.replace("{model}", model), self.body
        return self.path, {"model": model, **self.body}


USER = [{"role": "user", "content": "hi"}]
PARTS = [{"role": "user", "parts": [{"text": "hi"}]}]
OPERATIONS = {
    "chat": Operation("/v1/chat/completions", {"messages": USER}),
    "chat streamed": Operation("/v1/chat/completions", {"messages": USER, "stream": True}),
    "responses": Operation("/v1/responses", {"input": "hi"}),
    "responses streamed": Operation("/v1/responses", {"input": "hi", "stream": True}),
    "responses in the background": Operation("/v1/responses", {"input": "hi", "background": True}),
    "messages": Operation("/v1/messages", {"messages": USER, "max_tokens": 9}),
    "messages streamed": Operation("/v1/messages", {"messages": USER, "max_tokens": 9, "stream": True}),
    "count_tokens": Operation("/v1/messages/count_tokens", {"messages": USER}),
    "generateContent": Operation("/v1beta/models/{model}:generateContent", {"contents": PARTS}),
    "generateContent under v1": Operation("/v1/models/{model}:generateContent", {"contents": PARTS}),
    "streamGenerateContent": Operation("/v1beta/models/{model}:streamGenerateContent?alt=sse", {"contents": PARTS}),
    "streamGenerateContent as an array": Operation("/v1beta/models/{model}:streamGenerateContent", {"contents": PARTS}),
    "countTokens": Operation("/v1beta/models/{model}:countTokens", {"contents": PARTS}),
    "embedContent": Operation("/v1beta/models/{model}:embedContent", {"content": PARTS[0]}),
    "batchEmbedContents": Operation("/v1beta/models/{model}:batchEmbedContents", {"requests": [{"content": PARTS[0]}]}),
    "predict": Operation("/v1beta/models/{model}:predict", {"instances": [{"prompt": "a dot"}]}),
    "completions": Operation("/v1/completions", {"prompt": "hi"}),
    "embeddings": Operation("/v1/embeddings", {"input": "hi"}),
    "images": Operation("/v1/images/generations", {"prompt": "a dot"}),
    "speech": Operation("/v1/audio/speech", {"input": "hi", "voice": "alloy"}),
    "image edits": Operation("/v1/images/edits", {"prompt": "a dot"}, form=True),
    "transcriptions": Operation("/v1/audio/transcriptions", {}, form=True),
}


@pytest.fixture(scope="module")
def ruled(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway where the forbidden model goes by other names as well, and unknown names lead to it."""
    found = providers_of("scripted", scripted_upstream)
    models = {
        "default": FORBIDDEN,
        "aliases": {"echo": FORBIDDEN, "story-alias": FORBIDDEN},
        "rules": [{"match": "mapped-*", "targets": [{"model": FORBIDDEN}], "fallbacks": [ALLOWED]}],
    }
    with running_gateway(settings(found, models=models, retry={"attempts": 1})) as running:
        yield running


@pytest.fixture(scope="module")
def limited(ruled: Gateway) -> Key:
    """A key for one model, and for names of a kind that no model has."""
    return asyncio.run(new_key(ruled, ALLOWED, "story-unknown-*"))


@pytest.fixture
async def untouched(scripted_upstream: ScriptedUpstream) -> AsyncIterator[None]:
    """Fails when a request reaches an upstream during the test."""
    before = len(scripted_upstream.journal)
    yield
    assert [entry.path for entry in scripted_upstream.journal][before:] == []


def form_of(fields: dict[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field(
        "file" if "prompt" not in fields else "image", b"\x89PNG", filename="a.png", content_type="image/png"
    )
    return form


async def use(
    session: aiohttp.ClientSession, gateway: Gateway, operation: Operation, model: str, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Status and body of one use of a model."""
    path, fields = operation.of(model)
    data: Any = form_of(fields) if operation.form else orjson.dumps(fields)
    sent = headers if operation.form else {**headers, "content-type": "application/json"}
    async with session.post(gateway.base_url + path, data=data, headers=sent) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.usefixtures("untouched")
async def test_a_model_that_a_key_may_not_use_is_out_of_reach(
    ruled: Gateway, limited: Key, session: aiohttp.ClientSession, operation: str
) -> None:
    """Attack 11: each operation, with the key in each header, under each of the model's names."""
    for place in PLACES.values():
        status, body = await use(session, ruled, OPERATIONS[operation], FORBIDDEN, place(limited.token))
        assert status == 403 and b"may not use" in body, (status, body)
    for name in ("echo", "story-alias", "models/" + FORBIDDEN, "story-unknown-x", "unheard-of"):
        status, body = await use(session, ruled, OPERATIONS[operation], name, limited.headers)
        assert status == 403, (name, status, body)
    if "{model}" in OPERATIONS[operation].path:
        path, fields = OPERATIONS[operation].of(FORBIDDEN)
        mark = "&" if "?" in path else "?"
        url = f"{ruled.base_url}{path}{mark}key={limited.token}"
        async with session.post(url, data=orjson.dumps(fields)) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("client", CLIENTS)
async def test_the_model_that_a_key_may_use_answers_in_every_dialect(
    ruled: Gateway, limited: Key, session: aiohttp.ClientSession, client: Client
) -> None:
    """Attack 11, the other side: the limit is the model's, not the dialect's; rules fall back to what is allowed."""
    for model in (ALLOWED, "models/" + ALLOWED, "mapped-x"):
        for stream in (False, True):
            told = await ask(session, ruled, client, model, headers=limited.headers, stream=stream)
            assert told.text.startswith("Hello"), told.brief()


@pytest.mark.parametrize("client", ["chat", "responses", "anthropic"])
async def test_one_body_cannot_name_two_models(
    ruled: Gateway,
    limited: Key,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    client: Client,
) -> None:
    """Attacks 5 and 11: duplicate and escaped keys. Whatever parser the upstream has, it reads the model that was checked."""
    path, body = request(client, "x")
    del body["model"]
    rest = orjson.dumps(body)[1:]
    upstream = {"chat": "chat", "responses": "responses", "anthropic": "anthropic"}[client]
    allowed, forbidden = (f"scripted-{upstream}/story:{name}".encode() for name in ("hello", "echo"))
    key = await new_key(ruled, allowed.decode())
    for first, second in (("model", "model"), ("mod\\u0065l", "model"), ("model", "\\u006dodel")):
        two = b'{"%b":"%b","%b":"%b",' % (first.encode(), allowed, second.encode(), forbidden)
        told = await post(session, ruled, client, path, two + rest, key.headers)
        assert told.status == 403, told.brief()
        two = b'{"%b":"%b","%b":"%b",' % (first.encode(), forbidden, second.encode(), allowed)
        told = await post(session, ruled, client, path, two + rest, key.headers)
        assert told.text.startswith("Hello"), told.brief()
        assert b"echo" not in scripted_upstream.journal.last.body


@pytest.mark.parametrize(
    ("client", "more"),
    [
        ("chat", {"models": ["story:echo"], "route": "fallback"}),
        ("chat", {"models": [ALLOWED, FORBIDDEN]}),
        ("responses", {"tools": [{"type": "image_generation", "model": "story:echo"}]}),
        ("anthropic", {"tools": [{"type": "advisor", "name": "advisor", "model": "story:echo"}]}),
    ],
)
@pytest.mark.usefixtures("untouched")
async def test_no_other_model_comes_in_by_a_side_field(
    ruled: Gateway, limited: Key, session: aiohttp.ClientSession, client: Client, more: dict[str, Any]
) -> None:
    """Attack 11: fallbacks and helpers that a vendor lets a request name."""
    told = await ask(session, ruled, client, ALLOWED, headers=limited.headers, **more)
    assert told.status == 403, told.brief()


@pytest.mark.usefixtures("untouched")
async def test_each_part_of_a_batch_is_looked_at(ruled: Gateway, limited: Key, session: aiohttp.ClientSession) -> None:
    """Attack 11: a batch of Gemini's names a model with each part."""
    body = {"requests": [{"model": "models/story:echo", "content": PARTS[0]}]}
    url = f"{ruled.base_url}/v1beta/models/{ALLOWED}:batchEmbedContents"
    async with session.post(url, data=orjson.dumps(body), headers=limited.headers) as answer:
        assert answer.status == 403


async def test_going_on_from_a_response_needs_the_right_again(
    ruled: Gateway, limited: Key, session: aiohttp.ClientSession
) -> None:
    """Attack 11: `previous_response_id` lends no rights, over HTTP and WebSocket."""
    async with session.post(
        ruled.base_url + "/v1/responses", json={"model": ALLOWED, "input": "hi"}, headers=limited.headers
    ) as answer:
        first = (await answer.json())["id"]
    more = {"input": "more", "previous_response_id": first}
    for model, status in ((FORBIDDEN, 403), (ALLOWED, 200)):
        asked = {"model": model, **more}
        async with session.post(ruled.base_url + "/v1/responses", json=asked, headers=limited.headers) as answer:
            assert answer.status == status
    url = ruled.base_url.replace("http", "ws") + "/v1/responses"
    async with websockets.asyncio.client.connect(
        url, additional_headers=limited.headers, open_timeout=PATIENCE
    ) as socket:
        await socket.send(orjson.dumps({"type": "response.create", "model": FORBIDDEN, **more}).decode())
        event = orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
        assert event["type"] == "error" and event["status"] == 403, event
        await socket.send(orjson.dumps({"type": "response.create", "model": ALLOWED, **more}).decode())
        kinds = []
        while "response.completed" not in kinds:
            kinds.append(orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["type"])
            assert kinds[-1] != "error"


async def test_lists_show_what_a_key_may_use(ruled: Gateway, limited: Key, session: aiohttp.ClientSession) -> None:
    """Attack 11: no name of another model, in no dialect, in no suggestion."""
    for headers in ({}, {"anthropic-version": "2023-06-01"}, {"x-goog-api-key": limited.token}):
        for path in ("/v1/models", "/v1beta/models", "/v1/models/echo", "/v1/models/crawdad/demo"):
            async with session.get(ruled.base_url + path, headers={**limited.headers, **headers}) as answer:
                body = await answer.read()
                assert answer.status in (200, 404)
                if answer.status == 200:
                    assert b"story:echo" not in body and b"demo" not in body
                else:
                    assert b"Did you mean" not in body or b"echo" not in body.replace(b"/echo", b"").replace(
                        b"'echo'", b""
                    )


@pytest.mark.usefixtures("untouched")
async def test_a_key_without_the_permission_uses_no_model_anywhere(
    ruled: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 11: a permission, in every operation; and the key opens what it is for."""
    watcher = await new_key(ruled, permissions=frozenset({Permission.METRICS_READ}))
    for operation in OPERATIONS.values():
        for place in PLACES.values():
            status, body = await use(session, ruled, operation, ALLOWED, place(watcher.token))
            assert status == 403, (operation.path, status, body)
    for method, path in (
        ("GET", "/v1/models"),
        ("GET", "/v1beta/models"),
        ("GET", f"/v1/models/{ALLOWED}"),
        ("GET", "/v1/responses/resp_x"),
        ("GET", "/v1/responses/resp_x/input_items"),
        ("GET", "/v1/responses/resp_x?stream=true"),
        ("POST", "/v1/responses/resp_x/cancel"),
        ("DELETE", "/v1/responses/resp_x"),
    ):
        async with session.request(method, ruled.base_url + path, headers=watcher.headers) as answer:
            assert answer.status == 403, (method, path)
    async with session.get(ruled.base_url + "/metrics", headers=watcher.headers) as answer:
        assert answer.status == 200
    url = ruled.base_url.replace("http", "ws") + "/v1/responses"
    try:
        async with websockets.asyncio.client.connect(
            url, additional_headers=watcher.headers, open_timeout=PATIENCE
        ) as socket:
            await socket.send(orjson.dumps({"type": "response.create", "model": ALLOWED, "input": "hi"}).decode())
            assert orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["status"] == 403
    except InvalidStatus as refused:
        assert refused.response.status_code == 403


async def test_metrics_need_their_own_permission(ruled: Gateway, limited: Key, session: aiohttp.ClientSession) -> None:
    """Attack 11: a key for models does not watch the others."""
    async with session.get(ruled.base_url + "/metrics", headers=limited.headers) as answer:
        assert answer.status == 403


async def test_one_count_of_requests_for_all_dialects(ruled: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 11: the limit per minute is the key's, wherever it is shown."""
    key = await new_key(ruled, requests_per_minute=6)
    operations = ["chat", "messages streamed", "generateContent", "responses", "count_tokens", "embeddings"]
    for number, name in enumerate(operations):
        place = list(PLACES.values())[number % 3]
        status, _ = await use(session, ruled, OPERATIONS[name], ALLOWED, place(key.token))
        assert status != 429, name
    for name in OPERATIONS:
        status, body = await use(session, ruled, OPERATIONS[name], ALLOWED, key.headers)
        assert status == 429, (name, status, body)
    async with session.post(
        ruled.base_url + "/v1/messages", json={"model": ALLOWED, "messages": USER, "max_tokens": 9}, headers=key.headers
    ) as answer:
        assert 0 < int(answer.headers["retry-after"]) <= 60
    url = ruled.base_url.replace("http", "ws") + "/v1/responses"
    async with websockets.asyncio.client.connect(url, additional_headers=key.headers, open_timeout=PATIENCE) as socket:
        await socket.send(orjson.dumps({"type": "response.create", "model": ALLOWED, "input": "hi"}).decode())
        assert orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["status"] == 429


@pytest.mark.parametrize("operation", ["chat", "messages streamed", "responses in the background"])
async def test_every_way_of_answering_pays_its_tokens(
    ruled: Gateway, session: aiohttp.ClientSession, operation: str
) -> None:
    """Attack 11: tokens are counted when an answer ends, also where the client did not wait for it."""
    key = await new_key(ruled, tokens_per_minute=10)
    status, _ = await use(session, ruled, OPERATIONS[operation], ALLOWED, key.headers)
    assert status == 200

    async def spent() -> bool:
        status, _ = await use(session, ruled, OPERATIONS["chat"], ALLOWED, key.headers)
        return status == 429

    if operation == "responses in the background":
        await until(spent, "the background run to be charged")
    else:
        assert await spent()


async def test_an_expired_key_says_so_and_opens_nothing(ruled: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 14: time is looked at with every request."""
    key = await new_key(ruled, expires_at=time.time() + 1.5)

    async def refused() -> bool:
        told = await ask(session, ruled, "chat", ALLOWED, headers=key.headers)
        assert told.status == 200 or (told.status == 401 and told.error and "expired" in told.error["message"])
        return told.status == 401

    await until(refused, "the key to expire")
