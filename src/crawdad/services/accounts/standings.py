"""How accounts stand for a model: locks, quotas, what they declare themselves and their health, taken together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crawdad.core.accounts import Account
from crawdad.core.settings import QuotaProtectionSettings
from crawdad.services.accounts.health import Health
from crawdad.services.accounts.locks import Locks, State
from crawdad.services.accounts.picking import NO_STANDINGS, Standing
from crawdad.services.accounts.quota import Quotas, covers
from crawdad.services.accounts.use import DeclaredUse


class Standings:
    """Reads what the pool has learnt; learns nothing itself."""

    def __init__(
        self,
        locks: Locks,
        quotas: Quotas,
        use: DeclaredUse,
        health: Health,
        protection: Callable[[], QuotaProtectionSettings],
    ) -> None:
        self._locks, self._quotas, self._use, self._health = locks, quotas, use, health
        self._protection = protection

    def of_all(self, accounts: Sequence[Account], model: str) -> Mapping[str, Standing]:
        """How these accounts stand for a model. Those of whom there is nothing to tell are left out."""
        if not (self._locks or self._quotas or self._health or any(account.limits for account in accounts)):
            return NO_STANDINGS
        found: dict[str, Standing] = {}
        for account in accounts:
            standing = self.of(account, model)
            if standing is not None:
                found[account.id] = standing
        return found

    def of(self, account: Account, model: str) -> Standing | None:
        """How an account stands for a model; None: there is nothing to tell."""
        state, left = self._locks.state(account.id, model) if self._locks else (State.FREE, 0.0)
        quota, resets = self._quotas.left(account.id, model)
        if account.limits:
            declared, ends = self._use.left(account)
            if declared == 0 and state is not State.LOCKED:
                state, left = State.SPENT, ends
            quota = min(quota, declared)
        protection = self._protection()
        if protection.enabled and state in (State.FREE, State.HALF_OPEN, State.RESTING):
            names = self._quotas.protected(account.id, protection)
            if any(covers(name, model) for name in names):
                state, left = State.PROTECTED, resets
        health = self._health.of(account.id)
        if state is State.FREE and quota == 100 and health == 1.0:
            return None
        return Standing(state, left, quota, health)
