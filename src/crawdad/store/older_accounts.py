"""Reading accounts out of a file inside the data directory: an older database of ours, or an export in JSON."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

CANDIDATES = ("accounts.db", "accounts.json", "accounts-export.json", "crawdad.db.old")
"""Where to look, below the data directory, when no path is named."""
_MOST_BYTES = 256 << 20
_MOST_JSON = 16 << 20
_MOST_ROWS = 10_000
_MOST_VALUE = 1 << 20
_MOST_SECONDS = 5.0
"""For reading all rows: a stranger's table may reckon its columns out."""
_STEPS = 1000
_SQLITE = b"SQLite format 3\0"


def read_older(path: str, within: str) -> Any:
    """The rows of the table `accounts` of a SQLite file (a list of objects), or the JSON in any other. Blocks: for a thread.

    Raises FORBIDDEN for a path that (links resolved) leads out of the folder `within`, NOT_FOUND and BAD_REQUEST.
    """
    folder = os.path.realpath(within)
    try:
        real = os.path.realpath(os.path.join(folder, path))
    except ValueError:  # a NUL in it
        real = ""
    if not real or os.path.commonpath((real, folder)) != folder:
        raise _failed(ErrorKind.FORBIDDEN, "files.outside", path=path[:200], folder=folder)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise _failed(ErrorKind.NOT_FOUND, "accounts.no_file", path=path[:200]) from None
        raise _failed(ErrorKind.BAD_REQUEST, "files.not_regular", path=path[:200]) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise _failed(ErrorKind.BAD_REQUEST, "files.not_regular", path=path[:200])
    with os.fdopen(descriptor, "rb") as file:
        head = file.read(len(_SQLITE))
        if head != _SQLITE:
            return _json(head + file.read(_MOST_JSON), path)
        if found.st_size > _MOST_BYTES:
            raise _failed(ErrorKind.TOO_LARGE, "files.too_large", path=path[:200], limit=_MOST_BYTES)
    return _rows(real, path)


def find_older(within: str) -> str | None:
    """The first of the customary files that is there."""
    return next((name for name in CANDIDATES if os.path.isfile(os.path.join(within, name))), None)


def _json(raw: bytes, path: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _failed(ErrorKind.BAD_REQUEST, "accounts.no_accounts_in", path=path[:200]) from None


def _rows(real: str, path: str) -> list[dict[str, Any]]:
    """The rows, read without changing the file or making one beside it (where SQLite has left its journal beside it, that holds
    the newest of them)."""
    address = "file:" + real.replace("%", "%25").replace("?", "%3f").replace("#", "%23") + "?mode=ro"
    if not any(os.path.exists(real + end) for end in ("-wal", "-journal")):
        address += "&immutable=1"
    until = time.monotonic() + _MOST_SECONDS
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=2)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            table = connection.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='accounts'").fetchone()
            if table is None:
                raise _failed(ErrorKind.BAD_REQUEST, "accounts.no_accounts_in", path=path[:200])
            return [dict(row) for row in connection.execute("SELECT * FROM accounts LIMIT ?", (_MOST_ROWS,))]
    except sqlite3.Error:
        raise _failed(ErrorKind.BAD_REQUEST, "accounts.no_accounts_in", path=path[:200]) from None


def _failed(kind: ErrorKind, key: str, **values: object) -> GatewayError:
    return GatewayError(kind, Text(key, values), {"param": "path"})
