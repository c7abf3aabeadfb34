"""`ModelRequest` -> the body of Ollama's `/api/chat`.

https://docs.ollama.com/api/chat. A message has one text, one thought, one list of images and one list of calls; each tool
result is a message of its own, and pictures in results follow in a user message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Tool
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.custom_tools import function_parameters, object_arguments
from crawdad.wire.features import Feature, survey
from crawdad.wire.ollama.support import NAME, SUPPORT
from crawdad.wire.profile import Profile
from crawdad.wire.tool_names import find_tool, wire_tool_name

_LEVELS = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


def write_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The body for `request` and notes on what it could not say. Raises BAD_REQUEST for content Ollama cannot take.

    `request.extra` (`options`, `keep_alive`, …) counts where the request is Ollama's own.
    """
    notes = survey(request, NAME, SUPPORT)
    body: JsonObject = {"model": request.model, "messages": _messages(request), "stream": request.stream}
    tools = _tools(request)
    if tools:
        body["tools"] = tools
    options = _options(request)
    extra = request.extra if request.protocol == NAME else {}
    if isinstance(extra.get("options"), dict):
        options |= extra["options"]
    if options:
        body["options"] = options
    if request.response_format is not None and (form := _format(request.response_format)) is not None:
        body["format"] = form
    if request.reasoning is not None:
        if profile.reasoning_effort:
            body |= _think(request.reasoning, profile)
        else:
            notes.append(f"{Feature.REASONING_EFFORT.value}: dropped ({profile.name})")
    if request.sampling.logprobs:
        body["logprobs"] = True
        if request.sampling.top_logprobs is not None:
            body["top_logprobs"] = request.sampling.top_logprobs
    body |= {key: value for key, value in extra.items() if key != "options"}
    for name in sorted(profile.drop_fields & body.keys()):
        del body[name]
        notes.append(f"{name}: dropped ({profile.name})")
    return WrittenRequest(body, notes=notes)


# Messages


def _messages(request: ModelRequest) -> list[JsonObject]:
    names = {
        part.id: f"{part.namespace}__{part.name}" if part.namespace else part.name
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCallPart)
    }
    messages: list[JsonObject] = []
    images: list[str] = []
    for message in request.messages:
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        for result in results:
            messages.append(_result(result, names))
            images += _images(result.content)
        others: list[Part] = [part for part in message.parts if not isinstance(part, ToolResultPart)]
        if not others:
            continue
        _flush(messages, images)
        written = _message(message, others)
        if written is not None:
            messages.append(written)
    _flush(messages, images)
    return messages


def _flush(messages: list[JsonObject], images: list[str]) -> None:
    """Pictures from tool results, after the last of the results."""
    if images:
        messages.append({"role": "user", "content": "", "images": list(images)})
        images.clear()


def _message(message: Message, parts: Sequence[Part]) -> JsonObject | None:
    result: JsonObject = {"role": _ROLES[message.role], "content": _text(parts)}
    thoughts = "".join(part.text for part in parts if isinstance(part, ThinkingPart))
    if thoughts:
        result["thinking"] = thoughts
    images = _images(parts)
    if images:
        result["images"] = images
    calls = [_call(part) for part in parts if isinstance(part, ToolCallPart)]
    if calls:
        result["tool_calls"] = calls
    return result if len(result) > 2 or result["content"] else None


def _text(parts: Sequence[Part]) -> str:
    spoken = (part.text for part in parts if isinstance(part, (TextPart, RefusalPart, MediaPart, OpaquePart)))
    return "\n".join(text for text in spoken if text)


def _images(parts: Sequence[Part]) -> list[str]:
    return [part.data for part in parts if isinstance(part, MediaPart) and part.kind == "image" and part.data]


def _call(part: ToolCallPart) -> JsonObject:
    name = f"{part.namespace}__{part.name}" if part.namespace else part.name
    call: JsonObject = {"function": {"name": name, "arguments": object_arguments(part)}}
    return {"id": part.id, **call} if part.id else call


def _result(part: ToolResultPart, names: dict[str, str]) -> JsonObject:
    text = _text(part.content)
    message: JsonObject = {"role": "tool", "content": f"Error: {text}" if part.is_error else text}
    name = names.get(part.call_id) or part.name
    if name:
        message["tool_name"] = name
    if part.call_id:
        message["tool_call_id"] = part.call_id
    return message


# Tools and knobs


def _tools(request: ModelRequest) -> list[JsonObject]:
    choice = request.tool_choice
    tools = [tool for tool in request.tools if tool.kind != "builtin"]
    if choice is not None and choice.mode == "none":
        return []
    if choice is not None and choice.mode in ("named", "allowed"):
        chosen = [find_tool(request, name) for name in choice.names]
        tools = [tool for tool in tools if tool in chosen] or tools
    return [_tool(tool) for tool in tools]


def _tool(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": wire_tool_name(tool), "description": tool.description or ""}
    function["parameters"] = function_parameters(tool) or {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def _options(request: ModelRequest) -> JsonObject:
    sampling = request.sampling
    options: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "num_predict": sampling.max_tokens,
        "stop": sampling.stop or None,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
    }
    return {key: value for key, value in options.items() if value is not None}


def _format(wanted: ResponseFormat) -> Any:
    if wanted.kind == "text":
        return None
    return wanted.schema if wanted.kind == "schema" and wanted.schema is not None else "json"


def _think(reasoning: Reasoning, profile: Profile) -> JsonObject:
    """Most models take yes or no; levels (gpt-oss) only where the profile says so, for others reject them."""
    if reasoning.off:
        return {"think": False}
    if profile.thinking_levels and reasoning.effort in _LEVELS:
        return {"think": _LEVELS[reasoning.effort]}
    asked = reasoning.effort is not None or reasoning.budget is not None or reasoning.adaptive
    return {"think": True} if asked or reasoning.include_thoughts else {}
