"""What agents find again: earlier sessions, of whoever asks and of nobody else."""

from __future__ import annotations

from tests.e2e.agents.conftest import OpenScene
from tests.e2e.agents.deeds import results
from tests.support.scripted_model import NAME, calls, says

SEARCH = calls(("memory_search", {"query": "boat Aurora"}))


def test_earlier_sessions_are_found_again(open_scene: OpenScene) -> None:
    agents = {"defaults": {"model": f"{NAME}/model", "memorySearch": {"sources": ["memory", "sessions"]}}}
    scene = open_scene(says("A good name."), agents=agents)
    scene.chat("My boat is called Aurora", user="ann")
    scene.model.then(SEARCH, says("Aurora."))
    scene.chat("What is my boat called?", user="bob")
    (told,) = results(scene.model.asked[-1])
    assert "My boat is called Aurora" in told and "sessions/" in told

    made = scene.client.post("/api/keys", json={"name": "guest"})
    theirs = {"authorization": f"Bearer {made.json()['key']}"}
    scene.model.then(SEARCH, says("I do not know."))
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "What is the boat called?"}]}
    answer = scene.client.post("/v1/chat/completions", json=body, headers=theirs)
    assert answer.status_code == 200, answer.text
    assert "My boat is called Aurora" not in results(scene.model.asked[-1])[0]
