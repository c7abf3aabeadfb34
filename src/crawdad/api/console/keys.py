"""`/api/keys`: keys, what they may use, what they have used and have left."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from crawdad.api.console.context import Console
from crawdad.core.budgets import Budget, BudgetPeriod, BudgetUnit, Standing
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.services.budgets.notation import parse_budget
from crawdad.services.identity.keys import KeyOrder, StoredKey

Entries = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=1000)]
Amount = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BudgetGiven(_Strict):
    """At most `limit` of `unit` in each `period`."""

    unit: BudgetUnit
    period: BudgetPeriod
    limit: Amount


class KeyChange(_Strict):
    """What a key shall be; what is left out stays as it is. `null` takes a limit away. A budget may also be written as
    `5usd/day`. Times are Unix seconds."""

    name: Annotated[str, Field(max_length=300)] | None = None
    owner: Annotated[str, Field(max_length=300)] | None = None
    permissions: Annotated[list[Permission], Field(max_length=100)] | None = None
    models: Entries | None = None
    providers: Entries | None = None
    protocols: Entries | None = None
    networks: Entries | None = None
    budgets: Annotated[list[BudgetGiven | str], Field(max_length=50)] | None = None
    requests_per_minute: StrictInt | None = None
    tokens_per_minute: StrictInt | None = None
    expires_at: Amount | None = None


class NewKey(KeyChange):
    """A key to be made."""

    name: Annotated[str, Field(max_length=300)]


class BudgetTold(BaseModel):
    """A budget and what became of it. `resets_at` is in Unix seconds; null: never, or a minute that has not begun."""

    unit: BudgetUnit
    period: BudgetPeriod
    limit: float
    used: float | None
    reserved: float | None
    left: float | None
    resets_at: float | None
    key_id: str
    """Whose it is: the key's own, or that of one that it descends from."""


class KeyTold(BaseModel):
    """A key. Its token is told once, when it is made."""

    id: str
    name: str
    hint: str
    owner: str
    parent_id: str | None
    permissions: list[str]
    models: list[str]
    providers: list[str]
    protocols: list[str]
    networks: list[str]
    requests_per_minute: int | None
    tokens_per_minute: int | None
    budgets: list[BudgetTold]
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None


class KeyMade(KeyTold):
    """A new key with its token."""

    key: str


class KeysTold(BaseModel):
    """All keys that the caller may see, oldest first."""

    keys: list[KeyTold]


def key_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""
    keys = context.keys
    manager = Depends(context.need(Permission.KEYS_MANAGE))

    @router.get("/api/keys")
    async def list_keys(revoked: Annotated[bool, Query()] = False, by: Principal = manager) -> KeysTold:
        found = await keys.list(revoked, by)
        spent = await keys.budgets_of(found)
        told = await context.gate.budgets.standing({budget for budgets in spent.values() for budget in budgets})
        standings = {standing.budget: standing for standing in told}
        return KeysTold(keys=[_told(key, [standings[budget] for budget in spent[key.id]]) for key in found])

    @router.post("/api/keys", status_code=201)
    async def create_key(wanted: NewKey, by: Principal = manager) -> KeyMade:
        order = _order(KeyOrder(""), wanted)
        key, token = await keys.create(order, by)
        await at_once()
        told = await tell(key)
        return KeyMade(**told.model_dump(), key=token)

    @router.get("/api/keys/{key_id}")
    async def read_key(key_id: str, by: Principal = manager) -> KeyTold:
        return await tell(await keys.get(key_id, by))

    @router.patch("/api/keys/{key_id}")
    async def change_key(key_id: str, wanted: KeyChange, by: Principal = manager) -> KeyTold:
        found = await keys.get(key_id, by)
        changed = await keys.update(found.id, lambda order: _order(order, wanted), by)
        await at_once()
        return await tell(changed)

    @router.delete("/api/keys/{key_id}", status_code=204)
    async def revoke_key(key_id: str, by: Principal = manager) -> Response:
        await keys.revoke(key_id, by)
        await at_once()
        return Response(status_code=204)

    async def at_once() -> None:
        """This process need not wait until it notices; others do within a second."""
        await keys.refresh(context.gate.door, context.gate.settings().gateway.auth)

    async def tell(key: StoredKey) -> KeyTold:
        spent = await keys.budgets_of([key])
        return _told(key, await context.gate.budgets.standing(spent[key.id]))


def _order(order: KeyOrder, wanted: KeyChange) -> KeyOrder:
    """`order` with what `wanted` says."""
    given: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    changes: dict[str, Any] = {
        name: tuple(given[name] or ()) for name in ("models", "providers", "protocols", "networks") if name in given
    }
    changes |= {name: given[name] for name in ("requests_per_minute", "tokens_per_minute") if name in given}
    if "budgets" in given:
        changes["budgets"] = tuple(_budget(entry) for entry in given["budgets"] or ())
    limits = replace(order.limits, **changes)
    if "name" in given and given["name"] is None:
        raise bad_request("wire.missing", "name")
    permissions = order.permissions
    if "permissions" in given:
        permissions = None if given["permissions"] is None else frozenset(given["permissions"])
    return KeyOrder(
        name=given.get("name", order.name),
        permissions=permissions,
        limits=limits,
        expires_at=given.get("expires_at", order.expires_at),
        owner=given.get("owner", order.owner) or "",
    )


def _budget(entry: BudgetGiven | str) -> Budget:
    return parse_budget(entry) if isinstance(entry, str) else Budget(entry.unit, entry.period, entry.limit)


def _told(key: StoredKey, standings: list[Standing]) -> KeyTold:
    limits = key.limits
    return KeyTold(
        id=key.id,
        name=key.name,
        hint=key.hint,
        owner=key.owner,
        parent_id=key.parent_id,
        permissions=sorted(key.permissions),
        models=list(limits.models),
        providers=list(limits.providers),
        protocols=list(limits.protocols),
        networks=list(limits.networks),
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        budgets=[_standing(standing) for standing in standings],
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


def _standing(standing: Standing) -> BudgetTold:
    budget = standing.budget
    return BudgetTold(
        unit=budget.unit,
        period=budget.period,
        limit=budget.limit,
        used=standing.used,
        reserved=standing.reserved,
        left=standing.left,
        resets_at=standing.resets_at,
        key_id=budget.subject.removeprefix("key:"),
    )
