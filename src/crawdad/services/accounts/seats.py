"""Offers with an account's credential in them, made once for each account and model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from crawdad.core.accounts import Account
from crawdad.core.settings import ProviderSettings
from crawdad.services.catalogue.offers import PROTOCOL_OF_API, Offer, Provider, Seat
from crawdad.services.upstreams import ProxyFor, credential_headers
from crawdad.wire.profiles import vendor_profile
from crawdad.wire.refusals import Refusal

_MOST_KEPT = 4096
_CREDENTIALS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})
TOKEN_KINDS = frozenset({"google_oauth", "vertex_service_account"})
"""Kinds whose credential is a token that expires: its headers are asked for anew each time."""


class Listener(Protocol):
    """Who learns what accounts were answered."""

    def heard(
        self, account_id: str, model: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Refusal | None: ...


class AccountSeat:
    """The `Seat` of one account, for one model."""

    __slots__ = ("_listener", "account_id", "model")

    def __init__(self, account_id: str, model: str, listener: Listener) -> None:
        self.account_id = account_id
        self.model = model
        self._listener = listener

    def heard(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> Refusal | None:
        """Pass on what was heard."""
        return self._listener.heard(self.account_id, self.model, status, headers, body)


class BoundOffers:
    """Makes and keeps them; `forget` when accounts or settings change."""

    def __init__(
        self, listener: Listener, configured: Callable[[str], ProviderSettings | None], proxy_for: ProxyFor
    ) -> None:
        self._listener = listener
        self._configured = configured
        self._proxy_for = proxy_for
        self._kept: dict[tuple[str, str], tuple[Offer, Account, Offer]] = {}
        self._dressed: dict[tuple[str, str], tuple[Offer, Mapping[str, str], Offer]] = {}

    def of(self, offer: Offer, account: Account) -> Offer:
        """`offer` in the name of `account`."""
        key = (account.id, offer.name)
        kept = self._kept.get(key)
        if kept is not None and kept[1] is account and _same(kept[0], offer):
            return kept[2]
        provider = bound_provider(offer.provider, account, self._configured(account.provider), self._proxy_for)
        seat: Seat = AccountSeat(account.id, offer.model, self._listener)
        protocol = provider.protocol_of(offer.model) if account.api else offer.protocol
        bound = replace(offer, provider=provider, protocol=protocol, seat=seat)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (offer, account, bound)
        return bound

    def dressed(self, offer: Offer, headers: Mapping[str, str]) -> Offer:
        """`offer` with the token of the moment in its headers; made once for each token."""
        assert offer.seat is not None
        key = (offer.seat.account_id, offer.name)
        kept = self._dressed.get(key)
        if kept is not None and kept[0] is offer and kept[1] is headers:
            return kept[2]
        dressed = replace(offer, provider=replace(offer.provider, headers={**offer.provider.headers, **headers}))
        if len(self._dressed) >= _MOST_KEPT:
            self._dressed.clear()
        self._dressed[key] = (offer, headers, dressed)
        return dressed

    def forget(self) -> None:
        """Make them anew."""
        self._kept.clear()
        self._dressed.clear()


def _same(one: Offer, other: Offer) -> bool:
    """Whether two offers are of one catalogue; those of open-ended providers are made anew for every request."""
    return one is other or (one.provider is other.provider and one.settings is other.settings)


def bound_provider(
    provider: Provider, account: Account, configured: ProviderSettings | None, proxy_for: ProxyFor
) -> Provider:
    """The provider as `account` reaches it. Headers of the settings that hold another credential are left out."""
    protocol = PROTOCOL_OF_API[account.api] if account.api else provider.protocol
    base_url = account.base_url or provider.base_url
    kept = configured.headers if configured else {}
    like = ProviderSettings(
        base_url=base_url,
        api_key=None if account.kind in TOKEN_KINDS else account.secret,
        auth_header=configured.auth_header if configured else False,
        headers={name: value for name, value in kept.items() if name.lower() not in _CREDENTIALS},
    )
    moved = base_url != provider.base_url or protocol != provider.protocol
    own_proxy = configured.proxy if configured else None
    profile = provider.profile
    if moved:
        profile = vendor_profile(protocol, base_url, configured.profile if configured else None)
    return replace(
        provider,
        base_url=base_url,
        protocol=protocol,
        headers=credential_headers(protocol, like, profile),
        profile=profile,
        proxy=(own_proxy or proxy_for(base_url)) if moved else provider.proxy,
    )
