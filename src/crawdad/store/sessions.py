"""Sessions and their logs. Every change is one transaction: it is there, whole, or it is not.

A log only grows. Its lines are numbered in the transaction that adds them, under a lock on the log's row, so numbers have no
gaps however many processes write; the present log of the session is checked in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, case, delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry, SessionLog
from crawdad.core.text import Text
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.session_rows import (
    columns_of,
    dump,
    entry_of,
    entry_row,
    line_id,
    line_of,
    line_row,
    log_of,
    log_row,
    own_words,
    plain,
    preview_of,
    search_row,
)
from crawdad.store.session_tables import session_lines, session_logs, session_texts, sessions
from crawdad.store.sessions_sqlite import Growth, add_at_once, append_at_once, count_at_once
from crawdad.store.upsert import insert_or_keep

_FRESH: Mapping[str, Any] = {
    **dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens", "context_tokens", "messages", "compactions"), 0),
    "cost": 0.0,
    "aborted": False,
    "preview": "",
}
"""What a new log begins with."""
_FOUND_BY = frozenset(("title", "label", "owner", "agent_id", "public_id"))
_ONE = Question(select(sessions).where(sessions.c.key == parameter("wanted")))
_VIEW = Question(
    select(session_lines, session_logs.c.compaction, session_logs.c.first_kept)
    .join(session_logs, session_logs.c.session_id == session_lines.c.session_id)
    .where(session_lines.c.session_id == parameter("wanted"))
    .where(
        (session_lines.c.sequence >= case((session_logs.c.compaction > 0, session_logs.c.first_kept), else_=literal(1)))
        | (session_lines.c.sequence == session_logs.c.compaction)
    )
    .order_by(session_lines.c.sequence)
)
_IMPORTED_AT_ONCE = 500
_PURGED_AT_ONCE = 50


class SessionStore:
    """The tables of sessions, their logs and lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> SessionEntry | None:
        """The session of a key."""
        found = await self._database.ask(_ONE, wanted=key)
        return entry_of(found[0]) if found else None

    async def named(self, public_id: str, owner: str | None) -> SessionEntry | None:
        """The session that `owner` (None: anybody) knows by that id."""
        named = sessions.c.public_id == plain(public_id)
        return await self._one(named if owner is None else named & (sessions.c.owner == owner))

    async def labelled(self, label: str, agent_id: str | None) -> list[SessionEntry]:
        """The sessions with that label, the newest first."""
        query = (
            select(sessions).where(sessions.c.label == plain(label)).order_by(sessions.c.updated_at.desc()).limit(50)
        )
        if agent_id is not None:
            query = query.where(sessions.c.agent_id == agent_id)
        async with self._database.read() as connection:
            return [entry_of(row) for row in (await connection.execute(query)).mappings()]

    async def several(self, keys: Collection[str]) -> dict[str, SessionEntry]:
        """The sessions of many keys."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(sessions).where(sessions.c.key.in_(keys)))).mappings()
            return {row["key"]: entry_of(row) for row in rows}

    async def add(self, entry: SessionEntry, reason: str = "") -> bool:
        """Keep a new session with an empty log. False when the key has one."""
        if self._database.is_sqlite:
            return await self._database.write_at_once(lambda connection: add_at_once(connection, entry))
        async with self._database.write() as connection:
            made = await connection.execute(insert_or_keep(self._database.dialect, sessions), entry_row(entry))
            if made.rowcount < 1:
                return False
            await connection.execute(insert(session_logs), log_row(entry.session_id, entry.key, entry.created_at))
            await self._index(connection, entry)
        return True

    async def change(self, key: str, values: Mapping[str, Any], at: float) -> SessionEntry | None:
        """Set fields; `settings` and `extra` are merged, a None in them removes. None: there is no such session."""
        async with self._database.write() as connection:
            entry = await self._locked(connection, key)
            if entry is None:
                return None
            wanted = dict(values)
            for name in ("settings", "extra"):
                if name in wanted:
                    merged = {**getattr(entry, name), **wanted[name]}
                    wanted[name] = {key: value for key, value in merged.items() if value is not None}
            wanted.setdefault("updated_at", at)
            changed = replace(entry, **wanted)
            await connection.execute(update(sessions).where(sessions.c.key == key).values(columns_of(wanted)))
            if _FOUND_BY & wanted.keys():
                await self._index(connection, changed)
            return changed

    async def count(self, entry: SessionEntry, amounts: Mapping[str, float], values: Mapping[str, Any]) -> None:
        """Add `amounts` to counters, and set fields by which no search finds the session, while it has the log of `entry`."""
        if self._database.is_sqlite:
            await self._database.write_at_once(lambda connection: count_at_once(connection, entry, amounts, values))
            return
        present = (sessions.c.key == entry.key) & (sessions.c.session_id == entry.session_id)
        changes = {name: sessions.c[name] + amount for name, amount in amounts.items()} | columns_of(values)
        async with self._database.write() as connection:
            await connection.execute(update(sessions).where(present).values(changes))

    async def append(self, entry: SessionEntry, events: Sequence[NewLogEvent], at: float) -> list[LogEvent]:
        """Add lines to the log `entry.session_id`. CONFLICT when it is not the session's present one any more."""
        said = [event for event in events if event.kind == "message"]
        text = next((event.text for event in reversed(said) if event.text), "")
        compactions = [event for event in events if event.kind == "compaction"]
        if self._database.is_sqlite:
            growth = Growth(len(said), len(compactions), preview_of(text) if text else None)
            kept = await self._database.write_at_once(
                lambda connection: append_at_once(connection, entry, events, at, growth)
            )
            if kept is None:
                raise _other_log(entry.key)
            return kept
        values: dict[str, Any] = {
            "updated_at": at,
            "active_at": at,
            "messages": sessions.c.messages + len(said),
            "compactions": sessions.c.compactions + len(compactions),
            **({"preview": preview_of(text)} if text else {}),
        }
        present = (sessions.c.key == entry.key) & (sessions.c.session_id == entry.session_id)
        async with self._database.write() as connection:
            if (await connection.execute(update(sessions).where(present).values(values))).rowcount < 1:
                raise _other_log(entry.key)
            lines = await self._add_lines(connection, entry.session_id, events, at)
            found = [
                search_row(entry, line.session_id, line.sequence, event.text)
                for line, event in zip(lines, events, strict=True)
                if event.text
            ]
            if found:
                await connection.execute(insert(session_texts), found)
        return lines

    async def _add_lines(
        self, connection: AsyncConnection, session_id: str, events: Sequence[NewLogEvent], at: float
    ) -> list[LogEvent]:
        mine = session_logs.c.session_id == session_id
        grown = update(session_logs).where(mine).values(last_sequence=session_logs.c.last_sequence + len(events))
        row = (
            await connection.execute(grown.returning(session_logs.c.last_sequence, session_logs.c.last_id))
        ).one_or_none()
        if row is None:
            raise _other_log(session_id)
        first, parent = row.last_sequence - len(events) + 1, row.last_id
        lines: list[LogEvent] = []
        changed: dict[str, Any] = {}
        for sequence, event in enumerate(events, first):
            line = LogEvent(
                session_id, sequence, line_id(session_id, sequence), event.kind, at, event.data, parent, event.run_id
            )
            parent = line.id
            lines.append(line)
            if event.kind == "compaction":
                changed |= {"compaction": sequence, "first_kept": int(event.data.get("firstKept") or sequence)}
        if lines:
            await connection.execute(insert(session_lines), [line_row(line) for line in lines])
            await connection.execute(update(session_logs).where(mine).values(last_id=parent, **changed))
        return lines

    async def begin(self, entry: SessionEntry, session_id: str, at: float, reason: str) -> SessionEntry | None:
        """Give the session of `entry` a new log; None when it has got another one meanwhile."""
        values = {"session_id": session_id, "updated_at": at, "active_at": at, **_FRESH}
        present = (sessions.c.key == entry.key) & (sessions.c.session_id == entry.session_id)
        async with self._database.write() as connection:
            if (await connection.execute(update(sessions).where(present).values(values))).rowcount < 1:
                return None
            await self._end(connection, entry.session_id, at, reason)
            await connection.execute(insert(session_logs), log_row(session_id, entry.key, at))
        return replace(entry, **values)

    async def adopt(
        self, entry: SessionEntry, lines: Sequence[LogEvent], texts: Mapping[int, str], header: Mapping[str, Any]
    ) -> None:
        """Keep a new session with a log that comes from elsewhere. CONFLICT when the key or the log is known already."""
        compaction = next((line for line in reversed(lines) if line.kind == "compaction"), None)
        row = log_row(entry.session_id, entry.key, entry.created_at) | {
            "last_sequence": len(lines),
            "last_id": lines[-1].id if lines else None,
            "compaction": compaction.sequence if compaction else 0,
            "first_kept": int(compaction.data.get("firstKept") or compaction.sequence) if compaction else 0,
            "header": dump(dict(header)),
        }
        async with self._database.write() as connection:
            await connection.execute(insert(sessions), entry_row(entry))
            await connection.execute(insert(session_logs), row)
            for start in range(0, len(lines), _IMPORTED_AT_ONCE):
                some = lines[start : start + _IMPORTED_AT_ONCE]
                await connection.execute(insert(session_lines), [line_row(line) for line in some])
            found = [search_row(entry, entry.session_id, sequence, text) for sequence, text in texts.items() if text]
            if found:
                await connection.execute(insert(session_texts), found)
            await self._index(connection, entry)

    async def lines(
        self,
        session_id: str,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int | None = None,
        newest: bool = False,
        kinds: Collection[str] = (),
    ) -> list[LogEvent]:
        """Lines of a log numbered above `after` and below `before`, in order; with `newest` the last `limit` of them."""
        column = session_lines.c.sequence
        query = select(session_lines).where(session_lines.c.session_id == session_id, column > after)
        if before is not None:
            query = query.where(column < before)
        if kinds:
            query = query.where(session_lines.c.kind.in_(kinds))
        query = query.order_by(column.desc() if newest else column)
        if limit is not None:
            query = query.limit(limit)
        async with self._database.read() as connection:
            found = [line_of(row) for row in (await connection.execute(query)).mappings()]
        return found[::-1] if newest else found

    async def view(self, session_id: str) -> tuple[list[LogEvent], LogEvent | None]:
        """The lines that the newest compaction of a log kept on (all, where there is none), and that compaction."""
        rows = await self._database.ask(_VIEW, wanted=session_id)
        if not rows or not rows[0]["compaction"]:
            return [line_of(row) for row in rows], None
        number, first = rows[0]["compaction"], rows[0]["first_kept"]
        compaction = next((line_of(row) for row in rows if row["sequence"] == number), None)
        return [line_of(row) for row in rows if row["sequence"] >= first], compaction

    async def logs(self, key: str) -> list[SessionLog]:
        """The logs that a key has had, the newest first."""
        query = select(session_logs).where(session_logs.c.key == key).order_by(session_logs.c.created_at.desc())
        async with self._database.read() as connection:
            return [log_of(row) for row in (await connection.execute(query)).mappings()]

    async def recent(
        self, agent_id: str, owner: str | None, key: str | None, limit: int
    ) -> list[tuple[SessionLog, bool]]:
        """The newest logs of an agent's sessions that hold something, and whether a compaction left a part of each out of
        what the model sees. `owner` None: whoever's; `key` None: all of them."""
        query = (
            select(session_logs)
            .join(sessions, sessions.c.key == session_logs.c.key)
            .where(sessions.c.agent_id == agent_id, session_logs.c.last_sequence > 0)
            .order_by(sessions.c.updated_at.desc(), session_logs.c.created_at.desc())
            .limit(limit)
        )
        if owner is not None:
            query = query.where(sessions.c.owner == owner)
        if key is not None:
            query = query.where(sessions.c.key == key)
        async with self._database.read() as connection:
            return [(log_of(row), row["compaction"] > 0) for row in (await connection.execute(query)).mappings()]

    async def log(self, session_id: str) -> SessionLog | None:
        """One log."""
        query = select(session_logs).where(session_logs.c.session_id == plain(session_id))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else log_of(row)

    async def delete(self, key: str, at: float) -> bool:
        """Take a session out of the lists and the search; its logs stay. False: there is none."""
        async with self._database.write() as connection:
            entry = await self._locked(connection, key)
            if entry is None:
                return False
            await connection.execute(delete(sessions).where(sessions.c.key == key))
            await connection.execute(delete(session_texts).where(session_texts.c.key == key))
            await self._end(connection, entry.session_id, at, "deleted")
        return True

    async def purge(self, key: str) -> int:
        """Remove a session with everything that was said in it, for good: how many logs there were."""
        async with self._database.write() as connection:
            await connection.execute(delete(sessions).where(sessions.c.key == key))
            await connection.execute(delete(session_texts).where(session_texts.c.key == key))
            return (await connection.execute(delete(session_logs).where(session_logs.c.key == key))).rowcount

    async def purge_left(self, before: float) -> int:
        """Remove the logs that were left before a moment, in small transactions: how many."""
        query = select(session_logs.c.session_id).where(session_logs.c.ended_at < before).limit(_PURGED_AT_ONCE)
        removed = 0
        while True:
            async with self._database.write() as connection:
                ids = list((await connection.execute(query)).scalars())
                await connection.execute(delete(session_texts).where(session_texts.c.session_id.in_(ids)))
                await connection.execute(delete(session_logs).where(session_logs.c.session_id.in_(ids)))
            removed += len(ids)
            if len(ids) < _PURGED_AT_ONCE:
                return removed

    async def purge_log(self, session_id: str) -> bool:
        """Remove one log that was left. False: it is a session's present one, or gone already."""
        async with self._database.write() as connection:
            found = await connection.execute(
                delete(session_logs).where(
                    session_logs.c.session_id == session_id, session_logs.c.ended_at.is_not(None)
                )
            )
            if found.rowcount:
                await connection.execute(delete(session_texts).where(session_texts.c.session_id == session_id))
        return found.rowcount > 0

    async def _one(self, wanted: ColumnElement[bool]) -> SessionEntry | None:
        query = select(sessions).where(wanted).order_by(sessions.c.updated_at.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else entry_of(row)

    async def _locked(self, connection: AsyncConnection, key: str) -> SessionEntry | None:
        query = select(sessions).where(sessions.c.key == key).with_for_update()  # SQLite has one writer anyway
        row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else entry_of(row)

    async def _index(self, connection: AsyncConnection, entry: SessionEntry) -> None:
        own = (session_texts.c.key == entry.key) & (session_texts.c.sequence == 0)
        await connection.execute(delete(session_texts).where(own))
        row = search_row(entry, entry.session_id, 0, own_words(entry))
        await connection.execute(insert(session_texts), row)

    async def _end(self, connection: AsyncConnection, session_id: str, at: float, reason: str) -> None:
        ended = update(session_logs).where(session_logs.c.session_id == session_id)
        await connection.execute(ended.values(ended_at=at, reason=reason))


def _other_log(key: str) -> GatewayError:
    return GatewayError(ErrorKind.CONFLICT, Text("sessions.other_log", {"key": key}), {"code": "session_changed"})
