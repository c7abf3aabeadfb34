"""Which sessions an agent sees through its tools, and what it may do there.

Three things must agree: what `tools.sessions.visibility` lets this session see, what `tools.agentToAgent` lets this agent have
to do with others, and whose session it is: through an agent nobody reaches what is not his own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.core.patterns import matches
from crawdad.core.sessions import SessionEntry, SessionFilter, session_key
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tools import ToolOutcome, ToolScope, told
from crawdad.services.sessions.service import SessionService, no_session

MOST_LABEL = 64


@dataclass(frozen=True, slots=True)
class SessionAccess:
    """Finds sessions for tools."""

    sessions: SessionService
    settings: Callable[[], Settings]

    async def find(self, key: str, scope: ToolScope) -> SessionEntry:
        """The session that the caller means. Raises NOT_FOUND, FORBIDDEN."""
        entry = await self.sessions.get(session_key(key, scope.agent_id, self.settings().session.scope))
        if entry is None or not _is_theirs(entry, scope):
            raise no_session(key)
        await self.check(entry, scope)
        return entry

    async def labelled(self, label: str, agent_id: str | None, scope: ToolScope) -> SessionEntry:
        """The newest session with that label. Raises NOT_FOUND, FORBIDDEN."""
        found = [one for one in await self.sessions.store.labelled(label, agent_id) if _is_theirs(one, scope)]
        if not found:
            raise no_session(label)
        await self.check(found[0], scope)
        return found[0]

    async def check(self, entry: SessionEntry, scope: ToolScope) -> None:
        """Raise FORBIDDEN for a session that this one does not see."""
        if entry.key == scope.session_key:
            return
        visibility = self.settings().tools.sessions.visibility
        if entry.agent_id != scope.agent_id and not self.together(scope.agent_id, entry.agent_id):
            raise _forbidden("session_tools.other_agent", agent=entry.agent_id)
        seen = visibility in ("agent", "all")
        if visibility == "agent":
            seen = entry.agent_id == scope.agent_id
        elif visibility == "tree":
            seen = entry.key in await self.sessions.search.tree(scope.session_key)
        if not seen:
            raise _forbidden("session_tools.not_visible", visibility=visibility)

    def together(self, one: str, other: str) -> bool:
        """Whether two agents may have to do with each other."""
        rules = self.settings().tools.agent_to_agent
        if not rules.enabled:
            return False
        return not rules.allow or all(any(matches(each, agent) for each in rules.allow) for agent in (one, other))

    def filters(self, scope: ToolScope) -> SessionFilter:
        """The sessions that a list may show, but for other agents'."""
        visibility = self.settings().tools.sessions.visibility
        owner = None if Permission.AGENTS_MANAGE in scope.principal.permissions else scope.principal.id
        below = scope.session_key if visibility in ("self", "tree") else None
        agent = None if visibility == "all" and self.settings().tools.agent_to_agent.enabled else scope.agent_id
        return SessionFilter(agent_id=None if below else agent, owner=owner, below=below)

    def shows(self, entry: SessionEntry, scope: ToolScope) -> bool:
        """Whether a session that `filters` lets through is shown after all."""
        if self.settings().tools.sessions.visibility == "self" and entry.key != scope.session_key:
            return False
        return entry.agent_id == scope.agent_id or self.together(scope.agent_id, entry.agent_id)


def _is_theirs(entry: SessionEntry, scope: ToolScope) -> bool:
    if entry.key == scope.session_key or Permission.AGENTS_MANAGE in scope.principal.permissions:
        return True
    return entry.owner == scope.principal.id


def need(arguments: JsonObject, name: str, most: int = 1000) -> str:
    """An argument of text that has to be there. Raises BAD_REQUEST."""
    value = text(arguments, name, most)
    if not value:
        raise bad_argument("session_tools.required", name)
    return value


def text(arguments: JsonObject, name: str, most: int = 1000) -> str:
    """An argument of text; empty where it is left out. Raises BAD_REQUEST."""
    value = arguments.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise bad_argument("session_tools.bad_text", name, most=most)
    return value.strip()


def number(arguments: JsonObject, name: str, default: float, least: float, most: float) -> float:
    """A numeric argument, moved into its bounds. Raises BAD_REQUEST."""
    value = arguments.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise bad_argument("session_tools.bad_number", name)
    return min(max(value, least), most)


def bad_argument(key: str, name: str, **values: object) -> GatewayError:
    """What the caller can mend."""
    return GatewayError(ErrorKind.BAD_REQUEST, Text(key, {"param": name, **values}), {"param": name})


def _forbidden(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.FORBIDDEN, Text(key, values), {"code": "session_not_visible"})


def as_json(details: JsonObject, *, is_error: bool = False, untrusted: bool = False) -> ToolOutcome:
    """An outcome that says the same to the model and to whoever watches."""
    words = orjson.dumps(details, option=orjson.OPT_INDENT_2).decode()
    return told(words, details, is_error=is_error, untrusted=untrusted)
