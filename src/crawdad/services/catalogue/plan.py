"""Where a model name leads: an ordered list of offers, or a 404 that names near matches. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.patterns import matches
from crawdad.core.settings import MappingRule, Target
from crawdad.core.text import Text
from crawdad.services.catalogue.offers import OWNED_PREFIXES, Catalogue, Offer

_MAX_HOPS = 8
_MAX_NEAR_NAMES = 2000
_MAX_COMPARED = 24


Chance = Callable[[], float]


def _first() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a request may go, in order. `requested` is the name the client used."""

    requested: str
    offers: tuple[Offer, ...]


def plan_route(
    catalogue: Catalogue, requested: str, protocol: str, principal: Principal, chance: Chance = _first
) -> Plan:
    """The offers for `requested`, asked for in the client's `protocol` by `principal`.

    `chance` gives a number in [0, 1) to decide between weighted targets. Raises NOT_FOUND for unknown names and FORBIDDEN
    when the principal may not use any of the models the name leads to.
    """
    name = requested.removeprefix("models/")
    offers = _resolve(catalogue, name, protocol, principal, chance, 0)
    asked: tuple[str, ...] = (requested, name)
    if not offers and catalogue.default:
        offers = _resolve(catalogue, catalogue.default, protocol, principal, chance, 1)
        asked = (catalogue.default,)  # the name that leads nowhere opens nothing, whatever pattern it fits
    if not offers:
        raise unknown_model(catalogue, requested, principal)
    once = offers if len(offers) == 1 else {offer.name: offer for offer in offers}.values()
    limits = principal.limits
    reachable = [o for o in once if limits.allow_provider(o.provider.id)]
    allowed = [o for o in reachable if limits.allow_model((*asked, o.name, o.model))]
    if not allowed:
        # A key learns that a model is kept from it, not by which providers it could be had.
        raise GatewayError(
            ErrorKind.FORBIDDEN,
            Text("identity.model_forbidden", {"model": requested}),
            {"code": "model_not_allowed", "param": "model"},
        )
    return Plan(requested, tuple(allowed))


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
    """Names of listed models that the principal may use: aliases, then `provider/model`."""
    allow, reach = principal.limits.allow_model, principal.limits.allow_provider
    for alias, target in catalogue.aliases.items():
        offer = catalogue.offers.get(target)
        if allow((alias, target, offer.model if offer else target)) and (offer is None or reach(offer.provider.id)):
            yield alias
    for name, offer in catalogue.offers.items():
        if allow((name, offer.model)) and reach(offer.provider.id):
            yield name


def _resolve(
    catalogue: Catalogue, name: str, protocol: str, principal: Principal, chance: Chance, hops: int
) -> list[Offer]:
    if hops > _MAX_HOPS:
        return []  # rules that lead to each other in a circle lead nowhere
    alias = catalogue.aliases.get(name)
    if alias is not None and alias != name:
        found = _resolve(catalogue, alias, protocol, principal, chance, hops + 1)
        if found:
            return found
    rule = _rule_for(catalogue, name, protocol, principal)
    if rule is not None:
        found = []
        for target in [*_weighted(rule.targets, chance() if len(rule.targets) > 1 else 0.0), *rule.fallbacks]:
            if target == name:
                found += _offers(catalogue, name)
            else:
                found += _resolve(catalogue, target, protocol, principal, chance, hops + 1)
        if found:
            return found
    return _offers(catalogue, name)


def _rule_for(catalogue: Catalogue, name: str, protocol: str, principal: Principal) -> MappingRule | None:
    for rule in catalogue.exact_rules.get(name, ()):
        if _applies(rule, protocol, principal):
            return rule
    for rule in catalogue.wildcard_rules:
        if _applies(rule, protocol, principal) and matches(rule.match, name):
            return rule
    return None


def _applies(rule: MappingRule, protocol: str, principal: Principal) -> bool:
    if rule.protocols and protocol not in rule.protocols:
        return False
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
    provider_id, slash, model = name.partition("/")
    provider = catalogue.providers.get(provider_id) if slash else None
    if provider is not None and provider.open_ended and model:
        return [Offer(provider, model, provider.protocol, display_name=model)]
    found = []
    for provider in catalogue.providers.values():
        prefixes = OWNED_PREFIXES.get(provider.id, ())
        if provider.open_ended and prefixes and name.startswith(prefixes):
            found.append(Offer(provider, name, provider.protocol, display_name=name))
    return found
