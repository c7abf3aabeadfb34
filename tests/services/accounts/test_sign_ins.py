"""Sign-ins in time and between processes, on SQLite and PostgreSQL, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.adapters.system import SystemRandomness
from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.settings import GoogleSettings
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.flow_store import MOST_FLOWS, FlowStore
from crawdad.services.accounts.oauth.flows import Flow, Wish, from_document, to_document
from crawdad.services.accounts.oauth.sign_ins import OnCallback, SignIns
from crawdad.services.accounts.orders import AccountOrder
from crawdad.services.tasks import Tasks
from crawdad.store.database import Database
from crawdad.store.key_values import KeyValues
from tests.support.fakes import FakeClock
from tests.support.identity_provider import TestIdentityProvider, query_of
from tests.support.services import database, database_url, postgres_url
from tests.support.waiting import until_so

__all__ = ["database", "database_url", "postgres_url"]

BY = Principal("k1", "admin", "operator")


class SteppedClock(FakeClock):
    """Whoever sleeps wakes when the test has moved the time that far."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((self.time + seconds, event))
        await event.wait()

    async def next_nap(self) -> float:
        """Seconds until the first sleeper wakes, once there is one."""
        await until_so(lambda: self._sleepers)
        return min(deadline for deadline, _ in self._sleepers) - self.time

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for sleeper in [entry for entry in self._sleepers if entry[0] <= self.time]:
            self._sleepers.remove(sleeper)
            sleeper[1].set()


class Book:
    """Keeps orders, or fails."""

    def __init__(self) -> None:
        self.orders: list[AccountOrder] = []
        self.failure: GatewayError | None = None

    async def add(self, order: AccountOrder, by: Principal) -> Account:
        if self.failure is not None:
            raise self.failure
        self.orders.append(order)
        return Account(f"a{len(self.orders)}", order.provider, order.kind, order.label, order.secret, 0.0)


class NoPorts:
    """A machine without a port to spare."""

    async def open(self, on_callback: OnCallback) -> Any:
        raise OSError("no port")


class Process:
    """One of several processes on a database."""

    def __init__(self, database: Database, idp: TestIdentityProvider, transport: HttpTransport, world: World) -> None:
        settings = GoogleSettings.model_validate(idp.settings())
        self.book = Book()
        self.store = FlowStore(KeyValues(database), world.box, world.clock, SystemRandomness())
        self.sign_ins = SignIns(
            provider=IdentityProvider(transport, lambda: settings, lambda url: None),
            store=self.store,
            book=self.book,
            listeners=NoPorts(),
            clock=world.clock,
            randomness=SystemRandomness(),
            tasks=world.tasks,
        )

    async def callback(self, query: Mapping[str, str]) -> Text | None:
        return await self.sign_ins.callback(query)


class World:
    def __init__(self, home: Path, tasks: Tasks) -> None:
        self.clock = SteppedClock(1_900_000_000.0)
        self.box = KeyedSecretBox(str(home / "secret.key"))
        self.tasks = tasks


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Tasks() as tasks:
        yield World(tmp_path, tasks)


@pytest.fixture
def idp(world: World) -> Iterator[TestIdentityProvider]:
    with TestIdentityProvider(world.clock.now) as provider:
        yield provider


@pytest.fixture
async def processes(database: Database, idp: TestIdentityProvider, world: World) -> AsyncIterator[list[Process]]:
    async with HttpTransport("crawdad/test") as transport:
        yield [Process(database, idp, transport, world) for _ in range(3)]


async def web(process: Process, wish: Wish | None = None) -> Flow:
    return await process.sign_ins.start_web("http://127.0.0.1:1/auth/callback", BY, wish)


async def back(idp: TestIdentityProvider, flow: Flow, email: str = "ann@example.com") -> dict[str, str]:
    return query_of(await asyncio.to_thread(idp.browse, flow.url, email))


async def test_the_answer_may_come_to_another_process(processes: list[Process], idp: TestIdentityProvider) -> None:
    one, other, third = processes
    flow = await web(one, Wish(project="p-1", location="us-east5"))
    assert await other.callback(await back(idp, flow)) is None
    (order,) = other.book.orders
    assert (order.provider, order.label, order.kind) == ("vertex", "ann@example.com", "google_oauth")
    assert order.base_url == "https://us-east5-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east5"
    found = await third.sign_ins.status(flow.state)
    assert (found.status, found.account_id) == ("complete", "a1")
    assert (await one.sign_ins.wait(flow)).status == "complete"
    assert not found.verifier.reveal()  # what was secret is gone


async def test_one_process_wins(processes: list[Process], idp: TestIdentityProvider) -> None:
    flow = await web(processes[0])
    query = await back(idp, flow)
    idp.faults.seconds = 0.02
    outcomes = await asyncio.gather(*(process.callback(query) for process in processes * 5))
    assert [outcome for outcome in outcomes if outcome is None] == [None]
    assert sum(len(process.book.orders) for process in processes) == 1 and len(idp.grants) == 1


async def test_a_state_expires(processes: list[Process], idp: TestIdentityProvider, world: World) -> None:
    flow = await web(processes[0])
    query = await back(idp, flow)
    world.clock.advance(601)
    assert await processes[1].callback(query) == Text("oauth.expired") and not idp.grants
    assert (await processes[0].sign_ins.status(flow.state)).status == "expired"
    world.clock.advance(600)
    await web(processes[0])  # long over: forgotten when the next begins
    with pytest.raises(GatewayError) as caught:
        await processes[0].sign_ins.status(flow.state)
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_a_clock_that_goes_back_brings_nothing_back(
    processes: list[Process], idp: TestIdentityProvider, world: World
) -> None:
    flow = await web(processes[0])
    query = await back(idp, flow)
    assert await processes[0].callback(query) is None
    world.clock.advance(-86_400)
    assert await processes[0].callback(query) == Text("oauth.used")


