"""Accounts that have to rest: how long, and who may try first when the rest is over.

A lock is of an account and a model (the empty model: all of them). When its time is over it is half-open: exactly one request
probes; success removes the lock, failure makes the next rest longer. Durations run on the monotonic clock, so that a jump of
the wall clock neither frees an account nor locks it for good; what is kept across restarts is wall time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from crawdad.core.ports import Clock
from crawdad.store.accounts import StoredLock

LADDER = (60.0, 300.0, 1800.0, 7200.0)
"""Seconds to rest after the first, second, … failure in a row, where a longer allowance is used up or a credential refused."""
_FIRST = {"rate_limit": 30.0, "capacity": 15.0, "server_error": 20.0, "unknown": 60.0}
"""Seconds to rest after the first failure for other reasons; each failed probe doubles them."""
_SHORTEST, _LONGEST = 2.0, 86400.0
_FORGOTTEN_SECONDS = 3600.0
_FAULTS = frozenset({"server_error"})
_REFUSALS = frozenset({"unauthorized", "forbidden"})
WHOLE_ACCOUNT = frozenset({"unauthorized", "spent"})
"""Reasons that concern all models of an account."""

Key = tuple[str, str]
"""Account and model."""


class State(Enum):
    """How an account stands for one model. `RESTING` (a fault of the vendor's own) and `REFUSED` (its credential was not
    taken) are passed over while another account can serve, and tried all the same when none can: nobody asked us to wait."""

    FREE = "free"
    HALF_OPEN = "half_open"
    PROBED = "probed"
    RESTING = "resting"
    REFUSED = "refused"
    LOCKED = "locked"
    PROTECTED = "protected"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock in this process. `deadline` is monotonic; the other times are Unix seconds."""

    key: Key
    deadline: float
    until: float
    reason: str
    failures: int
    failed_at: float


def rest_seconds(reason: str, failures: int, told: float | None) -> float:
    """How long to rest after that many failures in a row. What the vendor `told` counts, within reason."""
    if told is not None:
        return min(max(_SHORTEST, math.ceil(told)), _LONGEST)
    first = _FIRST.get(reason)
    if first is None:
        return LADDER[min(max(failures, 1), len(LADDER)) - 1]
    return min(first * 2.0 ** min(failures - 1, 20), LADDER[-1])


