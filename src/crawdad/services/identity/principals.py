"""Keys as principals: each within all keys that it descends from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from crawdad.core.budgets import Budget
from crawdad.core.errors import bad_request
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Limits, Principal
from crawdad.core.settings import AuthSettings
from crawdad.services.identity.door import hash_credential
from crawdad.services.identity.orders import minute_budgets
from crawdad.store.keys import StoredKey

DEEPEST = 4
"""How many keys a key may descend from."""
_SHORTEST_TOKEN = 8
_PLACEHOLDERS = frozenset(
    {"changeme", "change-me", "password", "your-token", "your_token", "<token>", "sk-xxxx", "secret"}
)


def principals_of(keys: Iterable[StoredKey]) -> dict[str, Principal]:
    """Living keys as principals, by credential hash. A key whose ancestor is gone is gone with it."""
    alive = {key.id: key for key in keys}
    found = {}
    for key in alive.values():
        ancestors = ancestors_of(key, alive)
        if ancestors is not None:
            found[key.hash] = principal_of(key, ancestors)
    return found


def ancestors_of(key: StoredKey, alive: Mapping[str, StoredKey]) -> list[StoredKey] | None:
    """The keys that `key` descends from, its maker first; None where one of them is gone."""
    found: list[StoredKey] = []
    parent_id = key.parent_id
    while parent_id is not None:
        parent = alive.get(parent_id)
        if parent is None or len(found) >= DEEPEST:
            return None
        found.append(parent)
        parent_id = parent.parent_id
    return found


def principal_of(key: StoredKey, ancestors: Iterable[StoredKey]) -> Principal:
    """A key at work: what it may do and must spend, its ancestors' limits included."""
    kinds = {"key": "api_key", "token": "token", "admin": "admin"}
    permissions, expires, within = key.permissions, key.expires_at, []
    budgets = [*own_budgets(key)]
    for ancestor in ancestors:
        permissions &= ancestor.permissions
        expires = _sooner(expires, ancestor.expires_at)
        within.append(replace(ancestor.limits, budgets=(), within=()))
        budgets += own_budgets(ancestor)
    limits: Limits = replace(key.limits, budgets=tuple(budgets), within=tuple(within))
    return Principal(key.id, kinds[key.kind], key.name, permissions, limits, expires, key.owner)  # type: ignore[arg-type]


def own_budgets(key: StoredKey) -> tuple[Budget, ...]:
    """The key's own budgets, its limits by the minute among them, with the key as their subject.

    Where a minute is limited twice, in both ways, the two are counted together: the smaller is the one that holds.
    """
    found: dict[tuple[str, str], Budget] = {}
    for budget in (*key.limits.budgets, *minute_budgets(key.limits)):
        name = (budget.unit, budget.period)
        if name not in found or budget.limit < found[name].limit:
            found[name] = replace(budget, subject=f"key:{key.id}")
    return tuple(found.values())


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


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def usable_token(token: str, path: str) -> str:
    if len(token.strip()) < _SHORTEST_TOKEN or token.strip().lower() in _PLACEHOLDERS:
        raise bad_request("identity.weak_token", path, least=_SHORTEST_TOKEN)
    return token
