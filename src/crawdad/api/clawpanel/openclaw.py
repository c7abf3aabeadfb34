"""`/api/openclaw/config`, `models`, `channels`, `plugins`: the panel's ways to the one configuration.

What the contract strips from the whole configuration (`tools`, `session`, `cron.jobs`) is not shown, and a save keeps it.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.configuration.model_edits import with_default_model
from crawdad.services.configuration.saving import Edit, merging, replacing, without

EXTERNAL = "wechat"
"""The channel that the contract keeps elsewhere: its own routes configure it, and these leave it alone."""
_HIDDEN = (("tools",), ("session",), ("cron", "jobs"))
_LONGEST_ID = 100


def openclaw_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    _whole_routes(router, context)
    _model_routes(router, context)
    _entry_routes(router, context)


async def _shown(context: ClawPanel, principal: Principal, response: Response) -> dict[str, Any]:
    """What the file says; nothing where it cannot be read (a save then says so, and writes nothing over it)."""
    try:
        value, digest = await context.configuration.value(reveal=Permission.SECRETS_READ in principal.permissions)
    except GatewayError as error:
        if error.kind is not ErrorKind.BAD_REQUEST:
            raise
        value, digest = {}, (await context.configuration.text())[1]
    _mark(response, digest)
    return value


def _whole_routes(router: APIRouter, context: ClawPanel) -> None:
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))
    configuration = context.configuration

    @router.get("/api/openclaw/config")
    async def config(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        value = await _shown(context, principal, response)
        return {"ok": True, "config": without(value, _HIDDEN)}

    @router.put("/api/openclaw/config")
    async def save_config(request: Request, response: Response, _: Principal = may_write) -> dict[str, Any]:
        given = (await body_of(request, LARGE_BYTES)).get("config")
        if not isinstance(given, dict) or not given:
            raise _bad("panel.no_config", "config")
        await configuration.write(replacing(given, _HIDDEN), _expected(request))
        _mark(response, (await configuration.text())[1])
        return {"ok": True}


def _model_routes(router: APIRouter, context: ClawPanel) -> None:
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/api/openclaw/models")
    async def models(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        value = await _shown(context, principal, response)
        chosen = _object(_object(value.get("agents")).get("defaults")).get("model")
        current = chosen if isinstance(chosen, str) else _object(chosen).get("primary")
        providers = _object(_object(value.get("models")).get("providers"))
        return {"ok": True, "providers": providers, "currentModel": current if isinstance(current, str) else ""}

    @router.put("/api/openclaw/models")
    async def save_models(request: Request, _: Principal = may_write) -> dict[str, Any]:
        given = await body_of(request, LARGE_BYTES)
        providers, current = given.get("providers"), given.get("currentModel")
        if providers and not isinstance(providers, dict):
            raise _bad("panel.not_an_object", "providers")
        if current and not isinstance(current, str):
            raise _bad("panel.not_a_text", "currentModel")

        if providers or current:
            await context.configuration.write(_with_models(providers, current), _expected(request))
        return {"ok": True}


def _entry_routes(router: APIRouter, context: ClawPanel) -> None:
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))
    configuration = context.configuration

    @router.get("/api/openclaw/channels")
    async def channels(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        value = await _shown(context, principal, response)
        entries = _object(_object(value.get("plugins")).get("entries"))
        return {"ok": True, "channels": _object(value.get("channels")), "plugins": entries}

    @router.put("/api/openclaw/channels/{channel}")
    async def save_channel(channel: str, request: Request, _: Principal = may_write) -> dict[str, Any]:
        given = await body_of(request, LARGE_BYTES)
        if channel != EXTERNAL and given:
            place = await context.channel_switch.block(named(channel))
            await configuration.write(merging(("channels", place), given), _expected(request))
        return {"ok": True}

    @router.put("/api/openclaw/plugins/{plugin}")
    async def save_plugin(plugin: str, request: Request, _: Principal = may_write) -> dict[str, Any]:
        """The panel turns skills on and off here as well: what is a skill and no plugin is meant as one."""
        given = await body_of(request, LARGE_BYTES)
        if plugin == EXTERNAL or not given:
            return {"ok": True}
        skill = await context.skills.key_of(named(plugin)) if context.skills is not None else None
        section = ("skills", "entries", skill) if skill is not None else ("plugins", "entries", plugin)
        await configuration.write(merging(section, given), _expected(request))
        return {"ok": True}


def _with_models(providers: dict[str, Any] | None, current: str | None) -> Edit:
    """The edit that changes what is given, and leaves the rest."""

    def edit(text: str) -> str:
        new = merging(("models",), {"providers": providers})(text) if providers else text
        return with_default_model(current)(new) if current else new

    return edit


def _expected(request: Request) -> str | None:
    """The hash that the file is to have, where the client says it: the ETag that it read."""
    given = request.headers.get("if-match", "").strip()
    return None if given in ("", "*") else given.removeprefix("W/").strip('"')


def _mark(response: Response, digest: str) -> None:
    response.headers["etag"] = f'"{digest}"'
    response.headers["cache-control"] = "no-store"


def named(name: str) -> str:
    """The name of a channel or plugin. Raises BAD_REQUEST for what can be none."""
    if not name.strip() or len(name) > _LONGEST_ID or not name.isprintable() or name == "__proto__":
        raise _bad("panel.bad_name", "id")
    return name


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _bad(key: str, param: str) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text(key, {"param": param}), {"code": "invalid_request", "param": param})
