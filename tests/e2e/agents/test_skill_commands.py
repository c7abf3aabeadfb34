"""Skills by name and skills that come along, over a running server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.agents.deeds import decide, meanwhile, question
from tests.e2e.agents.test_queue_modes import chat, waiting, words
from tests.support.control import connected
from tests.support.scripted_model import Hold, calls, last_text, says, system_text
from tests.support.waiting import PATIENCE

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


DIRECT = """---
name: term
description: Runs a command.
command-dispatch: tool
command-tool: {tool}
---
"""


def with_skill(scene: Scene, name: str, text: str) -> None:
    """A skill in the agent's workspace."""
    folder = scene.workspace / "skills" / name
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text)


def test_a_command_goes_past_the_model_to_its_tool_and_asks_like_every_call(open_scene: OpenScene) -> None:
    scene = open_scene(says("I was asked."))
    with_skill(scene, "term", DIRECT.format(tool="exec"))
    (scene.workspace / "job").write_text("#!/bin/sh\necho ran-$1\n")
    (scene.workspace / "job").chmod(0o755)
    with meanwhile(lambda: scene.chat("/term ./job one", user="ann")) as turn:
        asked = question(scene)
        assert asked["details"]["argv"][1:] == ["one"]
        decide(scene, asked, "allow-once")
        told = turn.result()
    assert "ran-one" in told["choices"][0]["message"]["content"] and told["usage"]["total_tokens"] == 0
    with meanwhile(lambda: scene.chat("/term ./job two", user="ann")) as turn:
        decide(scene, question(scene), "deny")
        assert "The operator said no." in turn.result()["choices"][0]["message"]["content"]
    assert scene.model.asked == [], "no model was asked"
    scene.chat("What did it say?", user="ann")
    seen = scene.model.asked[-1]["messages"]
    assert [one["role"] for one in seen[1:]] == ["user", "assistant", "tool", "assistant"] * 2 + ["user"]
    assert "ran-one" in str(seen[4]["content"]) and "The operator said no." in str(seen[8]["content"])


def test_a_command_whose_tool_the_policy_denies_says_so(open_scene: OpenScene) -> None:
    scene = open_scene(says("I was asked."), tools={"deny": ["exec"]})
    with_skill(scene, "term", DIRECT.format(tool="exec"))
    told = scene.chat("/term ls")["choices"][0]["message"]["content"]
    assert told == "Tool not available: exec" and scene.model.asked == []


def test_a_command_streams_what_its_tool_says_and_one_without_a_tool_is_the_models(open_scene: OpenScene) -> None:
    scene = open_scene(says("Mine."))
    with_skill(scene, "term", DIRECT.format(tool="read"))
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "/term notes.txt"}], "stream": True}
    told = scene.client.post("/v1/chat/completions", json=body).text
    assert "path" in told and told.endswith("data: [DONE]\n\n")  # `read` wants a path, and gets a command
    assert scene.model.asked == []
    with_skill(scene, "plain", DIRECT.replace("command-tool: {tool}\n", "").replace("term", "plain"))
    assert scene.chat("/plain ls")["choices"][0]["message"]["content"] == "Mine."


@pytest.mark.parametrize("dispatch", [False, True], ids=["instructions", "tool"])
def test_a_message_that_steers_may_call_for_a_skill(open_scene: OpenScene, dispatch: bool) -> None:
    hold = Hold(calls(("ls", {"path": "."})))
    scene = open_scene(hold, says("Done."))
    with_skill(scene, "tea-time", DIRECT.format(tool="ls").replace("term", "tea-time") if dispatch else SKILL)

    def first() -> Any:
        return words(chat(scene, "first"))

    with meanwhile(first) as begun:
        assert hold.reached.wait(PATIENCE)
        with meanwhile(lambda: words(chat(scene, "/tea_time for two", "steer"))) as second:
            waiting(scene, 1)
            hold.gate.set()
            assert begun.result(PATIENCE) == "Done."
            answer = second.result(PATIENCE)
    told = str(scene.model.asked[-1]["messages"])
    if dispatch:  # it is no message to a model, and so waits for a turn of its own
        assert "/tea_time" not in told and answer != "Done."
    else:
        assert "Boil the water first." in told and "is: for two" in told and answer == "Done."
    assert len(scene.model.asked) == 2
