"""`crawdad agents`: the list in the configuration file, and a turn with a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits
from crawdad.app.main import run
from tests.app.test_accounts_command import crawdad, document
from tests.support.scripted_model import MODEL, NAME, Fail, ScriptedModel, says
from tests.support.server import running_gateway, settings


def call(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str, code: int = exits.OK) -> Any:
    assert run(["--home", str(home), "--json", "agents", *arguments]) == code
    told = capsys.readouterr()
    return json.loads(told.out or told.err)


def test_agents_come_and_go_and_comments_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text('{\n  // mine\n  agents: { defaults: { model: "crawdad/demo" } },\n}\n')
    (only,) = call(capsys, tmp_path, "list")["agents"]
    assert (only["id"], only["default"], only["model"]) == ("main", True, "crawdad/demo")
    call(capsys, tmp_path, "add", "helper", "--name", "Mia", "--model", "acme/m1", "--workspace", "workspace-there")
    call(capsys, tmp_path, "add", "third")
    call(capsys, tmp_path, "add", "third", code=exits.PROBLEM)
    call(capsys, tmp_path, "add", "No Such Id", code=exits.PROBLEM)
    found = call(capsys, tmp_path, "list")["agents"]
    assert [(each["id"], each["default"]) for each in found] == [("main", True), ("helper", False), ("third", False)]
    shown = call(capsys, tmp_path, "show", "helper")
    assert (shown["name"], shown["model"], shown["workspace"]) == ("Mia", "acme/m1", str(tmp_path / "workspace-there"))
    call(capsys, tmp_path, "show", "nobody", code=exits.PROBLEM)
    call(capsys, tmp_path, "remove", "helper")
    call(capsys, tmp_path, "remove", "helper", code=exits.PROBLEM)
    assert [each["id"] for each in call(capsys, tmp_path, "list")["agents"]] == ["main", "third"]
    assert "// mine" in file.read_text()
    for language, word in (("en", "Workspace"), ("zh", "工作目录")):
        for words in (("list",), ("show", "third")):
            finished = crawdad(tmp_path, "agents", *words, CRAWDAD_LANG=language)
            assert finished.returncode == 0 and word in finished.stdout and "third" in finished.stdout


def test_main_cannot_be_added_where_it_is_there_unsaid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, tmp_path, "add", "main", code=exits.PROBLEM)
    call(capsys, tmp_path, "remove", "main", code=exits.PROBLEM)


def test_a_turn_is_told_as_it_comes(tmp_path: Path) -> None:
    with ScriptedModel(says("Good morning."), says("Again \x1b[31m."), Fail(400)) as model:
        agents = {"defaults": {"model": f"{NAME}/{MODEL}"}, "list": [{"id": "main", "default": True}, {"id": "beta"}]}
        config = settings({NAME: model.provider()}, agents=agents)
        with running_gateway(config, home=tmp_path) as gateway:
            given = {"CRAWDAD_TOKEN": gateway.token, "NO_PROXY": "127.0.0.1"}

            def turn(*words: str, **more: str) -> Any:
                return crawdad(tmp_path, "agents", "run", *words, "--url", gateway.base_url, **given, **more)

            told = document(turn("hello", "--json"))
            assert (told["text"], told["finish"], told["session"]) == ("Good morning.", "stop", "main")
            assert told["usage"]["total_tokens"] > 0
            plain = turn("-", "--agent", "main", given="hello again")
            assert plain.returncode == 0 and plain.stdout == "Again \ufffd[31m.\n", plain.stderr
            asked = json.dumps(model.asked[-1])
            assert "hello again" in asked and "Good morning." in asked, "both turns are of one session"
            failed = turn("once more")
            assert failed.returncode == exits.PROBLEM and "The turn failed" in failed.stderr
            unknown = turn("hi", "--agent", "nobody")
            assert unknown.returncode == exits.PROBLEM and "nobody" in unknown.stderr
            denied = crawdad(tmp_path, "agents", "run", "hi", "--url", gateway.base_url, CRAWDAD_TOKEN="wrong")
            assert denied.returncode == exits.DENIED
