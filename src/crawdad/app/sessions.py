"""Sessions put together, and the REST interface that talks to agents in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crawdad.app.accounts import World
from crawdad.core.agent_names import default_agent
from crawdad.core.agents import AgentRuns
from crawdad.services.sessions.conversations import Conversations
from crawdad.services.sessions.copies import Copies
from crawdad.services.sessions.maintenance import Maintenance
from crawdad.services.sessions.rest_limits import RestLimits
from crawdad.services.sessions.service import SessionService
from crawdad.services.tasks import Tasks
from crawdad.store.session_search import SessionSearch
from crawdad.store.session_upkeep import SessionUpkeep
from crawdad.store.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class RestParts:
    """What the REST interface stands on. `queue_depth`: how many turns wait in this gateway."""

    conversations: Conversations
    copies: Copies
    tasks: Tasks
    queue_depth: Callable[[], Awaitable[int]]


def make_sessions(world: World) -> SessionService:
    """The sessions of an installation."""
    return SessionService(
        SessionStore(world.database),
        SessionSearch(world.database),
        world.clock,
        world.randomness,
        world.cluster.bus,
        world.settings,
        world.runner,
    )


def start_sessions(world: World, sessions: SessionService, tasks: Tasks) -> None:
    """Start what goes on beside the requests."""
    upkeep = SessionUpkeep(world.database)
    maintenance = Maintenance(sessions, upkeep, lambda: world.settings().session.maintenance)
    tasks.start(maintenance.keep_looking(), "maintenance of sessions")


def make_rest(
    world: World,
    sessions: SessionService,
    runs: AgentRuns,
    tasks: Tasks,
    queue_depth: Callable[[], Awaitable[int]],
) -> RestParts:
    """The REST interface over the runs of the agents."""
    limits = RestLimits(world.cluster.rates, lambda: world.settings().gateway.rest_api)
    conversations = Conversations(sessions, runs, limits, tasks, lambda: default_agent(world.settings().agents))
    return RestParts(conversations, Copies(sessions), tasks, queue_depth)
