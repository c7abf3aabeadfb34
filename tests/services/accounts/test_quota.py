"""What is left of accounts, and models that are spared."""

from __future__ import annotations

import orjson
import pytest

from crawdad.core.accounts import Account, ModelQuota, Quota
from crawdad.core.budgets import Budget
from crawdad.core.settings import QuotaProtectionSettings
from crawdad.services.accounts.quota import Quotas, covers, next_pacific_midnight
from crawdad.services.accounts.use import DeclaredUse, period_begin, period_end
from crawdad.store.accounts import Used
from tests.support.services import ManualClock

PROTECTION = QuotaProtectionSettings(enabled=True, threshold_percentage=10, monitored_models=("m", "claude-sonnet-4-5"))


@pytest.mark.parametrize(("percentage", "protected"), [(9, ("m",)), (10, ("m",)), (11, ())])
def test_the_threshold(percentage: int, protected: tuple[str, ...]) -> None:
    quotas = Quotas(ManualClock())
    quotas.set("a", "m", percentage, None)
    quotas.set("a", "unwatched", 0, None)
    assert quotas.protected("a", PROTECTION) == protected
    assert quotas.protected("a", PROTECTION.model_copy(update={"enabled": False})) == ()


def test_protection_ends_when_the_quota_is_whole_again() -> None:
    clock = ManualClock()
    quotas = Quotas(clock)
    quotas.set("a", "m", 3, clock.now() + 100)
    assert quotas.protected("a", PROTECTION) == ("m",) and quotas.left("a", "m") == (3, 100.0)
    clock.time += 101
    assert quotas.protected("a", PROTECTION) == () and quotas.left("a", "m") == (100, 0.0)


def test_what_nobody_dated_is_believed_for_an_hour() -> None:
    clock = ManualClock()
    quotas = Quotas(clock)
    quotas.set("a", "m", 3, None)
    clock.time += 3599
    assert quotas.protected("a", PROTECTION) == ("m",)
    clock.time += 2
    assert quotas.protected("a", PROTECTION) == (), "nobody would ever ask again"


def test_one_name_stands_for_a_family() -> None:
    quotas = Quotas(ManualClock())
    quotas.set("a", "claude-sonnet-4-5-thinking", 5, None)
    assert quotas.protected("a", PROTECTION) == ("claude-sonnet-4-5",)
    assert covers("claude-sonnet-4-5", "claude-opus-4-5-thinking") and not covers("claude-sonnet-4-5", "claude-haiku")
    assert covers("gemini-3-pro-high", "gemini-3-pro-low") and covers("claude-*", "claude-x") and covers("m", "m")


def test_headers_and_googles_details_are_heard() -> None:
    clock = ManualClock()
    quotas = Quotas(clock)
    quotas.hear("a", "m", {"x-ratelimit-limit-requests": "4", "x-ratelimit-remaining-requests": "1"})
    assert quotas.left("a", "m") == (25, 0.0)
    violation = {
        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": "gemini-x"},
    }
    quotas.hear_refusal("a", "m", orjson.dumps({"error": {"details": [{"violations": [violation]}]}}))
    percentage, seconds = quotas.left("a", "gemini-x")
    assert percentage == 0 and 0 < seconds <= 86400
    kept = quotas.changes()["a"]
    assert [model.name for model in kept.models] == ["gemini-x", "m"] and quotas.changes() == {}
    quotas.forbid("a", True)
    assert quotas.changes()["a"].forbidden and not quotas.changes()


def test_what_was_learnt_here_is_newer_than_what_was_kept() -> None:
    clock = ManualClock()
    quotas = Quotas(clock)
    kept = Account("a", "p", "none", "a", None, 0.0, quota=Quota((ModelQuota("m", 50),), clock.now() - 10))
    quotas.take({"a": kept})
    assert quotas.left("a", "m") == (50, 0.0)
    quotas.set("a", "m", 20, None)
    quotas.changes()
    quotas.take({"a": kept})
    assert quotas.left("a", "m") == (20, 0.0)
    quotas.take({})
    assert quotas.left("a", "m") == (100, 0.0)


def test_midnight_at_the_pacific() -> None:
    summer, winter = 1_783_000_000.0, 1_769_500_000.0  # 2026-07-02, 2026-01-27
    assert next_pacific_midnight(winter) % 86400 == 8 * 3600
    assert next_pacific_midnight(summer) % 86400 == 7 * 3600
    assert 0 < next_pacific_midnight(winter) - winter <= 86400


def test_declared_limits_minus_what_was_used() -> None:
    clock = ManualClock()
    use = DeclaredUse(clock)
    limits = (Budget("requests", "minute", 4), Budget("tokens", "day", 1000), Budget("usd", "month", 10))
    account = Account("a", "p", "none", "a", None, 0.0, limits=limits)
    assert use.left(account) == (100, 0.0)
    use.add(account, 1, 100, 5.0)
    assert use.left(account)[0] == 50
    use.seed("day", {"a": Used(9, 990, 0.0)})
    percentage, seconds = use.left(account)
    assert percentage == 1 and seconds == period_end("day", clock.now()) - clock.now()  # type: ignore[operator]
    clock.time += 86400
    assert use.left(account)[0] == 50, "the month still counts"
    use.forget({})
    assert use.left(account) == (100, 0.0)


def test_periods_are_those_of_utc() -> None:
    december = 1_767_200_000.0  # 2025-12-31
    assert period_begin("month", december) % 86400 == 0 and period_begin("total", december) == 0
    end = period_end("month", december)
    assert end is not None and end == period_end("day", december) and period_end("total", december) is None
