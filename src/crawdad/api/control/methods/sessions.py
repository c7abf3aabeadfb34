"""`sessions.*`: listed, looked into, changed and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.model_defaults import default_model
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.session_shapes import model_of, preview, row, split_model, stored
from crawdad.api.control.turns import Turns
from crawdad.core.agent_names import default_agent
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import NewLogEvent, SessionEntry, SessionFilter, agent_of, main_key
from crawdad.core.text import Text
from crawdad.services.agents.models import candidates
from crawdad.services.catalogue.plan import plan_route
from crawdad.services.sessions.openings import Openings
from crawdad.services.sessions.service import no_session
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, Schema, closed, integer, words
from crawdad.wire.control.scopes import ADMIN, READ

_MOST = 1000
_MOST_PREVIEWS = 64
_STOP_SECONDS = 15.0
_SETTINGS = (
    *("label", "thinkingLevel", "verboseLevel", "reasoningLevel", "responseUsage", "elevatedLevel"),
    *("execHost", "execSecurity", "execAsk", "model", "sendPolicy", "groupActivation", "queueMode"),
)
_NULLABLE: Schema = {"anyOf": [FILLED, {"type": "null"}]}
_LIST = closed(
    {
        "limit": integer(1),
        "activeMinutes": integer(1),
        **dict.fromkeys(("includeGlobal", "includeUnknown", "includeDerivedTitles", "includeLastMessage"), BOOLEAN),
        "label": FILLED,
        "spawnedBy": FILLED,
        "agentId": FILLED,
        "search": STRING,
    }
)
_PREVIEW = closed(
    {"keys": {"type": "array", "items": FILLED, "minItems": 1}, "limit": integer(1), "maxChars": integer(20)}, "keys"
)
_RESOLVE = closed(
    {
        **dict.fromkeys(("key", "sessionId", "label", "agentId", "spawnedBy"), FILLED),
        **dict.fromkeys(("includeGlobal", "includeUnknown"), BOOLEAN),
    }
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers, changes = _Sessions(control, control.agents), _Changes(control, control.agents)
    patch = closed({"key": FILLED, **dict.fromkeys(_SETTINGS, _NULLABLE)}, "key")
    reset = closed({"key": FILLED, "reason": words("new", "reset")}, "key")
    delete = closed({"key": FILLED, "deleteTranscript": BOOLEAN}, "key")
    compact = closed({"key": FILLED, "maxLines": integer(1)}, "key")
    return [
        Method("sessions.list", READ, answers.listed, _LIST, "{ts, path, count, defaults, sessions[…]}"),
        Method("sessions.preview", READ, answers.preview, _PREVIEW, "{ts, previews[{key, status, items}]}"),
        Method("sessions.resolve", READ, answers.resolve, _RESOLVE, "{ok, key, agentId}", advertised=False),
        Method("sessions.patch", ADMIN, changes.patch, patch, "{ok, path, key, entry, resolved}"),
        Method("sessions.reset", ADMIN, changes.reset, reset, "{ok, key, entry}"),
        Method("sessions.delete", ADMIN, changes.delete, delete, "{ok, key, deleted, archived}"),
        Method("sessions.compact", ADMIN, changes.compact, compact, "{ok, key, compacted, reason, kept}"),
    ]


class _Sessions:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._sessions = side.sessions
        self._openings = Openings(side.sessions.search)
        self._turns = Turns(control, side)

    async def listed(self, asked: Asked) -> Any:
        params, now = asked.params, self._control.clock.now()
        model, context = default_model(self._control)
        minutes = params.get("activeMinutes")
        wanted = SessionFilter(
            agent_id=params.get("agentId"),
            active_since=now - minutes * 60 if minutes else None,
            search=str(params.get("search") or "").strip(),
            below=self._turns.key(params["spawnedBy"]) if params.get("spawnedBy") else None,
        )
        entries = await self._found(wanted, int(params.get("limit", _MOST)), params.get("label"))
        rows = [row(entry, model, context) for entry in entries]
        nameless = [entry for entry in entries if not (entry.title or entry.label) and entry.kind != "main"]
        openings = await self._openings.of(nameless) if params.get("includeDerivedTitles") else {}
        for shown, entry in zip(rows, entries, strict=True):
            title = entry.title or openings.get(entry.session_id)
            if params.get("includeDerivedTitles") and title:
                shown["derivedTitle"] = title
            if params.get("includeLastMessage") and entry.preview:
                shown["lastMessagePreview"] = entry.preview
        provider, name = split_model(model)
        return {
            "ts": round(now * 1000),
            "path": self._control.health.store_path,
            "count": len(rows),
            "defaults": {"modelProvider": provider, "model": name, "contextTokens": context},
            "sessions": rows,
        }

    async def _found(self, wanted: SessionFilter, limit: int, label: str | None) -> Sequence[SessionEntry]:
        if label is not None:
            return (await self._sessions.store.labelled(label, wanted.agent_id))[:limit]
        found: list[SessionEntry] = []
        cursor = None
        while len(found) < min(limit, _MOST):
            page = await self._sessions.page(wanted, min(limit - len(found), 200), cursor)
            found += page.entries
            cursor = page.cursor
            if cursor is None:
                break
        return found[:limit]

    async def preview(self, asked: Asked) -> Any:
        limit, most = int(asked.params.get("limit", 12)), int(asked.params.get("maxChars", 240))
        told = [await self._preview(key, limit, most) for key in asked.params["keys"][:_MOST_PREVIEWS]]
        return {"ts": round(self._control.clock.now() * 1000), "previews": told}

    async def _preview(self, written: str, limit: int, most: int) -> JsonObject:
        try:
            entry = await self._sessions.get(self._turns.key(written))
        except GatewayError:  # a name that can be nobody's
            entry = None
        if entry is None:
            return {"key": written, "status": "missing", "items": []}
        lines = await self._sessions.history(entry.session_id, min(limit, 50))
        items = [item for line in lines if (item := preview(line, most)) is not None]
        return {"key": written, "status": "ok" if items else "empty", "items": items}

    async def resolve(self, asked: Asked) -> Any:
        params = asked.params
        given = [name for name in ("key", "sessionId", "label") if name in params]
        if len(given) != 1:
            raise bad_request("control.one_selector", "key")
        value = params[given[0]]
        if given[0] == "key":
            entry = await self._sessions.get(self._turns.key(value, params.get("agentId")))
        elif given[0] == "sessionId":
            log = await self._sessions.store.log(value)
            entry = await self._sessions.get(log.key) if log is not None else None
        else:
            entry = next(iter(await self._sessions.store.labelled(value, params.get("agentId"))), None)
        if entry is None or (params.get("agentId") and entry.agent_id != params["agentId"]):
            raise no_session(value)
        return {"ok": True, "key": entry.key, "agentId": entry.agent_id}


class _Changes:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._sessions = side.sessions
        self._turns = Turns(control, side)

    def _entry(self, entry: SessionEntry) -> JsonObject:
        return stored(entry, *default_model(self._control))

    async def patch(self, asked: Asked) -> Any:
        key = self._turns.key(asked.params["key"])
        wanted = {name: value for name, value in asked.params.items() if name != "key"}
        self._check_model(key, wanted.get("model"), asked.connection.admitted.principal)
        await self._sessions.open(key, owner=asked.connection.admitted.principal.id)
        entry = await self._sessions.patch(key, wanted)
        provider, model = model_of(entry, default_model(self._control)[0])
        return {
            "ok": True,
            "path": self._control.health.store_path,
            "key": key,
            "entry": self._entry(entry),
            "resolved": {"modelProvider": provider, "model": model},
        }

    def _check_model(self, key: str, model: Any, principal: Principal) -> None:
        """A model that leads nowhere would fail every turn of the session. Raises what such a turn would."""
        if isinstance(model, str):
            catalogue, standing = self._control.catalogue(), default_agent(self._control.settings().agents)
            agent = self._side.roster().get(agent_of(key, standing))
            plan_route(catalogue, candidates(agent, model, catalogue, principal)[0], "openai-chat", principal)

    async def reset(self, asked: Asked) -> Any:
        key = self._turns.key(asked.params["key"])
        await self._stop(key)
        await self._sessions.open(key, owner=asked.connection.admitted.principal.id)
        entry = await self._sessions.reset(key, asked.params.get("reason", "reset"))
        return {"ok": True, "key": key, "entry": self._entry(entry)}

    async def delete(self, asked: Asked) -> Any:
        settings = self._control.settings()
        key = self._turns.key(asked.params["key"])
        if key in (
            main_key(default_agent(settings.agents), settings.session.scope),
            main_key(default_agent(settings.agents)),
        ):
            raise bad_request("control.main_session", "key", session=key)
        if await self._sessions.get(key) is None:
            return {"ok": True, "key": key, "deleted": False, "archived": []}
        await self._stop(key)
        await self._sessions.delete(key)
        return {"ok": True, "key": key, "deleted": True, "archived": []}

    async def _stop(self, key: str) -> None:
        """Stop what runs and waits in a session. Raises UNAVAILABLE where it does not come to its end."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                for run_id in await self._side.runs.cancel_session(key):
                    await self._side.runs.wait(run_id)
        except TimeoutError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("control.still_active", {"key": key})) from error

    async def compact(self, asked: Asked) -> Any:
        """Have the model see the last lines alone; the log keeps the others."""
        key, most = self._turns.key(asked.params["key"]), int(asked.params.get("maxLines", 400))
        entry = await self._sessions.get(key)
        if entry is None:
            return {"ok": True, "key": key, "compacted": False, "reason": "no sessionId"}
        lines = [line for line in await self._sessions.view(entry.session_id) if line.kind != "compaction"]
        if not lines:
            return {"ok": True, "key": key, "compacted": False, "reason": "no transcript"}
        if len(lines) <= most:
            return {"ok": True, "key": key, "compacted": False, "kept": len(lines)}
        if await self._side.runs.active(key):
            raise GatewayError(ErrorKind.CONFLICT, Text("sessions.running"))
        data = {"summary": "", "firstKept": lines[-most].sequence, "tokensBefore": entry.context_tokens}
        await self._sessions.append(entry, [NewLogEvent("compaction", data)])
        return {"ok": True, "key": key, "compacted": True, "kept": most}
