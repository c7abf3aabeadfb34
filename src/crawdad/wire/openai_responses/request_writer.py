"""A request of any protocol, written for an upstream."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.parts import JsonObject, Message, TextPart, ThinkingPart
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.end_users import vendor_user
from crawdad.wire.features import survey
from crawdad.wire.openai_responses.item_writer import ItemWriter
from crawdad.wire.openai_responses.request_reader import INPUT_AS_STRING, LOGPROBS
from crawdad.wire.openai_responses.support import NAME, SUPPORT
from crawdad.wire.openai_responses.tools import write_tool_choice, write_tools
from crawdad.wire.openai_responses.usage import TIERS
from crawdad.wire.profile import Profile

ENCRYPTED = "reasoning.encrypted_content"
"""The entry of `include` that asks for encrypted reasoning."""
MIN_OUTPUT_TOKENS = 16
"""The vendor rejects smaller limits; clients of other vendors send 1 to probe their quota."""

_MAX_USER = 64
_EFFORT_BY_BUDGET = ((4096, "low"), (16384, "medium"))
_TIER_WORDS = {"standard_only": "default", "standard": "default"}


def write_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The body for an upstream. Raises BAD_REQUEST for content that this protocol cannot say."""
    notes = survey(request, NAME, SUPPORT)
    body: JsonObject = {"model": request.model}
    body.update(_own(request) if request.protocol == NAME else _foreign(request, profile, notes))
    _write_input(body, request, profile, notes)
    _write_knobs(body, request, profile)
    tools = write_tools(request, profile)
    if tools:
        body["tools"] = tools
    if tools or request.protocol == NAME:
        choice = write_tool_choice(request)
        if choice is not None:
            body["tool_choice"] = choice
        if request.parallel_tool_calls is not None and profile.parallel_tool_calls:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    for name in sorted(profile.drop_fields & body.keys()):
        del body[name]
        notes.append(f"{name}: dropped (not understood by the upstream)")
    return WrittenRequest(body, notes=notes)


def _own(request: ModelRequest) -> JsonObject:
    """What only a client of this protocol can have said."""
    body = dict(request.extra)
    body.pop("text", None)
    reasoning, sampling = request.reasoning, request.sampling
    if reasoning is not None:
        body["reasoning"] = _own_reasoning(reasoning)
    if request.user is not None and request.user != body.get("safety_identifier"):
        body["user"] = request.user
    for name, value in (
        ("metadata", request.metadata),
        ("max_output_tokens", sampling.max_tokens),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("service_tier", request.service_tier),
        ("store", request.store),
        ("previous_response_id", request.previous_response_id),
    ):
        if value is not None:
            body[name] = value
    return body


def _own_reasoning(reasoning: Reasoning) -> JsonObject:
    """As the client spelled it, with what was changed since."""
    raw = dict(reasoning.raw or {})
    if reasoning.effort != raw.get("effort"):
        raw["effort"] = reasoning.effort
    if reasoning.summary != (raw.get("summary") or raw.get("generate_summary")):
        raw["summary"] = reasoning.summary
    return raw


def _foreign(request: ModelRequest, profile: Profile, notes: list[str]) -> JsonObject:
    """What a client of another protocol meant, in this protocol's words.

    Nobody will ask for the response again, so the vendor is told not to store it; then reasoning can only come back in
    its encrypted form, which is asked for where the client or the profile lets us expect a model that reasons (other
    models reject the wish).
    """
    body: JsonObject = {"store": bool(request.store)}
    include = []
    reasoning = _foreign_reasoning(request.reasoning, profile)
    if reasoning:
        body["reasoning"] = reasoning
    if _expects_reasoning(request) or profile.encrypted_reasoning:
        include.append(ENCRYPTED)
    if request.sampling.logprobs:
        include.append(LOGPROBS)
    if include:
        body["include"] = include
    if request.user is not None:
        body["user"] = vendor_user(request.user, _MAX_USER)
    if request.metadata:
        body["metadata"] = {key: _metadata_text(value) for key, value in request.metadata.items()}
    tier = _TIER_WORDS.get(request.service_tier or "", request.service_tier)
    if tier in TIERS:
        body["service_tier"] = tier
    elif tier is not None:
        notes.append(f"service tier {tier}: dropped ({NAME})")
    limit = request.sampling.max_tokens
    if limit is not None:
        body["max_output_tokens"] = max(limit, MIN_OUTPUT_TOKENS)
        if limit < MIN_OUTPUT_TOKENS:
            notes.append(f"output token limit: raised to {MIN_OUTPUT_TOKENS} ({NAME})")
    return body


