"""Kill -9 under load: what a client has heard to its end is in the log afterwards, once; the database opens clean.

The clients stop at the kill; the gateway is started again on the same home. Rounds differ in when the kill comes.
"""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

_CLIENTS = 12
_ROUNDS = 3
_MESSAGE = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "a few words to answer to"}]}


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_was_answered_is_logged_once(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with running_gateway(settings({}), {"CRAWDAD_DATABASE_URL": database_url}) as gateway:
        heard: list[str] = []
        stored: list[str] = []
        for _ in range(_ROUNDS):
            await _load_until_killed(gateway, heard, stored, chance)
            await asyncio.to_thread(gateway.start)
        await _all_readable(gateway, stored)
        assert await asyncio.to_thread(gateway.stop) == 0
    assert len(heard) > _CLIENTS
    async with open_database(database_url) as database:
        await database.check()
        log = ExchangeLog(database)
        found = [await log.get(exchange_id) for exchange_id in heard]
        lost = [exchange_id for exchange_id, exchange in zip(heard, found, strict=True) if exchange is None]
        assert not lost, f"{len(lost)} of {len(heard)} answered exchanges are not in the log"
        assert {exchange.outcome for exchange in found if exchange} == {"completed"}


async def _load_until_killed(gateway: Gateway, heard: list[str], stored: list[str], chance: random.Random) -> None:
    enough = len(heard) + chance.randrange(_CLIENTS, 20 * _CLIENTS)
    killed = asyncio.Event()

    async def client(number: int) -> None:
        async with httpx.AsyncClient(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as http:
            while not killed.is_set():
                try:
                    await _ask(http, number, heard, stored)
                except httpx.HTTPError:
                    return  # the kill: what was not heard to its end does not count
                if len(heard) >= enough and not killed.is_set():
                    killed.set()
                    gateway.kill()

    async with asyncio.timeout(60):
        await asyncio.gather(*(client(number) for number in range(_CLIENTS)))


async def _ask(http: httpx.AsyncClient, number: int, heard: list[str], stored: list[str]) -> None:
    if number % 3 == 0:
        answer = await http.post("/v1/responses", json={"model": "crawdad/demo", "input": "keep this"})
        stored.append(answer.json()["id"])
        heard.append(answer.headers["request-id"])
    elif number % 3 == 1:
        answer = await http.post("/v1/chat/completions", json=_MESSAGE)
        assert answer.json()["choices"][0]["finish_reason"] == "stop"
        heard.append(answer.headers["request-id"])
    else:
        async with http.stream("POST", "/v1/chat/completions", json={**_MESSAGE, "stream": True}) as stream:
            text = "".join([piece async for piece in stream.aiter_text()])
        assert text.endswith("data: [DONE]\n\n")
        heard.append(stream.headers["request-id"])


async def _all_readable(gateway: Gateway, stored: list[str]) -> None:
    async with httpx.AsyncClient(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as http:
        for response_id in stored:
            answer = await http.get(f"/v1/responses/{response_id}")
            assert answer.status_code == 200 and answer.json()["status"] == "completed"
