"""exec and process over real programs of this machine."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from tests.support.tools import context, execution, text_of
from tests.support.waiting import PATIENCE, until_so

FULL = {"security": "full"}
PYTHON = {"security": "full", "pathPrepend": [str(Path(sys.executable).resolve().parent)]}


def script(workspace: Path, text: str) -> list[str]:
    """Words that run a Python program."""
    (workspace / "program.py").write_text(text)
    return [sys.executable, "program.py"]


async def test_a_program_runs_with_exactly_its_words(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(command="printf '%s|' one 'two  three' \"four\" a\\ b")
        assert text_of(outcome) == "one|two  three|four|a b|"
        assert outcome.details["exitCode"] == 0 and not outcome.is_error
        outcome = await tools.run(argv=["printf", "%s", "$(id); `id` > x | y"])
        assert text_of(outcome) == "$(id); `id` > x | y"
    assert os.listdir(tmp_path) == []


async def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(command="ls nothing-here")
        assert outcome.is_error and outcome.details["exitCode"] != 0 and "nothing-here" in text_of(outcome)
        with pytest.raises(GatewayError) as refused:
            await tools.run(command="no-such-program-here")
        assert refused.value.kind is ErrorKind.NOT_FOUND
        with pytest.raises(GatewayError) as refused:
            await tools.run(command="ls", yieldMs="soon")
        assert refused.value.details["param"] == "yieldMs"


async def test_no_secret_of_ours_is_in_the_environment(tmp_path: Path) -> None:
    secrets = {
        "CRAWDAD_TOKEN": "cd-hidden-one",
        "OPENAI_API_KEY": "sk-hidden-one",
        "AWS_SECRET_ACCESS_KEY": "hidden-one",
        "TZ": "UTC",
    }
    async with execution(tmp_path, FULL, environment=secrets) as tools:
        lines = text_of(await tools.run(command="env")).splitlines()
    assert not [line for line in lines if "hidden-one" in line]
    assert f"HOME={tmp_path}" in lines and "TZ=UTC" in lines


async def test_a_long_one_goes_on_in_the_background_and_takes_input(tmp_path: Path) -> None:
    program = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: print('got', line.strip(), flush=True)\n"
    ended: list[str] = []
    async with execution(tmp_path, {**FULL, "untrusted": "allow"}) as tools:

        async def notify(session: Any) -> None:
            ended.append(session.status)

        tools.sessions.notify = notify
        outcome = await tools.run(argv=script(tmp_path, program), background=True)
        assert outcome.details["status"] == "running"
        which = outcome.details["sessionId"]
        assert (await tools.look(action="list")).details["sessions"][0]["sessionId"] == which
        polled = await tools.look(action="poll", sessionId=which, timeout=20_000)
        assert "ready" in text_of(outcome) + text_of(polled)
        await tools.look(action="write", sessionId=which, data="hello\n")
        assert "got hello" in text_of(await tools.look(action="poll", sessionId=which, timeout=20_000))
        await tools.look(action="write", sessionId=which, data="bye\n", eof=True)
        session = tools.sessions.of(tools.sessions._all[which].owner)[0]
        async with asyncio.timeout(PATIENCE):
            await session.ended.wait()
        assert session.exit_code == 0
        assert text_of(await tools.look(action="log", sessionId=which)).splitlines()[:3] == [
            "ready",
            "got hello",
            "got bye",
        ]
        with pytest.raises(GatewayError) as gone:
            await tools.look(action="write", sessionId=which, data="more")
        assert gone.value.kind is ErrorKind.CONFLICT
        await tools.look(action="remove", sessionId=which)
        with pytest.raises(GatewayError) as gone:
            await tools.look(action="poll", sessionId=which)
        assert gone.value.kind is ErrorKind.NOT_FOUND
    assert ended == ["completed"]


async def test_one_in_the_foreground_is_fed_where_its_input_is_kept_open(tmp_path: Path) -> None:
    """Else its input has ended, so that what reads all of it does not wait; who writes to it is told what to do."""
    program = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: print('got', line.strip(), flush=True)\n"
    async with execution(tmp_path, {**FULL, "untrusted": "allow"}) as tools:
        outcome = await tools.run(argv=script(tmp_path, program), keepInput=True, input="first\n", yieldMs=1)
        which = outcome.details["sessionId"]
        await tools.look(action="write", sessionId=which, data="second\n", eof=True)
        (session,) = tools.sessions.of(tools.sessions._all[which].owner)
        async with asyncio.timeout(PATIENCE):
            await session.ended.wait()
        assert session.output.text.split("\n")[:3] == ["ready", "got first", "got second"]
        ended = await tools.run(argv=script(tmp_path, program))
        assert text_of(ended) == "ready", "without it, there is an end at once"
        waiting = await tools.run(argv=script(tmp_path, "import time\ntime.sleep(60)"), yieldMs=1)
        with pytest.raises(GatewayError, match="keepInput") as refused:
            await tools.look(action="write", sessionId=waiting.details["sessionId"], data="more")
        assert refused.value.kind is ErrorKind.CONFLICT


async def test_another_session_does_not_see_it(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(command="sleep 60", background=True)
        other = context(tmp_path, session_key="agent:main:direct:eve")
        assert (await tools.look(in_context=other, action="list")).details["sessions"] == []
        for action in ("poll", "kill", "log", "remove"):
            with pytest.raises(GatewayError) as refused:
                await tools.look(in_context=other, action=action, sessionId=outcome.details["sessionId"])
            assert refused.value.kind is ErrorKind.NOT_FOUND
        await tools.look(action="kill", sessionId=outcome.details["sessionId"])
        assert (await tools.look(action="list")).details["sessions"][0]["status"] == "killed"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
os.rename("pids", "family")
time.sleep(600)
"""


