"""The example channel in a running gateway: installed without a restart, answering, gone when it is switched off."""

from __future__ import annotations

from tests.channels.conformance.postbox import FOLDER
from tests.channels.conformance.simulators import named_simulators
from tests.e2e.agents.conftest import OpenScene
from tests.e2e.plugins.conftest import plugins
from tests.simulators.postbox import TOKEN, PostboxSimulator
from tests.support.control import BACKEND, connected
from tests.support.scripted_model import says
from tests.support.waiting import eventually


def test_a_channel_that_was_installed_answers(open_scene: OpenScene) -> None:
    with PostboxSimulator() as service:
        own = {"url": service.url, "token": TOKEN, "dmPolicy": "open", "allowFrom": ["*"], "waitSeconds": 1}
        scene = open_scene(says("Good morning."), channels={"postbox": own})
        asked = service.say("Hello", "ann")
        done = plugins(scene, "install", str(FOLDER), "--yes")
        assert done["installed"] and done["offers"]["channels"] == ["postbox"]
        eventually(lambda: service.texts("ann") == ["Good morning."])
        eventually(lambda: service.confirmed >= asked)
        with connected(scene.gateway, client=BACKEND) as client:
            status = client.call("channels.status")
            assert status["channelLabels"]["postbox"] == "Postbox"
            (account,) = status["channelAccounts"]["postbox"]
            assert account["connected"] and account["identity"] == service.url
            sent = {"channel": "postbox", "to": "bob", "message": "News", "idempotencyKey": "1"}
            assert client.call("send", sent)["channel"] == "postbox" and service.texts("bob") == ["News"]
            turn = {"message": "Greet her", "deliver": True, "replyChannel": "postbox", "replyTo": "cleo"}
            client.request("agent", {**turn, "idempotencyKey": "2"}, "agent")
            assert client.response("agent")["payload"]["status"] == "ok" and service.texts("cleo") == ["Good morning."]
            client.request("agent", {**turn, "idempotencyKey": "2"}, "again")
            assert client.response("again")["ok"] and service.texts("cleo") == ["Good morning."]
            alone = {**turn, "replyTo": "", "sessionKey": "alone", "idempotencyKey": "3"}
            nobody = client.fault("agent", alone)
            assert nobody["code"] == "INVALID_REQUEST" and "to" in nobody["message"]
        plugins(scene, "disable", "postbox")
        with connected(scene.gateway, client=BACKEND) as client:
            eventually(lambda: "postbox" not in client.call("channels.status")["channelOrder"])
        service.say("Anybody there?", "ann")
        plugins(scene, "enable", "postbox")
        eventually(lambda: service.texts("ann") == ["Good morning.", "Good morning."])


def test_simulators_of_channels_elsewhere_are_found_by_name() -> None:
    name = "tests.channels.conformance.postbox:postbox_platform"
    assert list(named_simulators(f" {name} ")) == [name] and named_simulators("") == {}
