"""Making, changing, listing and revoking credentials, and keeping the door's picture of them fresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from crawdad.core.budgets import Budget
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Permission, Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.secret import mask
from crawdad.core.settings import AuthSettings
from crawdad.core.text import Text
from crawdad.services.identity.door import Door, hash_credential
from crawdad.services.identity.orders import KeyOrder, attenuated, checked
from crawdad.services.identity.principals import (
    DEEPEST,
    ancestors_of,
    configured_principals,
    principal_of,
    principals_of,
)
from crawdad.store.changes import Changes
from crawdad.store.keys import KeyStore, StoredKey

KEYS_CHANGED = "keys"

Edit = Callable[[KeyOrder], KeyOrder]


class Keys:
    """The credentials of this installation. A key that may manage keys sees and changes those that descend from it, and no
    others; whoever administers (by a token, or on the machine itself) all of them."""

    def __init__(self, store: KeyStore, changes: Changes, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._randomness = randomness

    async def create(self, order: KeyOrder, by: Principal) -> tuple[StoredKey, str]:
        """`(key, token)`: the only time the token is to be had. A key never holds more than its maker."""
        by.need(Permission.KEYS_MANAGE)
        order = attenuated(checked(order), by)
        if len(by.limits.within) >= DEEPEST:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("identity.too_deep", {"most": DEEPEST}), {"code": "forbidden"})
        token = self._randomness.new_token()
        key = StoredKey(
            id="key_" + self._randomness.new_id(),
            hash=hash_credential(token),
            name=order.name,
            created_at=self._clock.now(),
            hint=mask(token),
            permissions=order.rights,
            limits=order.limits,
            expires_at=order.expires_at,
            owner=order.owner,
            parent_id=by.id if by.kind == "api_key" else None,
        )
        await self._store.create(key)
        await self._changes.bump(KEYS_CHANGED)
        return key, token

    async def update(self, name_or_id: str, edit: Edit, by: Principal) -> StoredKey:
        """Change a key to what `edit` makes of it, within what its maker and `by` may do. Raises NOT_FOUND, FORBIDDEN."""
        by.need(Permission.KEYS_MANAGE)
        found, alive = await self._find(name_or_id, by)
        if found.id == by.id:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("identity.own_key"), {"code": "forbidden"})
        maker = alive.get(found.parent_id) if found.parent_id is not None else None

        def change(key: StoredKey) -> StoredKey:
            order = KeyOrder(key.name, key.permissions, key.limits, key.expires_at, key.owner)
            order = checked(edit(order))
            if maker is not None:
                order = attenuated(order, principal_of(maker, ancestors_of(maker, alive) or ()))
            order = attenuated(order, by)
            return replace(
                key,
                name=order.name,
                permissions=order.rights,
                limits=order.limits,
                expires_at=order.expires_at,
                owner=order.owner,
            )

        changed = await self._store.change(found.id, change)
        if changed is None:
            raise _no_such_key(name_or_id)
        await self._changes.bump(KEYS_CHANGED)
        return changed

    async def list(self, include_revoked: bool = False, by: Principal | None = None) -> list[StoredKey]:
        """The keys that `by` may see, oldest first; all of them without one."""
        found = await self._store.list(include_revoked)
        if by is None or by.kind != "api_key":
            return found
        known = {key.id: key for key in found}
        return [key for key in found if key.id == by.id or _descends(key, by.id, known)]

    async def get(self, name_or_id: str, by: Principal) -> StoredKey:
        """One living key by its id or (where only one has it) its name. Raises NOT_FOUND."""
        return (await self._find(name_or_id, by))[0]

    async def budgets_of(self, keys: Sequence[StoredKey]) -> dict[str, tuple[Budget, ...]]:
        """The budgets that each of `keys` spends, by its id: its own and those of the keys that it descends from."""
        alive = {key.id: key for key in await self._store.list()}
        return {key.id: principal_of(key, ancestors_of(key, alive) or ()).limits.budgets for key in keys}

    async def revoke(self, name_or_id: str, by: Principal | None = None) -> StoredKey:
        """End a key and all that descend from it. Raises NOT_FOUND."""
        found, _ = await self._find(name_or_id, by)
        if not await self._store.revoke(found.id, self._clock.now()):
            raise _no_such_key(name_or_id)
        await self._changes.bump(KEYS_CHANGED)
        return found

    async def note_uses(self, door: Door) -> None:
        """Write down when keys were last used."""
        used = door.take_uses()
        if used:
            await self._store.touch(used)

    async def first_token(self, auth: AuthSettings) -> str | None:
        """The first-run token, made now: when the settings name none and no credential is alive. None otherwise."""
        if auth.mode != "token" or auth.token is not None or await self._store.list():
            return None
        token = self._randomness.new_token()
        first = StoredKey(
            id="key_" + self._randomness.new_id(),
            hash=hash_credential(token),
            name="first-run",
            created_at=self._clock.now(),
            hint=mask(token),
            kind="token",
            permissions=EVERYTHING,
        )
        if not await self._store.create_first(first):
            return None
        await self._changes.bump(KEYS_CHANGED)
        return token

    async def knows(self, token: str) -> bool:
        """Whether it is a living credential of the store."""
        digest = hash_credential(token)
        return any(key.hash == digest for key in await self._store.list())

    async def refresh(self, door: Door, auth: AuthSettings) -> None:
        """Give the door the live credentials: those of the store and those of the settings."""
        principals = principals_of(await self._store.list())
        principals.update(configured_principals(auth))
        door.replace(principals, auth.mode != "none")
        rules = auth.rate_limit
        door.limit(rules.max_attempts, rules.window_ms / 1000, rules.lockout_ms / 1000, rules.exempt_loopback)

    async def _find(self, name_or_id: str, by: Principal | None) -> tuple[StoredKey, dict[str, StoredKey]]:
        """The key, and all that live."""
        alive = {key.id: key for key in await self._store.list()}
        visible = (
            alive.values()
            if by is None or by.kind != "api_key"
            else [key for key in alive.values() if key.id == by.id or _descends(key, by.id, alive)]
        )
        found = [key for key in visible if key.id == name_or_id] or [key for key in visible if key.name == name_or_id]
        if len(found) != 1:
            raise _no_such_key(name_or_id)
        return found[0], alive


def _descends(key: StoredKey, ancestor: str, known: dict[str, StoredKey]) -> bool:
    current: StoredKey | None = key
    for _ in range(DEEPEST + 1):
        if current is None or current.parent_id is None:
            return False
        if current.parent_id == ancestor:
            return True
        current = known.get(current.parent_id)
    return False


def _no_such_key(name: str) -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("identity.no_such_key", {"name": name[:100]}), {"code": "not_found"})


__all__ = ["KEYS_CHANGED", "Edit", "KeyOrder", "Keys", "StoredKey"]
