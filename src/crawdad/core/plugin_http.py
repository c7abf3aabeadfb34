"""HTTP routes of plugins: what a plugin is told of a request, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from crawdad.core.identity import Principal

RouteAuth = Literal["gateway", "plugin"]
"""`gateway`: nobody gets there without a credential of this gateway. `plugin`: the plugin checks for itself who comes (a
signature, say); it must."""

_GATEWAYS = (
    "/",
    "/api",
    "/v1",
    "/v1beta",
    "/hooks",
    "/media",
    "/tools",
    "/channels",
    "/ready",
    "/readyz",
    "/health",
    "/healthz",
    "/metrics",
)
_CHANNELS = "/api/channels/"
"""What plugins serve for channels: within the gateway's own paths, so that nobody gets there without its credential."""


def is_gateways(path: str) -> bool:
    """Whether a path is the gateway's own, or below one that is, and never a plugin's."""
    first = "/" + path[1:].partition("/")[0]
    return (first in _GATEWAYS or first.startswith("/__openclaw")) and not path.startswith(_CHANNELS)


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """A request. Header names are lower-case; `principal` is None where the plugin checks for itself."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str
    principal: Principal | None = None


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


RouteHandler = Callable[[PluginRequest], Awaitable[PluginAnswer | None]]
"""Answers a request; None: it is not for this handler, the next may have it."""


@dataclass(frozen=True, slots=True)
class PluginRoute:
    """One registration. `path` None: a handler that is asked for everything nobody else serves."""

    plugin: str
    path: str | None
    handler: RouteHandler
    auth: RouteAuth = "gateway"


class PluginRoutes(Protocol):
    """The routes of all plugins."""

    def exact(self, path: str) -> PluginRoute | None:
        """The route of that very path."""

    def handlers(self) -> Sequence[PluginRoute]:
        """The handlers, in the order in which they came."""
