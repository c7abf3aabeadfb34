"""`core.skills.SkillPackages` for skills."""

from __future__ import annotations

from crawdad.adapters.agent_files.packages import LocalPackages, PackageKind


class LocalSkillPackages(LocalPackages):
    """Keeps installed skills below `root`."""

    kind = PackageKind("skills", ".crawdad-skill.json", ("SKILL.md",))
