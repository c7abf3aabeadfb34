"""Skills as lists show them, by the names that OpenClaw's command line gives to what is told of them. Pure."""

from __future__ import annotations

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.services.skills.skill import Skill


def skill_entry(skill: Skill, language: Language = "en") -> JsonObject:
    """A skill, and what it lacks, where it is not used for that."""
    head, why = skill.head, skill.hindrance
    needs = {
        "bins": list(head.binaries),
        "anyBins": list(head.any_binaries),
        "env": list(head.variables),
        "config": list(head.config),
        "os": list(head.systems),
    }
    key = why.key if why is not None else ""
    missing = {
        "bins": needs["bins"] if key == "skills.no_program" and head.binaries else [],
        "anyBins": needs["anyBins"] if key == "skills.no_program" and not head.binaries else [],
        "env": needs["env"] if key == "skills.no_variable" else [],
        "config": needs["config"] if key == "skills.no_config" else [],
        "os": needs["os"] if key == "skills.other_system" else [],
    }
    told: JsonObject = {
        "name": head.name,
        "description": head.described(language),
        "source": skill.source,
        "bundled": skill.source == "bundled",
        "filePath": skill.path,
        "baseDir": skill.folder,
        "skillKey": head.key,
        "always": head.always,
        "disabled": key == "skills.disabled",
        "blockedByAllowlist": key == "skills.not_allowed",
        "eligible": why is None,
        "requirements": needs,
        "missing": missing,
        "configChecks": [{"path": path, "satisfied": path not in missing["config"]} for path in head.config],
        "install": [],
    }
    given = {"primaryEnv": head.primary_env, "emoji": head.emoji, "homepage": head.homepage}
    return {**told, **{name: value for name, value in given.items() if value}}