class Locks:
    """All locks that this process knows of."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locks: dict[Key, Lock] = {}
        self._probed: set[Key] = set()
        self._put: dict[Key, Lock] = {}
        self._cleared: set[Key] = set()

    def __bool__(self) -> bool:
        return bool(self._locks)

    def all(self) -> list[Lock]:
        """Every lock whose time is not over."""
        now = self._clock.monotonic()
        return [lock for lock in self._locks.values() if lock.deadline > now]

    def state(self, account_id: str, model: str) -> tuple[State, float]:
        """How an account stands for a model, and the seconds that its rest still lasts."""
        worst, left = State.FREE, 0.0
        for key in ((account_id, ""), (account_id, model)):
            lock = self._locks.get(key)
            if lock is not None:
                state, seconds = self._state(lock)
                if _SEVERITY[state] > _SEVERITY[worst]:
                    worst, left = state, seconds
                elif state is worst:
                    left = max(left, seconds)
        return worst, left

    def fail(self, account_id: str, model: str, reason: str, told: float | None) -> Lock:
        """An account failed for a model: it rests. Failures of requests that were under way before count as one."""
        key = (account_id, "" if reason in WHOLE_ACCOUNT else model)
        now, before = self._clock.monotonic(), self._locks.get(key)
        failures = 1
        if before is not None and before.deadline > now and key not in self._probed:
            failures = before.failures  # more of the same storm
        elif before is not None and not self._is_forgotten(before, now):
            failures = before.failures + 1
        seconds = rest_seconds(reason, failures, told)
        if before is not None and before.deadline - now > seconds and _weight(before.reason) >= _weight(reason):
            seconds, reason = before.deadline - now, before.reason
        wall = self._clock.now()
        lock = Lock(key, now + seconds, wall + seconds, reason, failures, wall)
        self._keep(lock)
        self._put[key] = lock
        self._cleared.discard(key)
        return lock

    def succeed(self, account_id: str, model: str) -> bool:
        """An account served a model; whether that ended a lock. A request that began before the vendor asked us to wait ends
        no lock by ending well."""
        ended = False
        for key in ((account_id, ""), (account_id, model)):
            lock = self._locks.get(key)
            if lock is not None and self._state(lock)[0] is not State.LOCKED:
                self._remove(key)
                ended = True
        return ended

    def half_open(self, account_id: str, model: str) -> Key | None:
        """The lock that a request for this model would probe."""
        for key in ((account_id, ""), (account_id, model)):
            lock = self._locks.get(key)
            if lock is not None and self._state(lock)[0] is State.HALF_OPEN:
                return key
        return None

    def begin_probe(self, key: Key) -> bool:
        """Take the one probe of a lock. False when another has it."""
        if key in self._probed or key not in self._locks:
            return False
        self._probed.add(key)
        return True

    def end_probe(self, key: Key) -> None:
        """Give the probe back: whatever came of it has been told."""
        self._probed.discard(key)

    def clear(self, account_id: str | None = None) -> int:
        """Remove the locks of one account, or all: how many there were."""
        keys = [key for key in self._locks if account_id in (None, key[0])]
        for key in keys:
            self._remove(key)
        return len(keys)

    def clear_faults(self) -> int:
        """Remove those that only faults of the vendors' own have put there: how many there were."""
        keys = [key for key, lock in self._locks.items() if lock.reason in _FAULTS]
        for key in keys:
            self._remove(key)
        return len(keys)

    def keep_only(self, account_ids: frozenset[str]) -> None:
        """Forget the locks of accounts that are gone, and failures of long ago."""
        now = self._clock.monotonic()
        for key, lock in list(self._locks.items()):
            if key[0] not in account_ids or self._is_forgotten(lock, now):
                self._locks.pop(key, None)
                self._put.pop(key, None)
                self._cleared.add(key)

    def changes(self) -> tuple[list[Lock], set[Key]]:
        """What changed here since the last call: locks to keep, and keys whose locks are gone."""
        put, cleared = list(self._put.values()), self._cleared
        self._put, self._cleared = {}, set()
        return put, cleared

    def take_back(self, put: Iterable[Lock], cleared: Iterable[Key]) -> None:
        """Changes that could not be written: to be written the next time, unless newer ones took their place."""
        for lock in put:
            if lock.key not in self._cleared and self._locks.get(lock.key) is not None:
                self._put.setdefault(lock.key, lock)
        self._cleared |= {key for key in cleared if key not in self._put}

    def restore(self, stored: Iterable[StoredLock]) -> None:
        """Take up what is in the database in place of what is known here, apart from changes not yet written."""
        self._locks = {key: lock for key, lock in self._locks.items() if key in self._put}
        for lock in stored:
            if (lock.account_id, lock.model) not in self._put and (lock.account_id, lock.model) not in self._cleared:
                self.learn(lock)

    def learn(self, stored: StoredLock) -> None:
        """Take up one lock that another process made."""
        wall, now = self._clock.now(), self._clock.monotonic()
        # However far the wall clock jumped meanwhile, nobody rests longer than was asked for.
        left = min(stored.until - wall, max(0.0, stored.until - stored.failed_at), _LONGEST)
        key = (stored.account_id, stored.model)
        self._keep(Lock(key, now + left, stored.until, stored.reason, stored.failures, stored.failed_at))

    def forget(self, account_id: str, model: str | None = None) -> None:
        """Another process removed a lock (all of the account where no model is named)."""
        for key in [key for key in self._locks if key[0] == account_id and model in (None, key[1])]:
            self._locks.pop(key, None)
            self._put.pop(key, None)

    def _keep(self, lock: Lock) -> None:
        self._locks[lock.key] = lock

    def _remove(self, key: Key) -> None:
        self._locks.pop(key, None)
        self._put.pop(key, None)
        self._cleared.add(key)

    def _is_forgotten(self, lock: Lock, now: float) -> bool:
        return now - lock.deadline > _FORGOTTEN_SECONDS

    def _state(self, lock: Lock) -> tuple[State, float]:
        now = self._clock.monotonic()
        left = lock.deadline - now
        if left > 0:
            if lock.reason in _FAULTS:
                return State.RESTING, left
            return (State.REFUSED if lock.reason in _REFUSALS else State.LOCKED), left
        if lock.reason in _FAULTS or self._is_forgotten(lock, now):
            return State.FREE, 0.0
        if lock.key in self._probed:
            return (State.REFUSED if lock.reason in _REFUSALS else State.PROBED), 0.0
        return State.HALF_OPEN, 0.0


def _weight(reason: str) -> int:
    """A shorter wait that a vendor asks for counts more than a longer rest that we chose ourselves."""
    return 0 if reason in _FAULTS else 1


_SEVERITY = {state: number for number, state in enumerate(State)}


def as_stored(lock: Lock) -> StoredLock:
    """The lock as it is kept."""
    return StoredLock(lock.key[0], lock.key[1], lock.until, lock.reason, lock.failures, lock.failed_at)
