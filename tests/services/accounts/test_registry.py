"""The registry and what keeps the pool: on a real database, with a vendor that is not asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.app.accounts import World, open_accounts
from crawdad.app.bundled import know_vendors
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Principal
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.ports import UpstreamAnswer, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.accounts.locks import State
from crawdad.services.accounts.orders import AccountOrder
from crawdad.services.accounts.services import AccountServices
from crawdad.services.accounts.vendors import VendorBook
from crawdad.store.cluster import Cluster
from crawdad.store.database import open_database
from crawdad.store.inprocess import InProcessBus, InProcessLeases, InProcessRateCounter
from tests.support.fakes import FakeRandomness
from tests.support.services import ManualClock
from tests.support.waiting import until_so

BOSS = Principal("boss", "local", "boss", EVERYTHING)


class NobodyThere:
    """A transport that reaches nobody."""

    def __init__(self) -> None:
        self.calls: list[UpstreamCall] = []

    async def send(self, call: UpstreamCall) -> UpstreamAnswer:
        self.calls.append(call)
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))


class House:
    """Processes that share a database and a cluster."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.folder = folder
        self.transport = NobodyThere()
        self.cluster = Cluster(InProcessBus(), InProcessLeases(self.clock), InProcessRateCounter(self.clock))

    def world(self, database: Any, name: str) -> World:
        box, vendors = KeyedSecretBox(str(self.folder / "secret.key")), VendorBook()
        know_vendors(vendors, PluginsSettings())
        return World(
            database,
            self.cluster,
            box,
            self.transport,
            self.clock,
            FakeRandomness(),
            lambda url: None,
            Settings,
            name,
            str(self.folder),
            vendors,
        )


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[AccountServices, AccountServices, House]]:
    house = House(tmp_path)
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    async with (
        open_database(url) as database,
        open_accounts(house.world(database, "one")) as one,
        open_accounts(house.world(database, "two")) as two,
    ):
        yield one, two, house


def order(label: str, **fields: Any) -> AccountOrder:
    return AccountOrder("openai", label=label, secret=Secret(f"sk-{label}-0123456789"), check=False, **fields)


async def test_a_vendor_that_cannot_be_reached_keeps_the_account_out(
    pair: tuple[AccountServices, AccountServices, House],
) -> None:
    one, _, house = pair
    with pytest.raises(GatewayError) as caught:
        await one.registry.add(AccountOrder("openai", secret=Secret("sk-0123456789abcdef")), BOSS)
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN and await one.registry.all() == []
    assert house.transport.calls[0].url == "https://api.openai.com/v1/models"
    assert house.transport.calls[0].headers["Authorization"] == "Bearer sk-0123456789abcdef"


async def test_only_one_switch_at_a_time(pair: tuple[AccountServices, AccountServices, House]) -> None:
    one, two, house = pair
    first, second = [await one.registry.add(order(name), BOSS) for name in ("a", "b")]
    gate = asyncio.Event()
    ensure = one.devices.ensure

    async def slow(account_id: str) -> None:
        await gate.wait()
        await ensure(account_id)

    one.devices.ensure = slow  # type: ignore[method-assign]
    switching = asyncio.ensure_future(one.registry.switch(second.id, BOSS))  # noqa: TID251
    await asyncio.sleep(0)
    with pytest.raises(GatewayError) as caught:
        await two.registry.switch(first.id, BOSS)
    assert caught.value.kind is ErrorKind.CONFLICT
    gate.set()
    await switching
    assert await one.registry.current() == await one.registry.get(second.id)
    await two.registry.switch(first.id, BOSS)
    with pytest.raises(GatewayError) as caught:
        await two.registry.switch("nobody", BOSS)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert house.cluster


async def test_what_one_process_learns_the_other_knows(pair: tuple[AccountServices, AccountServices, House]) -> None:
    one, two, _ = pair
    following = asyncio.ensure_future(two.keeping.follow())  # noqa: TID251
    await asyncio.sleep(0)
    made = await one.registry.add(order("a"), BOSS)
    one.pool.locks.fail(made.id, "m", "quota", None)
    one.pool.bound.append(("session", "openai", made.id))
    await one.keeping.flush()
    await until_so(lambda: two.pool.locks and two.pool.bindings, "the other to know")
    assert two.pool.snapshot.accounts.keys() == {made.id}
    assert two.pool.locks.state(made.id, "m") == (State.LOCKED, 60.0)
    assert two.pool.bindings.get("session", "openai", 60) == made.id
    await two.registry.clear_locks(made.id, BOSS)
    await one.keeping.reload_locks()
    assert not one.pool.locks
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_what_cannot_be_written_is_written_the_next_time(
    pair: tuple[AccountServices, AccountServices, House],
) -> None:
    one, two, _ = pair
    made = await one.registry.add(order("a"), BOSS)
    one.pool.locks.fail(made.id, "m", "quota", None)
    one.pool.quotas.set(made.id, "m", 7, None)
    one.pool.last_used[made.id] = 5.0
    put, note = one.keeping._store.put_locks, one.keeping._store.note

    async def fails(*_: Any) -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("upstream.cut_short"))

    one.keeping._store.put_locks = one.keeping._store.note = fails  # type: ignore[method-assign, assignment]
    for flush in (one.keeping._flush_locks, one.keeping._flush_notes):
        with pytest.raises(GatewayError):
            await flush()
    one.keeping._store.put_locks, one.keeping._store.note = put, note  # type: ignore[method-assign]
    await one.keeping.flush()
    await two.keeping.open()
    assert two.pool.locks.state(made.id, "m")[0] is State.LOCKED
    assert two.pool.quotas.left(made.id, "m")[0] == 7
    found = await two.registry.get(made.id)
    assert found.last_used_at == 5.0


