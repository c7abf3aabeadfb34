"""How an account is: from evidence of life, never from the mere fact that a task of it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from crawdad.core.text import Text

AccountState = Literal[
    "stopped", "not_configured", "starting", "connected", "degraded", "needs_login", "error", "elsewhere"
]
"""`degraded`: it runs, but the link is down or was not heard of for too long; `elsewhere`: another process holds it, and has
not told how it is."""
STATES: frozenset[str] = frozenset(get_args(AccountState))
TOLD_SECONDS = 35.0
"""For how long what another process tells holds."""


@dataclass(slots=True)
class AccountStatus:
    """What is known of an account. Times are Unix seconds; None: never."""

    silence_seconds: float
    enabled: bool = True
    configured: bool = True
    running: bool = False
    elsewhere: bool = False
    """Another process holds the account; the rest is as that one tells."""
    told: AccountState | None = None
    told_at: float = 0.0
    signed_out: bool = False
    fault: Text | str | None = None
    """What keeps it from running at all."""
    last_error: Text | str | None = None
    identity: str = ""
    heard_at: float | None = None
    lost_at: float | None = None
    connected_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    inbound_at: float | None = None
    outbound_at: float | None = None
    reconnects: int = 0
    probe: dict[str, object] = field(default_factory=dict)
    probed_at: float | None = None

    def state(self, now: float) -> AccountState:
        """How the account is at `now`."""
        if not self.enabled:
            return "stopped"
        if not self.configured:
            return "not_configured"
        if self.elsewhere:
            return "elsewhere" if self.told is None or now - self.told_at > TOLD_SECONDS else self.told
        if self.signed_out:
            return "needs_login"
        if self.fault is not None:
            return "error"
        if not self.running:
            return "stopped"
        if self.lost_at is not None:
            return "degraded"
        if self.heard_at is None:
            started = self.started_at if self.started_at is not None else now
            return "degraded" if now - started > self.silence_seconds else "starting"
        return "degraded" if now - self.heard_at > self.silence_seconds else "connected"

    def taken(self) -> None:
        """It is this process that holds the account now: what another told of it is over."""
        self.elsewhere, self.told, self.running = False, None, False
        self.fault = self.heard_at = self.lost_at = self.started_at = None

    def silent(self, now: float) -> bool:
        """Whether nothing was heard for too long, although it runs."""
        since = max(self.heard_at or 0.0, self.started_at or 0.0)
        return self.running and now - since > self.silence_seconds

    def started(self, now: float) -> None:
        """It is being run, once more."""
        if self.started_at is not None:
            self.reconnects += 1
        self.running, self.signed_out, self.elsewhere = True, False, False
        self.fault, self.started_at, self.heard_at, self.lost_at = None, now, None, None

    def stopped(self, now: float) -> None:
        """It runs no more."""
        self.running, self.stopped_at = False, now

    def heard(self, now: float, identity: str = "") -> bool:
        """The link works. Returns whether it did not before."""
        fresh = self.heard_at is None or self.lost_at is not None
        if fresh:
            self.connected_at = now
        self.heard_at, self.lost_at, self.identity = now, None, identity or self.identity
        return fresh

    def lost(self, now: float, reason: Text | str) -> None:
        """The link is down."""
        if self.lost_at is None and self.heard_at is not None:
            self.reconnects += 1
        self.lost_at, self.last_error = now, reason
