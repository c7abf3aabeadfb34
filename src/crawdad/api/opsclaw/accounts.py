"""`/api/accounts*`: the accounts of the operator."""

# Annotations are read where they stand: they name the guards of this contract, which are no globals.
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.account_shapes import (
    AccountChanges,
    AccountId,
    AccountIds,
    AccountList,
    AccountShape,
    Deleted,
    Done,
    ExportWish,
    NewAccount,
    Order,
    ProgressShape,
    QuotaShape,
    RefreshShape,
    Toggle,
    account_shape,
    missing,
    quota_shape,
    refresh_shape,
)
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.accounts import Account
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.accounts.documents import limits_of, order_of
from crawdad.services.accounts.refreshing import TEST_RESULTS
from crawdad.services.accounts.services import AccountServices


def account_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    _list_routes(router, context)
    _bulk_routes(router, context)
    _one_account_routes(router, context)
    _serving_routes(router, context)


def _list_routes(router: APIRouter, context: OpsClaw) -> None:
    read, manage = context.need(Permission.ACCOUNTS_READ), context.need(Permission.ACCOUNTS_MANAGE)
    services = context.accounts
    registry = services.registry

    @router.get("/api/accounts")
    async def list_accounts(_: Annotated[Principal, Depends(read)]) -> AccountList:
        shapes = await shapes_of(services, await registry.all())
        return {
            "accounts": shapes,
            "current_account_id": next((one["id"] for one in shapes if one["is_current"]), None),
        }

    @router.get("/api/accounts/current")
    async def current(_: Annotated[Principal, Depends(read)]) -> AccountShape | None:
        account = await registry.current()
        return None if account is None else await shape_of(services, account)

    @router.post("/api/accounts")
    async def add(wanted: NewAccount, by: Annotated[Principal, Depends(manage)]) -> AccountShape:
        entry = wanted.model_dump(exclude_none=True)
        if not {"refresh_token", "provider", "api_key", "service_account_json"} & entry.keys():
            raise missing("refreshToken")
        return await shape_of(services, await registry.add(order_of(entry, wanted.validate_), by))

    @router.post("/api/accounts/switch")
    async def switch(wanted: AccountId, by: Annotated[Principal, Depends(manage)]) -> Done:
        await registry.switch(wanted.account_id, by)
        return {"success": True}

    @router.post("/api/accounts/refresh")
    async def refresh(_: Annotated[Principal, Depends(manage)]) -> RefreshShape:
        return refresh_shape(await services.refreshing.all())

    @router.get("/api/accounts/refresh")
    async def progress(_: Annotated[Principal, Depends(read)]) -> ProgressShape:
        stats = services.refreshing.progress
        done = stats.success + stats.failed
        return {**refresh_shape(stats), "running": services.refreshing.running, "done": done}


def _bulk_routes(router: APIRouter, context: OpsClaw) -> None:
    manage = context.need(Permission.ACCOUNTS_MANAGE)
    services = context.accounts
    registry = services.registry

    @router.post("/api/accounts/bulk-delete")
    async def bulk_delete(wanted: AccountIds, by: Annotated[Principal, Depends(manage)]) -> Deleted:
        return {"success": True, "deleted": await registry.remove_all(wanted.account_ids, by)}

    @router.post("/api/accounts/reorder")
    async def reorder(wanted: AccountIds, by: Annotated[Principal, Depends(manage)]) -> Order:
        return {"success": True, "account_ids": await registry.reorder(wanted.account_ids, by)}

    @router.post("/api/accounts/export")
    async def export(
        response: Response, by: Annotated[Principal, Depends(manage)], wanted: ExportWish | None = None
    ) -> dict[str, Any]:
        wish = wanted or ExportWish()
        ids = None if wish.account_ids is None else set(wish.account_ids)
        response.headers["cache-control"] = "no-store"
        return await services.transfer.give_out(ids, wish.secrets, by)

    @router.post("/api/accounts/warmup")
    async def test_all(request: Request, _: Annotated[Principal, Depends(manage)]) -> str:
        stats = await services.refreshing.all()
        text = Text("accounts.tested", {"success": stats.success, "total": stats.total})
        return text.render(language_of(request))


def _one_account_routes(router: APIRouter, context: OpsClaw) -> None:
    read, manage = context.need(Permission.ACCOUNTS_READ), context.need(Permission.ACCOUNTS_MANAGE)
    services = context.accounts
    registry = services.registry

    @router.get("/api/accounts/{account_id}")
    async def one(account_id: str, _: Annotated[Principal, Depends(read)]) -> AccountShape:
        return await shape_of(services, await registry.get(account_id))

    @router.patch("/api/accounts/{account_id}")
    async def update(
        account_id: str, wanted: AccountChanges, by: Annotated[Principal, Depends(manage)]
    ) -> AccountShape:
        changes = wanted.model_dump(exclude_unset=True)
        for name in ("label", "weight", "priority"):
            if changes.get(name, 0) is None:
                del changes[name]
        if "models" in changes:
            changes["models"] = tuple(changes["models"] or ())
        if "limits" in changes:
            changes["limits"] = limits_of(changes["limits"] or [])
        return await shape_of(services, await registry.update(account_id, changes, by))

    @router.delete("/api/accounts/{account_id}", status_code=204)
    async def delete(account_id: str, by: Annotated[Principal, Depends(manage)]) -> None:
        await registry.remove(account_id, by)


def _serving_routes(router: APIRouter, context: OpsClaw) -> None:
    read, manage = context.need(Permission.ACCOUNTS_READ), context.need(Permission.ACCOUNTS_MANAGE)
    services = context.accounts
    registry = services.registry

    @router.get("/api/accounts/{account_id}/quota")
    async def quota(account_id: str, _: Annotated[Principal, Depends(read)]) -> QuotaShape:
        return quota_shape(await services.refreshing.one(await registry.get(account_id)))

    @router.post("/api/accounts/{account_id}/toggle-proxy")
    async def toggle(
        account_id: str, by: Annotated[Principal, Depends(manage)], wanted: Toggle | None = None
    ) -> AccountShape:
        wish = wanted or Toggle()
        return await shape_of(services, await registry.pause(account_id, wish.enable, wish.reason, by))

    @router.post("/api/accounts/{account_id}/warmup")
    async def test(account_id: str, request: Request, _: Annotated[Principal, Depends(manage)]) -> str:
        account = await registry.get(account_id)
        key = TEST_RESULTS[await services.refreshing.test(account)]
        return Text(key, {"label": account.label}).render(language_of(request))


async def shape_of(services: AccountServices, account: Account) -> AccountShape:
    """One account as the contract tells it."""
    return (await shapes_of(services, [account]))[0]


async def shapes_of(services: AccountServices, accounts: Sequence[Account]) -> list[AccountShape]:
    """Accounts as the contract tells them, with what this process knows of each."""
    snapshot, locks = services.pool.snapshot, services.pool.locks.all()
    bound = await services.devices.bound_accounts()
    protection = services.settings().accounts.quota_protection
    return [
        account_shape(
            account,
            services.refreshing.known_quota(account),
            services.pool.quotas.protected(account.id, protection),
            [lock for lock in locks if lock.key[0] == account.id],
            (account.id == snapshot.current, account.id == snapshot.preferred, account.id in bound),
        )
        for account in accounts
    ]
