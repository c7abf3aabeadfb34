"""Agents made, changed and removed by operators: in the configuration, and in the folders that they work in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Container, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.persona import PersonaFiles
from crawdad.core.sessions import MAIN_AGENT, normalise_agent_id
from crawdad.core.text import Language, Text
from crawdad.services.agents.roster import Agent, Roster
from crawdad.services.agents.templates import templates
from crawdad.services.agents.workspace import WorkspaceFiles
from crawdad.services.configuration.agent_list import with_agent, with_agent_changed, without_agent_and_bindings

_LONGEST, _LONGEST_STEP = 1024, 200
"""Bytes of a value, and of what stands between two slashes of it."""
_IDENTITY = "IDENTITY.md"
_NAMELESS = "agent"
_NAME_LINE = re.compile(
    r"^([ \t]*[-*][ \t]*(?:\*\*)?(?:Name|名称|名字)[ \t]*(?:\*\*)?[ \t]*[:：](?:\*\*)?)[^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""`- Name: …` as the templates have it, `- **Name:** …` as OpenClaw's have it."""
_OPEN_LINE = re.compile(r"^- .*[:：]$", re.MULTILINE)


class ConfigurationText(Protocol):
    """Changes the text of the configuration. Raises BAD_REQUEST."""

    async def edit(self, edit: Callable[[str], str]) -> None:
        """Put what `edit` makes of the text in its place, and take it up."""


class WorkspaceTrash(Protocol):
    """Where the folders of removed agents go."""

    async def discard(self, workspace: Path) -> str:
        """Move a folder there. Empty, or why it stays where it is: it is nobody's alone, or cannot be moved."""


class AgentAdministration:
    """The agents as operators change them."""

    def __init__(
        self,
        configuration: ConfigurationText,
        roster: Callable[[], Roster],
        workspaces: Callable[[], WorkspaceFiles],
        files: PersonaFiles,
        trash: WorkspaceTrash,
    ) -> None:
        self._configuration = configuration
        self._roster = roster
        self._workspaces = workspaces
        self._files = files
        self._trash = trash

    async def create(
        self,
        name: str,
        entry: Mapping[str, Any],
        language: Language,
        agent_id: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Agent:
        """A new agent, its folder made, its files written in `language`. `entry` is what it gets besides (`workspace`, `model`,
        `emoji`, `avatar`), `agent_id` its id (empty: made of the name), `files` are texts of persona files, in place of the
        usual ones. Raises BAD_REQUEST, CONFLICT."""
        agent_id = normalise_agent_id(agent_id) if agent_id else id_of_name(name, self._roster().agents)
        if agent_id == MAIN_AGENT:
            raise bad_request("agents.reserved", "name", agent=agent_id)
        wanted = _entry(agent_id, {**entry, "name": name.strip()})
        await self._configuration.edit(lambda text: with_agent(text, wanted))
        agent = self._roster().get(agent_id)
        try:
            await self._workspaces().prepare(agent.workspace, templates(language))
            for file, content in {_IDENTITY: _identity(agent, language), **(files or {})}.items():
                await self._files.write(agent.workspace, file, content)
        except (GatewayError, asyncio.CancelledError):  # an agent that is half made is none
            await self._configuration.edit(lambda text: without_agent_and_bindings(text, agent_id)[0])
            raise
        return agent

    async def update(self, agent_id: str, changes: Mapping[str, Any], language: Language) -> str:
        """Change an agent (None takes something away): its id. A new name is also put into the line of its `IDENTITY.md` that
        tells the name, where there is one; a folder that is made gets its files in `language`. Raises NOT_FOUND,
        BAD_REQUEST."""
        agent = self._roster().get(agent_id)
        await self._configuration.edit(lambda text: with_agent_changed(text, agent.id, _entry("", changes)))
        if changes.get("workspace"):
            await self._workspaces().prepare(self._roster().get(agent.id).workspace, templates(language))
        if changes.get("name"):
            workspace = self._roster().get(agent.id).workspace
            told = await self._files.read(workspace, _IDENTITY) or ""
            renamed = with_name_told(told, changes["name"])
            if renamed != told:
                await self._files.write(workspace, _IDENTITY, renamed)
        return agent.id

    async def delete(self, agent_id: str, *, files: bool) -> tuple[Agent, int, str]:
        """Remove an agent; with `files`, its folder too. The agent, how many bindings went with it, and why the folder stayed
        (empty: it did not, or was not to go). Raises NOT_FOUND, BAD_REQUEST for the last resort, `main`."""
        agent = self._roster().get(agent_id)
        if agent.id == MAIN_AGENT:
            raise bad_request("agents.undeletable", "agentId", agent=agent.id)
        removed = 0

        def edit(text: str) -> str:
            nonlocal removed
            text, removed = without_agent_and_bindings(text, agent.id)
            return text

        await self._configuration.edit(edit)
        shared = any(other.workspace == agent.workspace for other in self._roster().agents.values())
        why = ""
        if files:
            why = Text("agents.shared_folder").render() if shared else await self._trash.discard(agent.workspace)
        return agent, removed, why


def _entry(agent_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in `agents.list[]`. Raises BAD_REQUEST for what no file system or line could hold."""
    for name, value in given.items():
        steps = str(value or "").encode("utf-8", "replace").split(b"/")
        if (
            not str(value or "").isprintable()
            or len(b"/".join(steps)) > _LONGEST
            or max(map(len, steps)) > _LONGEST_STEP
        ):
            raise bad_request("agents.bad_value", name)
    entry: dict[str, Any] = {"id": agent_id} if agent_id else {}
    entry |= {name: given[name] for name in ("name", "workspace", "model") if name in given}
    identity = {name: given[name] for name in ("emoji", "avatar") if given.get(name)}
    return {**entry, "identity": identity} if identity else entry


def id_of_name(name: str, taken: Container[str]) -> str:
    """The id of an agent that only has a name. A name in a script that ids cannot hold leaves little of itself, or nothing, for
    one: it gets a number where another agent has that already."""
    if name.isascii():
        return normalise_agent_id(name)
    stem = normalise_agent_id(f"agent {name}").removeprefix("agent-").strip("-_") or _NAMELESS
    numbered = (stem if number == 1 else f"{stem[:58]}-{number}" for number in count(1))
    return next(each for each in numbered if each != MAIN_AGENT and each not in taken)


def with_name_told(identity: str, name: str) -> str:
    """The text of an `IDENTITY.md` with another name in its first line that tells one; as it was where none does."""

    def told(found: re.Match[str]) -> str:
        return _told(found.group(1), name)

    return _NAME_LINE.sub(told, identity, count=1)


def _identity(agent: Agent, language: Language) -> str:
    """The template, with what is known of the agent behind its four lines: name, character, emoji and avatar."""
    known = iter((agent.name, "", agent.emoji, agent.avatar))
    return _OPEN_LINE.sub(lambda line: _told(line.group(), next(known)), templates(language)[_IDENTITY])


def _told(start: str, value: str) -> str:
    return f"{start}{'' if start.endswith('：') else ' '}{value}".rstrip()
