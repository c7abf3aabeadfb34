"""Servers that are programs: calls, failures, time, cancellation, what they get of us, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.tools import Tool
from crawdad.services.mcp.server import McpServer
from tests.services.mcp.conftest import Stage, described
from tests.support.tool_calls import context, scope, words
from tests.support.waiting import PATIENCE, until


async def tools(stage: Stage) -> Mapping[str, Tool]:
    return {tool.definition.name: tool for tool in await stage.servers.tools(scope())}


async def call(stage: Stage, name: str, **arguments: str) -> str:
    return words(await (await tools(stage))[name].run(dict(arguments), context()))


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_tools_are_listed_over_all_pages_and_called(stage: Stage) -> None:
    stage.script("test")
    found = await tools(stage)
    assert "test__echo" in found and len(found) == 11
    outcome = await found["test__echo"].run({"text": "你好"}, context())
    assert words(outcome) == "你好" and outcome.untrusted and not outcome.is_error
    definition = found["test__echo"].definition
    assert (
        definition.description.startswith("[Tool of the MCP server 'test'") and "Does echo." in definition.description
    )
    assert definition.needs_trust and not definition.independent
    assert (await found["test__fail"].run({"text": "oh"}, context())).is_error


async def test_nothing_begins_before_it_is_needed_and_then_once(stage: Stage) -> None:
    stage.script("test")
    assert list(stage.servers.state) == []
    first = await call(stage, "test__pid")
    assert await call(stage, "test__pid") == first


async def test_turns_that_begin_while_settings_change_share_the_new_servers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        stage.settings[name] = McpServerSettings(command="/nowhere/before")
    await stage.servers.tools(scope())
    closing, gate, close = asyncio.Event(), asyncio.Event(), McpServer.close

    async def slow(self: McpServer) -> None:
        if not closing.is_set():
            closing.set()
            await gate.wait()
        await close(self)

    monkeypatch.setattr(McpServer, "close", slow)
    for name in ("one", "two"):
        stage.settings[name] = McpServerSettings(command="/nowhere/after")
    first = asyncio.get_running_loop().create_task(stage.servers.tools(scope()))
    await asyncio.wait_for(closing.wait(), PATIENCE)
    await asyncio.wait_for(stage.servers.tools(scope()), PATIENCE)
    known = {server.id: server for server in stage.servers.state}
    assert {server.settings.command for server in known.values()} == {"/nowhere/after"}
    gate.set()
    await asyncio.wait_for(first, PATIENCE)
    assert {server.id: server for server in stage.servers.state} == known, "none of them is lost unclosed"


async def test_calls_run_side_by_side(stage: Stage) -> None:
    stage.script("test")
    echo = (await tools(stage))["test__echo"]
    found = await asyncio.gather(*(echo.run({"text": str(number)}, context()) for number in range(50)))
    assert [words(outcome) for outcome in found] == [str(number) for number in range(50)]


async def test_a_refusal_is_told(stage: Stage) -> None:
    stage.script("test")
    with pytest.raises(GatewayError, match="not with me"):
        await call(stage, "test__refuse")


async def test_the_environment_is_scrubbed(stage: Stage) -> None:
    stage.script("test", env={"GIVEN": "yes"})
    found = json.loads(await call(stage, "test__environment"))
    assert found["GIVEN"] == "yes" and "PATH" in found
    assert "secret" not in json.dumps(found)


async def test_a_call_that_takes_too_long_is_given_up(stage: Stage) -> None:
    stage.script("test", timeoutSeconds=1.0)
    with pytest.raises(GatewayError) as caught:
        await call(stage, "test__slow")
    assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT

    async def cancelled() -> Any:
        with suppress(GatewayError):  # a busy machine may take too long with this as well
            return json.loads(await call(stage, "test__cancelled"))
        return None

    assert await until(cancelled, "the program to be told")


async def test_a_cancelled_call_is_taken_back(stage: Stage) -> None:
    stage.script("test")
    slow = (await tools(stage))["test__slow"]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(slow.run({}, context()))
        await call(stage, "test__echo", text="the server has it by now")
        task.cancel()
    assert len(json.loads(await call(stage, "test__cancelled"))) == 1


async def test_progress_is_shown_and_a_ping_answered(stage: Stage) -> None:
    stage.script("test")
    seen: list[str] = []
    told = context()
    told.progress = seen.append
    await (await tools(stage))["test__progress"].run({}, told)
    assert seen == ["half"]
    assert json.loads(await call(stage, "test__answers")) == [{"jsonrpc": "2.0", "id": 77, "result": {}}]


async def test_a_server_that_dies_is_begun_again_within_its_budget(stage: Stage) -> None:
    stage.script("test", restarts=1)
    with pytest.raises(GatewayError, match="dying as asked"):
        await call(stage, "test__die")
    await call(stage, "test__pid")
    with pytest.raises(GatewayError):
        await call(stage, "test__die")
    assert await tools(stage) == {}
    assert stage.servers.state[0].problem is not None
    assert "failed too often" in stage.servers.state[0].problem.message()
    stage.clock.advance(601)
    assert "test__pid" in await tools(stage)


async def test_programs_end_with_us(stage: Stage) -> None:
    stage.script("test")
    pid = int(await call(stage, "test__pid"))
    assert is_running(pid)
    await stage.servers.close()
    assert not is_running(pid)


async def test_a_changed_setting_ends_the_old_program(stage: Stage) -> None:
    stage.script("test")
    pid = int(await call(stage, "test__pid"))
    stage.script("test", env={"OTHER": "1"})
    assert int(await call(stage, "test__pid")) != pid
    assert not is_running(pid)
    del stage.settings["test"]
    assert await tools(stage) == {}


@pytest.mark.parametrize("settings", [{"command": "/no/such/program"}, {"command": "cat"}, {"command": None}])
async def test_one_that_cannot_be_had_leaves_the_others_alone(stage: Stage, settings: dict[str, object]) -> None:
    stage.script("good")
    stage.script("bad", connectTimeoutSeconds=0.3, **({"args": []} | settings))
    found = await tools(stage)
    assert "good__echo" in found and not any(name.startswith("bad") for name in found)
    problems = {server.id: server.problem for server in stage.servers.state}
    assert problems["bad"] is not None and problems["good"] is None


async def test_one_that_takes_its_time_is_there_for_a_later_turn(stage: Stage) -> None:
    gate = stage.folder / "gate"
    stage.script("good")
    assert "good__echo" in await tools(stage)
    stage.script("slow", env={"GATE": str(gate)}, restarts=0)
    stage.servers.patience = 0.2
    found = await tools(stage)
    assert "good__echo" in found and "slow__echo" not in found
    gate.write_text("")
    stage.servers.patience = PATIENCE
    assert "slow__echo" in await tools(stage)


async def test_only_the_tools_that_are_wanted(stage: Stage) -> None:
    stage.script("test", described("read_a"), described("read_b"), described("write"), tools=["read_*"], readOnly=True)
    found = await tools(stage)
    assert list(found) == ["test__read_a", "test__read_b"]
    assert found["test__read_a"].definition.independent and not found["test__read_a"].definition.needs_trust


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


async def test_our_own_process_is_the_parent(stage: Stage) -> None:
    stage.script("test")
    assert parent_of(int(await call(stage, "test__pid"))) == os.getpid()
