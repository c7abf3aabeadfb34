"""The lists of models, in the shape of whoever asks.

Three vendors claim `GET /v1/models`: it is answered in Anthropic's shape when `anthropic-version` is sent, in Gemini's when
`x-goog-api-key` is, else in OpenAI's.
"""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.agent_names import AGENT_PROVIDER, agent_in
from crawdad.core.identity import Permission, Principal
from crawdad.services.catalogue import Catalogue, Offer, plan_route, usable_names
from crawdad.services.catalogue.plan import unknown_model


@dataclass(frozen=True, slots=True)
class NamedModel:
    """One entry of a list: the name a client uses, and what it leads to."""

    name: str
    display_name: str
    owner: str
    created: int
    context_window: int
    max_tokens: int
    kind: str


def listed(catalogue: Catalogue, principal: Principal) -> list[NamedModel]:
    """The models `principal` may use, aliases first."""
    principal.need(Permission.MODELS_USE)
    found = []
    for name in usable_names(catalogue, principal):
        offer = catalogue.offers.get(catalogue.aliases.get(name, name))
        if offer is not None:
            found.append(_named(name, offer))
    return found


def find(catalogue: Catalogue, principal: Principal, name: str) -> NamedModel:
    """One model by any name that leads to it. Raises NOT_FOUND."""
    principal.need(Permission.MODELS_USE)
    name = name.removeprefix("models/")
    if agent_in(name) is not None and AGENT_PROVIDER in catalogue.providers:
        return _named(name, plan_route(catalogue, name, "openai-chat", principal).offers[0])
    target = catalogue.aliases.get(name, name)
    exact = catalogue.offers.get(catalogue.undated.get(target, target))
    limits = principal.limits
    reachable = (
        found
        for found in ((exact,) if exact is not None else catalogue.by_model.get(target, ()))
        if limits.allow_provider(found.provider.id) and limits.allow_model((name, found.name, found.model))
    )
    offer = next(reachable, None)
    if offer is None:
        raise unknown_model(catalogue, name, principal)
    return _named(name, offer)


def _named(name: str, offer: Offer) -> NamedModel:
    return NamedModel(
        name=name,
        display_name=offer.display_name or name,
        owner=offer.provider.id,
        created=offer.created,
        context_window=offer.context_window,
        max_tokens=offer.max_tokens,
        kind=offer.kind,
    )
