"""The device family of the accounts: records of locally made identities, which nothing sends anywhere."""

# Annotations are read where they stand: they name the guards of this contract, which are no globals.
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.account_shapes import (
    BoundShape,
    DeviceMode,
    DeviceShape,
    DevicesShape,
    device_shape,
    version_shape,
)
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.accounts.devices import usable_profile


def device_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    read, manage = context.need(Permission.ACCOUNTS_READ), context.need(Permission.ACCOUNTS_MANAGE)
    registry, devices = context.accounts.registry, context.accounts.devices

    @router.post("/api/accounts/device-preview")
    async def preview(_: Annotated[Principal, Depends(read)]) -> DeviceShape:
        return device_shape(devices.generate())

    @router.post("/api/accounts/restore-original")
    async def restore_original(request: Request, _: Annotated[Principal, Depends(manage)]) -> str:
        account = await registry.current()
        if account is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("accounts.no_current"), {"code": "no_account"})
        await devices.restore(account.id, "baseline")
        return Text("accounts.restored").render(language_of(request))

    @router.post("/api/accounts/{account_id}/bind-device")
    async def bind(
        account_id: str, request: Request, _: Annotated[Principal, Depends(manage)], wanted: DeviceMode | None = None
    ) -> BoundShape:
        account = await registry.get(account_id)
        mode = (wanted or DeviceMode()).mode
        if mode not in ("generate", "capture"):
            raise bad_request("accounts.bad_mode", "mode")
        profile = devices.generate() if mode == "generate" else await devices.installation()
        await devices.bind(account.id, profile, mode)
        message = Text("accounts.device_bound").render(language_of(request))
        return {"success": True, "message": message, "device_profile": device_shape(profile)}

    @router.post("/api/accounts/{account_id}/bind-device-profile")
    async def bind_profile(
        account_id: str, document: Annotated[dict[str, Any], Body()], _: Annotated[Principal, Depends(manage)]
    ) -> DeviceShape:
        account = await registry.get(account_id)
        profile = usable_profile(document.get("profile", document))
        return device_shape(await devices.bind(account.id, profile, "custom"))

    async def versions(account_id: str, _: Annotated[Principal, Depends(read)]) -> DevicesShape:
        account = await registry.get(account_id)
        history = await devices.versions(account.id)
        own = device_shape(await devices.installation())
        bound = next((version.profile for version in history if version.is_current), None)
        return {
            "current_storage": own,
            "bound_profile": None if bound is None else device_shape(bound),
            "history": [version_shape(version) for version in history],
            "baseline": own,
        }

    router.get("/api/accounts/{account_id}/device-profiles")(versions)
    router.get("/api/accounts/{account_id}/device-versions")(versions)

    @router.post("/api/accounts/{account_id}/device-versions/{version_id}/restore")
    async def restore(account_id: str, version_id: str, _: Annotated[Principal, Depends(manage)]) -> DeviceShape:
        account = await registry.get(account_id)
        return device_shape(await devices.restore(account.id, version_id))

    @router.delete("/api/accounts/{account_id}/device-versions/{version_id}", status_code=204)
    async def forget(account_id: str, version_id: str, _: Annotated[Principal, Depends(manage)]) -> None:
        account = await registry.get(account_id)
        await devices.forget(account.id, version_id)
