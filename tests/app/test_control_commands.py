"""The commands that speak over the control channel: devices, channels, call, and the twins of commands for another gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits
from crawdad.app.commands import gateway_channel
from crawdad.app.commands.group import COMMANDS, root_group
from crawdad.app.invocation import CommandFailed, Invocation, split_global_options
from crawdad.app.launch import Launch
from crawdad.app.output import Output
from tests.app.test_accounts_command import crawdad, document
from tests.support.control import BACKEND, connected
from tests.support.scripted_model import MODEL, NAME, ScriptedModel, says
from tests.support.server import SOURCE, TOKEN, Gateway, running_gateway, settings
from tests.support.waiting import eventually

TWINS = ("agents", "approvals", "backup", "cron", "logs", "plugins", "sessions", "skills")


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("Yes.")) as found:
        yield found


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that listens on every address, so that some of its clients are not local ones."""
    log = tmp_path_factory.mktemp("log") / "gateway.log"
    agents = {"defaults": {"model": f"{NAME}/{MODEL}"}, "list": [{"id": "main"}, {"id": "beta", "name": "Beta"}]}
    config = settings(
        {NAME: model.provider()},
        agents=agents,
        gateway={"bind": "lan"},
        logging={"file": str(log), "level": "info"},
        skills={"install": {"allowUploadedArchives": True}},
    )
    with running_gateway(config) as running:
        yield running


