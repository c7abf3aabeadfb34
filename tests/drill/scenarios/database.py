"""Faults of the database's file."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx
import pytest

from tests.drill.scenario import Setting, drill
from tests.drill.stage import Stage
from tests.support.waiting import PATIENCE, eventually

_PAGE = 4096
_LOCKED_SECONDS = 3.0
_BUSY = 60
_LEAVES = "SELECT pageno FROM dbstat WHERE name = 'exchanges' AND pagetype = 'leaf' ORDER BY path"
_INDEX_PAGES = "SELECT pageno FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'exchanges')"


@drill(
    fault=(
        "The database is overwritten behind its first page, minutes after its newest snapshot, and the application dies",
        "数据库首页之后的内容被覆盖（最近快照之后数分钟），应用随之死亡",
    ),
    seen=("the database is damaged", "数据库已损坏"),
    done=(
        "what its log still holds is laid over the newest sound snapshot; the damaged files are kept",
        "把预写日志中仍有的内容合并到最新的完好快照上；损坏的文件被保留",
    ),
    allowed=90,
    setting=Setting(),
)
def database_damaged(stage: Stage) -> None:
    _fold(stage)
    stage.command("backup", "create")
    stage.witness.acknowledge()
    first = stage.application
    stage.strike()
    stage.signal(signal.SIGSTOP)
    size = os.stat(stage.home / "crawdad.db").st_size
    _overwrite(stage, range(2, size // _PAGE + 1))
    stage.signal(signal.SIGKILL)
    stage.until_healthy(80, other_than=first)
    stage.report("database")


@drill(
    fault=(
        "Pages of the busiest table and all its indexes are overwritten, minutes after the newest snapshot, and the application dies",
        "最繁忙的表的若干页及其全部索引被覆盖（最近快照之后数分钟），应用随之死亡",
    ),
    seen=("the database is damaged", "数据库已损坏"),
    done=(
        "what can be read of it is laid over the newest sound snapshot; the damaged files are kept",
        "把仍可读取的内容合并到最新的完好快照上；损坏的文件被保留",
    ),
    allowed=90,
    setting=Setting(),
)
def database_pages_damaged(stage: Stage) -> None:
    for _ in range(_BUSY):
        stage.witness.exchange()
    stage.command("backup", "create")
    with closing(sqlite3.connect(stage.home / "crawdad.db")) as other:
        before = [number for (number,) in other.execute(_LEAVES)][:-1]  # the last one takes what comes next
    stage.witness.acknowledge()
    _fold(stage)
    first = stage.application
    stage.strike()
    stage.signal(signal.SIGSTOP)
    with closing(sqlite3.connect(stage.home / "crawdad.db")) as other:
        leaves = [number for (number,) in other.execute(_LEAVES)]
        indexes = [number for (number,) in other.execute(_INDEX_PAGES)]
    assert len(leaves) > 3
    _overwrite(stage, [*(number for number in leaves[:-1] if number in before), *indexes])
    stage.signal(signal.SIGKILL)

    def found() -> bool:
        with suppress(httpx.HTTPError):
            stage.turn()
        stage.hurry()
        return bool(stage.events("mending"))

    eventually(found, "the damage to be found")
    stage.until_healthy(80, other_than=first)
    stage.report("database")


def _fold(stage: Stage) -> None:
    """Nothing stands in the log any more."""
    with closing(sqlite3.connect(stage.home / "crawdad.db", isolation_level=None, timeout=20)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _overwrite(stage: Stage, pages: Iterable[int]) -> None:
    with (stage.home / "crawdad.db").open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * _PAGE)
            file.write(os.urandom(_PAGE))


@drill(
    fault=("The write-ahead log ends in nonsense, and its index is nonsense", "预写日志末尾及其索引均为乱码"),
    seen=("nothing: SQLite looks at each part's checksum by itself", "无：SQLite 自行检查各部分的校验和"),
    done=("the next start reads what is whole and leaves the rest", "下次启动读取完整部分，忽略其余"),
    allowed=40,
    setting=Setting(),
)
def log_damaged(stage: Stage) -> None:
    first = stage.application
    stage.strike()
    stage.signal(signal.SIGSTOP)
    with (stage.home / "crawdad.db-wal").open("ab") as file:
        file.write(os.urandom(3 * _PAGE + 17))
    (stage.home / "crawdad.db-shm").write_bytes(os.urandom(8 * _PAGE))
    stage.signal(signal.SIGKILL)
    stage.until_healthy(35, other_than=first)


@drill(
    fault=("Another program holds the database locked for three seconds", "其他程序锁住数据库三秒"),
    seen=("nothing: it is over before anything is given up", "无：在放弃之前就已恢复"),
    done=(
        "models answer meanwhile; an agent's turn waits, and is answered",
        "模型照常应答；智能体的回合等待后得到应答",
    ),
    allowed=30,
)
def database_locked(stage: Stage) -> None:
    first = stage.application
    stage.strike()
    with closing(sqlite3.connect(stage.home / "crawdad.db", isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(stage.turn)
            for _ in range(3):
                assert stage.ask().status_code == 200
            with pytest.raises(TimeoutError):
                asked.result(_LOCKED_SECONDS)
            other.execute("COMMIT")
            assert asked.result(PATIENCE).status_code == 200
    stage.until_healthy(20)
    assert stage.application == first
