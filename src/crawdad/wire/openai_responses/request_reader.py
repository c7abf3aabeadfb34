"""A client's request, read."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, Message, TextPart
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling
from crawdad.wire.fields import (
    as_object,
    check_request_depth,
    get_bool,
    get_int,
    get_list,
    get_number,
    get_object,
    get_string,
    need_string,
    rest,
)
from crawdad.wire.openai_responses.compaction import asks_for_compaction
from crawdad.wire.openai_responses.items import read_items
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.openai_responses.tools import read_tool_choice, read_tools, tools_in_input

INPUT_AS_STRING = "input_as_string"
"""In the `extra` of the only message: the whole input came as one string."""
LOGPROBS = "message.output_text.logprobs"
"""The entry of `include` that asks for log probabilities."""

_KNOWN = frozenset(
    {
        "model",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "temperature",
        "top_p",
        "max_output_tokens",
        "top_logprobs",
        "frequency_penalty",
        "presence_penalty",
        "stream",
        "reasoning",
        "text",
        "service_tier",
        "user",
        "metadata",
        "prompt_cache_key",
        "store",
        "previous_response_id",
    }
)
_FORMAT_FIELDS = {
    "text": frozenset({"type"}),
    "json_object": frozenset({"type"}),
    "json_schema": frozenset({"type", "name", "schema", "description", "strict"}),
}


def read_request(body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
    """The turn that `body` asks for. Raises BAD_REQUEST naming the field at fault."""
    check_request_depth(body)
    request = ModelRequest(
        model=model or need_string(body, "model"),
        protocol=NAME,
        stream=bool(get_bool(body, "stream")) if stream is None else stream,
        parallel_tool_calls=get_bool(body, "parallel_tool_calls"),
        tool_choice=read_tool_choice(body.get("tool_choice"), "tool_choice"),
        tools=read_tools(get_list(body, "tools") or [], "tools"),
        sampling=_read_sampling(body),
        reasoning=_read_reasoning(get_object(body, "reasoning")),
        service_tier=get_string(body, "service_tier"),
        # The newer name of the same thing; it stays in `extra` for the way back.
        user=get_string(body, "user") or get_string(body, "safety_identifier"),
        metadata=get_object(body, "metadata"),
        cache_key=get_string(body, "prompt_cache_key"),
        store=get_bool(body, "store"),
        previous_response_id=get_string(body, "previous_response_id"),
        extra=rest(body, _KNOWN),
    )
    _read_text_settings(request, get_object(body, "text") or {})
    instructions = get_string(body, "instructions")
    if instructions:
        request.messages.append(Message("system", [TextPart(instructions)], extra={"top_level": True}))
    _read_input(request, body)
    return request


def _read_input(request: ModelRequest, body: JsonObject) -> None:
    value: Any = body.get("input")
    if isinstance(value, str):
        request.messages.append(Message("user", [TextPart(value)], extra={INPUT_AS_STRING: True}))
    elif isinstance(value, list):
        request.messages += read_items(value, "input")
        request.compact = asks_for_compaction(value)
        request.tools += tools_in_input(value, request.tools)
    elif isinstance(value, dict):  # a single item without the array around it
        request.messages += read_items([value], "input")
    elif value is not None:
        raise bad_request("wire.type", "input", expected="a string or an array")
    elif not any(body.get(name) for name in ("previous_response_id", "conversation", "prompt")):
        raise bad_request("wire.missing", "input")


def _read_sampling(body: JsonObject) -> Sampling:
    include = get_list(body, "include") or []
    return Sampling(
        temperature=get_number(body, "temperature"),
        top_p=get_number(body, "top_p"),
        max_tokens=get_int(body, "max_output_tokens"),
        frequency_penalty=get_number(body, "frequency_penalty"),
        presence_penalty=get_number(body, "presence_penalty"),
        logprobs=True if LOGPROBS in include else None,
        top_logprobs=get_int(body, "top_logprobs"),
    )


def _read_reasoning(source: JsonObject | None) -> Reasoning | None:
    if source is None:
        return None
    path = "reasoning."
    return Reasoning(
        effort=get_string(source, "effort", path),
        summary=get_string(source, "summary", path) or get_string(source, "generate_summary", path),
        raw=source,
    )


def _read_text_settings(request: ModelRequest, source: JsonObject) -> None:
    """`text`: the format and the verbosity. What we have no word for stays in `extra["text"]`, in its place."""
    request.verbosity = get_string(source, "verbosity", "text.")
    others = rest(source, frozenset({"format", "verbosity"}))
    spelled = get_object(source, "format", "text.")
    if spelled is not None:
        kind = need_string(spelled, "type", "text.format.")
        inner = spelled.get("json_schema")
        if kind == "json_schema" and isinstance(inner, dict):  # the form of chat completions
            spelled = {"type": kind, **inner}
        known = _FORMAT_FIELDS.get(kind)
        if known is not None:
            request.response_format = _read_format(kind, spelled, "text.format.")
        unknown = rest(spelled, known or frozenset())
        if unknown:
            others["format"] = unknown
    if others:
        request.extra["text"] = others


def _read_format(kind: str, source: JsonObject, path: str) -> ResponseFormat:
    if kind == "text":
        return ResponseFormat("text")
    if kind == "json_object":
        return ResponseFormat("json")
    schema = source.get("schema")
    if schema is None:
        raise bad_request("wire.missing", path + "schema")
    return ResponseFormat(
        "schema",
        schema=as_object(schema, path + "schema"),
        name=get_string(source, "name", path),
        description=get_string(source, "description", path),
        strict=get_bool(source, "strict", path),
    )
