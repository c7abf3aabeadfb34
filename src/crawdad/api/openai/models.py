"""`GET /v1/models` and `/v1/models/{id}` in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.api.model_list import NamedModel
from crawdad.core.parts import JsonObject


def model(entry: NamedModel) -> JsonObject:
    """One `model` object."""
    return {"id": entry.name, "object": "model", "created": entry.created, "owned_by": entry.owner}


def models(entries: Iterable[NamedModel]) -> JsonObject:
    """The list."""
    return {"object": "list", "data": [model(entry) for entry in entries]}
