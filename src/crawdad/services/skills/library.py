"""`core.tools.Skills`: what skills there are for an agent, looked at anew each time, read anew only where a file changed."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawdad.core.secret import Secret
from crawdad.core.skill_settings import SkillsSettings
from crawdad.core.skills import SkillFolders
from crawdad.core.tools import SkillCall, SkillSnapshot
from crawdad.services.skills.commands import called_in, command_of, instructions, is_command
from crawdad.services.skills.gating import Surroundings, entry_of, hindrance
from crawdad.services.skills.head import SkillHead, read_head
from crawdad.services.skills.skill import Skill

_MOST_KNOWN = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """Where skills are looked for. `source` names it: extra, bundled, managed, personal, project or workspace."""

    source: str
    root: str
    links: bool = True


def among(skills: Sequence[Skill], only: Sequence[str] | None) -> list[Skill]:
    """The skills of these names, or keys; None: all. Pure."""
    return [skill for skill in skills if only is None or skill.head.name in only or skill.head.key in only]


class SkillLibrary:
    """Skills of all places; of two with one name, that of the later place counts.

    `filter_of` names the skills that an agent may have (None: all).
    """

    def __init__(
        self,
        folders: SkillFolders,
        settings: Callable[[], SkillsSettings],
        places: Callable[[Path | None], Sequence[Place]],
        surroundings: Callable[[], Surroundings],
        filter_of: Callable[[str], Sequence[str] | None] = lambda _: None,
    ) -> None:
        self._folders = folders
        self._settings = settings
        self._places = places
        self._surroundings = surroundings
        self._filter_of = filter_of
        self.more_places: Callable[[], Sequence[Path]] = lambda: ()
        """Directories of skills that plugins bring; they give way to all others."""
        self._known: OrderedDict[str, tuple[str, SkillHead | None]] = OrderedDict()

    async def snapshot(self, agent_id: str, workspace: Path, only: Sequence[str] | None = None) -> SkillSnapshot:
        """What the agent may use now; `only`: of these."""
        found = among(await self.found(agent_id, workspace), only)
        usable = [skill for skill in found if skill.hindrance is None]
        shown = [skill for skill in usable if skill.head.model_invocable]
        limits = self._settings().limits
        prompt, names = prompt_block(shown[: limits.max_skills_in_prompt], limits.max_skills_prompt_chars)
        version = hashlib.sha256(prompt.encode()).hexdigest()[:16] if prompt else ""
        return SkillSnapshot(prompt, names, version)

    async def called(
        self, agent_id: str, workspace: Path, message: str, only: Sequence[str] | None = None
    ) -> SkillCall | None:
        """See the port. A skill that cannot be read is not called."""
        if not is_command(message):  # most are none, and need no look at the disk
            return None
        called = called_in(message, among(await self.found(agent_id, workspace), only))
        if called is None:
            return None
        text = await self._folders.read(called.skill.path, self._settings().limits.max_skill_file_bytes)
        if text is None:
            return None
        head = called.skill.head
        told = instructions(called, text)
        return SkillCall(head.name, command_of(called.skill), called.words, told, head.command_tool)

    async def found(self, agent_id: str | None = None, workspace: Path | None = None) -> list[Skill]:
        """All skills by name, with what keeps them from being used."""
        settings, around = self._settings(), self._surroundings()
        limits = settings.limits
        by_name: dict[str, Skill] = {}
        brought = [Place("plugin", str(folder), links=False) for folder in self.more_places()]
        places = [*brought, *self._places(workspace)]
        roots = [(place.root, place.links) for place in places]
        looked = await self._folders.look(roots, limits.max_candidates_per_root)
        for place, files in zip(places, looked, strict=True):
            loaded = 0
            for file in files:
                if loaded >= limits.max_skills_loaded_per_source:
                    break
                if file.size > limits.max_skill_file_bytes:
                    continue
                head = await self._head(file.path, file.mark, limits.max_skill_file_bytes)
                if head is not None:
                    loaded += 1
                    reason = hindrance(head, place.source, settings, around)
                    by_name[head.name] = Skill(head, file.folder, file.path, place.source, reason)
        wanted = self._filter_of(agent_id) if agent_id is not None else None
        return [
            skill
            for name, skill in sorted(by_name.items())
            if wanted is None or name in wanted or skill.head.key in wanted
        ]

    async def get(self, name: str, agent_id: str | None = None, workspace: Path | None = None) -> Skill | None:
        """One skill."""
        return next((skill for skill in await self.found(agent_id, workspace) if skill.head.name == name), None)

    async def environment(self, agent_id: str, workspace: Path) -> Mapping[str, Secret]:
        """The variables that the settings give to the skills in use; programs of a run may have them, nobody else."""
        found: dict[str, Secret] = {}
        settings = self._settings()
        for skill in await self.found(agent_id, workspace):
            if skill.hindrance is not None:
                continue
            entry = entry_of(skill.head, settings)
            if skill.head.primary_env and entry.api_key is not None:
                found[skill.head.primary_env] = entry.api_key
            found.update(entry.env)
        return found

    async def _head(self, path: str, mark: str, limit: int) -> SkillHead | None:
        known = self._known.get(path)
        if known is None or known[0] != mark:
            text = await self._folders.read(path, limit)
            known = (mark, read_head(text) if text is not None else None)
            self._known[path] = known
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return known[1]


_INTRODUCTION = """## Skills
A skill is a set of instructions for one kind of work. Look through this list before you begin something. When one fits, \
read its SKILL.md first (with the tool `skill`, by name) and follow it; when several fit, take the most specific; when \
none does, read none. Paths within a skill are relative to its directory."""


def prompt_block(skills: Sequence[Skill], most: int) -> tuple[str, tuple[str, ...]]:
    """The block of the system prompt, and the names in it; empty where there is nothing to tell."""
    lines: list[str] = []
    names: list[str] = []
    left = most - len(_INTRODUCTION) - 40
    for skill in skills:
        words = " ".join("".join(c if c.isprintable() else " " for c in skill.head.description).split())
        line = f"- {skill.head.name}: {words} ({skill.path})"
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
        names.append(skill.head.name)
    if not lines:
        return "", ()
    return "\n".join((_INTRODUCTION, "", *lines)), tuple(names)
