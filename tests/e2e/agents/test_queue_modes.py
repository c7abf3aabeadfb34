"""What becomes of a message whose session is busy, as HTTP clients may say: steer, collect, interrupt."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.agents.deeds import meanwhile
from tests.support.scripted_model import Hold, calls, says
from tests.support.waiting import PATIENCE, eventually

SESSION = "agent:main:talk"


def chat(scene: Scene, text: str, mode: str = "") -> Any:
    headers = {"x-openclaw-session-key": SESSION, **({"x-openclaw-queue-mode": mode} if mode else {})}
    body = {"model": "openclaw", "messages": [{"role": "user", "content": text}]}
    return scene.client.post("/v1/chat/completions", json=body, headers=headers)


def words(told: Any) -> str:
    assert told.status_code == 200, told.text
    return str(told.json()["choices"][0]["message"]["content"])


def waiting(scene: Scene, count: int) -> None:
    """Once so many messages wait in the session."""

    def enough() -> bool:
        return int(scene.data("GET", "/system/status")["resources"]["queueDepth"]) >= count

    eventually(enough, f"{count} messages to wait")


def test_a_message_steers_the_turn_that_runs(open_scene: OpenScene) -> None:
    hold = Hold(calls(("ls", {"path": "."})))
    scene = open_scene(hold, says("Both done."))
    with meanwhile(lambda: words(chat(scene, "first"))) as first:
        assert hold.reached.wait(PATIENCE)
        with meanwhile(lambda: words(chat(scene, "second", "steer"))) as second:
            waiting(scene, 1)
            hold.gate.set()
            assert second.result(PATIENCE) == first.result(PATIENCE) == "Both done."
    assert len(scene.model.asked) == 2 and "second" in str(scene.model.asked[-1]["messages"][-1])


def test_messages_that_wait_are_collected(open_scene: OpenScene) -> None:
    hold = Hold(says("One."))
    scene = open_scene(hold, says("Two and three."), messages={"queue": {"debounceMs": 0}})
    with meanwhile(lambda: words(chat(scene, "first"))) as first:
        assert hold.reached.wait(PATIENCE)
        with (
            meanwhile(lambda: words(chat(scene, "second", "collect"))) as second,
            meanwhile(lambda: words(chat(scene, "third", "Collect"))) as third,
        ):
            waiting(scene, 2)
            hold.gate.set()
            assert second.result(PATIENCE) == third.result(PATIENCE) == "Two and three."
        assert first.result(PATIENCE) == "One."
    assert len(scene.model.asked) == 2


def test_a_message_interrupts_by_rest_as_well(open_scene: OpenScene) -> None:
    hold = Hold(says("Never said."))
    scene = open_scene(hold, says("Stopped and begun."))
    scene.data("POST", "/sessions", 201, json={"context": {"sessionId": "talk"}})
    path = "/api/v1/sessions/talk/messages"
    with meanwhile(lambda: scene.client.post(path, json={"message": "first"})) as first:
        assert hold.reached.wait(PATIENCE)
        told = scene.data("POST", "/sessions/talk/messages", json={"message": "stop", "queueMode": "interrupt"})
        assert told["message"]["content"] == "Stopped and begun."
        hold.gate.set()
        assert (
            first.result(PATIENCE).json()["data"]["stopReason"] == "cancelled"
            or first.result(PATIENCE).status_code != 200
        )


@pytest.mark.parametrize("mode", ["sometimes", "steer,collect"])
def test_a_mode_that_is_none_is_refused(open_scene: OpenScene, mode: str) -> None:
    scene = open_scene(says("Hi."))
    told = chat(scene, "first", mode)
    assert told.status_code == 400 and "steer" in told.json()["error"]["message"]
    scene.data("POST", "/sessions", 201, json={"context": {"sessionId": "talk"}})
    told = scene.client.post("/api/v1/sessions/talk/messages", json={"message": "first", "queueMode": mode})
    assert told.status_code == 400 and scene.model.asked == []
