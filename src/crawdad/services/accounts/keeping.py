"""What goes on beside the requests: what the pool learns is written down and told, what others changed is taken up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.happenings import LAGGED, Event
from crawdad.core.ports import Bus, Clock
from crawdad.core.settings import AccountsSettings
from crawdad.services.accounts.locks import as_stored
from crawdad.services.accounts.pool import Pool
from crawdad.services.accounts.snapshot import snapshot_of
from crawdad.services.accounts.use import period_begin
from crawdad.store.accounts import AccountStore, StoredLock

ACCOUNTS_CHANGED = "accounts"
ACCOUNT_DISABLED = "accounts.disabled"
"""An account was disabled because of what its vendor said. `data`: `account`, `reason`."""
LOCKS_CHANGED = "account_locks"
CURRENT = "accounts.current"
PREFERRED = "accounts.preferred"

_log = structlog.get_logger(__name__)
_NOTES_SECONDS = 2.0
_SEED_SECONDS = 60.0
_PAUSE_SECONDS = 1.0


class Keeping:
    """Ties the pool of this process to the database and to the pools of other processes."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: AccountStore,
        bus: Bus,
        clock: Clock,
        settings: Callable[[], AccountsSettings],
        origin: str,
    ) -> None:
        self.pool = self._pool = pool
        self._store = store
        self._values = store.values
        self._changes = store.changes
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._origin = origin
        self._wanted = asyncio.Event()
        self._one_at_the_locks = asyncio.Lock()
        """Whoever reads the locks while others are being written would take those for gone that are not yet there."""
        self._protected: dict[str, tuple[str, ...]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called when the accounts are not those of before."""
        pool.news = self._wanted.set

    async def open(self) -> None:
        """Take up everything that the database knows."""
        await self.reload()
        await self.reload_locks()
        await self.seed()

    async def reload(self) -> None:
        """The accounts as they are in the database now."""
        accounts = await self._store.all()
        current = await self._values.get(CURRENT)
        preferred = await self._values.get(PREFERRED)
        for account in accounts:
            self._protected.setdefault(account.id, account.protected_models)
        self._pool.take_snapshot(snapshot_of(accounts, current, preferred))
        self.changed()

    async def reload_locks(self) -> None:
        """The locks as they are in the database now."""
        async with self._one_at_the_locks:
            self._pool.locks.restore(await self._store.locks())

    async def seed(self) -> None:
        """Take up what the statistics say that accounts with declared limits have used."""
        limited = [account for account in self._pool.snapshot.accounts.values() if account.limits]
        periods = {limit.period for account in limited for limit in account.limits}
        for period in periods - {"minute"}:
            used = await self._store.used_since(period_begin(period, self._clock.now()))
            own = {account.id: used[account.id] for account in limited if account.id in used}
            self._pool.use.seed(period, own)

    async def announce(self, topic: str, **data: object) -> None:
        """Tell the other processes at once. They find out by the table of changes where this cannot be done."""
        try:
            await self._bus.publish(Event(topic, dict(data), self._clock.now(), self._origin))
        except GatewayError as error:
            _log.warning("not_announced", topic=topic, reason=error.message())

    async def accounts_changed(self) -> None:
        """This process changed accounts: take that up here, and tell the others."""
        await self.reload()
        await self._changes.bump(ACCOUNTS_CHANGED)
        await self.announce("accounts.changed")

    async def locks_cleared(self, account_id: str | None) -> None:
        """The locks of an account, or all, were removed from the database: tell the others."""
        await self._changes.bump(LOCKS_CHANGED)
        accounts = [account_id] if account_id is not None else list(self._pool.snapshot.accounts)
        await self.announce("accounts.unlocked", keys=[[account, None] for account in accounts])

    async def flush(self) -> None:
        """Write down and tell all that was learnt. What cannot be written is tried again the next time."""
        await self._flush_locks()
        await self._flush_revoked()
        await self._flush_notes()

    async def _flush_locks(self) -> None:
        async with self._one_at_the_locks:
            put, cleared = self._pool.locks.changes()
            if not put and not cleared:
                return
            stored = [as_stored(lock) for lock in put]
            try:
                await self._store.put_locks(stored, cleared)
                await self._changes.bump(LOCKS_CHANGED)
            except BaseException:
                self._pool.locks.take_back(put, cleared)
                raise
        for lock in stored:
            values = (lock.until, lock.reason, lock.failures, lock.failed_at)
            await self.announce("accounts.locked", account=lock.account_id, model=lock.model, values=list(values))
        if cleared:
            await self.announce("accounts.unlocked", keys=[list(key) for key in cleared])

    async def _flush_revoked(self) -> None:
        revoked, self._pool.revoked = self._pool.revoked, {}
        for account_id, words in revoked.items():
            try:
                await self._store.disable(account_id, words, self._clock.now())
            except BaseException:
                self._pool.revoked = {**revoked, **self._pool.revoked}
                raise
            _log.warning("account_disabled", account=account_id, reason=words)
            await self.announce(ACCOUNT_DISABLED, account=account_id, reason=words)
        if revoked:
            await self.accounts_changed()

    async def _flush_notes(self) -> None:
        pool = self._pool
        bound, pool.bound = pool.bound, []
        if bound:
            await self.announce("accounts.bound", bindings=[list(one) for one in bound])
        quotas = pool.quotas.changes()
        used, pool.last_used = pool.last_used, {}
        protected = self._newly_protected()
        if not (quotas or used or protected):
            return
        try:
            await self._store.note(quotas, protected, used)
        except BaseException:
            pool.quotas.changed_again(quotas)
            pool.last_used = {**used, **pool.last_used}
            raise
        self._protected |= protected
        if protected:
            _log.info("accounts_protected", models={key: list(names) for key, names in protected.items()})
        if protected or any(quota.forbidden for quota in quotas.values()):
            await self.accounts_changed()

    def _newly_protected(self) -> dict[str, tuple[str, ...]]:
        settings = self._settings().quota_protection
        found = {}
        for account_id in self._pool.snapshot.accounts:
            names = self._pool.quotas.protected(account_id, settings)
            if names != self._protected.get(account_id, ()):
                found[account_id] = names
        return found

    async def keep(self) -> None:
        """Flush whenever there is something to write, for ever: locks at once, what can wait every few seconds."""
        while True:
            try:
                async with asyncio.timeout(_NOTES_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                await self._safely(self._flush_notes)
                continue
            self._wanted.clear()
            await self._safely(self._flush_locks)
            await self._safely(self._flush_revoked)

    async def keep_seeding(self) -> None:
        """Take up from time to time what other processes used."""
        while True:
            await self._clock.sleep(_SEED_SECONDS)
            await self._safely(self.seed)

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except GatewayError as error:
            _log.warning("accounts_not_kept", reason=error.message())
            await self._clock.sleep(_PAUSE_SECONDS)
            self._wanted.set()

    async def follow(self) -> None:
        """Take up at once what other processes tell, for ever."""
        async for event in self._bus.subscribe(("accounts.*",)):
            if event.origin != self._origin or event.topic == LAGGED:
                await self._safely(lambda event=event: self._take(event))  # type: ignore[misc]

    async def _take(self, event: Event) -> None:
        pool = self._pool
        if event.topic == "accounts.changed":
            await self.reload()
        elif event.topic == "accounts.locked":
            pool.locks.learn(StoredLock(event.data["account"], event.data["model"], *event.data["values"]))
        elif event.topic == "accounts.unlocked":
            for account_id, model in event.data["keys"]:
                pool.locks.forget(account_id, model)
        elif event.topic == "accounts.bound":
            for session, provider_id, account_id in event.data["bindings"]:
                pool.bindings.bind(session, provider_id, account_id, self._settings().sticky_sessions)
        elif event.topic == "accounts.unbound":
            pool.bindings.clear()
        elif event.topic == LAGGED:
            await self.open()
