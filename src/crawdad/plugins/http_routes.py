"""The registry of plugins' HTTP routes."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginRoute, RouteAuth, RouteHandler, is_gateways


class HttpRoutes:
    """Exact routes and handlers. `core.plugin_http.PluginRoutes`."""

    def __init__(self) -> None:
        self._exact: dict[str, PluginRoute] = {}
        self._handlers: list[PluginRoute] = []

    def add_route(self, plugin: str, path: str, handler: RouteHandler, auth: RouteAuth = "gateway") -> None:
        """Serve one path. Raises CONFLICT where another serves it already (the first stays), where it is the gateway's own, and
        where a path below `/api/channels/` would do without the gateway's credential."""
        path = "/" + path.strip().strip("/")
        if is_gateways(path) or (path.startswith("/api/") and auth != "gateway"):
            words = f"the path {path} is the gateway's own; the plugin {plugin} may not serve it"
            raise GatewayError(ErrorKind.CONFLICT, words, {"code": "route_reserved"})
        known = self._exact.get(path)
        if known is not None:
            words = f"the path {path} is served by the plugin {known.plugin}"
            raise GatewayError(ErrorKind.CONFLICT, words, {"code": "route_taken"})
        self._exact[path] = PluginRoute(plugin, path, handler, auth)

    def add_handler(self, plugin: str, handler: RouteHandler, auth: RouteAuth = "gateway") -> None:
        """Be asked for every request that nobody else serves, after those who came before."""
        self._handlers.append(PluginRoute(plugin, None, handler, auth))

    def remove(self, plugin: str) -> None:
        """Forget everything of a plugin."""
        self._exact = {path: route for path, route in self._exact.items() if route.plugin != plugin}
        self._handlers = [route for route in self._handlers if route.plugin != plugin]

    def exact(self, path: str) -> PluginRoute | None:
        """The route of that very path."""
        return self._exact.get(path)

    def handlers(self) -> Sequence[PluginRoute]:
        """The handlers, in the order in which they came."""
        return tuple(self._handlers)
