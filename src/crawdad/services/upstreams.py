"""Providers as the settings describe them, made ready for routing: protocol, credential headers, quirks, time-outs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from crawdad.core.ports import Timeouts
from crawdad.core.settings import ModelsSettings, ProviderSettings, Settings
from crawdad.services.catalogue.offers import PROTOCOL_OF_API, Provider
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.profiles import vendor_profile

ANTHROPIC_VERSION = "2023-06-01"
DEMO_PROVIDER = "crawdad"

_PLAIN = ModelsSettings()

ProxyFor = Callable[[str], str | None]
"""The proxy for a URL where a provider names none itself, if any."""


def default_proxy(settings: Callable[[], Settings], environment: ProxyFor) -> ProxyFor:
    """The proxy of the settings in effect, else that of the environment. This machine is reached without the former."""

    def proxy_for(url: str) -> str | None:
        proxy = settings().models.proxy
        host = (urlsplit(url).hostname or "").lower()
        if proxy is None or host in ("localhost", "::1") or host.startswith("127."):
            return environment(url)
        return proxy.reveal()

    return proxy_for


def providers_of(
    settings: Settings, proxy_for: ProxyFor, with_list: Mapping[str, object]
) -> list[tuple[Provider, ProviderSettings | None]]:
    """All providers, the demonstration last. `with_list` holds the ids of providers whose own list of models is known."""
    found: list[tuple[Provider, ProviderSettings | None]] = []
    models = settings.models
    for provider_id, configured in models.providers.items():
        if not configured.enabled:
            continue
        open_ended = provider_id not in with_list and not configured.models
        provider = provider_of(provider_id, configured, proxy_for, open_ended, models)
        found.append((provider, configured))
    if settings.models.demo:
        found.append((Provider(DEMO_PROVIDER, "", "demo", {}, local=True, weight=0.0), None))
    return found


def provider_of(
    provider_id: str,
    configured: ProviderSettings,
    proxy_for: ProxyFor,
    open_ended: bool = False,
    common: ModelsSettings = _PLAIN,
) -> Provider:
    """One provider ready for use. `common` says what counts where the provider itself says nothing."""
    protocol = PROTOCOL_OF_API[configured.api]
    profile = vendor_profile(protocol, configured.base_url, configured.profile)
    return Provider(
        id=provider_id,
        base_url=configured.base_url,
        protocol=protocol,
        headers=credential_headers(protocol, configured, profile),
        profile=profile,
        timeouts=Timeouts(
            configured.connect_timeout_seconds,
            configured.first_byte_timeout_seconds or common.first_byte_timeout_seconds,
            configured.idle_timeout_seconds,
        ),
        weight=configured.weight,
        proxy=configured.proxy or proxy_for(configured.base_url),
        open_ended=open_ended or profile.open_list,
    )


_KEY_HEADERS: Mapping[str, str] = MappingProxyType({"anthropic-messages": "x-api-key", "gemini": "x-goog-api-key"})


def credential_headers(protocol: str, configured: ProviderSettings, profile: Profile = DEFAULT) -> dict[str, str]:
    """The headers that every call to the provider carries. Never logged."""
    headers = {"Content-Type": "application/json"}
    key = configured.api_key.reveal() if configured.api_key is not None and configured.auth == "api-key" else None
    if protocol == "anthropic-messages":
        headers["anthropic-version"] = ANTHROPIC_VERSION
    if key:
        own = "" if configured.auth_header else profile.key_header or _KEY_HEADERS.get(protocol, "")
        headers[own or "Authorization"] = key if own else f"Bearer {key}"
    for name, value in configured.headers.items():
        headers[name] = value.reveal()
    return headers
