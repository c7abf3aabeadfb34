"""What was said in an agent's sessions, as something that its memory can be searched for: one text for each log.

The log of the session that searches is left out as long as all of it is before the model anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from crawdad.core.identity import Permission
from crawdad.core.memory import MemoryFile
from crawdad.core.sessions import LogEvent, SessionLog, kind_of
from crawdad.core.tools import ToolScope
from crawdad.services.sessions.transcript import message_of, text_of

_BEGINNING, _ENDING = "sessions/", ".jsonl"
_MOST_LOGS = 100
_MOST_LINES = 2000
_MOST_CHARACTERS = 60_000
_STEP = 20_000
"""A long text loses its beginning by so many characters at once, so that its pieces stay the same for a while."""
_SPEAKERS = {"user": "User", "assistant": "Assistant"}
_ALONE = ("cron", "heartbeat")
"""Turns that nobody speaks in: whoever set them up holds for their person."""


@dataclass(frozen=True, slots=True)
class View:
    """Whose logs are searched: `owner` None: everybody's; `key` None: those of all sessions. `present` is the session that
    searches."""

    agent_id: str
    owner: str | None
    key: str | None
    present: str


class Logs(Protocol):
    """What is needed of the sessions (`store.sessions.SessionStore`)."""

    async def recent(
        self, agent_id: str, owner: str | None, key: str | None, limit: int
    ) -> Sequence[tuple[SessionLog, bool]]:
        """The newest logs with something in them, and whether a part of each is no longer before the model."""

    async def lines(
        self, session_id: str, *, limit: int | None = None, newest: bool = False, kinds: Sequence[str] = ()
    ) -> list[LogEvent]:
        """The last `limit` lines of a log, in order."""


def view_of(scope: ToolScope) -> View:
    """What a turn may search: all that its person may see. In groups, and where somebody speaks who is not the owner but for
    whom the owner's key acts, its own session alone."""
    principal, key = scope.principal, scope.session_key
    manages = Permission.AGENTS_MANAGE in principal.permissions
    trusted = scope.sender.owner or scope.origin in _ALONE or not manages
    alone = kind_of(key) == "group" or not trusted
    return View(scope.agent_id, None if manages else principal.id, key if alone else None, key)


class Transcripts:
    """The texts."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    async def look(self, view: View) -> list[MemoryFile]:
        """The logs that `view` covers, newest first."""
        found = await self._logs.recent(view.agent_id, view.owner, view.key, _MOST_LOGS)
        return [
            MemoryFile(path_of(log.session_id), f"{log.lines}", log.lines)
            for log, partly in found
            if partly or log.key != view.present or log.ended_at is not None
        ]

    async def read(self, view: View, path: str) -> str | None:
        """One of them; None where `view` does not cover it."""
        session_id = session_in(path)
        if session_id is None or path not in {file.path for file in await self.look(view)}:
            return None
        return told(await self._logs.lines(session_id, limit=_MOST_LINES, newest=True, kinds=("message",)))


def path_of(session_id: str) -> str:
    """What a log is called among the files of memory, whose names end otherwise."""
    return f"{_BEGINNING}{session_id}{_ENDING}"


def session_in(path: str) -> str | None:
    """The log that a path means; None: it means a file."""
    if not (path.startswith(_BEGINNING) and path.endswith(_ENDING)):
        return None
    return path[len(_BEGINNING) : -len(_ENDING)]


def told(lines: Sequence[LogEvent]) -> str:
    """What was said, one paragraph for each message, the newest of it."""
    said: list[str] = []
    for line in lines:
        message = message_of(line.data)
        speaker = _SPEAKERS.get(message.role) if message is not None else None
        words = " ".join(text_of(message.parts).split()) if message is not None and speaker else ""
        if words:
            said.append(f"[{datetime.fromtimestamp(line.at, UTC):%Y-%m-%d %H:%M}] {speaker}: {words}")
    over = sum(len(each) + 1 for each in said) - _MOST_CHARACTERS
    dropped, wanted = 0, -(-over // _STEP) * _STEP if over > 0 else 0
    while said and dropped < wanted:
        dropped += len(said.pop(0)) + 1
    return "\n".join(said)
