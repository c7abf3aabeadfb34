"""What services need from the world, as protocols. Adapters and the store implement them; tests hand in fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from crawdad.core.events import StreamEvent
from crawdad.core.exchange import Exchange
from crawdad.core.happenings import Event
from crawdad.core.request import ModelRequest
from crawdad.core.secret import Secret


class Clock(Protocol):
    """Time. `now` is Unix time in seconds; `monotonic` never goes back."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Runner(Protocol):
    """This process among those that share a database. `name` is unique, also among the dead."""

    name: str

    async def is_alive(self, runner: str) -> bool:
        """Whether the process called `runner` lives. In doubt it does."""


class Randomness(Protocol):
    """Chance and identity."""

    def uniform(self) -> float:
        """A number in [0, 1)."""

    def new_id(self) -> str:
        """A unique id of letters and digits that sorts by time of making."""

    def new_token(self) -> str:
        """A fresh secret with at least 192 bits of chance, safe in a header."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one upstream call, in seconds."""

    connect: float = 10.0
    first_byte: float = 300.0
    idle: float = 120.0

    @property
    def whole(self) -> float:
        """For an answer that is read as one, after its head: one that comes byte by byte is never silent, nor ever done."""
        return self.first_byte + 10 * self.idle


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """One HTTP call to an upstream. `guarded` calls pass the SSRF guard (their URL came from a client). They follow
    redirects, each looked at like the first, unless `redirects` is off. `once`: it must not be sent twice, so that it goes
    out on a connection of its own (a kept one may turn out to have been closed, and the call is then made again)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    guarded: bool = False
    proxy: str | None = None
    redirects: bool = True
    once: bool = False


class UpstreamAnswer(Protocol):
    """An upstream's answer whose body has yet to be read. Must be closed; closing early drops the connection."""

    status: int
    url: str
    """Where it came from, after redirects."""
    headers: Mapping[str, str]
    """Looked up in lower case; names are compared without regard to case."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; the reader's pace is the upstream's. Raises `GatewayError` on time-out or a lost link."""

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises UPSTREAM_BROKEN when it is longer than `limit` bytes, UPSTREAM_TIMEOUT when it takes
        longer than `Timeouts.whole`."""

    async def close(self) -> None:
        """Let go of the connection (back to the pool when the body was read to its end)."""


class Transport(Protocol):
    """HTTP to the outside. Raises `GatewayError` (UPSTREAM_BROKEN, UPSTREAM_TIMEOUT) when no answer comes; `NotReached`
    where nothing has been sent."""

    async def send(self, call: UpstreamCall) -> UpstreamAnswer: ...


class ModelSource(Protocol):
    """Anything that can take a turn: an upstream, an agent, a canned answer."""

    def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]: ...


class Journal(Protocol):
    """Where finished exchanges go. `record` returns at once; the exchange survives a kill of the process, or is counted."""

    def record(self, exchange: Exchange) -> None: ...

    @property
    def dropped(self) -> int:
        """How many exchanges were not kept because the queue was full, since the data directory was made."""


class Bus(Protocol):
    """Domain events to whoever listens, in this process and (in a cluster) in the others."""

    async def publish(self, event: Event) -> None: ...

    def subscribe(self, topics: Sequence[str]) -> AsyncIterator[Event]:
        """Events whose topic matches one of `topics` (a trailing `*` matches the rest). The queue behind it is bounded."""


class Leases(Protocol):
    """Mutual exclusion with an expiry, in this process or in the whole cluster."""

    async def claim(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease `name` for `holder`. False when another holds it."""

    async def release(self, name: str, holder: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether something was set aside; `seconds` until the window ends, and `window`: which one it is."""

    granted: bool
    seconds: float
    window: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a window holds: what was counted in it, what is set aside, and the seconds until it ends."""

    used: int
    reserved: int
    seconds: float


class RateCounter(Protocol):
    """Counts per key and window of time, in this process or in the whole cluster. A key's window begins with the first count
    in it. Amounts are whole numbers."""

    async def add(self, key: str, amount: int, limit: int, window: int = 60) -> tuple[bool, float]:
        """Add `amount` to the current window unless that exceeds `limit`: `(added, seconds until the window ends)`."""

    async def reserve(self, key: str, least: int, most: int, limit: int, window: int = 60) -> Grant:
        """Set `most` aside if there is room for it, or, where nothing else is set aside, if there is for `least`."""

    async def settle(self, key: str, reserved: int, used: int, made: Grant, window: int = 60) -> None:
        """Count `used` and give back what `made` had set aside. Of a window that is over nothing is left to give back; what
        was used counts in the present one then."""

    async def look(self, key: str, window: int = 60) -> Counted | None:
        """What the present window holds; None: none has begun."""


class SecretBox(Protocol):
    """Encryption at rest."""

    def encrypt(self, value: str) -> str: ...

    def decrypt(self, token: str) -> str: ...


class SudoPassword(Protocol):
    """The password of `sudo` that an operator left for updates that need it."""

    async def reveal(self) -> Secret | None:
        """The password; None: none was left. Ask when it is needed, and keep it no longer."""
