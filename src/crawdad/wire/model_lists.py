"""Reading providers' own lists of models.

Sources: OpenAI `GET /models`, Anthropic `GET /v1/models`, Gemini `GET /models`, Vertex
`GET /publishers/<publisher>/models`, Ollama `GET /api/tags`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from crawdad.core.listing import ListedModel, ModelKind
from crawdad.core.parts import JsonObject
from crawdad.wire.fields import as_count, unreadable
from crawdad.wire.gemini.models import read_model
from crawdad.wire.listed_prices import read_listed_price

_MOST = 5000

LIST_PATHS: Mapping[str, str] = {
    "openai-chat": "/models",
    "openai-responses": "/models",
    "anthropic-messages": "/v1/models?limit=1000",
    "gemini": "/models?pageSize=1000",
    "ollama": "/api/tags",
}
"""Where each protocol's list is, below the provider's base URL."""

_KIND_WORDS: tuple[tuple[str, ModelKind], ...] = (
    ("embed", "embedding"),
    ("bge-", "embedding"),
    ("dall-e", "image"),
    ("gpt-image", "image"),
    ("imagen", "image"),
    ("whisper", "audio"),
    ("transcribe", "audio"),
    ("tts", "audio"),
)


def read_model_list(protocol: str, document: Any, prices_from: str = "") -> list[ListedModel]:
    """The models of a provider that speaks `protocol`, with their prices where `prices_from` names the list as their source.
    Raises UPSTREAM_BROKEN for a document that is no such list."""
    key, reader = _READERS[protocol]
    if isinstance(document, dict) and "publisherModels" in document:
        key, reader = "publisherModels", _vertex
    # Some compatible servers answer a bare array.
    entries = document if isinstance(document, list) else document.get(key) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise unreadable("not a list of models")
    found = []
    for entry in entries[:_MOST]:
        model = reader(entry) if isinstance(entry, dict) else None
        if model is not None:
            found.append(replace(model, price=read_listed_price(entry, prices_from)) if prices_from else model)
    return found


def kind_of(name: str) -> ModelKind:
    """What a model is for, guessed from its name (the lists of most vendors do not say)."""
    lowered = name.lower()
    return next((kind for word, kind in _KIND_WORDS if word in lowered), "chat")


def _openai(entry: JsonObject) -> ListedModel | None:
    name = entry.get("id") or entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    window = entry.get("context_length") or entry.get("context_window") or entry.get("max_model_len")
    return ListedModel(
        name, _words(entry.get("name")), as_count(entry.get("created")), kind_of(name), as_count(window) or None
    )


def _anthropic(entry: JsonObject) -> ListedModel | None:
    name = entry.get("id")
    if not isinstance(name, str) or not name:
        return None
    return ListedModel(name, _words(entry.get("display_name")), _seconds(entry.get("created_at")))


def _gemini(entry: JsonObject) -> ListedModel | None:
    if not entry.get("name"):
        return None
    model = read_model(entry)
    kind: ModelKind = "chat"
    if "embedContent" in model.methods:
        kind = "embedding"
    elif "predict" in model.methods and "generateContent" not in model.methods:
        kind = "image"
    endpoints = ("images",) if kind == "chat" and "image" in model.id else ()
    window, limit = model.input_token_limit or None, model.output_token_limit or None
    return ListedModel(model.id, model.display_name, 0, kind, window, limit, endpoints)


def _vertex(entry: JsonObject) -> ListedModel | None:
    """Vertex: `publishers/<publisher>/models/<model>`. A version that is a date belongs to the model's name there."""
    name = _words(entry.get("name")).rpartition("/")[2]
    if not name:
        return None
    version = _words(entry.get("versionId"))
    if version.isdigit() and len(version) == 8 and "@" not in name:
        name = f"{name}@{version}"
    kind = kind_of(name)
    return ListedModel(name, "", 0, kind, endpoints=("images",) if kind == "chat" and "image" in name else ())


def _ollama(entry: JsonObject) -> ListedModel | None:
    name = entry.get("model") or entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    return ListedModel(name, name, _seconds(entry.get("modified_at")), kind_of(name))


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> int:
    if not isinstance(value, str):
        return 0
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError):
        return 0


_READERS: Mapping[str, tuple[str, Callable[[JsonObject], ListedModel | None]]] = {
    "openai-chat": ("data", _openai),
    "openai-responses": ("data", _openai),
    "anthropic-messages": ("data", _anthropic),
    "gemini": ("models", _gemini),
    "ollama": ("models", _ollama),
}
