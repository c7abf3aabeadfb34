"""Faults of the disk that the home directory lies on."""

from __future__ import annotations

import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path

from tests.drill import disks
from tests.drill.callers import calling
from tests.drill.scenario import SAFE_MODE, Setting, drill
from tests.drill.stage import Stage
from tests.support.waiting import PATIENCE, eventually


def _disk(home: Path) -> AbstractContextManager[Path]:
    return disks.disk(home)


_SECONDS_TO_THE_DISK = 2.5
_TOLD_SECONDS = 15.0
_MOST_TURNS = 200

OWN_DISK = Setting(home=_disk)
SAME_DISK = Setting(home=_disk, shared=True)


@drill(
    fault=("The disk stands still for a second and a half, twice", "磁盘停顿 1.5 秒，两次"),
    seen=("nothing: it is over before anything is given up", "无：在放弃之前就已恢复"),
    done=("requests wait and are answered; nothing is restarted", "请求等待后得到应答；没有重启"),
    allowed=30,
    setting=SAME_DISK,
)
def disk_stalls(stage: Stage) -> None:
    first = stage.application
    with calling(stage.gateway) as callers:
        eventually(lambda: len(callers.answered) > 10, "clients to be answered")
        stage.strike()
        for _ in range(2):
            _freeze(stage.home, 1.5)
            answered = len(callers.answered)
            eventually(lambda: len(callers.answered) > answered + 10, "clients to be answered again")  # noqa: B023
    stage.until_healthy(30)
    assert callers.failed == [] and stage.application == first and not stage.events("application_hung")


@drill(
    fault=("The disk stands still for longer than the application may be silent", "磁盘停顿时间超过应用允许的沉默时间"),
    seen=("silence", "沉默"),
    done=("killed and replaced as soon as the disk lets it end", "磁盘恢复后立即杀死并替换"),
    allowed=60,
    setting=SAME_DISK,
)
def disk_hangs(stage: Stage) -> None:
    first = stage.application
    with calling(stage.gateway, 1) as callers:
        eventually(lambda: len(callers.answered) > 5, "a client to be answered")
        stage.strike()
        _freeze(stage.home, 6.0)
        stage.until_healthy(40, other_than=first)
    assert stage.event("application_hung")["pid"] == first


def _freeze(home: Path, seconds: float) -> None:
    disks.freeze(home)
    try:
        threading.Event().wait(seconds)
    finally:
        disks.thaw(home)


@drill(
    fault=("The power fails: what was not yet on the disk is gone", "断电：尚未写到磁盘的内容丢失"),
    seen=("nothing: the machine is off", "无：机器已断电"),
    done=(
        "the next start opens both clean; what was acknowledged seconds ago is there",
        "下次启动时两者均完好打开；几秒前确认的内容仍在",
    ),
    allowed=60,
    setting=SAME_DISK,
)
def power_cut(stage: Stage) -> None:
    _until_on_disk(stage)
    stage.strike()
    disks.cut_power(stage.home)
    _start_anew(stage)
    stage.until_healthy(30)


def _until_on_disk(stage: Stage) -> None:
    """What was acknowledged two seconds ago is on the disk: a database on a local disk waits no longer, and a cut of the power may
    take what came later."""
    del stage
    threading.Event().wait(_SECONDS_TO_THE_DISK)


def _start_anew(stage: Stage) -> None:
    stage.gateway.kill()
    disks.unmount(stage.home)
    disks.mount(stage.home)
    stage.gateway.start()


@drill(
    fault=("The disk becomes read-only under the running gateway", "运行中磁盘变为只读"),
    seen=(
        "health names the database; an agent's turn is refused with the cause",
        "健康状态指出数据库；智能体的回合被拒绝并说明原因",
    ),
    done=(
        "models go on answering; no message is taken that could not be kept; mounted again and started, all goes on",
        "模型继续应答；无法保存的消息不予接收；重新挂载并启动后一切继续",
    ),
    allowed=60,
    setting=SAME_DISK,
)
def disk_read_only(stage: Stage) -> None:
    _until_on_disk(stage)
    stage.strike()
    disks.make_read_only(stage.home)
    _models_answer_and_nothing_is_taken(stage)
    stage.until_unwell("database")
    _start_anew(stage)
    stage.until_healthy(30)