async def family(workspace: Path) -> list[int]:
    await until_so(lambda: (workspace / "family").exists())
    return [int(word) for word in (workspace / "family").read_text().split()]


async def gone(pids: list[int]) -> None:
    await until_so(lambda: not any(alive(pid) for pid in pids))


async def test_cancelling_the_turn_ends_the_program_and_its_children(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools, asyncio.timeout(PATIENCE):
        async with asyncio.TaskGroup() as group:
            running = group.create_task(tools.run(argv=script(tmp_path, FAMILY)))
            pids = await family(tmp_path)
            assert all(alive(pid) for pid in pids)
            running.cancel()
        await gone(pids)


async def test_a_timeout_ends_it_and_what_it_printed_is_told(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(argv=["sh", "-c", "echo began; exec sleep 600"], timeout=1.5)
    assert outcome.is_error and outcome.details["status"] == "killed"
    assert "began" in text_of(outcome) and "too long" in text_of(outcome)


async def test_closing_the_gateway_ends_what_runs_in_the_background(tmp_path: Path) -> None:
    async with execution(tmp_path, FULL) as tools, asyncio.timeout(PATIENCE):
        await tools.run(argv=script(tmp_path, FAMILY), background=True)
        pids = await family(tmp_path)
    await gone(pids)


async def test_a_terminal_is_a_terminal(tmp_path: Path) -> None:
    program = (
        "import os, sys\nprint(os.isatty(0), os.isatty(1), os.ttyname(0) != '', flush=True)\nprint(input().upper())\n"
    )
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(argv=script(tmp_path, program), pty=True, background=True)
        which = outcome.details["sessionId"]
        await tools.look(action="send-keys", sessionId=which, literal="hello", keys=["Enter"])
        session = tools.sessions._all[which]
        async with asyncio.timeout(PATIENCE):
            await session.ended.wait()
        text = text_of(await tools.look(action="log", sessionId=which))
    assert "True True True" in text and "HELLO" in text


async def test_output_is_bounded_and_keeps_its_end(tmp_path: Path) -> None:
    program = "import sys\nfor n in range(300_000): print('line', n)\nprint('the end')\n"
    async with execution(tmp_path, FULL) as tools:
        outcome = await tools.run(argv=script(tmp_path, program), yieldMs=60_000)
    text = text_of(outcome)
    assert text.endswith("the end") and len(text) < 60_000


async def test_input_is_given_and_ends(tmp_path: Path) -> None:
    async with execution(tmp_path) as tools:
        outcome = await tools.run(command="tr a-z A-Z", input="quiet words\n")
    assert text_of(outcome) == "QUIET WORDS"
    assert tools.approvals.asked == []


async def test_a_sandbox_that_is_not_there_is_not_replaced_by_nothing(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"tools": {"exec": FULL}, "agents": {"defaults": {"sandbox": {"mode": "all", "backend": "bubblewrap"}}}}
    )
    async with execution(tmp_path, settings=settings, environment={"PATH": str(tmp_path)}) as tools:
        with pytest.raises(GatewayError) as refused:
            await tools.run(command="/usr/bin/id")
    assert refused.value.kind is ErrorKind.UNAVAILABLE
