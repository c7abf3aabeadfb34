"""A copy of a damaged database that can be read table by table, whatever has become of its head. Blocks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_PIECE = 1 << 20
_BLOCK = 4096
_HEADER_BYTES = 100
_INTERIOR, _LEAF = 5, 13
_MOST_SCHEMA_PAGES = 4096
_LONGEST = 256 * 1024 * 1024
"""Longer values are nonsense: nothing that is stored comes near it."""


def copy_bytes(source: Path, target: Path) -> None:
    """Copy a file whose disk may refuse some of it: such blocks become zeros."""
    with open(source, "rb", buffering=0) as read, open(target, "wb", buffering=0) as write:
        os.fchmod(write.fileno(), 0o600)
        size = os.fstat(read.fileno()).st_size
        for at in range(0, size, _PIECE):
            write.write(_piece(read.fileno(), at, min(_PIECE, size - at)))


def _piece(descriptor: int, at: int, size: int) -> bytes:
    try:
        return os.pread(descriptor, size, at).ljust(size, b"\0")
    except OSError:
        if size <= _BLOCK:
            return bytes(size)
        return b"".join(
            _piece(descriptor, begin, min(_BLOCK, at + size - begin)) for begin in range(at, at + size, _BLOCK)
        )


def open_copy(damaged: Path, folder: Path, original: Path | None) -> sqlite3.Connection:
    """A copy of `damaged` and its log in `folder`, open for reading. Where its list of tables cannot be read, that of
    `original` is put in its place: a snapshot of the same database has its tables at the same pages. Raises INTERNAL where
    nothing can be read without one."""
    copy = folder / "damaged.db"
    copy_bytes(damaged, copy)
    log = damaged.with_name(f"{damaged.name}-wal")
    if log.is_file():
        copy_bytes(log, copy.with_name(f"{copy.name}-wal"))
    try:
        return _opened(copy)
    except sqlite3.DatabaseError as error:
        if original is None:
            raise _unreadable(error) from None
    _lay_schema(original, copy)
    try:
        return _opened(copy)
    except sqlite3.DatabaseError as error:
        raise _unreadable(error) from None


def _opened(copy: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.text_factory = bytes
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT name, rootpage, sql FROM sqlite_master").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _lay_schema(original: Path, copy: Path) -> None:
    """The pages that list the tables, from one file into the other."""
    with open(original, "rb") as read, open(copy, "r+b") as write:
        head = read.read(_HEADER_BYTES)
        size = int.from_bytes(head[16:18], "big")
        size = 65536 if size == 1 else size
        for number in _schema_pages(read.fileno(), size):
            page = bytearray(os.pread(read.fileno(), size, (number - 1) * size))
            if number == 1:
                page[92:96] = bytes(4)  # how long the file is, is not what stood in the other one
            os.pwrite(write.fileno(), page, (number - 1) * size)


def _schema_pages(descriptor: int, size: int) -> Iterator[int]:
    """The pages of the table that lists the tables, which begins at page 1."""
    waiting, seen = [1], set[int]()
    while waiting and len(seen) < _MOST_SCHEMA_PAGES:
        number = waiting.pop()
        page = os.pread(descriptor, size, (number - 1) * size)
        if number in seen or len(page) < size:
            continue
        seen.add(number)
        yield number
        begin = _HEADER_BYTES if number == 1 else 0
        kind, cells = page[begin], int.from_bytes(page[begin + 3 : begin + 5], "big")
        if kind == _INTERIOR:
            places = [int.from_bytes(page[at : at + 2], "big") for at in range(begin + 12, begin + 12 + 2 * cells, 2)]
            waiting += [int.from_bytes(page[at : at + 4], "big") for at in places]
            waiting.append(int.from_bytes(page[begin + 8 : begin + 12], "big"))
        elif kind == _LEAF:
            places = [int.from_bytes(page[at : at + 2], "big") for at in range(begin + 8, begin + 8 + 2 * cells, 2)]
            waiting += [first for at in places if (first := _overflow(page, at, size))]


def _overflow(page: bytes, at: int, size: int) -> int:
    """The first page of what of a cell does not fit into its own; 0 where all does."""
    length, at = _varint(page, at)
    _, at = _varint(page, at)
    if length <= size - 35:
        return 0
    least = (size - 12) * 32 // 255 - 23
    local = least + (length - least) % (size - 4)
    local = local if local <= size - 35 else least
    return int.from_bytes(page[at + local : at + local + 4], "big")


def _varint(page: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(8):
        value = value << 7 | page[at] & 0x7F
        at += 1
        if page[at - 1] < 0x80:
            return value, at
    return value << 8 | page[at], at + 1


def _unreadable(error: Exception) -> GatewayError:
    return GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": str(error)}), {"code": "damaged"})
