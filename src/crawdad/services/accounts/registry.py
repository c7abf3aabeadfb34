"""Which accounts there are: adding, changing, removing, ordering them. Changes are logged, and count at once everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace

import structlog

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Clock, Leases, Randomness
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.accounts.checking import Checking
from crawdad.services.accounts.devices import Devices
from crawdad.services.accounts.keeping import CURRENT, PREFERRED, Keeping
from crawdad.services.accounts.orders import AccountOrder, check_order, free_label
from crawdad.services.accounts.seats import TOKEN_KINDS
from crawdad.store.accounts import UNREADABLE, AccountStore

_log = structlog.get_logger(__name__)
MOST_ACCOUNTS = 1000
_SWITCH_LEASE = "accounts.switch"
_SWITCH_SECONDS = 60.0
_LONGEST_REASON = 800
_RENEWED = (
    *("provider", "kind", "secret", "name", "api", "base_url", "models", "weight", "plan", "limits", "extra"),
    *("disabled_reason", "disabled_at", "quota", "last_used_at"),
)
"""What an account that is added again gets anew. Whether it is paused is another matter."""


class Registry:
    """The accounts of this installation. `learned` is told the models that a provider listed for a new account."""

    def __init__(
        self,
        *,
        store: AccountStore,
        keeping: Keeping,
        checking: Checking,
        devices: Devices,
        leases: Leases,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._values = store.values
        self._pool = keeping.pool
        self._keeping = keeping
        self._checking = checking
        self._devices = devices
        self._leases = leases
        self._clock = clock
        self._randomness = randomness
        self._one = asyncio.Lock()
        self.completed: Callable[[AccountOrder], Awaitable[AccountOrder]] = _as_it_is
        """Finds out what an order still lacks: who a refresh token belongs to, where a service account's models are."""
        self.learned: Callable[[str, Sequence[ListedModel]], None] = lambda provider, models: None

    async def all(self) -> list[Account]:
        """All accounts in the operator's order, as the database has them."""
        return await self._store.all()

    async def get(self, account_id: str) -> Account:
        """One account. Raises NOT_FOUND."""
        found = await self._store.get(account_id)
        if found is None:
            raise no_account(account_id)
        return found

    async def find(self, id_or_label: str) -> Account:
        """The account with that id or label. Raises NOT_FOUND."""
        for account in await self._store.all():
            if id_or_label in (account.id, account.label):
                return account
        raise no_account(id_or_label)

    async def current(self) -> Account | None:
        """The account that the operator works with."""
        current = await self._values.get(CURRENT)
        return await self._store.get(current) if current else None

    async def add(self, order: AccountOrder, by: Principal) -> Account:
        """Keep an account; one of the same label, or of the same credential where no label is named, is renewed instead. Raises
        BAD_REQUEST for what makes no sense or what the vendor refuses, CONFLICT for a credential that another account
        holds, and what asking the vendor raises."""
        order = await self.completed(order)
        check_order(order, self._checking.knows(order.provider))
        known = await self._store.all()
        twin = self._twin(order, known)
        new_id = (
            "acc_" + self._randomness.new_id()
        )  # of the one that is looked at, too: what was learnt of it stays its own
        made = self._made(order, twin, (), new_id)
        models = (await self._checking.check(made, spend=True)).models if order.check else None
        async with self._one:
            known = await self._store.all()
            twin = self._twin(order, known)
            if twin is None and len(known) >= MOST_ACCOUNTS:
                raise GatewayError(
                    ErrorKind.CONFLICT, Text("accounts.too_many", {"most": MOST_ACCOUNTS}), {"code": "too_many"}
                )
            account = self._made(order, twin, [other.label for other in known], new_id)
            if twin is None:
                account = await self._store.add(account)
                await self._values.settle(CURRENT, account.id)
            elif not await self._store.put(account, only=_RENEWED):
                raise no_account(account.id)
            if order.priority is not None:
                await self._store.place(account.id, order.priority)
                account = replace(account, position=order.priority)
            current = await self._values.get(CURRENT)
            if all(other.id != current for other in [*known, account]):
                await self._values.put(CURRENT, account.id)
        if twin is not None:
            self._pool.quotas.forget(account.id)
            self._pool.locks.clear(account.id)
            self._pool.news()
        if models:
            self.learned(account.provider, models)
        await self._changed("renewed" if twin else "added", [account], by)
        return account

    def _twin(self, order: AccountOrder, known: Sequence[Account]) -> Account | None:
        """The account that the order renews. Raises CONFLICT."""
        labelled = next((account for account in known if order.label and account.label == order.label), None)
        same = None
        if order.secret is not None:
            same = next((account for account in known if _holds(account, order)), None)
        if same is not None and order.label and same is not labelled:
            text = Text("accounts.twice", {"label": same.label})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "duplicate_credential"})
        return labelled or same

    def _made(self, order: AccountOrder, twin: Account | None, labels: Collection[str], new_id: str) -> Account:
        base = twin or Account(
            id=new_id,
            provider=order.provider,
            kind=order.kind,
            label=order.label or free_label(order.provider, labels),
            secret=None,
            created_at=self._clock.now(),
        )
        renewed = twin is not None and (twin.secret != order.secret or twin.disabled_reason == UNREADABLE)
        return replace(
            base,
            provider=order.provider,
            kind=order.kind,
            secret=order.secret if order.kind != "none" else None,
            name=order.name if order.name is not None else base.name,
            api=order.api,
            base_url=order.base_url,
            models=order.models,
            weight=order.weight,
            plan=order.plan if order.plan is not None else base.plan,
            limits=tuple(replace(limit, subject=f"account:{base.id}") for limit in order.limits),
            extra=order.extra,
            disabled_reason=None if renewed else base.disabled_reason,
            disabled_at=None if renewed else base.disabled_at,
            quota=None if renewed else base.quota,
            last_used_at=self._clock.now() if twin else None,
        )

    async def update(self, account_id: str, changes: dict[str, object], by: Principal) -> Account:
        """Change some fields of an account: `name`, `label`, `models`, `weight`, `plan`, `limits`, `priority`. Somebody
        else may change the others meanwhile."""
        account = await self.get(account_id)
        priority = changes.pop("priority", None)
        changed = replace(account, **changes)  # type: ignore[arg-type]
        check_order(_as_order(changed), True)
        limits = tuple(replace(limit, subject=f"account:{account.id}") for limit in changed.limits)
        if changes and not await self._store.put(replace(changed, limits=limits), only=changes.keys()):
            raise no_account(account_id)
        if isinstance(priority, int):
            await self._store.place(account_id, priority)
        await self._changed("updated", [changed], by)
        return await self.get(account_id)

    async def renewed(self, account: Account, secret: Secret) -> None:
        """Keep the refresh token that a provider gave in place of the one that `account` has."""
        known = await self._store.get(account.id)
        if known is not None and known.secret == account.secret:
            await self._store.put(replace(known, secret=secret), only=("secret",))
            await self._keeping.accounts_changed()

    async def remove(self, account_id: str, by: Principal) -> None:
        """Forget an account. Raises NOT_FOUND."""
        account = await self.get(account_id)
        if not await self._store.remove([account_id]):
            raise no_account(account_id)
        await self._removed([account], by)

    async def remove_all(self, ids: Iterable[str], by: Principal) -> int:
        """Forget accounts; unknown ids are ignored. How many there were."""
        wanted = set(ids)
        doomed = [account for account in await self._store.all() if account.id in wanted]
        if not doomed:
            return 0
        count = await self._store.remove([account.id for account in doomed])
        await self._removed(doomed, by)
        return count

    async def _removed(self, gone: Sequence[Account], by: Principal) -> None:
        left = await self._store.all()
        if await self._values.get(CURRENT) not in {account.id for account in left}:
            if left:
                await self._values.put(CURRENT, left[0].id)
            else:
                await self._values.delete(CURRENT)
        if await self._values.get(PREFERRED) in {account.id for account in gone}:
            await self._values.delete(PREFERRED)
        await self._changed("removed", gone, by)

    async def reorder(self, ids: Sequence[str], by: Principal) -> list[str]:
        """Put accounts first, in this order; the others follow as they were. The new order."""
        order = await self._store.reorder(ids)
        await self._changed("reordered", [], by, order=order[:50])
        return order

    async def arrange(self, accounts: Sequence[Account], by: Principal) -> None:
        """Put these accounts in this order, at the places that they hold between them."""
        places = sorted(account.position for account in accounts)
        moved = [(account, place) for account, place in zip(accounts, places, strict=True) if account.position != place]
        for account, place in moved:
            await self._store.place(account.id, place)
        if moved:
            await self._changed("reordered", [account for account, _ in moved], by)

    async def pause(self, account_id: str, enable: bool | None, reason: str | None, by: Principal) -> Account:
        """Let an account serve requests (`enable`) or not; None: the other way than now. Counts at once. Raises NOT_FOUND."""
        account = await self.get(account_id)
        paused = account.paused_at is None if enable is None else not enable
        words = (reason or "").strip()[:_LONGEST_REASON] or None
        at = self._clock.now() if paused else None
        if not await self._store.pause(account_id, words if paused else None, at):
            raise no_account(account_id)
        await self._changed("paused" if paused else "resumed", [account], by)
        return await self.get(account_id)

    async def switch(self, account_id: str, by: Principal) -> Account:
        """Make an account the current one; conversations choose their accounts anew. Raises NOT_FOUND, CONFLICT while another
        switch runs, and what renewing its token raises."""
        holder = self._randomness.new_id()
        if not await self._leases.claim(_SWITCH_LEASE, holder, _SWITCH_SECONDS):
            raise GatewayError(ErrorKind.CONFLICT, Text("accounts.switching"), {"code": "switching"})
        try:
            account = await self.get(account_id)
            if account.kind in TOKEN_KINDS and account.usable:
                await self._checking.ready(account)
            await self._devices.ensure(account.id)
            await self._values.put(CURRENT, account.id)
            self._pool.last_used[account.id] = self._clock.now()
            await self.clear_bindings()
            await self._keeping.flush()
            await self._changed("switched", [account], by)
            return await self.get(account_id)
        finally:
            await self._leases.release(_SWITCH_LEASE, holder)

    async def preferred(self) -> str | None:
        """The id of the account that goes before all others."""
        found: str | None = await self._values.get(PREFERRED)
        return found

    async def prefer(self, account_id: str | None, by: Principal) -> None:
        """Let an account go before all others, or none. Raises NOT_FOUND."""
        if account_id is None:
            await self._values.delete(PREFERRED)
            await self._changed("preferred", [], by)
            return
        account = await self.get(account_id)
        await self._values.put(PREFERRED, account.id)
        await self._changed("preferred", [account], by)

    async def clear_bindings(self) -> int:
        """Let every conversation choose its account anew: how many there were in this process."""
        count = self._pool.bindings.clear()
        self._pool.bound.clear()
        await self._keeping.announce("accounts.unbound")
        return count

    async def clear_locks(self, account_id: str | None, by: Principal) -> int:
        """End the rests of one account, or of all: how many there were. Raises NOT_FOUND."""
        accounts = [await self.get(account_id)] if account_id is not None else []
        count = self._pool.locks.clear(account_id)
        await self._keeping.flush()
        count = max(count, await self._store.clear_locks(account_id))
        await self._keeping.locks_cleared(account_id)
        self._audit("unlocked", accounts, by)
        return count

    async def _changed(self, action: str, accounts: Sequence[Account], by: Principal, **more: object) -> None:
        self._audit(action, accounts, by, **more)
        await self._keeping.accounts_changed()

    def _audit(self, action: str, accounts: Sequence[Account], by: Principal, **more: object) -> None:
        _log.info(
            "accounts_changed",
            action=action,
            accounts=[account.id for account in accounts[:50]],
            labels=[account.label for account in accounts[:50]],
            by=by.id,
            **more,
        )


async def _as_it_is(order: AccountOrder) -> AccountOrder:
    return order


def no_account(account_id: str) -> GatewayError:
    """There is none of that id."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("accounts.unknown", {"id": account_id[:100]}), {"code": "no_account"})


def _holds(account: Account, order: AccountOrder) -> bool:
    """Whether an account is of the credential that an order brings."""
    return (
        account.provider == order.provider
        and account.secret is not None
        and account.secret == order.secret
        and account.base_url == order.base_url
    )


def _as_order(account: Account) -> AccountOrder:
    return AccountOrder(
        account.provider,
        account.kind,
        account.label,
        account.secret,
        account.name,
        account.api,
        account.base_url,
        account.models,
        account.weight,
        account.plan,
        account.limits,
    )
