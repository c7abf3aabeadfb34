"""`skills.*`: what agents have learnt."""

from __future__ import annotations

from crawdad.core.section import Section


class SkillsLoadSettings(Section):
    """`skills.load.*`."""

    extra_dirs: tuple[str, ...] = ()


class SkillsSettings(Section):
    """`skills.*`."""

    load: SkillsLoadSettings = SkillsLoadSettings()
