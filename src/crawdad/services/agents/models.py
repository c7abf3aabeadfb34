"""Which model an agent asks, which ones after it, and which have to rest because they failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from crawdad.core.agent_settings import ModelEntry
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock
from crawdad.services.agents.roster import Agent
from crawdad.services.catalogue import Catalogue, Offer, plan_route

BUILT_IN_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "opus": ("claude-opus-4-6", "claude-opus-4-5"),
        "sonnet": ("claude-sonnet-4-6", "claude-sonnet-4-5"),
        "gpt": ("gpt-5.2", "gpt-5.1", "gpt-5"),
        "gpt-mini": ("gpt-5-mini",),
        "gemini": ("gemini-3-pro-preview", "gemini-2.5-pro"),
        "gemini-flash": ("gemini-3-flash-preview", "gemini-2.5-flash"),
    }
)
"""Short names that need no configuration, where one of these models is to be had."""
PASSES_ON = frozenset(
    {
        ErrorKind.RATE_LIMITED,
        ErrorKind.OVERLOADED,
        ErrorKind.UPSTREAM_ERROR,
        ErrorKind.UPSTREAM_BROKEN,
        ErrorKind.UPSTREAM_TIMEOUT,
        ErrorKind.PAYMENT,
        ErrorKind.FORBIDDEN,
        ErrorKind.NOT_FOUND,
        ErrorKind.UNAVAILABLE,
    }
)
"""Faults that another model need not share."""
_OWN = ("budget_exhausted", "budget_reserved", "forbidden", "requests_per_minute", "tokens_per_minute")
"""Codes of refusals that are about who asks: no other model would help."""
_LADDER = (60.0, 300.0, 1500.0, 3600.0)
_FORGET_SECONDS = 24 * 3600.0


def real_name(name: str, entries: Mapping[str, ModelEntry], catalogue: Catalogue) -> str:
    """The model that a name means: an alias of the settings, a built-in one, or itself."""
    bare = name.strip()
    lower = bare.lower()
    for model, entry in entries.items():
        if entry.alias and entry.alias.strip().lower() == lower:
            return model
    if bare not in catalogue.aliases and bare not in catalogue.by_model:
        for model in BUILT_IN_ALIASES.get(lower, ()):
            if model in catalogue.by_model or model in catalogue.undated:
                return model
    return bare


def default_model(catalogue: Catalogue, principal: Principal) -> str:
    """What an agent asks where nobody names a model: the first real one that is to be had, else the demonstration model.

    Raises UNAVAILABLE when the principal may use none at all.
    """
    if catalogue.default:
        return catalogue.default
    limits = principal.limits
    usable = [offer for offer in catalogue.offers.values() if _chats(offer)]
    usable = [
        offer
        for offer in usable
        if limits.allow_provider(offer.provider.id) and limits.allow_model((offer.name, offer.model))
    ]
    if not usable:
        raise bad_request("agents.no_model", "model")
    return next((offer for offer in usable if not offer.provider.local), usable[0]).name


def _chats(offer: Offer) -> bool:
    return offer.kind == "chat" or "chat" in offer.endpoints


def candidates(agent: Agent, wanted: str | None, catalogue: Catalogue, principal: Principal) -> list[str]:
    """The models to ask, in order. `wanted` was chosen by somebody for this turn or session.

    Raises BAD_REQUEST when it is not on the list of `agents.defaults.models`.
    """
    entries = agent.defaults.models
    names: list[str] = []
    if wanted:
        chosen = real_name(wanted, entries, catalogue)
        known = {real_name(name, entries, catalogue) for name in (agent.model, *agent.fallbacks) if name}
        if entries and chosen not in entries and chosen not in known:
            raise bad_request("agents.model_not_listed", "model", model=wanted[:120], known=", ".join(entries))
        names.append(chosen)
    elif agent.model:
        names.append(real_name(agent.model, entries, catalogue))
    else:
        names.append(default_model(catalogue, principal))
    names += [real_name(name, entries, catalogue) for name in agent.fallbacks]
    return list(dict.fromkeys(names))


def window_of(name: str, catalogue: Catalogue, principal: Principal, protocol: str) -> int:
    """How many tokens the context of a model holds; 200,000 where nobody says."""
    try:
        offers = plan_route(catalogue, name, protocol, principal).offers
    except GatewayError:
        return 200_000
    return min((offer.context_window for offer in offers if offer.context_window), default=200_000)


def passes_on(error: GatewayError) -> bool:
    """Whether another model may be asked after `error`."""
    return error.kind in PASSES_ON and error.details.get("code") not in _OWN


@dataclass(slots=True)
class _Rest:
    failures: int = 0
    until: float = 0.0
    failed_at: float = 0.0


@dataclass(slots=True)
class Cooldowns:
    """Models that failed rest 1, 5, 25 and 60 minutes; the accounts behind a model have their own."""

    clock: Clock
    _rests: dict[str, _Rest] = field(default_factory=dict)

    def order(self, names: Sequence[str]) -> list[str]:
        """`names` with those that rest behind the others (the one whose rest ends first before its like)."""
        now = self.clock.monotonic()
        left = {name: max(0.0, self._rests[name].until - now) if name in self._rests else 0.0 for name in names}
        return sorted(names, key=lambda name: left[name])

    def failed(self, name: str) -> float:
        """A model failed: for how long it rests now."""
        now = self.clock.monotonic()
        rest = self._rests.setdefault(name, _Rest())
        if now - rest.failed_at > _FORGET_SECONDS:
            rest.failures = 0
        seconds = _LADDER[min(rest.failures, len(_LADDER) - 1)]
        rest.failures += 1
        rest.failed_at, rest.until = now, now + seconds
        return seconds

    def served(self, name: str) -> None:
        """A model answered."""
        self._rests.pop(name, None)
