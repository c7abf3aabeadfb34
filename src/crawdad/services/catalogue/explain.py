"""Where a model name leads, told to whoever writes mapping rules."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.services.catalogue.offers import Catalogue, Offer
from crawdad.services.catalogue.plan import Step, plan_route

_ANYBODY = Principal("mapping-test", "system", "mapping test", EVERYTHING)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way of a name: the `steps` that were tried, the `offers` in the order in which they would be asked, or why there is
    none (`problem`). Of weighted targets the first is taken."""

    steps: tuple[Step, ...]
    offers: tuple[Offer, ...] = ()
    problem: GatewayError | None = None


def explain(catalogue: Catalogue, model: str, protocol: str, principal: Principal = _ANYBODY) -> Explanation:
    """What routing makes of `model`, asked for in `protocol`."""
    trail: list[Step] = []
    try:
        plan = plan_route(catalogue, model, protocol, principal, trail=trail)
    except GatewayError as error:
        return Explanation(tuple(trail), (), error)
    return Explanation(tuple(trail), plan.offers)


def unknown_targets(catalogue: Catalogue, mapping: dict[str, str], most: int = 100) -> list[str]:
    """The targets of `mapping` that lead to no model there is now: their provider may come later, so they are no fault."""
    found = []
    for target in dict.fromkeys(mapping.values()):
        problem = explain(catalogue, target, "openai-chat").problem
        if problem is not None and problem.kind is ErrorKind.NOT_FOUND:
            found.append(target)
            if len(found) == most:
                break
    return found
