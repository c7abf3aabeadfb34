"""`/api/config`: the whole configuration as one object, read and saved."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from crawdad.api.opsclaw.app_config import invalid
from crawdad.api.opsclaw.app_config_keeper import Saved
from crawdad.api.opsclaw.app_config_model import AppConfig
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.identity import Permission, Principal


def config_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_write = Depends(context.need(Permission.CONFIG_READ)), Depends(context.need(Permission.CONFIG_WRITE))

    @router.get("/api/config", responses={200: {"model": AppConfig}})
    async def read(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        config, its_hash = await context.config.read(principal)
        response.headers["etag"] = f'"{its_hash}"'
        response.headers["cache-control"] = "no-store"
        return config

    @router.post("/api/config")
    async def save(
        request: Request, body: Annotated[dict[str, Any], Body()], principal: Principal = may_write
    ) -> dict[str, Any]:
        saved = await context.config.save(inner(body), principal, base_hash_of(request, body))
        return told(saved)


def inner(body: dict[str, Any], name: str = "config") -> dict[str, Any]:
    """What a request is about: wrapped in an object of its own, or bare."""
    if name not in body:
        return {key: value for key, value in body.items() if key not in ("baseHash", "base_hash")}
    found = body[name]
    if not isinstance(found, dict):
        raise invalid("config.bad_value", name, reason="Input should be an object")
    return found


def base_hash_of(request: Request, body: dict[str, Any]) -> str | None:
    """The hash that a save is based on, where the client says one: then it is refused when somebody else was faster."""
    named = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    given = named or body.get("baseHash") or body.get("base_hash")
    return given if isinstance(given, str) and given != "*" else None


def told(saved: Saved) -> dict[str, Any]:
    """What a save did, for programs; the contract's own clients look at the status alone."""
    return {
        "success": True,
        "changed": list(saved.changed),
        "restart_required": saved.restart_required,
        "overridden": saved.overridden,
        "no_effect": saved.no_effect,
        "hash": saved.hash,
    }
