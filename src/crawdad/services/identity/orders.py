"""What a key shall be: checked, and kept within what its maker may do. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crawdad.core.budgets import PERIODS, UNITS, Budget
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission, Principal
from crawdad.core.networks import covers, parse_network
from crawdad.core.patterns import matches
from crawdad.core.text import Text

_LONGEST_NAME = 100
_LONGEST_ENTRY = 256
_MOST_ENTRIES = 200
_LARGEST = 2**53
_LATEST = 253_370_764_800.0
CLIENT_PROTOCOLS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")
"""What clients may speak."""
_LISTS = ("models", "providers", "protocols", "networks")


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """What a key shall be. Empty lists mean everything that its maker may use; `expires_at` is in Unix seconds."""

    name: str
    permissions: frozenset[Permission] | None = None
    """None: the usual, as far as its maker holds it."""
    limits: Limits = field(default_factory=Limits)
    expires_at: float | None = None
    owner: str = ""

    @property
    def rights(self) -> frozenset[Permission]:
        """What it may do, once that is settled (`attenuated`)."""
        return KEY_DEFAULT if self.permissions is None else self.permissions


def checked(order: KeyOrder) -> KeyOrder:
    """The order in its plain form. Raises BAD_REQUEST for what no key can be."""
    name = order.name.strip()
    if not name or not _printable(name, _LONGEST_NAME):
        raise _bad("name", order.name[:40])
    owner = order.owner.strip()
    if not _printable(owner, _LONGEST_NAME):
        raise _bad("owner", order.owner[:40])
    if order.expires_at is not None and not (math.isfinite(order.expires_at) and 0 <= order.expires_at <= _LATEST):
        raise _bad("expires_at", order.expires_at)
    limits = order.limits
    for param in ("requests_per_minute", "tokens_per_minute"):
        value = getattr(limits, param)
        if value is not None and not (type(value) is int and 1 <= value <= _LARGEST):
            raise _bad(param, value)
    lists = {param: _entries(param, getattr(limits, param)) for param in _LISTS}
    for protocol in lists["protocols"]:
        if protocol not in CLIENT_PROTOCOLS:
            raise _bad("protocols", protocol)
    lists["networks"] = tuple(_network(entry) for entry in lists["networks"])
    kept = replace(_with_lists(limits, lists), budgets=_budgets(limits.budgets), within=())
    return replace(order, name=name, owner=owner, limits=kept)


def attenuated(order: KeyOrder, maker: Principal) -> KeyOrder:
    """The order within what `maker` may do; what it leaves open is what the maker has. Raises FORBIDDEN where it asks for
    more."""
    if order.permissions is None:
        order = replace(order, permissions=maker.rights_of_new_keys)
    wider = order.rights - maker.permissions
    if wider:
        text = Text("identity.forbidden", {"permission": ", ".join(sorted(wider))})
        raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "forbidden"})
    limits = order.limits
    for outer in (maker.limits, *maker.limits.within):
        narrowed = {param: _narrowed(param, getattr(limits, param), getattr(outer, param)) for param in _LISTS}
        limits = _with_lists(limits, narrowed)
    for budget in (*limits.budgets, *minute_budgets(limits)):
        for own in maker.limits.budgets:
            if (own.unit, own.period) == (budget.unit, budget.period) and budget.limit > own.limit:
                raise _wider("budgets", f"{budget.limit:g} {budget.unit}/{budget.period}")
    expires = order.expires_at
    if maker.expires_at is not None:
        if expires is None:
            expires = maker.expires_at
        elif expires > maker.expires_at:
            raise _wider("expires_at", f"{expires:.0f}")
    owner = order.owner or maker.owner
    if maker.owner and owner != maker.owner:
        raise _wider("owner", order.owner)
    return replace(order, limits=limits, expires_at=expires, owner=owner)


def minute_budgets(limits: Limits) -> tuple[Budget, ...]:
    """The limits by the minute as budgets."""
    found = []
    if limits.requests_per_minute is not None:
        found.append(Budget("requests", "minute", float(limits.requests_per_minute)))
    if limits.tokens_per_minute is not None:
        found.append(Budget("tokens", "minute", float(limits.tokens_per_minute)))
    return tuple(found)


def _with_lists(limits: Limits, lists: dict[str, tuple[str, ...]]) -> Limits:
    return replace(
        limits,
        models=lists["models"],
        providers=lists["providers"],
        protocols=lists["protocols"],
        networks=lists["networks"],
    )


def _narrowed(param: str, inner: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...]:
    if not outer:
        return inner
    if not inner:
        return outer
    # A pattern that matches another, letter by letter, matches whatever that one matches.
    holds: Callable[[str, str], bool] = covers if param == "networks" else matches
    for entry in inner:
        if not any(holds(pattern, entry) for pattern in outer):
            if param == "models":
                text = Text("identity.model_forbidden", {"model": entry})
                raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "wider_than_maker", "param": param})
            raise _wider(param, entry)
    return inner


def _entries(param: str, values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > _MOST_ENTRIES:
        raise bad_request("identity.too_many", param, most=_MOST_ENTRIES)
    found = []
    for value in values:
        entry = value.strip() if isinstance(value, str) else ""
        if not entry or not _printable(entry, _LONGEST_ENTRY):
            raise _bad(param, value)
        found.append(entry)
    return tuple(dict.fromkeys(found))


def _network(entry: str) -> str:
    try:
        return str(parse_network(entry))
    except ValueError:
        raise _bad("networks", entry) from None


def _budgets(budgets: Sequence[Budget]) -> tuple[Budget, ...]:
    """At most one a unit and period: twelve."""
    found: dict[tuple[str, str], Budget] = {}
    for budget in budgets[: len(UNITS) * len(PERIODS) + 1]:
        limit = budget.limit
        if budget.unit not in UNITS or budget.period not in PERIODS:
            raise _bad("budgets", f"{budget.unit}/{budget.period}")
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 < limit <= _LARGEST:
            raise _bad("budgets", limit)
        if budget.unit != "usd" and limit != int(limit):
            raise _bad("budgets", limit)
        if (budget.unit, budget.period) in found:
            raise _bad("budgets", f"{budget.unit}/{budget.period}")
        found[budget.unit, budget.period] = Budget(budget.unit, budget.period, float(limit))
    return tuple(found.values())


def _printable(text: str, longest: int) -> bool:
    return len(text) <= longest and text.isprintable()


def _bad(param: str, value: object) -> GatewayError:
    return bad_request("wire.value", param, value=repr(value)[:80])


def _wider(param: str, value: str) -> GatewayError:
    text = Text("identity.wider_than_maker", {"param": param, "value": value[:80]})
    return GatewayError(ErrorKind.FORBIDDEN, text, {"code": "wider_than_maker", "param": param})
