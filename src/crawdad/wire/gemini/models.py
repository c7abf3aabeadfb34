"""Google's Model resource, one and a list of them. https://ai.google.dev/api/models"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.wire.fields import as_count, rest, unreadable

GENERATION_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
EMBEDDING_METHODS = ("embedContent", "batchEmbedContents")


@dataclass(frozen=True, slots=True)
class GoogleModel:
    """A model as Google lists it. `id` is the name without its collection; limits are in tokens, 0 for unknown."""

    id: str
    display_name: str = ""
    description: str = ""
    version: str = ""
    base_model_id: str | None = None
    input_token_limit: int = 0
    output_token_limit: int = 0
    methods: tuple[str, ...] = GENERATION_METHODS
    thinking: bool | None = None
    temperature: float | None = None
    max_temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    collection: str = "models"
    extra: JsonObject = field(default_factory=dict)


_OPTIONAL = {
    "baseModelId": "base_model_id",
    "thinking": "thinking",
    "temperature": "temperature",
    "maxTemperature": "max_temperature",
    "topP": "top_p",
    "topK": "top_k",
}
_KNOWN = frozenset(
    {
        *_OPTIONAL,
        "name",
        "displayName",
        "description",
        "version",
        "inputTokenLimit",
        "outputTokenLimit",
        "supportedGenerationMethods",
    }
)


def write_model(model: GoogleModel) -> JsonObject:
    """One Model resource."""
    body: JsonObject = {
        "name": f"{model.collection}/{model.id}",
        "version": model.version,
        "displayName": model.display_name or model.id,
        "description": model.description,
        "inputTokenLimit": model.input_token_limit,
        "outputTokenLimit": model.output_token_limit,
        "supportedGenerationMethods": list(model.methods),
    }
    for key, name in _OPTIONAL.items():
        value = getattr(model, name)
        if value is not None:
            body[key] = value
    return {**body, **model.extra}


def write_model_list(models: list[GoogleModel], next_page_token: str | None = None) -> JsonObject:
    """One page of models."""
    body: JsonObject = {"models": [write_model(model) for model in models]}
    if next_page_token:
        body["nextPageToken"] = next_page_token
    return body


def read_model(body: Any) -> GoogleModel:
    """One Model resource; publisher models of Vertex are read by the last piece of their name."""
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str) or not name:
        raise unreadable("a model without a name")
    collection, _, model_id = name.rpartition("/")
    methods = body.get("supportedGenerationMethods")
    known = {field_name: body.get(key) for key, field_name in _OPTIONAL.items()}
    return GoogleModel(
        id=model_id,
        display_name=_string(body, "displayName"),
        description=_string(body, "description"),
        version=_string(body, "version"),
        input_token_limit=as_count(body.get("inputTokenLimit")),
        output_token_limit=as_count(body.get("outputTokenLimit")),
        methods=tuple(item for item in methods if isinstance(item, str)) if isinstance(methods, list) else (),
        collection=collection or "models",
        extra=rest(body, _KNOWN),
        **known,
    )


def read_model_list(body: Any) -> tuple[list[GoogleModel], str | None]:
    """`(models, next page token)` of one page; Vertex calls the list `publisherModels`."""
    if not isinstance(body, dict):
        raise unreadable("no models")
    entries = body.get("models", body.get("publisherModels", []))
    token = body.get("nextPageToken")
    if not isinstance(entries, list):
        raise unreadable("no models")
    return [read_model(entry) for entry in entries], token if isinstance(token, str) and token else None


def _string(body: JsonObject, key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
