"""`/v1/channels/*`: which channels there are, how their accounts stand, and signing one out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.control.channel_shapes import account_shape
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.services.channels.views import AccountView
from crawdad.services.chat_accounts.weixin_sign_in import WEIXIN


def channel_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/v1/channels/metadata", dependencies=[may_read])
    async def metadata(request: Request) -> dict[str, Any]:
        """All that can be had, whether or not they are set up."""
        context.need_inside()
        host, chinese = context.chats.host, language_of(request) == "zh"
        return success(
            [
                {
                    "id": kind.id,
                    "name": kind.label[1 if chinese else 0],
                    "aliases": list(kind.aliases),
                    "configured": host.is_configured(kind.id),
                }
                for kind in host.kinds
            ]
        )

    @router.get("/v1/channels/status", dependencies=[may_read])
    async def status() -> dict[str, Any]:
        """The accounts of all channels."""
        context.need_inside()
        rows = [_account(view) for view in await context.chats.host.view()]
        return success({"data": rows, "updated_at": moment(context.gate.clock.now())})

    @router.get("/v1/channels/{channel}/accounts", dependencies=[may_read])
    async def accounts(channel: str) -> dict[str, Any]:
        """Those of one. 404 for a channel that there is not."""
        context.need_inside()
        host = context.chats.host
        kind = host.kind(channel)
        return success([_account(view) for view in await host.view() if view.account.channel == kind.id])

    @router.delete("/v1/wechat/unbind/{account}", dependencies=[may_manage])
    async def unbind(account: str) -> dict[str, Any]:
        """Sign an account of WeChat's out; what was kept of its sign-in is gone."""
        context.need_inside()
        host = context.chats.host
        await host.sign_out(host.account(WEIXIN, account))
        return success({"status": "success", "id": account})


def _account(view: AccountView) -> JsonObject:
    return {"channel": view.account.channel, **account_shape(view)}
