"""The one door that every credential goes through."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.services.identity.lockout import Lockout

_MOST_CHARACTERS = 512
LOCAL = Principal("local", "local", "local", EVERYTHING)
"""Whoever asks while authentication is off (allowed on loopback only)."""


def hash_credential(value: str) -> str:
    """How credentials are stored and compared. They carry at least 192 bits of chance, so a plain hash is enough, and
    looking a hash up tells nothing of how much of a guess was right."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class Door:
    """Knows every live credential by its hash; checking one costs a hash and a dictionary look-up, never the database."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lockout = Lockout(clock)
        self._principals: Mapping[str, Principal] = MappingProxyType({})
        self._open = False
        self.generation = 0
        """Changes whenever the live principals do: whoever stays connected looks then whether it still may."""
        self._used: dict[str, float] = {}
        self._ended: frozenset[str] = frozenset()

    def limit(self, attempts: int, window: float, lockout: float, exempt_loopback: bool) -> None:
        """How many wrong guesses lock an address out, within how many seconds, and for how many."""
        self._lockout.limit(attempts, window, lockout, exempt_loopback)

    def replace(self, principals: Mapping[str, Principal], authentication: bool) -> None:
        """Swap in the live principals, by credential hash."""
        self._principals = MappingProxyType(dict(principals))
        self._open = not authentication
        self.generation += 1

    def end_sessions(self, ended: frozenset[str]) -> None:
        """The ids of sessions that somebody signed out of before their time was over."""
        if ended != self._ended:
            self._ended = ended
            self.generation += 1

    def has_ended(self, session: str) -> bool:
        """Whether a session is among them."""
        return session in self._ended

    def holder(self, principal_id: str) -> Principal | None:
        """The living principal of that id, for work that goes on in its name when nobody is at the door."""
        if self._open and principal_id == LOCAL.id:
            return LOCAL
        found = next((each for each in self._principals.values() if each.id == principal_id), None)
        if found is None or (found.expires_at is not None and found.expires_at <= self._clock.now()):
            return None
        return found

    def hash_of(self, principal_id: str) -> str:
        """The hash of a living principal's credential, empty where it needed none."""
        return next((key for key, each in self._principals.items() if each.id == principal_id), "")

    def knows(self, credential: str) -> bool:
        """Whether a credential is one of ours. Asking counts as no guess: one request may carry several credentials, and a
        stale one beside the right one is no attack."""
        return len(credential) <= _MOST_CHARACTERS and hash_credential(credential) in self._principals

    def check_address(self, address: str) -> None:
        """Raise RATE_LIMITED for an address that keeps guessing."""
        left = self._lockout.seconds_left(address)
        if left > 0:
            text = Text("http.locked_out", {"seconds": int(left) + 1})
            raise GatewayError(ErrorKind.RATE_LIMITED, text, {"code": "locked_out"}, retry_after=int(left) + 1)

    def guessed(self, address: str) -> None:
        """Count a wrong credential that somebody else checked."""
        self._lockout.failed(address)

    def enter(self, credential: str | None, address: str) -> Principal:
        """Who presents `credential`. Raises UNAUTHENTICATED, RATE_LIMITED for an address that keeps guessing, and FORBIDDEN
        for one that the key may not come from."""
        if self._open:
            return LOCAL
        self.check_address(address)
        if not credential:
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.missing"), {"code": "invalid_api_key"})
        found = None
        if len(credential) <= _MOST_CHARACTERS:
            found = self._principals.get(hash_credential(credential))
        if found is None:
            self._lockout.failed(address)
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.unknown"), {"code": "invalid_api_key"})
        now = self._clock.now()
        if found.expires_at is not None and found.expires_at <= now:
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.expired"), {"code": "expired_api_key"})
        if not found.limits.allow_address(address):
            text = Text("identity.address_forbidden", {"address": address[:60]})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "network_not_allowed"})
        self._used[found.id] = now
        return found

    def take_uses(self) -> Mapping[str, float]:
        """Who came in since the last call, by principal id, and when last."""
        used, self._used = self._used, {}
        return used
