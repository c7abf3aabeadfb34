"""Faults of processes: killed, stopped, held, killed again and again; and the replacement that is asked for."""

from __future__ import annotations

import signal
import time

from tests.drill.callers import calling
from tests.drill.scenario import SAFE_MODE, Setting, drill
from tests.drill.stage import Stage
from tests.support.waiting import PATIENCE, eventually


@drill(
    fault=(
        "The application is killed (`kill -9`) while a message and a job are under way and clients ask",
        "处理消息和定时任务、且有客户端请求时，应用被杀死（`kill -9`）",
    ),
    seen=("the crash, with its signal", "崩溃及其信号"),
    done=(
        "replaced at once; what was sent after the kill is answered, message and job are taken up again",
        "立即替换；杀死之后发出的请求都得到应答，消息和任务被接着处理",
    ),
    allowed=20,
)
def killed(stage: Stage) -> None:
    message, job = stage.hold("held-message"), stage.hold("held-job")
    stage.witness.say("held-message")
    assert message.reached.wait(PATIENCE)
    stage.witness.order_run("held-job")
    assert job.reached.wait(PATIENCE)
    first = stage.application
    with calling(stage.gateway) as callers:
        eventually(lambda: len(callers.answered) > 20, "clients to be answered")
        stage.strike()
        stage.signal(signal.SIGKILL)
        at = time.monotonic()
        message.gate.set()
        job.gate.set()
        stage.until_healthy(20, other_than=first)
        answered = len(callers.answered)
        eventually(lambda: len(callers.answered) > answered + 20, "clients to be answered again")
    assert stage.event("application_crashed")["signal"] == "SIGKILL"
    assert callers.failed_since(at) == []
    stage.report("crash")


@drill(
    fault=("The application is stopped (`SIGSTOP`)", "应用被挂起（`SIGSTOP`）"),
    seen=("silence for longer than it may be silent", "沉默时间超过允许值"),
    done=("killed and replaced", "杀死并替换"),
    allowed=25,
)
def stopped(stage: Stage) -> None:
    first = stage.application
    stage.strike()
    stage.signal(signal.SIGSTOP)
    stage.until_healthy(25, other_than=first)
    assert stage.event("application_hung")["pid"] == first
    assert stage.event("application_crashed")["signal"] in ("SIGKILL", "SIGABRT")
    stage.report("hang")


@drill(
    fault=("A replacement is asked for (`SIGHUP`) while clients ask", "客户端请求期间要求替换应用（`SIGHUP`）"),
    seen=("the wish", "替换请求"),
    done=(
        "the next one serves before the last one goes; every request is answered",
        "新进程开始服务之后旧进程才退出；每个请求都得到应答",
    ),
    allowed=25,
)
def replaced(stage: Stage) -> None:
    first = stage.application
    with calling(stage.gateway) as callers:
        eventually(lambda: len(callers.answered) > 20, "clients to be answered")
        stage.strike()
        stage.reload()
        stage.until_healthy(25, other_than=first)
        stage.event("application_stopped")
        answered = len(callers.answered)
        eventually(lambda: len(callers.answered) > answered + 20, "clients to be answered again")
    assert callers.failed == []
    assert stage.event("application_replaced")["replaced"] == first
    assert stage.events("replacement_asked") and not stage.events("application_crashed")


@drill(
    fault=("The supervisor is killed (`kill -9`)", "监督进程被杀死（`kill -9`）"),
    seen=("the next start: the one before was not stopped", "下一次启动时：上一次并未正常停止"),
    done=("the application ends with it; started again, all goes on", "应用随之结束；再次启动后一切继续"),
    allowed=25,
)
def supervisor_killed(stage: Stage) -> None:
    stage.strike()
    stage.gateway.kill()
    stage.gateway.start()
    stage.until_healthy(25)
    begun = stage.events()[0]
    assert (begun["event"], begun["after"]) == ("started", "cut off")


@drill(
    fault=("The application is killed again as soon as it serves, eight times", "应用一开始服务就被杀死，共八次"),
    seen=("five crashes within a minute", "一分钟内崩溃五次"),
    done=(
        "safe mode; it is not started over and over, and a configuration that was tightened just before is not taken back",
        "进入安全模式；不再反复重启，之前刚收紧的配置也不会被换回",
    ),
    allowed=120,
    ending=SAFE_MODE,
    setting=Setting(),
)
def flapping(stage: Stage) -> None:
    stage.configure({"tools": {"deny": ["exec"]}})
    eventually(lambda: '"changed": ["tools' in stage.gateway.log(), "the change to be taken up")
    tightened = (stage.home / "openclaw.json").read_bytes()
    stage.strike()
    pid = 0
    for _ in range(8):
        pid = _next_application(stage, pid)
        if stage.state()["safe_mode"]:
            break
        stage.signal(signal.SIGKILL)
    stage.until_safe_mode(90)
    assert len(stage.events("application_crashed")) == 5
    assert len(stage.events("application_started")) == 5, "the fifth start after the first is that in safe mode"
    assert (stage.home / "openclaw.json").read_bytes() == tightened
    stage.report("crash")
    stage.reload()
    stage.until_healthy(30)


def _next_application(stage: Stage, last: int) -> int:
    """The process id of the one that serves after that one."""

    def look() -> int:
        pid = stage.application
        return pid if stage.state().get("state") == "ready" and pid != last else 0

    return eventually(look, "an application that serves")
