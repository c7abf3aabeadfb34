"""`crawdad chat` at a terminal and without one, with a running server and a scripted model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits
from tests.app.terminal import Terminal
from tests.app.test_accounts_command import crawdad, document
from tests.support.scripted_model import MODEL, NAME, Fail, Hold, ScriptedModel, calls, says
from tests.support.server import SERVE, SOURCE, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE


@dataclass
class Place:
    """A gateway, its model, and the home of whoever talks (not the gateway's)."""

    gateway: Gateway
    model: ScriptedModel
    home: Path

    @property
    def variables(self) -> dict[str, str]:
        return {"CRAWDAD_URL": self.gateway.base_url, "CRAWDAD_TOKEN": self.gateway.token}

    def talk(self, *arguments: str) -> Terminal:
        path = os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
        env = {**os.environ, **self.variables, "PYTHONPATH": path, "CRAWDAD_LANG": "en", "TERM": "dumb"}
        command = [sys.executable, "-m", "crawdad.app.main", "--home", str(self.home), "chat", *arguments]
        return Terminal(command, env)

    def run(self, *arguments: str, given: str = "") -> Any:
        return crawdad(self.home, "chat", *arguments, given=given, **self.variables)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    with ExitStack() as stack:

        def made(*script: Any, **more: Any) -> Place:
            model = stack.enter_context(ScriptedModel(*script))
            agents = {"defaults": {"model": f"{NAME}/{MODEL}"}, "list": [{"id": "main"}, {"id": "beta"}]}
            config = settings({NAME: model.provider()}, agents=agents, **more)
            gateway = stack.enter_context(running_gateway(config, command=SERVE))
            return Place(gateway, model, tmp_path / "home")

        yield made


def test_a_talk_is_told_as_it_comes_and_gone_on_with(place: Callable[..., Place]) -> None:
    held = Hold(says("Good morning."), after=2)
    here = place(held, says("Still here."), says("Two lines."))
    with here.talk() as terminal:
        terminal.sees("Session agent:main:main.")
        terminal.sees("> ")
        terminal.enter("hello\n")
        assert held.reached.wait(PATIENCE)
        held.gate.set()
        terminal.sees("Good morning.\r\n")
        terminal.sees("> ")
        terminal.enter("first \\\n")
        terminal.sees("… ")
        terminal.enter("second\n")
        terminal.sees("Still here.")
        terminal.sees("> ")
        terminal.enter('"""\none\n\ntwo\n"""\n')
        terminal.sees("Two lines.")
        asked = [message["content"] for message in here.model.asked[-1]["messages"] if message["role"] == "user"]
        assert "first \nsecond" in json.dumps(asked).replace("\\n", "\n") and "one\n\ntwo" in str(asked[-1])
        terminal.enter("/quit\n")
        assert terminal.ends() == exits.OK
    with here.talk() as terminal:
        shown = terminal.sees("Two lines.")
        assert "> hello" in shown and "Good morning." in shown and "UTC]" not in shown
        terminal.sees("> ")
        terminal.enter("\x04")
        assert terminal.ends() == exits.OK


def test_ctrl_c_stops_the_turn_and_not_the_program(place: Callable[..., Place]) -> None:
    held = Hold(says("This takes very long."), after=3)
    here = place(held, says("Next."))
    with here.talk() as terminal:
        terminal.sees("> ")
        terminal.enter("go\n")
        assert held.reached.wait(PATIENCE)
        terminal.interrupt()
        terminal.sees("Stopped.")
        held.gate.set()
        terminal.sees("> ")
        terminal.interrupt()
        terminal.sees("Ctrl-D or /quit leaves")
        terminal.sees("> ")
        terminal.enter("and now?\n")
        terminal.sees("Next.")
        terminal.sees("> ")
        terminal.enter("\x04")
        assert terminal.ends() == exits.OK


def test_tools_are_shown_and_questions_asked_where_one_sits(place: Callable[..., Place]) -> None:
    run_job = calls(("exec", {"argv": ["./job"]}))
    here = place(run_job, says("It ran."), run_job, says("It did not."))
    workspace = here.gateway.home / "workspace"
    workspace.mkdir(exist_ok=True)
    (workspace / "job").write_text("#!/bin/sh\necho x >> ran\n")
    (workspace / "job").chmod(0o755)
    with here.talk() as terminal:
        terminal.sees("> ")
        terminal.enter("run the job\n")
        assert f"The agent asks to do: {workspace.resolve() / 'job'}" in terminal.sees("Allow? ")
        assert not (workspace / "ran").exists()
        terminal.enter("what\ny\n")
        terminal.sees("It ran.")
        assert terminal.shown.count("⚙ exec") == 1, "before the question or behind it, by whose event comes first"
        assert (workspace / "ran").read_text() == "x\n"
        terminal.sees("> ")
        terminal.enter("again\n")
        terminal.sees("Allow? ")
        terminal.enter("n\n")
        terminal.sees("✗ exec failed")
        terminal.sees("It did not.")
        assert (workspace / "ran").read_text() == "x\n"


def test_commands_of_the_chat(place: Callable[..., Place]) -> None:
    here = place(says("One."), says("Two."))
    with here.talk() as terminal:
        terminal.sees("> ")
        for typed, shown in (
            ("/help", "/compact"),
            ("/nosuch", "There is no /nosuch"),
            ("/agents", "beta"),
            ("/agent nobody", "There is no agent nobody"),
            ("/agent beta", "Session agent:beta:main."),
            ("/session", "agent:beta:main"),
            ("hello", "One."),
            ("/sessions", "agent:beta:main"),
            ("/history", "One."),
            ("/model", f"{NAME}/{MODEL}"),
            (f"/model {NAME}/{MODEL}", "model is now"),
            ("/think low", "level is now low"),
            ("/think nonsense", "The gateway refused"),
            ("/stop", "Nothing runs."),
            ("stop", "Nothing runs."),
            ("//not a command", "Two."),
        ):
            terminal.enter(f"{typed}\n")
            terminal.sees(shown)
            terminal.sees("> ")
    said = here.model.asked[-1]["messages"][-1]["content"]
    assert "/not a command" in json.dumps(said) and "//not" not in json.dumps(said)


def test_the_talk_goes_on_when_the_gateway_was_gone(place: Callable[..., Place]) -> None:
    here = place(says("Before."), says("After."))
    with here.talk() as terminal:
        terminal.sees("> ")
        terminal.enter("hello\n")
        terminal.sees("Before.")
        terminal.sees("> ")
        here.gateway.stop()
        here.gateway.start()
        terminal.enter("are you there?\n")
        terminal.sees("The connection is lost")
        terminal.sees("Connected again.")
        terminal.sees("After.")
        terminal.sees("> ")
    asked = [message["content"] for message in here.model.asked[-1]["messages"] if message["role"] == "user"]
    assert sum("are you there?" in str(content) for content in asked) == 1


def test_one_thing_said_without_a_terminal(place: Callable[..., Place]) -> None:
    here = place(says("Plain \x1b[31mwords."), says("By pipe."), says("As JSON."), Fail(400, "no such thing"))
    plain = here.run("--message", "hi")
    assert (plain.returncode, plain.stdout) == (exits.OK, "Plain \ufffd[31mwords.\n"), plain.stderr
    piped = here.run("--agent", "beta", given="hello from a pipe\n")
    assert piped.stdout == "By pipe.\n"
    told = document(here.run("--json", "-m", "hi"))
    assert (told["text"], told["status"], told["session"], told["tools"]) == (
        "As JSON.",
        "final",
        "agent:main:main",
        [],
    )
    failed = here.run("-m", "hi")
    assert failed.returncode == exits.PROBLEM and "The turn failed" in failed.stderr
    assert here.run("-m", " ").returncode == exits.USAGE
    assert here.run("-m", "stop").stdout == "Nothing runs.\n", "a word that stops what runs begins no turn"
    assert document(here.run("-m", "stop", "--json"))["text"] == ""


def test_what_opens_no_channel_is_told(place: Callable[..., Place], tmp_path: Path) -> None:
    here = place(says("x"))
    wrong = crawdad(tmp_path / "other", "chat", "-m", "hi", CRAWDAD_URL=here.gateway.base_url, CRAWDAD_TOKEN="wrong")
    assert wrong.returncode == exits.DENIED and "does not accept this token" in wrong.stderr
    none = crawdad(tmp_path / "other", "chat", "-m", "hi", "--url", here.gateway.base_url, CRAWDAD_TOKEN="")
    assert none.returncode == exits.DENIED and "A token is needed" in none.stderr
    gone = crawdad(tmp_path / "other", "chat", "-m", "hi", "--url", "ws://127.0.0.1:9", "--token", "x")
    assert gone.returncode == exits.UNREACHABLE and "No server answers" in gone.stderr
    for url in ("http://gateway.example", "ws://8.8.8.8:18789"):
        clear = crawdad(tmp_path / "other", "chat", "-m", "hi", "--url", url, "--token", "x")
        assert clear.returncode == exits.USAGE and "can read the token" in clear.stderr
    for url in ("ftp://127.0.0.1", "http://user:secret@127.0.0.1", "http://127.0.0.1:port"):
        bad = crawdad(tmp_path / "other", "chat", "-m", "hi", "--url", url, "--token", "x")
        assert bad.returncode == exits.USAGE and "no address of a gateway" in bad.stderr
