"""These tools as sources for the toolbox: what is offered depends on the settings in effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crawdad.core.settings import Settings
from crawdad.core.tools import Tool, ToolDefinition, ToolScope
from crawdad.services.agent_tools.image import ImageTool
from crawdad.services.agent_tools.image_generate import ImageGenerate
from crawdad.services.agent_tools.web_fetch import WebFetch
from crawdad.services.agent_tools.web_search import WebSearch
from crawdad.services.mcp.servers import McpServers


class OwnTools:
    """The tools that come with Crawdad. One without what it needs (a model, a switch that is on) is not offered."""

    def __init__(self, tools: Sequence[Tool], settings: Callable[[], Settings]) -> None:
        self._tools = tools
        self._settings = settings

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """What there is for `scope`, before the policy."""
        return [tool for tool in self._tools if self._is_offered(tool, scope.agent_id)]

    def known(self) -> Sequence[ToolDefinition]:
        """Every one of them."""
        return [tool.definition for tool in self._tools]

    def _is_offered(self, tool: Tool, agent_id: str) -> bool:
        web = self._settings().tools.web
        if isinstance(tool, WebFetch):
            return web.fetch.enabled
        if isinstance(tool, WebSearch):
            return web.search.enabled
        if isinstance(tool, (ImageTool, ImageGenerate)):
            return tool.offered(agent_id)
        return True


class ServerTools:
    """The tools of other servers. They come after the own ones, whose names they cannot take."""

    def __init__(self, servers: McpServers) -> None:
        self._servers = servers

    async def tools(self, scope: ToolScope) -> Sequence[Tool]:
        """What may be used now; servers that have yet to begin do so."""
        return await self._servers.tools(scope)

    def known(self) -> Sequence[ToolDefinition]:
        """None: nobody knows before asking far away."""
        return ()
