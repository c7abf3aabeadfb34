"""`models.list`: the models that can be asked for."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.parts import JsonObject
from crawdad.services.catalogue.offers import Offer
from crawdad.wire.control.schema import closed, words
from crawdad.wire.control.scopes import READ


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""

    async def listed(_: Asked) -> Any:
        offers = control.catalogue().offers.values()
        return {"models": [_model(offer) for offer in offers if offer.kind == "chat"]}

    params = closed({"view": words("default", "configured", "all")})
    shape = "{models[{id, name, provider, contextWindow?, reasoning, input[]}]}"
    return [Method("models.list", READ, listed, params, shape)]


def _model(offer: Offer) -> JsonObject:
    settings = offer.settings
    told: JsonObject = {
        "id": offer.model,
        "name": (settings.name if settings is not None else None) or offer.display_name or offer.model,
        "provider": offer.provider.id,
        "reasoning": settings.reasoning if settings is not None else False,
        "input": list(settings.input) if settings is not None else ["text"],
    }
    return {**told, "contextWindow": offer.context_window} if offer.context_window else told
