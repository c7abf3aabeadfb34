"""What an operator has the QQ account do by the panel: clawpanel.md §1.5, §0.4, and the fifth of §9."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.clawpanel.panel import Panel
from tests.simulators.onebot import OneBotSimulator
from tests.support.server import free_port, running_gateway, settings
from tests.support.waiting import eventually

TEXT = [{"type": "text", "data": {"text": "Hello"}}]


@pytest.fixture
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as made:
        yield made


@pytest.fixture
def panel(qq: OneBotSimulator) -> Iterator[Panel]:
    block = {"wsUrl": qq.url, "accessToken": qq.token, "callSeconds": 3}
    with running_gateway(settings({}, channels={"qq": block})) as gateway:
        made = Panel(gateway)
        qq.journal.wait(lambda _: any(action == "get_login_info" for action, _ in qq.account.calls))
        try:
            yield made
        finally:
            made.close()


def send(panel: Panel, body: Any) -> tuple[int, dict[str, Any]]:
    answer = panel.ask("POST", "/api/bot/send", body)
    return answer.status_code, answer.json()


def test_groups_and_friends_are_told_as_onebot_tells_them(panel: Panel, qq: OneBotSimulator) -> None:
    assert panel.get("/api/bot/groups")["groups"] == qq.account.groups
    assert panel.get("/api/bot/friends")["friends"] == qq.account.friends
    qq.fail("get_group_list", 1200, "no luck")
    qq.fail("get_friend_list")  # no answer
    for path, name in (("groups", "groups"), ("friends", "friends")):
        answer = panel.ask("GET", f"/api/bot/{path}")
        told = answer.json()
        assert (answer.status_code, told["ok"], told[name]) == (200, False, []) and told["error"]


@pytest.mark.parametrize(
    ("body", "chat", "text"),
    [
        ({"type": "private", "id": 501, "message": TEXT}, 501, "Hello"),
        ({"type": "group", "id": "900", "message": TEXT[0]}, 900, "Hello"),
        ({"type": "private", "id": 501, "message": "CQ text"}, 501, "CQ text"),
    ],
)
def test_something_is_said_once(panel: Panel, qq: OneBotSimulator, body: dict[str, Any], chat: int, text: str) -> None:
    status, told = send(panel, body)
    (shown,) = qq.shown(chat)
    assert (status, told) == (200, {"ok": True, "message_id": shown.id}) and shown.text == text
    where = "group" if chat == 900 else "private"
    (line,) = eventually(lambda: panel.get("/api/events", search=text)["entries"], "the line in the log")
    assert (line["type"], line["detail"]) == (f"outbound.send_{where}_msg", text)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "type"),
        ({"type": "private", "message": TEXT}, "id"),
        ({"type": "other", "id": 501, "message": TEXT}, "type"),
        ({"type": "private", "id": "x", "message": TEXT}, "id"),
        ({"type": "private", "id": True, "message": TEXT}, "id"),
        ({"type": "private", "id": -5, "message": TEXT}, "id"),
        ({"type": "private", "id": 501}, "message"),
        ({"type": "private", "id": 501, "message": []}, "message"),
        ({"type": "private", "id": 501, "message": [5]}, "message"),
        ({"type": "private", "id": 501, "message": [{"data": {}}]}, "message"),
        ({"type": "private", "id": 501, "message": " "}, "message"),
    ],
)
def test_what_is_wrong_is_not_sent_on(panel: Panel, qq: OneBotSimulator, body: dict[str, Any], param: str) -> None:
    status, told = send(panel, body)
    assert (status, told["ok"], told["param"]) == (400, False, param)
    assert not any(action.startswith("send_") for action, _ in qq.account.calls)


def test_what_fails_is_a_500_and_not_tried_again(panel: Panel, qq: OneBotSimulator) -> None:
    body = {"type": "private", "id": 501, "message": TEXT}
    qq.fail("send_private_msg", 1200, "消息体无法解析")
    status, told = send(panel, body)
    assert (status, told["ok"]) == (500, False) and "无法解析" in told["error"]
    qq.fail("send_private_msg", taken=True)  # said, but nobody tells us
    status, told = send(panel, body)
    assert (status, told["ok"], told["code"]) == (500, False, "ambiguous") and "may have been sent" in told["error"]
    assert len(qq.shown()) == 1, "it is not said again"
    calls = [action for action, _ in qq.account.calls if action == "send_private_msg"]
    assert len(calls) == 2


def test_the_account_connects_anew(panel: Panel, qq: OneBotSimulator) -> None:
    def introduced() -> int:
        return sum(action == "get_login_info" for action, _ in qq.account.calls)

    before = introduced()
    assert panel.ask("POST", "/api/bot/reconnect").json()["ok"] is True
    qq.journal.wait(lambda _: introduced() > before, 30)
    assert send(panel, {"type": "private", "id": 501, "message": TEXT})[0] == 200


def test_a_refused_token_is_never_connected() -> None:
    with OneBotSimulator("another") as qq:
        block = {"wsUrl": qq.url, "accessToken": "wrong"}
        with running_gateway(settings({}, channels={"qq": block})) as gateway:
            panel = Panel(gateway)
            qq.journal.wait(lambda _: qq.refusals >= 1, 30)
            assert panel.ask("GET", "/api/bot/groups").json()["ok"] is False
            assert send(panel, {"type": "private", "id": 501, "message": TEXT})[0] == 500
            panel.close()


def test_without_a_qq_side_everything_says_so() -> None:
    block = {"wsUrl": f"ws://127.0.0.1:{free_port()}"}
    for channels in ({"qq": block}, {}):
        with running_gateway(settings({}, channels=channels)) as gateway:
            panel = Panel(gateway)
            answer = panel.ask("GET", "/api/bot/groups")
            assert (answer.status_code, answer.json()["groups"]) == (200, [])
            status, told = send(panel, {"type": "private", "id": 501, "message": TEXT})
            assert (status, told["ok"]) == (500, False) and told["error"]
            answer = panel.ask("POST", "/api/bot/reconnect")
            assert (answer.status_code, answer.json()["ok"]) == (200, True)
            panel.close()
