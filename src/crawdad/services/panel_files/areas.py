"""Whose files are meant: the workspace of an agent, made where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.services.agents.roster import Roster
from crawdad.services.agents.workspace import WorkspaceFiles


@dataclass(frozen=True, slots=True)
class Area:
    """A root and whose it is."""

    agent: str
    root: str


class Areas:
    """All workspaces."""

    def __init__(self, roster: Callable[[], Roster], workspaces: WorkspaceFiles) -> None:
        self._roster = roster
        self._workspaces = workspaces

    async def find(self, agent_id: str) -> Area:
        """The workspace of an agent; an empty id names the default one. Raises NOT_FOUND, UNAVAILABLE."""
        agent = self._roster().get(agent_id)
        await self._workspaces.prepare(agent.workspace, {})
        return Area(agent.id, str(agent.workspace))

    def all(self) -> list[Area]:
        """Every workspace, once where agents share one."""
        found: dict[str, Area] = {}
        for agent in self._roster().agents.values():
            found.setdefault(str(agent.workspace), Area(agent.id, str(agent.workspace)))
        return list(found.values())
