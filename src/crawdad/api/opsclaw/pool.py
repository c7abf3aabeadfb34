"""How the accounts are used: the preferred one, conversations and rests."""

# Annotations are read where they stand: they name the guards of this contract, which are no globals.
from typing import Annotated

from fastapi import APIRouter, Depends

from crawdad.api.opsclaw.account_shapes import Cleared, Done, PreferredAccount
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.identity import Permission, Principal


def pool_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    read, manage = context.need(Permission.ACCOUNTS_READ), context.need(Permission.ACCOUNTS_MANAGE)
    registry = context.accounts.registry

    @router.get("/api/proxy/preferred-account")
    async def preferred(_: Annotated[Principal, Depends(read)]) -> str | None:
        return await registry.preferred()

    @router.post("/api/proxy/preferred-account")
    async def prefer(by: Annotated[Principal, Depends(manage)], wanted: PreferredAccount | None = None) -> Done:
        await registry.prefer((wanted or PreferredAccount(accountId=None)).account_id or None, by)
        return {"success": True}

    @router.post("/api/proxy/session-bindings/clear")
    async def clear_bindings(_: Annotated[Principal, Depends(manage)]) -> Cleared:
        return {"success": True, "cleared": await registry.clear_bindings()}

    @router.delete("/api/proxy/rate-limits")
    async def clear_all(by: Annotated[Principal, Depends(manage)]) -> Cleared:
        return {"success": True, "cleared": await registry.clear_locks(None, by)}

    @router.delete("/api/proxy/rate-limits/{account_id}")
    async def clear_one(account_id: str, by: Annotated[Principal, Depends(manage)]) -> Cleared:
        return {"success": True, "cleared": await registry.clear_locks(account_id, by)}
