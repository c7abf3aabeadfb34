"""What happens on QQ, as the log has it and as panels hear it: clawpanel.md §1.2, §1.3, §1.10, §2.1, with NapCat's simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.clawpanel.listening import Listener, logged
from tests.api.clawpanel.panel import Panel
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import running_gateway, settings
from tests.support.waiting import eventually

DECISIONS = ("set_friend_add_request", "set_group_add_request")


@pytest.fixture(scope="module")
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as one:
        yield one


@pytest.fixture(scope="module")
def panel(qq: OneBotSimulator) -> Iterator[Panel]:
    block = {
        "wsUrl": qq.url,
        "accessToken": qq.token,
        "dmPolicy": "open",
        "allowFrom": ["*"],
        "poke": {"enabled": False},
    }
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with ScriptedModel(says("I heard you.")) as model:
        config = settings({NAME: model.provider()}, agents=agents, channels={"qq": block})
        with running_gateway(config) as gateway:
            found = Panel(gateway)
            eventually(lambda: found.get("/api/status")["napcat"]["connected"])
            yield found
            found.close()


@pytest.fixture
def live(panel: Panel) -> Iterator[Listener]:
    with Listener(panel.gateway, f"?token={panel.token}") as listener:
        yield listener


def entries(panel: Panel, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = panel.get("/api/events", **query)["entries"]
    return found


def test_a_message_and_its_answer_are_told_and_logged_once_each(
    panel: Panel, qq: OneBotSimulator, live: Listener
) -> None:
    asked = qq.say("Are you there?")
    received = live.until(logged("Are you there?"))["data"]
    sent = live.until(logged("I heard you."))["data"]
    own = {**asked, "post_type": "message_sent", "user_id": SELF_ID, "target_id": 501, "message_id": qq.shown()[-1].id}
    own |= {"message": [{"type": "text", "data": {"text": "I heard you."}}], "raw_message": "I heard you."}
    qq.happen(own)  # the QQ side tells of the bot's own message as well
    marker = qq.say("Another one", group=900)
    live.until(logged("Another one"))
    assert live.of("event") == [asked, own, marker], "as they came, once each"
    assert live.frames.index({"type": "event", "data": asked}) < live.frames.index(
        {"type": "log-entry", "data": received}
    )
    assert (received["source"], received["type"], received["detail"]) == ("qq", "message.private", "Are you there?")
    assert received["summary"] == "[QQ收信] Ann(501) @ 私聊: Are you there?"
    assert received["time"] == asked["time"] * 1000
    assert (sent["source"], sent["type"], sent["detail"]) == ("openclaw", "outbound.private", "I heard you.")
    assert sent["summary"] == "[Bot回复] → 私聊501: I heard you."
    assert [entry["id"] for entry in entries(panel, search="I heard you.")] == [sent["id"]]
    assert [entry["summary"] for entry in entries(panel, search="Another one")] == [
        "[QQ收信] Ann(501) @ 群900: Another one"
    ]


def test_what_was_written_on_the_phone_is_the_bots_as_well(panel: Panel, qq: OneBotSimulator, live: Listener) -> None:
    own = {
        "time": 1_790_000_500,
        "self_id": SELF_ID,
        "post_type": "message_sent",
        "message_type": "group",
        "group_id": 900,
        "user_id": SELF_ID,
        "message_id": 77_001,
        "message": [{"type": "image", "data": {"file": "a.png"}}],
        "raw_message": "[CQ:image,file=a.png]",
    }
    qq.happen(own)
    qq.happen(own)
    entry = live.until(logged("[图片]"))["data"]
    assert (entry["type"], entry["summary"]) == ("outbound.group", "[Bot回复] → 群900: [图片]")
    qq.notice("friend_add", user_id=78, self_id=SELF_ID)
    live.until(logged("78"))
    assert len(entries(panel, search="[图片]")) == 1


def test_notices_and_lifecycle_are_told_and_heartbeats_are_not(
    panel: Panel, qq: OneBotSimulator, live: Listener
) -> None:
    poke = qq.notice("notify", sub_type="poke", user_id=501, target_id=SELF_ID, group_id=900)
    entry = live.until(logged("戳"))["data"]
    assert (entry["source"], entry["type"]) == ("qq", "notice.notify")
    assert entry["summary"] == f"[QQ通知] 501 在 群900 戳了戳 {SELF_ID}"
    strange = qq.notice("something_new", sub_type="odd", group_id=900, user_id=501)
    assert live.until(logged("something_new"))["data"]["summary"] == "[QQ通知] something_new.odd in 900"
    qq.beat()
    lifecycle = {
        "time": 1,
        "self_id": SELF_ID,
        "post_type": "meta_event",
        "meta_event_type": "lifecycle",
        "sub_type": "enable",
    }
    qq.happen(lifecycle)
    live.until(lambda frame: frame == {"type": "event", "data": lifecycle})
    assert live.of("event") == [poke, strange, lifecycle]
    assert not entries(panel, search="lifecycle")


def test_the_status_has_every_key(panel: Panel, qq: OneBotSimulator) -> None:
    def counted() -> dict[str, Any] | None:
        told: dict[str, Any] = panel.get("/api/status")
        return told if told["napcat"]["friendCount"] else None

    found = eventually(counted, "the friends to be counted")
    assert found["napcat"] == {
        "connected": True,
        "selfId": SELF_ID,
        "nickname": "Claw",
        "groupCount": 1,
        "friendCount": 1,
    }
    assert found["openclaw"]["qqChannelEnabled"] is True and found["openclaw"]["qqPluginEnabled"] is True
    assert found["openclaw"]["enabledChannels"] == [{"id": "qq", "label": "QQ (NapCat)", "type": "builtin"}]
    assert found["openclaw"]["currentModel"] == f"{NAME}/model"
    asked = sum(action == "get_friend_list" for action, _ in qq.account.calls)
    for _ in range(5):
        panel.get("/api/status")
    assert sum(action == "get_friend_list" for action, _ in qq.account.calls) == asked, "asked once in a while"


def test_requests_are_listed_decided_and_logged(panel: Panel, qq: OneBotSimulator, live: Listener) -> None:
    qq.ask("friend", "f1", comment="it is me")
    qq.ask("invite", "g/1")
    qq.ask("add", "g2")
    found = eventually(lambda: (one := panel.get("/api/requests")["requests"]) and len(one) == 3 and one)
    assert [(one["type"], one.get("subType"), one["flag"]) for one in found] == [
        ("friend", None, "f1"),
        ("group", "invite", "g/1"),
        ("group", "add", "g2"),
    ]
    assert (found[0]["userId"], found[0]["comment"], found[1]["groupId"]) == (700, "it is me", 900)
    assert "groupId" not in found[0] and found[0]["time"] > 1_700_000_000_000
    assert live.until(logged("好友申请"))["data"]["summary"] == "[QQ请求] 好友申请 from 700"
    assert live.until(logged("入群申请"))["data"]["type"] == "request.group"
    unknown = panel.ask("POST", "/api/requests/nobody/approve")
    assert (unknown.status_code, unknown.json()["ok"], unknown.json()["error"]) == (404, False, "Request not found")
    qq.fail("set_friend_add_request", 1200, "it did not work")
    failed = panel.ask("POST", "/api/requests/f1/approve")
    assert (failed.status_code, failed.json()["ok"]) == (500, False)
    assert "it did not work" in failed.json()["error"]
    assert len(panel.get("/api/requests")["requests"]) == 3, "what the platform did not take waits still"
    assert panel.ask("POST", "/api/requests/f1/approve").json() == {"ok": True}
    assert panel.ask("POST", "/api/requests/g%2F1/reject", {"reason": "no"}).json() == {"ok": True}
    decisions = [(name, params) for name, params in qq.account.calls if name in DECISIONS]
    assert decisions[1:] == [
        ("set_friend_add_request", {"flag": "f1", "approve": True, "remark": ""}),
        ("set_group_add_request", {"flag": "g/1", "sub_type": "invite", "approve": False, "reason": "no"}),
    ]
    live.until(logged("同意了 700 的请求"))
    live.until(logged("拒绝了 700 的请求"))
    assert panel.ask("POST", "/api/requests/f1/approve").status_code == 404, "it is decided"
    qq.fail("set_group_add_request", 1200, "No such request")
    gone = panel.ask("POST", "/api/requests/g2/approve")
    assert (gone.status_code, gone.json()["ok"]) == (409, False)
    assert panel.get("/api/requests")["requests"] == [], "what nobody knows any more is dropped"
    assert [name for name, _ in qq.account.calls].count("set_group_add_request") == 2, "nothing was said twice"


def test_requests_need_rights_and_a_text_for_a_reason(panel: Panel, qq: OneBotSimulator) -> None:
    key = panel.ask("POST", "/api/keys", {"name": "m"}, headers={"x-admin-token": panel.gateway.token}).json()["key"]
    for method, path in (
        ("GET", "/api/requests"),
        ("POST", "/api/requests/x/approve"),
        ("POST", "/api/requests/x/reject"),
    ):
        assert panel.ask(method, path, headers={"authorization": f"Bearer {key}"}).status_code == 403
        assert panel.ask(method, path, headers={"authorization": ""}).status_code == 401
    assert panel.ask("POST", "/api/requests/x/reject", {"reason": 5}).status_code == 400


def test_that_the_link_is_gone_is_told_once_and_the_status_answers(
    panel: Panel, qq: OneBotSimulator, live: Listener
) -> None:
    qq.stop_listening()
    live.until(lambda frame: frame == {"type": "napcat-status", "data": {"connected": False}})
    found = panel.get("/api/status")
    assert found["napcat"] == {
        "connected": False,
        "selfId": SELF_ID,
        "nickname": "Claw",
        "groupCount": 0,
        "friendCount": 0,
    }
    refused = panel.ask("POST", "/api/requests/none/approve")
    assert refused.status_code == 404
    qq.restart()
    live.until(lambda frame: frame["type"] == "napcat-status" and frame["data"]["connected"])
    assert live.of("napcat-status") == [
        {"connected": False},
        {"connected": True, "selfId": SELF_ID, "nickname": "Claw"},
    ]
    wanted = ["[系统] qq:default：已连接", "[系统] qq:default：已断开"]

    def both_stand() -> bool:
        return [entry["summary"] for entry in entries(panel, search="qq:default：已")][:2] == wanted

    eventually(both_stand, "the lines of both")


def test_a_request_waits_while_the_platform_is_away(panel: Panel, qq: OneBotSimulator, live: Listener) -> None:
    qq.ask("friend", "f9")
    eventually(lambda: [one["flag"] for one in panel.get("/api/requests")["requests"]] == ["f9"])
    qq.stop_listening()
    live.until(lambda frame: frame == {"type": "napcat-status", "data": {"connected": False}})
    answer = panel.ask("POST", "/api/requests/f9/approve")
    assert (answer.status_code, answer.json()["ok"]) == (500, False)
    qq.restart()
    live.until(lambda frame: frame["type"] == "napcat-status" and frame["data"]["connected"])
    assert panel.ask("POST", "/api/requests/f9/approve").json() == {"ok": True}
