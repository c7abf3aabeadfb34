"""Lists of sessions by page, and the search in everything said."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from crawdad.core.errors import bad_request
from crawdad.core.sessions import LogEvent, SearchHit, SessionEntry, SessionFilter, SessionPage
from crawdad.store.database import Database
from crawdad.store.search_words import phrases_of, scope_word
from crawdad.store.session_rows import entry_of, line_of, plain
from crawdad.store.session_tables import session_lines, sessions

MOST_ON_A_PAGE = 500
_LOOKED_AT = 400
"""Texts looked at in one go: many may be of one session."""
_MOST_LOOKS = 50
_NEWEST = 5_000

_SQLITE = text(
    "SELECT t.id, t.key, t.session_id, t.sequence FROM session_search "
    "CROSS JOIN session_texts t ON t.id = session_search.rowid "
    "WHERE session_search MATCH :wanted AND session_search.rowid < :below AND session_search.rowid >= :least "
    "ORDER BY session_search.rowid DESC LIMIT :most"
)
_POSTGRES_NEWEST = text(
    "WITH newest AS MATERIALIZED (SELECT id, key, session_id, sequence, session_search_vector FROM session_texts "
    "WHERE id < :below AND id >= :least ORDER BY id DESC LIMIT :newest) "
    "SELECT id, key, session_id, sequence FROM newest "
    "WHERE session_search_vector @@ to_tsquery('simple', :wanted) ORDER BY id DESC LIMIT :most"
).bindparams(newest=_NEWEST)
_POSTGRES_ALL = text(
    "WITH found AS MATERIALIZED (SELECT f.id FROM session_texts f "
    "WHERE f.session_search_vector @@ to_tsquery('simple', :wanted)) "
    "SELECT t.id, t.key, t.session_id, t.sequence FROM session_texts t JOIN "
    "(SELECT id FROM found WHERE id < :below AND id >= :least ORDER BY id DESC LIMIT :most) newest USING (id) "
    "ORDER BY t.id DESC"
)
"""PostgreSQL cannot read its index from the newest text on, and its planner guesses badly how often words stand together. So
the newest texts are looked at one by one; where that finds too few, the words are rare enough to ask the index for all."""
_LAST = 2**62
_BEGINNING = 4
"""So many lines of a log are its beginning: a change of the model may stand before the first message."""


class SessionSearch:
    """Reads the tables of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: SessionFilter, limit: int = 50, cursor: str | None = None) -> SessionPage:
        """Sessions, the newest first; where something is looked for, those first where it was said last. Raises BAD_REQUEST
        for a cursor that is none."""
        limit = max(1, min(limit, MOST_ON_A_PAGE))
        if wanted.search.strip():
            hits, following = await self.hits(wanted, limit, cursor)
            return SessionPage([hit.entry for hit in hits], following)
        query = select(sessions).where(*await self._conditions(wanted))
        if cursor is not None:
            at, key = _listed_cursor(cursor)
            time = sessions.c.updated_at
            # The first condition says nothing new: it is what a database finds the place in its index by.
            query = query.where(time <= at, or_(time < at, sessions.c.key < key))
        query = query.order_by(sessions.c.updated_at.desc(), sessions.c.key.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            found = [entry_of(row) for row in (await connection.execute(query)).mappings()]
        if len(found) <= limit:
            return SessionPage(found)
        last = found[limit - 1]
        return SessionPage(found[:limit], f"{last.updated_at!r}~{last.key}")

    async def beginnings(self, session_ids: Sequence[str]) -> list[LogEvent]:
        """The messages among the first lines of some logs, each log's in order."""
        lines = session_lines.c
        query = (
            select(session_lines)
            .where(lines.session_id.in_(session_ids), lines.sequence <= _BEGINNING, lines.kind == "message")
            .order_by(lines.session_id, lines.sequence)
        )
        async with self._database.read() as connection:
            return [line_of(row) for row in (await connection.execute(query)).mappings()]

    async def total(self, wanted: SessionFilter) -> int:
        """How many sessions match, whatever is looked for in them."""
        async with self._database.read() as connection:
            query = select(func.count()).select_from(sessions).where(*await self._conditions(wanted))
            return int((await connection.execute(query)).scalar_one())

    async def hits(
        self, wanted: SessionFilter, limit: int = 20, cursor: str | None = None
    ) -> tuple[list[SearchHit], str | None]:
        """Where something was said: each session once, by what was said last, and the cursor of the next page."""
        query = self._query(wanted)
        if query is None:
            return [], None
        below = first = _number_cursor(cursor)
        seen: set[str] = set()
        found: list[tuple[int, str, str, int]] = []
        more = True
        for _ in range(_MOST_LOOKS):
            rows = await self._look(query, below, 0, _LOOKED_AT)
            more = len(rows) == _LOOKED_AT
            newest = {row[1]: row for row in reversed(rows) if row[1] not in seen}
            fresh = sorted(newest.values(), reverse=True)
            seen.update(row[1] for row in fresh)
            if first < _LAST and fresh:  # those that an earlier page has shown are not shown again
                shown = await self._shown(query, [row[1] for row in fresh], first)
                fresh = [row for row in fresh if row[1] not in shown]
            allowed = await self._allowed(wanted, [row[1] for row in fresh])
            found += [row for row in fresh if row[1] in allowed]
            if not rows or not more or len(found) > limit:
                break
            below = rows[-1][0]
        following = str(found[limit - 1][0]) if len(found) > limit else (str(below) if more and found else None)
        return await self._told(found[:limit]), following

    async def _look(self, query: str, below: int, least: int, most: int) -> list[tuple[int, str, str, int]]:
        values = {"wanted": query, "below": below, "least": least, "most": most}
        statements = (_SQLITE,) if self._database.is_sqlite else (_POSTGRES_NEWEST, _POSTGRES_ALL)
        found: list[tuple[int, str, str, int]] = []
        async with self._database.read() as connection:
            for statement in statements:
                found = [(row[0], row[1], row[2], row[3]) for row in await connection.execute(statement, values)]
                if len(found) == most:
                    break
        return found

    async def _shown(self, query: str, keys: Sequence[str], least: int) -> set[str]:
        """Which of `keys` have a match from the text `least` on."""
        found: set[str] = set()
        scopes = [scope_word("key", key) for key in keys]
        for start in range(0, len(scopes), 50):
            some = f" {self._or} ".join(scopes[start : start + 50])
            rows = await self._look(f"({query}) {self._and} ({some})", _LAST, least, _LOOKED_AT)
            found.update(row[1] for row in rows)
        return found

    async def _allowed(self, wanted: SessionFilter, keys: Sequence[str]) -> set[str]:
        if not keys:
            return set()
        conditions = [sessions.c.key.in_(keys), *await self._conditions(wanted)]
        async with self._database.read() as connection:
            return set((await connection.execute(select(sessions.c.key).where(*conditions))).scalars())

    async def _told(self, rows: Sequence[tuple[int, str, str, int]]) -> list[SearchHit]:
        if not rows:
            return []
        places = or_(*(and_(session_lines.c.session_id == row[2], session_lines.c.sequence == row[3]) for row in rows))
        async with self._database.read() as connection:
            entries: dict[str, SessionEntry] = {
                row["key"]: entry_of(row)
                for row in (
                    await connection.execute(select(sessions).where(sessions.c.key.in_([row[1] for row in rows])))
                ).mappings()
            }
            lines = {
                (row["session_id"], row["sequence"]): line_of(row)
                for row in (await connection.execute(select(session_lines).where(places))).mappings()
            }
        return [
            SearchHit(entries[key], session_id, sequence, lines.get((session_id, sequence)))
            for _, key, session_id, sequence in rows
            if key in entries
        ]

    @property
    def _and(self) -> str:
        return "AND" if self._database.is_sqlite else "&"

    @property
    def _or(self) -> str:
        return "OR" if self._database.is_sqlite else "|"

    def _query(self, wanted: SessionFilter) -> str | None:
        phrases = phrases_of(wanted.search)
        if not phrases:
            return None
        scopes = []
        if wanted.owner is not None:
            scopes.append([scope_word("owner", wanted.owner)])
        if wanted.agent_id is not None:
            scopes.append([scope_word("agent", wanted.agent_id)])
        spell = _sqlite_phrase if self._database.is_sqlite else _postgres_phrase
        return f" {self._and} ".join(spell(phrase) for phrase in (*phrases, *scopes))

    async def _conditions(self, wanted: SessionFilter) -> list[ColumnElement[bool]]:
        column = sessions.c
        found: list[ColumnElement[bool]] = []
        if wanted.agent_id is not None:
            found.append(column.agent_id == plain(wanted.agent_id))
        if wanted.owner is not None:
            found.append(column.owner == plain(wanted.owner))
        if wanted.kinds:
            found.append(column.kind.in_(wanted.kinds))
        if wanted.active_since is not None:
            found.append(column.updated_at >= wanted.active_since)
        if wanted.below is not None:
            found.append(column.key.in_(await self.tree(wanted.below)))
        return found

    async def tree(self, key: str) -> set[str]:
        """A key and those of the sessions that were begun from it, and from these, and so on."""
        tree = select(sessions.c.key).where(sessions.c.key == key).cte("tree", recursive=True)
        tree = tree.union(select(sessions.c.key).where(sessions.c.parent_key == tree.c.key))
        async with self._database.read() as connection:
            return {key, *(await connection.execute(select(tree.c.key))).scalars()}


def _sqlite_phrase(phrase: Sequence[str]) -> str:
    bare = " ".join(word.rstrip("*") for word in phrase)
    return f'"{bare}"' + (" *" if phrase[-1].endswith("*") else "")


def _postgres_phrase(phrase: Sequence[str]) -> str:
    words = [f"'{word.rstrip('*')}'" + (":*" if word.endswith("*") else "") for word in phrase]
    return f"({' <-> '.join(words)})"


def _listed_cursor(cursor: str) -> tuple[float, str]:
    time, mark, key = cursor.partition("~")
    try:
        at = float(time)
    except ValueError:
        at = math.nan
    if not mark or not math.isfinite(at):
        raise bad_request("sessions.bad_cursor", "cursor")
    return at, plain(key)


def _number_cursor(cursor: str | None) -> int:
    if cursor is None:
        return _LAST
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise bad_request("sessions.bad_cursor", "cursor")
    return int(cursor)
