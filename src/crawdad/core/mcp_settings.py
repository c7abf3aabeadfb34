"""`mcp.*`: servers of the Model Context Protocol, whose tools agents may use."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crawdad.core.section import SecretValue, Section


class McpOauthSettings(Section):
    """`mcp.servers.<id>.oauth.*`: signing in to a server over HTTP. Without `client_id` we make ourselves known."""

    client_id: str | None = None
    client_secret: SecretValue | None = None
    scopes: tuple[str, ...] = ()


class McpServerSettings(Section):
    """`mcp.servers.<id>.*`: a program (`command`) or an address (`url`)."""

    enabled: bool = True
    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, SecretValue] = Field(default_factory=dict)
    """All that the program gets of the environment, beside what programs need to run."""
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, SecretValue] = Field(default_factory=dict)
    oauth: McpOauthSettings = McpOauthSettings()
    connect_timeout_seconds: float = Field(30.0, gt=0)
    timeout_seconds: float = Field(60.0, gt=0)
    restarts: int = Field(5, ge=0)
    """How often within ten minutes it is begun again."""
    trust: Literal["first-seen", "approved"] = "first-seen"
    """Whether tools are taken as they are first seen, or one by one when somebody approves."""
    tools: tuple[str, ...] = ()
    """Which of its tools are offered, `*` allowed. Empty: all."""
    resources: bool = True
    prompts: bool = True
    """Whether agents may read what it has beside tools."""
    read_only: bool = False
    """Whether calls change nothing, so that they may run side by side and in turns with outside content."""


class McpSettings(Section):
    """`mcp.*`."""

    servers: dict[str, McpServerSettings] = Field(default_factory=dict)
