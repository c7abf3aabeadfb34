"""`/api/accounts/import*`, `/api/accounts/sync/db`: taking accounts in from an older database or an export."""

# Annotations are read where they stand: they name the guards of this contract, which are no globals.
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.account_shapes import ImportPath, missing
from crawdad.api.opsclaw.accounts import shapes_of
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.services.accounts.transfer import Imported


def account_import_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    manage = context.need(Permission.ACCOUNTS_MANAGE)
    services = context.accounts

    async def told(result: Imported, request: Request) -> dict[str, Any]:
        """The contract wants one account, the document tells of none: the first account's fields, and all the rest."""
        shapes = await shapes_of(services, await _as_they_are(result))
        return {
            **(shapes[0] if shapes else {}),
            "imported": result.imported,
            "skipped": result.skipped,
            "failed": len(result.failures),
            "details": result.details(language_of(request)),
            "accounts": shapes,
        }

    async def _as_they_are(result: Imported) -> list[Any]:
        ids = [account.id for account in result.accounts]
        return [account for account in await services.registry.all() if account.id in ids]

    @router.post("/api/accounts/import")
    async def take_in(
        request: Request, by: Annotated[Principal, Depends(manage)], document: Annotated[Any, Body()] = None
    ) -> dict[str, Any]:
        if document is None:
            raise missing("accounts")
        check = not (isinstance(document, dict) and document.get("validate") is False)
        return await told(await services.transfer.take_in(document, by, check), request)

    @router.post("/api/accounts/import/db")
    async def database(
        request: Request, by: Annotated[Principal, Depends(manage)], wanted: ImportPath | None = None
    ) -> dict[str, Any]:
        wish = wanted or ImportPath()
        return await told(await services.transfer.from_file(wish.path, by, wish.validate_), request)

    @router.post("/api/accounts/import/db-custom")
    async def custom(wanted: ImportPath, request: Request, by: Annotated[Principal, Depends(manage)]) -> dict[str, Any]:
        if not wanted.path:
            raise missing("path")
        return await told(await services.transfer.from_file(wanted.path, by, wanted.validate_), request)

    @router.post("/api/accounts/import/v1")
    async def older(by: Annotated[Principal, Depends(manage)]) -> list[Any]:
        result = await services.transfer.from_file(None, by)
        return [*await shapes_of(services, await _as_they_are(result))]

    @router.post("/api/accounts/sync/db")
    async def synchronise(by: Annotated[Principal, Depends(manage)]) -> dict[str, Any] | None:
        try:
            result = await services.transfer.from_file(None, by)
        except GatewayError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        shapes = await shapes_of(services, await _as_they_are(result))
        return {**shapes[0]} if shapes else None
