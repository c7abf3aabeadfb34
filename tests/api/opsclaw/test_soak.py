"""A pool of ten accounts through hundreds of requests while their vendor limits, refuses, breaks, drops and dawdles.

The vendor's moods are drawn anew for each wave of requests, from a seed; the gateway's clock is moved between the waves. The
vendor keeps the truth: whom it told to wait and how long. At rest between two waves, that is what the gateway must know too.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api.opsclaw.client import call
from tests.attacks.clients import understand
from tests.support.moved_clock import MovedClock
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.upstreams.loopback import Received, Reply
from tests.support.upstreams.protocols import Ask, asked, error_body
from tests.support.upstreams.speakers import STREAM_TYPE

ACCOUNTS = [f"sk-soak-{number:02d}-0123456789" for number in range(10)]
MODELS = ("vendor-large", "vendor-small")
BAD = ("limited", "broken", "dropped", "refused")
CONFIG = settings(
    {},
    retry={"attempts": 2, "baseSeconds": 0.01, "budgetSeconds": 2},
    accounts={"refreshMinutes": 0, "maxWaitSeconds": 5},
    gateway={"auth": {"mode": "token"}},
)
Pair = tuple[str, str]
"""A key and a model."""


@dataclass
class Rest:
    """What the vendor told a key for one model: nothing before `until`. `told` is the wave in which it did."""

    until: float
    told: int


@dataclass
class Wave:
    """What came to the vendor while one wave of requests ran."""

    asked: Counter[Pair] = field(default_factory=Counter)
    early: list[Pair] = field(default_factory=list)
    """Asked although it was told to wait in a wave before this."""
    running: Counter[Pair] = field(default_factory=Counter)
    most: Counter[Pair] = field(default_factory=Counter)
    """The most requests of a pair that ran at once."""


class MoodyVendor(AccountVendor):
    """Answers every key as its mood is."""

    def __init__(self, clock: MovedClock, chance: random.Random) -> None:
        super().__init__()
        self.clock = clock
        self.chance = chance
        self.moods: dict[str, str] = {}
        self.rests: dict[Pair, Rest] = {}
        self.probed: set[Pair] = set()
        """Pairs whose rest was over when the wave began: the next to ask is a probe."""
        self.wave = Wave()
        self.number = 0
        self._lock = threading.Lock()

    def begin(self, moods: dict[str, str]) -> Wave:
        """The next wave."""
        now = self.clock.now()
        self.probed = {pair for pair, rest in self.rests.items() if rest.until <= now}
        self.moods, self.wave, self.number = moods, Wave(), self.number + 1
        return self.wave

    def rest(self, pair: Pair) -> float:
        """The seconds that a pair was told to wait and has not yet."""
        rest = self.rests.get(pair)
        return rest.until - self.clock.now() if rest else 0.0

    async def answer(self, request: Received, reply: Reply) -> None:
        ask = asked(request)
        if ask is None or not self.moods:
            await super().answer(request, reply)
            return
        pair = (request.headers["authorization"].removeprefix("Bearer "), ask.model)
        wave, rest = self.wave, self.rests.get(pair)
        wave.asked[pair] += 1
        wave.running[pair] += 1
        wave.most[pair] = max(wave.most[pair], wave.running[pair])
        if rest is not None and rest.told < self.number and rest.until > self.clock.now():
            wave.early.append(pair)
        try:
            await self._by_mood(self.moods[pair[0]], pair, ask, reply)
        finally:
            wave.running[pair] -= 1

    async def _by_mood(self, mood: str, pair: Pair, ask: Ask, reply: Reply) -> None:
        if mood == "limited":
            wait = self.chance.randrange(30, 90)
            until = self.clock.now() + wait
            before = self.rests.get(pair)
            if before is None or before.until < until:
                self.rests[pair] = Rest(until, self.number)
            await reply.whole(429, error_body(ask.protocol, 429, "slow down"), {"retry-after": str(wait)})
            return
        if mood == "broken":
            status = self.chance.choice((500, 502, 503, 529))
            await reply.whole(status, error_body(ask.protocol, status, "something went wrong"))
        elif mood == "dropped":
            if ask.stream and self.chance.random() < 0.5:
                await reply.begin(200, {"content-type": STREAM_TYPE[ask.protocol]})
            reply.reset() if self.chance.random() < 0.5 else reply.finish()
        elif mood == "refused":
            status = self.chance.choice((401, 403))
            await reply.whole(status, error_body(ask.protocol, status, "not with this key"))
        else:
            if mood == "slow":
                await asyncio.sleep(self.chance.uniform(0.02, 0.15))
            await self._tell(ask, {}, reply)
        self.rests.pop(pair, None)


def moods(chance: random.Random, vendor: MoodyVendor) -> dict[str, str]:
    """A mood for each key. For each model at least one key is well that was not told to wait."""
    found = {key: chance.choice((*BAD, "well", "slow")) for key in ACCOUNTS}
    for model in MODELS:
        able = [key for key in ACCOUNTS if vendor.rest((key, model)) <= 0]
        if able and not any(found[key] in ("well", "slow") for key in able):
            found[chance.choice(able)] = "slow"
    return found


async def wave(gateway: Gateway, count: int, first: int) -> list[tuple[int, str, int | None, str]]:
    """That many requests at once: status, model, `Retry-After` and the text. A 200 whose answer is not whole counts as 0."""
    connector = aiohttp.TCPConnector(limit=count)
    async with aiohttp.ClientSession(connector=connector, headers=gateway.headers) as session:

        async def one(number: int) -> tuple[int, str, int | None, str]:
            model = MODELS[number % 2]
            message = {"role": "user", "content": f"this is conversation number {number % 150}"}
            body = {"model": f"acme/{model}", "messages": [message], "stream": number % 3 == 0}
            async with session.post(gateway.base_url + "/v1/chat/completions", json=body) as answer:
                after, raw = answer.headers.get("retry-after"), await answer.read()
                told = understand("chat", answer.status, answer.headers, raw, bool(body["stream"]))
                whole = told.finished and told.error is None and told.text.startswith("Hello! I am a scripted model.")
                status = 0 if answer.status == 200 and not whole else answer.status
                return status, model, int(after) if after else None, raw.decode()

        return await asyncio.gather(*(one(first + number) for number in range(count)))


def add_all(gateway: Gateway, vendor: MoodyVendor) -> None:
    for number, key in enumerate(ACCOUNTS):
        vendor.open(key)
        body = {"provider": "acme", "apiKey": key, "baseUrl": vendor.url + "/v1", "label": f"account-{number}"}
        answer = call(gateway, "POST", "/api/accounts", body)
        assert answer.status == 200, answer.body


@pytest.mark.parametrize(("mode", "seed"), [("Balance", 1), ("PerformanceFirst", 104), ("CacheFirst", 3)])
async def test_no_request_is_lost_and_nobody_is_asked_too_early(mode: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    config: dict[str, Any] = {**CONFIG, "accounts": {**CONFIG["accounts"], "mode": mode, "maxWaitSeconds": 5}}
    with MovedClock(tmp_path / "clock") as clock, MoodyVendor(clock, random.Random(seed)) as vendor:
        async with running_gateway(config, clock.environment, command=clock.command) as gateway:
            await asyncio.to_thread(add_all, gateway, vendor)
            seen: Counter[str] = Counter()
            for number in range(5):
                found = moods(chance, vendor)
                told = vendor.begin(found)
                seen.update(found.values())
                able = {model: [key for key in ACCOUNTS if vendor.rest((key, model)) <= 0] for model in MODELS}
                answers = await wave(gateway, 80, number * 80)
                for model in MODELS:
                    if able[model]:
                        lost = [answer for answer in answers if answer[1] == model and answer[0] != 200]
                        assert not lost, (number, found, able[model], lost[:3])
                assert not told.early, (number, told.early)
                for key, model in vendor.probed:
                    if found[key] == "limited":
                        assert told.asked[key, model] <= 1, "one request tries whether the rest is over"
                clock.advance(chance.choice((0.0, 5.0, 20.0, 45.0, 90.0)))
            assert set(seen) == {*BAD, "well", "slow"}
            await all_limited(gateway, vendor, clock)


async def all_limited(gateway: Gateway, vendor: MoodyVendor, clock: MovedClock) -> None:
    """When all have to rest the client is told how long, and nobody is asked until the first of them is ready."""
    clock.advance(7300)  # whatever there was is over
    vendor.begin(dict.fromkeys(ACCOUNTS, "well"))
    assert {answer[0] for answer in await wave(gateway, 40, 10_000)} == {200}
    vendor.begin(dict.fromkeys(ACCOUNTS, "limited"))
    first = await wave(gateway, 100, 20_000)
    assert {answer[0] for answer in first} == {429} and all(answer[2] for answer in first)
    told = vendor.begin(dict.fromkeys(ACCOUNTS, "well"))
    shortest = {model: min(vendor.rest((key, model)) for key in ACCOUNTS) for model in MODELS}
    for status, model, after, _ in await wave(gateway, 100, 30_000):
        assert status == 429 and after is not None
        assert ceil(shortest[model]) - 5 <= after <= ceil(shortest[model]) + 2
    assert not told.asked, "all of them asked for time"
    clock.advance(max(shortest.values()) + 2)
    told = vendor.begin(dict.fromkeys(ACCOUNTS, "slow"))
    assert {answer[0] for answer in await wave(gateway, 100, 40_000)} == {200}
    assert not told.early


async def test_the_last_able_account_is_waited_for_while_it_is_probed(tmp_path: Path) -> None:
    """All but one fail, and that one's rest has just ended: whoever comes while another tries it waits for what comes of it."""
    with MovedClock(tmp_path / "clock") as clock, MoodyVendor(clock, random.Random(4)) as vendor:
        async with running_gateway(CONFIG, clock.environment, command=clock.command) as gateway:
            await asyncio.to_thread(add_all, gateway, vendor)
            others = ACCOUNTS[:9]
            vendor.begin({**dict.fromkeys(others, "refused"), ACCOUNTS[9]: "limited"})
            await wave(gateway, 30, 0)
            clock.advance(7300)
            failing = {key: ("broken", "dropped")[number % 2] for number, key in enumerate(others)}
            vendor.begin({**failing, ACCOUNTS[9]: "slow"})
            answers = await wave(gateway, 120, 0)
            lost = [answer for answer in answers if answer[0] != 200]
            assert not lost, (len(lost), lost[:3])
