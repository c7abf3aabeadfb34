"""A client's request body as a `ModelRequest`."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, ResponseFormat, Sampling
from crawdad.wire.fields import (
    check_request_depth,
    get_bool,
    get_int,
    get_list,
    get_number,
    get_object,
    get_string,
    need_string,
    rest,
    wrong_type,
)
from crawdad.wire.openai_chat.message_reader import read_messages
from crawdad.wire.openai_chat.reasoning import REASONING_FIELDS, read_reasoning
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.tools import LEGACY, read_tool_choice, read_tools

SAMPLING_FIELDS = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "random_seed",
        "frequency_penalty",
        "presence_penalty",
        "n",
        "logprobs",
        "top_logprobs",
        "logit_bias",
    }
)

_KNOWN = (
    SAMPLING_FIELDS
    | REASONING_FIELDS
    | {
        "model",
        "messages",
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "response_format",
        "verbosity",
        "modalities",
        "stream",
        "stream_options",
        "service_tier",
        "user",
        "metadata",
        "prompt_cache_key",
        "store",
    }
)


def read_request(body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
    """The request in `body`. Raises BAD_REQUEST naming the field at fault."""
    check_request_depth(body)
    tools = read_tools(body)
    options = get_object(body, "stream_options") or {}
    extra = rest(body, _KNOWN)
    if unknown := rest(options, frozenset({"include_usage"})):
        extra["stream_options"] = unknown
    request = ModelRequest(
        model=model if model is not None else need_string(body, "model"),
        messages=read_messages(body),
        tools=tools,
        tool_choice=read_tool_choice(body),
        parallel_tool_calls=get_bool(body, "parallel_tool_calls"),
        sampling=read_sampling(body),
        reasoning=read_reasoning(body),
        response_format=_read_format(body, extra),
        verbosity=get_string(body, "verbosity"),
        modalities=_read_strings(body, "modalities"),
        stream=stream if stream is not None else get_bool(body, "stream") or False,
        include_usage=get_bool(options, "include_usage", "stream_options."),
        service_tier=get_string(body, "service_tier"),
        user=get_string(body, "user") or get_string(body, "safety_identifier"),
        metadata=get_object(body, "metadata"),
        cache_key=get_string(body, "prompt_cache_key"),
        store=get_bool(body, "store"),
        protocol=NAME,
        extra=extra,
    )
    if any(tool.extra.get(LEGACY) for tool in tools):
        request.parallel_tool_calls = False  # `function_call` has room for one call only
    return request


def read_sampling(body: JsonObject) -> Sampling:
    """The knobs of generation. `max_completion_tokens` goes before the deprecated `max_tokens`."""
    limit = get_int(body, "max_completion_tokens")
    return Sampling(
        temperature=get_number(body, "temperature"),
        top_p=get_number(body, "top_p"),
        top_k=get_int(body, "top_k"),
        max_tokens=limit if limit is not None else get_int(body, "max_tokens"),
        stop=_read_stop(body),
        seed=get_int(body, "seed") if body.get("seed") is not None else get_int(body, "random_seed"),
        frequency_penalty=get_number(body, "frequency_penalty"),
        presence_penalty=get_number(body, "presence_penalty"),
        n=get_int(body, "n"),
        logprobs=get_bool(body, "logprobs"),
        top_logprobs=get_int(body, "top_logprobs"),
        logit_bias=_read_bias(body),
    )


def _read_stop(body: JsonObject) -> list[str]:
    value = body.get("stop")
    return [value] if isinstance(value, str) else _read_strings(body, "stop") or []


def _read_strings(body: JsonObject, key: str) -> list[str] | None:
    values = get_list(body, key)
    for number, value in enumerate(values or ()):
        if not isinstance(value, str):
            raise wrong_type(f"{key}[{number}]", "a string")
    return values


def _read_bias(body: JsonObject) -> dict[str, float] | None:
    bias = get_object(body, "logit_bias")
    return None if bias is None else {token: get_number(bias, token, "logit_bias.") or 0 for token in bias}


def _read_format(body: JsonObject, extra: JsonObject) -> ResponseFormat | None:
    """The response format. Forms of vendors' own (grammars) stay in `extra`."""
    raw = get_object(body, "response_format")
    if raw is None:
        return None
    kind: Any = need_string(raw, "type", "response_format.")
    if kind == "text":
        return ResponseFormat("text")
    if kind == "json_object":
        schema = raw.get("schema")  # llama.cpp, Together
        return ResponseFormat("schema", schema=schema) if isinstance(schema, dict) else ResponseFormat("json")
    if kind != "json_schema":
        extra["response_format"] = raw
        return None
    inner = get_object(raw, "json_schema", "response_format.")
    if inner is None:
        raise bad_request("wire.missing", "response_format.json_schema")
    here = "response_format.json_schema."
    return ResponseFormat(
        "schema",
        schema=get_object(inner, "schema", here),
        name=get_string(inner, "name", here),
        description=get_string(inner, "description", here),
        strict=get_bool(inner, "strict", here),
    )