async def test_an_account_that_cannot_be_kept(processes: list[Process], idp: TestIdentityProvider) -> None:
    one = processes[0]
    one.book.failure = GatewayError(ErrorKind.CONFLICT, Text("accounts.too_many", {"most": 1}))
    flow = await web(one)
    assert await one.callback(await back(idp, flow)) == Text("accounts.too_many", {"most": 1})
    assert (await one.sign_ins.status(flow.state)).status == "failed"


async def test_without_a_port_the_address_can_be_pasted(processes: list[Process], idp: TestIdentityProvider) -> None:
    one = processes[0]
    flow = await one.sign_ins.prepare(BY)
    url = await asyncio.to_thread(idp.browse, flow.url, "ann@example.com")
    assert (await processes[2].sign_ins.submit(url, None)).account_id == "a1"


async def test_a_device_is_asked_for_as_the_provider_wants(
    processes: list[Process], idp: TestIdentityProvider, world: World
) -> None:
    one, clock = processes[0], world.clock
    flow = await one.sign_ins.start_device(BY)
    device = next(iter(idp.devices.values()))
    naps = []

    async def pass_on() -> None:
        naps.append(await clock.next_nap())
        clock.advance(naps[-1])

    await pass_on()  # nobody has consented yet
    await clock.next_nap()
    device.interval = 8
    await pass_on()  # slow_down
    await clock.next_nap()
    device.interval = 1
    idp.faults.status = 503
    await pass_on()  # the provider is away
    await clock.next_nap()
    idp.faults.status = None
    idp.allow(device.user_code)
    await pass_on()
    await until_so(lambda: one.book.orders)
    await until_so(lambda: not world.tasks._running)
    assert naps == [1, 1, 6, 12]
    assert (await one.sign_ins.status(flow.state)).status == "complete"
    assert one.book.orders[0].label == "ann@example.com"


async def test_a_device_nobody_lets_in(processes: list[Process], idp: TestIdentityProvider, world: World) -> None:
    one = processes[0]
    flow = await one.sign_ins.start_device(BY)
    await world.clock.next_nap()
    world.clock.advance(601)
    await until_so(lambda: not world.tasks._running)
    found = await one.sign_ins.status(flow.state)
    assert found.status == "expired" and found.problem == Text("oauth.expired")
    assert found.device is not None and not found.device.device_code.reveal() and not idp.grants


@pytest.mark.parametrize(("answer", "words"), [("denied", "oauth.access_denied"), ("expired", "oauth.expired_token")])
async def test_what_the_provider_says_of_a_device_ends_the_flow(
    processes: list[Process], idp: TestIdentityProvider, world: World, answer: str, words: str
) -> None:
    one = processes[0]
    flow = await one.sign_ins.start_device(BY)
    await world.clock.next_nap()
    device = next(iter(idp.devices.values()))
    if answer == "denied":
        idp.deny(device.user_code)
    else:
        device.expires = 0.0
    world.clock.advance(1)
    await until_so(lambda: not world.tasks._running)
    found = await one.sign_ins.status(flow.state)
    assert found.status == "failed" and found.problem is not None and found.problem.key == words
    assert not one.book.orders and len(idp.grants) == 1, "asked once and no more"


async def test_a_cancelled_device_is_asked_for_no_more(
    processes: list[Process], idp: TestIdentityProvider, world: World
) -> None:
    flow = await processes[0].sign_ins.start_device(BY)
    await world.clock.next_nap()
    assert await processes[1].sign_ins.cancel() == 1
    idp.allow(next(iter(idp.devices.values())).user_code)
    world.clock.advance(2)
    await until_so(lambda: not world.tasks._running)
    assert (await processes[0].sign_ins.status(flow.state)).status == "cancelled"
    assert not processes[0].book.orders and not idp.grants


async def test_flows_are_few(processes: list[Process], world: World) -> None:
    flows = []
    for _ in range(MOST_FLOWS + 5):
        flows.append(await web(processes[0]))
        world.clock.advance(0.001)
    assert {flow.state for flow in await processes[1].store.all()} == {flow.state for flow in flows[5:]}


async def test_flows_of_another_key_are_passed_over(
    processes: list[Process], database: Database, idp: TestIdentityProvider, world: World, tmp_path: Path
) -> None:
    flow = await web(processes[0])
    world.box = KeyedSecretBox(str(tmp_path / "other.key"))
    async with HttpTransport("crawdad/test") as transport:
        stranger = Process(database, idp, transport, world)
        own = await web(stranger)
        assert [found.state for found in await stranger.store.all()] == [own.state]
        query = await back(idp, flow)
        assert await stranger.callback(query) is not None and not idp.grants
    assert await processes[0].callback(query) is None  # nothing was used up


def test_flows_as_documents() -> None:
    from crawdad.core.secret import Secret
    from crawdad.services.accounts.oauth.flows import DeviceCodes

    plain = Principal("k1", "admin", "operator", frozenset())
    device = DeviceCodes(Secret("d"), "ABCD", "https://idp.example/device", None, 5)
    flow = Flow("s", "device", "u", "r", Secret("v"), 1.0, 601.0, plain, Wish("p", None, None, "n"), device=device)
    for one in (
        flow,
        flow.claimed(),
        flow.completed("a1"),
        flow.failed(Text("oauth.denied", {"reason": "x"})),
        flow.slower(),
    ):
        assert from_document(to_document(one)) == one
    assert "Secret('***')" in repr(flow) and "'v'" not in repr(flow)
    assert (
        flow.at(600.9) is flow
        and flow.at(601.0).status == "expired"
        and flow.completed("a").at(9e9).status == "complete"
    )
