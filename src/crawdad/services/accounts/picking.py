"""Which account serves a request: pure, over an immutable snapshot, in microseconds.

- **The order** is the operator's: the account with the smallest `position` first. Accounts that share a place are told apart
  by what is left of their quota, then by their health, and otherwise take turns.
- **Balance** (the default) keeps a conversation with its account and moves it at once when that account is limited.
- **CacheFirst** does the same, but waits for the conversation's account up to `max_wait` seconds before it moves.
- **PerformanceFirst** takes the accounts in turns (by weight), whatever the conversation.
- A **preferred** account goes before all that while it can serve.

Accounts that are paused, disabled, protected, locked, or that do not serve the model are never chosen. Those that rest after a
fault of the vendor's own come last: they are better than a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from crawdad.core.accounts import Account, SchedulingMode
from crawdad.core.patterns import matches
from crawdad.services.accounts.locks import State

_GOLDEN = 0.6180339887498949
_READY = (State.FREE, State.HALF_OPEN)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands for one model at the moment. `left` is in seconds, `quota` a percentage, `health` in [0, 1]."""

    state: State = State.FREE
    left: float = 0.0
    quota: int = 100
    health: float = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request wants. `bound` and `preferred` are ids of accounts; `turn` counts the provider's requests."""

    model: str
    mode: SchedulingMode = "Balance"
    bound: str | None = None
    preferred: str | None = None
    turn: int = 0
    max_wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The accounts to try, in order, after `wait` seconds. Where there are none, `left` tells how long the shortest rest still
    lasts (None: there is nothing to wait for) and `state` what the account of that rest is held up by."""

    order: tuple[Account, ...] = ()
    wait: float = 0.0
    left: float | None = None
    state: State = State.FREE


_FINE = Standing()
NO_STANDINGS: Mapping[str, Standing] = MappingProxyType({})


def serves(account: Account, model: str) -> bool:
    """Whether the account takes part in serving the model at all."""
    if account.disabled_at is not None or account.paused_at is not None:
        return False
    return not account.models or any(matches(pattern, model) for pattern in account.models)


def pick(accounts: Sequence[Account], standings: Mapping[str, Standing], wish: Wish) -> Choice:
    """The accounts of one provider that may serve `wish`, best first. `accounts` are in the operator's order; those without
    a standing are fine."""
    able = [account for account in accounts if serves(account, wish.model)]
    if not standings:
        return Choice(_favoured(_ordered(able, standings, wish), wish))
    ready, resting, refused = [], [], []
    waits: list[tuple[float, State]] = []
    for account in able:
        standing = standings.get(account.id, _FINE)
        if standing.state in _READY:
            ready.append(account)
        elif standing.state is State.RESTING:
            resting.append(account)
        elif standing.state is State.REFUSED:
            refused.append(account)
        else:
            waits.append((standing.left, standing.state))
    order = _favoured(_ordered(ready, standings, wish), wish)
    wait = 0.0
    if wish.mode == "CacheFirst" and wish.bound and not (order and order[0].id in (wish.bound, wish.preferred)):
        standing = standings.get(wish.bound, _FINE)
        bound = next((account for account in able if account.id == wish.bound), None)
        if bound is not None and standing.state in (State.LOCKED, State.PROBED) and standing.left <= wish.max_wait:
            order, wait = (bound, *order), max(standing.left, 0.001)
    resting.sort(key=lambda account: standings[account.id].left)
    order += tuple(resting)
    if not waits:
        order += tuple(refused)
    if order:
        return Choice(order, wait)
    left, state = min(waits, key=lambda entry: entry[0], default=(None, State.FREE))
    return Choice(left=left, state=state)


def _ordered(accounts: list[Account], standings: Mapping[str, Standing], wish: Wish) -> list[Account]:
    count = len(accounts)
    if count < 2:
        return accounts
    if wish.mode == "PerformanceFirst":
        return _rotated(accounts, wish.turn)
    if not standings and accounts[0].position != accounts[1].position:
        return accounts  # in the operator's order already: the first is alone in its place
    turned = _rotated(accounts, wish.turn)

    def place(account: Account) -> tuple[int, int, float]:
        standing = standings.get(account.id, _FINE)
        return account.position, -standing.quota, -round(standing.health, 1)

    return sorted(turned, key=place)


def _rotated(accounts: list[Account], turn: int) -> list[Account]:
    """The accounts beginning with the one whose turn it is. Heavier ones come to their turn more often."""
    weight = accounts[0].weight
    if all(account.weight == weight for account in accounts):
        start = turn % len(accounts)
    else:
        mark = (turn * _GOLDEN % 1.0) * sum(account.weight for account in accounts)
        start = 0
        for number, account in enumerate(accounts):
            mark -= account.weight
            if mark < 0:
                start = number
                break
    return accounts[start:] + accounts[:start]


def _favoured(accounts: list[Account], wish: Wish) -> tuple[Account, ...]:
    """The preferred account first, else the conversation's own."""
    for favourite in (wish.preferred, wish.bound if wish.mode != "PerformanceFirst" else None):
        if favourite is not None:
            for number, account in enumerate(accounts):
                if account.id == favourite:
                    return (account, *accounts[:number], *accounts[number + 1 :])
    return tuple(accounts)
