"""`tools.catalog` and `skills.status`: what agents can do."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolDefinition
from crawdad.services.skills.skill import Skill
from crawdad.services.tools.policy import GROUPS, PROFILES
from crawdad.wire.control.schema import BOOLEAN, FILLED, closed
from crawdad.wire.control.scopes import READ

_LABELS = {"fs": "Files", "web": "Web", "automation": "Automation", "plugins": "Plugins", "media": "Media"}
_PLUGINS = "plugins"


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers = _Tools(control.agents)
    return [
        Method(
            "tools.catalog",
            READ,
            answers.catalog,
            closed({"agentId": FILLED, "includePlugins": BOOLEAN}),
            "{agentId, profiles[{id, label}], groups[{id, label, source, tools[…]}]}",
        ),
        Method(
            "skills.status",
            READ,
            answers.skills,
            closed({"agentId": FILLED}),
            "{workspaceDir, managedSkillsDir, skills[{name, description, source, eligible, …}]}",
        ),
    ]


class _Tools:
    def __init__(self, side: AgentSide) -> None:
        self._side = side

    async def catalog(self, asked: Asked) -> Any:
        agent = self._side.roster().get(asked.params.get("agentId") or "")
        known: dict[str, list[ToolDefinition]] = {}
        for tool in self._side.toolbox.known():
            known.setdefault(tool.group, []).append(tool)
        names = [group for group in GROUPS if group in known]
        if asked.params.get("includePlugins") is False:
            names = [name for name in names if name != _PLUGINS]
        return {
            "agentId": agent.id,
            "profiles": [{"id": name, "label": name.capitalize()} for name in PROFILES],
            "groups": [_group(name, known[name]) for name in names],
        }

    async def skills(self, asked: Asked) -> Any:
        agent = self._side.roster().get(asked.params.get("agentId") or "")
        found = await self._side.skills.found(agent.id, agent.workspace)
        return {
            "workspaceDir": str(agent.workspace),
            "managedSkillsDir": self._side.managed_skills,
            "skills": [_skill(skill) for skill in found],
        }


def _group(name: str, tools: list[ToolDefinition]) -> JsonObject:
    source = "plugin" if name == _PLUGINS else "core"
    told = []
    for tool in tools:
        profiles = [
            profile
            for profile, allowed in PROFILES.items()
            if allowed is not None and (tool.name in allowed or f"group:{name}" in allowed)
        ]
        first = tool.description.strip().split("\n")[0]
        told.append(
            {
                "id": tool.name,
                "label": tool.name,
                "description": first,
                "source": source,
                "defaultProfiles": profiles,
            }
        )
    return {"id": name, "label": _LABELS.get(name, name.capitalize()), "source": source, "tools": told}


def _skill(skill: Skill) -> JsonObject:
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
        "description": head.description,
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
