"""`/api/v1/cron` of a running gateway: the guide's examples, whole lives of jobs, keys of their own, faults in its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.moved_clock import MovedClock
from tests.support.schedule_server import WITH_CRON
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

BASE = "/api/v1/cron"
EVERY = {"kind": "every", "everyMs": 86_400_000}
BACKUP = {"name": "daily-backup", "schedule": EVERY, "payload": {"kind": "systemEvent", "text": "Running daily backup"}}
LOOK = {
    "name": "look",
    "schedule": EVERY,
    "payload": {"kind": "agentTurn", "message": "look"},
    "delivery": {"mode": "none"},
}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedClock]:
    with MovedClock(tmp_path_factory.mktemp("clock") / "clock") as moved:
        yield moved


@pytest.fixture(scope="module")
def gateway(clock: MovedClock) -> Iterator[Gateway]:
    with running_gateway(settings({}), clock.environment, command=WITH_CRON) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as http:
        yield http
        for job in http.get(f"{BASE}/jobs", params={"limit": 200}).json()["jobs"]:
            assert http.delete(f"{BASE}/jobs/{job['id']}").status_code == 200


def make(client: httpx.Client, **values: Any) -> dict[str, Any]:
    answer = client.post(f"{BASE}/jobs", json={**LOOK, **values})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def key_of(client: httpx.Client, **values: Any) -> dict[str, str]:
    answer = client.post("/api/keys", json={"name": "somebody", **values})
    assert answer.status_code == 201
    return {"authorization": f"Bearer {answer.json()['key']}"}


def runs_of(client: httpx.Client, job_id: str, count: int) -> list[dict[str, Any]]:
    """The runs of a job once there are so many that have ended."""

    def look() -> list[dict[str, Any]] | None:
        entries = client.get(f"{BASE}/jobs/{job_id}/runs").json()["data"]["entries"]
        ended = [entry for entry in entries if entry["action"] == "finished"]
        return ended if len(ended) >= count else None

    return eventually(look, f"the end of {count} runs")


def test_the_guides_examples(client: httpx.Client) -> None:
    made = client.post(f"{BASE}/jobs", json=BACKUP)
    assert made.status_code == 201 and made.headers["openclaw-version"] == "1.0"
    body = made.json()
    assert body["success"] is True and body["timestamp"].endswith("Z") and body["id"] == body["data"]["id"]
    job = body["data"]
    assert job["sessionTarget"] == "main" and job["wakeMode"] == "now" and job["enabled"] is True
    assert job["schedule"]["anchorMs"] == job["createdAtMs"]
    listed = client.get(f"{BASE}/jobs").json()
    assert listed["jobs"] == listed["data"]["jobs"]
    [shown] = listed["jobs"]
    assert {name: shown[name] for name in ("id", "name", "status")} == {
        "id": job["id"],
        "name": "daily-backup",
        "status": "enabled",
    }
    assert shown["nextRun"].endswith("Z") and listed["total"] == 1 and listed["hasMore"] is False


def test_a_job_from_end_to_end(client: httpx.Client, clock: MovedClock) -> None:
    job = make(client, schedule={"kind": "every", "everyMs": 60_000})
    path = f"{BASE}/jobs/{job['id']}"
    assert client.get(path).json()["data"]["name"] == "look"
    clock.advance(61)
    [run] = runs_of(client, job["id"], 1)
    assert (run["status"], run["trigger"], run["summary"]) == ("ok", "schedule", "done")
    assert run["sessionKey"].startswith(f"agent:main:cron:{job['id']}:run:")
    asked = client.post(f"{path}/run", json={"mode": "force"}, params={"wait": 10}).json()["data"]
    assert asked["ran"] is True and asked["run"]["status"] == "ok" and asked["run"]["trigger"] == "manual"
    assert client.post(f"{path}/run", json={"mode": "due"}).json()["data"] == {"ran": False, "reason": "not-due"}
    changed = client.patch(path, json={"patch": {"schedule": {"everyMs": 120_000}, "name": "rarely"}}).json()["data"]
    assert changed["schedule"]["everyMs"] == 120_000 and changed["name"] == "rarely"
    assert client.post(f"{path}/disable").json()["data"]["nextRun"] is None
    assert client.get(f"{BASE}/jobs", params={"includeDisabled": "false"}).json()["jobs"] == []
    assert client.post(f"{path}/enable").json()["data"]["status"] == "enabled"
    status = client.get(f"{BASE}/status").json()["data"]
    assert status["enabled"] is True and status["jobs"] == 1 and status["nextWakeAtMs"] > 0
    assert client.get(f"{BASE}/runs", params={"status": "ok"}).json()["data"]["total"] >= 2
    assert client.delete(path).json()["data"] == {"id": job["id"], "removed": True}
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/runs").status_code == 200, "what it did is still told"


def test_a_restart_loses_nothing_and_makes_up_once(client: httpx.Client, gateway: Gateway, clock: MovedClock) -> None:
    job = make(client, schedule={"kind": "every", "everyMs": 3_600_000})
    skipped = make(client, schedule={"kind": "every", "everyMs": 3_600_000}, misfire="skip")
    gateway.kill()
    clock.advance(5 * 3600 + 120)
    gateway.start()
    assert [run["trigger"] for run in runs_of(client, job["id"], 1)] == ["late"]
    assert [run["status"] for run in runs_of(client, skipped["id"], 1)] == ["skipped"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "x"}, "schedule"),
        ({**LOOK, "schedule": {"kind": "cron", "expr": "61 * * * *"}}, "61"),
        ({**LOOK, "schedule": {"kind": "cron", "expr": "0 0 31 2 *"}}, "never"),
        ({**LOOK, "schedule": {"kind": "cron", "expr": "* * * * *", "tz": "Mars/Olympus"}}, "Mars"),
        ({**LOOK, "schedule": {"kind": "at", "at": "2001-01-01"}}, "over"),
        ({**LOOK, "schedule": {"kind": "at", "at": "2200-01-01"}}, "ten years"),
        ({**LOOK, "schedule": {"kind": "every", "everyMs": 0}}, "everyMs"),
        ({**LOOK, "sessionTarget": "main"}, "main"),
        ({**BACKUP, "delivery": {"mode": "announce"}}, "main session"),
        ({**LOOK, "delivery": {"mode": "webhook", "to": "file:///etc/passwd"}}, "http"),
        ({**LOOK, "misfire": "sometimes"}, "misfire"),
        ([1, 2], ""),
    ],
)
def test_what_is_no_job_is_refused_in_words(client: httpx.Client, body: Any, words: str) -> None:
    answer = client.post(f"{BASE}/jobs", json=body)
    error = answer.json()["error"]
    assert answer.status_code == 400 and error["code"] == "INVALID_REQUEST", answer.text
    assert words in error["message"] and answer.json()["success"] is False
    assert client.get(f"{BASE}/jobs").json()["total"] == 0


def test_each_key_has_its_own_jobs(client: httpx.Client, gateway: Gateway) -> None:
    job = make(client)
    one = key_of(client, permissions=["agents.use"])
    with httpx.Client(base_url=gateway.base_url, headers=one, timeout=PATIENCE) as other:
        assert other.get(f"{BASE}/jobs").json()["total"] == 0
        for method, path in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/run"),
            ("GET", "/runs"),
            ("POST", "/disable"),
        ):
            answer = other.request(method, f"{BASE}/jobs/{job['id']}{path}", json={} if method != "GET" else None)
            assert answer.status_code == 404 and answer.json()["error"]["code"] == "NOT_FOUND", (method, path)
        own = make(other, owner="token", state={"nextRunAtMs": 1})
        assert own["owner"] != "token" and own["state"]["nextRunAtMs"] > 1_700_000_000_000
    assert client.get(f"{BASE}/jobs").json()["total"] == 2, "whoever manages agents sees all"


def test_a_job_of_a_revoked_key_does_not_run(client: httpx.Client, clock: MovedClock, gateway: Gateway) -> None:
    answer = client.post("/api/keys", json={"name": "soon gone", "permissions": ["agents.use"]}).json()
    with httpx.Client(base_url=gateway.base_url, headers={"x-api-key": answer["key"]}, timeout=PATIENCE) as other:
        job = make(other, schedule={"kind": "every", "everyMs": 60_000})
    assert client.delete(f"/api/keys/{answer['id']}").status_code == 204
    clock.advance(61)
    [run] = runs_of(client, job["id"], 1)
    assert run["status"] == "error" and answer["id"] in run["error"]


def test_keys_without_agents_and_nobody_are_refused(client: httpx.Client, gateway: Gateway) -> None:
    models = key_of(client, permissions=["models.use"])
    refused = httpx.get(f"{gateway.base_url}{BASE}/jobs", headers=models, timeout=PATIENCE)
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "FORBIDDEN"
    nobody = httpx.get(f"{gateway.base_url}{BASE}/jobs", timeout=PATIENCE)
    assert nobody.status_code == 401 and nobody.json()["error"]["code"] == "UNAUTHORIZED"
    assert httpx.get(f"{gateway.base_url}{BASE}/nothing", headers=gateway.headers, timeout=PATIENCE).status_code == 404


def test_a_webhook_to_a_private_address_is_not_called(client: httpx.Client, clock: MovedClock, tmp_path: Path) -> None:
    hook = {"mode": "webhook", "to": "http://127.0.0.1:9/hook"}
    job = make(client, schedule={"kind": "every", "everyMs": 60_000}, delivery=hook)
    clock.advance(61)
    [run] = runs_of(client, job["id"], 1)
    assert (run["status"], run["deliveryStatus"]) == ("error", "not-delivered") and run["deliveryError"]
