"""The Response resource, and what a service needs to keep responses: their input items and the way back into a request.

A Response echoes the request that made it; every field that the vendor's schema requires is there, with the vendor's
default where the client said nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.request import ModelRequest
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_responses.errors import write_response_error
from crawdad.wire.openai_responses.request_writer import write_format
from crawdad.wire.openai_responses.stops import ResponseStatus
from crawdad.wire.openai_responses.tools import write_tool_choice, write_tools
from crawdad.wire.openai_responses.usage import TIERS, write_tool_usage, write_usage
from crawdad.wire.profile import DEFAULT

OF_OUR_MAKING = frozenset(
    {
        "id",
        "object",
        "created_at",
        "status",
        "background",
        "completed_at",
        "error",
        "incomplete_details",
        "instructions",
        "metadata",
        "model",
        "output",
        "previous_response_id",
        "prompt_cache_key",
        "safety_identifier",
        "store",
        "tool_choice",
        "tools",
        "usage",
        "user",
    }
)
"""Fields that are ours to say even where the upstream is of this protocol. What else it says of its answer is kept."""

_REDACTED = "<redacted>"
_SPOILED = ("in_progress", "incomplete")


def response_id(context: ReplyContext) -> str:
    """The id of the Response that answers in `context`."""
    return f"resp_{context.reply_id}"


def echo(context: ReplyContext) -> JsonObject:
    """The fields of a Response that are known before the answer is."""
    request, extra = context.request, context.request.extra
    sampling = request.sampling
    echoed: JsonObject = {
        "id": response_id(context),
        "object": "response",
        "created_at": context.created,
        "status": "in_progress",
        "background": bool(extra.get("background")),
        "completed_at": None,
        "error": None,
        "frequency_penalty": sampling.frequency_penalty or 0.0,
        "incomplete_details": None,
        "instructions": _instructions(request),
        "max_output_tokens": sampling.max_tokens,
        "max_tool_calls": extra.get("max_tool_calls"),
        "metadata": request.metadata or {},
        "model": context.model,
        "output": [],
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "presence_penalty": sampling.presence_penalty or 0.0,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.cache_key,
        "prompt_cache_retention": extra.get("prompt_cache_retention"),
        "reasoning": _reasoning(request),
        "safety_identifier": extra.get("safety_identifier"),
        "service_tier": request.service_tier if request.service_tier in TIERS else "auto",
        "store": request.store is not False,
        "temperature": 1.0 if sampling.temperature is None else sampling.temperature,
        "text": _text(request),
        "tool_choice": write_tool_choice(request) or "auto",
        "tools": [_echoed_tool(tool) for tool in write_tools(request, DEFAULT)],
        "top_logprobs": sampling.top_logprobs or 0,
        "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
        "truncation": extra.get("truncation") or "disabled",
        "usage": None,
        "user": request.user if request.user != extra.get("safety_identifier") else None,
    }
    conversation = extra.get("conversation")
    if conversation:
        echoed["conversation"] = {"id": conversation} if isinstance(conversation, str) else conversation
    if extra.get("prompt"):
        echoed["prompt"] = extra["prompt"]
    return echoed


def _echoed_tool(tool: JsonObject) -> JsonObject:
    """A declaration as it is shown: with every required field, without the credentials for an MCP server."""
    if tool["type"] == "function":
        return {"description": None, "parameters": None, "strict": None, **tool}
    if tool["type"] == "mcp":
        shown = dict(tool)
        if shown.get("authorization"):
            shown["authorization"] = _REDACTED
        if isinstance(shown.get("headers"), dict):
            shown["headers"] = dict.fromkeys(shown["headers"], _REDACTED)
        return shown
    return tool


def _instructions(request: ModelRequest) -> str | None:
    texts = [
        part.text
        for message in request.messages
        if message.extra.get("top_level")
        for part in message.parts
        if isinstance(part, TextPart)
    ]
    return "\n\n".join(texts) if texts else None


def _reasoning(request: ModelRequest) -> JsonObject:
    asked = request.reasoning
    if asked is None:
        return {"effort": None, "summary": None}
    return {**(asked.raw or {}), "effort": asked.effort, "summary": asked.summary}


def _text(request: ModelRequest) -> JsonObject:
    text: JsonObject = {"format": {"type": "text"}, "verbosity": request.verbosity or "medium"}
    text.update(request.extra.get("text", {}))
    if request.response_format is not None:
        text["format"] = write_format(request.response_format)
    return text


def finished(
    echoed: JsonObject,
    status: ResponseStatus,
    output: list[JsonObject],
    usage: Usage | None = None,
    *,
    error: JsonObject | None = None,
    reason: str | None = None,
    at: int | None = None,
) -> JsonObject:
    """`echoed` with how it ended, and when (`at`, in Unix seconds), which is told of completed ones alone."""
    response = {**echoed, "status": status, "output": output, "error": error}
    response["completed_at"] = at if status == "completed" else None
    if status == "incomplete":
        response["incomplete_details"] = {"reason": reason}
    if usage is not None:
        response["usage"] = write_usage(usage)
        if usage.web_searches:
            response["tool_usage"] = write_tool_usage(usage)
        if usage.service_tier is not None or status == "completed":
            response["service_tier"] = usage.service_tier if usage.service_tier in TIERS else "default"
    return response


def response_object(
    context: ReplyContext,
    status: ResponseStatus,
    output: list[JsonObject] | None = None,
    usage: Usage | None = None,
    *,
    error: JsonObject | None = None,
    reason: str | None = None,
    completed_at: int | None = None,
) -> JsonObject:
    """A whole Response in any status.

    `output` holds finished items; `error` is `{code, message}` of a failed one (`errors.write_response_error`);
    `reason` says why one is incomplete; `completed_at` is in Unix seconds, for completed ones.
    """
    return finished(echo(context), status, output or [], usage, error=error, reason=reason, at=completed_at)


def failed_instead(event: JsonObject, error: GatewayError, language: Language = "en") -> JsonObject:
    """The event that ends a stream with `error` in place of `event`, which would have ended it well."""
    words = write_response_error(error, language)
    response = {**event["response"], "status": "failed", "error": words, "incomplete_details": None}
    return {**event, "type": "response.failed", "response": {**response, "completed_at": None}}


# Stored responses


def input_items(body: JsonObject, seed: str) -> list[JsonObject]:
    """The items of a request's `input`, first to last, as `GET /responses/{id}/input_items` lists them.

    Messages get their long form. An item without an id gets one made of `seed` (letters and digits) and its place.
    """
    value = body.get("input")
    if isinstance(value, str):
        value = [{"role": "user", "content": value}]
    items = value if isinstance(value, list) else []
    return [_listed(item, f"{seed}_{place}") for place, item in enumerate(items) if isinstance(item, dict)]


_ID_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "web_search_call": "ws",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "computer_call": "cu",
    "image_generation_call": "ig",
    "mcp_call": "mcp",
    "mcp_list_tools": "mcpl",
    "compaction": "cmp",
}


def item_id(kind: str, ending: str) -> str:
    """An id of the vendor's shape for an item of type `kind`."""
    return f"{_ID_PREFIXES.get(kind, 'item')}_{ending}"


