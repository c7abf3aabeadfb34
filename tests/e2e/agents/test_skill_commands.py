"""Skills by name and skills that come along, over a running server."""

from __future__ import annotations

from tests.e2e.agents.conftest import OpenScene
from tests.support.control import connected
from tests.support.scripted_model import last_text, says, system_text

SKILL = """---
name: tea-time
description: Makes tea.
disable-model-invocation: true
---
Boil the water first.
"""


def test_a_person_calls_for_a_skill_by_name_through_every_door(open_scene: OpenScene) -> None:
    scene = open_scene(says("Done."))
    folder = scene.workspace / "skills" / "tea-time"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(SKILL)
    scene.chat("/tea_time for two", user="ann")
    told = last_text(scene.model.asked[-1])
    assert told.startswith("/tea_time for two") and "Boil the water first." in told and "is: for two" in told
    assert "tea-time" not in system_text(scene.model.asked[-1])
    scene.chat("How is it?", user="ann")
    assert str(scene.model.asked[-1]["messages"]).count("Boil the water first.") == 1
    scene.data("POST", "/sessions", 201, json={"messages": [{"role": "user", "content": "/skill tea-time now"}]})
    assert "Boil the water first." in last_text(scene.model.asked[-1])
    with connected(scene.gateway) as client:
        params = {"sessionKey": "main", "message": "/tea-time at five", "idempotencyKey": "k1"}
        client.call("chat.send", params)
        while client.event("chat")["payload"]["state"] != "final":
            pass
    told = last_text(scene.model.asked[-1])
    assert "/tea-time at five" in told and "Boil the water first." in told
    scene.chat("/coffee for two")
    assert last_text(scene.model.asked[-1]) == "/coffee for two"


def test_bundled_skills_come_along_and_can_be_left_out(open_scene: OpenScene) -> None:
    scene = open_scene(says("Yes."))
    scene.chat("Hi")
    assert "- weather: Tell the weather" in system_text(scene.model.asked[-1])
    scene.chat("/weather Kunming")
    assert "api.open-meteo.com" in last_text(scene.model.asked[-1])
    some = open_scene(says("Yes."), skills={"allowBundled": ["summarize"]})
    some.chat("Hi")
    system = system_text(some.model.asked[-1])
    assert "- summarize: " in system and "- weather: " not in system
    some.chat("/weather Kunming")
    assert last_text(some.model.asked[-1]) == "/weather Kunming"
