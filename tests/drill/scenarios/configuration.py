"""Configurations that are broken or hostile."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

from tests.drill.scenario import Setting, drill
from tests.drill.stage import GATEWAY, Stage
from tests.support.waiting import eventually

_MOST_MEGABYTES = 400


@drill(
    fault=("The configuration is overwritten with nonsense while it runs", "运行中配置被无意义的内容覆盖"),
    seen=("the file's problem, with its line", "文件的问题及其所在行"),
    done=(
        "the settings before it stay in effect; a replacement that is asked for is refused by the new process, the old one stays",
        "之前的设置继续生效；要求的替换由新进程拒绝，旧进程保留",
    ),
    allowed=30,
)
def configuration_overwritten(stage: Stage) -> None:
    path, first = stage.home / "openclaw.json", stage.application
    good = path.read_bytes()
    try:
        stage.strike()
        path.write_bytes(b"\x00\xff{ not json" * 100)
        eventually(lambda: _refusals(stage), "the problem to be told")
        stage.reload()
        assert stage.event("replacement_failed")["exit_code"] == 5
        stage.until_healthy(20)
        assert stage.application == first
    finally:
        path.write_bytes(good)


@drill(
    fault=(
        "The configuration is edited so that it cannot be used, and the application dies",
        "配置被改成无法使用，应用随之死亡",
    ),
    seen=("a configuration that cannot be used", "配置无法使用"),
    done=(
        "the last one that it did well with is put back; the rejected one is kept, and shown as a difference",
        "换回最后一份运行良好的配置；被拒绝的配置被保留并以差异显示",
    ),
    allowed=120,
    setting=Setting(config=lambda folder, model: {"healing": {"stableMinutes": 0.5}}),
)
def configuration_unusable(stage: Stage) -> None:
    path, first = stage.home / "openclaw.json", stage.application

    def is_known_good() -> bool:
        stage.hurry()
        return (stage.home / "heal" / "last-good.json").exists()

    eventually(is_known_good, "the configuration to have done well")
    good = path.read_bytes()
    stage.strike()
    stage.configure({"gateway": {**GATEWAY, "drainSeconds": "nonsense"}})
    stage.signal(signal.SIGKILL)
    stage.until_healthy(90, other_than=first)
    report = stage.report("configuration")
    assert "nonsense" in report and stage.telegram.token not in report
    assert path.read_bytes() == good


@drill(
    fault=(
        "Hostile configurations, one after the other: a hundred thousand brackets, includes in a circle and of `/etc/shadow`, "
        "40 MB of text, a port beyond all ports, a thousand providers",
        "恶意配置接连出现：十万层括号、循环引用和引用 `/etc/shadow`、40 MB 文本、超出范围的端口、一千个服务商",
    ),
    seen=("the problem of each", "每一个的问题"),
    done=(
        "none takes effect that has errors; memory stays bounded; no restart",
        "有错误的均不生效；内存有界；没有重启",
    ),
    allowed=60,
)
def configuration_hostile(stage: Stage) -> None:
    path, first = stage.home / "openclaw.json", stage.application
    good = path.read_bytes()
    try:
        stage.strike()
        for text in _hostile(good):
            told = _refusals(stage)
            path.write_bytes(text)
            eventually(lambda: _refusals(stage) > told, f"the problem of {text[:40]!r} to be told")  # noqa: B023
            assert stage.turn().status_code == 200
    finally:
        path.write_bytes(good)
    stage.until_healthy(30)
    assert stage.application == first
    assert _resident(first) < _MOST_MEGABYTES, "what was read is given back"


def _hostile(good: bytes) -> Iterator[bytes]:
    settings = json.loads(good)
    yield b"[" * 100_000
    yield b'{"models": ' * 20_000 + b"1" + b"}" * 20_000
    yield json.dumps({**settings, "agents": {"$include": "./openclaw.json"}}).encode()
    yield json.dumps({**settings, "agents": {"$include": "/etc/shadow"}}).encode()
    yield json.dumps(
        {**settings, "gateway": {**settings["gateway"], "port": 70_000, "bind": "no.such.name.invalid\r\n"}}
    ).encode()
    yield b'{"x": "' + b"a" * 40_000_000
    many = {f"p{number}": {"baseUrl": "file:///etc/passwd", "api": "none"} for number in range(1000)}
    yield json.dumps({**settings, "models": {"providers": many}}).encode()


def _refusals(stage: Stage) -> int:
    return stage.gateway.log().count('"kept": true')


def _resident(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).memory_info().rss) / 1_000_000
