"""ClawPanel's backups and updates, as its clients see them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crawdad import __version__
from tests.api.clawpanel.panel import Panel
from tests.simulators.package_index import PackageIndex, package_index, wheel_name
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\Z")


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    with package_index() as running:
        running.files = {wheel_name("99.0"): b"no wheel"}
        yield running


@pytest.fixture(scope="module")
def panel(index: PackageIndex) -> Iterator[Panel]:
    env = {"CRAWDAD_UPDATES": "self", "CRAWDAD_UPDATE_INDEX": f"{index.url}/simple"}
    with running_gateway(settings({}), env) as gateway:
        found = Panel(gateway)
        try:
            yield found
        finally:
            found.close()


def level(panel: Panel) -> str:
    config = json.loads((panel.gateway.home / "openclaw.json").read_text())
    return str(config.get("logging", {}).get("level", ""))


def set_level(panel: Panel, value: str) -> None:
    path = panel.gateway.home / "openclaw.json"
    config = json.loads(path.read_text())
    config["logging"] = {"level": value}
    panel.gateway.write_config(config)


def test_a_backup_its_files_and_its_restore(panel: Panel) -> None:
    set_level(panel, "warning")
    made = panel.ask("POST", "/api/system/backup")
    assert made.status_code == 200 and set(made.json()) == {"ok", "backupId"}
    backup = made.json()["backupId"]
    assert MOMENT.match(backup)
    listed = panel.get("/api/system/backups")["backups"]
    names = [row["name"] for row in listed]
    assert names == sorted(names, reverse=True)
    assert {f"openclaw-{backup}.json", f"cron-jobs-{backup}.json"} <= set(names)
    for row in listed:
        assert set(row) == {"name", "path", "size", "time"} and Path(row["path"]).is_file()
        assert row["size"] > 0 and row["time"].endswith("Z")
    set_level(panel, "error")
    answer = panel.ask("POST", "/api/system/restore", {"backupName": f"openclaw-{backup}.json"})
    assert answer.status_code == 200 and answer.json()["ok"] is True, answer.text
    assert level(panel) == "warning"
    before = f"pre-restore-{answer.json()['preRestoreId']}.json"
    assert before in [row["name"] for row in panel.get("/api/system/backups")["backups"]]
    assert panel.ask("POST", "/api/system/restore", {"backupName": before}).json()["ok"] is True
    assert level(panel) == "error", "what was there before the restore is back"


def test_jobs_come_back(panel: Panel) -> None:
    job = {
        "name": "tea",
        "schedule": {"kind": "every", "everyMs": 3_600_000},
        "sessionTarget": "main",
        "payload": {"kind": "systemEvent", "text": "tea"},
    }
    headers = panel.gateway.headers
    with httpx.Client(base_url=panel.gateway.base_url, headers=headers, timeout=PATIENCE) as client:
        made = client.post("/api/v1/cron/jobs", json=job)
        backup = panel.ask("POST", "/api/system/backup").json()["backupId"]
        job_id = (made.json().get("data") or made.json()).get("id") or made.json()["data"]["job"]["id"]
        assert client.delete(f"/api/v1/cron/jobs/{job_id}").status_code == 200
        answer = panel.ask("POST", "/api/system/restore", {"backupName": f"cron-jobs-{backup}.json"})
        assert answer.status_code == 200, answer.text
        assert client.get(f"/api/v1/cron/jobs/{job_id}").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../openclaw.json",
        "openclaw-/../../etc/passwd.json",
        "openclaw-2020-01-01T00-00-00-000Z.json",
        "other.json",
        "x",
    ],
)
def test_names_that_are_none(panel: Panel, name: str) -> None:
    answer = panel.ask("POST", "/api/system/restore", {"backupName": name})
    assert answer.status_code == 404 and answer.json()["error"] == "Backup not found"


def test_no_name_and_no_token(panel: Panel) -> None:
    assert panel.ask("POST", "/api/system/restore", {}).status_code == 400
    for method, path in (
        *(("POST", "/api/system/backup"), ("GET", "/api/system/backups"), ("POST", "/api/system/restore")),
        *(("GET", "/api/system/version"), ("POST", "/api/system/check-update"), ("POST", "/api/system/do-update")),
        ("GET", "/api/system/update-status"),
    ):
        answer = httpx.request(method, panel.gateway.base_url + path, timeout=PATIENCE)
        assert (answer.status_code, answer.json()) == (401, {"ok": False, "error": "No token", "code": "invalid_token"})


def test_versions_and_an_update_that_fails(panel: Panel, index: PackageIndex) -> None:
    told = panel.get("/api/system/version")
    assert told == {
        **{"ok": True, "currentVersion": __version__, "latestVersion": "", "lastCheckedAt": ""},
        "updateAvailable": False,
    }
    assert panel.get("/api/system/update-status") == {"ok": True, "status": "idle", "log": []}
    found = panel.ask("POST", "/api/system/check-update").json()
    checked = found.pop("checkedAt")
    assert found == {"ok": True, "currentVersion": __version__, "latestVersion": "99.0", "updateAvailable": True}
    told = panel.get("/api/system/version")
    assert (told["latestVersion"], told["lastCheckedAt"], told["updateAvailable"]) == ("99.0", checked, True)
    index.hold.clear()
    sent = panel.ask("POST", "/api/system/do-update").json()
    assert sent.pop("taskId") and sent == {"ok": True, "message": "更新请求已发送"}
    again = panel.ask("POST", "/api/system/do-update")
    assert (again.status_code, again.json()["ok"], again.json()["error"]) == (200, False, "更新正在进行中")
    assert panel.get("/api/system/update-status")["status"] == "running"
    index.hold.set()
    eventually(lambda: panel.get("/api/system/update-status")["status"] == "failed", "the end of the update", 90)
    told = panel.get("/api/system/update-status")
    assert told["log"] and told["startedAt"] < told["finishedAt"]
    index.broken = True
    failed = panel.ask("POST", "/api/system/check-update")
    assert failed.status_code == 500 and failed.json()["ok"] is False
    index.broken = False


def test_tasks_over_http(panel: Panel) -> None:
    with httpx.Client(base_url=panel.gateway.base_url, headers=panel.gateway.headers, timeout=PATIENCE) as client:
        page = client.get("/api/tasks", params={"kind": "update.run"}).json()
        task = page["tasks"][0]
        assert (task["kind"], task["status"], page["cursor"]) == ("update.run", "failed", None)
        assert task["log"] and task["error"] and client.get(f"/api/tasks/{task['id']}").json() == task
        chinese = client.get(f"/api/tasks/{task['id']}", headers={"accept-language": "zh"}).json()
        assert chinese["title"] == "更新 Crawdad"
        assert client.get("/api/tasks/none").status_code == 404
        assert client.post(f"/api/tasks/{task['id']}/cancel").status_code == 409
        assert client.get("/api/tasks", params={"limit": 1000}).status_code == 400
        assert httpx.get(panel.gateway.base_url + "/api/tasks", timeout=PATIENCE).status_code == 401
