"""A client's request, read."""

from __future__ import annotations

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, Message, Part, ToolResultPart
from crawdad.core.request import ModelRequest, ResponseFormat, Sampling
from crawdad.wire.anthropic.blocks_reader import opaque, read_content
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.anthropic.thinking import read_thinking
from crawdad.wire.anthropic.tools import read_tool_choice, read_tools
from crawdad.wire.fields import (
    as_object,
    check_request_depth,
    get_bool,
    get_int,
    get_list,
    get_number,
    get_object,
    get_string,
    need_list,
    need_string,
    rest,
    wrong_type,
)

_KNOWN = frozenset(
    {
        "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences",
        "tools", "tool_choice", "thinking", "output_config", "metadata", "service_tier",
    }
)  # fmt: skip
_OUTPUT = frozenset({"effort", "format"})
_MESSAGE = frozenset({"role", "content", "top_level", "continued"})  # the last two are marks of our own


def read_request(body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
    """The request in `body`; see `Codec.read_request`."""
    extra = rest(body, _KNOWN)
    response_format = _read_format(body, extra)
    metadata = dict(get_object(body, "metadata") or {})
    user = get_string(metadata, "user_id", "metadata.")
    metadata.pop("user_id", None)
    tools = read_tools(body)
    tool_choice, parallel = read_tool_choice(body, tools)
    messages = _read_system(body) + _read_messages(body)
    check_request_depth(body)
    return ModelRequest(
        model=need_string(body, "model") if model is None else model,
        messages=messages,
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=parallel,
        sampling=_read_sampling(body),
        reasoning=read_thinking(body),
        response_format=response_format,
        stream=(get_bool(body, "stream") or False) if stream is None else stream,
        service_tier=get_string(body, "service_tier"),
        user=user,
        metadata=metadata or None,
        protocol=NAME,
        extra=extra,
    )


def _read_sampling(body: JsonObject) -> Sampling:
    stop = get_list(body, "stop_sequences") or []
    for index, item in enumerate(stop):
        if not isinstance(item, str):
            raise wrong_type(f"stop_sequences[{index}]", "a string")
    return Sampling(
        temperature=get_number(body, "temperature"),
        top_p=get_number(body, "top_p"),
        top_k=get_int(body, "top_k"),
        max_tokens=get_int(body, "max_tokens"),
        stop=list(stop),
    )


def _read_format(body: JsonObject, extra: JsonObject) -> ResponseFormat | None:
    """The output format; other members of `output_config` go to `extra`. `output_format` is its older spelling."""
    config = get_object(body, "output_config") or {}
    kept = rest(config, _OUTPUT)
    raw = get_object(config, "format", "output_config.")
    older = get_object(body, "output_format") if raw is None else None
    chosen = raw or older
    response_format = None
    if chosen is not None and chosen.get("type") == "json_schema" and isinstance(chosen.get("schema"), dict):
        response_format = ResponseFormat("schema", chosen["schema"])
    elif raw is not None:
        kept["format"] = raw
    if kept:
        extra["output_config"] = kept
    return response_format


def _read_system(body: JsonObject) -> list[Message]:
    parts = read_content(body.get("system"), "system")
    return [Message("system", parts, extra={"top_level": True})] if parts else []


def _read_messages(body: JsonObject) -> list[Message]:
    messages: list[Message] = []
    for index, item in enumerate(need_list(body, "messages")):
        path = f"messages[{index}]"
        messages += _read_message(as_object(item, path), path + ".")
    return messages


def _read_message(raw: JsonObject, path: str) -> list[Message]:
    """One message; a user's message with tool results becomes two, the second marked as the first's continuation."""
    role = need_string(raw, "role", path)
    parts = read_content(raw.get("content"), path + "content")
    extra = rest(raw, _MESSAGE)
    if role == "assistant":
        said = parts.copy()
        for position, part in enumerate(parts):
            if isinstance(part, ToolResultPart):  # an assistant answers no calls; what looks like it is kept as it is
                said[position] = opaque(raw["content"][position])
        return [Message("assistant", said, extra=extra)]
    if role == "system":
        return [Message("system", parts, extra=extra)]
    if role != "user":
        raise bad_request("wire.value", path + "role", value=role)
    results: list[Part] = [part for part in parts if isinstance(part, ToolResultPart)]
    if not results:
        return [Message("user", parts, extra=extra)]
    others: list[Part] = [part for part in parts if not isinstance(part, ToolResultPart)]
    answer = Message("tool", results, extra=extra)
    return [answer, Message("user", others, extra={"continued": True})] if others else [answer]
