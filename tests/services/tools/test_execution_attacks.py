"""exec against those who want more run than was allowed (attack cases 39, 41 and 42)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.tools.bubblewrap import bubblewrap_argv
from crawdad.adapters.tools.container import creating_argv, running_argv
from crawdad.adapters.tools.programs import LocalAgentPrograms
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import Confinement, Executable, FileMark, ProgramOrder
from crawdad.core.sandbox_settings import ContainerSettings
from crawdad.core.settings import Settings
from tests.support.tools import SEARCH, Execution, context, execution, text_of


async def refused(tools: Execution, *, kind: ErrorKind = ErrorKind.FORBIDDEN, **arguments: Any) -> GatewayError:
    with pytest.raises(GatewayError) as error:
        await tools.run(**arguments)
    assert error.value.kind is kind, error.value
    return error.value


def program(place: Path, says: str) -> Path:
    place.write_text(f"#!/bin/sh\necho {says}\n")
    place.chmod(0o755)
    return place


async def test_a_program_that_is_swapped_while_the_operator_reads_is_not_run(tmp_path: Path) -> None:
    tool = program(tmp_path / "tool", "harmless")
    async with execution(tmp_path, allow=True) as tools:
        assert text_of(await tools.run(command="./tool")) == "harmless"
        tools.approvals.meanwhile = lambda: program(tool, "EVIL")
        assert (await refused(tools, command="./tool")).details["code"] == "changed"
        shown = tools.approvals.asked[-1].details
    assert shown["resolvedPath"] == str(tool) and shown["argv"] == [str(tool)] and shown["cwd"] == str(tmp_path)


async def test_a_link_that_is_swapped_is_another_program(tmp_path: Path) -> None:
    good, bad = program(tmp_path / "good", "harmless"), program(tmp_path / "bad", "EVIL")
    link = tmp_path / "tool"
    link.symlink_to(good)

    def swap() -> None:
        link.unlink()
        link.symlink_to(bad)

    async with execution(tmp_path, allow=True) as tools:
        tools.approvals.meanwhile = swap
        assert (await refused(tools, command="./tool")).details["code"] == "changed"


async def test_a_script_that_is_given_to_an_interpreter_is_bound_too(tmp_path: Path) -> None:
    script = tmp_path / "job"
    script.write_text("echo harmless\n")
    async with execution(tmp_path, allow=True) as tools:
        assert text_of(await tools.run(command="sh job")) == "harmless"
        tools.approvals.meanwhile = lambda: script.write_text("echo EVIL\n")
        assert (await refused(tools, command="sh job")).details["code"] == "changed"


async def test_the_last_look_is_in_the_process_that_becomes_the_program(tmp_path: Path) -> None:
    tool = program(tmp_path / "tool", "harmless")
    programs = LocalAgentPrograms({"PATH": SEARCH})
    found = await programs.find("./tool", str(tmp_path), ())
    order = ProgramOrder(found, (), str(tmp_path), str(tmp_path), {}, (found.mark,), Confinement("workspace"))
    program(tool, "EVIL")  # after everything was decided
    running = await programs.start(order)
    said = b""
    while more := await running.read():
        said += more
    assert await running.wait() == 75
    await running.kill()
    assert b"EVIL" not in said and b"changed" in said


async def test_a_name_never_means_a_program_of_the_workspace(tmp_path: Path) -> None:
    program(tmp_path / "wc", "EVIL")
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "wc", "EVIL")
    async with execution(tmp_path, environment={"PATH": f"{folder}:.:{tmp_path}:{SEARCH}"}) as tools:
        assert text_of(await tools.run(command="wc -c", input="12345")) == "5"
        assert (await refused(tools, command="./wc -c")).details["code"] == "denied"
        await refused(tools, command="wc -c", env={"PATH": str(folder)})
    async with execution(tmp_path, {"pathPrepend": [str(folder)]}) as tools:
        assert text_of(await tools.run(command="wc -c", input="12345")) == "5"


@pytest.mark.parametrize(
    "command",
    [
        "cat <<'EOF'\n$(touch marker)\nEOF",
        "wc -l; touch marker",
        "wc -l $(touch marker)",
        "wc -l `touch marker`",
        "wc -l | sh",
        "wc -l > marker",
        "head -c 1 <(touch marker)",
        "env X=1 && touch marker",
    ],
)
async def test_shell_tricks_are_refused_in_words(tmp_path: Path, command: str) -> None:
    async with execution(tmp_path, allow=True) as tools:
        error = await refused(tools, kind=ErrorKind.BAD_REQUEST, command=command)
        assert error.details["code"] == "needs_shell" and "argv" in error.message()
        assert tools.approvals.asked == []
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'touch marker'",
        "find . -exec touch marker ;",
        "env touch marker",
        "xargs touch marker",
        "awk 'BEGIN{system(1)}'",
    ],
)
async def test_programs_that_run_others_are_asked_for(tmp_path: Path, command: str) -> None:
    names = ["sh", "find", "env", "xargs", "awk"]
    rules = {"allowlist": [{"program": name, "arguments": ["..."]} for name in names]}
    async with execution(tmp_path, rules) as tools:
        argv = command.replace(" ;", " \\;")
        assert (await refused(tools, command=argv)).details["code"] == "denied"
        assert len(tools.approvals.asked) == 1
    assert os.listdir(tmp_path) == []


async def test_a_shell_runs_only_the_very_text_that_was_allowed(tmp_path: Path) -> None:
    async with execution(tmp_path, {"security": "full"}) as tools:
        assert (await refused(tools, command="echo one | tr a-z A-Z")).details["code"] == "denied"
        tools.approvals.allow = True
        assert text_of(await tools.run(command="echo one | tr a-z A-Z")) == "ONE"
        assert tools.approvals.asked[-1].summary == "echo one | tr a-z A-Z"
        tools.approvals.allow = False
        await refused(tools, command="echo two | tr a-z A-Z")
        await refused(tools, kind=ErrorKind.BAD_REQUEST, command="echo one | tr a-z A-Z", security="allowlist")


async def test_outside_content_reaches_no_program(tmp_path: Path) -> None:
    rules = {"security": "full", "ask": "off", "allowlist": [{"program": "touch", "arguments": ["marker"]}]}
    turn = context(tmp_path, untrusted=True)
    async with execution(tmp_path, rules) as tools:
        assert (await refused(tools, command="touch marker", in_context=turn)).details["code"] == "denied"
        assert text_of(await tools.run(command="wc -c", input="123", in_context=turn)) == "3"
        assert os.listdir(tmp_path) == []
        await tools.run(command="touch marker")
        assert os.listdir(tmp_path) == ["marker"]


async def test_what_a_call_says_of_itself_loosens_nothing(tmp_path: Path) -> None:
    async with execution(tmp_path) as tools:
        assert (await refused(tools, command="id", security="full", ask="off")).details["code"] == "denied"
        await refused(tools, command="id", elevated=True)
        await refused(tools, kind=ErrorKind.BAD_REQUEST, command="id", host="node")
        await refused(tools, command="wc -l", env={"LD_PRELOAD": "./evil.so"})
        await refused(tools, command="wc -l", workdir="/etc")
        (tmp_path / "out").symlink_to("/etc")
        await refused(tools, command="wc -l", workdir="out")
    async with execution(tmp_path, {"security": "deny"}, allow=True) as tools:
        await refused(tools, command="wc -l")


def order(workspace: str = "/w", **values: Any) -> ProgramOrder:
    base: dict[str, Any] = {"confinement": Confinement("bubblewrap", "rw", False), "name": "crawdad-1"}
    executable = Executable("/usr/bin/id", FileMark("/usr/bin/id", ""))
    variables = {"PATH": "/usr/bin", "A": "b"}
    return ProgramOrder(executable, ("-u",), f"{workspace}/a", workspace, variables, **{**base, **values})


def pairs(argv: list[str], option: str) -> list[tuple[str, str]]:
    return [(argv[at + 1], argv[at + 2]) for at, word in enumerate(argv) if word == option]


def test_bubblewrap_shows_the_system_and_the_workspace_alone() -> None:
    argv = bubblewrap_argv("/usr/bin/bwrap", order(), ["/usr/bin/id", "-u"], lambda path: True)
    assert argv[argv.index("--") :] == ["--", "/usr/bin/id", "-u"]
    assert pairs(argv, "--bind") == [("/w", "/w")]
    shown = [source for source, _ in pairs(argv, "--ro-bind") + pairs(argv, "--ro-bind-try")]
    kernel = {path for path in shown if path.startswith("/proc/")}
    assert "/proc/sys" in kernel and argv.index("/proc/sys") > argv.index("--proc"), (
        "not to be written, for root neither"
    )
    assert all(path.startswith(("/usr", "/bin", "/sbin", "/lib", "/opt", "/etc/")) for path in set(shown) - kernel)
    assert not {"/", "/etc", "/etc/shadow", "/home", "/root", "/var", "/run", "/sys"} & set(shown)
    wanted = ("--unshare-net", "--unshare-pid", "--die-with-parent", "--new-session", "--clearenv")
    assert all(option in argv for option in wanted)
    assert argv[argv.index("--chdir") + 1] == "/w/a" and ("A", "b") in pairs(argv, "--setenv")
    assert argv[argv.index("--cap-drop") + 1] == "ALL"


def test_bubblewrap_by_access_and_network() -> None:
    read_only = order(confinement=Confinement("bubblewrap", "ro", True))
    argv = bubblewrap_argv("bwrap", read_only, ["id"], lambda path: True)
    assert ("/w", "/w") in pairs(argv, "--ro-bind") and not pairs(argv, "--bind") and "--unshare-net" not in argv
    nothing = order(confinement=Confinement("bubblewrap", "none", False))
    argv = bubblewrap_argv("bwrap", nothing, ["id"], lambda path: False)
    assert not pairs(argv, "--bind") and not pairs(argv, "--ro-bind") and argv[argv.index("/w") - 1] == "--tmpfs"


def test_a_container_has_the_fixed_profile() -> None:
    kept = Confinement("container", "ro", False, ContainerSettings())
    argv = creating_argv("/usr/bin/docker", order(confinement=kept), "box")
    for option, value in (
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--user", "65534:65534"),
        ("--pids-limit", "256"),
        ("--mount", "type=bind,source=/w,target=/workspace,readonly"),
        ("--workdir", "/workspace"),
        ("--entrypoint", "sleep"),
        ("--name", "box"),
        ("--pull", "never"),
    ):
        assert argv[argv.index(option) + 1] == value
    assert "--read-only" in argv and argv[-2:] == ["debian:bookworm-slim", "infinity"]
    inside = running_argv("/usr/bin/docker", order(confinement=kept), ["id", "-u"], "box")
    assert inside[-3:] == ["box", "id", "-u"] and inside[inside.index("--workdir") + 1] == "/workspace/a"
    assert inside[inside.index("--user") + 1] == "65534:65534" and "--privileged" not in inside
    assert not {"--privileged", "-v", "--volume", "--pid", "--device", "--cap-add", "--volumes-from"} & set(argv)
    assert argv.count("--mount") == 1 and "docker.sock" not in " ".join(argv)


@pytest.mark.parametrize(
    "values",
    [{"network": "host"}, {"network": "container:other"}, {"image": "--privileged"}, {"image": "a b"}, {"user": "0 --privileged"},
     {"user": "root"}, {"memory": "1g --privileged"}],
)  # fmt: skip
def test_settings_that_would_loosen_a_container_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ContainerSettings.model_validate(values)
    loosened = ContainerSettings.model_construct(**{**dict(ContainerSettings()), **values})
    if "memory" not in values:
        with pytest.raises(GatewayError):
            creating_argv("docker", order(confinement=Confinement("container", "rw", False, loosened)), "box")


def test_binds_of_the_configuration_do_not_exist() -> None:
    docker = {"binds": ["/:/host"], "network": "none", "capDrop": [], "readOnlyRoot": False}
    settings = Settings.model_validate({"agents": {"defaults": {"sandbox": {"mode": "all", "docker": docker}}}})
    kept = Confinement("container", "rw", False, settings.agents.defaults.sandbox.docker)
    argv = creating_argv("docker", order(confinement=kept), "box")
    assert "/:/host" not in argv and "--read-only" in argv
    with pytest.raises(GatewayError):
        creating_argv("docker", order("/w,readonly=false,source=/", confinement=kept), "box")
