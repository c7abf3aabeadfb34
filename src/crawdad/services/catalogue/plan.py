"""Where a model name leads: an ordered list of offers, or a 404 that names near matches. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

from crawdad.core.agent_names import AGENT_PROVIDER, agent_in, agent_model
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.patterns import matches
from crawdad.core.settings import MappingRule, Target
from crawdad.core.text import Text
from crawdad.services.catalogue.offers import OWNED_PREFIXES, Catalogue, Offer

_MAX_HOPS = 8
_MAX_STEPS = 64
UNCHANGED = "*"
"""A rule's target that stands for the name as it was asked for: what the other rules make of it."""
_MAX_NEAR_NAMES = 2000
_MAX_COMPARED = 24


Chance = Callable[[], float]


def _first() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One turn on the way of a name: `how` is `alias`, `rule` or `default`; `by` is the alias or the rule's pattern."""

    name: str
    how: str
    by: str
    target: str


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, and how. `trail` collects the way where somebody wants to know it."""

    protocol: str
    principal: Principal
    chance: Chance
    trail: list[Step] | None = None

    def note(self, name: str, how: str, by: str, target: str) -> None:
        if self.trail is not None and len(self.trail) < _MAX_STEPS:
            self.trail.append(Step(name, how, by, target))


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a request may go, in order. `requested` is the name the client used."""

    requested: str
    offers: tuple[Offer, ...]


def plan_route(
    catalogue: Catalogue,
    requested: str,
    protocol: str,
    principal: Principal,
    chance: Chance = _first,
    trail: list[Step] | None = None,
) -> Plan:
    """The offers for `requested`, asked for in the client's `protocol` by `principal`.

    `chance` gives a number in [0, 1) to decide between weighted targets; the way is told in `trail`. Raises NOT_FOUND for
    unknown names and FORBIDDEN when the principal may not use any of the models the name leads to.
    """
    name = requested.removeprefix("models/")
    agent = agent_in(name)
    if agent is not None and AGENT_PROVIDER in catalogue.providers:
        return Plan(requested, (_agent_offer(catalogue, requested, agent, principal),))
    asking = _Asking(protocol, principal, chance, trail)
    offers = _resolve(catalogue, name, asking, 0)
    asked: tuple[str, ...] = (requested, name)
    if not offers and catalogue.default:
        asking.note(name, "default", "", catalogue.default)
        offers = _resolve(catalogue, catalogue.default, asking, 1)
        asked = (catalogue.default,)  # the name that leads nowhere opens nothing, whatever pattern it fits
    if not offers:
        raise unknown_model(catalogue, requested, principal)
    once = offers if len(offers) == 1 else {offer.name: offer for offer in offers}.values()
    limits = principal.limits
    reachable = [o for o in once if limits.allow_provider(o.provider.id) and may_reach(o, principal)]
    allowed = [o for o in reachable if limits.allow_model((*asked, o.name, *(() if o.provider.agents else (o.model,))))]
    if not allowed:
        # A key learns that a model is kept from it, not by which providers it could be had.
        raise GatewayError(
            ErrorKind.FORBIDDEN,
            Text("identity.model_forbidden", {"model": requested}),
            {"code": "model_not_allowed", "param": "model"},
        )
    return Plan(requested, tuple(allowed))


def may_reach(offer: Offer, principal: Principal) -> bool:
    """Whether the principal may use sources of this kind at all."""
    return not offer.provider.agents or Permission.AGENTS_USE in principal.permissions


def _agent_offer(catalogue: Catalogue, requested: str, agent: str, principal: Principal) -> Offer:
    """The agent of that name. No rule leads an agent's name elsewhere, and no default model answers for one that is not
    there."""
    principal.need(Permission.AGENTS_USE)
    offer = catalogue.offers.get(agent_model(agent))
    if offer is None or not offer.provider.agents:
        details = {"code": "model_not_found", "param": "model"}
        raise GatewayError(ErrorKind.NOT_FOUND, Text("doors.unknown_agent", {"agent": agent[:64]}), details)
    limits = principal.limits
    if not limits.allow_provider(AGENT_PROVIDER) or not limits.allow_model((requested, offer.name)):
        raise GatewayError(
            ErrorKind.FORBIDDEN,
            Text("identity.model_forbidden", {"model": requested}),
            {"code": "model_not_allowed", "param": "model"},
        )
    return offer


def unknown_model(catalogue: Catalogue, requested: str, principal: Principal) -> GatewayError:
    """A 404 in words that name up to three near matches among what the principal may use."""
    details = {"code": "model_not_found", "param": "model"}
    near = near_names(catalogue, requested[:200], principal)
    if near:
        text = Text("routing.unknown_model_near", {"model": requested[:200], "near": ", ".join(near)})
        return GatewayError(ErrorKind.NOT_FOUND, text, details)
    return GatewayError(ErrorKind.NOT_FOUND, Text("routing.unknown_model", {"model": requested[:200]}), details)


def near_names(catalogue: Catalogue, requested: str, principal: Principal) -> list[str]:
    """Up to three names that look like `requested`."""
    names = [name for name in usable_names(catalogue, principal)][:_MAX_NEAR_NAMES]
    by_short = {name.rpartition("/")[2].lower(): name for name in reversed(names)}
    wanted = requested.rpartition("/")[2].lower()
    return [by_short[short] for short in _closest(wanted, by_short)] or _closest(requested, names)


