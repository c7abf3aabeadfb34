"""`openclaw/status`, `stats/health`, and the places that tell the same health: buddy.md §1.2, §4.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crawdad import __version__
from crawdad.api.buddy.status import elapsed, sample_told, uptime
from crawdad.core.health import HealthSample
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

LEVELS = {"ok": "Healthy", "degraded": "Degraded", "down": "Down"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": "crawdad/demo"}, "list": [{"id": "main"}, {"id": "clerk", "name": "Clerk"}]}
    with running_gateway(settings({}, agents=agents)) as found:
        yield found


def get(gateway: Gateway, path: str, status: int = 200, **more: Any) -> Any:
    answer = httpx.get(gateway.base_url + path, timeout=PATIENCE, **{"headers": gateway.headers, **more})
    assert answer.status_code == status, answer.text
    return answer.json()


def looked_at(gateway: Gateway) -> list[dict[str, Any]]:
    """The history once there is any: a new process looks at itself after some seconds."""
    return list(eventually(lambda: get(gateway, "/v1/stats/health")["data"], "a first look", 60))


def test_the_history_begins_by_itself_and_every_place_tells_the_same_health(gateway: Gateway) -> None:
    first = looked_at(gateway)[0]
    assert set(first) == {"timestamp", "status", "level", "response_time_ms", "cpu_usage", "memory_usage", "parts"}
    assert first["level"] == LEVELS[first["status"]]
    assert first["response_time_ms"] > 0  # the way in was really gone
    assert 0 < first["memory_usage"] < 100

    told = get(gateway, "/v1/openclaw/status")["data"]
    level = get(gateway, "/healthz", headers={})["health"]
    assert told["health"] == LEVELS[level]


def test_the_history_outlives_the_process() -> None:
    with running_gateway(settings({})) as gateway:
        before = looked_at(gateway)
        gateway.kill()
        gateway.start()
        assert get(gateway, "/v1/stats/health")["data"][0] == before[0]
        installed = get(gateway, "/v1/openclaw/status")["data"]["installedAt"]
        gateway.stop()
        gateway.start()
        assert get(gateway, "/v1/openclaw/status")["data"]["installedAt"] == installed != ""


def test_the_status_is_the_union_of_both_shapes(gateway: Gateway) -> None:
    looked_at(gateway)
    told = get(gateway, "/v1/openclaw/status")["data"]
    assert (told["version"], told["status"], told["gateway"]["status"]) == (__version__, "Running", "running")
    assert told["gateway"]["pid"] == gateway.pid
    assert told["memoryMB"] > 10
    assert told["cpuPercent"] >= 0
    assert set(told["metrics"]) == {"cpu_usage", "memory_usage", "disk_usage"}
    assert told["diskUsagePercent"] == told["metrics"]["disk_usage"] > 0
    assert told["installedAt"] == told["installed_at"]
    assert told["uptime"].endswith("m")
    assert ":" in told["gateway"]["runtime"]
    assert [agent["name"] for agent in told["agents"]] == ["main", "clerk"]
    assert isinstance(told["plugins"], list) and isinstance(told["channels"], list)


def test_while_the_gateway_is_stopped_its_status_says_so() -> None:
    with running_gateway(settings({}, gateway={"drainSeconds": 1})) as gateway:
        httpx.post(gateway.base_url + "/v1/gateway/stop", headers=gateway.headers, timeout=PATIENCE)
        eventually(lambda: get(gateway, "/v1/tasks/status")["data"][0]["status"] != "Running", "the stop to end")
        told = get(gateway, "/v1/openclaw/status")["data"]
        assert (told["status"], told["uptime"], told["agents"]) == ("Stopped", "", [])
        assert told["gateway"] == {"runtime": "Inactive", "pid": 0, "status": "stopped"}


def test_only_who_may_read_the_system(gateway: Gateway) -> None:
    for path in ("/v1/openclaw/status", "/v1/stats/health"):
        assert get(gateway, path, 401, headers={})["code"] == 401


def test_spans_of_time() -> None:
    assert [uptime(seconds) for seconds in (59, 3600, 2 * 86_400 + 4 * 3600 + 12 * 60)] == ["0m", "1h 0m", "2d 4h 12m"]
    assert [elapsed(seconds) for seconds in (59, 3661, 187_920)] == ["00:59", "01:01:01", "02-04:12:00"]


def test_without_an_answer_there_is_still_a_number() -> None:
    told = sample_told(HealthSample("1", 0.0, 60, "down", None, 1.0, 2.0, {"front_door": "down"}))
    assert (told["status"], told["level"], told["response_time_ms"]) == ("down", "Down", 0)
    assert told["timestamp"] == "1970-01-01T00:00:00.000Z"


def test_which_version_runs(gateway: Gateway) -> None:
    told = get(gateway, "/v1/system/version")["data"]
    assert told == {"current": __version__, "latest": __version__, "release_url": ""}
    assert get(gateway, "/v1/system/version?refresh=true", 502)["code"] == 502  # the tests' index is no index
    program = get(gateway, "/v1/openclaw/version")["data"]
    assert (program["installed"], program["version"]) == (True, __version__)
    plugin = get(gateway, "/v1/wechat/plugin/status")["data"]
    assert (plugin["installed"], plugin["status"]) == (True, "loaded")
    for path in ("/v1/system/version", "/v1/openclaw/version", "/v1/wechat/plugin/status"):
        get(gateway, path, 401, headers={})
