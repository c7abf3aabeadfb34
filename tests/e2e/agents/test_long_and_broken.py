"""Sessions that become too long, models that fail, and messages that come while the agent is at work."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.agents.deeds import meanwhile, results, story
from tests.support.scripted_model import NAME, Answer, Fail, Hold, ScriptedModel, calls, last_text, says
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Tokens
from tests.support.waiting import PATIENCE, eventually

KEY = "agent:main:openai-user:ann"
LONG = "The colour of the house is green. " + "It was a long and quiet day. " * 250
SUMMARY = "SUMMARY: the house is green."


def is_summing_up(body: Any) -> bool:
    """Whether a request asks for the summary of a conversation."""
    return "<conversation>" in last_text(body)


def summing_up(ask: Ask) -> Answer:
    """Sums up where that is asked, and answers else."""
    if is_summing_up(ask.body):
        return says(SUMMARY)
    return says("Noted. " + "And so on. " * 300, tokens=Tokens(len(str(ask.body)) // 4, 900))


PATIENT = {"restApi": {"requestsPerMinute": 10_000}}


def test_a_long_session_is_summed_up_and_nothing_is_lost(open_scene: OpenScene) -> None:
    compaction = {"reserveTokensFloor": 1000, "reserveTokens": 1000, "keepRecentTokens": 2000}
    defaults = {"model": f"{NAME}/model", "contextTokens": 16_000}
    defaults |= {"compaction": {**compaction, "memoryFlush": {"enabled": False}}}
    scene = open_scene(summing_up, agents={"defaults": defaults})
    for number in range(12):
        scene.chat(f"Message {number}. {LONG if number == 0 else 'More. ' + LONG[34:]}", user="ann")
        if any(is_summing_up(body) for body in scene.model.asked):
            break
    else:
        raise AssertionError("it was never summed up")
    scene.chat("What colour is the house?", user="ann")
    last = scene.model.asked[-1]
    assert SUMMARY in str(last["messages"]) and "Message 0." not in str(last["messages"])
    history = str(scene.data("GET", f"/sessions/{KEY}/messages", params={"limit": 200})["messages"])
    assert "Message 0." in history and "The colour of the house is green." in history, "the log keeps everything"
    found = scene.data("GET", "/sessions", params={"search": "colour"})["sessions"]
    assert [one["key"] for one in found] == [KEY]


def test_a_fallback_answers_for_a_model_that_fails(open_scene: OpenScene) -> None:
    """The second model answers, the first rests: the next turn begins with the second at once."""
    with ScriptedModel(says("From the other."), models=("spare",)) as spare:
        scene = open_scene(
            Fail(401, "no such key"),
            agents={"defaults": {"model": {"primary": f"{NAME}/model", "fallbacks": ["other/spare"]}}},
            more_providers={"other": spare.provider()},
        )
        first = scene.chat("Hi", user="ann")
        tried = len(scene.model.asked)
        second = scene.chat("Hi again", user="ann")
        third = scene.client.post(
            "/v1/chat/completions",
            json={"model": "openclaw", "messages": [{"role": "user", "content": "Hi"}], "stream": True},
        )
        assert len(spare.asked) == 3
    for answer in (first, second):
        assert answer["choices"][0]["message"]["content"] == "From the other."
    assert "From" in third.text and third.text.rstrip().endswith("data: [DONE]")
    assert tried >= 1 and len(scene.model.asked) == tried, "it rests after it failed"


def test_every_model_fails(open_scene: OpenScene) -> None:
    """The client hears so, and the session goes on once one works again."""
    scene = open_scene(Fail(400, "it is too warm here"))
    body = {"model": "openclaw", "user": "ann", "messages": [{"role": "user", "content": "Hi"}]}
    failed = scene.client.post("/v1/chat/completions", json=body)
    assert failed.status_code >= 400 and "error" in failed.json()
    scene.model.then(says("Better now."))
    assert scene.chat("And now?", user="ann")["choices"][0]["message"]["content"] == "Better now."


def test_messages_that_come_meanwhile(open_scene: OpenScene) -> None:
    """Whoever waits for an answer gets a turn of its own, one after the other, in the order of coming."""
    hold = Hold(says("To first."), after=1)
    scene = open_scene(hold, lambda ask: says(f"To {last_text(ask.body)}."), gateway=PATIENT)
    with ExitStack() as stack:
        first = stack.enter_context(meanwhile(lambda: scene.chat("first", user="ann")))
        assert hold.reached.wait(PATIENCE)
        second = stack.enter_context(meanwhile(lambda: scene.chat("second", user="ann")))
        eventually(lambda: waiting(scene) == 1, "one to wait")
        third = stack.enter_context(meanwhile(lambda: scene.chat("third", user="ann")))
        eventually(lambda: waiting(scene) == 2, "two to wait")
        assert len(scene.model.asked) == 1
        hold.gate.set()
        said = [one.result()["choices"][0]["message"]["content"] for one in (first, second, third)]
    assert said == ["To first.", "To second.", "To third."]
    assert [last_text(body) for body in scene.model.asked] == ["first", "second", "third"]
    assert "To second." in str(scene.model.asked[-1]["messages"])


def waiting(scene: Scene) -> int:
    """How many messages wait."""
    return int(scene.data("GET", "/system/status")["resources"]["queueDepth"])


def test_names_that_are_not_in_utf_8_are_shown_and_stop_nobody(open_scene: OpenScene) -> None:
    """As an archive of an older system brings them."""
    scene = open_scene(story("what is there?", calls(("ls", {})), says("A file.")))
    scene.workspace.mkdir(parents=True, exist_ok=True)
    Path(os.fsdecode(os.fsencode(scene.workspace) + b"/\xb2\xe2\xca\xd4.txt")).write_text("old")
    assert scene.chat("what is there?", user="ann")["choices"][0]["message"]["content"] == "A file."
    assert "????.txt" in results(scene.model.asked[-1])[0]
    scene.model.then(says("Here."))
    assert scene.chat("Are you there?", user="bob")["choices"][0]["message"]["content"] == "Here."
    told = scene.client.post("/tools/invoke", json={"tool": "ls", "args": {}})
    assert told.status_code == 200 and "????.txt" in told.text, told.text
