"""The accounts as routing sees them: immutable, swapped as a whole when any of them changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from crawdad.core.accounts import Account
from crawdad.core.settings import ProviderSettings
from crawdad.core.vendors import Vendor


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All accounts, by id and by provider (there in the operator's order)."""

    accounts: Mapping[str, Account] = field(default_factory=lambda: MappingProxyType({}))
    by_provider: Mapping[str, tuple[Account, ...]] = field(default_factory=lambda: MappingProxyType({}))
    current: str | None = None
    preferred: str | None = None

    def changed(self, account: Account) -> Snapshot:
        """The snapshot with one account as it is now."""
        accounts = {**self.accounts, account.id: account}
        return snapshot_of(accounts.values(), self.current, self.preferred)


def snapshot_of(accounts: Iterable[Account], current: str | None, preferred: str | None) -> Snapshot:
    """The snapshot of accounts that come in the operator's order."""
    ordered = sorted(accounts, key=lambda account: account.position)
    by_provider: dict[str, list[Account]] = {}
    for account in ordered:
        by_provider.setdefault(account.provider, []).append(account)
    return Snapshot(
        MappingProxyType({account.id: account for account in ordered}),
        MappingProxyType({provider: tuple(found) for provider, found in by_provider.items()}),
        current,
        preferred,
    )


@dataclass(frozen=True, slots=True)
class Brought:
    """A provider that is not configured but that accounts bring. `models` are those that accounts name, `closed` says that
    all of them do, so that it has no others."""

    settings: ProviderSettings
    models: tuple[str, ...] = ()
    closed: bool = False


def brought_providers(
    snapshot: Snapshot, configured: Mapping[str, ProviderSettings], vendors: Mapping[str, Vendor]
) -> dict[str, Brought]:
    """The providers that only accounts know of."""
    found = {}
    for provider_id, accounts in snapshot.by_provider.items():
        if provider_id not in configured:
            settings = settings_of(provider_id, accounts, vendors)
            if settings is not None:
                found[provider_id] = Brought(settings, *_named(accounts))
    return found


def settings_of(
    provider_id: str, accounts: Iterable[Account], vendors: Mapping[str, Vendor]
) -> ProviderSettings | None:
    """How a provider that is not configured is reached: as its first account says, or as is known of the vendor. None:
    nobody knows."""
    vendor = vendors.get(provider_id)
    for account in accounts:
        base_url = account.base_url or (vendor.base_url if vendor else None)
        if base_url is not None:
            api = account.api or (vendor.api if vendor else "openai-completions")
            return ProviderSettings(base_url=base_url, api=api)
    return None


def _named(accounts: Iterable[Account]) -> tuple[tuple[str, ...], bool]:
    lists = [account.models for account in accounts]
    names = dict.fromkeys(name for models in lists for name in models if "*" not in name)
    return tuple(names), all(models and not any("*" in name for name in models) for models in lists)
