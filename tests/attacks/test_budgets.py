"""Budgets hold on every route, however many ask at once and whatever dies meanwhile (attacks 11, 34, 37, 38)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import orjson
import pytest
import websockets.asyncio.client

from crawdad.core.budgets import Budget, window_of
from crawdad.store.budgets import BudgetStore
from crawdad.store.budgets import Counter as Spent
from crawdad.store.database import open_database
from tests.attacks.clients import CLIENTS, Client, ask, post, request
from tests.attacks.conftest import providers_of
from tests.attacks.keys import Key, new_key
from tests.attacks.test_restrictions import OPERATIONS, PLACES, USER, use
from tests.support.server import Gateway, running_gateway, settings
from tests.support.services import postgres_url, redis_url, shared_redis  # noqa: F401
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, until, until_so

MODEL = "scripted-chat/story:hello"
PRICES = {"scripted-*": {"input": 1000, "output": 1000}, "scripted-chat/dall-e-3": {"picture": 0.04}}
COST, TOKENS = 0.037, 37
"""What the story `hello` takes by those prices: 25 tokens in, 12 out."""
CHAT = {"messages": USER, "max_tokens": 12}
MANY = 256


@pytest.fixture(scope="module")
def priced(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway whose models have prices, besides a provider without, and rules that lead from one to the other."""
    found = providers_of("scripted", scripted_upstream)
    found["other"] = provider("chat", scripted_upstream.url, [], discover=False)
    models = {
        "prices": PRICES,
        "rules": [{"match": "both", "targets": [{"model": "other/story:gone"}], "fallbacks": [MODEL]}],
    }
    with running_gateway(settings(found, models=models, retry={"attempts": 1})) as running:
        yield running


