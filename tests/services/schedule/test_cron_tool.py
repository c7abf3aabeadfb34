"""The tool `cron`: in the name of the turn's principal, and no chain of jobs that make jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolContext, ToolScope
from crawdad.services.agent_tools.cron import CronTool
from tests.support.schedule import ALICE, Office

JOB = {"schedule": {"everyMs": 3_600_000}, "message": "look at the post", "delivery": {"mode": "none"}}


def context(origin: str = "client", session: str = "agent:main:main") -> ToolContext:
    return ToolContext(ToolScope("main", session, ALICE, origin=origin), "run1", "call1", "s1", Path("/nowhere"))


async def use(desk: Office, where: ToolContext | None = None, **arguments: Any) -> JsonObject:
    tool = CronTool(desk.jobs, desk.events, desk.hearts, lambda: "per-sender")
    return (await tool.run(arguments, where or context())).details


async def test_from_making_to_removing(desk: Office) -> None:
    job = await use(desk, action="add", job=JOB)
    assert (job["name"], job["agentId"], job["owner"]) == ("look at the post", "main", ALICE.id)
    assert (await use(desk, action="status"))["jobs"] == 1
    assert [each["id"] for each in (await use(desk, action="list"))["jobs"]] == [job["id"]]
    assert (await use(desk, action="update", jobId=job["id"], patch={"enabled": False}))["enabled"] is False
    assert (await use(desk, action="list"))["jobs"] == []
    assert await use(desk, action="run", id=job["id"]) == {"ok": True, "ran": True}
    await desk.look(1)
    assert [run["status"] for run in (await use(desk, action="runs", jobId=job["id"]))["entries"]] == ["ok"]
    assert await use(desk, action="remove", jobId=job["id"]) == {"ok": True, "removed": True}


async def test_a_job_may_make_a_job_and_that_one_none(desk: Office) -> None:
    first = await use(desk, action="add", job=JOB)
    second = await use(desk, context("cron", f"agent:main:cron:{first['id']}"), action="add", job=JOB)
    assert second["parentId"] == first["id"]
    for where in (f"agent:main:cron:{second['id']}", f"agent:main:cron:{second['id']}:run:s1"):
        with pytest.raises(GatewayError) as refused:
            await use(desk, context("cron", where), action="add", job=JOB)
        assert refused.value.kind is ErrorKind.FORBIDDEN and "maxDepth" in refused.value.message()


async def test_a_heartbeat_does_not_wake_itself(desk: Office) -> None:
    assert "note" in await use(desk, context("heartbeat"), action="wake", text="again")
    assert desk.hearts.requests == [] and await desk.events.waiting("agent:main:main") == 1
    await use(desk, action="wake", text="come", mode="now")
    assert desk.hearts.requests == [("main", "wake")]


@pytest.mark.parametrize("arguments", [{}, {"action": "fly"}, {"action": "run"}, {"action": "wake"}, {"action": "add"}])
async def test_what_the_model_gets_wrong_it_is_told(desk: Office, arguments: JsonObject) -> None:
    with pytest.raises(GatewayError) as refused:
        await use(desk, **arguments)
    assert refused.value.kind is ErrorKind.BAD_REQUEST
