"""Providers, the models they offer, and the snapshot that holds them all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from crawdad.core.agent_names import AGENT_PROVIDER, DEFAULT_AGENT, agent_model
from crawdad.core.listing import ListedModel, ModelKind
from crawdad.core.ports import Timeouts
from crawdad.core.prices import Price
from crawdad.core.settings import Api, BackgroundSettings, MappingRule, ModelSettings, ProviderSettings, Settings
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.profiles import model_profile
from crawdad.wire.refusals import Refusal

PROTOCOL_OF_API: Mapping[Api, str] = MappingProxyType(
    {
        "openai-completions": "openai-chat",
        "openai-responses": "openai-responses",
        "anthropic-messages": "anthropic-messages",
        "google-generative-ai": "gemini",
        "ollama": "ollama",
    }
)

OWNED_PREFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "openai": ("gpt-", "o1", "o3", "o4", "chatgpt-", "codex-", "text-embedding-", "dall-e-", "whisper-", "tts-"),
        "anthropic": ("claude-",),
        "google": ("gemini-", "gemma-", "imagen-", "text-embedding-0", "embedding-0"),
        "deepseek": ("deepseek-",),
        "mistral": ("mistral-", "magistral-", "codestral-", "ministral-", "devstral-", "pixtral-"),
        "moonshot": ("kimi-", "moonshot-"),
        "zai": ("glm-",),
        "dashscope": ("qwen-", "qwen3", "qwq-"),
        "xai": ("grok-",),
        "vertex": ("gemini-", "claude-", "imagen-", "text-embedding-0", "text-multilingual-embedding-"),
    }
)
"""Model families a vendor owns: a bare name of such a family leads to a provider of that name even when the provider's own
list could not be had."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as routing sees it. `headers` hold the credential and are never logged."""

    id: str
    base_url: str
    protocol: str
    headers: Mapping[str, str] = field(repr=False)
    profile: Profile = DEFAULT
    timeouts: Timeouts = field(default_factory=Timeouts)
    weight: float = 1.0
    proxy: str | None = None
    open_ended: bool = False
    """Whether names beyond the known list are passed on (no list could be had)."""
    local: bool = False
    """Whether the source is inside this process (the demonstration model, agents)."""
    agents: bool = False
    """Whether its models are agents: they need a right of their own, and their models' exchanges are what is charged."""

    def protocol_of(self, model: str) -> str:
        """The protocol in which this provider offers a model."""
        families = self.profile.families
        return next((protocol for prefix, protocol in families if model.startswith(prefix)), self.protocol)