def _listed(item: JsonObject, ending: str) -> JsonObject:
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    listed = {**item, "type": kind}
    listed["id"] = item.get("id") or item_id(str(kind), ending)
    if kind in ("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"):
        listed["status"] = item.get("status") or "completed"
    if kind == "message":
        listed["content"] = _listed_content(item)
    return listed


def _listed_content(item: JsonObject) -> list[Any]:
    content = item.get("content")
    spoken = item.get("role") == "assistant"
    if isinstance(content, str):
        content = [{"type": "output_text" if spoken else "input_text", "text": content}]
    if not isinstance(content, list):
        return []
    return [_listed_part(part) if isinstance(part, dict) else part for part in content]


def _listed_part(part: JsonObject) -> JsonObject:
    if part.get("type") == "output_text":
        return {"annotations": [], "logprobs": [], **part}
    if part.get("type") == "input_image":
        return {"detail": "auto", **part}
    return part


def output_to_input(output: Iterable[JsonObject]) -> list[JsonObject]:
    """The items with which a stored answer goes on as history (`previous_response_id`).

    Items are taken as they are: their ids and encrypted reasoning are what the vendor knows them by. A call or a
    server-side item that never became complete is left out, for nobody can answer it.
    """
    return [item for item in output if item.get("type") == "message" or item.get("status") not in _SPOILED]