def _closest(wanted: str, names: Iterable[str]) -> list[str]:
    """The names most like `wanted`. Letters are compared only for those that share most pairs of them: comparing thousands
    of names in full would hold up everybody for the sake of one who mistyped."""
    pairs = _pairs(wanted)
    likely = nlargest(_MAX_COMPARED, names, key=lambda name: len(pairs & _pairs(name)))
    return get_close_matches(wanted, likely, n=3, cutoff=0.6)


@lru_cache(8192)
def _pairs(name: str) -> frozenset[str]:
    return frozenset(a + b for a, b in pairwise(name.lower()))


def usable_names(catalogue: Catalogue, principal: Principal) -> Iterable[str]:
    """Names of listed models that the principal may use: aliases, then `provider/model`; at the end those of agents, so that
    a client which takes the first of a list does not happen to order work done."""
    found = list(_usable(catalogue, principal))
    agents = [name for name in found if _leads_to_agent(catalogue, name)]
    return [*(name for name in found if name not in agents), *agents]


def _leads_to_agent(catalogue: Catalogue, name: str) -> bool:
    offer = catalogue.offers.get(catalogue.aliases.get(name, name))
    return offer is not None and offer.provider.agents


def _usable(catalogue: Catalogue, principal: Principal) -> Iterable[str]:
    allow, reach = principal.limits.allow_model, principal.limits.allow_provider
    for alias, target in catalogue.aliases.items():
        offer = catalogue.offers.get(target)
        model = offer.model if offer is not None and not offer.provider.agents else target
        if allow((alias, target, model)) and (
            offer is None or (reach(offer.provider.id) and may_reach(offer, principal))
        ):
            yield alias
    for name, offer in catalogue.offers.items():
        names = (name,) if offer.provider.agents else (name, offer.model)
        if allow(names) and reach(offer.provider.id) and may_reach(offer, principal):
            yield name


def _resolve(
    catalogue: Catalogue, name: str, asking: _Asking, hops: int, passed: tuple[MappingRule, ...] = ()
) -> list[Offer]:
    """`passed` are rules that have sent the name on unchanged."""
    if hops > _MAX_HOPS:
        return []  # rules that lead to each other in a circle lead nowhere
    alias = catalogue.aliases.get(name)
    if alias is not None and alias != name:
        asking.note(name, "alias", name, alias)
        found = _resolve(catalogue, alias, asking, hops + 1)
        if found:
            return found
    rule = _rule_for(catalogue, name, asking, passed, hops > 0 and is_model(catalogue, name))
    if rule is not None:
        found = []
        for target in [*_weighted(rule.targets, asking.chance() if len(rule.targets) > 1 else 0.0), *rule.fallbacks]:
            asking.note(name, "rule", rule.match, target)
            if target == UNCHANGED:
                found += _resolve(catalogue, name, asking, hops, (*passed, rule))
            elif target == name:
                found += _offers(catalogue, name)
            else:
                found += _resolve(catalogue, target, asking, hops + 1)
        if found:
            return found
    return _offers(catalogue, name)


def is_model(catalogue: Catalogue, name: str) -> bool:
    """Whether a name is a model's own, with or without its provider."""
    return name in catalogue.offers or name in catalogue.by_model


def _rule_for(
    catalogue: Catalogue, name: str, asking: _Asking, passed: tuple[MappingRule, ...], exactly: bool
) -> MappingRule | None:
    """`exactly`: only a rule for that very name counts. A pattern is for what clients ask for; a model that a rule has led to
    has arrived, though it may fit another pattern (`*`)."""
    for rule in catalogue.exact_rules.get(name, ()):
        if _applies(rule, asking) and rule not in passed:
            return rule
    for rule in () if exactly else catalogue.wildcard_rules:
        if _applies(rule, asking) and matches(rule.match, name) and rule not in passed:
            return rule
    return None


def _applies(rule: MappingRule, asking: _Asking) -> bool:
    if rule.protocols and asking.protocol not in rule.protocols:
        return False
    principal = asking.principal
    return not rule.keys or principal.id in rule.keys or principal.name in rule.keys


def _weighted(targets: Sequence[Target], chance: float) -> list[str]:
    """The targets with the one that `chance` picks in front; the others follow, heaviest first."""
    total = sum(max(target.weight, 0.0) for target in targets)
    rest = sorted(targets, key=lambda target: -target.weight)
    if total <= 0:
        return [target.model for target in rest]
    mark = chance * total
    for target in targets:
        mark -= max(target.weight, 0.0)
        if mark < 0:
            return [target.model, *(other.model for other in rest if other is not target and other.weight > 0)]
    return [target.model for target in rest if target.weight > 0]


def _offers(catalogue: Catalogue, name: str) -> list[Offer]:
    exact = catalogue.offers.get(name)
    if exact is not None:
        return [exact]
    by_model = catalogue.by_model.get(name)
    if by_model:
        return list(by_model)
    dated = catalogue.undated.get(name)
    if dated is not None:
        return [catalogue.offers[dated]]
    agent = agent_in(name)
    agent_offer = catalogue.offers.get(agent_model(agent)) if agent is not None else None
    if agent_offer is not None and agent_offer.provider.agents:
        return [agent_offer]
    provider_id, slash, model = name.partition("/")
    provider = catalogue.providers.get(provider_id) if slash else None
    if provider is not None and provider.open_ended and model:
        return [Offer(provider, model, provider.protocol_of(model), display_name=model)]
    found = []
    for provider in catalogue.providers.values():
        prefixes = OWNED_PREFIXES.get(provider.id, ())
        if provider.open_ended and prefixes and name.startswith(prefixes):
            found.append(Offer(provider, name, provider.protocol_of(name), display_name=name))
    return found
