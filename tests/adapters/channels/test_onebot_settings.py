"""`channels.qq`: where ClawPanel's names of things stand, and what its page writes under flat names."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.core.channel_automations import ADMIN_CONFIG_KEYS


def field_at(path: str) -> Any:
    """The value that stands at a path of the file when nothing is written there. Raises `KeyError`."""
    found: Any = OneBotSettings()
    for step in path.removeprefix("channels.qq.").split("."):
        assert isinstance(found, BaseModel), path
        names = {field.alias or name: name for name, field in type(found).model_fields.items()}
        found = getattr(found, names[step])
    return found


def test_every_name_of_clawpanels_leads_to_a_key_that_is_read() -> None:
    for theirs, ours in ADMIN_CONFIG_KEYS.items():
        assert ours.startswith("channels.qq."), theirs
        field_at(ours)
    assert len(set(ADMIN_CONFIG_KEYS.values())) == len(ADMIN_CONFIG_KEYS)
    assert field_at("channels.qq.notifications.antiRecall") is True and field_at("channels.qq.welcome.delayMs") == 1500
    assert field_at("channels.qq.rateLimit.wakeTrigger.mode") == "any"
    assert field_at("channels.qq.rateLimit.wakeProbability") is None, "an agent speaks by chance only when asked to"


@pytest.mark.parametrize(("written", "owner"), [(42, "42"), ("42", "42"), (0, ""), ("", "")])
def test_the_owner_may_be_a_number(written: Any, owner: str) -> None:
    assert OneBotSettings.model_validate({"ownerQQ": written}).owner == owner


def test_what_clawpanels_page_writes_does_what_its_labels_say() -> None:
    settings = OneBotSettings.model_validate(
        {
            "wakeProbability": 30,
            "minSendIntervalMs": 2500,
            "wakeTrigger": "小爪， claw ,,help",
            "pokeReplyText": "别戳我啦~",
            "autoApproveGroup": True,
            "autoApproveFriend": False,
        }
    )
    limits = settings.rate_limit
    assert (limits.wake_probability, limits.min_interval_sec) == (30, 2.5)
    assert limits.wake_trigger.keywords == ("小爪", "claw", "help")
    assert settings.poke.replies == ("别戳我啦~",) and settings.poke.enabled
    approve = settings.auto_approve
    assert (approve.group.enabled, approve.group.pattern, approve.friend.enabled) == (True, ".", False)


def test_our_own_names_go_before_them() -> None:
    settings = OneBotSettings.model_validate(
        {"wakeProbability": 30, "rateLimit": {"wakeProbability": 5, "minIntervalSec": 1}, "minSendIntervalMs": 9000}
    )
    assert (settings.rate_limit.wake_probability, settings.rate_limit.min_interval_sec) == (5, 1)


@pytest.mark.parametrize(
    "bad", [{"wakeProbability": 101}, {"welcome": {"delayMs": -1}}, {"autoApprove": {"friend": {"pattern": "x" * 301}}}]
)
def test_what_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OneBotSettings.model_validate(bad)
