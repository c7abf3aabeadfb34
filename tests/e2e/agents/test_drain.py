"""A gateway that is told to end in the middle of turns: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import signal
from typing import Any

from tests.e2e.agents.conftest import HOOK_TOKEN, OpenScene, Scene
from tests.support.scripted_model import Hold, calls, last_text, says
from tests.support.waiting import PATIENCE

HOOKS: Any = {"enabled": True, "token": HOOK_TOKEN}


def _hook(scene: Scene, message: str) -> None:
    """Have the agent take a turn that no client waits for."""
    theirs = {"authorization": f"Bearer {HOOK_TOKEN}"}
    body = {"message": message, "name": "CI", "wakeMode": "next-heartbeat", "deliver": False}
    sent = scene.client.post("/hooks/agent", json=body, headers=theirs)
    assert sent.status_code == 202, sent.text


def _key(scene: Scene) -> str:
    (session,) = (one for one in scene.data("GET", "/sessions")["sessions"] if ":hook:" in one["key"])
    return str(session["key"])


def _said(scene: Scene) -> list[tuple[str, str]]:
    """Who said what in the session of the hook."""
    lines = [line for line in scene.history(_key(scene)) if line["type"] == "message"]
    return [(line["role"], str(line["parts"])) for line in lines]


def _end(scene: Scene) -> None:
    process = scene.gateway.process
    assert process is not None
    process.send_signal(signal.SIGTERM)


def _wait(scene: Scene) -> int:
    process = scene.gateway.process
    assert process is not None
    return process.wait(PATIENCE)


def test_a_running_turn_may_end_within_the_grace(open_scene: OpenScene) -> None:
    held = Hold(says("Written down."))
    scene = open_scene(calls(("write", {"path": "note.md", "content": "red"})), held, says("Again."), hooks=HOOKS)
    _hook(scene, "The build is red")
    assert held.reached.wait(PATIENCE)
    _end(scene)
    held.gate.set()
    assert _wait(scene) == 0
    scene.gateway.start()
    said = _said(scene)
    assert [role for role, _ in said] == ["user", "assistant", "tool", "assistant"] and "Written down." in said[-1][1]
    assert len(scene.model.asked) == 2
    assert (scene.workspace / "note.md").read_text() == "red"


def test_a_turn_that_outlives_the_grace_is_gone_on_with(open_scene: OpenScene) -> None:
    held = Hold(says("Cut off."), after=1)
    script = (calls(("write", {"path": "note.md", "content": "red"})), held)
    scene = open_scene(*script, hooks=HOOKS, gateway={"drainSeconds": 1})
    _hook(scene, "The build is red")
    assert held.reached.wait(PATIENCE)
    _end(scene)
    assert _wait(scene) == 0
    held.gate.set()
    scene.model.then(says("Written down."), says("And that."))
    scene.gateway.start()
    # what is said next in that session waits behind the turn that is taken up
    body = {"message": {"role": "user", "content": "And now?"}}
    scene.data("POST", f"/sessions/{_key(scene)}/messages", json=body)
    said = _said(scene)
    assert [role for role, _ in said] == ["user", "assistant", "tool", "assistant", "user", "assistant"]
    assert "The build is red" in said[0][1] and "Written down." in said[3][1] and "And that." in said[5][1]
    assert [last_text(body) for body in scene.model.asked[3:]] == ["And now?"]
    before, after = ([one["role"] for one in body["messages"]] for body in scene.model.asked[1:3])
    assert before == after
