"""`/api/openclaw/toggle-channel`: clawpanel.md §1.8, the acceptance item 10 of §9."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.clawpanel.panel import Panel
from tests.simulators.onebot import OneBotSimulator
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE

PATH = "/api/openclaw/toggle-channel"


@pytest.mark.parametrize(
    ("channel", "label"),
    [("feishu", "飞书"), ("qqbot", "QQ Bot"), ("dingtalk", "钉钉"), ("wecom", "企业微信"), ("irc", "irc")],
)
def test_a_channel_goes_off_and_on_with_the_plugin_of_its_name(panel: Panel, channel: str, label: str) -> None:
    for on, word in ((False, "通道已禁用"), (True, "通道已启用")):
        answer = panel.ask("POST", PATH, {"channelId": channel, "enabled": on})
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "message": f"{label} {word}"})
        found = panel.get("/api/openclaw/channels")
        assert (found["channels"][channel]["enabled"], found["plugins"][channel]["enabled"]) == (on, on)
    assert panel.get("/api/system/restart-gateway-status")["status"] == "idle"  # nothing had to start anew


def test_wechat_has_no_plugin(panel: Panel) -> None:
    answer = panel.ask("POST", PATH, {"channelId": "wechat", "enabled": False})
    assert answer.json() == {"ok": True, "message": "微信 通道已禁用"}
    found = panel.get("/api/openclaw/channels")
    assert "wechat" not in found["plugins"]
    assert [block for block in found["channels"].values() if block == {"enabled": False}]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "channelId required"),
        ({"enabled": True}, "channelId required"),
        ({"channelId": "", "enabled": True}, "channelId required"),
        ({"channelId": 5, "enabled": True}, "channelId required"),
        ({"channelId": "defaults", "enabled": False}, "channelId required"),
        ({"channelId": "qq"}, None),
        ({"channelId": "qq", "enabled": "yes"}, None),
        ({"channelId": "__proto__", "enabled": True}, None),
    ],
)
def test_what_cannot_be_meant_is_a_400(panel: Panel, body: dict[str, Any], error: str | None) -> None:
    answer = panel.ask("POST", PATH, body)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert error is None or answer.json()["error"] == error


def test_qq_lets_go_of_its_connection_and_takes_it_up_again() -> None:
    with OneBotSimulator() as qq:
        block = {"wsUrl": qq.url, "accessToken": "napcat-token"}
        with running_gateway(settings({}, channels={"qq": block})) as gateway:
            panel = Panel(gateway)
            qq.journal.wait(lambda _: qq.connected > 0, PATIENCE)
            answer = panel.ask("POST", PATH, {"channelId": "qq", "enabled": False})
            assert answer.json() == {"ok": True, "message": "QQ (NapCat) 通道已禁用"}
            qq.journal.wait(lambda _: qq.connected == 0, PATIENCE)
            answer = panel.ask("POST", PATH, {"channelId": "qq", "enabled": True})
            assert answer.json() == {"ok": True, "message": "QQ (NapCat) 通道已启用"}
            qq.journal.wait(lambda _: qq.connected > 0, PATIENCE)
            panel.close()
