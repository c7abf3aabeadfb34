"""Jobs, persona files, tools, skills and channels over the control channel of a real gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.control import Client, connected
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

JOB: dict[str, Any] = {
    "name": "job1",
    "enabled": True,
    "schedule": {"kind": "every", "everyMs": 3_600_000},
    "sessionTarget": "main",
    "wakeMode": "next-heartbeat",
    "payload": {"kind": "systemEvent", "text": "tick"},
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {
        "defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}},
        "list": [{"id": "main", "default": True}, {"id": "ada", "identity": {"name": "Ada", "emoji": "A"}}],
    }
    with ScriptedModel(says("HEARTBEAT_OK")) as model:
        wanted = settings({NAME: model.provider()}) | {"agents": agents}
        with running_gateway(wanted) as running:
            yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


def test_jobs(client: Client) -> None:
    job = client.call("cron.add", JOB)
    assert [frame["payload"]["action"] for frame in client.events if frame.get("event") == "cron"] == ["added"]
    assert {name: job[name] for name in JOB if name != "schedule"} == {n: v for n, v in JOB.items() if n != "schedule"}
    assert job["schedule"]["everyMs"] == 3_600_000 and job["state"]["nextRunAtMs"] > job["createdAtMs"]
    assert None not in job.values() and "owner" not in job
    listed = client.call("cron.list", {"includeDisabled": True})
    assert [each["id"] for each in listed["jobs"]] == [job["id"]] and listed["total"] == 1
    status = client.call("cron.status")
    assert (status["enabled"], status["jobs"]) == (True, 1)
    client.events.clear()
    assert client.call("cron.run", {"id": job["id"], "mode": "due"}) == {"ok": True, "ran": False, "reason": "not-due"}
    assert client.call("cron.run", {"id": job["id"]}) == {"ok": True, "ran": True}
    told = [frame["payload"] for frame in client.events if frame.get("event") == "cron"]
    assert [payload["action"] for payload in told] == ["started", "finished"]
    assert told[1]["status"] == "ok" and told[1]["durationMs"] >= 0
    entry = client.call("cron.runs", {"id": job["id"]})["entries"][0]
    assert (entry["action"], entry["status"], entry["jobId"]) == ("finished", "ok", job["id"])
    assert client.call("cron.runs", {"scope": "all"})["total"] == 1
    off = client.call("cron.update", {"jobId": job["id"], "patch": {"enabled": False}})
    assert not off["enabled"] and "nextRunAtMs" not in off["state"]
    assert client.call("cron.list")["jobs"] == []
    assert client.call("cron.remove", {"id": job["id"]}) == {"ok": True, "removed": True}
    assert client.call("cron.status")["nextWakeAtMs"] is None


def test_when_schedules_come(client: Client) -> None:
    """Before a job is made of one: within a span, in the schedule's own zone, and what is wrong with each."""
    saturday = 1_798_848_000_000  # 2027-01-02T00:00:00Z
    asked = {
        "schedules": [
            {"schedule": {"kind": "cron", "expr": "30 8 * * 1-5", "tz": "Asia/Shanghai"}},
            {"id": "tea", "schedule": {"kind": "every", "everyMs": 3_600_000, "anchorMs": saturday}},
            {"schedule": {"kind": "cron", "expr": "99 8 * * *"}},
        ],
        "afterMs": saturday,
        "untilMs": saturday + 3 * 86_400_000,
        "limit": 4,
    }
    weekdays, tea, broken = client.call("cron.times", asked)["times"]
    monday = saturday + 2 * 86_400_000
    assert weekdays == {"atMs": [monday + 1_800_000], "more": False}
    assert tea == {"id": "tea", "atMs": [saturday + hour * 3_600_000 for hour in (1, 2, 3, 4)], "more": True}
    assert broken["atMs"] == [] and "99" in broken["error"]
    assert client.call("cron.times", {"schedules": [{"schedule": {"expr": "0 0 1 1 *"}}]})["times"][0]["atMs"][4:] != []


def test_what_is_no_job(client: Client) -> None:
    assert client.fault("cron.add", {"name": "x"})["message"] == (
        "invalid cron.add params: must have required property 'schedule'; must have required property 'sessionTarget'; "
        "must have required property 'payload'"
    )
    assert client.fault("cron.run", {})["message"] == "id or jobId is required"
    assert client.fault("cron.run", {"id": "gone"})["code"] == "INVALID_REQUEST"


def test_who_there_is(client: Client) -> None:
    found = client.call("agents.list")
    assert (found["defaultId"], found["mainKey"], found["scope"]) == ("main", "main", "per-sender")
    assert found["agents"] == [{"id": "main"}, {"id": "ada", "name": "Ada", "identity": {"name": "Ada", "emoji": "A"}}]
    assert client.call("agent.identity.get", {"sessionKey": "agent:ada:main"})["emoji"] == "A"
    assert client.call("agent.identity.get")["agentId"] == "main"
    assert "nobody" in client.fault("agent.identity.get", {"agentId": "nobody"})["message"]


