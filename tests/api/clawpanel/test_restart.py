"""`/api/system/restart-gateway`: the inside is left and entered anew; the panel stays, nothing that was acknowledged is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
import pytest
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.restart import restart_routes
from crawdad.core.text import Text
from crawdad.services.lifecycle.request import LifecycleRequest
from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

ASK = "/api/system/restart-gateway"
STATUS = "/api/system/restart-gateway-status"


@pytest.fixture
def panel() -> Iterator[Panel]:
    agents = {"defaults": {"model": "crawdad/demo"}}
    with running_gateway(settings({}, agents=agents, gateway={"drainSeconds": 5})) as gateway:
        found = Panel(gateway)
        try:
            yield found
        finally:
            found.close()


def ended(panel: Panel, request: str) -> dict[str, Any]:
    """The status once that request has ended."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = panel.get(STATUS)
        assert found["requestId"] == request
        return found if found["status"] != "running" else None

    return eventually(look, "the end of the restart")


def restart(panel: Panel) -> dict[str, Any]:
    answer = panel.ask("POST", ASK)
    assert (answer.status_code, answer.json()["message"]) == (200, "网关重启请求已发送")
    return ended(panel, answer.json()["requestId"])


def turn(panel: Panel, text: str, model: str = "agent:main") -> httpx.Response:
    return httpx.post(
        panel.gateway.base_url + "/v1/chat/completions",
        headers=panel.gateway.headers,
        json={"model": model, "messages": [{"role": "user", "content": text}]},
        timeout=60,
    )


def test_nothing_was_asked_for_yet(panel: Panel) -> None:
    assert panel.get(STATUS) == {"ok": True, "status": "idle", "gateway": "running"}


def test_a_restart_ends_with_success_and_leaves_process_and_sign_in_as_they_are(panel: Panel) -> None:
    assert turn(panel, "before").status_code == 200
    pid, uptime = panel.gateway.pid, panel.get("/api/status")["admin"]["uptime"]
    first = restart(panel)
    assert panel.get("/api/status")["admin"]["uptime"] > uptime, "the process goes on, and so does its time"
    assert (first["status"], first["gateway"]) == ("success", "running")
    assert [step["phase"] for step in first["steps"]] == ["accepted", "draining", "stopped", "entering", "done"]
    assert first["finishedAt"] >= first["requestedAt"]
    assert panel.gateway.pid == pid
    assert turn(panel, "after").status_code == 200
    assert panel.get("/api/system/skills")["skills"]
    second = restart(panel)
    assert second["requestId"] != first["requestId"]
    assert turn(panel, "after the second").status_code == 200
    panel.gateway.stop()
    panel.gateway.start()
    assert panel.get(STATUS)["requestId"] == second["requestId"]


def test_every_request_meanwhile_gets_an_answer(panel: Panel) -> None:
    """Panels answer as ever; models answer, or say in their own dialect that they will be back; nobody is cut off."""
    over = threading.Event()

    def keep(ask: Callable[[], httpx.Response]) -> list[httpx.Response]:
        found = []
        while not over.is_set():
            found.append(ask())
        return found

    def get(path: str) -> Callable[[], httpx.Response]:
        return lambda: httpx.get(panel.gateway.base_url + path, headers=panel.gateway.headers, timeout=60)

    with ThreadPoolExecutor(5) as pool:
        turns = pool.submit(keep, lambda: turn(panel, "hello"))
        plain = pool.submit(keep, lambda: turn(panel, "hello", "crawdad/demo"))
        shown = pool.submit(keep, get("/api/openclaw/channels"))
        rest = pool.submit(keep, get("/api/v1/sessions"))
        try:
            for _ in range(3):
                assert restart(panel)["status"] == "success"
        finally:
            over.set()
        panels, talks = shown.result(), [*turns.result(), *plain.result()]
        guide = rest.result()
    assert {answer.status_code for answer in panels} == {200}
    assert {answer.status_code for answer in talks} <= {200, 503}
    refused = [answer for answer in talks if answer.status_code == 503]
    assert refused, "nothing was asked for while the inside was left"
    for answer in refused:
        assert answer.headers["retry-after"]
        assert answer.json()["error"]["message"]
    assert {answer.status_code for answer in guide} <= {200, 429, 500}  # that contract knows no 503
    for answer in guide:
        assert answer.status_code != 500 or "stopped" in answer.json()["error"]["message"]


def test_whoever_may_not_manage_the_system_restarts_nothing(panel: Panel) -> None:
    made = panel.ask("POST", "/api/keys", {"name": "models"}, headers={"x-admin-token": panel.gateway.token})
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    answer = httpx.post(panel.gateway.base_url + ASK, headers=headers, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["ok"]) == (403, False)
    assert panel.get(STATUS)["status"] == "idle"


async def test_why_it_failed_is_told_in_the_language_of_whoever_asks() -> None:
    asked = LifecycleRequest("r", "stop", "panel", 1.0, "failed", [("failed", 2.0)], 2.0, Text("lifecycle.cut_off"))
    access = SimpleNamespace(need=lambda *_: lambda: None)
    lifecycle = SimpleNamespace(last=asked, state="failed")
    router = APIRouter()
    restart_routes(router, cast(ClawPanel, SimpleNamespace(access=access, lifecycle=lifecycle)))
    route = next(each for each in router.routes if isinstance(each, APIRoute) and each.path == STATUS)
    told = {
        language: await route.endpoint(Request({"type": "http", "state": {"language": language}}))
        for language in ("en", "zh")
    }
    for language, answer in told.items():
        assert orjson.loads(orjson.dumps(answer))["error"] == Text("lifecycle.cut_off").render(language)
