"""The one place that decides how programs of agents are kept apart. Nothing ever falls back to less than was asked for."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock
from crawdad.core.programs import Confinement, Programs
from crawdad.core.sandbox_settings import SandboxSettings
from crawdad.core.sessions import GLOBAL_KEY, rest_of
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tool_settings import FsSettings
from crawdad.services.tools.policy import agent_tools

_PRUNE_SECONDS = 300.0


def sandbox_settings(settings: Settings, agent_id: str) -> SandboxSettings:
    """What holds for an agent: its own words, and for the rest those of all agents."""
    common = settings.agents.defaults.sandbox
    for entry in settings.agents.entries:
        if entry.id.strip().lower() == agent_id and entry.sandbox is not None:
            own = entry.sandbox
            return common.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})
    return common


def is_sandboxed(settings: Settings, agent_id: str, session_key: str) -> bool:
    """Whether the programs of a session are kept apart from this machine."""
    mode = sandbox_settings(settings, agent_id).mode
    is_main = session_key == GLOBAL_KEY or rest_of(session_key) == "main"
    return mode == "all" or (mode == "non-main" and not is_main)


def fs_settings(settings: Settings, agent_id: str) -> FsSettings:
    """Where an agent may read and write."""
    return agent_tools(settings, agent_id).fs or settings.tools.fs


async def keep_pruned(programs: Programs, clock: Clock, settings: Callable[[], Settings]) -> None:
    """Take away the containers that nobody has used for long, by the settings of all agents. Runs until cancelled."""
    while True:
        await clock.sleep(_PRUNE_SECONDS)
        prune = settings().agents.defaults.sandbox.prune
        await programs.prune(prune.idle_hours * 3600, prune.max_age_days * 86_400)


async def confinement(
    settings: Settings, agent_id: str, session_key: str, programs: Programs, *, elevated: bool = False
) -> Confinement:
    """How a program is to be confined. UNAVAILABLE when the machine cannot do what the settings ask for."""
    sandbox = sandbox_settings(settings, agent_id)
    if elevated or not is_sandboxed(settings, agent_id, session_key):
        return Confinement("workspace" if fs_settings(settings, agent_id).workspace_only else "none")
    if sandbox.backend in ("auto", "bubblewrap") and await programs.has("bubblewrap"):
        return Confinement("bubblewrap", sandbox.workspace_access, sandbox.network, sandbox.docker)
    if sandbox.backend in ("auto", "container") and await programs.has("container"):
        network = sandbox.docker.network != "none"
        places = {"session": f"session:{session_key}", "agent": f"agent:{agent_id}", "shared": "shared"}
        return Confinement("container", sandbox.workspace_access, network, sandbox.docker, places[sandbox.scope])
    raise GatewayError(ErrorKind.UNAVAILABLE, Text("tools.no_sandbox"), {"code": "no_sandbox"})