@drill(
    fault=("The disk is full", "磁盘写满"),
    seen=(
        "health names disk and database; an agent's turn is refused with the cause",
        "健康状态指出磁盘和数据库；智能体的回合被拒绝并说明原因",
    ),
    done=(
        "models go on answering; no message is taken that could not be kept; with room again all goes on by itself",
        "模型继续应答；无法保存的消息不予接收；有空间后自动恢复",
    ),
    allowed=60,
    setting=SAME_DISK,
)
def disk_full(stage: Stage) -> None:
    first = stage.application
    with closing(sqlite3.connect(stage.home / "crawdad.db", isolation_level=None, timeout=20)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the log has room for some turns yet
    stage.strike()
    disks.fill(stage.home)
    _models_answer_and_nothing_is_taken(stage)
    stage.until_unwell("database")
    stage.until_unwell("disk")
    disks.empty(stage.home)
    stage.until_healthy(30)
    assert stage.application == first


@drill(
    fault=(
        "The disk becomes full in the middle of a turn, whose log has room for some more",
        "回合进行到一半时磁盘写满，日志尚有少量空间",
    ),
    seen=(
        "health names the disk; whoever waits hears the cause within seconds",
        "健康状态指出磁盘；等待者数秒内得知原因",
    ),
    done=(
        "no turn keeps its client waiting: it is answered as long as the log has room, and refused with the cause then",
        "回合不会让客户端一直等待：日志有空间时照常应答，之后说明原因并拒绝",
    ),
    allowed=60,
    setting=SAME_DISK,
)
def disk_full_in_a_turn(stage: Stage) -> None:
    first = stage.application
    held = stage.hold("halfway")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(stage.turn, "halfway", user="halfway")
        assert held.reached.wait(PATIENCE)
        stage.strike()
        disks.fill(stage.home)
        held.gate.set()
        answers = [asked.result(_TOLD_SECONDS)]
        for _ in range(_MOST_TURNS):
            if answers[-1].status_code != 200:
                break
            answers.append(pool.submit(stage.turn).result(_TOLD_SECONDS))
    assert answers[-1].status_code == 503 and answers[-1].json()["error"]["code"] == "database", answers[-1].text
    stage.until_unwell("disk")
    disks.empty(stage.home)
    stage.until_healthy(30)
    assert stage.application == first


def _models_answer_and_nothing_is_taken(stage: Stage) -> None:
    refused = stage.turn()
    assert refused.status_code == 503 and refused.json()["error"]["code"] == "database", refused.text
    number = stage.witness.say(taken=False)
    for _ in range(3):
        assert stage.ask().status_code == 200
    assert stage.telegram.confirmed < number, "Telegram keeps what the gateway cannot keep"


@drill(
    fault=("The disk is full, and the application dies", "磁盘写满，应用随之死亡"),
    seen=("what is free on the disk", "磁盘的剩余空间"),
    done=("logs that were rotated away are removed, and it starts", "删除已轮换的旧日志后启动"),
    allowed=120,
    setting=OWN_DISK,
)
def disk_full_at_start(stage: Stage) -> None:
    (stage.home / "logs" / "crawdad.log.1").write_bytes(bytes(20_000_000))
    first = stage.application
    stage.strike()
    disks.fill(stage.home)
    stage.signal(signal.SIGKILL)
    stage.until_healthy(90, other_than=first)
    stage.report("disk")


@drill(
    fault=(
        "The disk is full of what is not the gateway's, and the application dies",
        "磁盘被他人文件写满，应用随之死亡",
    ),
    seen=("what is free on the disk", "磁盘的剩余空间"),
    done=(
        "safe mode: the panels come back; with room again it is left, and all goes on by itself",
        "进入安全模式：面板恢复；有空间后自动退出安全模式，一切继续",
    ),
    allowed=120,
    ending=SAFE_MODE,
    setting=OWN_DISK,
)
def disk_full_of_others(stage: Stage) -> None:
    stage.strike()
    disks.fill(stage.home)
    stage.signal(signal.SIGKILL)
    stage.until_safe_mode(120)
    disks.empty(stage.home)
    stage.until_healthy(60)
    assert stage.event("safe_mode_cause_gone")["causes"] == ["disk"]
