"""What somebody who looks after the servers needs in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawdad.core.mcp_settings import McpServerSettings
from crawdad.services.mcp.logins import McpLogins
from crawdad.services.mcp.servers import McpServers


@dataclass(frozen=True, slots=True)
class McpDesk:
    """The servers of other tools as they stand in this process, signing in to them, and their settings."""

    servers: McpServers
    logins: McpLogins
    settings: Callable[[], Mapping[str, McpServerSettings]]