def _metadata_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _expects_reasoning(request: ModelRequest) -> bool:
    if request.reasoning is not None and not request.reasoning.off:
        return True
    return any(
        isinstance(part, ThinkingPart) and part.origin == NAME and part.encrypted is not None
        for message in request.messages
        for part in message.parts
    )


def _foreign_reasoning(reasoning: Reasoning | None, profile: Profile) -> JsonObject:
    if reasoning is None or not profile.reasoning_effort:
        return {}
    written: JsonObject = {}
    effort = reasoning.effort or _effort(reasoning.budget)
    if effort is not None:
        written["effort"] = effort
    if reasoning.off:
        return {"effort": "none"}
    shown = reasoning.include_thoughts
    if shown is None:  # elsewhere a budget (or leave to think at will) brings visible thoughts with it
        shown = reasoning.adaptive or reasoning.budget is not None
    summary = reasoning.summary or ("auto" if shown else None)
    if summary not in (None, "none"):
        written["summary"] = summary
    return written


def _effort(budget: int | None) -> str | None:
    if budget is None or budget < 0:
        return None
    return next((effort for limit, effort in _EFFORT_BY_BUDGET if budget <= limit), "high")


def _write_input(body: JsonObject, request: ModelRequest, profile: Profile, notes: list[str]) -> None:
    instructions: list[str] = []
    spoken: list[Message] = []
    for message in request.messages:
        texts = [part.text for part in message.parts if isinstance(part, TextPart)]
        if message.extra.get("top_level") and len(texts) == len(message.parts):
            instructions += [text for text in texts if text]
        else:
            spoken.append(message)
    if instructions:
        body["instructions"] = "\n\n".join(instructions)
    whole = _whole_input(spoken) if request.protocol == NAME else None
    if whole is not None:
        body["input"] = whole
        return
    writer = ItemWriter(request, profile.developer_role)
    for message in spoken:
        writer.write(message)
    if writer.items or not body.keys() & {"previous_response_id", "conversation", "prompt"}:
        body["input"] = writer.items
    notes += writer.notes


def _whole_input(messages: list[Message]) -> str | None:
    """The input as the one string that it came as."""
    if len(messages) == 1 and INPUT_AS_STRING in messages[0].extra and len(messages[0].parts) == 1:
        part = messages[0].parts[0]
        return part.text if isinstance(part, TextPart) else None
    return None


def _write_knobs(body: JsonObject, request: ModelRequest, profile: Profile) -> None:
    sampling = request.sampling
    for name, value in (
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("top_logprobs", sampling.top_logprobs),
        ("prompt_cache_key", request.cache_key),
    ):
        if value is not None:
            body[name] = value
    text = dict(request.extra.get("text", {})) if request.protocol == NAME else {}
    if request.response_format is not None:
        text["format"] = {**write_format(request.response_format), **text.get("format", {})}
    if request.verbosity is not None:
        text["verbosity"] = request.verbosity
    if text:
        body["text"] = text
    if request.stream:
        body["stream"] = True


def write_format(wanted: ResponseFormat) -> JsonObject:
    """The `text.format` object."""
    if wanted.kind == "text":
        return {"type": "text"}
    if wanted.kind == "json" or wanted.schema is None:
        return {"type": "json_object"}
    written: JsonObject = {"type": "json_schema", "name": wanted.name or "response", "schema": wanted.schema}
    if wanted.description is not None:
        written["description"] = wanted.description
    if wanted.strict is not None:
        written["strict"] = wanted.strict
    return written