async def standing(gateway: Gateway, key: Key, unit: str, period: str = "day", url: str | None = None) -> Spent:
    """What was used and is set aside, as the database has it."""
    window = window_of(period, time.time())  # type: ignore[arg-type]
    async with open_database(url or f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
        name: Any = (f"key:{key.id}", unit, window)
        return (await BudgetStore(database).counters([name])).get(name, Spent())


async def settled(gateway: Gateway, key: Key, unit: str, least: float, url: str | None = None) -> Spent:
    """The same once nothing is set aside and at least so much was used."""
    found = Spent()

    async def look() -> bool:
        nonlocal found
        found = await standing(gateway, key, unit, url=url)
        return found.reserved == 0 and found.used >= least

    await until(look, f"{least} {unit} to be settled")
    return found


async def crowd(session: aiohttp.ClientSession, key: Key, *gateways: Gateway) -> Counter[int]:
    """How often each status was answered to requests that come all at once, through the gateways in turn."""

    async def one(number: int) -> int:
        url = gateways[number % len(gateways)].base_url + "/v1/chat/completions"
        async with session.post(url, json={"model": MODEL, **CHAT}, headers=key.headers) as answer:
            told = await answer.text()
            assert answer.status in (200, 429), told
            return answer.status

    async with asyncio.timeout(120):
        return Counter(await asyncio.gather(*(one(number) for number in range(MANY))))


@pytest.mark.parametrize(
    ("budget", "unit", "most"),
    [
        (Budget("usd", "day", 0.03), "usd", COST),
        (Budget("tokens", "day", 30), "tokens", TOKENS),
        (Budget("requests", "day", 1), "requests", 1),
    ],
)
async def test_a_crowd_gets_what_there_is_room_for(
    priced: Gateway, session: aiohttp.ClientSession, budget: Budget, unit: str, most: float
) -> None:
    """Attack 37: 256 at once, room for one."""
    key = await new_key(priced, budgets=(budget,))
    statuses = await crowd(session, key, priced)
    assert statuses == {200: 1, 429: MANY - 1}
    found = await settled(priced, key, unit, most)
    assert found.used == pytest.approx(most)
    assert (await crowd(session, key, priced)) == {429: MANY}


@pytest.mark.parametrize(
    "limits", [{"tokens_per_minute": 30}, {"budgets": (Budget("usd", "minute", 0.03),)}, {"requests_per_minute": 1}]
)
async def test_a_crowd_gets_what_the_minute_has_room_for(
    priced: Gateway, session: aiohttp.ClientSession, limits: dict[str, Any]
) -> None:
    """Attack 37: limits by the minute are kept in the same way."""
    key = await new_key(priced, **limits)
    assert await crowd(session, key, priced) == {200: 1, 429: MANY - 1}


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_crowd_before_two_processes_gets_no_more(
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    postgres_url: str,  # noqa: F811
    shared_redis: dict[str, str],  # noqa: F811
) -> None:
    """Attack 37: the same with two processes on PostgreSQL and Redis; for days and for minutes."""
    found = settings(providers_of("scripted", scripted_upstream), models={"prices": PRICES}, retry={"attempts": 1})
    environment = {"CRAWDAD_DATABASE_URL": postgres_url, **shared_redis}
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(running_gateway(found, environment))
        there = await stack.enter_async_context(running_gateway(found, environment))
        for budget, most in ((Budget("usd", "day", 0.03), COST), (Budget("requests", "day", 1), 1.0)):
            key = await new_key(here, url=postgres_url, budgets=(budget,))
            await until_both_know(session, key, here, there)
            assert await crowd(session, key, here, there) == {200: 1, 429: MANY - 1}
            assert (await settled(here, key, budget.unit, most, postgres_url)).used == pytest.approx(most)
        key = await new_key(here, url=postgres_url, tokens_per_minute=30)
        await until_both_know(session, key, here, there)
        assert await crowd(session, key, here, there) == {200: 1, 429: MANY - 1}


async def until_both_know(session: aiohttp.ClientSession, key: Key, *gateways: Gateway) -> None:
    for gateway in gateways:

        async def knows(gateway: Gateway = gateway) -> bool:
            async with session.get(gateway.base_url + "/v1/models", headers=key.headers) as answer:
                return answer.status == 200

        await until(knows, "a gateway to know the key")


SPENDING = {
    "chat": TOKENS,
    "chat streamed": TOKENS,
    "responses": TOKENS,
    "responses streamed": TOKENS,
    "responses in the background": TOKENS,
    "messages": TOKENS,
    "messages streamed": TOKENS,
    "generateContent": TOKENS,
    "generateContent under v1": TOKENS,
    "streamGenerateContent": TOKENS,
    "streamGenerateContent as an array": TOKENS,
    "completions": TOKENS,
    "count_tokens": 0,
    "countTokens": 0,
}


@pytest.mark.parametrize("name", SPENDING)
async def test_every_route_reserves_and_settles(priced: Gateway, session: aiohttp.ClientSession, name: str) -> None:
    """Attack 11: money, tokens and requests, the same everywhere; counting tokens is a request and no more."""
    budgets = (Budget("usd", "day", 1), Budget("tokens", "day", 10_000), Budget("requests", "day", 2))
    key = await new_key(priced, budgets=budgets)
    status, body = await use(session, priced, OPERATIONS[name], MODEL, key.headers)
    assert status == 200, body
    assert (await settled(priced, key, "requests", 1)).used == 1
    assert (await settled(priced, key, "tokens", SPENDING[name])).used == SPENDING[name]
    assert (await standing(priced, key, "usd")).used == pytest.approx(COST if SPENDING[name] else 0)
    status, body = await use(session, priced, OPERATIONS[name], MODEL, key.headers)
    assert status == 200, body
    await settled(priced, key, "requests", 2)
    for other in SPENDING:
        status, body = await use(session, priced, OPERATIONS[other], MODEL, key.headers)
        assert status in (402, 429) and b"2 requests per day" in body, (other, status, body)


@pytest.mark.parametrize(
    ("name", "model", "money"),
    [
        ("embeddings", "scripted-chat/text-embedding-3-small", None),
        ("images", "scripted-chat/dall-e-3", 0.04),
        ("speech", "scripted-chat/tts-1", None),
        ("transcriptions", "scripted-chat/whisper-1", None),
    ],
)
async def test_other_operations_spend_too(
    priced: Gateway, session: aiohttp.ClientSession, name: str, model: str, money: float | None
) -> None:
    """Attack 11: embeddings, pictures, speech and transcripts."""
    key = await new_key(priced, budgets=(Budget("usd", "day", 50), Budget("requests", "day", 1)))
    status, body = await use(session, priced, OPERATIONS[name], model, key.headers)
    assert status == 200, body
    assert (await settled(priced, key, "requests", 1)).used == 1
    if money is not None:
        assert (await settled(priced, key, "usd", money)).used == pytest.approx(money)
    status, body = await use(session, priced, OPERATIONS[name], model, key.headers)
    assert status == 429 and b"per day" in body


async def test_turns_over_a_socket_spend_too(priced: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 11: over the WebSocket each turn reserves and settles."""
    key = await new_key(priced, budgets=(Budget("requests", "day", 1), Budget("tokens", "day", 100_000)))
    url = priced.base_url.replace("http", "ws") + "/v1/responses"
    create = orjson.dumps({"type": "response.create", "model": MODEL, "input": "hi"}).decode()
    async with websockets.asyncio.client.connect(url, additional_headers=key.headers, open_timeout=PATIENCE) as socket:
        await socket.send(create)
        while orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["type"] != "response.completed":
            pass
        assert (await settled(priced, key, "tokens", TOKENS)).used == TOKENS
        await socket.send(create)
        refused = orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
        assert refused["status"] == 429 and refused["error"]["code"] == "budget_exhausted"


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_refusal_is_in_the_protocols_own_words(
    priced: Gateway, session: aiohttp.ClientSession, client: Client
) -> None:
    """What is used up, of what, until when; and clients are told not to try again at once."""
    key = await new_key(priced, budgets=(Budget("requests", "month", 1),))
    assert (await ask(session, priced, client, MODEL, headers=key.headers)).status == 200

    answer = await ask(session, priced, client, MODEL, headers=key.headers)
    assert answer.headers["x-should-retry"] == "false", "what was answered is settled when the next request comes"
    assert answer.error is not None
    assert answer.status == (402 if client == "anthropic" else 429)
    assert "1 requests per month" in answer.error["message"] and "Z" in answer.error["message"]
    assert 0 < int(answer.headers["retry-after"]) <= 32 * 86400
    words = {"anthropic": answer.error.get("type"), "gemini": answer.error.get("status")}
    expected = {"anthropic": "billing_error", "gemini": "RESOURCE_EXHAUSTED"}
    assert words.get(client, answer.error.get("type")) == expected.get(client, "insufficient_quota")
    assert "budget_exhausted" in answer.raw.decode().lower()


async def test_what_others_have_set_aside_is_told_apart(
    priced: Gateway, scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """While the last of the budget is set aside, trying again soon is right."""
    key = await new_key(priced, budgets=(Budget("tokens", "day", 40),))
    with scripted_upstream.holding(1) as hold:
        first = asyncio.get_running_loop().create_task(
            ask(session, priced, "chat", MODEL, headers=key.headers, stream=True, max_tokens=30)
        )
        await until_so(hold.reached.is_set, "the stream to begin")
        second = await ask(session, priced, "chat", MODEL, headers=key.headers, max_tokens=30)
        assert second.status == 429 and second.error is not None and second.error["code"] == "budget_reserved"
        assert int(second.headers["retry-after"]) <= 5 and "x-should-retry" not in second.headers
    assert (await first).finished
    assert (await settled(priced, key, "tokens", TOKENS)).used == TOKENS


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("upstream", ["chat", "anthropic"])
async def test_who_leaves_pays_for_what_was_heard(
    priced: Gateway,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    client: Client,
    upstream: str,
) -> None:
    """Attack 32: a stream that is cut off costs its input and what was said until then, once."""
    key = await new_key(priced, budgets=(Budget("tokens", "day", 10_000), Budget("usd", "day", 10)))
    path, body = request(client, f"scripted-{upstream}/story:hello", stream=True, text="tell me " * 50)
    with scripted_upstream.holding(4) as hold:
        async with session.post(priced.base_url + path, json=body, headers=key.headers) as answer:
            await answer.content.readany()
            await until_so(hold.reached.is_set, "the stream to be held")
            await asyncio.sleep(0.1)
            assert (await standing(priced, key, "tokens")).reserved > 0
            answer.close()
        found = await settled(priced, key, "tokens", 1)
    least = (
        20 if upstream == "anthropic" else 100
    )  # Anthropic tells at the beginning what it read; others are estimated
    assert least < found.used < 400
    assert (await standing(priced, key, "usd")).used == pytest.approx(found.used / 1000)


async def test_failures_cost_nothing(priced: Gateway, session: aiohttp.ClientSession) -> None:
    """A provider that refuses, a model that is not there: no request, no token, no cent."""
    budgets = (Budget("requests", "day", 5), Budget("tokens", "day", 10_000))
    key = await new_key(priced, budgets=budgets)
    for _ in range(7):
        answer = await ask(session, priced, "chat", "scripted-chat/story:none-such", headers=key.headers)
        assert answer.status == 404
    assert (await settled(priced, key, "requests", 0)).used == 0
    assert (await ask(session, priced, "chat", MODEL, headers=key.headers)).status == 200


async def test_money_needs_a_price(priced: Gateway, session: aiohttp.ClientSession) -> None:
    """A model whose price nobody knows is refused to a key with a money budget, and falls out of its fallbacks."""
    key = await new_key(priced, budgets=(Budget("usd", "total", 1),))
    refused = await ask(session, priced, "chat", "other/story:hello", headers=key.headers)
    assert refused.status == 403 and refused.error is not None and refused.error["code"] == "unpriced_model"
    assert "models.prices" in refused.error["message"]
    assert (await ask(session, priced, "chat", "both", headers=key.headers)).text.startswith("Hello")
    free = await new_key(priced, budgets=(Budget("tokens", "total", 1000),))
    assert (await ask(session, priced, "chat", "other/story:hello", headers=free.headers)).status == 200


async def test_a_fallback_leads_to_no_forbidden_provider(
    priced: Gateway, scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """Attack 34: a key of one provider reaches no other, by rules neither."""
    own = await new_key(priced, providers=("other",))
    before = len(scripted_upstream.journal)
    told_no = await ask(session, priced, "chat", "both", headers=own.headers)
    assert told_no.status == 404, "the only model that the key may use does not exist at its provider"
    paths = [orjson.loads(entry.body)["model"] for entry in list(scripted_upstream.journal)[before:]]
    assert paths == ["story:gone"]
    for place in PLACES.values():
        for name, operation in OPERATIONS.items():
            status, body = await use(session, priced, operation, MODEL, place(own.token))
            assert status == 403, (name, status, body)
    async with session.get(priced.base_url + "/v1/models", headers=own.headers) as answer:
        assert all(entry["id"].startswith("other/") for entry in (await answer.json())["data"])
    rest = await new_key(priced, providers=("scripted-*",))
    assert (await ask(session, priced, "chat", "both", headers=rest.headers)).text.startswith("Hello")


PROTOCOL_OF = {
    "chat": "openai-chat",
    "responses": "openai-responses",
    "anthropic": "anthropic-messages",
    "gemini": "gemini",
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_key_speaks_only_its_protocols(priced: Gateway, session: aiohttp.ClientSession, client: Client) -> None:
    """Attack 11: in every header, and over the WebSocket."""
    key = await new_key(priced, protocols=(PROTOCOL_OF[client],))
    for other in CLIENTS:
        for place in PLACES.values():
            path, body = request(other, MODEL)
            async with session.post(priced.base_url + path, json=body, headers=place(key.token)) as answer:
                assert answer.status == (200 if other == client else 403), (other, await answer.text())
    if client != "responses":
        async with session.get(priced.base_url + "/v1/responses/resp_x", headers=key.headers) as answer:
            assert answer.status == 403
        url = priced.base_url.replace("http", "ws") + "/v1/responses"
        async with websockets.asyncio.client.connect(
            url, additional_headers=key.headers, open_timeout=PATIENCE
        ) as socket:
            await socket.send(orjson.dumps({"type": "response.create", "model": MODEL, "input": "hi"}).decode())
            assert orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["status"] == 403


async def test_a_key_comes_from_its_networks_alone(priced: Gateway) -> None:
    """Attacks 8 and 11: on every route and header; what a client says of itself changes nothing."""
    key = await new_key(priced, networks=("127.0.0.0/31",))
    for source, expected in (("127.0.0.1", 200), ("127.0.0.2", 403)):
        connector = aiohttp.TCPConnector(local_addr=(source, 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            for place in PLACES.values():
                for client in CLIENTS:
                    path, body = request(client, MODEL)
                    headers = {**place(key.token), "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}
                    async with session.post(priced.base_url + path, json=body, headers=headers) as answer:
                        assert answer.status == expected, (client, await answer.text())
                for path in ("/v1/models", "/v1beta/models", "/metrics"):
                    async with session.get(priced.base_url + path, headers=place(key.token)) as answer:
                        assert (answer.status == 403) is (expected == 403 or path == "/metrics")


async def test_the_proxys_word_counts_where_it_is_trusted(scripted_upstream: ScriptedUpstream) -> None:
    """Attack 8: behind a trusted proxy the network is that of its client."""
    found = settings(providers_of("scripted", scripted_upstream), gateway={"trustedProxies": ["127.0.0.1"]})
    async with running_gateway(found) as gateway, aiohttp.ClientSession() as session:
        key = await new_key(gateway, networks=("10.1.0.0/16", "127.0.0.1", "2001:db8::/32"))
        for source, expected in (("10.1.2.3", 200), ("2001:db8::7", 200), ("10.2.0.1", 403), ("::ffff:10.1.2.3", 200)):
            headers = {**key.headers, "x-forwarded-for": source}
            async with session.get(gateway.base_url + "/v1/models", headers=headers) as answer:
                assert answer.status == expected, source


async def test_a_kill_gives_back_what_was_set_aside(
    scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """Attack 37: kill -9 between reserving and settling."""
    found = settings(providers_of("scripted", scripted_upstream), models={"prices": PRICES}, retry={"attempts": 1})
    async with running_gateway(found) as gateway:
        key = await new_key(gateway, budgets=(Budget("tokens", "day", 100), Budget("usd", "total", 10)))
        with scripted_upstream.holding(1) as hold:
            path, body = request("chat", MODEL, stream=True, max_tokens=90)
            async with session.post(gateway.base_url + path, json=body, headers=key.headers):
                await until_so(hold.reached.is_set, "the stream to begin")
                assert (await standing(gateway, key, "tokens")).reserved > 90
                gateway.kill()
        await asyncio.to_thread(gateway.start)
        assert (await standing(gateway, key, "tokens")) == Spent(0.0, 0.0)
        assert (await ask(session, gateway, "chat", MODEL, headers=key.headers, max_tokens=60)).status == 200
        assert (await settled(gateway, key, "tokens", TOKENS)).used == TOKENS


async def test_the_kill_of_one_process_of_two_gives_back_in_the_other(
    scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """What ended before the kill is charged, once, though it was in no database yet."""
    found = settings(providers_of("scripted", scripted_upstream), models={"prices": PRICES}, retry={"attempts": 1})
    async with running_gateway(found) as gateway:
        key = await new_key(gateway, budgets=(Budget("requests", "day", 100),))
        answered = 0
        for _ in range(3):
            for _ in range(5):
                answered += (await ask(session, gateway, "chat", MODEL, headers=key.headers)).status == 200
            gateway.kill()
            await asyncio.to_thread(gateway.start)
        assert answered == 15
        assert (await settled(gateway, key, "requests", 15)).used == 15


async def test_bodies_made_of_tokens_cost_no_time(priced: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 38: huge texts in every script, pictures without end, arrays of numbers, deep nests."""
    key = await new_key(priced, budgets=(Budget("tokens", "day", 2**50),))
    nest: Any = "x"
    for _ in range(100):
        nest = [nest]
    contents: list[Any] = [
        "𓀀" * 1_000_000,
        "a\u0301" * 2_000_000,
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3000}}] * 2000,
        [{"type": "text", "text": "x"}] * 50_000,
    ]
    for content in contents:
        began = time.process_time()
        body = {"model": MODEL, "messages": [{"role": "user", "content": content}], "max_tokens": 12, "x": nest}
        async with asyncio.timeout(PATIENCE):
            told = await post(session, priced, "chat", "/v1/chat/completions", orjson.dumps(body), key.headers)
            assert told.status in (200, 400), told.brief()
        assert time.process_time() - began < 10
    found = await standing(priced, key, "tokens")
    assert found.used >= 0


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without a bound of its own."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as opened:
        yield opened
