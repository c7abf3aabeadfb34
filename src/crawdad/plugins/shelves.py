"""Where the offers of plugins go, each under the id of its plugin, so that they can be taken away by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.text import Text
from crawdad.core.vendors import Vendor
from crawdad.plugins.api import MethodOffer, ProviderOffer, Registered, RouteOffer, ToolOffer
from crawdad.plugins.guarding import PluginGuard
from crawdad.plugins.hooks import HookBoard
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.plugins.sources import PluginSource, guarded_channel
from crawdad.plugins.tools import PluginTool, PluginTools, json_of


class Shelf(Protocol):
    """Where offers of one kind go. `add` raises CONFLICT where the name is taken."""

    def add(self, plugin: str, name: str, offer: Any) -> None: ...

    def remove(self, plugin: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where all offers go. `taken` tells the names of tools that are not to be had."""

    tools: PluginTools
    hooks: HookBoard
    routes: HttpRoutes
    methods: Shelf
    providers: Shelf
    channels: Shelf
    taken: Callable[[], Sequence[str]]

    def attach(self, registered: Registered, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> None:
        """Put all that a plugin offers on its shelf. Raises CONFLICT where a name is taken; the caller then takes all of it
        away."""
        plugin, taken = guard.plugin, set(self.taken())
        for name, tool in registered.tools.items():
            if name in taken:
                raise _taken(plugin, "tool", name)
            self.tools.add(plugin, tool.bare or _tool(tool, guard, limits), tool.offered)
        for hook, listener in registered.hooks:
            self.hooks.add(guard, hook, listener)
        for route in (*registered.routes.values(), *registered.handlers):
            self._attach_route(route, guard, limits)
        for name, method in registered.methods.items():
            self.methods.add(plugin, name, _method(method, guard, limits))
        for name, provider in registered.providers.items():
            if not isinstance(provider.source, Vendor):
                source = PluginSource(provider.source, guard, lambda: limits().call_seconds)
                provider = ProviderOffer(source, provider.models)
            self.providers.add(plugin, name, provider)
        for name, channel in registered.channels.items():
            self.channels.add(plugin, name, guarded_channel(channel, guard, limits))

    def detach(self, plugin: str) -> None:
        """Take away all that a plugin offers, if anything."""
        for shelf in (self.channels, self.providers, self.methods, self.routes, self.hooks, self.tools):
            shelf.remove(plugin)

    def _attach_route(self, offer: RouteOffer, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> None:
        what = f"route {offer.path}" if offer.path is not None else "handler"

        async def serve(request: PluginRequest) -> PluginAnswer | None:
            answer = await guard.call(what, offer.handler, request, seconds=limits().call_seconds)
            if answer is None and offer.path is None:
                return None
            if not isinstance(answer, PluginAnswer) or not _is_sound(answer):
                raise guard.failed(what, f"answered with {type(answer).__name__}")
            return answer

        if offer.path is None:
            self.routes.add_handler(guard.plugin, serve, offer.auth)
        else:
            self.routes.add_route(guard.plugin, offer.path, serve, offer.auth)


def _tool(offer: ToolOffer, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> PluginTool:
    return PluginTool(offer.definition, offer, guard, lambda: limits().call_seconds)


def _method(offer: MethodOffer, guard: PluginGuard, limits: Callable[[], PluginsLimitSettings]) -> MethodOffer:
    async def run(params: Any) -> Any:
        what = f"method {offer.name}"
        answer = await guard.call(what, offer.run, params, seconds=limits().call_seconds)
        if json_of(answer) is None:
            raise guard.failed(what, f"answered with {type(answer).__name__}")
        return answer

    return MethodOffer(offer.name, run, offer.scope, offer.params)


def _is_sound(answer: PluginAnswer) -> bool:
    """Whether a server can send what a plugin answered."""
    texts = [answer.media_type, *answer.headers, *answer.headers.values()]
    return (
        isinstance(answer.status, int)
        and 200 <= answer.status <= 599
        and isinstance(answer.body, bytes)
        and all(isinstance(text, str) and text.isascii() and text.isprintable() for text in texts)
    )


def _taken(plugin: str, kind: str, name: str) -> GatewayError:
    values = {"plugin": plugin, "kind": kind, "name": name}
    return GatewayError(ErrorKind.CONFLICT, Text("plugins.name_taken", values), {"code": "name_taken"})
