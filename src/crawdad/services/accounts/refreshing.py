"""Looking at accounts anew: whether the vendor still takes the credential, which models there are, what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from crawdad.core.accounts import Account, ModelQuota, Quota
from crawdad.core.errors import GatewayError
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Clock
from crawdad.services.accounts.checking import REFUSED, Checking
from crawdad.services.accounts.keeping import Keeping
from crawdad.services.accounts.pool import REVOKED
from crawdad.wire.rate_limits import rfc3339

_log = structlog.get_logger(__name__)
_AT_ONCE = 5
_MOST_LISTED = 50
_IDLE_SECONDS = 60.0
TEST_RESULTS = {True: "accounts.test_good", False: "accounts.test_refused", None: "accounts.test_open"}
"""What is said of a test of an account, by whether the vendor takes the credential."""


@dataclass(slots=True)
class RefreshStats:
    """What came of a refresh. `details` names the accounts that failed, and why."""

    total: int = 0
    success: int = 0
    failed: int = 0
    details: list[str] = field(default_factory=list)


class Refreshing:
    """Refreshes one account, or all that are neither disabled nor refused."""

    def __init__(self, checking: Checking, keeping: Keeping, clock: Clock) -> None:
        self._checking = checking
        self._keeping = keeping
        self._pool = keeping.pool
        self._clock = clock
        self._running: asyncio.Future[RefreshStats] | None = None
        self.progress = RefreshStats()
        """How far the running refresh of all accounts is (`total` is known at once), or how the last one ended."""
        self.learned: Callable[[str, Sequence[ListedModel]], None] = lambda provider, models: None

    @property
    def running(self) -> bool:
        """Whether a refresh of all accounts is under way."""
        return self._running is not None

    async def one(self, account: Account) -> Quota:
        """Look at one account and keep what is seen. A credential that is refused is a forbidden quota; where the vendor does
        not look at it, what was known stays. Raises what keeps the vendor from answering."""
        await self._look(account, False)
        return self.quota(account)

    async def test(self, account: Account) -> bool | None:
        """The same, for a person who wants to know: whether the vendor takes the credential, None where it does not tell. May
        spend a token."""
        return await self._look(account, True)

    async def _look(self, account: Account, spend: bool) -> bool | None:
        quotas = self._pool.quotas
        try:
            checked = await self._checking.check(
                account,
                lambda status, headers, body: quotas.hear(account.id, "*", headers),
                lambda told: quotas.hear_of_key(account.id, told),
                spend,
            )
        except GatewayError as error:
            if error.details.get("code") == REVOKED:
                self._pool.revoke(account.id, error)
            elif error.details.get("code") != REFUSED:
                raise
            quotas.check(account.id)
            quotas.forbid(account.id, True)
            await self._keeping.flush()
            return False
        models = checked.models
        if checked.proven:
            quotas.forbid(account.id, False)
            if self._pool.locks and self._pool.locks.succeed(account.id, ""):
                self._pool.news()
        for name in self._names(account, models or ()):
            if quotas.left(account.id, name) == (100, 0.0):
                quotas.set(account.id, name, 100, None)
        quotas.check(account.id)
        if models:
            self.learned(account.provider, models)
        await self._keeping.flush()
        return True if checked.proven else None

    async def all(self) -> RefreshStats:
        """Look at all accounts, a few at a time. Whoever asks while that is under way gets the same."""
        if self._running is not None:
            return await asyncio.shield(self._running)
        running = self._running = asyncio.get_running_loop().create_future()
        try:
            stats = await self._all()
            running.set_result(stats)
            return stats
        except BaseException as error:
            running.set_exception(error)
            running.exception()  # looked at: nobody else may be waiting
            raise
        finally:
            self._running = None

    async def _all(self) -> RefreshStats:
        quotas = self._pool.quotas
        wanted = [
            account
            for account in self._pool.snapshot.accounts.values()
            if account.disabled_at is None and not quotas.is_forbidden(account.id)
        ]
        stats = self.progress = RefreshStats(total=len(wanted))
        limit = asyncio.Semaphore(_AT_ONCE)

        async def look(account: Account) -> None:
            async with limit:
                try:
                    quota = await self.one(account)
                    problem = "refused" if quota.forbidden else None
                except GatewayError as error:
                    problem = error.message()
            if problem is None:
                stats.success += 1
            else:
                stats.failed += 1
                stats.details.append(f"{account.label}: {problem}"[:500])

        async with asyncio.TaskGroup() as group:
            for account in wanted:
                group.create_task(look(account))
        return stats

    async def keep_refreshing(self, minutes: Callable[[], float]) -> None:
        """Refresh all every few minutes, as long as that is wanted; for ever."""
        last = self._clock.monotonic()
        while True:
            await self._clock.sleep(_IDLE_SECONDS)
            every = minutes() * 60
            if every and self._clock.monotonic() - last >= every:
                last = self._clock.monotonic()
                stats = await self.all()
                if stats.failed:
                    _log.warning("accounts_refreshed", total=stats.total, failed=stats.failed, details=stats.details)

    def quota(self, account: Account) -> Quota:
        """What is left of an account as it stands now, its declared limits counted in."""
        quota = self._pool.quotas.now(account.id) or account.quota or Quota(plan=account.plan)
        if account.plan and not quota.plan:
            quota = replace(quota, plan=account.plan)
        if not account.limits:
            return quota
        percentage, seconds = self._pool.use.left(account)
        reset = rfc3339(self._clock.now() + seconds) if seconds else ""
        models = quota.models or (ModelQuota("*", 100),)
        counted = (
            replace(model, percentage=percentage, reset_time=reset) if percentage < model.percentage else model
            for model in models
        )
        return replace(quota, models=tuple(counted))

    def known_quota(self, account: Account) -> Quota | None:
        """The same; None where nothing at all is known yet."""
        if self._pool.quotas.now(account.id) is None and account.quota is None and not account.limits:
            return None
        return self.quota(account)

    def _names(self, account: Account, models: Sequence[ListedModel]) -> list[str]:
        named = [name for name in account.models if "*" not in name]
        listed = [model.id for model in models if model.kind == "chat"]
        return named or listed[:_MOST_LISTED]
