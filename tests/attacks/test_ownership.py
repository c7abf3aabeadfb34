"""What one key stored is not there for another: no answer tells somebody else's response from one that never was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import orjson
import pytest
import websockets.asyncio.client

from tests.attacks.clients import sse
from tests.attacks.keys import Key, new_key
from tests.support.server import Gateway
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

MODEL = "scripted-chat/story:echo"
SECRET = "the owner's own words"


@pytest.fixture(scope="module")
def owner(gateway: Gateway) -> Key:
    return asyncio.run(new_key(gateway))


@pytest.fixture(scope="module")
def stranger(gateway: Gateway) -> Key:
    return asyncio.run(new_key(gateway))


async def call(
    session: aiohttp.ClientSession, gateway: Gateway, key: Key, method: str, path: str, body: Any = None
) -> tuple[int, bytes]:
    data = None if body is None else orjson.dumps(body)
    async with session.request(method, gateway.base_url + path, data=data, headers=key.headers) as answer:
        return answer.status, await answer.read()


async def over_websocket(gateway: Gateway, key: Key, **asked: Any) -> list[dict[str, Any]]:
    """The events of one turn."""
    url = gateway.base_url.replace("http", "ws") + "/v1/responses"
    events: list[dict[str, Any]] = []
    async with websockets.asyncio.client.connect(url, additional_headers=key.headers, open_timeout=PATIENCE) as socket:
        await socket.send(orjson.dumps({"type": "response.create", "model": MODEL, **asked}).decode())
        while not events or events[-1]["type"] not in ("response.completed", "response.failed", "error"):
            events.append(orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE)))
    return events


async def stored(session: aiohttp.ClientSession, gateway: Gateway, key: Key, how: str) -> str:
    """The id of a response of that key, made in one of the ways there are."""
    body: dict[str, Any] = {"model": MODEL, "input": SECRET}
    if how == "websocket":
        events = await over_websocket(gateway, key, input=SECRET)
        return str(events[-1]["response"]["id"])
    if how == "express":
        body["model"] = "scripted-responses/story:echo"
    status, raw = await call(
        session,
        gateway,
        key,
        "POST",
        "/v1/responses",
        {**body, "stream": how == "streamed", "background": how == "background"},
    )
    assert status == 200, raw
    if how == "streamed":
        return str(orjson.loads(sse(raw)[-1][1])["response"]["id"])
    return str(orjson.loads(raw)["id"])


WAYS = ("whole", "streamed", "background", "express", "websocket")
READS = {
    "get": ("GET", "/v1/responses/{id}"),
    "items": ("GET", "/v1/responses/{id}/input_items"),
    "items, all": ("GET", "/v1/responses/{id}/input_items?limit=100&order=asc"),
    "follow": ("GET", "/v1/responses/{id}?stream=true"),
    "cancel": ("POST", "/v1/responses/{id}/cancel"),
    "delete": ("DELETE", "/v1/responses/{id}"),
}


@pytest.mark.parametrize("how", WAYS)
async def test_a_stranger_gets_the_same_answer_as_for_an_id_that_never_was(
    gateway: Gateway,
    session: aiohttp.ClientSession,
    scripted_upstream: ScriptedUpstream,
    owner: Key,
    stranger: Key,
    how: str,
) -> None:
    """Attacks 21, 22 and 23: reading, listing, following, cancelling, deleting and going on from it."""
    known = await stored(session, gateway, owner, how)
    unknown = known[:-4] + "0000"
    for name, (method, path) in READS.items():
        theirs = await call(session, gateway, stranger, method, path.replace("{id}", known))
        nobodys = await call(session, gateway, stranger, method, path.replace("{id}", unknown))
        assert theirs[0] == 404, (name, theirs)
        assert (theirs[0], theirs[1].replace(known.encode(), b"")) == (
            nobodys[0],
            nobodys[1].replace(unknown.encode(), b""),
        )
    before = len(scripted_upstream.journal)
    answers = []
    for previous in (known, unknown):
        for more in ({}, {"stream": True}, {"background": True}):
            body = {"model": MODEL, "input": "and what did they say?", "previous_response_id": previous, **more}
            answers.append((await call(session, gateway, stranger, "POST", "/v1/responses", body), previous))
        event = (await over_websocket(gateway, stranger, input="and?", previous_response_id=previous))[0]
        assert event["type"] == "error" and event["status"] in (400, 404), event
    assert {
        (status, raw.replace(known.encode(), b"").replace(unknown.encode(), b"")) for (status, raw), _ in answers
    } == {(404, answers[0][0][1].replace(known.encode(), b""))}
    assert len(scripted_upstream.journal) == before


@pytest.mark.parametrize("how", WAYS)
async def test_its_owner_has_it_whatever_strangers_tried(
    gateway: Gateway, session: aiohttp.ClientSession, owner: Key, stranger: Key, how: str
) -> None:
    """Attack 21: a stranger's DELETE and cancel did nothing; the owner's do."""
    known = await stored(session, gateway, owner, how)
    for method, path in READS.values():
        assert (await call(session, gateway, stranger, method, path.replace("{id}", known)))[0] == 404
    status, raw = await call(session, gateway, owner, "GET", f"/v1/responses/{known}")
    assert status == 200 and orjson.loads(raw)["id"] == known
    status, raw = await call(session, gateway, owner, "GET", f"/v1/responses/{known}/input_items")
    assert status == 200 and SECRET in raw.decode()
    if how == "background":
        await followed(session, gateway, owner, known)
    body = {"model": MODEL, "input": "again", "previous_response_id": known}
    assert (await call(session, gateway, owner, "POST", "/v1/responses", body))[0] == 200
    assert (await call(session, gateway, owner, "DELETE", f"/v1/responses/{known}"))[0] == 200
    assert (await call(session, gateway, owner, "GET", f"/v1/responses/{known}"))[0] == 404


async def followed(session: aiohttp.ClientSession, gateway: Gateway, key: Key, response_id: str) -> list[str]:
    """The kinds of events of a background run, to its end."""
    status, raw = await call(session, gateway, key, "GET", f"/v1/responses/{response_id}?stream=true")
    assert status == 200
    return [name for name, _ in sse(raw)]


IDS = [
    "' OR '1'='1",
    "%",
    "resp_%",
    "_" * 37,
    "*",
    "null",
    "..",
    "resp_\x00",
    "resp_" + "x" * 4000,
    "é",
    "💥",
    "resp_1;DELETE",
]


@pytest.mark.parametrize("response_id", IDS)
async def test_ids_are_taken_to_the_letter(
    gateway: Gateway, session: aiohttp.ClientSession, owner: Key, response_id: str
) -> None:
    """Attacks 10, 22 and 26: no wildcard, no quote and no NUL finds anything, nor breaks anything."""
    from urllib.parse import quote

    for method, path in READS.values():
        status, raw = await call(session, gateway, owner, method, path.replace("{id}", quote(response_id, safe="")))
        assert status in (400, 404), (method, path, raw)
    body = {"model": MODEL, "input": "hi", "previous_response_id": response_id}
    assert (await call(session, gateway, owner, "POST", "/v1/responses", body))[0] in (400, 404)


@pytest.fixture
def same_ids(scripted_upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An upstream that gives every response the same id."""
    from itertools import repeat

    monkeypatch.setattr(scripted_upstream, "_numbers", repeat(777))
    yield


