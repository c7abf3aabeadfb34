"""Looking whether a vendor takes a credential: by one cheap call, the list of models. Where that list is open to everybody it
is what the vendor tells of the key, or else one token of a small model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Transport
from crawdad.core.settings import ProviderSettings
from crawdad.core.text import Text
from crawdad.core.vendors import Vendor
from crawdad.services.accounts.pool import Tokens
from crawdad.services.accounts.seats import TOKEN_KINDS, bound_provider
from crawdad.services.accounts.snapshot import settings_of
from crawdad.services.catalogue import Provider
from crawdad.services.discovery import Heard, list_models, probe_key, told_of_key
from crawdad.services.upstreams import ProxyFor, provider_of
from crawdad.wire.model_lists import LIST_PATHS

REFUSED = "credential_refused"
_NO_LIST = (404, 405, 501)
_UNREACHED = frozenset(
    (ErrorKind.UPSTREAM_ERROR, ErrorKind.UPSTREAM_TIMEOUT, ErrorKind.UPSTREAM_BROKEN, ErrorKind.OVERLOADED)
)
"""What tells nothing of a key. Every other refusal (a model that is not there, too many requests) comes behind the door."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking a vendor. `models` is its list, None where it has none; `proven` whether the credential was looked at
    rather than taken at its word."""

    models: list[ListedModel] | None
    proven: bool


class Checking:
    """Asks vendors in the name of accounts."""

    def __init__(
        self,
        transport: Transport,
        configured: Callable[[str], ProviderSettings | None],
        proxy_for: ProxyFor,
        tokens: Tokens | None = None,
        *,
        vendors: Mapping[str, Vendor],
    ) -> None:
        self._transport = transport
        self._configured = configured
        self._proxy_for = proxy_for
        self.tokens = tokens
        self._vendors = vendors

    def knows(self, provider_id: str) -> bool:
        """Whether the settings have the provider, or a plugin brings the vendor."""
        return self._configured(provider_id) is not None or provider_id in self._vendors

    def provider(self, account: Account) -> Provider:
        """The provider as the account reaches it. Raises BAD_REQUEST where nobody knows its address."""
        settings = self._configured(account.provider) or settings_of(account.provider, [account], self._vendors)
        if settings is None:
            raise bad_request("accounts.no_address", "baseUrl", provider=account.provider)
        provider = provider_of(account.provider, settings, self._proxy_for)
        return bound_provider(provider, account, self._configured(account.provider), self._proxy_for)

    async def check(
        self,
        account: Account,
        hear: Heard | None = None,
        hear_of_key: Callable[[Any], None] | None = None,
        spend: bool = False,
    ) -> Checked:
        """Ask the vendor for its list of models with the account's credential. Raises BAD_REQUEST with code
        `credential_refused`, and what the call raises. `hear` learns from that answer, `hear_of_key` from what the vendor
        tells of the key, where it does. `spend`: a token may be spent where nothing else shows whether the key is taken."""
        provider = await self.ready(account)
        fresh = account.kind in TOKEN_KINDS  # a token was given out for it, or still counts
        if provider.protocol not in LIST_PATHS:
            return Checked(None, fresh)
        try:
            await self._ask_of_key(provider, hear_of_key)
            found = await list_models(provider, self._transport, heard=hear)
            if provider.profile.key_probe and spend:
                await self._probe(provider)
            return Checked(found, spend or not provider.profile.key_probe)
        except GatewayError as error:
            if error.details.get("code") == "upstream_credential_refused" and self._forgets(account):
                return await self.check(account, hear, hear_of_key, spend)
            if error.details.get("code") == "upstream_credential_refused" or error.kind is ErrorKind.FORBIDDEN:
                values = {"label": account.label, "message": error.message()}
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("accounts.refused", values), {"code": REFUSED}) from None
            if error.details.get("status") in _NO_LIST:
                return Checked(None, fresh)
            raise

    async def _probe(self, provider: Provider) -> None:
        try:
            await probe_key(provider, self._transport)
        except GatewayError as error:
            if error.kind in _UNREACHED or error.kind is ErrorKind.FORBIDDEN:
                raise

    async def _ask_of_key(self, provider: Provider, hear: Callable[[Any], None] | None) -> None:
        if not provider.profile.key_path:
            return
        try:
            told = await told_of_key(provider, self._transport)
        except GatewayError as error:
            if error.details.get("status") not in _NO_LIST:  # somebody else's server of the same dialect
                raise
        else:
            if hear is not None:
                hear(told)

    def _forgets(self, account: Account) -> bool:
        """Whether the account had a token that may have been taken back before its time."""
        return account.kind in TOKEN_KINDS and self.tokens is not None and self.tokens.forget(account.id)

    async def ready(self, account: Account) -> Provider:
        """The provider with a credential that is good for a call now."""
        provider = self.provider(account)
        if account.kind in TOKEN_KINDS:
            if self.tokens is None:
                raise bad_request("accounts.no_oauth", "refreshToken")
            return replace(provider, headers={**provider.headers, **await self.tokens.headers(account)})
        return provider
