"""What a request means, apart from how a protocol groups and spells it, for comparing it before and after translation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import MediaPart, OpaquePart, Part, RefusalPart, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest
from crawdad.wire.features import Feature
from crawdad.wire.tool_names import wire_tool_name

JsonObject = dict[str, Any]
Media = tuple[str, str]
"""Kind, and the data, URL, id or text."""


@dataclass
class Exchange:
    """A tool call with its result; both are None where the other is missing."""

    name: str | None = None
    arguments: Any = None
    result: str | None = None
    media: list[Media] = field(default_factory=list)
    is_error: bool = False


@dataclass
class Meaning:
    """Texts are without white space, in the order in which they were said by one voice."""

    system: str = ""
    user: str = ""
    assistant: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    tools: dict[str, Any] = field(default_factory=dict)


def meaning_of(request: ModelRequest) -> Meaning:
    """The meaning of the conversation and the tools of `request`."""
    meaning = Meaning()
    waiting: dict[str, list[Exchange]] = {}
    for message in request.messages:
        voice = {"developer": "system", "tool": "user"}.get(message.role, message.role)
        for part in message.parts:
            _add(meaning, voice, part, waiting)
    for tool in request.tools:
        if tool.kind != "builtin":
            meaning.tools[wire_tool_name(tool)] = (tool.kind, tool.description, tool.parameters)
    return meaning


def _add(meaning: Meaning, voice: str, part: Part, waiting: dict[str, list[Exchange]]) -> None:
    if isinstance(part, TextPart | RefusalPart | OpaquePart):
        _say(meaning, voice, part.text or "")
    elif isinstance(part, MediaPart):
        meaning.media.append(_media(part))
    elif isinstance(part, ToolCallPart):
        name = f"{part.namespace}__{part.name}" if part.namespace else part.name
        arguments = {"input": part.arguments} if part.custom else _json(part.arguments)
        exchange = Exchange(name, arguments)
        meaning.exchanges.append(exchange)
        waiting.setdefault(part.id, []).append(exchange)
    elif isinstance(part, ToolResultPart):
        calls = waiting.get(part.call_id) or []
        exchange = next((call for call in calls if call.result is None), Exchange())
        if exchange.name is None:
            meaning.exchanges.append(exchange)
        exchange.result = bare("".join(_text(inner) for inner in part.content))
        exchange.media = [_media(inner) for inner in part.content if isinstance(inner, MediaPart)]
        exchange.is_error = part.is_error


def _say(meaning: Meaning, voice: str, text: str) -> None:
    setattr(meaning, voice, getattr(meaning, voice) + bare(text))


def _text(part: Part) -> str:
    return part.text or "" if isinstance(part, TextPart | RefusalPart | OpaquePart) else ""


def bare(text: str) -> str:
    """`text` without white space."""
    return "".join(text.split())


def _media(part: MediaPart) -> Media:
    if part.text is not None:
        return part.kind, base64.b64encode(part.text.encode()).decode()
    return part.kind, part.data or part.url or part.file_id or ""


def _json(arguments: str) -> Any:
    try:
        return json.loads(arguments) if arguments else {}
    except ValueError:
        return arguments


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
    return wanted.schema or True if wanted is not None and wanted.kind == kind else None


def _choice(request: ModelRequest, mode: str) -> Any:
    choice = request.tool_choice
    return (choice.names, choice.required) if choice is not None and choice.mode == mode else None
