"""Which commands a node may be asked for, and what of a command to run is told and shown."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.settings import NodesSettings
from crawdad.services.nodes.policy import allowed_commands, objection, platform_of
from crawdad.services.nodes.run_params import argv_of, command_text, forwarded

USUAL = NodesSettings()


@pytest.mark.parametrize(
    ("platform", "family", "wanted"),
    [
        ("linux", "", "linux"),
        ("Linux 6.1", "", "linux"),
        ("darwin", "", "macos"),
        ("macOS 15", "", "macos"),
        ("win32", "", "windows"),
        ("Android 14", "", "android"),
        ("iOS 18", "", "ios"),
        ("", "iPhone", "ios"),
        ("", "", ""),
        ("plan9", "toaster", ""),
    ],
)
def test_platforms_are_known_by_their_own_words(platform: str, family: str, wanted: str) -> None:
    assert platform_of(platform, family) == wanted


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "ios", "android", "plan9"])
def test_what_looks_and_listens_is_never_usual(platform: str) -> None:
    usual = allowed_commands(USUAL, platform)
    for command in ("camera.snap", "camera.clip", "screen.record", "contacts.add", "calendar.add", "sms.send"):
        assert command not in usual
    assert ("system.run" in usual) is (platform in ("linux", "darwin", "win32"))
    assert ("location.get" in usual) is (platform in ("ios", "android", "darwin"))
    assert bool(usual) is (platform != "plan9")


def test_settings_add_and_take_away() -> None:
    settings = NodesSettings(allow_commands=("sms.send", " lamp.on "), deny_commands=("system.run", "lamp.on"))
    found = allowed_commands(settings, "linux")
    assert "sms.send" in found and "system.run" not in found and "lamp.on" not in found and "system.which" in found


def test_objections_in_the_protocols_words() -> None:
    allowed = {"system.run", "system.which"}
    assert objection("", ["x"], allowed) == "command required"
    assert objection("sms.send", ["sms.send"], allowed) == "command not allowlisted"
    assert objection("system.run", [], allowed) == "node did not declare commands"
    assert objection("system.run", ["system.which"], allowed) == "command not declared by node"
    assert objection("system.run", ["system.run"], allowed) is None


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["git", "status"], "git status"),
        (["echo", "hello there"], 'echo "hello there"'),
        (["echo", 'say "x"'], 'echo "say \\"x\\""'),
        (["echo", ""], 'echo ""'),
        (["echo", "a\\b"], 'echo "a\\\\b"'),
        (["/bin/sh", "-lc", "make && make install"], "make && make install"),
        (["sh", "-c", "x", "arg0"], "sh -c x arg0"),
        (["python", "-c", "print(1)"], "python -c print(1)"),
    ],
)
def test_a_command_is_shown_as_it_runs(argv: list[str], shown: str) -> None:
    assert command_text(argv) == command_text(argv, shown) == shown
    with pytest.raises(GatewayError):
        command_text(argv, f"{shown} ")


def test_different_arguments_are_never_shown_alike() -> None:
    pieces = ["a", "b", "a b", '"a', 'a"', "\\", '\\"', "", " ", "a\nb", "'"]
    seen: dict[str, list[str]] = {}
    for one in pieces:
        for other in pieces:
            argv = ["echo", one, other]
            assert seen.setdefault(command_text(argv), argv) == argv


def test_of_a_run_only_what_is_known_is_told() -> None:
    params = {
        "command": ["ls"],
        "cwd": None,
        "approved": True,
        "approvalDecision": "allow-always",
        "runId": "r",
        "x": 1,
    }
    assert forwarded({**params, "timeoutMs": 5}) == {"command": ["ls"], "timeoutMs": 5}
    odd: list[Any] = [None, [], [""], "ls", ["ls", 1], {}]
    for command in odd:
        with pytest.raises(GatewayError):
            argv_of({"command": command})
