"""Sessions copied: forks, and files that go out to OpenClaw and come in from there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.sessions import LogEvent, SessionEntry, agent_of, kind_of
from crawdad.core.text import Text
from crawdad.services.sessions.openclaw import Transcript, read_file, write
from crawdad.services.sessions.service import SessionService, no_session
from crawdad.services.sessions.transcript import message_of, text_of

_PREVIEW = 160
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class Copies:
    """Makes sessions out of others."""

    def __init__(self, sessions: SessionService) -> None:
        self._sessions = sessions
        self._store = sessions.store

    async def fork(self, key: str, sequence: int | None = None, owner: str | None = None) -> SessionEntry:
        """A new session that begins with the lines up to `sequence` (None: all). Raises NOT_FOUND, BAD_REQUEST."""
        entry = await self._sessions.need(key)
        lines = await self._store.lines(entry.session_id, before=None if sequence is None else sequence + 1)
        if sequence is not None and (not lines or lines[-1].sequence != sequence):
            raise bad_request("sessions.no_line", "sequence", sequence=sequence)
        new_id, now = self._sessions.randomness.new_id(), self._sessions.clock.now()
        is_api = entry.kind == "api"
        base = entry.key if entry.key.startswith("agent:") else f"agent:{entry.agent_id}:{entry.key}"
        forked = SessionEntry(
            key=f"agent:{entry.agent_id}:api:{new_id}" if is_api else f"{base}:fork:{new_id}",
            session_id=new_id,
            agent_id=entry.agent_id,
            kind="api" if is_api else "other",
            created_at=now,
            updated_at=now,
            active_at=now,
            owner=entry.owner if owner is None else owner,
            title=entry.title,
            model=entry.model,
            provider=entry.provider,
            settings=dict(entry.settings),
            public_id=new_id if is_api else "",
            extra={"forkedFrom": {"key": key, "sessionId": entry.session_id, "sequence": sequence}},
        )
        copied = [replace(line, session_id=new_id) for line in lines]
        texts = await asyncio.to_thread(texts_of, copied)
        forked = _counted(forked, copied, texts)
        await self._store.adopt(forked, copied, texts, {})
        await self._sessions.tell(forked, "forked")
        return forked

    async def export(self, session_id: str, cwd: str = "") -> bytes:
        """A log as OpenClaw's JSONL. Raises NOT_FOUND."""
        log = await self._store.log(session_id)
        if log is None:
            raise no_session(session_id)
        lines = await self._store.lines(session_id)
        return await asyncio.to_thread(lambda: b"".join(write(log, lines, cwd)))

    async def take_in(self, content: bytes, key: str, owner: str = "", title: str = "") -> SessionEntry:
        """A new session out of a transcript. The log keeps its id where that is free. Raises BAD_REQUEST, CONFLICT."""
        if await self._store.get(key) is not None:
            text = Text("sessions.exists", {"key": key})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "session_exists"})
        found = await asyncio.to_thread(read_file, content, "")
        session_id = await self._free_id(found)
        lines = [replace(line, session_id=session_id) for line in found.lines]
        now = self._sessions.clock.now()
        entry = SessionEntry(
            key=key,
            session_id=session_id,
            agent_id=agent_of(key),
            kind=kind_of(key),
            created_at=min(found.created_at or now, now),
            updated_at=now,
            active_at=now,
            owner=owner,
            title=title,
        )
        entry = _counted(entry, lines, found.texts)
        await self._store.adopt(entry, lines, found.texts, found.header)
        await self._sessions.tell(entry, "imported")
        return entry

    async def _free_id(self, found: Transcript) -> str:
        wanted = found.header.get("id")
        if isinstance(wanted, str) and _ID.fullmatch(wanted) and await self._store.log(wanted) is None:
            return wanted
        return self._sessions.randomness.new_id()


def texts_of(lines: Sequence[LogEvent]) -> dict[int, str]:
    """What a search finds lines by, by their sequence."""
    found = ((line.sequence, message_of(line.data)) for line in lines if line.kind == "message")
    return {sequence: text_of(message.parts) for sequence, message in found if message is not None}


def _counted(entry: SessionEntry, lines: Sequence[LogEvent], texts: dict[int, str]) -> SessionEntry:
    said = [text for _, text in sorted(texts.items()) if text]
    return replace(
        entry,
        messages=sum(line.kind == "message" for line in lines),
        compactions=sum(line.kind == "compaction" for line in lines),
        preview=" ".join(said[-1].split())[:_PREVIEW] if said else "",
    )