@pytest.mark.usefixtures("same_ids")
async def test_an_upstream_that_repeats_its_ids_mixes_nobody_up(
    gateway: Gateway, session: aiohttp.ClientSession, owner: Key, stranger: Key
) -> None:
    """Attack 24: an id is an upstream's word. The newer answer is its owner's; nobody gets or loses another's."""
    body = {"model": "scripted-responses/story:echo"}
    ids = []
    for key, words in ((owner, "first"), (owner, "second"), (stranger, "third")):
        status, raw = await call(session, gateway, key, "POST", "/v1/responses", {**body, "input": words})
        assert status == 200 and words in raw.decode(), raw
        ids.append(orjson.loads(raw)["id"])
    assert len(set(ids)) == 1
    status, raw = await call(session, gateway, owner, "GET", f"/v1/responses/{ids[0]}")
    assert status == 200 and "second" in raw.decode()
    assert (await call(session, gateway, stranger, "GET", f"/v1/responses/{ids[0]}"))[0] == 404


@pytest.mark.parametrize("provider", ["scripted-chat", "scripted-anthropic"])
async def test_nobody_gets_what_an_upstream_remembers_for_somebody_else(
    gateway: Gateway,
    session: aiohttp.ClientSession,
    owner: Key,
    stranger: Key,
    scripted_upstream: ScriptedUpstream,
    provider: str,
) -> None:
    """Attack 35: to the upstream all of them are one customer. The same request asks it anew for each, with an idempotency key
    that is the sender's alone; nothing is answered from here."""
    body = orjson.dumps({"model": f"{provider}/story:hello", "messages": [{"role": "user", "content": SECRET}]})
    keys: dict[str, list[str]] = {}
    for who in (owner, stranger, owner):
        for name in ("retry-1", "retry-2"):
            since = len(scripted_upstream.journal)
            headers = {**who.headers, "idempotency-key": name, "content-type": "application/json"}
            url = gateway.base_url + "/v1/chat/completions"
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200
            assert len(scripted_upstream.journal) == since + 1
            asked = scripted_upstream.journal.last
            keys.setdefault(f"{who.id} {name}", []).append(asked.headers["idempotency-key"])
    assert all(len(set(found)) == 1 for found in keys.values()), "who tries again says the same"
    assert len({found[0] for found in keys.values()}) == 4
