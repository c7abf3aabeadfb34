"""An agent and the devices that are connected: it sees them, asks them, and runs programs there with the operator's word."""

from __future__ import annotations

import json

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.agents.deeds import decide, meanwhile, question
from tests.support.node_host import node_host
from tests.support.scripted_model import calls, last_text, says
from tests.support.upstreams.stories import PIXEL

RUN = calls(("nodes", {"action": "run", "node": "shed", "command": ["echo", "hello there"]}))


def tools_of(scene: Scene) -> set[str]:
    """The tools that the model was offered last."""
    return {tool["function"]["name"] for tool in scene.model.asked[-1]["tools"]}


def test_the_tool_is_there_while_a_node_is(open_scene: OpenScene) -> None:
    scene = open_scene(says("Hello."))
    scene.chat("Hello")
    assert "nodes" not in tools_of(scene)
    with node_host(scene.gateway) as node:
        scene.model.then(calls(("nodes", {"action": "status"})), says("One."))
        scene.chat("Which nodes are there?")
        (shown,) = json.loads(last_text(scene.model.asked[-1]))
        assert "nodes" in tools_of(scene)
        assert shown["nodeId"] == node.device.id and shown["displayName"] == "Shed"
        assert shown["commands"] == ["system.run", "system.which"], "what it may be asked for, no more"
        ask = {
            "action": "invoke",
            "node": node.device.id,
            "invokeCommand": "system.which",
            "invokeParams": {"bins": ["sh"]},
        }
        scene.model.then(calls(("nodes", ask)), says("There."))
        scene.chat("Where is sh?")
        assert "/sh" in last_text(scene.model.asked[-1]) and node.seen[-1]["payload"]["command"] == "system.which"


def test_a_program_runs_with_the_operators_word_to_it(open_scene: OpenScene) -> None:
    scene = open_scene(RUN, says("It ran."))
    with node_host(scene.gateway) as node:
        with meanwhile(lambda: scene.chat("Say hello in the shed", user="ann")) as turn:
            asked = question(scene)
            assert asked["kind"] == "exec" and asked["summary"] == 'echo "hello there"'
            details = asked["details"]
            assert (details["host"], details["nodeId"]) == ("node", node.device.id)
            assert details["argv"] == ["echo", "hello there"]
            decide(scene, asked, "allow-once")
            assert turn.result()["choices"][0]["message"]["content"] == "It ran."
        assert "hello there" in last_text(scene.model.asked[-1])
        first, second = (json.loads(frame["payload"]["paramsJSON"]) for frame in node.seen)
        assert "approved" not in first and second["approved"] is True and second["runId"] == asked["id"]
        scene.model.then(RUN, says("It did not."))
        with meanwhile(lambda: scene.chat("And again", user="ann")) as turn:
            decide(scene, question(scene), "deny")
            turn.result()
        assert last_text(scene.model.asked[-1]) == "Error: The operator said no." and len(node.seen) == 3
        node.allowed.add("echo")
        scene.model.then(RUN, says("It ran."))
        scene.chat("Once more", user="ann")
        assert "hello there" in last_text(scene.model.asked[-1]), "what the node's own list allows is not asked for"


def test_a_picture_of_a_phone_is_seen(open_scene: OpenScene) -> None:
    snap = calls(("nodes", {"action": "camera_snap", "node": "Phone"}))
    scene = open_scene(snap, says("A dot."), gateway={"nodes": {"allowCommands": ["camera.snap"]}})
    phone = {"platform": "ios", "id": "openclaw-ios", "mode": "node", "version": "1", "displayName": "Phone"}
    with node_host(scene.gateway, client=phone, commands=["camera.snap"], caps=["camera"]) as node:
        node.answer = lambda _: {"ok": True, "payload": {"format": "png", "base64": PIXEL, "width": 1, "height": 1}}
        scene.chat("Take a picture")
        assert PIXEL in json.dumps(scene.model.asked[-1]) and "by Phone (1x1)" in json.dumps(scene.model.asked[-1])
        assert json.loads(node.seen[-1]["payload"]["paramsJSON"])["facing"] == "front"
        scene.model.then(calls(("nodes", {"action": "camera_snap", "node": "Tablet"})), says("None."))
        scene.chat("Take another")
        assert "Connected: Phone" in last_text(scene.model.asked[-1])
