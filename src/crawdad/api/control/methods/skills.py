"""`skills.*`: what agents have learnt, and how they learn more from an operator who is elsewhere.

`skills.look` and `skills.remove` are Crawdad's own. Of OpenClaw's three forms of `skills.install` that of an upload is taken.
"""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.skills.installing import Order
from crawdad.services.skills.listing import skill_entry
from crawdad.services.skills.staging import SkillStaging, candidate_fields
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, Schema, closed, integer
from crawdad.wire.control.scopes import ADMIN, READ

_ENV: Schema = {"type": "object", "additionalProperties": STRING}
_HASH: Schema = {"type": "string", "minLength": 64, "maxLength": 64}
_PIECE: Schema = {"type": "string", "minLength": 1, "maxLength": 5_592_408}
_LONGEST_KEY = 200
_TIMEOUT = {"timeoutMs": integer(1000)}
_INSTALL: Schema = {
    "anyOf": [
        closed(
            {
                **{"agentId": FILLED, "name": FILLED, "installId": FILLED, **_TIMEOUT},
                "dangerouslyForceUnsafeInstall": BOOLEAN,
            },
            *("name", "installId"),
        ),
        closed(
            {
                **{"agentId": FILLED, "source": {"const": "clawhub"}, "slug": FILLED, "version": FILLED},
                **{"force": BOOLEAN, **_TIMEOUT},
            },
            *("source", "slug"),
        ),
        closed(
            {
                **{"agentId": FILLED, "source": {"const": "upload"}, "uploadId": FILLED, "slug": FILLED},
                **{"force": BOOLEAN, "sha256": _HASH, **_TIMEOUT},
            },
            *("source", "uploadId", "slug"),
        ),
    ]
}


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers, staged = _Skills(control, control.agents), _Staged(control, control.agents)
    update = closed({"skillKey": FILLED, "enabled": BOOLEAN, "apiKey": STRING, "env": _ENV}, "skillKey")
    listed = "{workspaceDir, managedSkillsDir, skills[{name, description, source, eligible, …}]}"
    begin = closed(
        {
            **{"kind": {"const": "skill-archive"}, "slug": FILLED, "sizeBytes": integer(1), "sha256": _HASH},
            **{"force": BOOLEAN, "idempotencyKey": FILLED},
        },
        *("kind", "slug", "sizeBytes"),
    )
    piece = closed({"uploadId": FILLED, "offset": integer(0), "dataBase64": _PIECE}, "uploadId", "offset", "dataBase64")
    whole = closed({"uploadId": FILLED, "sha256": _HASH}, "uploadId")
    look = closed({"address": FILLED, "registry": FILLED, "sha256": _HASH}, "address")
    has = "{uploadId, name, description, version, sha256, vouchedBy, permissions}"
    return [
        Method("skills.status", READ, answers.status, closed({"agentId": FILLED, "sessionKey": FILLED}), listed),
        Method("skills.update", ADMIN, answers.update, update, "{ok, skillKey, config}"),
        Method("skills.upload.begin", ADMIN, staged.begin, begin, "{uploadId, receivedBytes, sizeBytes}"),
        Method("skills.upload.chunk", ADMIN, staged.chunk, piece, "{uploadId, receivedBytes}"),
        Method("skills.upload.commit", ADMIN, staged.commit, whole, has),
        Method("skills.look", ADMIN, staged.look, look, has),
        Method("skills.install", ADMIN, staged.install, _INSTALL, "{ok, message, stdout, stderr, code, directory, …}"),
        Method("skills.remove", ADMIN, staged.remove, closed({"name": FILLED}, "name"), "{ok, name}"),
    ]


class _Skills:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side

    async def status(self, asked: Asked) -> Any:
        agent = self._side.roster().get(asked.params.get("agentId") or "")
        found = await self._side.skills.found(agent.id, agent.workspace)
        return {
            "workspaceDir": str(agent.workspace),
            "managedSkillsDir": self._side.managed_skills,
            "skills": [skill_entry(skill, asked.language) for skill in found],
        }

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


class _Staged:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._side = side
        self._staging = SkillStaging(
            side.skill_installer, lambda: control.settings().skills, control.clock, control.randomness
        )

    async def begin(self, asked: Asked) -> Any:
        params = asked.params
        more = params.get("sha256", ""), params.get("force", False), params.get("idempotencyKey", "")
        name = self._staging.begin(_owner(asked), params["slug"], params["sizeBytes"], *more)
        return {"uploadId": name, "receivedBytes": 0, "sizeBytes": params["sizeBytes"]}

    async def chunk(self, asked: Asked) -> Any:
        params = asked.params
        received = self._staging.add(_owner(asked), params["uploadId"], params["offset"], params["dataBase64"])
        return {"uploadId": params["uploadId"], "receivedBytes": received}

    async def commit(self, asked: Asked) -> Any:
        name = asked.params["uploadId"]
        candidate = await self._staging.commit(_owner(asked), name, asked.params.get("sha256", ""))
        return {"uploadId": name, **candidate_fields(candidate)}

    async def look(self, asked: Asked) -> Any:
        params = asked.params
        order = Order(params["address"], params.get("sha256", ""), params.get("registry", ""))
        name, candidate = await self._staging.fetch(_owner(asked), order)
        return {"uploadId": name, **candidate_fields(candidate)}

    async def install(self, asked: Asked) -> Any:
        params = asked.params
        if params.get("source") != "upload":
            key = "skills.no_installers" if "installId" in params else "skills.not_from_hub"
            raise GatewayError(ErrorKind.UNAVAILABLE, Text(key))
        force, sha256 = params.get("force", False), params.get("sha256", "")
        name, slug = params["uploadId"], params["slug"]
        candidate, folder = await self._staging.install(_owner(asked), name, slug, force, sha256)
        fields = candidate_fields(candidate)
        told = Text("cli.skills.installed", {"name": fields["name"], "path": folder}).render(asked.language)
        answer = {"ok": True, "message": told, "stdout": "", "stderr": "", "code": 0}
        return {**answer, "warnings": fields["permissions"]["warnings"], "directory": folder, **fields}

    async def remove(self, asked: Asked) -> Any:
        name = asked.params["name"]
        await self._side.skill_installer.remove(name)
        return {"ok": True, "name": name}


def _owner(asked: Asked) -> str:
    return asked.connection.admitted.principal.id
