"""The services of the accounts, together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.core.settings import Settings
from crawdad.services.accounts.checking import Checking
from crawdad.services.accounts.devices import Devices
from crawdad.services.accounts.keeping import Keeping
from crawdad.services.accounts.pool import Pool
from crawdad.services.accounts.refreshing import Refreshing
from crawdad.services.accounts.registry import Registry
from crawdad.services.accounts.transfer import Transfer
from crawdad.services.catalogue import Provider


@dataclass(frozen=True, slots=True)
class AccountServices:
    """What routes and commands work with."""

    pool: Pool
    keeping: Keeping
    checking: Checking
    devices: Devices
    registry: Registry
    refreshing: Refreshing
    transfer: Transfer
    settings: Callable[[], Settings]

    async def dressed(self, provider: Provider) -> Provider:
        """A provider as one of its accounts reaches it; as it is where it has none that is of use."""
        for account in self.pool.snapshot.by_provider.get(provider.id, ()):
            if account.usable:
                return await self.checking.ready(account)
        return provider
