"""What people do with OpenClaw's command line, done with it against Crawdad: the answers are the recorded ones' shapes."""

from __future__ import annotations

import json

import pytest

from tests.e2e_openclaw_cli.conftest import ANSWER
from tests.e2e_openclaw_cli.openclaw_cli import OpenClaw
from tests.support.control import ALL_SCOPES, Device, Refused, connect_params, opened

pytestmark = pytest.mark.node
FROM_AFAR = {"x-forwarded-for": "203.0.113.9"}


def test_it_sees_that_the_gateway_is_well(openclaw: OpenClaw) -> None:
    told = openclaw.ask("health")
    assert told["ok"] is True and told["defaultAgentId"] == "main"
    assert told["agents"][0]["sessions"]["count"] == told["sessions"]["count"]
    assert openclaw.good("health").printed.startswith("Agents: main (default)\n")


def test_it_finds_the_gateway_and_reads_how_it_stands(openclaw: OpenClaw) -> None:
    probe = openclaw.ask("gateway", "probe")
    target = next(each for each in probe["targets"] if each["active"])
    assert probe["ok"] is True and probe["warnings"] == []
    assert target["connect"]["ok"] is True and target["config"]["valid"] is True
    assert target["config"]["path"] == str(openclaw.gateway.home / "openclaw.json")
    status = openclaw.ask("gateway", "status")
    assert status["rpc"]["ok"] is True
    told = openclaw.ask("status")
    assert told["gateway"]["reachable"] is True and told["gateway"]["error"] is None
    assert told["heartbeat"]["agents"][0]["agentId"] == "main"


def test_it_lists_agents_models_and_tools(openclaw: OpenClaw) -> None:
    agents = openclaw.ask("gateway", "call", "agents.list")
    assert (agents["defaultId"], agents["mainKey"], agents["scope"]) == ("main", "main", "per-sender")
    assert "story:m" in {model["id"] for model in openclaw.ask("gateway", "call", "models.list")["models"]}
    assert {group["id"] for group in openclaw.ask("gateway", "call", "tools.catalog")["groups"]} >= {"fs", "runtime"}


def test_it_has_an_agent_take_a_turn_and_finds_it_among_the_sessions(openclaw: OpenClaw) -> None:
    told = openclaw.ask("agent", "--agent", "main", "--message", "hello from the real command line")
    assert (told["status"], told["summary"]) == ("ok", "completed")
    assert told["result"]["payloads"] == [{"text": ANSWER, "mediaUrl": None}]
    about = told["result"]["meta"]["agentMeta"]
    assert (about["provider"], about["model"]) == ("chat", "story:m")
    assert (about["usage"]["input"], about["usage"]["output"], about["usage"]["total"]) == (100, 5, 105)
    assert openclaw.good("agent", "--agent", "main", "--message", "again").printed.strip() == ANSWER

    sessions = openclaw.ask("gateway", "call", "sessions.list", "--params", '{"limit":5}')["sessions"]
    main = next(session for session in sessions if session["key"] == "agent:main:main")
    assert main["sessionId"] == about["sessionId"] and main["abortedLastRun"] is False
    history = openclaw.ask("gateway", "call", "chat.history", "--params", '{"sessionKey":"main"}')
    said = [(each["role"], each["content"][0]["text"]) for each in history["messages"]]
    assert said[-2:] == [("user", "again"), ("assistant", ANSWER)]
    assert openclaw.ask("sessions")["sessions"] == []  # this command reads the files of its own home and asks nobody


def test_it_keeps_jobs(openclaw: OpenClaw) -> None:
    wanted = ("--name", "tick", "--every", "1h", "--system-event", "tick", "--session", "main")
    made = openclaw.ask("cron", "add", *wanted)
    assert made["schedule"] == {"kind": "every", "everyMs": 3_600_000, "anchorMs": made["createdAtMs"]}
    assert made["payload"] == {"kind": "systemEvent", "text": "tick"} and made["sessionTarget"] == "main"
    listed = openclaw.ask("cron", "list")
    assert [job["id"] for job in listed["jobs"]] == [made["id"]] and listed["hasMore"] is False
    assert made["id"] in openclaw.good("cron", "list").printed
    assert openclaw.ask("cron", "status")["jobs"] == 1
    assert openclaw.good("cron", "run", made["id"]).document == {"ok": True, "ran": True}
    runs = openclaw.good("cron", "runs", "--id", made["id"]).document
    assert [(run["action"], run["jobId"]) for run in runs["entries"]] == [("finished", made["id"])]
    assert openclaw.good("cron", "edit", made["id"], "--name", "tock").document["name"] == "tock"
    assert openclaw.good("cron", "disable", made["id"]).document["enabled"] is False
    assert openclaw.ask("cron", "rm", made["id"]) == {"ok": True, "removed": True}
    assert openclaw.ask("cron", "list")["jobs"] == []


