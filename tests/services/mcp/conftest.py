"""A stage for servers of the Model Context Protocol: a script to run, a connector, pins in memory."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.mcp import LocalMcpConnector
from crawdad.core.mcp import PinnedTool
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.services.mcp.servers import McpServers
from crawdad.services.tasks import Tasks
from crawdad.store.inprocess import InProcessBus
from tests.support.fakes import FakeClock
from tests.support.waiting import PATIENCE

SCRIPT = Path(__file__).parents[2] / "support" / "mcp_server.py"
TOOLS = ("echo", "pid", "environment", "fail", "refuse", "slow", "die", "change", "progress", "cancelled", "answers")


def described(name: str, description: str = "", **more: Any) -> dict[str, Any]:
    """A tool as a server tells of it."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    return {"name": name, "description": description or f"Does {name}.", "inputSchema": schema, **more}


class MemoryPins:
    """`core.mcp.ToolPins` in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], PinnedTool] = {}

    async def of(self, server: str | None = None) -> list[PinnedTool]:
        return [row for row in self.rows.values() if server in (None, row.server)]

    async def see(self, tool: PinnedTool) -> PinnedTool:
        known = self.rows.get((tool.server, tool.tool))
        if known is not None:
            tool = replace(tool, approved=known.approved, approved_at=known.approved_at, approved_by=known.approved_by)
        self.rows[tool.server, tool.tool] = tool
        return tool

    async def approve(self, server: str, tool: str, digest: str, by: str, now: float) -> bool:
        row = self.rows.get((server, tool))
        if row is None or row.seen != digest:
            return False
        self.rows[server, tool] = replace(row, approved=digest, approved_at=now, approved_by=by)
        return True

    async def forget(self, server: str, tool: str | None = None) -> int:
        return 0


@dataclass
class Stage:
    """Servers and what they are made of."""

    servers: McpServers
    settings: dict[str, McpServerSettings]
    pins: MemoryPins
    clock: FakeClock
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def script(self, name: str, *tools: dict[str, Any], **settings: Any) -> None:
        """A server that runs our script, with these tools."""
        self.tell(name, *(tools or map(described, TOOLS)))
        values = {"command": sys.executable, "args": [str(SCRIPT), str(self.folder / f"{name}.json")], **settings}
        self.settings[name] = McpServerSettings.model_validate(values)

    def tell(self, name: str, *tools: dict[str, Any]) -> None:
        """From now on the server tells of these tools."""
        (self.folder / f"{name}.json").write_text(json.dumps({"tools": list(tools)}))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    settings: dict[str, McpServerSettings] = {}
    pins, clock = MemoryPins(), FakeClock()
    environment = {**os.environ, "CRAWDAD_TOKEN": "secret-token", "OPENAI_API_KEY": "secret-key"}
    async with HttpTransport("tests") as transport, Tasks() as tasks:
        connector = LocalMcpConnector(transport, environment, tasks.start)
        servers = McpServers(connector, pins, clock, InProcessBus(), lambda: settings, lambda url: None, tasks)
        servers.patience = PATIENCE
        try:
            yield Stage(servers, settings, pins, clock, tmp_path, environment)
        finally:
            await servers.close()
