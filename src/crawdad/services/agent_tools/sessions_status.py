"""Tools: `session_status` and `agents_list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.patterns import matches
from crawdad.core.sessions import SessionEntry
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agent_tools.sessions_access import SessionAccess, as_json, text

_DEFAULT_WORDS = ("default", "reset", "none")


class SessionStatus:
    """`session_status`."""

    definition = ToolDefinition(
        name="session_status",
        description=(
            "Tell the time and how a session stands: its model, tokens, cost, compactions. Give `model` to have it use "
            "another one from now on (`default`: the usual one again)."
        ),
        parameters={
            "type": "object",
            "properties": {"sessionKey": {"type": "string"}, "model": {"type": "string"}},
        },
        group="sessions",
    )

    def __init__(self, access: SessionAccess) -> None:
        self._access = access

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Look, and change the model where that is asked for."""
        key, model = text(arguments, "sessionKey"), text(arguments, "model", 256)
        entry = await self._access.find(key or context.scope.session_key, context.scope)
        changed = bool(model)
        if model:
            if context.untrusted:
                raise GatewayError(ErrorKind.FORBIDDEN, Text("session_tools.untrusted_change"), {"code": "untrusted"})
            wanted = None if model.lower() in _DEFAULT_WORDS else model
            entry = await self._access.sessions.patch(entry.key, {"model": wanted})
        now = self._access.sessions.clock.now()
        details = _standing(entry, now) | {"ok": True, "changedModel": changed}
        return told("\n".join(f"{name}: {value}" for name, value in _lines(entry, now)), details)


def _lines(entry: SessionEntry, now: float) -> list[tuple[str, str]]:
    return [
        ("Time", datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")),
        ("Session", f"{entry.key} ({entry.session_id})"),
        ("Model", str(entry.settings.get("model") or entry.model or "default")),
        ("Tokens", f"{entry.input_tokens} in, {entry.output_tokens} out, {entry.cached_tokens} cached"),
        ("Context", f"{entry.context_tokens} tokens"),
        ("Cost", f"${entry.cost:.4f}"),
        ("Messages", str(entry.messages)),
        ("Compactions", str(entry.compactions)),
    ]


def _standing(entry: SessionEntry, now: float) -> JsonObject:
    return {
        "sessionKey": entry.key,
        "sessionId": entry.session_id,
        "model": entry.settings.get("model") or entry.model or None,
        "inputTokens": entry.input_tokens,
        "outputTokens": entry.output_tokens,
        "cachedTokens": entry.cached_tokens,
        "contextTokens": entry.context_tokens,
        "cost": entry.cost,
        "messages": entry.messages,
        "compactions": entry.compactions,
        "updatedAt": round(entry.updated_at * 1000),
        "now": round(now * 1000),
    }


class AgentsList:
    """`agents_list`. `may_spawn` tells which agents (patterns) one may have work done by."""

    definition = ToolDefinition(
        name="agents_list",
        description="List the agents that you may start a sub-agent as.",
        parameters={"type": "object", "properties": {}},
        group="sessions",
        independent=True,
    )

    def __init__(self, settings: Callable[[], Settings], may_spawn: Callable[[str], Sequence[str]]) -> None:
        self._settings = settings
        self._may_spawn = may_spawn

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """The list: the asking agent itself first."""
        mine = context.scope.agent_id
        known = {entry.id: entry.name for entry in self._settings().agents.entries}
        allowed = self._may_spawn(mine)
        others = [agent for agent in known if agent != mine and any(matches(each, agent) for each in allowed)]
        agents = [
            {"id": agent, **({"name": known[agent]} if known.get(agent) else {}), "configured": agent in known}
            for agent in (mine, *sorted(others))
        ]
        return as_json({"requester": mine, "allowAny": "*" in allowed, "agents": agents})
