"""Accounts: kept with their secrets sealed, in the operator's order, with their locks and device identities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.core.accounts import Account, ModelQuota, Quota
from crawdad.core.budgets import Budget
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import Secret
from crawdad.store.accounts import UNREADABLE, AccountStore, StoredLock, StoredProfile, Used
from crawdad.store.database import Database
from crawdad.store.tables import usage_buckets
from crawdad.store.usage import DAY
from tests.store.samples import MORNING

SECRET = "sk-ant-very-secret-0123456789"


def account(number: int = 1, **fields: Any) -> Account:
    values: dict[str, Any] = {
        "id": f"acc_{number}",
        "provider": "anthropic",
        "kind": "api_key",
        "label": f"anthropic:{number}",
        "secret": Secret(f"{SECRET}-{number}"),
        "created_at": MORNING + number,
    }
    return Account(**{**values, **fields})


@pytest.fixture
def box(tmp_path: Path) -> KeyedSecretBox:
    return KeyedSecretBox(str(tmp_path / "secret.key"))


@pytest.fixture
def store(database: Database, box: KeyedSecretBox) -> AccountStore:
    return AccountStore(database, box)


async def test_an_account_comes_back_as_it_was_kept(store: AccountStore) -> None:
    kept = account(
        label="主账号 'x'; --",
        name="Main",
        api="anthropic-messages",
        base_url="https://example.org",
        models=("claude-*",),
        weight=2.5,
        plan="team",
        limits=(Budget("usd", "day", 5.0, "account:acc_1"),),
        paused_reason="maintenance",
        paused_at=MORNING,
        protected_models=("claude-sonnet-4-5",),
        quota=Quota((ModelQuota("claude-x", 83, "2026-01-27T17:00:00Z"),), MORNING, "team", True),
        extra={"project": "p"},
        last_used_at=MORNING + 5.5,
    )
    assert await store.add(kept) == kept
    assert await store.get("acc_1") == kept
    assert await store.all() == [kept]
    assert await store.get("' OR '1'='1") is None


async def test_secrets_are_sealed_in_the_database(database: Database, store: AccountStore) -> None:
    await store.add(account())
    async with database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM accounts"))).mappings().one()
    assert SECRET not in str(dict(row)) and row["secret"].startswith("enc:v1:")


async def test_an_account_whose_secret_cannot_be_read_does_not_take_the_others_down(
    database: Database, store: AccountStore, box: KeyedSecretBox, tmp_path: Path
) -> None:
    await store.add(account(1))
    foreign = AccountStore(database, KeyedSecretBox(str(tmp_path / "other.key")))
    await foreign.add(account(2))
    first, second = await store.all()
    assert first.usable and first.secret is not None
    assert not second.usable and second.secret is None and second.disabled_reason == UNREADABLE
    assert await store.put(replace(second, name="renamed"))
    again = (await foreign.all())[1]
    assert again.name == "renamed" and again.usable and again.secret == Secret(f"{SECRET}-2")


@pytest.mark.parametrize("twin", [{"id": "acc_1"}, {"label": "anthropic:1"}])
async def test_an_id_and_a_label_belong_to_one_account(store: AccountStore, twin: dict[str, str]) -> None:
    await store.add(account(1))
    with pytest.raises(GatewayError) as caught:
        await store.add(account(2, **twin))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert [found.id for found in await store.all()] == ["acc_1"]


async def test_new_accounts_come_last_and_the_order_can_be_changed(store: AccountStore) -> None:
    for number in range(1, 6):
        await store.add(account(number))
    assert [found.position for found in await store.all()] == [0, 1, 2, 3, 4]
    order = await store.reorder(["acc_4", "nobody", "acc_2", "acc_4"])
    assert order == ["acc_4", "acc_2", "acc_1", "acc_3", "acc_5"]
    assert [found.id for found in await store.all()] == order
    assert await store.place("acc_5", 0) and not await store.place("nobody", 0)
    assert [(found.id, found.position) for found in await store.all()][:2] == [("acc_4", 0), ("acc_5", 0)]


async def test_pausing_disabling_and_removing(store: AccountStore) -> None:
    await store.add(account(1))
    assert await store.pause("acc_1", "manual", MORNING) and await store.disable("acc_1", "invalid_grant", MORNING + 1)
    found = await store.get("acc_1")
    assert found is not None and (found.paused_reason, found.disabled_reason) == ("manual", "invalid_grant")
    assert await store.pause("acc_1", None, None) and await store.disable("acc_1", None, None)
    found = await store.get("acc_1")
    assert found is not None and found.usable
    assert not await store.pause("nobody", None, None)
    assert await store.remove(["acc_1", "nobody"]) == 1 and await store.all() == []


async def test_what_is_learnt_in_passing(store: AccountStore) -> None:
    await store.add(account(1, plan="declared"))
    quota = Quota((ModelQuota("m", 5),), MORNING)
    await store.note({"acc_1": quota, "nobody": quota}, {"acc_1": ("m",)}, {"acc_1": MORNING + 9})
    await store.note({}, {}, {"acc_1": MORNING + 1})
    found = await store.get("acc_1")
    assert found is not None
    assert (found.quota, found.protected_models, found.last_used_at) == (quota, ("m",), MORNING + 9)
    assert found.plan == "declared"


async def test_locks_live_and_die_with_their_accounts(store: AccountStore) -> None:
    await store.add(account(1))
    await store.add(account(2))
    one = StoredLock("acc_1", "m", MORNING + 60, "quota", 1, MORNING)
    await store.put_locks([one, StoredLock("acc_2", "", MORNING, "spent", 2, MORNING)], [])
    await store.put_locks([replace(one, failures=2), replace(one, account_id="nobody")], [("acc_2", "m")])
    assert sorted(lock.account_id for lock in await store.locks()) == ["acc_1", "acc_2"]
    assert next(lock for lock in await store.locks() if lock.account_id == "acc_1").failures == 2
    await store.put_locks([], [("acc_2", "")])
    assert len(await store.locks()) == 1
    await store.remove(["acc_1"])
    assert await store.locks() == [] and await store.clear_locks() == 0


async def test_one_device_identity_is_the_current_one(store: AccountStore) -> None:
    await store.add(account(1))
    for number in range(3):
        profile = StoredProfile(f"v{number}", "acc_1", "generate", {"machine_id": str(number)}, True, MORNING + number)
        await store.bind_profile(profile)
    assert [version.is_current for version in await store.profiles("acc_1")] == [False, False, True]
    assert await store.choose_profile("acc_1", "v0") and not await store.choose_profile("acc_1", "v9")
    assert [version.is_current for version in await store.profiles()] == [True, False, False]
    assert not await store.remove_profile("acc_1", "v0"), "the current one stays"
    assert await store.remove_profile("acc_1", "v1")
    with pytest.raises(GatewayError) as caught:
        await store.bind_profile(StoredProfile("v5", "nobody", "x", {}, True, MORNING))
    assert caught.value.kind is ErrorKind.CONFLICT
    await store.remove(["acc_1"])
    assert await store.profiles() == []


async def test_what_accounts_used_comes_from_the_statistics(database: Database, store: AccountStore) -> None:
    row = {
        "principal_id": "k",
        "model_requested": "m",
        "model_resolved": "p/m",
        "account_label": "a",
        "failed": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "unpriced": 0,
        "priced": 2,
        "principal_name": "k",
        "owner": "",
    }
    async with database.write() as connection:
        for span, bucket, name in (
            (DAY, 0, "acc_1"),
            *((DAY, day * DAY, "acc_1") for day in (1, 2)),
            (900, DAY, "acc_1"),
            (DAY, DAY, ""),
        ):
            values = {
                "span": span,
                "bucket": bucket,
                "account": name,
                "requests": 2,
                "input_tokens": 10,
                "output_tokens": 5,
                "cost": 0.5,
            }
            await connection.execute(insert(usage_buckets), {**row, **values})
    assert await store.used_since(DAY) == {"acc_1": Used(4, 30, 1.0)}
