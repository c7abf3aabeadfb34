"""The gateway's own routes in one place: tools, media, hooks, plugins, and what a control panel asks first."""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.api.call import Call
from crawdad.api.channels.routes import ChannelRoutes
from crawdad.api.front_door import Claim, Handler, PrefixHandler, SocketHandler
from crawdad.api.gateway.answers import answer_json
from crawdad.api.gateway.hooks import HookRoutes
from crawdad.api.gateway.media import MediaRoutes
from crawdad.api.gateway.plugins import PluginDispatch
from crawdad.api.gateway.tools_invoke import ToolRoutes
from crawdad.api.speaking import Gate
from crawdad.core.agent_names import default_agent
from crawdad.core.plugin_http import PluginRoutes
from crawdad.services.agent_doors.tool_calls import ToolCalls
from crawdad.services.channels.host import ChannelHost
from crawdad.services.hooks.service import Hooks
from crawdad.services.media_files.store import KeptMediaStore

PLAIN = frozenset(("/v1/chat/completions", "/v1/responses", "/tools/invoke"))
"""Where a wrong method is told in plain text."""


class GatewayRoutes:
    """What hangs in the table of routes for this contract."""

    def __init__(
        self,
        gate: Gate,
        tools: ToolCalls,
        hooks: Hooks,
        media: KeptMediaStore,
        plugins: PluginRoutes,
        channels: ChannelHost | None = None,
    ) -> None:
        self._gate = gate
        self._tools = ToolRoutes(gate, tools)
        self._hooks = HookRoutes(hooks, gate.clock, lambda: gate.settings().hooks)
        self._media = MediaRoutes(media)
        self._plugins = PluginDispatch(gate, plugins)
        self._channels = None if channels is None else ChannelRoutes(gate, channels)

    @property
    def exact(self) -> Mapping[str, Mapping[str, Handler]]:
        """Paths of their own."""
        panel: Mapping[str, Handler] = {"GET": self._panel}
        return {
            "/tools/invoke": {"POST": self._tools.invoke},
            "/__openclaw/control-ui-config.json": panel,
            "/__openclaw__/control-ui-config.json": panel,
        }

    @property
    def prefixes(self) -> tuple[tuple[str, Mapping[str, PrefixHandler]], ...]:
        """What stands below a path."""
        platforms = () if self._channels is None else self._channels.prefixes
        return (("/media/", {"GET": self._media.get}), *platforms)

    @property
    def socket_prefixes(self) -> tuple[tuple[str, SocketHandler], ...]:
        """WebSockets below a path."""
        return () if self._channels is None else self._channels.socket_prefixes

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Paths that the settings or plugins name."""
        return (self._hooks.claim, self._plugins.claim)

    async def _panel(self, call: Call) -> None:
        """What a control panel asks before it knows anybody: nothing that is a secret."""
        agent_id = default_agent(self._gate.settings().agents)
        told = {"basePath": "", "assistantName": "Assistant", "assistantAvatar": "A", "assistantAgentId": agent_id}
        await answer_json(call, 200, told, {"x-frame-options": "DENY", "cache-control": "no-cache"})
