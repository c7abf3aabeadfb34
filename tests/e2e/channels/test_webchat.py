"""Webchat: pages on a WebSocket of a real gateway, a real agent with a scripted model behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from crawdad.app import exits
from crawdad.app.main import run
from tests.support.control import connected
from tests.support.scripted_model import NAME, Hold, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

TOKEN = "page-token-77"


class Page:
    """A page that is open."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send(self, **frame: Any) -> None:
        self._socket.send(json.dumps(frame))

    def receive(self) -> dict[str, Any]:
        return dict(json.loads(self._socket.recv(timeout=PATIENCE)))

    def until(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind."""

        def look() -> dict[str, Any] | None:
            frame = self.receive()
            return frame if frame["type"] == kind else None

        return eventually(look, f"a frame of the kind {kind}")

    def final(self) -> str:
        """The text of the next answer that will not change any more."""
        while True:
            frame = self.receive()
            if frame["type"] == "message" and frame["role"] != "preview":
                return str(frame["text"])
            if frame["type"] == "edit" and frame["final"]:
                return str(frame["text"])


@contextmanager
def page(gateway: Gateway, path: str = "/channels/webchat/default", **headers: str) -> Iterator[Page]:
    """Open the socket."""
    address = gateway.base_url.replace("http", "ws") + path
    with connect(address, additional_headers=headers, open_timeout=PATIENCE) as socket:
        yield Page(socket)


@contextmanager
def greeted(gateway: Gateway, **hello: Any) -> Iterator[tuple[Page, dict[str, Any]]]:
    """A page that was let in, once the channel runs."""
    with ExitStack() as open_while_used:

        def let_in() -> tuple[Page, dict[str, Any]] | None:
            with ExitStack() as tried:
                try:
                    opened = tried.enter_context(page(gateway))
                    opened.send(type="hello", **{"token": TOKEN, **hello})
                    welcome = opened.until("welcome")
                except (ConnectionClosed, InvalidStatus):
                    return None
                open_while_used.enter_context(tried.pop_all())
                return opened, welcome

        yield eventually(let_in, "a page to be let in")


def config(model: ScriptedModel, **channel: Any) -> dict[str, Any]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    webchat = {"token": TOKEN, **channel}
    return settings({NAME: model.provider()}, agents=agents, channels={"webchat": webchat})


OPEN = {"dmPolicy": "open", "allowFrom": ["*"]}


def test_a_visitor_is_answered_and_known_again() -> None:
    with ScriptedModel(says("Good day!"), says("Again.")) as model, running_gateway(config(model, **OPEN)) as gateway:
        with greeted(gateway, name="Ann") as (opened, welcome):
            assert welcome["messages"] == []
            opened.send(type="message", id="1", text="Hello")
            assert opened.until("accepted")["id"] == "1"
            assert opened.final() == "Good day!"
            opened.send(type="message", id="1", text="Hello")
            assert opened.until("accepted")["id"] == "1", "a message that comes twice is accepted, and answered once"
            opened.send(type="nonsense")
            assert opened.until("error")["code"] == "unknown_type"
        assert len(model.asked) == 1
        known = {"visitor": welcome["visitor"], "key": welcome["key"]}
        with greeted(gateway, **known) as (opened, back):
            assert back["visitor"] == welcome["visitor"]
            assert [one["text"] for one in back["messages"]] == ["Good day!"]
            opened.send(type="message", id="2", text="Hello?")
            assert opened.final() == "Again."
        with greeted(gateway, visitor=welcome["visitor"], key="0" * 64) as (_, forged):
            assert forged["visitor"] != welcome["visitor"] and forged["messages"] == [], "nobody is taken for another"
        with connected(gateway) as client:
            status = client.call("channels.status", {"probe": True})
            (account,) = status["channelAccounts"]["webchat"]
            assert status["channelOrder"] == ["webchat"] and status["channelLabels"] == {"webchat": "Web chat"}
            assert (account["accountId"], account["connected"], account["state"]) == ("default", True, "connected")
            assert account["lastInboundAt"] and account["lastOutboundAt"] and account["dmPolicy"] == "open"
            assert TOKEN not in json.dumps([status, client.call("config.get")])
            sent = {"channel": "webchat", "to": welcome["visitor"], "message": "x", "idempotencyKey": "k"}
            assert client.fault("send", sent)["code"] == "INVALID_REQUEST", "webchat is refused, as the contract has it"
            client.call("channels.stop", {"channel": "webchat"})
            with pytest.raises((ConnectionClosed, InvalidStatus)), page(gateway) as opened:

                def greet() -> None:
                    opened.send(type="hello", token=TOKEN)
                    opened.receive()

                eventually(greet, "the end of the connection")
            client.call("channels.start", {"channel": "webchat"})
        with greeted(gateway, **known) as (_, back):
            assert [one["text"] for one in back["messages"]] == ["Good day!", "Again."]


def test_what_a_killed_gateway_was_answering_is_answered_by_the_next() -> None:
    held = Hold(says("At last."), after=1)
    with ScriptedModel(held, says("At last.")) as model, running_gateway(config(model, **OPEN)) as gateway:
        with greeted(gateway) as (opened, welcome):
            opened.send(type="message", id="1", text="Hello")
            opened.until("accepted")
            assert held.reached.wait(PATIENCE)
            gateway.kill()
        held.gate.set()
        gateway.start()
        with greeted(gateway, visitor=welcome["visitor"], key=welcome["key"]) as (opened, back):
            texts = [one["text"] for one in back["messages"]] or [opened.final()]
            assert texts == ["At last."]


def test_a_stranger_is_let_in_by_the_operator(capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedModel(says("Welcome.")) as model, running_gateway(config(model)) as gateway:
        with greeted(gateway, name="Ann") as (opened, welcome):
            opened.send(type="message", id="1", text="Hello")
            asked = opened.final()
            with connected(gateway) as client:
                listed = client.call("channels.pairing.list")
                (request,) = listed["requests"]
                assert (request["channel"], request["senderId"]) == ("webchat", welcome["visitor"])
                opened.send(type="message", id="1b", text="Are you there?")

                def seen_again() -> dict[str, Any] | None:
                    (one,) = client.call("channels.pairing.list")["requests"]
                    return one if one["lastSeenAt"] > one["createdAt"] else None

                request = eventually(seen_again, "the second message counts as seen")
                assert request["notifySupported"] and request["lastSeenAt"] < request["expiresAt"]
                assert listed["accounts"] == [
                    {
                        "channel": "webchat",
                        "channelLabel": request["channelLabel"],
                        "accountId": "default",
                        "notifySupported": True,
                    }
                ]
                assert list(client.call("channels.status", {"channel": "webchat"})["channels"]) == ["webchat"]
                assert client.call("channels.status", {"channel": "telegram"})["channels"] == {}
                assert request["senderLabel"] == "Ann" and listed["limits"] == {
                    "pendingPerAccount": 3,
                    "ttlMs": 3_600_000,
                }
                wanted = {
                    "channel": "webchat",
                    "accountId": "default",
                    "requestId": request["requestId"],
                    "notify": True,
                    "bootstrapCommandOwner": True,
                }
                assert not listed["commandOwnerConfigured"]
                approved = client.call("channels.pairing.approve", wanted)
                assert approved["senderId"] == welcome["visitor"] and approved["notification"] == "sent"
                assert approved["commandOwnerBootstrap"] == "configured"
                assert client.call("channels.pairing.list")["commandOwnerConfigured"]
                assert client.fault("channels.pairing.approve", wanted)["code"] == "INVALID_REQUEST"
                (person,) = client.call("channels.pairing.people", {"channel": "webchat"})["people"]
                assert (person["senderId"], person["senderLabel"], person["owner"]) == (
                    welcome["visitor"],
                    "Ann",
                    True,
                )
            assert "let in" in opened.final() and model.asked == []
            opened.send(type="message", id="2", text="Hello")
            assert opened.final() == "Welcome."
        with greeted(gateway, name="Bob") as (opened, other):
            opened.send(type="message", id="1", text="Hello")
            asked = opened.final()

            def command(*words: str) -> Any:
                assert run(["--home", str(gateway.home), "--json", "pairing", *words]) == exits.OK
                return json.loads(capsys.readouterr().out)

            (waiting,) = command("list")["requests"]
            assert waiting["sender_id"] == other["visitor"] and waiting["code"] in asked
            command("approve", "webchat", waiting["code"])
            opened.send(type="message", id="2", text="Hello")
            assert opened.final() == "Welcome."
            people = {one["sender_id"] for one in command("people", "webchat")["people"]}
            assert people == {welcome["visitor"], other["visitor"]}
            command("remove", "webchat", other["visitor"])
            opened.send(type="message", id="3", text="Hello")
            assert "let in" not in opened.final(), "it asks for a code again"
        with connected(gateway) as client:
            ann = {"channel": "webchat", "senderId": welcome["visitor"]}
            assert client.call("channels.pairing.remove", ann) == {"senderId": welcome["visitor"], "removed": True}
            assert client.call("channels.pairing.people", {"channel": "webchat"}) == {"people": []}
            assert client.fault("channels.pairing.remove", ann)["code"] == "INVALID_REQUEST"
            assert client.fault("channels.deadLetters.drop", {"id": "none"})["code"] == "INVALID_REQUEST"


def test_the_door_of_the_channels() -> None:
    with ScriptedModel(says("x")) as model, running_gateway(config(model, **OPEN)) as gateway:
        with greeted(gateway):
            pass  # the channel runs
        for path in (
            "/channels/webchat/default",
            "/channels/none/default",
            "/channels/webchat/other",
            "/channels/webchat",
        ):
            assert httpx.post(gateway.base_url + path, content=b"{}", timeout=PATIENCE).status_code == 404, path
        for path in (
            "/channels/none/default",
            "/channels/webchat/other",
            "/channels/webchat/..%2fdefault",
            "/channels/x",
        ):
            with pytest.raises((InvalidStatus, ConnectionClosed)), page(gateway, path) as opened:
                opened.receive()
        with pytest.raises((InvalidStatus, ConnectionClosed)), page(gateway, Origin="https://evil.example") as opened:
            opened.receive()
        with page(gateway) as opened:
            opened.send(type="hello", token="wrong")
            assert opened.until("error")["code"] == "unauthorized"
            with pytest.raises(ConnectionClosed):
                opened.receive()
        with page(gateway) as opened:
            opened.send(type="message", id="1", text="before hello")
            assert opened.until("error")["code"] == "unauthorized"
        with connected(gateway) as client:
            for method, params in (
                ("channels.logout", {"channel": "none"}),
                ("channels.stop", {"channel": "webchat", "accountId": "none"}),
                ("web.login.start", {}),
                ("web.login.wait", {"channel": "webchat"}),
            ):
                assert client.fault(method, params)["code"] in ("INVALID_REQUEST", "UNAVAILABLE"), method
