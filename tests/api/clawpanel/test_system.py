"""`/api/system/env`, `skills`, `clawhub-sync`, `cron`, `sudo-password`: clawpanel.md §1.12, §5.4–§5.6."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

CRON = "/api/system/cron"
SUDO = "/api/system/sudo-password"
SYNC = "/api/system/clawhub-sync"
PASSWORD = "correct horse battery staple"


def job(name: str, **more: Any) -> dict[str, Any]:
    """A job as the contract's own panel makes it."""
    payload = {"kind": "agentTurn", "message": "say hello", "deliver": False}
    schedule = {"kind": "cron", "expr": "0 9 * * *"}
    return {
        "name": name,
        "enabled": True,
        "schedule": schedule,
        "sessionTarget": "main",
        "wakeMode": "now",
        "payload": payload,
        **more,
    }


def test_the_machine_is_told_in_the_contracts_words(panel: Panel) -> None:
    found = panel.get("/api/system/env")
    system, software = found["os"], found["software"]
    assert set(system) == {
        *("platform", "arch", "hostname", "totalMemMB", "freeMemMB", "cpus", "cpuModel"),
        *("uptime", "userInfo", "distro", "release", "loadAvg"),
    }
    assert set(software) == {"node", "npm", "docker", "git", "bun", "python", "openclaw"}
    assert all(isinstance(value, str) and value for value in software.values())
    assert software["python"] == platform.python_version()
    assert system["hostname"] == platform.node()
    assert system["totalMemMB"] > system["freeMemMB"] > 0
    assert isinstance(system["uptime"], int)
    assert len(system["loadAvg"].split(", ")) == 3


def test_skills_have_the_contracts_shape(panel: Panel) -> None:
    found = panel.get("/api/system/skills")["skills"]
    assert len({each["id"] for each in found}) == len(found)
    skills = [each for each in found if each["source"] == "app-skill"]
    assert skills
    for each in skills:
        assert {"id", "name", "description", "version", "enabled", "source", "path", "requires", "metadata"} <= set(
            each
        )
        assert each["description"] != "---"
        assert set(each["requires"]) == {"env", "bins"}
    assert [each for each in found if each["source"] == "installed"]


