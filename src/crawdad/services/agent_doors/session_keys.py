"""Which session a client's request belongs to. Pure."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import agent_of, rest_of, session_key
from crawdad.core.text import Text

_RESERVED = ("subagent:", "cron:", "acp:", "hook:", "harness:", "heartbeat:")
_PREFIXES = {"openai-responses": "openresponses", "anthropic-messages": "anthropic", "gemini": "gemini"}


def named_session(text: str, agent_id: str) -> str:
    """The session that a client names in so many words. Raises BAD_REQUEST for one of a reserved kind or of another agent."""
    key = session_key(text, agent_id)
    theirs, rest = agent_of(key, agent_id), rest_of(key)
    if theirs != agent_id:
        values = {"theirs": theirs, "agent": agent_id}
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.session_of_another", values), {"param": "sessionKey"})
    for namespace in _RESERVED:
        if rest.startswith(namespace) or f":{namespace}" in rest:
            raise GatewayError(
                ErrorKind.BAD_REQUEST, Text("doors.session_reserved", {"namespace": namespace}), {"param": "sessionKey"}
            )
    return key


def client_session(protocol: str, agent_id: str, user: str | None, fresh: str) -> str:
    """The session of a client that names none: the user's own, else one for this call alone, called `fresh`."""
    prefix = _PREFIXES.get(protocol, "openai")
    if user and user.strip():
        bare = "".join(character for character in user.strip().lower() if character.isprintable())[:200]
        return f"agent:{agent_id}:{prefix}-user:{bare}"
    return f"agent:{agent_id}:{prefix}:{fresh.lower()}"
