"""Locking out addresses that keep guessing credentials. Pure but for the clock; memory is bounded."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from crawdad.core.ports import Clock

_MOST_ADDRESSES = 10_000
_LOOPBACK = ("127.0.0.1", "::1", "")


class PassedOn(str):
    """This machine's own address, where a proxy on it speaks for somebody whom it is not trusted to name. It is nobody's place:
    whoever comes so is not spared as local programs are, and does not lock them out."""

    __slots__ = ()


class Lockout:
    """`attempts` failures within `window` seconds lock an address out for `lockout` seconds.

    Loopback is exempt unless told otherwise: every local program shares that address, and a typo in one must not lock out the
    others. Who comes by a proxy (`PassedOn`) is no local program. Of IPv6 the network counts: whoever has one address has the
    other 2⁶⁴ of it.
    """

    def __init__(
        self,
        clock: Clock,
        attempts: int = 10,
        window: float = 60.0,
        lockout: float = 300.0,
        exempt_loopback: bool = True,
    ) -> None:
        self._clock = clock
        self.limit(attempts, window, lockout, exempt_loopback)
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._locked: OrderedDict[str, float] = OrderedDict()

    def limit(self, attempts: int, window: float, lockout: float, exempt_loopback: bool) -> None:
        """Change the rules; who is locked out stays so."""
        self._attempts = attempts
        self._window = window
        self._lockout = lockout
        self._exempt_loopback = exempt_loopback

    def seconds_left(self, address: str) -> float:
        """How long `address` stays locked out; 0 when it is not."""
        if not self._locked:
            return 0.0
        who = _network(address)
        until = self._locked.get(who)
        if until is None:
            return 0.0
        left = until - self._clock.monotonic()
        if left <= 0:
            del self._locked[who]
            return 0.0
        return left

    def failed(self, address: str) -> None:
        """A wrong credential came from `address`."""
        if self._exempt_loopback and not isinstance(address, PassedOn) and _plain(address) in _LOOPBACK:
            return
        who, now = _network(address), self._clock.monotonic()
        recent = [at for at in self._failures.pop(who, ()) if now - at < self._window]
        recent.append(now)
        if len(recent) >= self._attempts:
            self._locked[who] = now + self._lockout
            _trim(self._locked)
            return
        self._failures[who] = recent
        _trim(self._failures)


def _network(address: str) -> str:
    if isinstance(address, PassedOn):
        return f"{address} by proxy"
    address = _plain(address)
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


def _plain(address: str) -> str:
    """An IPv4 address as itself, also where a socket for both kinds tells it as one of IPv6: all of those share one network."""
    if not address.lower().startswith("::ffff:"):
        return address
    try:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return address if mapped is None else str(mapped)


def _trim(table: OrderedDict[str, object] | OrderedDict[str, float] | OrderedDict[str, list[float]]) -> None:
    while len(table) > _MOST_ADDRESSES:
        table.popitem(last=False)
