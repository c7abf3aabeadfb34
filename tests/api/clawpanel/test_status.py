"""The status with nothing running, and what the configuration says: clawpanel.md §0.4, §1.2, and the third of §9."""

from __future__ import annotations

from typing import Any

import httpx

from crawdad.api.clawpanel.status import openclaw_part
from crawdad.core.settings import Settings
from tests.api.clawpanel.panel import Panel
from tests.support.waiting import PATIENCE


def test_with_nothing_running_it_answers_with_every_key(panel: Panel) -> None:
    found = panel.get("/api/status")
    assert set(found) == {"ok", "napcat", "wechat", "openclaw", "admin"}
    assert found["napcat"] == {"connected": False, "selfId": 0, "nickname": "", "groupCount": 0, "friendCount": 0}
    assert found["wechat"] == {"connected": False, "loggedIn": False, "name": ""}
    assert found["openclaw"] == {
        "configured": True,
        "qqPluginEnabled": False,
        "qqChannelEnabled": False,
        "currentModel": "",
        "enabledChannels": [],
    }
    assert isinstance(found["admin"]["uptime"], float) and found["admin"]["uptime"] > 0
    assert isinstance(found["admin"]["memoryMB"], int) and 20 < found["admin"]["memoryMB"] < 4000


def test_it_needs_a_right(panel: Panel) -> None:
    assert httpx.get(panel.gateway.base_url + "/api/status", timeout=PATIENCE).json() == {
        "ok": False,
        "error": "No token",
        "code": "invalid_token",
    }


def part(**sections: Any) -> dict[str, Any]:
    return openclaw_part(Settings.model_validate(sections), True)


def test_channels_that_are_on_come_in_the_order_of_the_file() -> None:
    found = part(
        channels={"telegram": {"enabled": True}, "defaults": {}, "qq": {}, "feishu": {"enabled": False}, "mine": {}},
        plugins={
            "entries": {"dingtalk": {"enabled": True}, "memory-core": {"enabled": True}, "qq": {"enabled": False}}
        },
        agents={"defaults": {"model": "anthropic/claude"}},
    )
    assert found["enabledChannels"] == [
        {"id": "telegram", "label": "Telegram", "type": "builtin"},
        {"id": "qq", "label": "QQ (NapCat)", "type": "builtin"},
        {"id": "mine", "label": "mine", "type": "builtin"},
        {"id": "dingtalk", "label": "钉钉", "type": "plugin"},
    ]
    assert (found["qqChannelEnabled"], found["qqPluginEnabled"]) == (True, False)
    assert found["currentModel"] == "anthropic/claude"
