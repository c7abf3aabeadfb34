"""A plugin with HTTP routes: an exact one, one that checks for itself, and handlers. One route keeps files in the media store."""

from __future__ import annotations

from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.services.media_files.store import KeptMediaStore


def plugin_routes(media: KeptMediaStore) -> HttpRoutes:
    """The plugin's registrations."""
    routes = HttpRoutes()

    async def greet(request: PluginRequest) -> PluginAnswer:
        who = request.principal.id if request.principal else "nobody"
        return PluginAnswer(200, f"{who} {sorted(request.headers)}".encode())

    async def keep(request: PluginRequest) -> PluginAnswer:
        kept = await media.save(request.body, request.headers["content-type"], request.query["name"], "token")
        return PluginAnswer(200, kept.path.encode())

    async def only_one(request: PluginRequest) -> PluginAnswer | None:
        return PluginAnswer(200, b"first") if request.path.startswith("/plugin/one") else None

    async def rest(request: PluginRequest) -> PluginAnswer | None:
        if request.path == "/plugin/fails":
            raise RuntimeError("a fault of the plugin's own")
        mine = request.path.startswith("/plugin/") or "shadow" in request.path
        return PluginAnswer(201, b"second", headers={"X-Own": "1"}) if mine else None

    routes.add_route("greeter", "/plugin/exact", greet)
    routes.add_route("greeter", "/plugin/keep", keep)
    routes.add_route("greeter", "/webhook/signed", greet, auth="plugin")
    routes.add_route("greeter", "/api/channels/pigeon/webhook", greet)
    routes.add_handler("one", only_one)
    routes.add_handler("two", rest)
    return routes
