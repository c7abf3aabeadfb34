"""The routes of token statistics over a running server, as the contract and its facts describe them (§4.5, A.10)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.identity import Permission
from tests.api.opsclaw.administrator import Administrator
from tests.attacks.keys import new_key

TOKENS = {"total_input_tokens", "total_output_tokens", "total_tokens"}
PERIODS = {
    "/api/stats/token/hourly": "%Y-%m-%d %H:00",
    "/api/stats/token/daily": "%Y-%m-%d",
    "/api/stats/token/weekly": "%Y-W%W",
}
OLD_NAMES = {
    "/api/stats/summary": "/api/stats/token/summary",
    "/api/stats/hourly": "/api/stats/token/hourly",
    "/api/stats/daily": "/api/stats/token/daily",
    "/api/stats/weekly": "/api/stats/token/weekly",
    "/api/stats/accounts": "/api/stats/token/by-account",
    "/api/stats/models": "/api/stats/token/by-model",
}
ROUTES = [
    *OLD_NAMES,
    *OLD_NAMES.values(),
    *(f"/api/stats/token/{name}" for name in ("by-key", "by-owner")),
    *(
        f"/api/stats/token/{what}-trend/{grain}"
        for what in ("model", "account", "key", "owner")
        for grain in ("hourly", "daily")
    ),
]


def period(form: str, zone: str = "UTC") -> str:
    return datetime.now(ZoneInfo(zone)).strftime(form)


def away_from_the_hour() -> None:
    """So that no test stands across the turn of an hour."""
    left = 3600 - time.time() % 3600
    if left < 20:
        time.sleep(left)


@pytest.fixture
def used(fresh: Administrator) -> Administrator:
    """Two answers of 37 tokens, one of 5005 and a failure."""
    away_from_the_hour()
    fresh.talk("chat", "chat/story:hello")
    fresh.talk("gemini", "chat/story:hello", stream=True)
    fresh.talk("anthropic", "anthropic/story:cached")
    fresh.talk("chat", "faulty/fault:status,code=429")
    return fresh


def test_nothing_used_is_zeros_and_empty_lists(fresh: Administrator) -> None:
    summary = fresh.get("/api/stats/token/summary")
    assert {name: summary[name] for name in (*TOKENS, "total_requests", "unique_accounts")} == {
        **dict.fromkeys(TOKENS, 0),
        "total_requests": 0,
        "unique_accounts": 0,
    }
    assert all(fresh.get(path) == [] for path in ROUTES if "summary" not in path)


def test_a_summary_counts_every_request_once(used: Administrator) -> None:
    for _ in range(2):
        summary = used.get("/api/stats/token/summary", hours=24)
        assert summary["total_input_tokens"] == 25 + 25 + 5000
        assert summary["total_output_tokens"] == 12 + 12 + 5
        assert summary["total_tokens"] == 5079
        assert summary["total_requests"] == 3 and summary["failed_requests"] == 1
        assert summary["unique_accounts"] == 2
        assert summary["total_cost"] is None and summary["unpriced_requests"] == 3
        assert summary["cache_read_tokens"] == 4000
        for part in ("today", "week", "this_week", "total"):
            assert summary[part]["total_tokens"] == 5079 and summary[part]["total_requests"] == 3


@pytest.mark.parametrize("path", PERIODS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_periods_are_those_of_the_zone(used: Administrator, path: str, zone: str) -> None:
    query = {} if zone == "UTC" else {"timezone": zone}
    (found,) = used.get(path, **query)
    assert found["period"] == period(PERIODS[path], zone)
    assert found["total_tokens"] == 5079 and found["request_count"] == 3
    assert found.keys() >= {*TOKENS, "period", "request_count"}
    begun = datetime.fromtimestamp(found["start"], ZoneInfo(zone))
    assert begun.minute == 0 and time.time() - 8 * 86_400 < found["start"] <= time.time()
    if zone != "UTC":
        assert used.get(path, tz=zone) == [found]


def test_what_was_used_through_each_account_and_on_each_model(used: Administrator) -> None:
    accounts = used.get("/api/stats/token/by-account")
    assert [(each["account_email"], each["total_tokens"], each["request_count"]) for each in accounts] == [
        ("anthropic", 5005, 1),
        ("chat", 74, 2),
    ]
    models = used.get("/api/stats/token/by-model")
    assert [(each["model"], each["total_tokens"], each["request_count"]) for each in models] == [
        ("anthropic/story:cached", 5005, 1),
        ("chat/story:hello", 74, 2),
    ]
    assert used.get("/api/stats/token/by-model", names="resolved")[0]["model"] == "anthropic/story:cached"
    assert used.ask("GET", "/api/stats/token/by-model", names="invented").status == 400
    (key,) = used.get("/api/stats/token/by-key")
    assert (key["key_id"], key["total_tokens"]) == ("token", 5079)
    (owner,) = used.get("/api/stats/token/by-owner")
    assert owner["total_tokens"] == 5079
    assert used.get("/api/stats/token/summary", model="chat/story:hello")["total_tokens"] == 74
    assert used.get("/api/stats/token/hourly", account="anthropic")[0]["total_tokens"] == 5005
    assert used.get("/api/stats/token/hourly", key="nobody") == []


@pytest.mark.parametrize(("grain", "form"), [("hourly", "%Y-%m-%d %H:00"), ("daily", "%Y-%m-%d")])
def test_trends(used: Administrator, grain: str, form: str) -> None:
    (models,) = used.get(f"/api/stats/token/model-trend/{grain}")
    assert models["period"] == period(form)
    assert models["model_data"] == {"chat/story:hello": 74, "anthropic/story:cached": 5005}
    (accounts,) = used.get(f"/api/stats/token/account-trend/{grain}", tz="Asia/Shanghai")
    assert accounts["period"] == period(form, "Asia/Shanghai")
    assert accounts["account_data"] == {"chat": 74, "anthropic": 5005}
    (keys,) = used.get(f"/api/stats/token/key-trend/{grain}")
    (owners,) = used.get(f"/api/stats/token/owner-trend/{grain}")
    assert sum(keys["key_data"].values()) == sum(owners["owner_data"].values()) == 5079


@pytest.mark.parametrize(("old", "new"), OLD_NAMES.items())
def test_old_names_answer_the_same(used: Administrator, old: str, new: str) -> None:
    assert used.get(old) == used.get(new)
    assert used.get(old, range=3) == used.get(new)
    assert used.ask("GET", old, range=0).status == 400


def test_clearing_leaves_the_log(used: Administrator) -> None:
    answer = used.ask("POST", "/api/stats/token/clear")
    assert (answer.status, answer.body) == (200, b"")
    assert used.get("/api/stats/token/summary")["total_tokens"] == 0
    assert used.get("/api/logs/count") == 4
    used.talk("chat", "chat/story:hello")
    assert used.get("/api/stats/token/summary")["total_tokens"] == 37


def test_statistics_survive_a_kill_and_count_once(used: Administrator) -> None:
    for _ in range(3):
        used.gateway.kill()
        used.gateway.start()
    assert used.get("/api/stats/token/summary")["total_requests"] == 3
    assert used.get("/api/stats/token/daily")[0]["total_tokens"] == 5079


@pytest.mark.parametrize("path", ROUTES)
def test_who_may_look(administrator: Administrator, path: str) -> None:
    for headers in ({}, administrator.gateway.headers):
        answer = administrator.ask("GET", path, headers=headers)
        assert answer.status == 401 and answer.json["error"]
    assert administrator.ask("GET", path).status == 200


async def test_a_key_sees_what_was_used_with_it_and_no_more(used: Administrator) -> None:
    """Attack 21."""
    mine = await new_key(used.gateway, permissions=frozenset({Permission.MODELS_USE, Permission.USAGE_OWN}))
    used.talk("chat", "chat/story:hello", mine.headers)
    me = Administrator(used.gateway, mine.headers)
    assert me.get("/api/stats/token/summary")["total_tokens"] == 37
    assert me.get("/api/stats/token/summary", key="token")["total"]["total_tokens"] == 37
    assert [each["account_email"] for each in me.get("/api/stats/token/by-account")] == ["chat"]
    assert [each["key_id"] for each in me.get("/api/stats/token/by-key", key="token")] == [mine.id]
    assert me.ask("POST", "/api/stats/token/clear").status == 403


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("summary", {"hours": 0}),
        ("summary", {"hours": -5}),
        ("summary", {"hours": 10**30}),
        ("hourly", {"hours": "all"}),
        ("daily", {"days": 10**9}),
        ("weekly", {"weeks": 1.5}),
        ("daily", {"timezone": "Mars/Olympus"}),
        ("daily", {"timezone": "../../etc/passwd"}),
        ("daily", {"timezone": "/etc/localtime"}),
        ("daily", {"tz": "America"}),
        ("daily", {"tz": "\x00"}),
        ("daily", {"tz": "x" * 5000}),
        ("summary", {"model": "x" * 300}),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    administrator: Administrator, path: str, query: dict[str, Any]
) -> None:
    answer = administrator.ask("GET", f"/api/stats/token/{path}", **query)
    assert answer.status == 400 and answer.json["error"], answer


def test_the_longest_range_is_answered(used: Administrator) -> None:
    (found,) = used.get("/api/stats/token/daily", days=3660, tz="America/New_York")
    assert found["total_tokens"] == 5079
    (found,) = used.get("/api/stats/token/hourly", hours=87_840, tz="Asia/Kolkata")
    assert found["total_tokens"] == 5079


def test_the_moment_is_utc_by_default(used: Administrator) -> None:
    (found,) = used.get("/api/stats/token/hourly")
    assert found["start"] == int(datetime.now(UTC).replace(minute=0, second=0, microsecond=0).timestamp())