def test_it_is_a_device_here_and_lets_others_in(openclaw: OpenClaw) -> None:
    paired = openclaw.ask("devices", "list")["paired"]
    own = next(device for device in paired if device["clientId"] == "cli")
    assert own["role"] == "operator" and set(own["scopes"]) == set(ALL_SCOPES)
    kept = json.loads((openclaw.home / ".openclaw/identity/device.json").read_text())
    assert own["deviceId"] == kept["deviceId"]
    phone, params = Device(), connect_params(openclaw.gateway.token, ["operator.read"])
    with opened(openclaw.gateway, FROM_AFAR) as client, pytest.raises(Refused) as refused:
        client.connect(params, phone)
    request = refused.value.error["details"]["requestId"]
    assert request in {waiting["requestId"] for waiting in openclaw.ask("devices", "list")["pending"]}
    openclaw.good("devices", "approve", request)
    with opened(openclaw.gateway, FROM_AFAR) as client:
        assert client.connect(params, phone)["auth"]["scopes"] == ["operator.read"]
    openclaw.good("devices", "revoke", "--device", phone.id, "--role", "operator")
    openclaw.good("devices", "remove", phone.id)
    assert phone.id not in {device["deviceId"] for device in openclaw.ask("devices", "list")["paired"]}


def test_its_device_token_alone_is_enough_next_time(openclaw: OpenClaw) -> None:
    openclaw.good("health")
    kept = json.loads((openclaw.home / ".openclaw/identity/device-auth.json").read_text())
    assert kept["tokens"]["operator"]["scopes"]
    assert openclaw.good("devices", "list", "--json", OPENCLAW_GATEWAY_TOKEN="").document["paired"]


def test_a_wrong_token_is_told_in_the_words_it_knows(openclaw: OpenClaw) -> None:
    home = openclaw.home / "stranger"
    home.mkdir()
    done = openclaw.run("gateway", "call", "health", OPENCLAW_GATEWAY_TOKEN="wrong", HOME=str(home))
    assert done.code == 1
    assert "unauthorized: gateway token mismatch" in done.printed + done.complained


def test_it_follows_the_log(openclaw: OpenClaw) -> None:
    meta, *lines = openclaw.good("logs", "--limit", "5", "--json").lines
    assert meta["type"] == "meta" and meta["file"] == str(openclaw.home / "gateway.log")
    assert 0 < len(lines) <= 5 and {line["type"] for line in lines} == {"log"}
    assert all(line["time"] and line["level"] and line["message"] for line in lines)
    shown = openclaw.good("logs", "--limit", "5").printed
    assert lines[0]["message"].splitlines()[0] in shown


def test_it_reads_the_rest_of_what_operators_look_at(openclaw: OpenClaw) -> None:
    assert openclaw.ask("channels", "status")["channelOrder"] == []
    assert openclaw.ask("system", "presence")[0]["mode"] == "gateway"
    assert openclaw.ask("system", "event", "--text", "hi") == {"ok": True}
    skills = openclaw.ask("gateway", "call", "skills.status")
    assert skills["managedSkillsDir"]


def test_it_reads_and_changes_the_configuration(openclaw: OpenClaw) -> None:
    found = openclaw.ask("gateway", "call", "config.get")
    assert found["valid"] is True and openclaw.gateway.token not in json.dumps(found)
    params = {"raw": '{"session":{"scope":"per-sender"}}', "baseHash": found["hash"]}
    written = openclaw.ask("gateway", "call", "config.patch", "--params", json.dumps(params))
    assert written["ok"] is True
    stale = openclaw.run("gateway", "call", "config.patch", "--params", json.dumps(params), "--json")
    assert stale.code == 1 and "config changed since last load" in stale.printed + stale.complained


def test_what_may_run_without_asking_and_the_nodes_are_read_from_the_gateway(openclaw: OpenClaw) -> None:
    approvals = openclaw.ask("approvals", "get", "--gateway")
    assert approvals["file"]["version"] == 1
    assert {"path", "exists", "hash"} <= approvals.keys()
    assert openclaw.ask("nodes", "status")["nodes"] == []
