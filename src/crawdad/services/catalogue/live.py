"""The catalogue of the moment: rebuilt when the settings or a provider's own list change, swapped as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence

import structlog

from crawdad.core.agent_names import AGENT_PROVIDER, DEFAULT_AGENT, configured_agents
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Transport
from crawdad.core.settings import ProviderSettings, Settings
from crawdad.core.text import Text
from crawdad.services.accounts.snapshot import Brought
from crawdad.services.accounts.vendors import LOCAL
from crawdad.services.catalogue.offers import Catalogue, Provider, build_catalogue
from crawdad.services.demo import DEMO_MODEL
from crawdad.services.discovery import find_local, list_models
from crawdad.services.upstreams import DEMO_PROVIDER, providers_of
from crawdad.wire.model_lists import LIST_PATHS, kind_of

_log = structlog.get_logger(__name__)
_AGENTS = Provider(AGENT_PROVIDER, "", "agent", {}, local=True, agents=True, weight=0.0)
_DEMO_LIST = (ListedModel(DEMO_MODEL, "Crawdad demo (not a real model)", context_window=128_000, max_tokens=8192),)


class LiveCatalogue:
    """Holds the snapshot. Reading `current` costs nothing; rebuilding happens off the request path."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        proxy_for: Callable[[str], str | None],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._proxy_for = proxy_for
        self._lists: dict[str, tuple[ListedModel, ...]] = {}
        self._local: dict[str, ProviderSettings] = {}
        self._asked: dict[str, str] = {}
        self._brought: Mapping[str, Brought] = {}
        self.vendors: Container[str] = LOCAL
        """The vendors that there are: local servers of others are not looked for."""
        self.dressed: Callable[[Provider], Awaitable[Provider]] | None = None
        """Gives a provider the credential of one of its accounts, where it has any."""
        self.failures: dict[str, GatewayError] = {}
        """Providers whose list could not be had when last asked, and why."""
        self._agents = False
        self._plugged: dict[str, tuple[ListedModel, ...]] = {}
        self.current: Catalogue = self._build()

    def offer_agents(self) -> None:
        """From now on agents stand among the models."""
        self._agents = True
        self.current = self._build()

    def plug(self, provider_id: str, models: Sequence[str]) -> None:
        """Offer the models of a source inside this process. Raises CONFLICT where a provider has that id."""
        if provider_id in self.current.providers or provider_id == AGENT_PROVIDER:
            text = Text("plugins.provider_taken", {"name": provider_id})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "name_taken"})
        self._plugged[provider_id] = tuple(ListedModel(model, model) for model in models)
        self.current = self._build()

    def unplug(self, provider_id: str) -> None:
        """Offer them no more."""
        if self._plugged.pop(provider_id, None) is not None:
            self.current = self._build()

    def apply(self, settings: Settings) -> None:
        """Take new settings. Lists of providers whose address or credential changed are forgotten until asked for again."""
        self._settings = settings
        for provider_id in list(self._lists):
            if self._asked.get(provider_id) != self._identity(provider_id):
                self._lists.pop(provider_id)
        self.current = self._build()

    def bring(self, brought: Mapping[str, Brought]) -> None:
        """Take the providers that only accounts know of."""
        if brought != self._brought:
            self._brought = brought
            self.current = self._build()

    def learn(self, provider_id: str, models: Sequence[ListedModel]) -> None:
        """Take a provider's list that somebody else asked for."""
        self.failures.pop(provider_id, None)
        if self._lists.get(provider_id) != tuple(models):
            self._lists[provider_id] = tuple(models)
            self._asked[provider_id] = self._identity(provider_id)
            self.current = self._build()

    async def refresh(self) -> None:
        """Ask every provider for its list, and look for local servers where nothing is configured."""
        models = self._settings.models
        if not models.providers and not self._brought and models.discover_local:
            found = await find_local(self._transport, models.local_servers, self.vendors)
            self._local = {provider_id: settings for provider_id, (settings, _) in found.items()}
            self._lists |= {provider_id: tuple(listed) for provider_id, (_, listed) in found.items()}
        elif self._local:
            self._local = {}
        wanted = [provider for provider, configured in self._providers() if configured and configured.discover]
        await asyncio.gather(*(self._ask(provider) for provider in wanted if provider.protocol in LIST_PATHS))
        self.current = self._build()

    async def _ask(self, provider: Provider) -> None:
        try:
            asked = provider if self.dressed is None else await self.dressed(provider)
            listed = await list_models(asked, self._transport)
        except GatewayError as error:
            self.failures[provider.id] = error
            _log.info("model_list_unavailable", provider=provider.id, reason=error.message())
            return
        self.failures.pop(provider.id, None)
        self._lists[provider.id] = tuple(listed)
        self._asked[provider.id] = self._identity(provider.id)

    def _identity(self, provider_id: str) -> str:
        """What a list depends on. Never shown: it holds the credential."""
        configured = self._settings.models.providers.get(provider_id)
        if configured is None:
            return ""
        key = configured.api_key.reveal() if configured.api_key else ""
        return f"{configured.base_url} {configured.api} {key}"

    def _effective(self) -> Settings:
        if not self._brought and (not self._local or self._settings.models.providers):
            return self._settings
        brought = {provider_id: found.settings for provider_id, found in self._brought.items()}
        found = {**brought, **(self._settings.models.providers or self._local)}
        models = self._settings.models.model_copy(update={"providers": found})
        return self._settings.model_copy(update={"models": models})

    def _providers(self) -> list[tuple[Provider, ProviderSettings | None]]:
        closed = {provider_id: found for provider_id, found in self._brought.items() if found.closed}
        found = providers_of(self._effective(), self._proxy_for, {**self._lists, **closed})
        own = {provider.id for provider, _ in found}
        plugged = [Provider(name, "", "plugin", {}, local=True) for name in self._plugged if name not in own]
        found += [(provider, None) for provider in plugged]
        if not self._agents:
            return found
        return [*(each for each in found if each[0].id != AGENT_PROVIDER), (_AGENTS, None)]

    def _build(self) -> Catalogue:
        lists = {**self._lists, **self._plugged, DEMO_PROVIDER: _DEMO_LIST}
        if self._agents:
            named = [(DEFAULT_AGENT, DEFAULT_AGENT), *configured_agents(self._settings.agents)]
            lists[AGENT_PROVIDER] = tuple(ListedModel(agent_id, name) for agent_id, name in named)
        for provider_id, found in self._brought.items():
            known = lists.get(provider_id, ())
            ids = {model.id for model in known}
            brought = (ListedModel(name, kind=kind_of(name)) for name in found.models if name not in ids)
            lists[provider_id] = (*known, *brought)
        return build_catalogue(self._effective(), self._providers(), lists)
