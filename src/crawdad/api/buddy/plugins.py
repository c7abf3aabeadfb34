"""`/v1/openclaw/plugins`: what there is, switching it, loading it anew, updating and removing it. Installing needs somebody who
has seen what a plugin asks for: that is the command line's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import accepted, success
from crawdad.api.buddy.fields import checked_name, named
from crawdad.api.buddy.moments import moment
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Text
from crawdad.services.plugins.updating import update_all

_Answer = dict[str, Any] | Response
_Route = Callable[..., Coroutine[Any, Any, _Answer]]


def plugin_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/v1/openclaw/plugins", dependencies=[may_read])
    async def listed(request: Request) -> dict[str, Any]:
        """They are looked at anew each time: `refresh` changes nothing."""
        found = await context.plugins().listed(language_of(request))
        return success({"data": found, "updated_at": moment(context.gate.clock.now())})

    for enabled in (True, False):
        path = f"/v1/openclaw/plugins/{'enable' if enabled else 'disable'}"
        router.add_api_route(path, _switch(context, enabled), methods=["POST"], response_model=None)

    @router.post("/v1/openclaw/plugins/reload", response_model=None)
    async def reload(request: Request, principal: Principal = may_manage) -> _Answer:
        """All that are used, and those that were set down."""
        plugins = context.plugins()

        async def work(_: Report) -> JsonObject | None:
            return {"reloaded": await plugins.reload()}

        order = TaskOrder("plugins.reload", Text("buddy.plugins.reload"), owner=principal.id)
        return await changed(context.tasks, request, order, work, Text("buddy.plugins.reload.done"))

    @router.post("/v1/openclaw/plugins/update", response_model=None)
    async def update(request: Request, principal: Principal = may_manage) -> _Answer:
        """Always as a task: it asks every plugin's source."""
        plugins = context.plugins()
        order = TaskOrder(
            "plugins.update", Text("buddy.plugins.update"), exclusive="plugins.update", owner=principal.id
        )
        task = await context.tasks.start(order, lambda report: update_all(plugins, report))
        return accepted(Text("buddy.accepted").render(language_of(request)), task.id)

    @router.delete("/v1/openclaw/plugins/{plugin}", response_model=None)
    async def remove(plugin: str, request: Request, principal: Principal = may_manage) -> _Answer:
        plugins, plugin = context.plugins(), checked_name(plugin, "id")
        if (await plugins.view(plugin)).standing.found.origin == "bundled":
            raise GatewayError(ErrorKind.FORBIDDEN, Text("buddy.plugins.bundled", {"id": plugin}), {"code": "bundled"})

        async def work(_: Report) -> JsonObject | None:
            await plugins.remove(plugin)
            return None

        order = TaskOrder(
            "plugins.uninstall", Text("buddy.plugins.uninstall", {"id": plugin}), plugin, owner=principal.id
        )
        return await changed(context.tasks, request, order, work, Text("buddy.plugins.uninstall.done"))


def _switch(context: Buddy, enabled: bool) -> _Route:
    action = "enable" if enabled else "disable"
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    async def switch(request: Request, principal: Principal = may_write) -> _Answer:
        """What is switched on although it was set down is given another chance. It applies at once."""
        plugin = named(await body_of(request), "id", "pluginId", "plugin_id")
        plugins, language = context.plugins(), language_of(request)
        await plugins.view(plugin)

        async def work(_: Report) -> JsonObject | None:
            if enabled:
                await plugins.forgive(plugin)
            await context.configuration.change({"plugins": {"entries": {plugin: {"enabled": enabled}}}})
            entry = (await plugins.view(plugin, language, running=False)).entry
            why = entry.get("error") or entry.get("reason")
            return {"warning": why} if enabled and why else None

        words = f"buddy.plugins.{action}"
        order = TaskOrder(f"plugins.{action}", Text(words, {"id": plugin}), plugin, owner=principal.id)
        return await changed(context.tasks, request, order, work, Text(f"{words}.done"))

    return switch
