"""`tools.*`: what agents can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.session_shapes import model_of, split_model
from crawdad.api.control.turns import Turns
from crawdad.core.catalogue import MESSAGES
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import agent_of
from crawdad.core.text import Language, Text
from crawdad.core.tools import Sender, ToolDefinition, ToolScope
from crawdad.services.tools.policy import GROUPS, PROFILES
from crawdad.wire.control.schema import BOOLEAN, FILLED, closed
from crawdad.wire.control.scopes import READ

_PLUGINS = "plugins"


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers = _Tools(control, control.agents)
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
            "groups": [_group(name, known[name], asked.language) for name in names],
        }


def _source(tool: ToolDefinition) -> str:
    return tool.group if tool.group == "mcp" else "plugin" if tool.group == _PLUGINS else "core"


def _effective(source: str, tools: Sequence[ToolDefinition]) -> JsonObject:
    told: list[JsonObject] = []
    for tool in tools:
        row: JsonObject = {"id": tool.name, "label": tool.name, "description": tool.description.strip().split("\n")[0]}
        told.append({**row, "rawDescription": tool.description, "source": source})
    return {"id": source, "label": {"mcp": "MCP"}.get(source, source.capitalize()), "source": source, "tools": told}


def _group(name: str, tools: list[ToolDefinition], language: Language) -> JsonObject:
    source = "plugin" if name == _PLUGINS else "core"
    told = []
    for tool in tools:
        profiles = [
            profile
            for profile, allowed in PROFILES.items()
            if allowed is not None and (tool.name in allowed or f"group:{name}" in allowed)
        ]
        own = tool.description.strip().split("\n")[0]  # of a plugin's tool, in whatever language it has
        told.append(
            {
                "id": tool.name,
                "label": tool.name,
                "description": _words(f"tools.about.{tool.name}", language, own) if source == "core" else own,
                "source": source,
                "defaultProfiles": profiles,
            }
        )
    label = _words(f"tools.group.{name}", language, name.capitalize())
    return {"id": name, "label": label, "source": source, "tools": told}


def _words(key: str, language: Language, otherwise: str) -> str:
    return Text(key).render(language) if key in MESSAGES else otherwise
