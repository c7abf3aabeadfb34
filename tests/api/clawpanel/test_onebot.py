"""`/onebot`: clients of OneBot's that share the QQ account. clawpanel.md §2.2, §8 (7), and the thirteenth of §9."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.clawpanel.panel import Panel
from tests.simulators.onebot import SELF_ID, OneBotHttp, OneBotSimulator
from tests.support.server import Gateway, free_port, running_gateway, settings
from tests.support.waiting import PATIENCE

PEER = Path(__file__).parents[2] / "adapters" / "channels" / "nonebot_peer.py"


@pytest.fixture
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as made:
        yield made


@pytest.fixture
def gateway(qq: OneBotSimulator) -> Iterator[Gateway]:
    with running_gateway(
        settings({}, channels={"qq": {"wsUrl": qq.url, "accessToken": qq.token, "dmPolicy": "disabled"}})
    ) as made:
        until_introduced(qq)
        yield made


def until_introduced(qq: OneBotSimulator) -> None:
    qq.journal.wait(lambda _: any(action == "get_login_info" for action, _ in qq.account.calls), PATIENCE)


def address(gateway: Gateway, query: str = "") -> str:
    return f"ws://127.0.0.1:{gateway.port}/onebot{query}"


def opened(gateway: Gateway, token: str, **more: Any) -> ClientConnection:
    found: ClientConnection = connect(
        address(gateway),
        additional_headers={"Authorization": f"Bearer {token}"},
        proxy=None,
        **more,
        open_timeout=PATIENCE,
    )
    return found


def frame(client: ClientConnection, of: str = "") -> Any:
    """The next frame; with `of` the next of that post type, or the answer with that echo."""
    while True:
        found = json.loads(client.recv(PATIENCE))
        if not of or of in (found.get("post_type"), found.get("echo")):
            return found


def refusal(gateway: Gateway, query: str = "", headers: dict[str, str] | None = None) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as caught:
        connect(address(gateway, query), additional_headers=headers or {}, proxy=None, open_timeout=PATIENCE).close()
    response = caught.value.response
    return response.status_code, orjson.loads(response.body or b"{}")


def test_strangers_are_refused_before_the_upgrade(gateway: Gateway, qq: OneBotSimulator) -> None:
    calls = len(qq.account.calls)
    for query, headers in (
        ("", {}),
        ("?access_token=", {}),
        ("?access_token=wrong", {}),
        ("", {"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}),
    ):
        status, body = refusal(gateway, query, headers)
        assert (status, body["ok"], body["retcode"]) == (401, False, 1403) and body["error"]
    assert len(qq.account.calls) == calls
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{gateway.port}/onebot/api?access_token={qq.token}", proxy=None, open_timeout=PATIENCE)


def test_every_way_to_come_in(gateway: Gateway, qq: OneBotSimulator) -> None:
    panel = Panel(gateway)
    for token in (qq.token, gateway.token, panel.token):
        with opened(gateway, token) as client:
            first = frame(client)
            assert (first["meta_event_type"], first["sub_type"], first["self_id"]) == ("lifecycle", "connect", SELF_ID)
    with connect(address(gateway, f"?access_token={qq.token}"), proxy=None, open_timeout=PATIENCE) as client:
        assert frame(client)["post_type"] == "meta_event"
    panel.close()
    assert qq.token not in gateway.log() and panel.token not in gateway.log()


def test_several_clients_hear_everything_and_each_its_own_answers(gateway: Gateway, qq: OneBotSimulator) -> None:
    with opened(gateway, qq.token) as one, opened(gateway, qq.token) as other:
        for client in (one, other):
            assert frame(client)["meta_event_type"] == "lifecycle"
        one.send(json.dumps({"action": "get_friend_list", "params": {}, "echo": "1"}))
        other.send(json.dumps({"action": "get_group_list", "params": {}, "echo": "1"}))
        assert frame(one, "1")["data"] == qq.account.friends
        assert frame(other, "1")["data"] == qq.account.groups
        assert qq.connected == 1, "they share the account's one connection"
        said = qq.say("hello", group=900)
        for client in (one, other):
            assert frame(client, "message") == said
        echo = {"any": ["thing", 1]}
        one.send(json.dumps({"action": "send_group_msg", "params": {"group_id": 900, "message": "hi"}, "echo": echo}))
        assert json.loads(one.recv(PATIENCE)) == {
            "status": "ok",
            "retcode": 0,
            "data": {"message_id": qq.shown(900)[0].id},
            "message": "",
            "wording": "",
            "stream": "normal-action",
            "echo": echo,
        }
        assert qq.texts(900) == ["hi"]


def test_texts_stay_texts_and_bytes_stay_bytes(gateway: Gateway, qq: OneBotSimulator) -> None:
    with opened(gateway, qq.token) as client:
        assert isinstance(client.recv(PATIENCE), str)
        qq.say("hello")
        assert isinstance(client.recv(PATIENCE), str)
        asked = orjson.dumps({"action": "get_status", "echo": "t"})
        client.send(asked.decode())
        assert isinstance(client.recv(PATIENCE), str)
        client.send(asked)
        qq.journal.wait(lambda _: len([a for a, _ in qq.account.calls if a == "get_status"]) == 2, PATIENCE)
        assert qq.frame_kinds[-2:] == [str, bytes]
        client.recv(PATIENCE)
        qq.as_bytes = True
        qq.say("in bytes")
        assert isinstance(client.recv(PATIENCE), bytes)


def test_what_is_no_action_is_answered_as_napcat_does(gateway: Gateway, qq: OneBotSimulator) -> None:
    with opened(gateway, qq.token) as client:
        frame(client)
        for data in ("{", "[1]", '{"params": {}}'):
            client.send(data)
            told = frame(client)
            assert (told["status"], told["retcode"]) == ("failed", 1400)
        client.send(json.dumps({"action": "no_such", "params": {}, "echo": "e"}))
        assert frame(client, "e")["retcode"] == 1404


def test_frames_have_a_limit(gateway: Gateway, qq: OneBotSimulator) -> None:
    with opened(gateway, qq.token) as client:
        frame(client)
        big = {"action": "get_status", "params": {"x": "x" * (3 * 1024 * 1024)}, "echo": "big"}
        client.send(json.dumps(big))
        assert frame(client, "big")["status"] == "ok"
        with pytest.raises(ConnectionClosed) as caught:
            client.send("x" * (51 * 1024 * 1024))
            client.recv(PATIENCE)
        assert caught.value.rcvd is None or caught.value.rcvd.code == 1009


def test_when_the_qq_side_goes_its_clients_go(qq: OneBotSimulator, gateway: Gateway) -> None:
    with opened(gateway, qq.token) as client:
        frame(client)
        qq.stop_listening()
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(PATIENCE)
        assert caught.value.rcvd is not None and caught.value.rcvd.code == 1014
    status, body = refusal(gateway, "", {"Authorization": f"Bearer {qq.token}"})
    assert (status, body["ok"]) == (502, False) and body["error"]


def test_a_link_that_is_half_open_is_noticed(qq: OneBotSimulator, gateway: Gateway) -> None:
    with opened(gateway, qq.token) as client:
        frame(client)
        qq.beat(interval=400)  # and then nothing more, although the socket stays open
        assert frame(client)["meta_event_type"] == "heartbeat"
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(PATIENCE)
        assert caught.value.rcvd is not None and caught.value.rcvd.code == 1014


def test_where_there_is_no_qq_side_it_is_a_gateway_error() -> None:
    for channels, status in (({"qq": {"wsUrl": f"ws://127.0.0.1:{free_port()}"}}, 502), ({}, 404)):
        with running_gateway(settings({}, channels=channels)) as gateway:
            assert refusal(gateway, "", {"Authorization": f"Bearer {gateway.token}"})[0] == status
            assert refusal(gateway)[0] == 401


def test_a_qq_side_that_connects_to_us_is_shared_too(qq: OneBotSimulator) -> None:
    block = {"mode": "reverse", "accessToken": qq.token}
    with running_gateway(settings({}, channels={"qq": block})) as gateway:
        assert refusal(gateway, "", {"Authorization": f"Bearer {qq.token}"})[0] == 502
        qq.dial(f"ws://127.0.0.1:{gateway.port}/channels/qq/default")
        until_introduced(qq)
        with opened(gateway, qq.token) as client:
            frame(client)
            client.send(json.dumps({"action": "get_friend_list", "echo": 7}))
            assert json.loads(client.recv(PATIENCE))["data"] == qq.account.friends
            assert frame_after(client, qq)["raw_message"] == "hello"


def frame_after(client: ClientConnection, qq: OneBotSimulator) -> Any:
    qq.say("hello")
    return frame(client, "message")


def test_a_qq_side_that_speaks_http_is_shared_too(qq: OneBotSimulator) -> None:
    with OneBotHttp(qq) as http:
        block = {"httpUrl": http.url, "secret": "s3", "accessToken": qq.token}
        with running_gateway(settings({}, channels={"qq": block})) as gateway:
            until_introduced(qq)
            with opened(gateway, qq.token) as client:
                frame(client)
                client.send(json.dumps({"action": "get_friend_list", "params": {}, "echo": 7}))
                told = json.loads(client.recv(PATIENCE))
                assert (told["status"], told["data"], told["echo"]) == ("ok", qq.account.friends, 7)
                event = qq.say("hello")
                assert http.post(f"{gateway.base_url}/channels/qq/default", event, "s3") == 204
                assert frame(client, "message")["message_id"] == event["message_id"]


def test_an_independent_client_works_through_it(gateway: Gateway, qq: OneBotSimulator) -> None:
    pytest.importorskip("nonebot.adapters.onebot", reason="nonebot-adapter-onebot is not installed")
    command = [sys.executable, str(PEER), address(gateway), qq.token]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as peer:
        try:
            for _ in range(60):  # until it has come; it is heard of by nothing else
                qq.say("hello")
                with contextlib.suppress(AssertionError):
                    qq.journal.wait(lambda _: len(qq.account.shown) >= 1, 0.5)
                    break
            before = len(qq.account.shown)
            qq.say({"type": "at", "data": {"qq": str(SELF_ID)}}, " hi", group=900)
            qq.journal.wait(lambda _: len(qq.account.shown) > before, PATIENCE)
            qq.ask("friend", "f1")
            qq.journal.wait(lambda _: bool(qq.account.decided), PATIENCE)
            qq.say("bye")
            output = peer.communicate(timeout=PATIENCE)[0]
        finally:
            peer.kill()
    seen = json.loads(output.strip().splitlines()[-1])
    known = [one[:3] for one in seen if one[0] != "request"]
    for one in (["PrivateMessageEvent", "hello", True], ["GroupMessageEvent", "hi", True]):
        assert one in known
    assert seen[-1] == [{"user_id": SELF_ID, "nickname": "Claw"}, 1]
    assert qq.account.decided == [("friend", "f1", True, "")]
