"""Plugins that do harm."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from tests.drill.callers import calling
from tests.drill.scenario import Setting, drill
from tests.drill.stage import Stage
from tests.support.plugins import write_plugin
from tests.support.scripted_model import ScriptedModel
from tests.support.waiting import eventually

HARMFUL = """
import ctypes, os
from pathlib import Path

FOLDER = Path(__file__).parent
KEPT = []

async def hold(arguments, context):
    libc = ctypes.PyDLL(None)  # keeps the interpreter's lock: no alarm of Python's own can ring
    mutex = ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)

async def spin(arguments, context):
    while True:
        pass

async def hog(arguments, context):
    KEPT.append(bytearray(b"x") * (arguments["megabytes"] << 20))

def register(api):
    if (FOLDER / "crash").exists():
        os._exit(3)
    for function in (hold, spin, hog):
        schema = {"type": "object", "properties": {"megabytes": {"type": "integer"}}}
        api.register_tool(function.__name__, "Does harm.", schema, function, read_only=True)
"""
_LIMIT_MEGABYTES = 512
_BITES, _BITE_MEGABYTES = 10, 38


def _harmful(folder: Path, model: ScriptedModel) -> dict[str, Any]:
    write_plugin(folder / "plugins", "harmful", {"tools": ["hold", "spin", "hog"]}, HARMFUL)
    limits = {"blockSeconds": 0.5, "failures": 3}
    return {
        "plugins": {"load": {"paths": [str(folder / "plugins")]}, "limits": limits},
        "healing": {"memory": {"limitMegabytes": _LIMIT_MEGABYTES}},
    }


HARM = Setting(config=_harmful)
SAME_HARM = Setting(config=_harmful, shared=True)


@drill(
    fault=("Native code of a plugin blocks the whole process", "插件的本地代码阻塞整个进程"),
    seen=("silence; the traceback names the plugin", "沉默；回溯中写明该插件"),
    done=("killed and replaced", "杀死并替换"),
    allowed=30,
    setting=SAME_HARM,
)
def plugin_blocks(stage: Stage) -> None:
    first = stage.application
    with calling(stage.gateway, 1) as callers:
        eventually(lambda: len(callers.answered) > 5, "a client to be answered")
        stage.strike()
        stage.call_and_leave("hold")
        stage.until_healthy(25, other_than=first)
    assert stage.event("application_hung")["pid"] == first
    assert "harmful.py" in (stage.home / "logs" / "traceback.log").read_text()


@drill(
    fault=("A plugin takes memory and gives none back, while clients ask", "插件不断占用内存不释放，同时有客户端请求"),
    seen=("more memory than the process may take", "内存超过进程允许的用量"),
    done=(
        "what can wait is put off; then the application is replaced before the kernel acts, and no request is lost",
        "推迟可以等待的工作；然后在内核介入之前替换应用，没有请求丢失",
    ),
    allowed=90,
    setting=SAME_HARM,
)
def plugin_hogs(stage: Stage) -> None:
    first = stage.application
    with calling(stage.gateway, 1) as callers:
        eventually(lambda: len(callers.answered) > 5, "a client to be answered")
        stage.strike()
        for _ in range(_BITES):
            assert stage.tool("hog", megabytes=_BITE_MEGABYTES).status_code == 200

        def replaced() -> bool:
            stage.hurry()
            return bool(stage.events("application_replaced"))

        eventually(replaced, "a replacement")
        stage.until_healthy(30, other_than=first)
    assert callers.failed == [] and not stage.events("application_crashed")
    stage.report("memory")


@drill(
    fault=("A plugin spins in the event loop", "插件在事件循环中空转"),
    seen=("whose code holds the loop", "是谁的代码占住循环"),
    done=("its call is ended; after three the plugin is set down", "终止其调用；三次之后停用该插件"),
    allowed=30,
    setting=SAME_HARM,
)
def plugin_spins(stage: Stage) -> None:
    stage.strike()
    for _ in range(3):
        assert stage.tool("spin").status_code >= 400
    eventually(lambda: stage.tool("spin").status_code == 404, "the plugin to be set down")
    stage.until_healthy(20)
    assert "held the event loop" in stage.report("plugin")
    assert not stage.events("application_crashed")


@drill(
    fault=("A plugin kills the process at every start", "插件在每次启动时杀死进程"),
    seen=("in whose code the process died, three times", "进程三次死于谁的代码中"),
    done=("the plugin is set down", "停用该插件"),
    allowed=120,
    setting=HARM,
)
def plugin_crashes(stage: Stage) -> None:
    first = stage.application
    (stage.folder / "plugins" / "harmful" / "crash").touch()
    stage.strike()
    stage.signal(signal.SIGKILL)
    stage.until_healthy(90, other_than=first)
    assert "harmful" in stage.report("plugin")
    assert len(stage.events("application_crashed")) <= 5
