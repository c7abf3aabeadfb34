"""Asking an address that a panel names for its list of models, before a provider is made of it."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.ports import Transport
from crawdad.core.secret import Secret, mask
from crawdad.core.settings import ProviderSettings, Settings
from crawdad.services.catalogue.offers import PROTOCOL_OF_API, Provider
from crawdad.services.discovery import list_models
from crawdad.services.upstreams import credential_headers


class RemoteModels:
    """Guarded: the address is a caller's. The key of a configured provider goes to that provider's own address alone."""

    def __init__(self, transport: Transport, settings: Callable[[], Settings]) -> None:
        self._transport = transport
        self._settings = settings

    async def fetch(self, provider_id: str, base_url: str, key: str) -> list[str]:
        """The ids of the models at `base_url`, in Anthropic's protocol. Without a `key` (or with its mask) that of the
        configured provider is used, where the address is the same. Raises `GatewayError` when there is no list to be had."""
        known = self._settings().models.providers.get(provider_id)
        is_known = known is not None and known.base_url.rstrip("/") == base_url.rstrip("/")
        if known is not None and known.api_key is not None and is_known and key in ("", mask(known.api_key.reveal())):
            key = known.api_key.reveal()
        wanted = ProviderSettings(base_url=base_url, api="anthropic-messages", api_key=Secret(key) if key else None)
        protocol = PROTOCOL_OF_API[wanted.api]
        provider = Provider(provider_id, base_url, protocol, credential_headers(protocol, wanted))
        return [model.id for model in await list_models(provider, self._transport, guarded=not is_known)]
