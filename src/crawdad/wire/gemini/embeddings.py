"""`embedContent` and `batchEmbedContents`. https://ai.google.dev/api/embeddings"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_object, get_int, get_object, get_string, need_list, rest, unreadable
from crawdad.wire.gemini.content_reader import read_parts
from crawdad.wire.gemini.part_writer import media_data
from crawdad.wire.gemini.spelling import camel_fields
from crawdad.wire.gemini.usage import read_usage, write_usage

_KNOWN = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})


@dataclass(frozen=True, slots=True)
class EmbeddingInput:
    """One thing to embed: its parts, what for (`task_type`), how many dimensions, and fields only Google knows."""

    parts: list[Part]
    task_type: str | None = None
    title: str | None = None
    dimensions: int | None = None
    extra: JsonObject = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of the input."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One vector an input, in order; usage where the vendor told it."""

    vectors: list[list[float]]
    usage: Usage = field(default_factory=Usage)


def read_embed_request(body: JsonObject, path: str = "") -> EmbeddingInput:
    """The input of one `embedContent` request. Newer clients put the knobs into `embedContentConfig`."""
    source = camel_fields(body)
    config = get_object(source, "embedContentConfig", path)
    if config is not None:
        source = {**camel_fields(config), **rest(source, frozenset({"embedContentConfig"}))}
    return EmbeddingInput(
        read_parts(source.get("content"), path + "content"),
        get_string(source, "taskType", path),
        get_string(source, "title", path),
        get_int(source, "outputDimensionality", path),
        rest(source, _KNOWN),
    )


def read_batch_request(body: JsonObject) -> list[EmbeddingInput]:
    """The inputs of a `batchEmbedContents` request."""
    requests = need_list(camel_fields(body), "requests")
    return [read_embed_request(as_object(item, f"requests[{i}]"), f"requests[{i}].") for i, item in enumerate(requests)]


def write_embed_request(wanted: EmbeddingInput) -> JsonObject:
    """The body of one `embedContent` request."""
    parts: list[JsonObject] = []
    for part in wanted.parts:
        if isinstance(part, TextPart):
            parts.append({"text": part.text})
        elif isinstance(part, MediaPart):
            parts.append(media_data(part, False, False))
    body: JsonObject = {"content": {"parts": parts}}
    knobs = {"taskType": wanted.task_type, "title": wanted.title, "outputDimensionality": wanted.dimensions}
    return {**body, **{key: value for key, value in knobs.items() if value is not None}, **wanted.extra}


def write_batch_request(model: str, inputs: list[EmbeddingInput]) -> JsonObject:
    """The body of a `batchEmbedContents` request; each of its requests names the model."""
    name = model if "/" in model else f"models/{model}"
    return {"requests": [{"model": name, **write_embed_request(item)} for item in inputs]}


def read_embeddings(body: Any) -> Embeddings:
    """The vectors in the answer to either request. Raises UPSTREAM_BROKEN where there are none."""
    entries = body.get("embeddings", [body.get("embedding")]) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise unreadable("no embeddings")
    return Embeddings([_vector(entry) for entry in entries], read_usage(body.get("usageMetadata")))


def _vector(entry: Any) -> list[float]:
    values = entry.get("values") if isinstance(entry, dict) else None
    if not isinstance(values, list) or not all(type(value) in (float, int) for value in values):
        raise unreadable("an embedding without values")
    return values


def write_embedding(result: Embeddings) -> JsonObject:
    """The answer to `embedContent`."""
    return _with_usage({"embedding": {"values": result.vectors[0] if result.vectors else []}}, result.usage)


def write_batch_embeddings(result: Embeddings) -> JsonObject:
    """The answer to `batchEmbedContents`."""
    return _with_usage({"embeddings": [{"values": vector} for vector in result.vectors]}, result.usage)


def _with_usage(body: JsonObject, usage: Usage) -> JsonObject:
    counts = write_usage(usage)
    counts.pop("candidatesTokenCount", None)
    return {**body, "usageMetadata": counts} if counts else body
