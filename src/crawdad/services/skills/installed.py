"""What is installed that agents can do more by, as a panel lists it: the skills of the default agent, and plugins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.core.parts import JsonObject
from crawdad.core.skill_settings import SkillsSettings
from crawdad.core.text import Language
from crawdad.services.agents.roster import Roster
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.services.skills.gating import entry_of
from crawdad.services.skills.library import SkillLibrary
from crawdad.services.skills.skill import Skill


@dataclass(frozen=True, slots=True)
class InstalledSkill:
    """A skill. `enabled` is what its settings say, whatever else keeps it from being used."""

    skill: Skill
    enabled: bool


class Installed:
    """Looked at anew each time."""

    def __init__(
        self,
        library: SkillLibrary,
        roster: Callable[[], Roster],
        settings: Callable[[], SkillsSettings],
        plugins: PluginAdministration | None,
    ) -> None:
        self._library = library
        self._roster = roster
        self._settings = settings
        self._plugins = plugins

    async def skills(self) -> list[InstalledSkill]:
        """The skills, by name."""
        agent = self._roster().default
        settings = self._settings()
        found = await self._library.found(agent.id, agent.workspace)
        return [InstalledSkill(skill, entry_of(skill.head, settings).enabled) for skill in found]

    async def plugins(self, language: Language) -> list[JsonObject]:
        """The plugins, as lists show them."""
        return await self._plugins.listed(language) if self._plugins is not None else []

    async def unknown_plugins(self) -> list[str]:
        """The ids in the settings that no plugin has."""
        return await self._plugins.library.unknown_entries() if self._plugins is not None else []

    async def key_of(self, name: str) -> str | None:
        """What the settings of the skill called `name` (or by its key) stand under; None: there is none, or a plugin of that
        name, which is meant then."""
        heads = [each.skill.head for each in await self.skills()]
        found = next((head.key for head in heads if name in (head.name, head.key)), None)
        if found is None or name in {str(entry["id"]) for entry in await self.plugins("en")}:
            return None
        return found
