"""Agents that would go on for ever: in circles, through each other, through their children, their jobs, their heartbeat."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from tests.e2e.agents.conftest import OpenScene, Scene, open_scene
from tests.e2e.agents.deeds import results, until_asked
from tests.support.scripted_model import Answer, calls, says
from tests.support.upstreams.protocols import Ask
from tests.support.waiting import PATIENCE

__all__ = ["open_scene"]

ALICE_AND_BOB = {
    "defaults": {"model": "scripted/model", "subagents": {"maxChildrenPerAgent": 4}},
    "list": [{"id": "alice", "default": True}, {"id": "bob"}],
}


QUIET_SECONDS = 1.5
"""How long nothing is asked where all has come to an end."""


def more_than(scene: Scene, count: int) -> bool:
    """Whether the model was asked more often than that."""
    return len(scene.model.asked) > count


def settled(scene: Scene, most: int) -> int:
    """How often the model was asked, once it is asked no more. `most` must not be passed."""
    until = time.monotonic() + PATIENCE
    count = len(scene.model.asked)
    while scene.model.wait_for(partial(more_than, scene, count), QUIET_SECONDS):
        count = len(scene.model.asked)
        assert count <= most, "nothing stops it"
        assert time.monotonic() < until, f"still going on after {count} requests"
    assert count <= most, "nothing stops it"
    return count


def in_main(scene: Scene, agent: str) -> None:
    """A turn in the main session of an agent."""
    scene.client.headers["x-openclaw-session-key"] = f"agent:{agent}:main"
    scene.chat("Hi", model=f"openclaw:{agent}")


def test_the_same_call_again_and_again(open_scene: OpenScene) -> None:
    """A call with the same result is refused after a while, and the turn ended by its steps at the latest."""
    scene = open_scene(calls(("ls", {"path": "."})))
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "Look"}]}
    scene.client.post("/v1/chat/completions", json=body)
    count = settled(scene, 41)
    assert 8 <= count <= 41
    assert any("nothing new came of it" in result for result in results(scene.model.asked[-1]))


def test_children_that_have_children(open_scene: OpenScene) -> None:
    """Every turn begins as many others as it may, and their ends begin new turns."""
    spawn = calls(*((("sessions_spawn", {"task": f"Have {number} more"})) for number in range(6)))

    def always(ask: Ask) -> Answer:
        return says("Begun.") if ask.body["messages"][-1]["role"] == "tool" else spawn

    scene = open_scene(always, agents=ALICE_AND_BOB)
    scene.chat("Begin")

    def is_told() -> bool:
        return any("within an hour" in result for body in scene.model.asked for result in results(body))

    assert scene.model.wait_for(is_told, PATIENCE)
    settled(scene, 300)
    assert scene.client.get("/readyz").status_code == 200


def test_agents_that_answer_each_other(open_scene: OpenScene) -> None:
    """Alice writes to Bob in every turn, Bob to Alice in every turn of his."""

    def always(ask: Ask) -> Answer:
        if ask.body["messages"][-1]["role"] == "tool":
            return says("And you?")
        to = "bob" if "agent alice" in str(ask.body) or "alice" in str(ask.body["messages"][0]) else "alice"
        return calls(("sessions_send", {"sessionKey": f"agent:{to}:main", "message": "And you?", "timeoutSeconds": 0}))

    tools = {"agentToAgent": {"enabled": True, "allow": ["*"]}, "sessions": {"visibility": "all"}}
    scene = open_scene(always, agents=ALICE_AND_BOB, tools=tools)
    for agent in ("bob", "alice"):
        in_main(scene, agent)
    count = settled(scene, 60)
    told = {result for body in scene.model.asked for result in results(body)}
    assert count > 4 and any('"status": "accepted"' in result for result in told), told


def test_a_job_that_makes_jobs(open_scene: OpenScene) -> None:
    """A job's turn may make no job that runs by itself deeper than the limit, nor start itself."""
    payload: dict[str, Any] = {"kind": "agentTurn", "message": "go on", "trusted": True}
    job = {"name": "again", "schedule": {"kind": "every", "everyMs": 60_000}, "payload": payload}

    def always(ask: Ask) -> Answer:
        told = results(ask.body)
        if not told:
            return calls(("cron", {"action": "list"}))
        if len(told) == 1:
            return calls(("cron", {"action": "add", "job": job}))
        if len(told) == 2:
            wanted = told[0].partition('"id":"')[2].partition('"')[0]
            return calls(("cron", {"action": "run", "jobId": wanted, "runMode": "force"}))
        return says("Went on.")

    scene = open_scene(always, cron={"limits": {"madePerHour": 3, "runsPerHour": 8}})
    made = scene.data("POST", "/cron/jobs", status=201, json=job)
    scene.data("POST", f"/cron/jobs/{made['id']}/run")
    settled(scene, 400)
    (told,) = [results(body) for body in scene.model.asked if len(results(body)) == 3]
    assert told[2] == '{"ok":true,"ran":false,"reason":"already-running"}'
    (child,) = [one for one in scene.data("GET", "/cron/jobs")["jobs"] if one["id"] != made["id"]]
    scene.data("POST", f"/cron/jobs/{child['id']}/run")
    settled(scene, 400)
    deeper = [
        results(body) for body in scene.model.asked if child["id"] in str(results(body)) and len(results(body)) == 3
    ]
    assert any(told[1].startswith("Error") for told in deeper), "what a job made makes no jobs"
    made_in_all = scene.data("GET", "/cron/jobs")["jobs"]
    assert len(made_in_all) <= 1 + 3, "and having others make them is limited by the hour"


def test_a_heartbeat_that_wakes_itself(open_scene: OpenScene) -> None:
    def always(ask: Ask) -> Answer:
        if ask.body["messages"][-1]["role"] == "tool":
            return says("Woken.")
        return calls(("cron", {"action": "wake", "text": "again", "mode": "now"}))

    scene = open_scene(always)
    in_main(scene, "main")
    until_asked(scene, lambda: len(scene.model.asked) > 2, "the heartbeat")
    assert settled(scene, 20) <= 6, "one heartbeat follows, which may not begin another"
    told = {result for body in scene.model.asked for result in results(body)}
    assert any("A heartbeat may not wake itself" in result for result in told), told
