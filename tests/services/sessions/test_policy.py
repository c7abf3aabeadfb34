"""When conversations are over, who is one person, where may be sent to: by the settings alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.session_settings import SessionSettings
from crawdad.core.sessions import SessionEntry, kind_of
from crawdad.services.sessions.policy import (
    daily_moment,
    may_send,
    over,
    person_of,
    reset_of,
    seconds_of,
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def entry(key: str = "agent:main:main", **fields: Any) -> SessionEntry:
    values: dict[str, Any] = {"session_id": "s", "agent_id": "main", "created_at": 0.0, "updated_at": 0.0}
    return SessionEntry(**{"key": key, "kind": kind_of(key, fields.get("chat_type")), **values, **fields})


def settings(**values: Any) -> SessionSettings:
    return SessionSettings.model_validate(values)


def why(one: SessionEntry, given: SessionSettings, last: str, now: str) -> str | None:
    return over(reset_of(one, given), at(last), at(now), BERLIN)


def test_by_default_a_day_ends_at_four_in_local_time() -> None:
    given = settings()
    assert why(entry(), given, "2026-05-01T03:59", "2026-05-01T04:00") == "daily"
    assert why(entry(), given, "2026-05-01T04:00", "2026-05-02T03:59") is None
    assert why(entry(), given, "2026-05-01T23:00", "2026-05-02T09:00") == "daily"
    assert over(reset_of(entry(), given), at("2026-05-01T03:59"), at("2026-05-01T04:00"), SHANGHAI) is None


def test_a_day_ends_also_where_the_clock_changes() -> None:
    # 2026-03-29: 02:00 becomes 03:00 in Berlin; 2026-10-25: 03:00 becomes 02:00.
    assert daily_moment(2, at("2026-03-29T12:00"), BERLIN) == at("2026-03-29T03:00")
    assert daily_moment(4, at("2026-03-29T12:00"), BERLIN) == at("2026-03-29T04:00")
    assert daily_moment(4, at("2026-10-25T03:59"), BERLIN) == at("2026-10-24T04:00")
    assert daily_moment(0, at("2028-03-01T00:00"), BERLIN) == at("2028-03-01T00:00")


def test_silence_ends_a_conversation_where_that_is_set() -> None:
    idle = settings(reset={"mode": "idle", "idleMinutes": 30})
    assert why(entry(), idle, "2026-05-01T03:00", "2026-05-01T03:30") is None
    assert why(entry(), idle, "2026-05-01T03:00", "2026-05-01T03:31") == "idle"
    both = settings(reset={"mode": "daily", "atHour": 6, "idleMinutes": 120})
    assert why(entry(), both, "2026-05-01T05:59", "2026-05-01T06:01") == "daily"
    assert why(entry(), both, "2026-05-01T07:00", "2026-05-01T09:01") == "idle"
    assert why(entry(), settings(idleMinutes=10), "2026-05-01T03:55", "2026-05-01T04:02") is None
    assert why(entry(), settings(idleMinutes=10), "2026-05-01T04:55", "2026-05-01T05:06") == "idle"
    assert why(entry(), settings(idleMinutes=10, reset={}), "2026-05-01T04:55", "2026-05-01T05:06") is None
    assert why(entry(), settings(reset={"mode": "idle"}), "2026-05-01T05:00", "2026-05-01T06:01") == "idle"


def test_types_and_channels_have_their_own() -> None:
    given = settings(
        reset={"mode": "idle", "idleMinutes": 1},
        resetByType={"group": {"mode": "idle", "idleMinutes": 2}, "thread": {"atHour": 0}, "dm": {"idleMinutes": 3}},
        resetByChannel={"qq": {"mode": "idle", "idleMinutes": 9}},
    )

    def minutes(key: str, **fields: Any) -> int | None:
        found = reset_of(entry(key, **fields), given)
        assert found is not None
        return found.idle_minutes

    assert minutes("agent:main:telegram:group:1") == 2
    assert minutes("agent:main:telegram:direct:1") == 3
    assert minutes("agent:main:telegram:group:1:thread:7") is None
    assert minutes("agent:main:qq:group:1", channel="qq") == 9
    for lasting in ("api:1", "cron:1:run:2", "hook:1", "subagent:1"):
        assert reset_of(entry(f"agent:main:{lasting}"), given) is None


def test_one_person_has_one_name() -> None:
    links = {"alice": ["telegram:123", "QQ:9 "], "bob": ["42"]}
    assert person_of("telegram", "123", links) == "alice" and person_of("qq", "9", links) == "alice"
    assert person_of("telegram", "9", links) == "9" and person_of("any", "42", links) == "bob"


def test_where_may_be_sent_to() -> None:
    policy = settings(
        sendPolicy={
            "default": "deny",
            "rules": [
                {"action": "allow", "match": {"channel": "telegram"}},
                {"action": "deny", "match": {"chatType": "dm", "channel": "telegram"}},
                {"action": "allow", "match": {"keyPrefix": "cron:"}},
                {"action": "allow", "match": {"rawKeyPrefix": "agent:ops:"}},
            ],
        }
    ).send_policy
    group = entry("agent:main:telegram:group:1", channel="telegram", chat_type="group")
    assert may_send(group, policy)
    assert not may_send(entry("agent:main:telegram:direct:1", channel="Telegram", chat_type="direct"), policy)
    assert may_send(entry("agent:main:cron:1"), policy) and not may_send(entry(), policy)
    assert may_send(entry("agent:ops:main"), policy)
    assert not may_send(entry(group.key, channel="telegram", settings={"sendPolicy": "deny"}), policy)
    assert may_send(entry(settings={"sendPolicy": "allow"}), policy)


@pytest.mark.parametrize(("age", "seconds"), [("30d", 2_592_000), ("12h", 43_200), ("1.5", 129_600), ("90 m", 5_400)])
def test_ages(age: str, seconds: float) -> None:
    assert seconds_of(age) == seconds
