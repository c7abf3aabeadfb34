"""Requests judged by the official SDKs' own request types: unknown fields, wrong types and missing fields are errors.

OpenAI and Anthropic describe requests as `TypedDict`s, which nothing checks at run time; here pydantic does. Google's are
pydantic models that forbid what they do not know.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from google.genai import types as google
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import CoreSchema, SchemaValidator

JsonObject = dict[str, Any]

_PARAMS = {
    "openai-chat": ("openai.types.chat.completion_create_params", "CompletionCreateParams"),
    "openai-responses": ("openai.types.responses.response_create_params", "ResponseCreateParams"),
    "anthropic-messages": ("anthropic.types.beta.message_create_params", "MessageCreateParams"),
}


def check_request(protocol: str, body: JsonObject) -> list[str]:
    """What the vendor's SDK would not have sent like this; empty for a valid request."""
    if protocol == "gemini":
        return list(_google_faults(body))
    try:
        _validator(protocol, bool(body.get("stream"))).validate_python(body)
    except ValidationError as error:
        return [_words(fault) for fault in error.errors(include_url=False)]
    return []


@cache
def _validator(protocol: str, streaming: bool) -> SchemaValidator:
    module, name = _PARAMS[protocol]
    kind = vars(importlib.import_module(module))[name + ("Streaming" if streaming else "NonStreaming")]
    adapter: TypeAdapter[Any] = TypeAdapter(with_config(ConfigDict(arbitrary_types_allowed=True))(kind))
    return SchemaValidator(cast(CoreSchema, _strict(adapter.core_schema)))


def _strict(schema: Any) -> Any:
    """The schema with lists where it has iterables (which pydantic does not look into) and without unknown fields."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if strict.get("type") == "generator":
        strict["type"] = "list"
    elif strict.get("type") == "is-instance" and strict["cls"].__name__ == "SequenceNotStr":
        return {"type": "list"}
    elif strict.get("type") == "typed-dict" and "extras_schema" not in strict:
        strict["extra_behavior"] = "forbid"
    return strict


def _words(fault: Any) -> str:
    return f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"


_GOOGLE_PARTS: dict[str, Any] = {
    "contents": list[google.Content],
    "systemInstruction": google.Content,
    "tools": list[google.Tool],
    "toolConfig": google.ToolConfig,
    "generationConfig": google.GenerationConfig,
    "safetySettings": list[google.SafetySetting],
    "cachedContent": str,
    "serviceTier": str,
    "labels": dict[str, str],
}


def _google_faults(body: JsonObject) -> Iterator[str]:
    if "contents" not in body:
        yield "contents: Field required"
    for key, value in body.items():
        if key not in _GOOGLE_PARTS:
            yield f"{key}: no such field"
            continue
        try:
            TypeAdapter(_GOOGLE_PARTS[key]).validate_python(value)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                yield f"{key}.{_words(fault)}"
