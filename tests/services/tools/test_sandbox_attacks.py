"""Programs that try to get out of their sandbox (attack case 42), run for real where this machine can.

`CRAWDAD_TEST_BUBBLEWRAP` names a bwrap that is not on the path, `CRAWDAD_TEST_CONTAINERS` a docker or podman and
`CRAWDAD_TEST_IMAGE` an image with a shell.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.tools.programs import LocalAgentPrograms
from crawdad.core.errors import GatewayError
from crawdad.core.settings import Settings
from crawdad.core.tools import ToolContext
from tests.support.tools import Execution, context, execution, text_of

IMAGE = os.environ.get("CRAWDAD_TEST_IMAGE", "debian:bookworm-slim")


def tool_of(kind: str) -> str:
    """The program that makes sandboxes of a kind; skips where this machine has none that works."""
    names = {"bubblewrap": ("bwrap",), "container": ("podman", "docker")}[kind]
    named = os.environ.get({"bubblewrap": "CRAWDAD_TEST_BUBBLEWRAP", "container": "CRAWDAD_TEST_CONTAINERS"}[kind])
    found = named or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        if kind == "bubblewrap" and os.environ.get("CRAWDAD_REQUIRE_SERVICES"):
            pytest.fail("bubblewrap is needed here (CRAWDAD_TEST_BUBBLEWRAP)")
        pytest.skip(f"no program for {kind} sandboxes is installed here")
    trial = {
        "bubblewrap": [found, "--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "true"],
        "container": [found, "run", "--rm", "--pull", "never", "--network", "none", IMAGE, "true"],
    }[kind]
    tried = subprocess.run(trial, capture_output=True, text=True, timeout=60, check=False)
    if tried.returncode:
        pytest.skip(f"{kind} sandboxes do not work here: {tried.stderr.strip()[-200:]}")
    return found


class Box:
    """exec in a sandbox. `secret` lies beside the workspace."""

    def __init__(self, kind: str, tools: Execution, secret: Path) -> None:
        self.kind = kind
        self.tools = tools
        self.secret = secret

    async def __call__(self, *argv: str, in_context: ToolContext | None = None) -> tuple[bool, str]:
        """Whether it went well, and what it printed."""
        outcome = await self.tools.run(argv=list(argv), in_context=in_context)
        return not outcome.is_error, text_of(outcome)

    async def sh(self, text: str) -> tuple[bool, str]:
        """The same of a line for the shell inside."""
        (self.tools.workspace / "job.sh").write_text(text)
        return await self("/bin/sh", "job.sh")


@pytest.fixture(params=["bubblewrap", "container"])
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Box]:
    kind = request.param
    program = await asyncio.to_thread(tool_of, kind)
    bin_folder, workspace = tmp_path / "bin", tmp_path / "workspace"
    for folder in (bin_folder, workspace):
        folder.mkdir()
    workspace.chmod(0o777)
    name = {"bubblewrap": "bwrap", "container": "docker" if program.endswith("docker") else "podman"}[kind]
    (bin_folder / name).symlink_to(program)
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    environment = {"PATH": f"{bin_folder}:/usr/bin:/bin", "CRAWDAD_KEY": "hunter2"}
    async with execution(workspace, settings=settings_of(kind), environment=environment, home=tmp_path) as tools:
        yield Box(kind, tools, secret)
        await an_hour_later(environment, tmp_path).prune(1, 0)


def an_hour_later(environment: dict[str, str], home: Path) -> LocalAgentPrograms:
    """Another process of the same installation, an hour on."""
    return LocalAgentPrograms(environment, home, lambda: time.time() + 3600)


def settings_of(kind: str, **sandbox: Any) -> Settings:
    defaults = {"mode": "all", "backend": kind, "docker": {"image": IMAGE}, **sandbox}
    return Settings.model_validate(
        {"tools": {"exec": {"security": "full"}}, "agents": {"defaults": {"sandbox": defaults}}}
    )


async def test_the_workspace_is_there_and_the_rest_of_the_machine_is_not(box: Box) -> None:
    assert (await box("touch", "here"))[0] and (box.tools.workspace / "here").exists()
    for path in (str(box.secret), "../secret", "/workspace/../secret"):
        done, said = await box("cat", path)
        assert not done and "hunter2" not in said, path
    (box.tools.workspace / "out").symlink_to(box.secret)
    done, said = await box("cat", "out")
    assert not done and "hunter2" not in said
    shadow, _ = await box("cat", "/etc/shadow")
    home, listed = await box("ls", "/root")
    assert not (shadow and box.kind == "bubblewrap") and (not home or not listed.strip() or "no output" in listed)


async def test_no_socket_of_another_service_is_there(box: Box) -> None:
    for path in (
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/containerd/containerd.sock",
    ):
        assert not (await box("ls", path))[0], path


async def test_no_process_of_this_machine_is_seen(box: Box) -> None:
    done, said = await box.sh("for one in /proc/[0-9]*; do tr '\\0' ' ' < $one/cmdline; echo; done; ls /proc | wc -l")
    assert done and "-m pytest" not in said and sys.executable not in said, said
    done, said = await box.sh(f"kill -0 {os.getpid()} && echo alive || echo nobody; cat /proc/{os.getpid()}/environ")
    assert "alive" not in said or os.getpid() < 20
    _, said = await box.sh("cat /proc/1/environ /proc/*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "hunter2" not in said and "CRAWDAD_KEY" not in said


async def test_there_is_no_network(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        done, said = await box.sh("cat /proc/net/dev")
        names = [line.split(":")[0].strip() for line in said.splitlines() if ":" in line]
        assert done and set(names) <= {"lo"}, said
        script = f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo in"
        await box("/bin/bash" if box.kind == "bubblewrap" else "/bin/sh", "-c", script)
        with pytest.raises(TimeoutError):
            server.accept()


async def test_nothing_is_gained(box: Box) -> None:
    """No capability, no mount, no change of the system, no new privileges."""
    done, said = await box("cat", "/proc/self/status")
    facts = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert done and int(facts["CapEff"], 16) == 0 and int(facts["CapBnd"], 16) == 0, said
    assert facts["NoNewPrivs"] == "1"
    assert not (await box("mount", "-t", "tmpfs", "x", "/tmp"))[0]
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory"):
        done, said = await box.sh(f'read -r old < {path} && echo "$old" > {path} && echo written')
        assert not done and "written" not in said, path
    for path in ("/usr/evil", "/bin/evil", "/etc/evil", "/evil", "/sys/evil"):
        await box("touch", path)
    assert not any(map(os.path.lexists, ("/evil", "/etc/evil", "/usr/evil", "/bin/evil")))


@pytest.mark.parametrize("how", ["", "env -i "])
async def test_what_is_left_behind_ends_with_its_program(box: Box, how: str) -> None:
    """Also what has thrown its environment away."""
    (box.tools.workspace / "beat.sh").write_text("while true; do echo x > beat; sleep 0.1; done\n")
    done, said = await box.sh(f"{how}/bin/sh beat.sh >/dev/null 2>&1 </dev/null &\nsleep 0.5; exit 0")
    beat = box.tools.workspace / "beat"
    assert done and beat.exists(), said
    beat.unlink()
    await asyncio.sleep(0.5)
    assert not beat.exists()


async def test_containers_are_shared_by_their_scope_and_go_when_unused(tmp_path: Path) -> None:
    program = await asyncio.to_thread(tool_of, "container")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ("docker" if program.endswith("docker") else "podman")).symlink_to(program)
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    one, other, apart = (tmp_path / name for name in ("one", "other", "apart"))
    for folder in (one, other, apart):
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)

    async def sees(scope: str, first: ToolContext, second: ToolContext) -> bool:
        """Whether the second finds in /tmp what the first left there."""
        settings = settings_of("container", scope=scope)
        async with execution(one, settings=settings, environment=environment, home=tmp_path) as tools:
            try:
                assert not (await tools.run(argv=["touch", "/tmp/mark"], in_context=first)).is_error
                return not (await tools.run(argv=["ls", "/tmp/mark"], in_context=second)).is_error
            finally:
                later = an_hour_later(environment, tmp_path)
                assert await later.prune(7200, 7200) == 0, "it is not time yet"
                assert await later.prune(1800, 0) > 0
                assert await later.prune(1800, 0) == 0, "they are gone"

    here, elsewhere = context(one), context(one, session_key="agent:main:else")
    agent = context(one, agent_id="b", session_key="agent:b:main")
    assert await sees("session", here, here) and not await sees("session", here, elsewhere)
    assert await sees("agent", here, elsewhere) and not await sees("agent", here, agent)
    assert await sees("shared", here, agent)
    assert not await sees("shared", here, context(other, agent_id="b")), "never into another's workspace"


async def test_a_container_in_which_something_runs_is_not_taken_away(tmp_path: Path) -> None:
    """Neither by the process whose program it is, nor by another one of the same installation."""
    program = await asyncio.to_thread(tool_of, "container")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ("docker" if program.endswith("docker") else "podman")).symlink_to(program)
    (tmp_path / "workspace").mkdir(mode=0o777)
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    async with execution(
        tmp_path / "workspace", settings=settings_of("container"), environment=environment, home=tmp_path
    ) as tools:
        running = await tools.run(argv=["sh", "-c", "echo ready; sleep 60"], background=True)
        which = running.details["sessionId"]
        assert "ready" in text_of(running) + text_of(await tools.look(action="poll", sessionId=which, timeout=20_000))
        later = an_hour_later(environment, tmp_path)
        assert await tools.programs.prune(0, 1) == 0 and await later.prune(1, 1) == 0
        await tools.look(action="kill", sessionId=which)
        assert await later.prune(0, 1) == 1


async def test_a_client_without_its_daemon_is_no_sandbox(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin" / "docker"
    broken.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    broken.chmod(0o755)
    programs = LocalAgentPrograms({"PATH": str(tmp_path / "bin")}, tmp_path)
    assert not await programs.has("container")
    async with execution(
        tmp_path, settings=settings_of("container"), environment={"PATH": str(tmp_path / "bin")}, home=tmp_path
    ) as tools:
        with pytest.raises(GatewayError, match="sandbox"):
            await tools.run(command="id")
