"""Faults of what the gateway talks to: names, upstreams, a chat platform, Redis; a port that is taken."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.drill.lines import Names, Relay, black_hole, deaf
from tests.drill.scenario import NotPossible, Setting, drill
from tests.drill.stage import GATEWAY, Stage
from tests.support.scripted_model import MODEL, ScriptedModel
from tests.support.services import REDIS_URL
from tests.support.upstreams.protocols import provider
from tests.support.waiting import PATIENCE, eventually

_HOST = "models.drill.example"


def _ask(stage: Stage, model: str) -> httpx.Response:
    return stage.client.post(
        "/v1/chat/completions", json={"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    )


def _named(folder: Path, model: ScriptedModel) -> dict[str, Any]:
    origin = f"http://{_HOST}:{urlsplit(model.url).port}"
    rule = {"match": "steady", "targets": [{"model": f"named/{MODEL}"}], "fallbacks": [f"scripted/{MODEL}"]}
    return {"models": {"providers": {"named": provider("chat", origin, [MODEL], discover=False)}, "rules": [rule]}}


@drill(
    fault=("No name can be looked up any more (DNS is dead)", "域名无法解析（DNS 失效）"),
    seen=("the upstream's name is not known", "上游的域名无法解析"),
    done=(
        "requests go on to their fallback; with names again the upstream serves by itself",
        "请求转到后备模型；解析恢复后上游自动恢复服务",
    ),
    allowed=45,
    setting=Setting(config=_named, command=lambda folder: Names(folder).command),
)
def names_unknown(stage: Stage) -> None:
    stage.strike()  # the name was never known so far
    refused = _ask(stage, f"named/{MODEL}")
    assert refused.status_code >= 500 and _HOST in refused.text, refused.text
    assert [_ask(stage, "steady").status_code for _ in range(5)] == [200] * 5
    Names(stage.folder).know(_HOST)
    eventually(lambda: _ask(stage, f"named/{MODEL}").status_code == 200, "the upstream to serve")
    stage.until_healthy(10)


@contextmanager
def _holes(folder: Path) -> Iterator[None]:
    with black_hole() as hole, deaf() as silent:
        (folder / "ports").write_text(f"{hole} {silent}")
        yield


def _lost(folder: Path, model: ScriptedModel) -> dict[str, Any]:
    hole, silent = (folder / "ports").read_text().split()
    patience = {"connectTimeoutSeconds": 0.5, "firstByteTimeoutSeconds": 0.5, "discover": False}
    providers = {
        "hole": provider("chat", f"http://127.0.0.1:{hole}", [MODEL], **patience),
        "deaf": provider("chat", f"http://127.0.0.1:{silent}", [MODEL], **patience),
    }
    rules = [
        {"match": f"past-{name}", "targets": [{"model": f"{name}/{MODEL}"}], "fallbacks": [f"scripted/{MODEL}"]}
        for name in providers
    ]
    return {"models": {"providers": providers, "rules": rules}}


@drill(
    fault=(
        "One upstream swallows every packet, another takes connections and says nothing",
        "一个上游丢弃所有数据包，另一个接受连接但不作任何应答",
    ),
    seen=("time-outs, as attempts of the exchanges", "超时，记为交换的各次尝试"),
    done=(
        "requests go on to their fallback within the time-outs; others do not wait",
        "请求在超时后转到后备模型；其他请求不受影响",
    ),
    allowed=45,
    setting=Setting(config=_lost, around=_holes),
)
def upstreams_lost(stage: Stage) -> None:
    stage.strike()
    for name in ("hole", "deaf"):
        answers = [_ask(stage, f"past-{name}") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
        log = stage.client.get(f"/api/logs/{answers[0].headers['request-id']}").json()
        assert name in str(log), log
        began = time.monotonic()
        refused = _ask(stage, f"{name}/{MODEL}")
        assert refused.status_code >= 500 and time.monotonic() - began < 10 * stage.patience
    assert _ask(stage, f"scripted/{MODEL}").status_code == 200
    stage.until_healthy(20)


@drill(
    fault=("The chat platform goes away while people write", "聊天平台中断，期间有人发消息"),
    seen=("health names the channels", "健康状态指出渠道"),
    done=("connected again by itself; each message is answered once", "自动重新连接；每条消息恰好应答一次"),
    allowed=60,
)
def platform_away(stage: Stage) -> None:
    stage.strike()
    stage.telegram.go_down()
    stage.witness.say(taken=False)
    stage.witness.say(taken=False)
    stage.until_unwell("channels", 20)
    stage.telegram.down = False

    def answered() -> bool:
        stage.hurry()  # it has learnt to wait between its attempts
        return stage.witness.all_answered()

    eventually(answered, "the answers")
    stage.until_healthy(20)


@contextmanager
def _cluster(folder: Path) -> Iterator[Relay]:
    there = urlsplit(REDIS_URL)
    try:
        socket.create_connection((there.hostname or "127.0.0.1", there.port or 6379), 3).close()
    except OSError as error:
        raise NotPossible(f"no Redis answers: {error}") from error
    relay = Relay(there.hostname or "127.0.0.1", there.port or 6379)
    (folder / "relay").write_text(str(relay.port))
    try:
        yield relay
    finally:
        relay.cut()


@drill(
    fault=("Redis goes away from a member of a cluster", "集群成员与 Redis 的连接中断"),
    seen=("a warning", "一条警告"),
    done=(
        "it serves on and counts for itself; with Redis again it takes its part by itself",
        "继续服务并独自计数；Redis 恢复后自动归队",
    ),
    allowed=60,
    setting=Setting(
        around=_cluster,
        environment=lambda folder: {
            "CRAWDAD_CLUSTER_URL": f"redis://127.0.0.1:{(folder / 'relay').read_text()}{urlsplit(REDIS_URL).path}"
        },
    ),
)
def redis_away(stage: Stage) -> None:
    relay: Relay = stage.around
    first = stage.application
    stage.strike()
    relay.cut()
    for _ in range(3):
        assert stage.ask().status_code == 200
    stage.witness.exchange()
    assert "the bus lost Redis" in stage.gateway.log()
    stage.until_healthy(30)
    relay.mend()
    stage.witness.acknowledge()
    assert stage.application == first and not stage.events("application_crashed")


@drill(
    fault=("A port of the configuration is taken by another program", "配置中的端口被其他程序占用"),
    seen=("which port, and who holds it", "哪个端口、被谁占用"),
    done=(
        "the replacement is given up, the old process stays; with the port free, the next one takes it",
        "放弃替换，旧进程保留；端口空出后下一次替换成功",
    ),
    allowed=60,
)
def port_taken(stage: Stage) -> None:
    path, first = stage.home / "openclaw.json", stage.application
    good = path.read_bytes()
    try:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = int(other.getsockname()[1])
            stage.configure({"gateway": {**GATEWAY, "extraPorts": [port]}})
            stage.strike()
            stage.reload()
            stage.event("replacement_failed")
            assert stage.event("address_refused")["port"] == port
            assert f"process {os.getpid()}" in stage.gateway.log()
            assert stage.turn().status_code == 200 and stage.application == first
        stage.reload()
        stage.until_healthy(30, other_than=first)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code == 200
    finally:
        path.write_bytes(good)
