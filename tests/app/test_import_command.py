"""`crawdad import openclaw`: everything comes once, nothing changes there, and what was cut off is finished next time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits
from tests.app.test_accounts_command import crawdad, document
from tests.simulators.weixin import WeixinSimulator
from tests.support.control import CLI, connect_params, opened
from tests.support.openclaw_home import (
    BETA_LOG,
    GROUP_LOG,
    JOB,
    MAIN_LOG,
    OLD_LOG,
    PHONE,
    WEIXIN,
    WEIXIN_TOKEN,
    fingerprint,
    make_openclaw_home,
    make_profiles,
    make_sessions,
    transcript,
)
from tests.support.server import SOURCE, running_gateway

QUIET = {"ACME_KEY": "", "TELEGRAM_TOKEN": "", "CRAWDAD_TOKEN": "", "OPENCLAW_STATE_DIR": "", "CLAWDBOT_STATE_DIR": ""}
Steps = dict[tuple[str, str], dict[str, Any]]


def bring(
    home: Path, source: Path | None, *options: str, code: int | None = None, **environment: str
) -> tuple[Any, Steps]:
    """What an import tells, and its steps by kind and name."""
    named = [str(source)] if source is not None else []
    variables = {**{name: value for name, value in QUIET.items() if value}, **environment}
    finished = crawdad(home, "import", "openclaw", *named, *options, "--json", **variables)
    assert code is None or finished.returncode == code, finished.stderr + finished.stdout
    told = json.loads(finished.stdout)
    return told, {(step["kind"], step["name"]): step for step in told["steps"]}


def asked(home: Path, *arguments: str) -> Any:
    return document(crawdad(home, *arguments, "--json"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_openclaw_home(tmp_path / "user" / ".openclaw")


def test_a_dry_run_tells_all_and_does_nothing(tmp_path: Path, source: Path) -> None:
    before, home = fingerprint(source), tmp_path / "home"
    told, steps = bring(home, source, "--dry-run", "--credentials", code=exits.PROBLEM)
    assert told["dryRun"] is True and not home.exists() and fingerprint(source) == before
    assert steps["session", "agent:main:main"]["outcome"] == "brought"
    assert steps["job", "Standup digest"]["outcome"] == "brought"
    assert steps["credential", "anthropic:default"]["outcome"] == "brought"
    assert told["counts"]["session"]["brought"] == 4


def test_everything_comes_and_nothing_changes_there(tmp_path: Path, source: Path) -> None:
    before, home = fingerprint(source), tmp_path / "home"
    told, steps = bring(home, source, "--credentials", code=exits.PROBLEM)
    assert fingerprint(source) == before

    failed = {(step["kind"], step["name"]) for step in told["steps"] if step["outcome"] == "failed"}
    assert failed == {("job", "nonsense"), ("skill", "broken")}, (
        "what cannot come is told, and nothing else is kept back"
    )

    main = (home / "openclaw.json").read_text()
    assert "// written by hand, years ago" in main and "// the cheap one" in main and "${ACME_KEY}" in main
    assert "an-old-gateway-token" not in main, "secrets of the file are sealed when it is written"
    agents = (home / "parts/agents.json5").read_text()
    assert "// who works here" in agents and "WORKSPACE" not in agents and str(source) not in agents
    assert "agentDir" not in agents and "store" not in (home / "parts/session.json5").read_text()
    assert asked(home, "config", "get", "gateway.auth.token", "--reveal")["value"] == "an-old-gateway-token"
    assert asked(home, "config", "validate")["valid"] is True
    environment = (home / ".env").read_text()
    assert "ACME_KEY=acme-secret-000001" in environment and (home / ".env").stat().st_mode & 0o777 == 0o600

    assert (home / "workspace/AGENTS.md").read_text() == "# Pinch\n\nBe kind to crabs.\n"
    assert (home / "workspace/memory/2026-02-20.md").exists() and os.access(home / "workspace/tool.sh", os.X_OK)
    assert (home / "workspace-beta/SOUL.md").read_text() == "You are Beta.\n"
    assert not (home / "workspace/secrets").exists() and steps["workspace", "main/secrets"]["outcome"] == "left"
    found = {agent["id"]: agent for agent in asked(home, "agents", "list")["agents"]}
    assert found["main"]["name"] == "Pinch" and found["main"]["model"] == "acme/m1" and found["beta"]["name"] == "Beta"
    assert found["main"]["workspace"] == str(home / "workspace")

    sessions = {entry["key"]: entry for entry in asked(home, "sessions", "list")["sessions"]}
    assert sessions["agent:main:main"]["log"] == MAIN_LOG and sessions["agent:beta:main"]["log"] == BETA_LOG
    assert sessions["agent:main:main"]["updated_at"] == 1_771_608_178.947
    group = sessions["agent:main:telegram:group:-100123"]
    assert (group["log"], group["title"], group["kind"], group["messages"]) == (GROUP_LOG, "Crab fans", "group", 2)
    assert sessions[f"agent:main:openclaw:{OLD_LOG}"]["preview"] == "an old answer"
    assert len(sessions) == 4 and steps["session", "agent:main:telegram:direct:42"]["outcome"] == "left"
    history = asked(home, "sessions", "show", "main")["history"]
    assert [(line["role"], line["text"]) for line in history] == [
        ("user", "what is new?"),
        ("assistant", "The lobster moved in."),
    ]
    exported = crawdad(home, "sessions", "export", "main").stdout.splitlines()
    theirs = (source / f"agents/main/sessions/{MAIN_LOG}.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in exported] == [json.loads(line) for line in theirs], "the log is the very same"
    assert asked(home, "sessions", "search", "lobster")["sessions"][0]["key"] == "agent:main:main"

    jobs = {job["id"]: job for job in asked(home, "cron", "list", "--all")["jobs"]}
    assert jobs[JOB]["schedule"] == {"kind": "cron", "expr": "30 8 * * 1-5", "tz": "America/Bogota"}
    assert len(jobs) == 2 and sum(job["enabled"] for job in jobs.values()) == 1

    accounts = {account["label"]: account["provider"] for account in asked(home, "accounts", "list")["accounts"]}
    assert accounts == {"anthropic:default": "anthropic", "openai:work": "openai"}
    assert "sign in again" in steps["credential", "openai-codex:me"]["note"]
    assert "GROQ" in steps["credential", "groq:env"]["note"]
    assert "sk-ant" not in json.dumps(told) and "acme-secret" not in json.dumps(told)

    assert "tides" in {skill["name"] for skill in asked(home, "skills", "list")["skills"]}
    assert steps["device", PHONE.id[:12]]["outcome"] == "brought"
    assert {name for kind, name in steps if kind == "other"} == {
        "credentials/whatsapp",
        "credentials/discord-allowFrom.json",
    }
    assert {name: step["outcome"] for (kind, name), step in steps.items() if kind == "approval"} == {
        **dict.fromkeys(("security", "ask", "/usr/bin/git", "rg"), "brought"),
        **dict.fromkeys(("askFallback: full", "autoAllowSkills", "~/bin/*", "beta"), "left"),
    }
    programs = asked(home, "config", "get", "tools.exec.allowlist")["value"]
    assert [(one["program"], one["arguments"]) for one in programs] == [("/usr/bin/git", ["..."]), ("rg", ["..."])]
    assert asked(home, "config", "get", "tools.exec.ask")["value"] == "always"
    paired = {name: step["outcome"] for (kind, name), step in steps.items() if kind == "person"}
    assert paired == {"telegram:default:42": "brought", "telegram:default:43": "brought"}
    assert steps["credential", f"openclaw-weixin:{WEIXIN}"]["outcome"] == "brought"
    assert steps["credential", "openclaw-weixin:gone"]["outcome"] == "left"
    assert ("credential", "openclaw-weixin:../escape") not in steps and WEIXIN_TOKEN not in json.dumps(told)


def test_a_sign_in_of_wechat_works_on(tmp_path: Path, source: Path) -> None:
    """The token is asked with, from where the news were read last; whoever was let in need not ask again."""
    with WeixinSimulator() as service:
        signed_in = {"token": WEIXIN_TOKEN, "baseUrl": service.url, "userId": "o9@im.wechat"}
        (source / f"openclaw-weixin/accounts/{WEIXIN}.json").write_text(json.dumps(signed_in))
        bring(tmp_path / "home", source, "--credentials")
        assert not [entry for entry in (tmp_path / "home").rglob("*") if entry.is_file() and holds(entry, WEIXIN_TOKEN)]
        channels = {"openclaw-weixin": asked(tmp_path / "home", "config", "get", "channels.openclaw-weixin")["value"]}
        with running_gateway({"channels": channels}, home=tmp_path / "home"):
            service.journal.wait(lambda journal: any("getupdates" in one.path for one in journal))
            first = next(one for one in service.journal if "getupdates" in one.path)
            assert first.json["get_updates_buf"] == "cursor-17"
            assert first.headers["authorization"] == f"Bearer {WEIXIN_TOKEN}"


def holds(file: Path, secret: str) -> bool:
    """Whether a file has the secret in it, as it is."""
    return secret.encode() in file.read_bytes()


def test_a_second_time_nothing_comes_twice(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    first, _ = bring(home, source, "--credentials")
    kept = {path: path.read_bytes() for path in (home / "openclaw.json", home / ".env", home / "parts/agents.json5")}
    second, steps = bring(home, source, "--credentials")
    assert not [step for step in second["steps"] if step["outcome"] == "brought"]
    assert {path: path.read_bytes() for path in kept} == kept
    there = [step["name"] for step in first["steps"] if step["outcome"] == "brought" and step["kind"] == "session"]
    assert {steps["session", name]["outcome"] for name in there} == {"there"}
    assert (
        len(asked(home, "sessions", "list")["sessions"]) == 4 and len(asked(home, "cron", "list", "--all")["jobs"]) == 2
    )
    (source / "agents/main/sessions/new.jsonl").write_text(transcript("new", ("later", "came later")))
    third, _ = bring(home, source, "--credentials")
    assert [step["name"] for step in third["steps"] if step["outcome"] == "brought"] == ["agent:main:openclaw:new"]


def test_credentials_only_when_they_are_wanted(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    told, steps = bring(home, source)
    assert told["credentials"] is False and not (home / ".env").exists()
    assert steps["variable", ".env"]["outcome"] == "left"
    assert {step["outcome"] for key, step in steps.items() if key[0] == "credential"} == {"left"}
    left = steps["configuration", "models.providers.acme.apiKey"]
    assert left["outcome"] == "failed" and "ACME_KEY" in left["note"], "a key that cannot be had keeps nothing else out"
    assert asked(home, "config", "validate")["valid"] is True
    assert asked(home, "accounts", "list")["accounts"] == []
    _, steps = bring(home, source, "--credentials")
    assert "${ACME_KEY}" in (home / "openclaw.json").read_text(), "what was left out comes once it can"
    assert steps["credential", "openai:work"]["outcome"] == "brought"


@pytest.mark.parametrize("after", [1, 4, 7, 9, 12, 15, 18])
def test_cut_off_in_between_and_run_again_ends_right(tmp_path: Path, source: Path, after: int) -> None:
    home, path = tmp_path / "home", os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
    command = [sys.executable, "-u", "-m", "crawdad.app.main", "--home", str(home)]
    command += ["import", "openclaw", str(source), "--credentials"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout as printed:
        for _ in range(after):
            printed.readline()
        process.send_signal(signal.SIGKILL)
    bring(home, source, "--credentials")
    assert asked(home, "config", "validate")["valid"] is True
    assert "${ACME_KEY}" in (home / "openclaw.json").read_text()
    sessions = {entry["key"]: entry["messages"] for entry in asked(home, "sessions", "list")["sessions"]}
    assert len(sessions) == 4 and set(sessions.values()) == {2}
    assert len(asked(home, "cron", "list", "--all")["jobs"]) == 2
    assert len(asked(home, "accounts", "list")["accounts"]) == 2
    assert (home / "workspace/AGENTS.md").read_text().startswith("# Pinch")
    assert not [name for name in os.listdir(home / "workspace") if name.endswith(".new")]
    assert "tides" in {skill["name"] for skill in asked(home, "skills", "list")["skills"]}


def test_what_is_here_stays_as_it_is(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "openclaw.json").write_text(
        '{\n  // ours\n  gateway: { port: 20001 },\n  agents: { list: [{ id: "gamma", default: true }, { id: "main" }] },\n}\n'
    )
    (home / ".env").write_text("ACME_KEY=another-secret-value")
    (home / "workspace-main").mkdir()
    (home / "workspace-main/AGENTS.md").write_text("mine\n")
    talk = tmp_path / "talk.jsonl"
    talk.write_text(transcript("own", ("hi", "a talk of ours")))
    document(crawdad(home, "sessions", "import", str(talk), "--key", "agent:main:main", "--json"))
    _, steps = bring(home, source, "--credentials")
    text = (home / "openclaw.json").read_text()
    assert "// ours" in text and "port: 20001" in text
    assert asked(home, "config", "get", "gateway.auth.token", "--reveal")["value"] == "an-old-gateway-token"
    found = {agent["id"]: agent["default"] for agent in asked(home, "agents", "list")["agents"]}
    assert found == {"gamma": True, "main": False, "beta": False}
    assert (home / ".env").read_text().splitlines() == [
        "ACME_KEY=another-secret-value",
        "export TELEGRAM_TOKEN='123:telegram'",
    ]
    assert (home / "workspace-main/AGENTS.md").read_text() == "mine\n"
    assert steps["workspace", "main/AGENTS.md"]["outcome"] == "left" and (home / "workspace-main/tool.sh").exists()
    sessions = {entry["key"]: entry for entry in asked(home, "sessions", "list")["sessions"]}
    assert sessions["agent:main:main"]["preview"] == "a talk of ours"
    assert sessions[f"agent:main:openclaw:{MAIN_LOG}"]["preview"] == "The lobster moved in."
    again, _ = bring(home, source, "--credentials")
    assert not [step for step in again["steps"] if step["outcome"] == "brought"]


def test_an_older_folder_under_its_older_name(tmp_path: Path) -> None:
    user = tmp_path / "user"
    old = user / ".clawdbot"
    make_sessions(old / "sessions")
    make_profiles(old / "agent" / "auth-profiles.json")
    (old / "clawdbot.json").write_text('{ agents: { defaults: { model: "crawdad/demo" } } }')
    (user / "clawd").mkdir()
    (user / "clawd/SOUL.md").write_text("old soul\n")
    home = tmp_path / "home"
    told, _ = bring(home, None, "--credentials", code=exits.OK, HOME=str(user))
    assert told["directory"] == str(old)
    assert {entry["key"] for entry in asked(home, "sessions", "list")["sessions"]} >= {"agent:main:main"}
    assert asked(home, "agents", "show", "main")["model"] == "crawdad/demo"
    assert (home / "workspace/SOUL.md").read_text() == "old soul\n"
    assert len(asked(home, "accounts", "list")["accounts"]) == 2


def test_a_folder_that_was_copied_from_elsewhere_has_its_workspaces_inside(tmp_path: Path) -> None:
    copied, home = tmp_path / "backup", tmp_path / "home"
    (copied / "workspace").mkdir(parents=True)
    (copied / "workspace/SOUL.md").write_text("a soul\n")
    places = """agents: {
      defaults: { workspace: "/srv/openclaw/workspace" },
      list: [{ id: "main", default: true }, { id: "gone", workspace: "/srv/gone" }],
    }"""
    (copied / "openclaw.json").write_text("{ " + places + ', telegram: { botToken: "1:x" } }')
    _, steps = bring(home, copied, code=exits.OK)
    assert steps["workspace", "main"]["outcome"] == "brought"
    assert (home / "workspace/SOUL.md").read_text() == "a soul\n"
    assert steps["workspace", "gone"]["outcome"] == "left" and "/srv/gone" in steps["workspace", "gone"]["note"]
    assert steps["configuration", "telegram"]["outcome"] == "left", "what has no effect here is told"


def test_there_is_nothing_to_bring(tmp_path: Path) -> None:
    none = crawdad(tmp_path / "home", "import", "openclaw", HOME=str(tmp_path))
    assert none.returncode == exits.PROBLEM and "No OpenClaw was found" in none.stderr
    missing = crawdad(tmp_path / "home", "import", "openclaw", str(tmp_path / "nowhere"))
    assert missing.returncode == exits.PROBLEM and "There is no folder" in missing.stderr
    (tmp_path / "home").mkdir()
    itself = crawdad(tmp_path / "home", "import", "openclaw", str(tmp_path / "home"))
    assert itself.returncode == exits.PROBLEM and "own home directory" in itself.stderr
    for language, word in (("en", "There already"), ("zh", "已存在")):
        told = crawdad(tmp_path / "home", "import", "openclaw", str(tmp_path), "--dry-run", CRAWDAD_LANG=language)
        assert told.returncode == exits.OK and word in told.stdout


def test_a_gateway_goes_on_where_openclaw_stopped(tmp_path: Path, source: Path) -> None:
    home = tmp_path / "home"
    bring(home, source, "--credentials")
    text = (home / "openclaw.json").read_text()
    with running_gateway({}, home=home) as gateway:
        gateway.stop()
        (home / "openclaw.json").write_text(text)
        gateway.start()
        with opened(gateway, source="127.0.0.2") as client:
            client.connect(connect_params(gateway.token, client={**CLI, "platform": "ios"}), PHONE)
            said = client.call("chat.history", {"sessionKey": "main"})["messages"]
            assert said[-1]["content"][0]["text"] == "The lobster moved in."
            assert client.hello["auth"]["deviceToken"], "a device that was let in there is let in here, from anywhere"
            assert {job["id"] for job in client.call("cron.list", {})["jobs"]} == {JOB}