def here(gateway: Gateway, home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command on the gateway's own machine."""
    return crawdad(home, "--url", gateway.base_url, *arguments, **{"CRAWDAD_TOKEN": TOKEN, **more})


def elsewhere(gateway: Gateway, home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command of somebody whom the gateway does not take for a local one."""
    url = f"http://127.0.0.2:{gateway.port}"
    return crawdad(home, *arguments, **{"CRAWDAD_URL": url, "CRAWDAD_TOKEN": TOKEN, **more})


def test_a_device_from_elsewhere_waits_until_it_is_let_in(gateway: Gateway, tmp_path: Path) -> None:
    far, near = tmp_path / "far", tmp_path / "near"
    waits = elsewhere(gateway, far, "devices", "list")
    assert waits.returncode == exits.DENIED and "crawdad devices approve " in waits.stderr
    request = waits.stderr.split()[-1]
    found = document(here(gateway, near, "devices", "list", "--json"))
    assert [each["requestId"] for each in found["pending"]] == [request]
    assert request in here(gateway, near, "devices", "list").stdout
    told = json.loads(elsewhere(gateway, far, "devices", "list", "--json").stdout)
    assert told["error"]["code"] == "PAIRING_REQUIRED" and told["error"]["request_id"] == request

    assert "is let in" in here(gateway, near, "devices", "approve").stdout, "where one waits it need not be named"
    paired = document(elsewhere(gateway, far, "devices", "list", "--json"))["paired"]
    own = json.loads((far / "identity/device.json").read_text())["deviceId"]
    assert own in {device["deviceId"] for device in paired}
    assert (far / "identity/device.json").stat().st_mode & 0o777 == 0o600
    assert (far / "identity/device-auth.json").stat().st_mode & 0o777 == 0o600

    alone = elsewhere(gateway, far, "devices", "list", "--json", CRAWDAD_TOKEN="")
    assert alone.returncode == exits.OK, "the device's own token is enough now"
    wrong = elsewhere(gateway, far, "devices", "list", CRAWDAD_TOKEN="wrong-token-000")
    assert wrong.returncode == exits.DENIED and "does not accept this token" in wrong.stderr, (
        "and does not hide a wrong one"
    )

    rotated = document(here(gateway, near, "devices", "rotate", own, "--json"))
    assert rotated["deviceId"] == own and rotated["token"]
    ended = elsewhere(gateway, far, "devices", "list", CRAWDAD_TOKEN="")
    assert ended.returncode == exits.DENIED, "the token from before the change has ended"
    assert elsewhere(gateway, far, "devices", "list").returncode == exits.OK, (
        "with the gateway's token it gets the new one"
    )
    assert elsewhere(gateway, far, "devices", "list", CRAWDAD_TOKEN="").returncode == exits.OK
    assert here(gateway, near, "devices", "revoke", own).returncode == exits.OK
    assert elsewhere(gateway, far, "devices", "list", CRAWDAD_TOKEN="").returncode == exits.DENIED
    assert here(gateway, near, "devices", "remove", own).returncode == exits.OK
    assert elsewhere(gateway, far, "devices", "list").returncode == exits.DENIED
    assert "not let in" in here(gateway, near, "devices", "reject").stdout
    nobody = here(gateway, near, "devices", "approve")
    assert nobody.returncode == exits.PROBLEM and "No device waits" in nobody.stderr
    unknown = here(gateway, near, "devices", "remove", "nosuch")
    assert unknown.returncode == exits.PROBLEM and "The gateway refused" in unknown.stderr


def test_twins_do_what_their_commands_do(gateway: Gateway, tmp_path: Path) -> None:
    def ask(*arguments: str) -> Any:
        return document(here(gateway, tmp_path, *arguments, "--json"))

    assert [agent["id"] for agent in ask("agents", "list")["agents"]] == ["main", "beta"]
    assert ask("agents", "run", "hello", "--agent", "beta")["text"] == "Yes."
    url, token = gateway.base_url.replace("http", "ws"), gateway.token
    spelled = crawdad(tmp_path, "agents", "run", "hello", "--url", url, "--token", token, CRAWDAD_TOKEN="")
    assert spelled.stdout == "Yes.\n", spelled.stderr
    assert ask("chat", "-m", "hello")["text"] == "Yes."
    keys = {session["key"] for session in ask("sessions", "list")["sessions"]}
    assert keys >= {"agent:main:main", "agent:beta:main"}
    assert {session["key"] for session in ask("sessions", "list", "--agent", "beta")["sessions"]} == {"agent:beta:main"}
    said = ask("sessions", "show", "main", "--limit", "2")["messages"]
    assert [message["role"] for message in said] == ["user", "assistant"]
    assert "Yes." in here(gateway, tmp_path, "sessions", "show", "main").stdout
    assert ask("sessions", "search", "hello")["count"] >= 1
    assert ask("sessions", "reset", "main")["ok"] is True
    assert ask("sessions", "show", "main")["messages"] == []
    assert ask("sessions", "delete", "agent:beta:main")["deleted"] is True
    assert ask("skills", "list")["managedSkillsDir"]
    assert here(gateway, tmp_path, "skills", "list").returncode == exits.OK
    assert ask("channels", "list")["channelOrder"] == []
    assert "no channels" in here(gateway, tmp_path, "channels", "status", "--probe").stdout
    assert ask("call", "health")["ok"] is True
    assert ask("call", "sessions.list", '{"limit": 1}')["count"] == 1
    bad = here(gateway, tmp_path, "call", "nosuch.method")
    assert bad.returncode == exits.PROBLEM and "unknown method: nosuch.method" in bad.stderr
    assert here(gateway, tmp_path, "call", "health", "[1]").returncode == exits.USAGE
    assert here(gateway, tmp_path, "call", "health", "{nonsense").returncode == exits.USAGE


def test_jobs_of_another_gateway(gateway: Gateway, tmp_path: Path) -> None:
    def ask(*arguments: str, code: int = exits.OK) -> Any:
        finished = here(gateway, tmp_path, "cron", *arguments, "--json")
        assert finished.returncode == code, finished.stdout + finished.stderr
        return json.loads(finished.stdout)

    made = ask("add", "tick", "--every", "1h", "--text", "tick tock")
    assert (made["sessionTarget"], made["schedule"]["everyMs"]) == ("main", 3_600_000)
    turn = ask("add", "digest", "--cron", "0 9 * * *", "--tz", "UTC", "--message", "digest please", "--agent", "beta")
    assert (turn["sessionTarget"], turn["agentId"]) == ("isolated", "beta")
    assert {job["id"] for job in ask("list")["jobs"]} == {made["id"], turn["id"]}
    assert ask("show", made["id"])["name"] == "tick"
    assert ask("edit", made["id"], "--name", "tock", "--every", "2h")["schedule"]["everyMs"] == 7_200_000
    assert ask("disable", made["id"])["enabled"] is False
    assert {job["id"] for job in ask("list")["jobs"]} == {turn["id"]}
    assert {job["id"] for job in ask("list", "--all")["jobs"]} == {made["id"], turn["id"]}
    assert ask("enable", made["id"])["enabled"] is True
    ran = ask("run", made["id"])
    assert (ran["ran"], ran["run"]["status"]) == (True, "ok")
    nowhere = ask("run", turn["id"], code=exits.PROBLEM)["run"]
    assert (nowhere["summary"], nowhere["deliveryStatus"]) == ("Yes.", "not-delivered"), "nobody has written to it yet"
    assert ask("run", made["id"], "--due", code=exits.PROBLEM)["ran"] is False
    assert {run["jobId"] for run in ask("runs", turn["id"])["entries"]} == {turn["id"]}
    assert ask("runs")["total"] >= 1
    for shown in (("list",), ("runs",), ("show", made["id"])):
        assert here(gateway, tmp_path, "cron", *shown).returncode == exits.OK
    assert ask("remove", made["id"])["removed"] is True and ask("remove", turn["id"])["removed"] is True
    assert ask("show", made["id"], code=exits.PROBLEM)["error"]["exit_code"] == exits.PROBLEM


def test_the_log_of_another_gateway_is_followed(gateway: Gateway, tmp_path: Path) -> None:
    lines = document(here(gateway, tmp_path, "logs", "-n", "5", "--json"))["lines"]
    assert 0 < len(lines) <= 5 and all(json.loads(line) for line in lines)
    path = os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
    env = {**os.environ, "PYTHONPATH": path, "CRAWDAD_TOKEN": TOKEN, "CRAWDAD_URL": gateway.base_url}
    command = [sys.executable, "-m", "crawdad.app.main", "--home", str(tmp_path), "logs", "--follow", "-n", "1"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with connected(gateway, client=BACKEND) as client:  # something that the log tells of
            client.call("device.pair.list")
        crawdad(tmp_path / "stranger", "--url", gateway.base_url, "--token", "wrong-token-111", "devices", "list")
        assert any("control_refused" in line for line in iter(process.stdout.readline, ""))
        process.kill()


def test_questions_are_heard_and_answered_elsewhere(gateway: Gateway, tmp_path: Path) -> None:
    path = os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
    env = {**os.environ, "PYTHONPATH": path, "CRAWDAD_TOKEN": TOKEN, "CRAWDAD_URL": gateway.base_url}
    command = [sys.executable, "-m", "crawdad.app.main", "--home", str(tmp_path), "approvals", "watch", "--json"]
    with (
        connected(gateway, client=BACKEND) as client,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        eventually((tmp_path / "identity/device-auth.json").exists, "the welcome of whoever watches")
        for decision, options in (
            ("allow-once", ("allow",)),
            ("allow-always", ("allow", "--always")),
            ("deny", ("deny",)),
        ):
            params = {"command": f"echo {decision}", "cwd": "/somewhere", "twoPhase": True, "timeoutMs": 60_000}
            client.send({"type": "req", "id": decision, "method": "exec.approval.request", "params": params})
            assert client.response(decision)["payload"]["status"] == "accepted"
            asked = json.loads(process.stdout.readline())
            assert asked["request"]["command"] == f"echo {decision}"
            listed = here(gateway, tmp_path, "approvals", "list", "--json")
            assert [one["id"] for one in json.loads(listed.stdout)["approvals"]] == [asked["id"]]
            assert f"echo {decision}" in here(gateway, tmp_path, "approvals", "list").stdout
            verb, *more = options
            assert here(gateway, tmp_path, "approvals", verb, asked["id"], *more).returncode == exits.OK
            assert client.response(decision)["payload"]["decision"] == decision
        process.kill()
    assert json.loads(here(gateway, tmp_path, "approvals", "list", "--json").stdout) == {"approvals": []}
    gone = here(gateway, tmp_path, "approvals", "allow", "nosuch")
    assert gone.returncode == exits.PROBLEM and "The gateway refused" in gone.stderr


def test_plugins_of_another_gateway(gateway: Gateway, tmp_path: Path) -> None:
    def states() -> dict[str, str]:
        told = here(gateway, tmp_path, "plugins", "list", "--json")
        return {one["id"]: one["state"] for one in json.loads(told.stdout)["plugins"]}

    assert states()["feishu"] == "enabled" and "memory-core" in here(gateway, tmp_path, "plugins", "list").stdout
    assert "feishu" in here(gateway, tmp_path, "plugins", "show", "feishu").stdout
    assert here(gateway, tmp_path, "plugins", "disable", "feishu").returncode == exits.OK
    assert states()["feishu"] == "disabled"
    assert "switched on" in here(gateway, tmp_path, "plugins", "enable", "feishu").stdout
    assert states()["feishu"] == "enabled"
    assert here(gateway, tmp_path, "plugins", "reload").returncode == exits.OK
    unasked = here(gateway, tmp_path, "plugins", "uninstall", "feishu")
    assert unasked.returncode == exits.USAGE
    own = here(gateway, tmp_path, "plugins", "uninstall", "feishu", "--yes")
    assert own.returncode == exits.PROBLEM and "The gateway refused" in own.stderr


def test_backups_of_another_gateway(gateway: Gateway, tmp_path: Path) -> None:
    def ask(*arguments: str, code: int = exits.OK) -> Any:
        finished = here(gateway, tmp_path, "backup", *arguments, "--json")
        assert finished.returncode == code, finished.stdout + finished.stderr
        return json.loads(finished.stdout)

    made, small = ask("create"), ask("create", "--config-only")
    assert (made["kind"], small["kind"], made["valid"]) == ("full", "configuration", True) and "database" in made[
        "parts"
    ]
    assert {made["id"], small["id"]} <= {each["id"] for each in ask("list")["backups"]}
    assert ask("verify", made["id"]) == {"id": made["id"], "whole": True, "faults": []}
    assert ask("diff", made["id"], small["id"])["files"] and ask("diff", small["id"])["same"] is True
    shown = ask("show", small["id"])
    assert "config/openclaw.json" in {file["path"] for file in shown["files_kept"]}
    assert TOKEN not in json.dumps(shown)
    for line in (("list",), ("show", "latest"), ("verify", "latest"), ("diff", "latest")):
        assert here(gateway, tmp_path, "backup", *line).returncode == exits.OK
    assert ask("delete", made["id"], "nosuch", code=exits.PROBLEM)["error"]["exit_code"] == exits.PROBLEM
    assert made["id"] in {each["id"] for each in ask("list")["backups"]}, "all that are named, or none"
    assert ask("delete", made["id"])["deleted"] == 1
    assert made["id"] not in {each["id"] for each in ask("list")["backups"]}
    assert not (tmp_path / "backups").exists(), "nothing was done here"
    lines = [json.loads(line) for line in document(here(gateway, tmp_path, "logs", "-n", "100", "--json"))["lines"]]
    noted = [line for line in lines if line["event"] == "control_done" and line["method"].startswith("backups.")]
    assert ("backups.verify", made["id"]) in {(line["method"], line["target"]) for line in noted}
    assert all(line["by"] and line["device"] for line in noted) and "backups.list" not in {
        line["method"] for line in noted
    }, "who did it is written down, and who only looked is not"
    with connected(gateway, client=BACKEND) as client:
        told = client.call("backups.create", {"kind": "configuration", "timeoutMs": 0})
        ended = client.call("work.get", {"id": told["id"], "timeoutMs": 20_000})
        assert (told["kind"], ended["status"], ended["result"]["kind"]) == (
            "backup.create",
            "succeeded",
            "configuration",
        )


def test_skills_of_another_gateway(gateway: Gateway, tmp_path: Path) -> None:
    def ask(*arguments: str, code: int = exits.OK) -> Any:
        finished = here(gateway, tmp_path / "home", "skills", *arguments, "--json")
        assert finished.returncode == code, finished.stdout + finished.stderr
        return json.loads(finished.stdout)

    source = tmp_path / "tea"
    (source / "scripts").mkdir(parents=True)
    (source / "SKILL.md").write_text("---\nname: tea\ndescription: Makes tea.\n---\nSee https://kettle.example.\n")
    (source / "scripts/boil.sh").write_text("#!/bin/sh\n")
    (source / "scripts/boil.sh").chmod(0o755)
    seen = ask("install", str(source), "--dry-run")
    assert (seen["installed"], seen["permissions"]["hosts"]) == (False, ["kettle.example"])
    assert here(gateway, tmp_path / "home", "skills", "install", str(source)).returncode == exits.USAGE, "nobody agreed"
    done = ask("install", str(source), "--yes")
    assert done["installed"] and os.access(Path(done["directory"]) / "scripts/boil.sh", os.X_OK)
    assert not (tmp_path / "home/skills").exists(), "it is there, and not here"
    ask("install", str(source), "--yes", code=exits.PROBLEM)
    assert ask("install", str(source), "--yes", "--force")["directory"] == done["directory"]
    assert ask("show", "tea")["source"] == "managed"
    assert ask("disable", "tea") == {"name": "tea", "enabled": False} and ask("show", "tea")["disabled"] is True
    assert ask("enable", "tea")["enabled"] is True and ask("show", "tea")["eligible"] is True
    told = here(gateway, tmp_path / "home", "skills", "install", "https://example.com/tea.zip", "--yes")
    assert told.returncode == exits.PROBLEM and "SHA-256" in told.stderr
    with connected(gateway, client=BACKEND) as client:
        for form, why in (
            ({"name": "tea", "installId": "brew"}, "not installed by the gateway"),
            ({"source": "clawhub", "slug": "tea"}, "neither signed nor known"),
        ):
            error = client.request("skills.install", form)["error"]
            assert error["code"] == "UNAVAILABLE" and why in error["message"]
    assert ask("remove", "tea")["removed"] is True
    ask("remove", "tea", code=exits.PROBLEM)


def test_where_a_gateway_may_be_named() -> None:
    sessions = ["--url", "http://x", "sessions", "list", "--token=t", "--json"]
    assert split_global_options(sessions) == (["sessions", "list"], {"url": "http://x", "token": "t"}, True)
    status = ["status", "--url", "http://x"]
    assert split_global_options(status) == (status, {}, False), "other commands have an option of that name themselves"
    assert split_global_options(["chat", "-m", "x", "--", "--url", "y"])[0] == ["chat", "-m", "x", "--", "--url", "y"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http://127.0.0.1:18789", "ws://127.0.0.1:18789/"),
        ("https://gateway.example/", "wss://gateway.example/"),
        ("wss://gateway.example:8443/crawdad/", "wss://gateway.example:8443/crawdad"),
        ("localhost:18789", "ws://localhost:18789/"),
        ("ws://[::1]:18789", "ws://[::1]:18789/"),
        ("http://192.168.1.5:18789", "ws://192.168.1.5:18789/"),
        ("http://box.local:1", "ws://box.local:1/"),
    ],
)
def test_how_an_address_is_read(written: str, read: str) -> None:
    assert gateway_channel.channel_url(written) == read


@pytest.mark.parametrize("url", ["http://8.8.8.8", "ws://gateway.example", "http://[2001:4860::1]:1"])
def test_a_token_does_not_go_over_an_open_network_in_the_clear(url: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        gateway_channel.channel_url(url)
    assert failed.value.exit_code == exits.USAGE and "can read the token" in failed.value.message


def test_a_named_gateway_is_not_told_the_token_of_this_installation(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text('{ gateway: { auth: { token: "the-token-of-this-one" } } }')
    with ScriptedModel(says("x")) as other:  # somebody else, who only listens
        url = other.url.replace("http", "ws")
        told = crawdad(tmp_path, "devices", "list", "--url", url, CRAWDAD_TOKEN="")
        assert told.returncode == exits.DENIED and "A token is needed" in told.stderr
        told = crawdad(tmp_path, "agents", "run", "hi", CRAWDAD_URL=other.url, CRAWDAD_TOKEN="")
        assert told.returncode == exits.DENIED
        told = crawdad(tmp_path, "agents", "run", "hi", "--url", other.url, CRAWDAD_TOKEN="")
        assert told.returncode == exits.DENIED
        clear = crawdad(tmp_path, "agents", "run", "hi", "--url", "http://8.8.8.8", "--token", "a-token-000")
        assert clear.returncode == exits.USAGE
        assert other.asked == []


def test_every_twin_is_there_and_starts_with_little(tmp_path: Path) -> None:
    group = root_group()
    launch = Launch.from_environment(str(tmp_path))
    context = group.make_context("crawdad", ["version"], obj=Invocation(launch, Output(False), "ws://127.0.0.1:1"))
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None and command.name == name
    for name in TWINS:
        assert f"crawdad.app.commands.remote.{name}" in sys.modules
    path = os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
    heavy = "{'websockets', 'cryptography', 'sqlalchemy', 'pydantic', 'rich', 'orjson'}"
    for name in ("chat", "devices", "channels", "call", "import", "sessions"):
        code = f"import sys; from crawdad.app.main import run; run(['{name}', '--help']); print({heavy} & set(sys.modules))"
        env = {**os.environ, "PYTHONPATH": path, "CRAWDAD_URL": "ws://127.0.0.1:1"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout.splitlines()[-1] == "set()", name
