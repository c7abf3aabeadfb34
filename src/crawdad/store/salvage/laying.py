"""Lays what can be read of a damaged database over a sound one of the same schema: the newest snapshot, or one that is empty.

What was read is newer, and wins. Of a row that only the snapshot has, it is known whether it was deleted since where the
stretch of row numbers could be read that it would stand in: then it is left out. Where that could not be read, it comes back,
unless it permits something (`rules`). Blocks: it is for a process of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Table

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store.migrations import HEAD
from crawdad.store.salvage.copies import open_copy
from crawdad.store.salvage.reading import TableReader
from crawdad.store.salvage.rules import DECIDING, DERIVED, KEYS, KEYS_TOPIC, ORDER, PERMITS, STRICTER

_BATCH = 500
_MOST_ORPHANS = 100
_REVISION = "SELECT version_num FROM alembic_version"
_KEYS_REVISION = f"SELECT revision FROM changes NOT INDEXED WHERE topic = '{KEYS_TOPIC}'"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a table: rows that were `read`, rows of the `snapshot` among what is there now, those of them that are
    `withheld` because nobody knows whether they still hold, and rows that are `lost` (None: more than none, nobody knows how
    many)."""

    table: str
    read: int
    snapshot: int = 0
    withheld: int = 0
    lost: int | None = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read."""
        return not self.snapshot and not self.withheld and self.lost == 0


def salvage(damaged: Path, target: Path, original: Path | None, late: Callable[[], bool], now: float) -> list[Salvaged]:
    """Lay `damaged` over `target`. `original` is the snapshot that `target` was made of, before it was brought to the newest
    schema; None: `target` is empty. `late` tells that no more is to be read. What was done with each table.

    Raises INTERNAL where nothing can be read, or too little to know who may come in; CONFLICT for another schema."""
    folder = target.parent / "salvage"
    folder.mkdir(mode=0o700)
    try:
        with closing(open_copy(damaged, folder, original)) as source, _opened(target, folder) as sound:
            _need_same_schema(source)
            found = _Laying(source, sound, original, late, now).run()
        _need_sound(target)
        return found
    except sqlite3.DatabaseError as error:
        raise _failed(str(error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Laying:
    def __init__(
        self,
        source: sqlite3.Connection,
        target: sqlite3.Connection,
        original: Path | None,
        late: Callable[[], bool],
        now: float,
    ) -> None:
        self._source, self._target, self._late, self._now = source, target, late, now
        self._based = original is not None
        self._alike = original is not None and _revision_of(original) == HEAD
        """Whether a row has the same number in both: a migration may have numbered them anew."""
        self._same_keys = self._keys_revision()

    def run(self) -> list[Salvaged]:
        found = [self._lay(table) for table in ORDER]
        if not any(each.read for each in found):
            raise _failed("nothing in it can be read")
        lost = {each.table for each in found if not each.is_whole}
        if not self._based and lost & set(DECIDING):
            raise _failed("what decides who may come in cannot be read")
        orphans = self._drop_orphans()
        for statement in DERIVED:
            self._target.execute(statement)
        return [
            Salvaged(each.table, each.read, each.snapshot, each.withheld, _more(each.lost, orphans.get(each.table, 0)))
            for each in found
        ]

    def _lay(self, table: Table) -> Salvaged:
        name = table.name
        self._target.execute("BEGIN")
        self._target.execute("DELETE FROM aside.seen")
        if name in STRICTER:
            self._target.execute("DROP TABLE IF EXISTS aside.before")
            self._target.execute(f'CREATE TABLE aside.before AS SELECT * FROM "{name}"')
        highest = self._one(f'SELECT max(rowid) FROM "{name}"') or 0
        reader = TableReader(self._source, table, self._late, highest)
        read = self._put(table, reader)
        self._forget_deleted(name, reader)
        withheld = 0 if reader.whole else self._withhold(name)
        for statement in STRICTER.get(name, ()) if self._based else ():
            self._target.execute(statement)
        there = self._one(f'SELECT count(*) FROM "{name}"') or 0
        kept = (
            self._one(f'SELECT count(*) FROM "{name}" WHERE rowid NOT IN (SELECT number FROM aside.seen WHERE taken)')
            or 0
        )
        self._target.execute("COMMIT")
        lost = 0 if reader.whole else self._lost(name, there + withheld)
        return Salvaged(name, read, 0 if reader.whole else kept, withheld, lost)

    def _put(self, table: Table, reader: TableReader) -> int:
        """Rows that were read take the place of others with their number, key or name."""
        names = [column.name for column in table.columns]
        places = ", ".join(f'"{name}"' for name in names)
        statement = (
            f'INSERT OR REPLACE INTO "{table.name}" (rowid, {places}) VALUES ({", ".join("?" * (len(names) + 1))})'
        )
        if not self._alike:
            statement = f'INSERT OR REPLACE INTO "{table.name}" ({places}) VALUES ({", ".join("?" * len(names))})'
        rows, count = reader.rows(), 0
        while batch := list(islice(rows, _BATCH)):
            for number, values in batch:
                with suppress(sqlite3.IntegrityError):
                    row = self._target.execute(statement, (number, *values) if self._alike else values).lastrowid
                    self._target.execute("INSERT OR REPLACE INTO aside.seen VALUES (?, 1)", (row,))
                    count += 1
        if self._alike:
            spoilt = [(number,) for number in reader.spoilt]
            self._target.executemany("INSERT OR IGNORE INTO aside.seen VALUES (?, 0)", spoilt)
        return count

    def _forget_deleted(self, name: str, reader: TableReader) -> None:
        """Rows of the snapshot whose place could be read, and is empty."""
        stretches: Sequence[tuple[int, int]] = reader.covered
        if not self._alike:
            stretches = stretches if reader.whole else ()
        for low, high in stretches:
            self._target.execute(
                f'DELETE FROM "{name}" WHERE rowid BETWEEN ? AND ? AND rowid NOT IN (SELECT number FROM aside.seen)',
                (low, high),
            )

    def _withhold(self, name: str) -> int:
        """Rows of the snapshot that permit something, of which it is not known whether they still do."""
        unseen = "rowid NOT IN (SELECT number FROM aside.seen WHERE taken)"
        if name in PERMITS:
            return self._target.execute(f'DELETE FROM "{name}" WHERE {unseen}').rowcount
        if name == KEYS and not self._same_keys:
            statement = f'UPDATE "{KEYS}" SET revoked_at = ? WHERE revoked_at IS NULL AND {unseen}'
            return self._target.execute(statement, (self._now,)).rowcount
        return 0

    def _lost(self, name: str, there: int) -> int | None:
        """How many more rows an index of the damaged file tells of; None where that cannot be read either."""
        try:
            for _, index, _, _, partial in self._source.execute(f'PRAGMA index_list("{name}")').fetchall():
                if not partial:
                    count = self._source.execute(
                        f'SELECT count(*) FROM "{name}" INDEXED BY "{index.decode()}"'
                    ).fetchone()[0]
                    return max(0, int(count) - there)
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            pass
        return None

    def _drop_orphans(self) -> dict[str, int]:
        """Rows whose parent is lost are of no use to anybody."""
        dropped: dict[str, int] = {}
        for _ in range(_MOST_ORPHANS):
            found = self._target.execute("PRAGMA foreign_key_check").fetchall()
            if not found:
                break
            for table, number, _, _ in found:
                self._target.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (number,))
                dropped[table] = dropped.get(table, 0) + 1
        return dropped

    def _keys_revision(self) -> bool:
        """Whether no key was made, changed or revoked since the snapshot, as far as that can be read."""
        if not self._based:
            return False
        try:
            mine = self._source.execute(_KEYS_REVISION).fetchall()
        except sqlite3.DatabaseError:
            return False
        return mine == self._target.execute(_KEYS_REVISION).fetchall()

    def _one(self, statement: str) -> int | None:
        found: int | None = self._target.execute(statement).fetchone()[0]
        return found


@contextmanager
def _opened(target: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    """Quick to write: it is nobody's yet, and is thrown away where this does not come to its end."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-16384")
        connection.execute("ATTACH ? AS aside", (str(folder / "aside.db"),))
        connection.execute("PRAGMA aside.journal_mode=OFF")
        connection.execute("CREATE TABLE aside.seen (number INTEGER PRIMARY KEY, taken INTEGER NOT NULL)")
        yield connection


def _need_same_schema(source: sqlite3.Connection) -> None:
    """Raise CONFLICT for another schema. Where its revision cannot be read, its tables tell."""
    try:
        found = source.execute(_REVISION).fetchone()
        same = found is not None and bytes(found[0]).decode() == HEAD
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        same = all(_columns(source, table.name) >= {column.name for column in table.columns} for table in ORDER)
    if not same:
        raise GatewayError(ErrorKind.CONFLICT, Text("store.salvage_schema"), {"code": "other_schema"})


def _columns(source: sqlite3.Connection, table: str) -> set[str]:
    return {row[1].decode() for row in source.execute(f'PRAGMA table_info("{table}")')}


def _revision_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute(_REVISION).fetchone()[0])


def _need_sound(target: Path) -> None:
    """Raise INTERNAL unless it is whole and on the disk."""
    with closing(sqlite3.connect(target)) as connection:
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    if answer != "ok" or orphan is not None or _revision_of(target) != HEAD:
        raise _failed(answer)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _more(lost: int | None, orphans: int) -> int | None:
    return None if lost is None else lost + orphans


def _failed(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.INTERNAL, Text("store.not_salvaged", {"reason": reason}), {"code": "not_salvaged"})