class Registry(LoopbackServer):
    """ClawHub as its document has it: a page a cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: Received, reply: Reply) -> None:
        """One page."""
        assert request.path.partition("?")[0] == "/api/v1/skills"
        self.asked.append(request.query)
        await reply.whole(200, self.pages[request.query.get("cursor", "")])


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as found:
        yield found


def test_the_list_of_the_registry_is_kept_for_a_while(registry: Registry) -> None:
    item = {"slug": "gifgrep", "displayName": "GifGrep", "summary": "Finds.", "latestVersion": {"version": "1.2.3"}}
    registry.pages = {
        "": {"items": [item, {"no": "slug"}, 5], "nextCursor": "more"},
        "more": {"items": [{"slug": "second", "displayName": None, "summary": None}], "nextCursor": None},
    }
    config = settings({}, skills={"registry": {"url": registry.url}}, gateway={"privateNetworks": True})
    with running_gateway(config) as gateway:
        panel = Panel(gateway)
        first = panel.ask("POST", SYNC).json()
        assert (first["ok"], first["source"]) == (True, "remote"), first
        assert first["skills"] == [
            {"id": "gifgrep", "name": "GifGrep", "description": "Finds.", "version": "1.2.3"},
            {"id": "second", "name": "second", "description": "", "version": ""},
        ]
        assert registry.asked[0]["sort"] == "downloads"
        assert registry.asked[1]["cursor"] == "more"
        again = panel.ask("POST", SYNC).json()
        assert (again["source"], again["skills"]) == ("cache", first["skills"])
        assert again["syncedAt"].endswith("Z")
        assert len(registry.asked) == 2  # within a minute it is not asked again
        panel.close()


def test_a_private_address_is_not_asked(registry: Registry) -> None:
    with running_gateway(settings({}, skills={"registry": {"url": registry.url}})) as gateway:
        panel = Panel(gateway)
        answer = panel.ask("POST", SYNC)
        told = answer.json()
        assert (answer.status_code, told["ok"], told["source"], told["skills"]) == (200, True, "error", [])
        assert told["error"]
        assert registry.asked == []
        panel.close()


def test_jobs_are_merged_by_id_and_keep_how_they_stand(panel: Panel) -> None:
    made = panel.ask("PUT", CRON, {"jobs": [job("a", id="cron_1"), job("b", id="cron_2")]})
    assert made.status_code == 200, made.text
    jobs = {each["id"]: each for each in panel.get(CRON)["jobs"]}
    assert set(jobs) == {"cron_1", "cron_2"}
    assert jobs["cron_1"]["state"]["nextRunAtMs"] > 0
    assert jobs["cron_1"]["delivery"]["mode"] == "none"
    theirs = [{**jobs["cron_2"], "enabled": False, "state": {}}, {**jobs["cron_1"], "state": {"lastStatus": "ok"}}]
    assert panel.ask("PUT", CRON, {"jobs": theirs}).status_code == 200
    after = {each["id"]: each for each in panel.get(CRON)["jobs"]}
    assert after["cron_1"] == jobs["cron_1"]  # what the panel says of its state is not taken
    assert (after["cron_2"]["enabled"], after["cron_2"]["name"]) == (False, "b")
    assert panel.ask("PUT", CRON, {"jobs": [after["cron_1"], job("c")]}).status_code == 200
    names = {each["name"] for each in panel.get(CRON)["jobs"]}
    assert names == {"a", "c"}
    assert panel.ask("PUT", CRON, {"jobs": []}).json() == {"ok": True, "jobs": []}
    assert panel.get(CRON)["jobs"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jobs": None},
        {"jobs": {}},
        {"jobs": "x"},
        {"jobs": [5]},
        {"jobs": [job("ok"), {"name": "no schedule"}]},
        {"jobs": [job("ok"), job("bad", schedule={"kind": "cron", "expr": "nonsense"})]},
        {"jobs": [job("ok", id="same"), job("ok", id="same")]},
        {"jobs": [job("ok", id="../x")]},
    ],
)
def test_one_bad_job_and_none_is_written(panel: Panel, body: dict[str, Any]) -> None:
    assert panel.ask("PUT", CRON, {"jobs": [job("kept", id="kept")]}).status_code == 200
    before = panel.get(CRON)["jobs"]
    answer = panel.ask("PUT", CRON, body)
    assert (answer.status_code, answer.json()["ok"]) == (400, False), answer.text
    assert answer.json()["error"]
    assert panel.get(CRON)["jobs"] == before


def test_the_sudo_password_is_kept_sealed_and_told_to_nobody() -> None:
    with running_gateway(settings({})) as gateway:
        panel = Panel(gateway)
        assert panel.get(SUDO) == {"ok": True, "configured": False}
        assert panel.ask("PUT", SUDO, {"password": PASSWORD}).json() == {"ok": True}
        assert panel.get(SUDO) == {"ok": True, "configured": True}
        for bad in (5, ["x"], "line\nbreak"):
            answer = panel.ask("PUT", SUDO, {"password": bad})
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
        gateway.stop()
        gateway.start()
        assert panel.get(SUDO)["configured"] is True
        gateway.stop()
        kept = b"".join(path.read_bytes() for path in gateway.home.rglob("*") if path.is_file())
        assert PASSWORD.encode() not in kept
        gateway.start()
        assert panel.ask("PUT", SUDO, {"password": ""}).json() == {"ok": True}
        assert panel.get(SUDO) == {"ok": True, "configured": False}
        panel.close()


def test_rights_are_asked_for(panel: Panel) -> None:
    made = panel.ask("POST", "/api/keys", {"name": "models"}, headers={"x-admin-token": panel.gateway.token})
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    paths = [("GET", "/api/system/env"), ("GET", "/api/system/skills"), ("POST", "/api/system/clawhub-sync")]
    for method, path in [*paths, ("GET", SUDO), ("PUT", SUDO)]:
        answer = panel.ask(method, path, headers=headers)
        assert (answer.status_code, answer.json()["ok"]) == (403, False), path
