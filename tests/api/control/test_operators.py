"""What operators do over the control channel besides talking: agents, usage, the log, allowed commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.control.test_agents import of_run, send
from tests.support.control import Client, Frame, connected
from tests.support.scripted_model import NAME, ScriptedModel, calls, says
from tests.support.server import Gateway, running_gateway, settings


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("PONG from the model.")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


def test_an_agent_from_its_making_to_its_end(client: Client, gateway: Gateway) -> None:
    made = client.call("agents.create", {"name": "Night Owl", "emoji": "🦉", "workspace": "workspace-of-owl"})
    workspace = gateway.home / "workspace-of-owl"
    assert made == {"ok": True, "agentId": "night-owl", "name": "Night Owl", "workspace": str(workspace)}
    assert "Night Owl" in (workspace / "IDENTITY.md").read_text() and (workspace / "AGENTS.md").exists()
    agents = {each["id"]: each for each in client.call("agents.list")["agents"]}
    assert set(agents) == {"main", "night-owl"}
    assert agents["night-owl"]["identity"]["emoji"] == "🦉"
    assert client.fault("agents.create", {"name": "night owl"})["code"] == "INVALID_REQUEST"
    assert client.fault("agents.create", {"name": "Main"})["message"] == '"main" is reserved'
    assert client.call("agents.update", {"agentId": "night-owl", "name": "Owl"}) == {"ok": True, "agentId": "night-owl"}
    assert client.call("agent.identity.get", {"agentId": "night-owl"})["name"] == "Owl"
    for method in ("agents.update", "agents.delete"):
        assert client.fault(method, {"agentId": "nobody"})["message"] == 'agent "nobody" not found'
    send(client, "agent:night-owl:main", "hello", "owl-1")
    assert of_run(client, "owl-1")[-1]["payload"]["sessionKey"] == "agent:night-owl:main"
    gone = client.call("agents.delete", {"agentId": "night-owl"})
    assert gone == {"ok": True, "agentId": "night-owl", "removedBindings": 0}
    assert not workspace.exists() and (gateway.home / "trash" / "workspace-of-owl" / "IDENTITY.md").exists()
    assert [each["id"] for each in client.call("agents.list")["agents"]] == ["main"]
    assert client.fault("agents.delete", {"agentId": "main"})["message"] == '"main" cannot be deleted'


def test_a_folder_of_somebody_stays_when_its_agent_goes(
    client: Client, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = tmp_path_factory.mktemp("own") / "papers"
    client.call("agents.create", {"name": "clerk", "workspace": str(own)})
    gone = client.call("agents.delete", {"agentId": "clerk"})
    assert gone["failed"][0]["path"] == str(own) and (own / "IDENTITY.md").exists()
    client.call("agents.create", {"name": "heir", "workspace": str(gateway.home / "workspace")})
    assert client.call("agents.delete", {"agentId": "heir", "deleteFiles": True})["failed"]


def test_no_agent_works_in_the_gateways_folder_or_the_systems(client: Client, gateway: Gateway) -> None:
    for place in ("logs", ".", str(gateway.home.parent), "/etc/agents"):
        fault = client.fault("agents.create", {"name": "scribe", "workspace": place})
        assert fault["code"] == "INVALID_REQUEST" and "where no agent works" in fault["message"]
        assert client.fault("agents.update", {"agentId": "main", "workspace": place})["code"] == "INVALID_REQUEST"
    assert [each["id"] for each in client.call("agents.list")["agents"]] == ["main"]
    assert not (gateway.home / "logs" / "IDENTITY.md").exists()
    written = client.call("config.get")
    patch = {"raw": '{ agents: { defaults: { workspace: "/usr/share" } } }', "baseHash": written["hash"]}
    assert client.fault("config.patch", patch)["message"] == "invalid config"


def test_the_first_change_of_main_writes_it_down(client: Client) -> None:
    assert client.call("agents.update", {"agentId": "main", "avatar": "https://x.example/a.png"})["ok"]
    assert client.call("agent.identity.get")["avatar"] == "https://x.example/a.png"


def test_what_sessions_used(client: Client, model: ScriptedModel) -> None:
    model.then(calls(("session_status", {})), says("It is done."))
    send(client, "counted", "count this", "count-1")
    of_run(client, "count-1")
    model.then(says("PONG from the model."))
    send(client, "counted", "and this", "count-2")
    of_run(client, "count-2")
    told = client.call("sessions.usage", {"key": "counted"})
    (row,) = told["sessions"]
    usage = row["usage"]
    assert row["key"] == "agent:main:counted" and row["agentId"] == "main" and row["modelProvider"] == NAME
    counts = usage["messageCounts"]
    assert counts == {"total": 6, "user": 2, "assistant": 3, "toolCalls": 1, "toolResults": 1, "errors": 0}
    assert usage["toolUsage"] == {"totalCalls": 1, "uniqueTools": 1, "tools": [{"name": "session_status", "count": 1}]}
    assert usage["totalTokens"] == told["totals"]["totalTokens"] > 0
    assert usage["modelUsage"][0]["count"] == 3 and usage["latency"]["count"] == 2
    assert usage["firstActivity"] < usage["lastActivity"]
    aggregates = told["aggregates"]
    assert aggregates["messages"] == counts and aggregates["byAgent"][0]["agentId"] == "main"
    assert aggregates["daily"][0]["date"] == told["endDate"] and aggregates["daily"][0]["messages"] == 6
    every = client.call("sessions.usage", {"limit": 10, "range": "7d"})
    assert "agent:main:counted" in [each["key"] for each in every["sessions"]]
    old = client.call("sessions.usage", {"startDate": "2001-01-01", "endDate": "2001-01-31"})
    assert old["sessions"] == [] and old["totals"]["totalTokens"] == 0
    assert (old["startDate"], old["endDate"]) == ("2001-01-01", "2001-01-31")
    series = client.call("sessions.usage.timeseries", {"key": "counted"})["points"]
    assert len(series) == 3 and series[-1]["cumulativeTokens"] == usage["totalTokens"]
    logs = client.call("sessions.usage.logs", {"key": "counted", "limit": 2})["logs"]
    assert [each["role"] for each in logs] == ["user", "assistant"] and logs[1]["content"] == "PONG from the model."
    assert logs[1]["tokens"] > 0
    assert client.fault("sessions.usage", {"startDate": "yesterday"})["code"] == "INVALID_REQUEST"
    assert client.fault("sessions.usage.timeseries", {"key": "never was"})["code"] == "INVALID_REQUEST"


def test_health_is_told_after_a_run(client: Client) -> None:
    client.event("health")
    send(client, "healthy", "hello", "health-1")
    of_run(client, "health-1")
    told = client.event("health")
    assert told["stateVersion"]["health"] > 0
    assert "agent:main:healthy" in [each["key"] for each in told["payload"]["sessions"]["recent"]]


def test_the_log_without_a_file(client: Client) -> None:
    first = client.call("logs.tail", {"limit": 5})
    assert first["file"] == "(memory)" and first["lines"] and first["cursor"] == first["size"]
    client.call("agents.create", {"name": "logged"})
    client.fault("config.set", {"raw": "{", "baseHash": "x"})
    with_more = client.call("logs.tail", {"cursor": 0, "maxBytes": 1_000_000})
    assert with_more["lines"][-5:] and with_more["cursor"] >= first["cursor"] and not with_more["reset"]
    assert client.call("logs.tail", {"cursor": with_more["cursor"]})["lines"] == []
    assert client.call("logs.tail", {"cursor": 10**9})["reset"] is True
    assert "token" not in "\n".join(with_more["lines"]).lower() or gateway_token_hidden(with_more["lines"])


def gateway_token_hidden(lines: list[str]) -> bool:
    from tests.support.server import TOKEN

    return not any(TOKEN in line for line in lines)


def test_what_may_run_unasked(client: Client) -> None:
    shown = client.call("exec.approvals.get")
    file = shown["file"]
    assert file["version"] == 1 and file["defaults"]["security"] == "allowlist" and len(shown["hash"]) == 64
    assert client.fault("exec.approvals.set", {"file": file})["message"].startswith("exec approvals base hash required")
    wanted = {**file, "defaults": {"ask": "always"}, "agents": {"*": {"allowlist": [{"pattern": "git"}]}}}
    changed = client.call("exec.approvals.set", {"file": wanted, "baseHash": shown["hash"]})
    assert changed["file"]["defaults"]["ask"] == "always" and changed["hash"] != shown["hash"]
    (entry,) = changed["file"]["agents"]["*"]["allowlist"]
    assert (entry["pattern"], entry["commandText"]) == ("git", "git ...")
    stale = client.fault("exec.approvals.set", {"file": wanted, "baseHash": shown["hash"]})
    assert stale["message"].startswith("exec approvals changed since last load")
    same = client.call("exec.approvals.set", {"file": changed["file"], "baseHash": changed["hash"]})
    assert same == changed
    for agents in ({"*": {"allowlist": [{"pattern": "/usr/*"}]}}, {"main": {"allowlist": [{"pattern": "git"}]}}):
        params = {"file": {"version": 1, "agents": agents}, "baseHash": changed["hash"]}
        assert client.fault("exec.approvals.set", params)["code"] == "INVALID_REQUEST"
    assert client.call("exec.approvals.get") == changed
    empty = client.call("exec.approvals.set", {"file": {"version": 1, "agents": {}}, "baseHash": changed["hash"]})
    assert empty["file"]["agents"] == {}


def test_what_was_allowed_for_good_is_taken_back(client: Client) -> None:
    asked = {"id": "good-1", "command": "make all", "agentId": "main", "twoPhase": True}
    client.send({"type": "req", "id": "good-1", "method": "exec.approval.request", "params": asked})
    assert client.response("good-1")["payload"]["status"] == "accepted"
    client.call("exec.approval.resolve", {"id": "good-1", "decision": "allow-always"})
    shown = client.call("exec.approvals.get")
    (grant,) = shown["file"]["agents"]["main"]["allowlist"]
    assert grant["pattern"] == "make all" and grant["source"] == "allow-always"
    kept = client.call("exec.approvals.set", {"file": shown["file"], "baseHash": shown["hash"]})
    assert kept["file"]["agents"]["main"]["allowlist"] == [grant]
    gone = client.call("exec.approvals.set", {"file": {"version": 1}, "baseHash": kept["hash"]})
    assert gone["file"]["agents"] == {}


def test_the_gateway_is_set_up_by_questions(gateway: Gateway, client: Client) -> None:
    first = client.call("wizard.start", {"mode": "local"})
    session = first["sessionId"]
    assert (first["done"], first["status"], first["step"]["type"]) == (False, "running", "note")
    busy = client.fault("wizard.start")
    assert (busy["code"], busy["message"]) == ("UNAVAILABLE", "wizard already running")

    def answer(step: str, value: object = None) -> Frame:
        told: Frame = client.call("wizard.next", {"sessionId": session, "answer": {"stepId": step, "value": value}})
        return told

    chosen = answer("welcome")
    assert [each["value"] for each in chosen["step"]["options"]] == ["openai", "anthropic", "google", "other", "none"]
    wrong = {"sessionId": session, "answer": {"stepId": "provider", "value": "nonsense"}}
    assert client.fault("wizard.next", wrong)["code"] == "INVALID_REQUEST"
    assert client.call("wizard.next", {"sessionId": session})["step"]["id"] == "provider"
    assert answer("provider", "other")["step"]["id"] == "baseUrl"
    for address in ("ftp://models.example", "https://u:p@models.example", "nothing"):
        bad = {"sessionId": session, "answer": {"stepId": "baseUrl", "value": address}}
        assert client.fault("wizard.next", bad)["code"] == "INVALID_REQUEST"
    asked = answer("baseUrl", "http://127.0.0.1:9/v1")
    assert asked["step"]["sensitive"] is True
    assert answer("apiKey", "sk-very-secret-42")["step"]["id"] == "model"
    assert answer("model", "small")["step"]["id"] == "workspace"
    assert answer("workspace", "")["step"]["type"] == "confirm"
    assert client.call("wizard.status", {"sessionId": session}) == {"status": "running"}
    assert answer("confirm", True) == {"done": True, "status": "done"}
    shown = client.call("config.get")["parsed"]
    assert shown["models"]["providers"]["other"]["baseUrl"] == "http://127.0.0.1:9/v1"
    assert shown["agents"]["defaults"]["model"] == {"primary": "other/small"}
    assert "sk-very-secret-42" not in "\n".join(client.call("logs.tail", {"limit": 5000})["lines"])
    assert client.fault("wizard.status", {"sessionId": "x"})["message"] == "wizard not found"


def test_a_wizard_that_is_left_writes_nothing(gateway: Gateway, client: Client) -> None:
    before = (gateway.home / "openclaw.json").read_text()
    session = client.call("wizard.start")["sessionId"]
    assert client.call("wizard.cancel", {"sessionId": session}) == {"status": "cancelled"}
    told = client.call("wizard.next", {"sessionId": session, "answer": {"stepId": "welcome"}})
    assert told == {"done": True, "status": "cancelled"}
    assert client.fault("wizard.start", {"mode": "remote"})["code"] == "INVALID_REQUEST"
    assert (gateway.home / "openclaw.json").read_text() == before


def test_the_gateway_does_not_replace_itself(client: Client) -> None:
    told = client.call("update.run", {"note": "please"})
    assert told["ok"] is True and told["result"]["status"] == "skipped" and told["restart"] is None
    assert told["result"]["before"] == told["result"]["after"]


def test_the_tools_that_a_session_really_has(client: Client) -> None:
    told = client.call("tools.effective", {"sessionKey": "main"})
    names = {tool["id"] for group in told["groups"] for tool in group["tools"]}
    assert told["agentId"] == "main" and told["profile"] == "full" and {"read", "exec", "session_status"} <= names
    shown = client.call("config.get")
    client.call("config.patch", {"raw": '{"tools":{"deny":["exec"]}}', "baseHash": shown["hash"]})
    after = client.call("tools.effective", {"sessionKey": "main"})
    assert names - {tool["id"] for group in after["groups"] for tool in group["tools"]} == {"exec"}
    client.call("config.patch", {"raw": '{"tools":null}', "baseHash": client.call("config.get")["hash"]})
    assert client.fault("tools.effective", {"sessionKey": "agent:nobody:main"})["code"] == "INVALID_REQUEST"


def test_skills_are_switched_and_given_their_secrets(client: Client, gateway: Gateway) -> None:
    skill = gateway.home / "skills" / "tides"
    skill.mkdir(parents=True)
    skill.joinpath("SKILL.md").write_text("---\nname: tides\ndescription: When the sea comes.\n---\nLook it up.\n")
    given = {"skillKey": "tides", "enabled": False, "apiKey": "sk-sea-secret-1", "env": {"TIDE_PORT": "Cuxhaven"}}
    told = client.call("skills.update", given)
    assert told["ok"] is True and told["config"]["enabled"] is False
    assert "sk-sea-secret-1" not in str(told) and "sk-sea-secret-1" not in str(client.call("config.get"))
    row = next(each for each in client.call("skills.status")["skills"] if each["name"] == "tides")
    assert row["disabled"] is True and row["eligible"] is False
    told = client.call("skills.update", {"skillKey": "tides", "enabled": True, "apiKey": "", "env": {"TIDE_PORT": ""}})
    assert told["config"]["enabled"] is True and "apiKey" not in told["config"]
    row = next(each for each in client.call("skills.status")["skills"] if each["name"] == "tides")
    assert row["disabled"] is False
    assert client.fault("skills.update", {"skillKey": "\u0000"})["code"] == "INVALID_REQUEST"


def test_what_waits_for_a_decision_is_listed(client: Client) -> None:
    assert client.call("exec.approval.list") == []
    asked = {"id": "list-1", "command": "make all", "cwd": "/srv", "agentId": "main", "twoPhase": True}
    client.send({"type": "req", "id": "list-1", "method": "exec.approval.request", "params": asked})
    assert client.response("list-1")["payload"]["status"] == "accepted"
    told = client.event("exec.approval.requested")["payload"]
    assert client.call("exec.approval.list") == [told] and client.call("exec.approval.get", {"id": "list-1"}) == told
    assert told["request"]["command"] == "make all" and told["request"]["cwd"] == "/srv"
    client.call("exec.approval.resolve", {"id": "list-1", "decision": "deny"})
    assert client.call("exec.approval.list") == []
    assert client.fault("exec.approval.get", {"id": "list-1"})["message"] == "unknown approval id"


def test_one_job(client: Client) -> None:
    job = {
        "name": "one job",
        "schedule": {"kind": "every", "everyMs": 3_600_000},
        "sessionTarget": "main",
        "wakeMode": "next-heartbeat",
        "payload": {"kind": "systemEvent", "text": "tick"},
    }
    made = client.call("cron.add", job)
    assert client.call("cron.get", {"id": made["id"]}) == made
    client.call("cron.remove", {"id": made["id"]})
    assert client.fault("cron.get", {"jobId": made["id"]})["code"] == "INVALID_REQUEST"
    assert client.call("update.status") == {"sentinel": None, "updateAvailable": None}


def test_work_that_takes_a_while(client: Client) -> None:
    assert set(client.call("work.list", {"limit": 5})) == {"tasks", "cursor"}
    for name in ("work.get", "work.cancel"):
        assert client.fault(name, {"id": "none"})["message"] == "There is no task none."


def test_work_is_told_in_the_language_of_whoever_asks(gateway: Gateway) -> None:
    with connected(gateway, locale="zh-CN") as client:
        made = client.call("backups.create", {"kind": "configuration", "timeoutMs": 20_000})
        assert (made["status"], made["title"]) == ("succeeded", "创建备份")
        assert client.call("work.get", {"id": made["id"]})["title"] == "创建备份"
        listed = client.call("work.list", {"kind": "backup.create"})["tasks"]
        assert {each["title"] for each in listed} == {"创建备份"}


def test_an_agent_of_a_chinese_console_is_written_in_chinese(gateway: Gateway) -> None:
    with connected(gateway, locale="zh-CN") as client:
        made = client.call("agents.create", {"name": "天气助手", "emoji": "🌤", "workspace": "workspace-of-weather"})
    workspace = Path(made["workspace"])
    identity = (workspace / "IDENTITY.md").read_text()
    assert "- 名称：天气助手\n- 性格：\n- 表情：🌤\n" in identity
    for name in ("AGENTS", "SOUL", "TOOLS", "IDENTITY", "USER", "HEARTBEAT", "BOOTSTRAP"):
        assert re.match(r"# [\u4e00-\u9fff]+\n", (workspace / f"{name}.md").read_text()), name


def test_names_that_no_id_can_hold_each_make_an_agent(client: Client) -> None:
    made = [
        client.call("agents.create", {"name": name})["agentId"] for name in ("小明", "小红", "小明 bot", "小红 bot")
    ]
    assert (
        len(set(made)) == 4
        and made[2:] == ["bot", "bot-2"]
        and all(re.fullmatch(r"agent(-\d+)?", each) for each in made[:2])
    )
    names = {each["id"]: each.get("name") for each in client.call("agents.list")["agents"]}
    assert [names[each] for each in made] == ["小明", "小红", "小明 bot", "小红 bot"]
