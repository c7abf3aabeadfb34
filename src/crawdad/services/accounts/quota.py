"""What is left of each account: learnt from answers in passing, kept off the request path.

Percentages come from rate-limit headers, from Google's `QuotaFailure`, and from the limits that the operator declared minus
what was used here. A percentage whose reset is over counts as whole again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawdad.core.accounts import Account, ModelQuota, Quota
from crawdad.core.patterns import matches
from crawdad.core.ports import Clock
from crawdad.core.settings import QuotaProtectionSettings
from crawdad.wire.rate_limits import percentage_of, read_allowance, read_key, rfc3339, unix_time
from crawdad.wire.refusals import violations

_MOST_MODELS = 200
_UNDATED_SECONDS = 3600.0
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "gemini-3-pro-high": ("gemini-3-pro-high", "gemini-3-pro-low", "gemini-3-pro-preview"),
    "claude-sonnet-4-5": (
        *("claude-sonnet-4-5", "claude-sonnet-4-5-2*", "claude-sonnet-4-5-thinking", "claude-opus-4-5-thinking"),
    ),
}
"""Monitored names that stand for several models of one allowance. Any other name stands for itself, `*` allowed."""


class Quotas:
    """The quota of every account, as this process knows it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quotas: dict[str, Quota] = {}
        self._models: dict[str, dict[str, tuple[int, float | None, float]]] = {}
        """Account → model → percentage, when it is whole again, and until when that is believed."""
        self._changed: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._models)

    def take(self, accounts: Mapping[str, Account]) -> None:
        """Take up what the database knows; what was learnt here since is newer."""
        for account_id in [known for known in self._quotas if known not in accounts]:
            self.forget(account_id)
        for account in accounts.values():
            known = self._quotas.get(account.id)
            if account.quota is not None and (known is None or known.updated_at < account.quota.updated_at):
                self._quotas[account.id] = account.quota
                self._models[account.id] = {
                    model.name: _believed(model.percentage, unix_time(model.reset_time), account.quota.updated_at)
                    for model in account.quota.models
                }

    def forget(self, account_id: str) -> None:
        """The account is gone, or is another now."""
        self._quotas.pop(account_id, None)
        self._models.pop(account_id, None)
        self._changed.discard(account_id)

    def of(self, account_id: str) -> Quota | None:
        """What is left of an account."""
        return self._quotas.get(account_id)

    def left(self, account_id: str, model: str) -> tuple[int, float]:
        """`(percentage, seconds until it is whole again)` of a model; 100 where nobody knows."""
        known = self._models.get(account_id)
        found = known.get(model) if known else None
        if found is None:
            return 100, 0.0
        percentage, resets_at, until = found
        seconds = until - self._clock.now()
        if seconds <= 0:
            return 100, 0.0
        return percentage, 0.0 if resets_at is None else seconds

    def hear(self, account_id: str, model: str, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers."""
        now = self._clock.now()
        found = read_allowance(headers, now)
        if found is not None:
            self.set(account_id, model, found.percentage, found.resets_at)

    def hear_refusal(self, account_id: str, model: str, body: bytes) -> None:
        """Learn from a 429: a quota that was exceeded has nothing left."""
        for violation in violations(body):
            dimensions = violation.get("quotaDimensions")
            name = dimensions.get("model") if isinstance(dimensions, dict) else None
            daily = "PerDay" in str(violation.get("quotaId", ""))
            resets_at = next_pacific_midnight(self._clock.now()) if daily else self._clock.now() + 60
            self.set(account_id, name if isinstance(name, str) and name else model, 0, resets_at)

    def hear_of_key(self, account_id: str, told: Any) -> None:
        """Learn from what a vendor tells of the key itself."""
        standing = read_key(told, self._clock.now())
        if standing.allowance is not None:
            self.set(account_id, "*", standing.allowance.percentage, standing.allowance.resets_at)
        self.check(account_id, standing.plan)

    def set(self, account_id: str, model: str, percentage: int, resets_at: float | None) -> None:
        """Note what is left of a model."""
        known = self._models.setdefault(account_id, {})
        if model in known or len(known) < _MOST_MODELS:
            known[model] = _believed(percentage, resets_at, self._clock.now())
            self._changed.add(account_id)

    def forbid(self, account_id: str, forbidden: bool) -> None:
        """Note that the vendor refused (or took) the credential."""
        quota = self._quotas.get(account_id)
        if (quota is not None and quota.forbidden) != forbidden:
            self._quotas[account_id] = replace(quota or Quota(), forbidden=forbidden)
            self._changed.add(account_id)

    def is_forbidden(self, account_id: str) -> bool:
        """Whether the last check was refused."""
        quota = self._quotas.get(account_id)
        return quota is not None and quota.forbidden

    def check(self, account_id: str, plan: str | None = None) -> None:
        """Note that the account was looked at just now."""
        quota = self._quotas.get(account_id) or Quota()
        self._quotas[account_id] = replace(quota, updated_at=self._clock.now(), plan=plan or quota.plan)
        self._changed.add(account_id)

    def changes(self) -> dict[str, Quota]:
        """The quotas that changed since the last call, as they are to be kept."""
        changed, self._changed = self._changed, set()
        return {account_id: self._fresh(account_id) for account_id in changed}

    def changed_again(self, account_ids: Iterable[str]) -> None:
        """Changes that could not be kept: to be kept the next time."""
        self._changed.update(account_id for account_id in account_ids if account_id in self._quotas)

    def _fresh(self, account_id: str) -> Quota:
        models = tuple(
            ModelQuota(name, percentage, "" if resets_at is None else rfc3339(resets_at))
            for name, (percentage, resets_at, _) in sorted(self._models.get(account_id, {}).items())
        )
        quota = replace(self._quotas.get(account_id) or Quota(), models=models, updated_at=self._clock.now())
        self._quotas[account_id] = quota
        return quota

    def now(self, account_id: str) -> Quota | None:
        """The quota as it stands this moment: what has been whole again for a while says so."""
        if account_id in self._changed:
            self._fresh(account_id)
        quota = self._quotas.get(account_id)
        if quota is None:
            return None
        models = tuple(replace(model, percentage=self.left(account_id, model.name)[0]) for model in quota.models)
        return replace(quota, models=models)

    def protected(self, account_id: str, settings: QuotaProtectionSettings) -> tuple[str, ...]:
        """The monitored names of which an account has no more than the threshold."""
        known = self._models.get(account_id)
        if not settings.enabled or not known:
            return ()
        scarce = [model for model in known if self.left(account_id, model)[0] <= settings.threshold_percentage]
        return tuple(name for name in settings.monitored_models if any(covers(name, model) for model in scarce))


def _believed(percentage: int, resets_at: float | None, heard_at: float) -> tuple[int, float | None, float]:
    """What nobody dated is believed for an hour: a model that is spared would otherwise never be heard of again."""
    return percentage, resets_at, heard_at + _UNDATED_SECONDS if resets_at is None else resets_at


def covers(monitored: str, model: str) -> bool:
    """Whether a monitored name stands for a model."""
    return any(matches(pattern, model) for pattern in _FAMILIES.get(monitored, (monitored,)))


def next_pacific_midnight(now: float) -> float:
    """When Google's daily quotas are whole again (Unix seconds)."""
    try:
        zone = ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # a machine without time zones: an hour off in summer is near enough
        return now - (now - 8 * 3600) % 86400 + 86400
    here = datetime.fromtimestamp(now, UTC).astimezone(zone)
    tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.timestamp()


def declared_percentage(used: float, limit: float) -> int:
    """What is left of a limit that the operator declared."""
    return percentage_of(max(0.0, limit - used), limit)
