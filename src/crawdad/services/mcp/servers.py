"""All configured servers, and the source of their tools for the toolbox.

A tool is used only as it was approved: with `trust: first-seen` that is how it was when it was first seen. One that says
something else of itself later is withheld until somebody approves it again, so that nobody can slip a new instruction or
a new meaning under a name that is trusted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.mcp import McpConnector, PinnedTool, ServerTool, ToolPins
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock
from crawdad.core.text import Text
from crawdad.core.tools import Tool, ToolContext, ToolDefinition, ToolOutcome, ToolScope
from crawdad.services.mcp.materials import material_tools
from crawdad.services.mcp.naming import shown_description, tool_name
from crawdad.services.mcp.server import BearerFor, McpServer
from crawdad.services.tasks import Tasks
from crawdad.services.upstreams import ProxyFor

_log = structlog.get_logger(__name__)
TOOL_WITHHELD = "mcp.tool_withheld"
_PATIENCE_SECONDS = 10.0
"""How long a turn waits for servers that have yet to begin; those that take longer are there for the next."""


class McpServers:
    """The servers of the settings in effect. Close it before the tasks that it was given."""

    def __init__(
        self,
        connector: McpConnector,
        pins: ToolPins,
        clock: Clock,
        bus: Bus,
        settings: Callable[[], Mapping[str, McpServerSettings]],
        proxy_for: ProxyFor,
        tasks: Tasks,
    ) -> None:
        self._connector = connector
        self._pins = pins
        self._clock = clock
        self._bus = bus
        self._settings = settings
        self._proxy_for = proxy_for
        self._tasks = tasks
        self.bearer: BearerFor | None = None
        """Where access tokens come from, for servers that were signed in to."""
        self.patience = _PATIENCE_SECONDS
        self._servers: dict[str, McpServer] = {}
        self._beginning: dict[McpServer, asyncio.Task[None]] = {}

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """The tools that may be used now, in a stable order."""
        servers = await self._current()
        if not servers:
            return ()
        await self._begin(servers)
        pins = {(pin.server, pin.tool): pin for pin in await self._pins.of()}
        found: dict[str, Tool] = {}
        for server in servers:
            if not server.ready:
                continue
            for tool in sorted(server.tools.values(), key=lambda one: one.name):
                name = tool_name(server.id, tool.name)
                if name not in found and await self._approved(server, tool, pins.get((server.id, tool.name))):
                    found[name] = McpTool(name, server, tool, server.digest(tool.name))
        for material in material_tools([server for server in servers if server.ready]):
            found.setdefault(material.definition.name, material)
        return list(found.values())

    async def close(self) -> None:
        """End every conversation."""
        beginning = list(self._beginning.values())
        for task in beginning:
            task.cancel()
        await asyncio.gather(*beginning, return_exceptions=True)
        await asyncio.gather(*(server.close() for server in self._servers.values()), return_exceptions=True)
        self._servers.clear()

    @property
    def state(self) -> Sequence[McpServer]:
        """The servers as they stand."""
        return list(self._servers.values())

    async def _current(self) -> list[McpServer]:
        wanted = {name: one for name, one in self._settings().items() if one.enabled}
        gone = [server for name, server in self._servers.items() if server.settings != wanted.get(name)]
        for server in gone:
            del self._servers[server.id]  # all of them now: another turn may put new ones there while these are closed
        for server in gone:
            if (beginning := self._beginning.get(server)) is not None:
                beginning.cancel()
                await asyncio.wait([beginning])
            await server.close()
        for name, settings in wanted.items():
            if name not in self._servers:
                self._servers[name] = McpServer(
                    name, settings, self._connector, self._clock, self._proxy_for, self.bearer
                )
        return [self._servers[name] for name in sorted(wanted)]

    async def _begin(self, servers: Sequence[McpServer]) -> None:
        """Have all of them ready, as far as a turn's patience goes; the others go on beginning beside it."""
        for server in servers:
            if not server.ready and server not in self._beginning:
                task = self._tasks.start(self._ready(server), f"mcp server {server.id}")
                self._beginning[server] = task
                task.add_done_callback(lambda _, server=server: self._beginning.pop(server, None))  # type: ignore[misc]
        waited_for = [task for server, task in self._beginning.items() if server in servers]
        if waited_for:
            await asyncio.wait(waited_for, timeout=self.patience)

    async def _ready(self, server: McpServer) -> None:
        try:
            await server.session()
        except GatewayError as error:
            _log.warning("mcp_server_failed", server=server.id, reason=error.message())

    async def _approved(self, server: McpServer, tool: ServerTool, pin: PinnedTool | None) -> bool:
        digest, now = server.digest(tool.name), self._clock.now()
        if pin is None or pin.seen != digest:
            first = pin is None and server.settings.trust == "first-seen"
            approved = digest if first else None
            news = PinnedTool(
                server.id, tool.name, approved, digest, tool.description[:4000], now, now if first else None
            )
            pin = await self._pins.see(news)
            if not pin.usable:
                _log.warning("mcp_tool_withheld", server=server.id, tool=tool.name)
                await self._bus.publish(Event(TOOL_WITHHELD, {"server": server.id, "tool": tool.name}, now))
        return pin.usable


class McpTool:
    """One tool of a server, as it was when the model was told of it."""

    def __init__(self, name: str, server: McpServer, tool: ServerTool, digest: str) -> None:
        self._server = server
        self._tool = tool
        self._digest = digest
        harmless = server.settings.read_only or tool.annotations.get("readOnlyHint") is True
        self.definition = ToolDefinition(
            name,
            shown_description(server.id, tool),
            {"type": "object", **tool.schema},
            "plugins",
            independent=harmless,
            needs_trust=not harmless,
        )

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        session = await self._server.session()
        if self._server.digest(self._tool.name) != self._digest:
            words = Text("mcp.changed", {"server": self._server.id, "tool": self._tool.name})
            raise GatewayError(ErrorKind.CONFLICT, words, {"code": "tool_changed"})
        result = await session.call_tool(self._tool.name, arguments, context.progress)
        details: JsonObject = {"server": self._server.id, "tool": self._tool.name}
        if result.structured is not None:
            details["structuredContent"] = result.structured
        return ToolOutcome(result.parts, details, result.is_error, untrusted=True)
