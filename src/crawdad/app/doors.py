"""The doors to the agents, put together: agents as models, `/tools/invoke`, hooks, media, plugin routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from crawdad.app.accounts import World
from crawdad.core.agents import AgentRuns, Heartbeats, Outbound, SystemEvents
from crawdad.core.tools import Toolbox
from crawdad.services.agent_doors.attachments import AttachmentReader
from crawdad.services.agent_doors.source import AgentSource, KnownSessions
from crawdad.services.tasks import Tasks
from crawdad.store.agent_links import AgentLinks


@dataclass(frozen=True, slots=True)
class AgentParts:
    """What the doors lead to."""

    runs: AgentRuns
    toolbox: Toolbox
    sessions: KnownSessions
    events: SystemEvents
    heartbeats: Heartbeats
    outbound: Outbound


OpenAgents = Callable[[World, Tasks], AbstractAsyncContextManager[AgentParts]]


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors, ready to be hung."""

    source: AgentSource


@asynccontextmanager
async def open_doors(world: World, tasks: Tasks, parts: AgentParts) -> AsyncIterator[Doors]:
    """Open them."""
    settings = world.settings
    attachments = AttachmentReader(world.transport, lambda: settings().gateway.http.endpoints)
    source = AgentSource(parts.runs, parts.sessions, AgentLinks(world.database), attachments, world.clock, settings)
    yield Doors(source)
