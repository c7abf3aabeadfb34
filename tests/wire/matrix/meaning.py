"""What a request means, apart from how a protocol groups and spells it, for comparing it before and after translation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import (
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Tool
from crawdad.wire.features import Feature
from crawdad.wire.tool_names import wire_tool_name

JsonObject = dict[str, Any]
Media = tuple[str, str]
"""Kind, and the data, URL or id."""


@dataclass
class Exchange:
    """A tool call with its result; either may be missing."""

    name: str | None = None
    arguments: Any = None
    result: str | None = None
    is_error: bool = False


@dataclass
class Meaning:
    """Texts are without white space, in the order in which one voice said them. Documents that are text are texts."""

    system: str = ""
    user: str = ""
    assistant: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    tools: dict[str, tuple[str | None, Any]] = field(default_factory=dict)
    """Name -> description and parameters."""


def meaning_of(request: ModelRequest, late_system: str = "system") -> Meaning:
    """The meaning of the conversation and the tools of `request`. `late_system` is the voice of instructions that come
    after somebody else spoke."""
    meaning = Meaning()
    waiting: dict[str, list[Exchange]] = {}
    spoken = False
    for message in request.messages:
        voice = {"developer": "system", "tool": "user"}.get(message.role, message.role)
        if voice != "system":
            spoken = True
        elif spoken:
            voice = late_system
        for part in message.parts:
            _add(meaning, voice, part, waiting)
    for tool in request.tools:
        if tool.kind != "builtin":
            meaning.tools[wire_tool_name(tool)] = (tool.description or None, _parameters(tool))
    return meaning


def _add(meaning: Meaning, voice: str, part: Part, waiting: dict[str, list[Exchange]]) -> None:
    if isinstance(part, MediaPart) and (text := _document_text(part)) is None:
        meaning.media.append((part.kind, part.data or part.url or part.file_id or ""))
    elif isinstance(part, ToolCallPart):
        name = f"{part.namespace}__{part.name}" if part.namespace else part.name
        exchange = Exchange(name, {"input": part.arguments} if part.custom else _json(part.arguments))
        meaning.exchanges.append(exchange)
        waiting.setdefault(part.id, []).append(exchange)
    elif isinstance(part, ToolResultPart):
        _add_result(meaning, part, waiting)
    elif isinstance(part, TextPart | RefusalPart | OpaquePart):
        setattr(meaning, voice, getattr(meaning, voice) + bare(part.text or ""))
    elif isinstance(part, MediaPart):
        setattr(meaning, voice, getattr(meaning, voice) + bare(text or ""))


def _add_result(meaning: Meaning, part: ToolResultPart, waiting: dict[str, list[Exchange]]) -> None:
    exchange = next((call for call in waiting.get(part.call_id, []) if call.result is None), None)
    if exchange is None:
        exchange = Exchange()
        meaning.exchanges.append(exchange)
    exchange.result, exchange.is_error = "", part.is_error
    for inner in part.content:
        if isinstance(inner, MediaPart) and _document_text(inner) is None:
            meaning.media.append((inner.kind, inner.data or inner.url or inner.file_id or ""))
        else:
            text = _document_text(inner) if isinstance(inner, MediaPart) else getattr(inner, "text", None)
            exchange.result += bare(text or "")


def _document_text(part: MediaPart) -> str | None:
    if part.kind == "document" and part.data and (part.media_type or "").startswith("text/"):
        return base64.b64decode(part.data).decode()
    return part.text


def bare(text: str) -> str:
    """`text` without white space."""
    return "".join(text.split())


def _json(arguments: str) -> Any:
    try:
        return json.loads(arguments) if arguments else {}
    except ValueError:
        return arguments


def _parameters(tool: Tool) -> Any:
    if tool.kind == "custom":
        return {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    return {"type": "object", "properties": {}, **(tool.parameters or {})}


KNOBS: dict[Feature, Callable[[ModelRequest], Any]] = {
    Feature.TEMPERATURE: lambda request: request.sampling.temperature,
    Feature.TOP_P: lambda request: request.sampling.top_p,
    Feature.TOP_K: lambda request: request.sampling.top_k,
    Feature.MAX_TOKENS: lambda request: request.sampling.max_tokens,
    Feature.STOP: lambda request: request.sampling.stop or None,
    Feature.SEED: lambda request: request.sampling.seed,
    Feature.FREQUENCY_PENALTY: lambda request: request.sampling.frequency_penalty or None,
    Feature.PRESENCE_PENALTY: lambda request: request.sampling.presence_penalty or None,
    Feature.N: lambda request: request.sampling.n if request.sampling.n != 1 else None,
    Feature.LOGPROBS: lambda request: request.sampling.logprobs or None,
    Feature.LOGIT_BIAS: lambda request: request.sampling.logit_bias,
    Feature.VERBOSITY: lambda request: request.verbosity,
    Feature.USER: lambda request: request.user,
    Feature.METADATA: lambda request: request.metadata or None,
    Feature.CACHE_KEY: lambda request: request.cache_key,
    Feature.PARALLEL_TOOL_CALLS: lambda request: request.parallel_tool_calls,
    Feature.JSON_OUTPUT: lambda request: _format(request, "json"),
    Feature.JSON_SCHEMA_OUTPUT: lambda request: _format(request, "schema"),
    Feature.STRICT_TOOLS: lambda request: sorted(wire_tool_name(tool) for tool in request.tools if tool.strict) or None,
    Feature.TOOL_CHOICE_NAMED: lambda request: _choice(request, "named"),
    Feature.TOOL_CHOICE_ALLOWED: lambda request: _choice(request, "allowed"),
    Feature.PARTICIPANT_NAME: lambda request: [message.name for message in request.messages if message.name] or None,
}
"""What a request asks for besides its conversation; None where it does not ask."""


def _format(request: ModelRequest, kind: str) -> Any:
    wanted = request.response_format
    return (wanted.schema or True) if wanted is not None and wanted.kind == kind else None


def _choice(request: ModelRequest, mode: str) -> Any:
    choice = request.tool_choice
    if choice is None or choice.mode != mode:
        return None
    named = {wire_tool_name(tool): tool for tool in request.tools}
    return [name for name in choice.names if name not in named or named[name].kind != "builtin"] or None
