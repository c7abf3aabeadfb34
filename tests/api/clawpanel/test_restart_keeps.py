"""What a restart of the inside must not lose: turns that clients wait for, and messages that were taken in."""

from __future__ import annotations

import threading

import httpx

from tests.api.clawpanel.panel import Panel
from tests.api.clawpanel.test_restart import ASK, ended, restart, turn
from tests.simulators.onebot import OneBotSimulator
from tests.support.scripted_model import MODEL, NAME, Hold, ScriptedModel, calls, says
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE


def test_a_client_gets_the_answer_of_a_turn_that_outlives_the_grace() -> None:
    held = Hold(says("Cut off."), after=1)
    with ScriptedModel(calls(("write", {"path": "note.md", "content": "red"})), held) as model:
        agents = {"defaults": {"model": f"{NAME}/{MODEL}"}}
        config = settings({NAME: model.provider()}, agents=agents, gateway={"drainSeconds": 1})
        with running_gateway(config) as gateway:
            panel = Panel(gateway)
            answers: list[httpx.Response] = []
            client = threading.Thread(target=lambda: answers.append(turn(panel, "The build is red")))
            client.start()
            assert held.reached.wait(PATIENCE)
            model.then(says("Written down."))
            assert restart(panel)["status"] == "success"
            held.gate.set()
            client.join(PATIENCE)
            (answer,) = answers
            assert answer.status_code == 200, answer.text
            assert answer.json()["choices"][0]["message"]["content"] == "Written down."
            assert (
                len(model.asked) == 3
            )  # the tool was run once, and only the answer that was cut off was asked for again
            panel.close()


def test_a_message_that_was_taken_in_is_answered_once_after_the_restart() -> None:
    held = Hold(says("Cut off."), after=1)
    with OneBotSimulator() as qq, ScriptedModel(held) as model:
        block = {"wsUrl": qq.url, "accessToken": "napcat-token", "dmPolicy": "open", "allowFrom": ["*"]}
        agents = {"defaults": {"model": f"{NAME}/{MODEL}"}}
        config = settings({NAME: model.provider()}, agents=agents, channels={"qq": block}, gateway={"drainSeconds": 1})
        with running_gateway(config) as gateway:
            panel = Panel(gateway)
            qq.journal.wait(lambda _: qq.connected > 0, PATIENCE)
            qq.say("Is it red?")
            assert held.reached.wait(PATIENCE)
            model.then(says("It is red."))
            asked = panel.ask("POST", ASK).json()
            assert ended(panel, asked["requestId"])["status"] == "success"
            held.gate.set()
            qq.journal.wait(lambda _: "It is red." in qq.texts(), PATIENCE)
            qq.journal.wait(lambda _: qq.connected > 0, PATIENCE)
            qq.say("And now?")
            qq.journal.wait(lambda _: qq.texts().count("It is red.") == 2, PATIENCE)
            assert len(model.asked) == 3
            assert qq.texts() == ["It is red.", "It is red."]
            panel.close()
