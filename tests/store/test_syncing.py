"""What is committed gets to the disk without a checkpoint."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from crawdad.store.syncing import LogSync


def test_what_is_new_is_brought_to_the_disk_once(tmp_path: Path) -> None:
    path = tmp_path / "crawdad.db"
    log = LogSync(path)
    assert not log.sync(), "there is no database yet"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    assert log.sync() and not log.sync()
    connection.execute("INSERT INTO t VALUES (1)")
    assert log.sync() and not log.sync()
    connection.close()
    assert not log.sync(), "the last one to close has taken the log away"
