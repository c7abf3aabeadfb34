"""Making, listing and revoking credentials, and keeping the door's picture of them fresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Limits, Permission, Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.secret import mask
from crawdad.core.settings import AuthSettings
from crawdad.core.text import Text
from crawdad.services.identity.door import Door, hash_credential
from crawdad.store.changes import Changes
from crawdad.store.keys import KeyStore, StoredKey

KEYS_CHANGED = "keys"
_LONGEST_NAME = 100
_SHORTEST_TOKEN = 8
_PLACEHOLDERS = frozenset(
    {"changeme", "change-me", "password", "your-token", "your_token", "<token>", "sk-xxxx", "secret"}
)


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """What a new key shall be. Empty `models` means every model; `expires_at` is in Unix seconds."""

    name: str
    permissions: frozenset[Permission] = KEY_DEFAULT
    limits: Limits = field(default_factory=Limits)
    expires_at: float | None = None


class Keys:
    """The credentials of this installation."""

    def __init__(self, store: KeyStore, changes: Changes, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._randomness = randomness

    async def create(self, order: KeyOrder, by: Principal) -> tuple[StoredKey, str]:
        """`(key, token)`: the only time the token is to be had. A key never holds more than its maker."""
        by.need(Permission.KEYS_MANAGE)
        name = order.name.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise bad_request("wire.value", "name", value=repr(order.name[:40]))
        wider = order.permissions - by.permissions
        if wider:
            text = Text("identity.forbidden", {"permission": ", ".join(sorted(wider))})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "forbidden"})
        asked = set(order.limits.models) or {"*"}  # no list means every model
        if by.limits.models and not asked <= set(by.limits.models):
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("identity.model_forbidden", {"model": ", ".join(sorted(asked))})
            )
        for field_name, wanted, most in (
            ("expires_at", order.expires_at, by.expires_at),
            ("requests_per_minute", order.limits.requests_per_minute, by.limits.requests_per_minute),
            ("tokens_per_minute", order.limits.tokens_per_minute, by.limits.tokens_per_minute),
        ):
            if most is not None and (wanted is None or wanted > most):
                raise GatewayError(
                    ErrorKind.FORBIDDEN, Text("identity.wider", {"field": field_name}), {"param": field_name}
                )
        token = self._randomness.new_token()
        key = StoredKey(
            id="key_" + self._randomness.new_id(),
            hash=hash_credential(token),
            name=name,
            created_at=self._clock.now(),
            hint=mask(token),
            permissions=order.permissions,
            limits=order.limits,
            expires_at=order.expires_at,
        )
        await self._store.create(key)
        await self._changes.bump(KEYS_CHANGED)
        return key, token

    async def list(self, include_revoked: bool = False) -> list[StoredKey]:
        """All keys, oldest first."""
        return await self._store.list(include_revoked)

    async def revoke(self, name_or_id: str) -> StoredKey:
        """End a key, named by its id or (where only one has it) its name. Raises NOT_FOUND."""
        live = await self._store.list()
        found = [key for key in live if name_or_id in (key.id, key.name)]
        if len(found) != 1 or not await self._store.revoke(found[0].id, self._clock.now()):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("identity.no_such_key", {"name": name_or_id[:100]}))
        await self._changes.bump(KEYS_CHANGED)
        return found[0]

    async def note_uses(self, door: Door) -> None:
        """Write down when keys were last used."""
        used = door.take_uses()
        if used:
            await self._store.touch(used)

    async def first_token(self, auth: AuthSettings) -> str | None:
        """The first-run token, made now: when the settings name none and no credential is alive. None otherwise."""
        if auth.mode == "none" or auth.token is not None or await self._store.list():
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

    async def refresh(self, door: Door, auth: AuthSettings) -> None:
        """Give the door the live credentials: those of the store and those of the settings."""
        principals = principals_of(await self._store.list())
        principals.update(configured_principals(auth))
        door.replace(principals, auth.mode != "none")


def principals_of(keys: Iterable[StoredKey]) -> dict[str, Principal]:
    """Stored keys as principals, by credential hash."""
    kinds = {"key": "api_key", "token": "token", "admin": "admin"}
    return {
        key.hash: Principal(key.id, kinds[key.kind], key.name, key.permissions, key.limits, key.expires_at)  # type: ignore[arg-type]
        for key in keys
    }


def configured_principals(auth: AuthSettings) -> dict[str, Principal]:
    """The token and the admin token of the settings. With an admin token, the plain token no longer administers.

    Raises BAD_REQUEST for empty or placeholder secrets, with which the door would stand open, and for an admin token that
    every user holds.
    """
    found: dict[str, Principal] = {}
    if auth.token is not None:
        rights = EVERYTHING if auth.admin_token is None else KEY_DEFAULT
        token = usable_token(auth.token.reveal(), "gateway.auth.token")
        found[hash_credential(token)] = Principal("token", "token", "token", rights)
    if auth.admin_token is not None:
        token = usable_token(auth.admin_token.reveal(), "gateway.auth.adminToken")
        if hash_credential(token) in found:
            raise bad_request("identity.same_token", "gateway.auth.adminToken")
        found[hash_credential(token)] = Principal("admin", "admin", "admin", EVERYTHING)
    return found


def usable_token(token: str, path: str) -> str:
    """The token, when it is none that anybody could guess. Raises BAD_REQUEST naming `path`."""
    if len(token.strip()) < _SHORTEST_TOKEN or token.strip().lower() in _PLACEHOLDERS:
        raise bad_request("identity.weak_token", path, least=_SHORTEST_TOKEN)
    return token