async def test_a_revoked_credential_is_disabled_for_everybody_until_it_is_replaced(
    pair: tuple[AccountServices, AccountServices, House],
) -> None:
    one, two, _ = pair
    made = await one.registry.add(order("a"), BOSS)
    one.pool.revoke(made.id, GatewayError(ErrorKind.UPSTREAM_ERROR, "invalid_grant: gone"))
    await one.keeping.flush()
    await two.keeping.reload()
    assert two.pool.snapshot.accounts[made.id].disabled_reason == "invalid_grant: gone"
    await two.registry.add(order("a"), BOSS)
    assert not (await two.registry.get(made.id)).usable, "the same credential changes nothing"
    again = await two.registry.add(
        AccountOrder("openai", label="a", secret=Secret("sk-another-one-0123"), check=False), BOSS
    )
    assert again.id == made.id and again.usable


async def test_only_who_may_read_secrets_exports_them(pair: tuple[AccountServices, AccountServices, House]) -> None:
    one, _, _ = pair
    await one.registry.add(order("a"), BOSS)
    clerk = Principal("clerk", "api_key", "clerk", KEY_DEFAULT)
    with pytest.raises(GatewayError) as caught:
        await one.transfer.give_out(None, True, clerk)
    assert caught.value.kind is ErrorKind.FORBIDDEN
    assert "secret" not in (await one.transfer.give_out(None, False, clerk))["accounts"][0]


async def test_many_at_once_keep_the_order_and_the_labels_apart(
    pair: tuple[AccountServices, AccountServices, House],
) -> None:
    one, _, _ = pair
    orders = [
        AccountOrder("openai", secret=Secret(f"sk-many-{number:04d}-abcdef"), check=False) for number in range(20)
    ]
    await asyncio.gather(*(one.registry.add(wanted, BOSS) for wanted in orders))
    accounts = await one.registry.all()
    assert len({account.label for account in accounts}) == 20
    assert [account.position for account in accounts] == list(range(20))
    twins = await asyncio.gather(*(one.registry.add(orders[0], BOSS) for _ in range(5)))
    assert len({twin.id for twin in twins}) == 1 and len(await one.registry.all()) == 20


async def test_a_lock_that_is_just_being_written_is_not_taken_for_gone(
    pair: tuple[AccountServices, AccountServices, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _ = pair
    made = (await one.registry.add(order("a"), BOSS)).id
    store, gate = one.keeping._store, asyncio.Event()
    put = store.put_locks

    async def slowly(*arguments: Any) -> None:
        await gate.wait()
        await put(*arguments)

    monkeypatch.setattr(store, "put_locks", slowly)
    one.pool.locks.fail(made, "m", "rate_limit", 30.0)
    writing = asyncio.ensure_future(one.keeping.flush())  # noqa: TID251
    await asyncio.sleep(0)
    reading = asyncio.ensure_future(one.keeping.reload_locks())  # noqa: TID251
    for _ in range(50):
        await asyncio.to_thread(lambda: None)  # what the database answers may arrive
    assert one.pool.locks.state(made, "m")[0] is State.LOCKED
    gate.set()
    await asyncio.gather(writing, reading)
    assert one.pool.locks.state(made, "m")[0] is State.LOCKED


async def test_changes_at_once_do_not_undo_each_other(pair: tuple[AccountServices, AccountServices, House]) -> None:
    one, two, _ = pair
    order = AccountOrder("openai", "api_key", "mine", Secret("sk-first"), check=False)
    account = await one.registry.add(order, BOSS)
    await asyncio.gather(
        one.registry.update(account.id, {"name": "Mine"}, BOSS),
        two.registry.update(account.id, {"weight": 3.0}, BOSS),
        one.registry.pause(account.id, False, "lunch", BOSS),
        two.registry.renewed(account, Secret("sk-second")),
        one.registry.update(account.id, {"plan": "pro", "priority": 7}, BOSS),
    )
    found = await two.registry.get(account.id)
    assert (found.name, found.weight, found.plan, found.position) == ("Mine", 3.0, "pro", 7)
    assert found.paused_reason == "lunch" and found.secret is not None and found.secret.reveal() == "sk-second"
    again = await one.registry.add(AccountOrder("openai", "api_key", "mine", Secret("sk-third"), check=False), BOSS)
    assert again.id == account.id and (await two.registry.get(account.id)).paused_reason == "lunch"
