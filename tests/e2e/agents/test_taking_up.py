"""Answers of agents whose client, or whose gateway, went away in the middle: real sockets, the real runtime."""

from __future__ import annotations

from typing import Any

import orjson

from tests.attacks.sockets import eventually
from tests.e2e.agents.conftest import OpenScene
from tests.support.scripted_model import Hold, says

SPEECH = "One two three four five six seven eight nine ten, and that is all there is to count."


def spoken(lines: list[str]) -> str:
    """The words in lines of a stream."""
    bodies: list[Any] = [orjson.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for body in bodies for choice in body["choices"])


def test_a_dropped_stream_goes_on_where_it_broke_off(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(held)
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "Count"}], "stream": True}
    key = {"idempotency-key": "count-1"}
    heard: list[str] = []
    mark = ""
    with scene.client.stream("POST", "/v1/chat/completions", json=body, headers=key) as answer:
        for line in answer.iter_lines():
            heard.append(line)
            if line.startswith("id: "):
                mark = line[4:]
            if not line and mark and spoken(heard):
                break  # the client is gone in the middle of a word
    assert held.reached.wait(20) and spoken(heard) != SPEECH
    held.gate.set()
    told = scene.client.post("/v1/chat/completions", json=body, headers={**key, "last-event-id": mark})
    assert told.status_code == 200 and told.text.endswith("data: [DONE]\n\n")
    assert spoken(heard) + spoken(told.text.splitlines()) == SPEECH
    again = scene.client.post("/v1/chat/completions", json=body, headers=key)
    assert spoken(again.text.splitlines()) == SPEECH and len(scene.model.asked) == 1


def test_a_background_answer_is_known_after_a_kill(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(says("At once."), held)
    done = scene.client.post("/v1/responses", json={"model": "openclaw", "input": "Hi", "background": True}).json()

    def look(name: str) -> Any:
        answer = scene.client.get(f"/v1/responses/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    eventually(lambda: look(done["id"])["status"] == "completed", "the first to end")
    cut = scene.client.post("/v1/responses", json={"model": "openclaw", "input": "Count", "background": True}).json()
    assert held.reached.wait(20)
    scene.gateway.kill()
    held.gate.set()
    scene.gateway.start()
    assert look(done["id"])["output"][-1]["content"][0]["text"] == "At once."
    eventually(lambda: look(cut["id"])["status"] not in ("queued", "in_progress"), "the second to be known as over")
    told = look(cut["id"])  # its turn had done nothing that cannot be done again: it was taken up
    assert told["status"] == "completed" and told["output"][-1]["content"][0]["text"].endswith(SPEECH), told
