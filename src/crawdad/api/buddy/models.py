"""`/v1/openclaw/models/*`: the providers that the configuration names, their models, and how fast one answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.bodies import USUAL_BYTES, body_of
from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.fields import checked_name, named, object_in
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Text
from crawdad.services.catalogue.plan import plan_route
from crawdad.services.configuration.model_edits import (
    with_default_model,
    with_model,
    with_provider,
    without_model,
    without_provider,
)
from crawdad.services.configuration.saving import Edit

_PROVIDER = ("providerName", "provider_name", "provider", "name")
_MODEL = ("modelId", "model_id", "model", "id")
_LONG_BYTES = 4 * USUAL_BYTES
_Answer = dict[str, Any] | Response
_Save = Callable[[Request, Principal, str, str, Edit], Awaitable[_Answer]]


def model_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""

    async def save(request: Request, principal: Principal, action: str, target: str, edit: Edit) -> _Answer:
        async def work(_: Report) -> JsonObject | None:
            await context.configuration.write(edit)
            return None

        words = f"buddy.models.{action}"
        order = TaskOrder(f"bots.{action}", Text(words, {"id": target}), target, owner=principal.id)
        return await changed(context.tasks, request, order, work, Text(f"{words}.done"))

    _reading_routes(router, context)
    _saving_routes(router, context, save)
    _removing_routes(router, context, save)


def _reading_routes(router: APIRouter, context: Buddy) -> None:
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/v1/openclaw/models/config")
    async def config(response: Response, principal: Principal = may_read) -> dict[str, Any]:
        """The providers as the file has them. Who may not read secrets sees placeholders: a save keeps what they hide."""
        try:
            value, _ = await context.configuration.value(reveal=Permission.SECRETS_READ in principal.permissions)
        except GatewayError as error:
            if error.kind is not ErrorKind.BAD_REQUEST:  # the request is not at fault, but the file
                raise
            raise GatewayError(ErrorKind.INTERNAL, error.text, {"code": "unreadable"}) from None
        response.headers["cache-control"] = "no-store"
        models = value.get("models")
        providers = models.get("providers") if isinstance(models, dict) else None
        return success(providers if isinstance(providers, dict) else {})

    @router.post("/v1/openclaw/models/test-direct", dependencies=[may_write])
    async def test_direct(request: Request) -> dict[str, Any]:
        """Ask the provider itself. Milliseconds until the model's first sign, and `ttfb` until the first byte of the answer. An
        upstream's own 401 is no matter of the caller's: every failure there is a 502."""
        body = await body_of(request)
        provider, model = named(body, *_PROVIDER), named(body, *_MODEL)
        try:
            heard = await context.probe.ask(provider, model)
        except GatewayError as error:
            if error.details.get("code") in ("provider_not_found", "not_remote"):
                raise
            words = Text("routing.probe_failed", {"provider": provider, "message": error.text})
            details = {
                "code": "probe_failed",
                "data": {"status": "failed", "upstreamStatus": error.details.get("status")},
            }
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, words, details) from error
        return success(
            {
                "latency": round(heard.first_token * 1000),
                "ttfb": round(heard.first_byte * 1000),
                "status": "success",
            }
        )


def _saving_routes(router: APIRouter, context: Buddy, save: _Save) -> None:
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.post("/v1/openclaw/models/provider", response_model=None)
    async def save_provider(request: Request, principal: Principal = may_write) -> _Answer:
        body = await body_of(request, _LONG_BYTES)
        provider, config = named(body, "name", "providerName", "provider_name"), object_in(body, "config")
        if "/" in provider:
            raise bad_request("buddy.models.slash", "name")
        return await save(request, principal, "add-provider", provider, with_provider(provider, config))

    @router.post("/v1/openclaw/models/provider/model", response_model=None)
    async def save_model(request: Request, principal: Principal = may_write) -> _Answer:
        body = await body_of(request, _LONG_BYTES)
        provider = named(body, *_PROVIDER)
        model = object_in(body, "modelConfig", "model_config", "config")
        model = {**model, "id": named(model, "id")}
        return await save(request, principal, "add-model", f"{provider}/{model['id']}", with_model(provider, model))

    @router.post("/v1/openclaw/models/set-default", response_model=None)
    async def set_default(request: Request, principal: Principal = may_write) -> _Answer:
        """Any name that leads somewhere: a model, an alias, a rule. An unknown one is a 404 that names near ones."""
        model = named(await body_of(request), *_MODEL)
        plan_route(context.live.current, model, "openai-chat", principal)
        return await save(request, principal, "set-default-model", model, with_default_model(model))


def _removing_routes(router: APIRouter, context: Buddy, save: _Save) -> None:
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    async def remove_model(request: Request, principal: Principal, provider: str, model: str) -> _Answer:
        return await save(request, principal, "delete-model", f"{provider}/{model}", without_model(provider, model))

    @router.delete("/v1/openclaw/models/provider/model", response_model=None)
    async def delete_named_model(request: Request, principal: Principal = may_write) -> _Answer:
        """The model is named by the query or the body: for ids that do not fit a path."""
        query = dict(request.query_params)
        given = query if query.get("provider") or query.get("providerName") else await body_of(request)
        return await remove_model(request, principal, named(given, *_PROVIDER), named(given, *_MODEL))

    @router.delete("/v1/openclaw/models/provider/{provider}/model/{model:path}", response_model=None)
    async def delete_model(provider: str, model: str, request: Request, principal: Principal = may_write) -> _Answer:
        return await remove_model(request, principal, checked_name(provider, "provider"), checked_name(model, "id"))

    @router.delete("/v1/openclaw/models/provider/{provider}", response_model=None)
    async def delete_provider(provider: str, request: Request, principal: Principal = may_write) -> _Answer:
        provider = checked_name(provider, "provider")
        return await save(request, principal, "delete-provider", provider, without_provider(provider))