def test_persona_files(client: Client, gateway: Gateway, tmp_path: Path) -> None:
    written = client.call("agents.files.set", {"agentId": "ada", "name": "SOUL.md", "content": "Kind. 善良"})
    workspace = Path(written["workspace"])
    assert (workspace / "SOUL.md").read_text() == "Kind. 善良" and written["file"]["missing"] is False
    read = client.call("agents.files.get", {"agentId": "ada", "name": "SOUL.md"})
    assert read["file"]["content"] == "Kind. 善良" and read["file"]["size"] == len("Kind. 善良".encode())
    listed = {file["name"]: file for file in client.call("agents.files.list", {"agentId": "ada"})["files"]}
    assert not listed["SOUL.md"]["missing"] and listed["BOOTSTRAP.md"]["missing"] and "MEMORY.md" in listed
    secret = tmp_path / "secret"
    secret.write_text("nobody's business")
    (workspace / "USER.md").symlink_to(secret)
    linked = client.call("agents.files.get", {"agentId": "ada", "name": "USER.md"})
    assert linked["file"]["missing"] and "content" not in linked["file"]
    client.call("agents.files.set", {"agentId": "ada", "name": "USER.md", "content": "Ann"})
    assert secret.read_text() == "nobody's business" and (workspace / "USER.md").read_text() == "Ann"
    for name in ("../openclaw.json", "notes.md", "SOUL.md/../x", "/etc/passwd"):
        error = client.fault("agents.files.get", {"agentId": "ada", "name": name})
        assert error["message"] == f'unsupported file "{name}"'


def test_tools_are_told_in_the_client_s_language(gateway: Gateway) -> None:
    told: dict[str, dict[str, str]] = {}
    for locale in ("en-GB", "zh-CN"):
        with connected(gateway, locale=locale) as client:
            groups = client.call("tools.catalog")["groups"]
        told[locale] = {group["id"]: group["label"] for group in groups}
        told[locale] |= {tool["id"]: tool["description"] for group in groups for tool in group["tools"]}
    assert told["en-GB"]["fs"] == "Files" and told["zh-CN"]["fs"] == "文件"
    assert told["en-GB"]["edit"] == "Replaces a piece of a text file."
    untold = {name for name, words in told["zh-CN"].items() if words.isascii()}
    assert untold == set(), "each tool of ours has words in both languages"


def test_tools_skills_and_channels(client: Client) -> None:
    catalog = client.call("tools.catalog")
    assert [profile["id"] for profile in catalog["profiles"]] == ["minimal", "coding", "messaging", "full"]
    groups = {group["id"]: {tool["id"]: tool for tool in group["tools"]} for group in catalog["groups"]}
    assert groups["fs"]["read"]["defaultProfiles"] == ["coding"] and "exec" in groups["runtime"]
    skills = client.call("skills.status", {"agentId": "ada"})
    assert skills["workspaceDir"].endswith("workspace-ada")
    assert [skill["name"] for skill in skills["skills"] if not skill["bundled"]] == []
    folder = Path(skills["managedSkillsDir"]) / "sky"
    folder.mkdir(parents=True)
    head = '---\nname: sky\ndescription: Looks up.\nmetadata: {"openclaw": {"requires": {"bins": ["no-such-program"]}}}\n---\n'
    (folder / "SKILL.md").write_text(head)
    found = {skill["name"]: skill for skill in client.call("skills.status")["skills"]}
    sky, weather = found["sky"], found["weather"]
    assert weather["eligible"] and weather["bundled"] and weather["source"] == "bundled"
    assert not sky["eligible"] and sky["missing"]["bins"] == ["no-such-program"] and sky["source"] == "managed"
    channels = client.call("channels.status")
    assert channels["channels"] == {} and channels["channelOrder"] == [] and channels["channelMeta"] == []
    sent = client.fault("send", {"to": "ann", "message": "hi", "idempotencyKey": "s1"})
    assert sent["message"] == "Error: Channel is required (no configured channels detected)."
    assert "webchat" in client.fault("send", {"to": "a", "channel": "webchat", "idempotencyKey": "s2"})["message"]


def test_the_pulse(client: Client) -> None:
    assert client.call("last-heartbeat") is None
    assert client.call("set-heartbeats", {"enabled": False}) == {"ok": True, "enabled": False}
    assert client.call("wake", {"mode": "now", "text": "New mail"}) == {"ok": True}
    told = client.event("heartbeat")["payload"]  # what wakes it counts, switched off or not
    assert told["status"].startswith("ok") and client.call("last-heartbeat")["ts"] == told["ts"]


def test_who_only_reads(gateway: Gateway) -> None:
    with connected(gateway, ["operator.read"]) as reader:
        assert reader.call("sessions.list")["count"] >= 0
        for method, params in (
            ("chat.send", {"sessionKey": "main", "message": "hi", "idempotencyKey": "r"}),
            ("agent", {"message": "hi", "idempotencyKey": "r"}),
            ("wake", {"mode": "now", "text": "x"}),
        ):
            assert reader.fault(method, params)["message"] == "missing scope: operator.write"
        for method in ("sessions.delete", "cron.add", "agents.files.set", "chat.inject"):
            assert reader.fault(method, {})["message"] == "missing scope: operator.admin"
