"""`tools.*` and `skills.*`: what agents can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.session_shapes import model_of, split_model
from crawdad.api.control.turns import Turns
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import agent_of
from crawdad.core.tools import Sender, ToolDefinition, ToolScope
from crawdad.services.skills.skill import Skill
from crawdad.services.tools.policy import GROUPS, PROFILES
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, Schema, closed
from crawdad.wire.control.scopes import ADMIN, READ

_LABELS = {"fs": "Files", "web": "Web", "automation": "Automation", "plugins": "Plugins", "media": "Media"}
_PLUGINS = "plugins"
_ENV: Schema = {"type": "object", "additionalProperties": STRING}
_LONGEST_KEY = 200


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers, skills = _Tools(control, control.agents), _SkillChanges(control)
    return [
        Method(
            "tools.catalog",
            READ,
            answers.catalog,
            closed({"agentId": FILLED, "includePlugins": BOOLEAN}),
            "{agentId, profiles[{id, label}], groups[{id, label, source, tools[…]}]}",
        ),
        Method(
            "tools.effective",
            READ,
            answers.effective,
            closed({"agentId": FILLED, "sessionKey": FILLED}, "sessionKey"),
            "{agentId, profile, groups[{id, label, source, tools[…]}]}",
        ),
        Method(
            "skills.update",
            ADMIN,
            skills.update,
            closed({"skillKey": FILLED, "enabled": BOOLEAN, "apiKey": STRING, "env": _ENV}, "skillKey"),
            "{ok, skillKey, config}",
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
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)

    async def effective(self, asked: Asked) -> Any:
        """The tools that a turn of that session would have if this client began it."""
        params, principal = asked.params, asked.connection.admitted.principal
        named = self._side.roster().get(params["agentId"]).id if params.get("agentId") else None
        key = self._turns.key(params["sessionKey"], named)
        agent = self._side.roster().get(agent_of(key, self._side.roster().default.id))
        if named not in (None, agent.id):
            raise bad_request("control.other_agent", "agentId", agent=named, owner=agent.id)
        entry = await self._side.sessions.get(key)
        provider, model = model_of(entry, agent.model) if entry is not None else split_model(agent.model)
        owner = Permission.AGENTS_MANAGE in principal.permissions
        scope = ToolScope(
            agent.id,
            key,
            principal,
            Sender(principal.id, principal.name, owner=owner),
            provider=provider or "",
            model=model or "",
            channel=entry.channel if entry is not None else "",
        )
        found: dict[str, list[ToolDefinition]] = {}
        for tool in (await self._side.toolbox.effective(scope)).values():
            found.setdefault(_source(tool.definition), []).append(tool.definition)
        groups = [_effective(source, found[source]) for source in ("core", "plugin", "mcp") if source in found]
        return {"agentId": agent.id, "profile": self._control.settings().tools.profile, "groups": groups}

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


class _SkillChanges:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def update(self, asked: Asked) -> Any:
        """Change what the configuration says of a skill; an empty text takes a value away."""
        params, name = asked.params, asked.params["skillKey"]
        if name in ("__proto__", "*") or not name.isprintable() or len(name) > _LONGEST_KEY:
            raise bad_request("control.bad_skill", "skillKey")
        entry: JsonObject = {}
        if "enabled" in params:
            entry["enabled"] = params["enabled"]
        if "apiKey" in params:
            entry["apiKey"] = params["apiKey"].strip() or None
        if "env" in params:
            entry["env"] = {key.strip(): value.strip() or None for key, value in params["env"].items() if key.strip()}
        shown = await self._control.configuration.show()
        if entry:
            patch = orjson.dumps({"skills": {"entries": {name: entry}}}).decode()
            shown = await self._control.configuration.patch(patch, shown.hash if shown.exists else None)
        config = ((shown.parsed.get("skills") or {}).get("entries") or {}).get(name) or {}
        return {"ok": True, "skillKey": name, "config": config}


def _source(tool: ToolDefinition) -> str:
    return tool.group if tool.group == "mcp" else "plugin" if tool.group == _PLUGINS else "core"


def _effective(source: str, tools: Sequence[ToolDefinition]) -> JsonObject:
    told: list[JsonObject] = []
    for tool in tools:
        row: JsonObject = {"id": tool.name, "label": tool.name, "description": tool.description.strip().split("\n")[0]}
        told.append({**row, "rawDescription": tool.description, "source": source})
    return {"id": source, "label": {"mcp": "MCP"}.get(source, source.capitalize()), "source": source, "tools": told}


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