class Seat(Protocol):
    """An account's place behind an offer: it learns from the answers that the account gets."""

    @property
    def account_id(self) -> str: ...

    def heard(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> Refusal | None:
        """Learn from an answer (`body`: of one with an error status). What a refusal tells, None where it is none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One model at one provider. `model` is the provider's own name for it."""

    provider: Provider
    model: str
    protocol: str
    kind: ModelKind = "chat"
    settings: ModelSettings | None = None
    display_name: str = ""
    created: int = 0
    endpoints: tuple[str, ...] = ()
    """What the model offers beyond its kind's own operation, such as `images`."""
    context_window: int = 0
    max_tokens: int = 0
    price: Price | None = field(default=None, repr=False, compare=False)
    """What the provider's own list says that it costs."""
    seat: Seat | None = field(default=None, repr=False, compare=False)
    """Whose credential the provider's headers hold; None: the one of the settings."""
    name: str = field(init=False, default="")
    """The full name, `provider/model`."""
    profile: Profile = field(init=False, default=DEFAULT)
    """The provider's quirks, made to fit this model."""
    headers: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    """What every call carries: the provider's headers and the model's own. Holds the credential; never logged."""

    def __post_init__(self) -> None:
        own = {name: value.reveal() for name, value in self.settings.headers.items()} if self.settings else {}
        object.__setattr__(self, "headers", MappingProxyType({**self.provider.headers, **own}))
        object.__setattr__(self, "name", f"{self.provider.id}/{self.model}")
        profile = model_profile(self.provider.profile, self.protocol, self.model)
        if self.settings is not None:
            profile = configured_profile(profile, self.settings)
        object.__setattr__(self, "profile", profile)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything routing knows, immutable. `by_model` lists the offers of a bare model name, heaviest provider first."""

    providers: Mapping[str, Provider]
    offers: Mapping[str, Offer]
    by_model: Mapping[str, tuple[Offer, ...]]
    undated: Mapping[str, str]
    """Names without their date → the newest model of that name, as vendors let them be used (`claude-x` for
    `claude-x-20250929`)."""
    aliases: Mapping[str, str]
    exact_rules: Mapping[str, tuple[MappingRule, ...]]
    wildcard_rules: tuple[MappingRule, ...]
    default: str | None = None
    background: BackgroundSettings | None = None
    """The rule for small errands, where it is on."""


def build_catalogue(
    settings: Settings,
    providers: Sequence[tuple[Provider, ProviderSettings | None]],
    listed: Mapping[str, Sequence[ListedModel]],
) -> Catalogue:
    """The snapshot for `settings`. `listed` holds the lists that providers themselves gave, by provider id."""
    offers: dict[str, Offer] = {}
    for provider, configured in providers:
        for model in configured.models if configured else ():
            offer = configured_offer(provider, model)
            offers[offer.name] = offer
        for entry in listed.get(provider.id, ()):
            offer = listed_offer(provider, entry)
            known = offers.setdefault(offer.name, offer)
            if known.price is not entry.price:
                offers[offer.name] = replace(known, price=entry.price)
    by_model: dict[str, list[Offer]] = {}
    for offer in offers.values():
        if offer.provider.agents:
            continue  # an agent is not reached by its bare id
        by_model.setdefault(offer.model, []).append(offer)
    rules = settings.models.rules
    exact: dict[str, list[MappingRule]] = {}
    for rule in rules:
        if "*" not in rule.match:
            exact.setdefault(rule.match, []).append(rule)
    wildcards = sorted((rule for rule in rules if "*" in rule.match), key=lambda rule: -specificity(rule.match))
    return Catalogue(
        providers={provider.id: provider for provider, _ in providers},
        offers=offers,
        by_model={
            name: tuple(sorted(found, key=lambda offer: -offer.provider.weight)) for name, found in by_model.items()
        },
        undated=undated_names(offers),
        aliases=_aliases(settings, providers),
        exact_rules={name: tuple(found) for name, found in exact.items()},
        wildcard_rules=tuple(wildcards),
        default=settings.models.default,
        background=settings.models.background if settings.models.background.enabled else None,
    )


def _aliases(settings: Settings, providers: Sequence[tuple[Provider, ProviderSettings | None]]) -> dict[str, str]:
    """The configured aliases, and the short name of the default agent."""
    short = {AGENT_PROVIDER: agent_model(DEFAULT_AGENT)} if any(one.agents for one, _ in providers) else {}
    return {**short, **settings.models.aliases}


_DATE = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d)$")


def undated_names(offers: Mapping[str, Offer]) -> dict[str, str]:
    """Every name that a dated model goes by without its date (or with `-latest`), unless a model has that very name."""
    found: dict[str, str] = {}
    for offer in sorted(offers.values(), key=lambda offer: offer.model):
        short = _DATE.sub("", offer.model)
        if short != offer.model:
            for name in (short, short + "-latest"):
                for known in (name, f"{offer.provider.id}/{name}"):
                    if known not in offers:
                        found[known] = offer.name
    return found


def configured_offer(provider: Provider, model: ModelSettings) -> Offer:
    """The offer of a model that the configuration names."""
    return Offer(
        provider,
        model.id,
        PROTOCOL_OF_API[model.api] if model.api else provider.protocol_of(model.id),
        model.kind,
        model,
        model.name or model.id,
        endpoints=model.endpoints,
        context_window=model.context_window,
        max_tokens=model.max_tokens,
    )


def listed_offer(provider: Provider, entry: ListedModel) -> Offer:
    """The offer of a model that the provider's own list names."""
    return Offer(
        provider,
        entry.id,
        provider.protocol_of(entry.id),
        entry.kind,
        None,
        entry.display_name or entry.id,
        entry.created,
        entry.endpoints,
        entry.context_window or 0,
        entry.max_tokens or 0,
        entry.price,
    )


_COMPAT: Mapping[str, str] = MappingProxyType(
    {
        "supportsDeveloperRole": "developer_role",
        "supportsReasoningEffort": "reasoning_effort",
        "supportsUsageInStreaming": "stream_usage",
        "supportsStrictMode": "strict_tools",
    }
)
"""OpenClaw's `compat` switches → the profile's."""


def configured_profile(profile: Profile, model: ModelSettings) -> Profile:
    """`profile` with what the configuration says of the model. `reasoning: false` counts only where it is written."""
    changes: dict[str, Any] = {
        name: model.compat[key] for key, name in _COMPAT.items() if isinstance(model.compat.get(key), bool)
    }
    if model.compat.get("maxTokensField") in ("max_tokens", "max_completion_tokens"):
        changes["max_tokens_field"] = model.compat["maxTokensField"]
    if "reasoning" in model.model_fields_set and not model.reasoning:
        changes["reasoning_effort"] = False
    return replace(profile, **changes) if changes else profile


def specificity(pattern: str) -> int:
    """How specific a wildcard pattern is: its characters other than `*`. Ties keep the file's order."""
    return len(pattern) - pattern.count("*")
