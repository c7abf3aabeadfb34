"""What people see of accounts and of events that nothing could be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Account, ChannelKind
from crawdad.core.parts import JsonObject
from crawdad.services.channels.status import AccountStatus
from crawdad.store.channel_rows import StoredEvent


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as those who look at it see it. `counts`: waiting, ordered and dead events, parked, failed and unknown
    deliveries; `settings` None: they cannot work, and `status.fault` says why."""

    account: Account
    kind: ChannelKind
    settings: ChannelSettings | None
    status: AccountStatus
    state: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that nothing could be made of, as the platform sent it. `received_at` in Unix seconds."""

    id: str
    account: Account
    event_id: str
    reason: str
    attempts: int
    received_at: float
    event: JsonObject | None


def dead_letter(event: StoredEvent) -> DeadLetter:
    """What people see of a kept event that was given up."""
    return DeadLetter(
        event.id, event.account, event.event_id, event.reason, event.attempts, event.received_at, event.raw
    )
