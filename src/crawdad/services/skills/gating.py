"""Whether a skill can be used here: its system, its programs, its variables, its configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawdad.core.skill_settings import SkillEntrySettings, SkillsSettings
from crawdad.core.text import Text
from crawdad.services.skills.head import SkillHead


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is. `system` is darwin, linux or win32; `configured` tells whether a path of the configuration is set to
    something that is not off."""

    system: str
    has_program: Callable[[str], bool]
    variables: Mapping[str, str]
    configured: Callable[[str], bool]


def entry_of(head: SkillHead, settings: SkillsSettings) -> SkillEntrySettings:
    """What is set for a skill, by its key or its name."""
    found = settings.entries.get(head.key) or settings.entries.get(head.name)
    return found if found is not None else SkillEntrySettings()


def hindrance(head: SkillHead, source: str, settings: SkillsSettings, around: Surroundings) -> Text | None:
    """Why a skill is not used; None: it is."""
    entry = entry_of(head, settings)
    if not entry.enabled:
        return Text("skills.disabled")
    if (
        source == "bundled"
        and settings.allow_bundled is not None
        and not {head.name, head.key} & {*settings.allow_bundled}
    ):
        return Text("skills.not_allowed")
    if head.systems and around.system not in head.systems:
        return Text("skills.other_system", {"systems": ", ".join(head.systems)})
    if head.always:
        return None
    missing = [name for name in head.binaries if not around.has_program(name)]
    if missing:
        return Text("skills.no_program", {"names": ", ".join(missing)})
    if head.any_binaries and not any(around.has_program(name) for name in head.any_binaries):
        return Text("skills.no_program", {"names": " / ".join(head.any_binaries)})
    missing = [name for name in head.variables if not _has_variable(name, head, entry, around)]
    if missing:
        return Text("skills.no_variable", {"names": ", ".join(missing)})
    missing = [path for path in head.config if not around.configured(path)]
    if missing:
        return Text("skills.no_config", {"names": ", ".join(missing)})
    return None


def _has_variable(name: str, head: SkillHead, entry: SkillEntrySettings, around: Surroundings) -> bool:
    return (
        bool(around.variables.get(name))
        or name in entry.env
        or (name == head.primary_env and entry.api_key is not None)
    )
