"""`agents.*` and `agent.identity.get`: who there is, and the files that make them what they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.persona import PersonaFile
from crawdad.core.sessions import agent_of, session_key
from crawdad.core.text import Text
from crawdad.services.agents.administration import AgentAdministration
from crawdad.services.agents.roster import Agent
from crawdad.services.agents.templates import BOOTSTRAP, MEMORY, STANDARD
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, closed
from crawdad.wire.control.scopes import ADMIN, READ

_log = structlog.get_logger(__name__)
_NAMES = (*STANDARD, BOOTSTRAP)
_CREATE = closed(
    {"name": FILLED, "workspace": FILLED, "model": FILLED, "emoji": STRING, "avatar": STRING},
    "name",
)
_UPDATE = closed(
    {
        **dict.fromkeys(("agentId", "name", "workspace"), FILLED),
        "model": {"anyOf": [FILLED, {"type": "null"}]},
        "emoji": STRING,
        "avatar": STRING,
    },
    "agentId",
)
_DELETE = closed({"agentId": FILLED, "deleteFiles": BOOLEAN}, "agentId")
_FILE = closed({"agentId": FILLED, "name": FILLED}, "agentId", "name")


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers, files = _Agents(control, control.agents), _Files(control.agents)
    changes = _Changes(control.agents.administration(control.configuration))
    one, file = closed({"agentId": FILLED}, "agentId"), "{agentId, workspace, file{name, path, missing, content}}"
    written = closed({"agentId": FILLED, "name": FILLED, "content": STRING}, "agentId", "name", "content")
    identity = closed({"agentId": FILLED, "sessionKey": STRING})
    return [
        Method("agents.list", READ, answers.listed, closed({}), "{defaultId, mainKey, scope, agents[{id, name}]}"),
        Method("agents.create", ADMIN, changes.create, _CREATE, "{ok, agentId, name, workspace, model?}"),
        Method("agents.update", ADMIN, changes.update, _UPDATE, "{ok, agentId}"),
        Method(
            "agents.delete", ADMIN, changes.delete, _DELETE, "{ok, agentId, removedBindings, failed?[{path, reason}]}"
        ),
        Method("agents.files.list", READ, files.listed, one, "{agentId, workspace, files[{name, path, missing}]}"),
        Method("agents.files.get", READ, files.get, _FILE, file),
        Method("agents.files.set", ADMIN, files.set, written, f"{{ok, {file[1:]}"),
        Method("agent.identity.get", READ, answers.identity, identity, "{agentId, name, avatar, emoji}"),
    ]


class _Agents:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side

    async def listed(self, _: Asked) -> Any:
        roster = self._side.roster()
        return {
            "defaultId": roster.default.id,
            "mainKey": "main",
            "scope": self._control.settings().session.scope,
            "agents": [_row(agent) for agent in roster.agents.values()],
        }

    async def identity(self, asked: Asked) -> Any:
        roster, named = self._side.roster(), asked.params.get("agentId") or ""
        key = asked.params.get("sessionKey")
        if key:
            own = agent_of(session_key(key, roster.default.id), roster.default.id)
            if named and roster.get(named).id != own:
                raise bad_request("control.other_agent", "agentId", agent=named, owner=own)
            named = own
        agent = roster.get(named)
        told: JsonObject = {"agentId": agent.id, "name": agent.name, "avatar": agent.avatar or agent.name[:1].upper()}
        return {**told, "emoji": agent.emoji} if agent.emoji else told


class _Changes:
    def __init__(self, administration: AgentAdministration) -> None:
        self._administration = administration

    async def create(self, asked: Asked) -> Any:
        given: JsonObject = {
            name: asked.params[name] for name in ("workspace", "model", "emoji", "avatar") if name in asked.params
        }
        agent = await self._administration.create(asked.params["name"], given, asked.connection.language)
        _log.info("agent_created", agent=agent.id, by=asked.connection.admitted.principal.id)
        told = {"ok": True, "agentId": agent.id, "name": agent.name, "workspace": str(agent.workspace)}
        return {**told, "model": given["model"]} if "model" in given else told

    async def update(self, asked: Asked) -> Any:
        names = ("name", "workspace", "model", "emoji", "avatar")
        given = {name: asked.params[name] for name in names if name in asked.params}
        with _known(asked):
            agent_id = await self._administration.update(asked.params["agentId"], given, asked.connection.language)
        _log.info("agent_changed", agent=agent_id, fields=sorted(given), by=asked.connection.admitted.principal.id)
        return {"ok": True, "agentId": agent_id}

    async def delete(self, asked: Asked) -> Any:
        """Without `deleteFiles` the folder goes too, to the trash."""
        files = asked.params.get("deleteFiles", True)
        with _known(asked):
            agent, removed, why = await self._administration.delete(asked.params["agentId"], files=files)
        _log.info("agent_deleted", agent=agent.id, by=asked.connection.admitted.principal.id)
        told: JsonObject = {"ok": True, "agentId": agent.id, "removedBindings": removed}
        return {**told, "failed": [{"path": str(agent.workspace), "reason": why}]} if why else told


@contextmanager
def _known(asked: Asked) -> Iterator[None]:
    """An agent that is not there is told of in the words that clients of these methods know."""
    try:
        yield
    except GatewayError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        words = Text("control.no_agent", {"agent": asked.params["agentId"][:80]})
        raise GatewayError(ErrorKind.NOT_FOUND, words) from error


def _row(agent: Agent) -> JsonObject:
    told: JsonObject = {"id": agent.id}
    if agent.name != agent.id:
        told["name"] = agent.name
    given = {"name": told.get("name"), "theme": agent.theme, "emoji": agent.emoji, "avatar": agent.avatar}
    identity = {name: value for name, value in given.items() if value}
    return {**told, "identity": identity} if identity else told


class _Files:
    def __init__(self, side: AgentSide) -> None:
        self._side = side

    async def listed(self, asked: Asked) -> Any:
        agent = self._agent(asked)
        found = await self._side.files.listed(agent.workspace, (*_NAMES, *MEMORY))
        memory = next((name for name in MEMORY if name in found), MEMORY[0])
        return {
            "agentId": agent.id,
            "workspace": str(agent.workspace),
            "files": [_file(agent, name, found.get(name)) for name in (*_NAMES, memory)],
        }

    async def get(self, asked: Asked) -> Any:
        agent, name = self._agent(asked), _name(asked)
        found = await self._side.files.listed(agent.workspace, (name,))
        text = await self._side.files.read(agent.workspace, name)
        file = _file(agent, name, found.get(name))
        if text is not None:
            file["content"] = text
        return {"agentId": agent.id, "workspace": str(agent.workspace), "file": file}

    async def set(self, asked: Asked) -> Any:
        agent, name, text = self._agent(asked), _name(asked), asked.params["content"]
        await self._side.files.write(agent.workspace, name, text)
        found = await self._side.files.listed(agent.workspace, (name,))
        file = {**_file(agent, name, found.get(name)), "content": text}
        return {"ok": True, "agentId": agent.id, "workspace": str(agent.workspace), "file": file}

    def _agent(self, asked: Asked) -> Agent:
        return self._side.roster().get(asked.params["agentId"])


def _name(asked: Asked) -> str:
    """A file that may be asked for: these names and no others, so no path leads elsewhere. Raises BAD_REQUEST."""
    name: str = asked.params["name"]
    if name not in (*_NAMES, *MEMORY):
        raise _unsupported(name)
    return name


def _unsupported(name: str) -> GatewayError:
    return bad_request("control.unsupported_file", "name", name=name[:200])


def _file(agent: Agent, name: str, found: PersonaFile | None) -> JsonObject:
    told: JsonObject = {"name": name, "path": str(agent.workspace / name), "missing": found is None}
    if found is not None:
        told |= {"size": found.size, "updatedAtMs": round(found.at * 1000)}
    return told
