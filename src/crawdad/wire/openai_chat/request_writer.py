"""A `ModelRequest` as the body that an upstream wants."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, ResponseFormat
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.end_users import vendor_user
from crawdad.wire.features import Feature, Treatment, features_of, survey
from crawdad.wire.openai_chat.message_writer import write_messages
from crawdad.wire.openai_chat.reasoning import write_reasoning
from crawdad.wire.openai_chat.support import NAME, support_for
from crawdad.wire.openai_chat.tools import write_tool_choice, write_tools
from crawdad.wire.openai_chat.usage import write_tier
from crawdad.wire.profile import Profile

_ONLY_FOREIGN = frozenset({Feature.METADATA, Feature.BUILTIN_TOOLS, Feature.FORCED_BUILTIN_TOOL})
"""What a request of this same protocol does not lose."""

_MAX_USER = 64
_SCHEMA_WORDS = "Answer with a single JSON value that follows this JSON Schema, and nothing else:\n"


def write_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The body for `profile`'s upstream, with notes on what was left out. Raises BAD_REQUEST for content it cannot say."""
    notes = _notes(request, profile)
    own = request.protocol == NAME
    body: JsonObject = {"model": request.model, "messages": write_messages(request, profile)}
    if own:
        body |= {key: value for key, value in request.extra.items() if key != "stream_options"}
    _write_tools(request, profile, body)
    _write_sampling(request, profile, body)
    write_reasoning(request, profile, body)
    if request.response_format is not None:
        _write_format(request.response_format, profile, body)
    _write_rest(request, own, body)
    _write_stream(request, own, profile, body)
    for key in sorted(profile.drop_fields & body.keys()):
        del body[key]
        notes.append(f"{key}: dropped ({NAME}, {profile.name})")
    return WrittenRequest(body, notes=notes)


def _notes(request: ModelRequest, profile: Profile) -> list[str]:
    """What is left out: by the protocol, or (for a request of this same protocol) by this upstream."""
    support = support_for(profile)
    if request.protocol != NAME:
        return survey(request, NAME, support)
    dropped = (feature for feature in features_of(request, NAME) if support[feature] is Treatment.DROPPED)
    lost = dict.fromkeys(feature for feature in dropped if feature not in _ONLY_FOREIGN)
    return [f"{feature.value}: dropped ({NAME}, {profile.name})" for feature in lost]


def _write_tools(request: ModelRequest, profile: Profile, body: JsonObject) -> None:
    tools = write_tools(request, profile)
    if not tools:
        return
    body["tools"] = tools
    choice = write_tool_choice(request, profile)
    if choice is not None:
        body["tool_choice"] = choice
    if request.parallel_tool_calls is not None and profile.parallel_tool_calls:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _write_sampling(request: ModelRequest, profile: Profile, body: JsonObject) -> None:
    sampling = request.sampling
    knobs: tuple[tuple[str, Any], ...] = (
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("top_k", sampling.top_k if profile.top_k else None),
        (profile.max_tokens_field, sampling.max_tokens),
        ("stop", sampling.stop or None),
        (profile.seed_field, sampling.seed),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("n", sampling.n),
        ("logprobs", True if sampling.top_logprobs and sampling.logprobs is None else sampling.logprobs),
        ("top_logprobs", sampling.top_logprobs),
        ("logit_bias", sampling.logit_bias),
    )
    body |= {key: value for key, value in knobs if value is not None}


def _write_format(form: ResponseFormat, profile: Profile, body: JsonObject) -> None:
    if form.kind == "text":
        body["response_format"] = {"type": "text"}
    elif form.kind == "json":
        body["response_format"] = {"type": "json_object"}
    elif profile.json_schema:
        inner: JsonObject = {"name": form.name or "response"}
        for key, value in (("description", form.description), ("schema", form.schema), ("strict", form.strict)):
            if value is not None:
                inner[key] = value
        body["response_format"] = {"type": "json_schema", "json_schema": inner}
    else:
        body["response_format"] = {"type": "json_object"}
        body["messages"] = _with_schema(body["messages"], form.schema)


def _with_schema(messages: list[JsonObject], schema: JsonObject | None) -> list[JsonObject]:
    """The schema in words, after the system messages at the beginning."""
    try:
        words = _SCHEMA_WORDS + orjson.dumps(schema or {}).decode()
    except orjson.JSONEncodeError:  # nested deeper than it can be written; JSON it will be at least
        return messages
    place = next((i for i, message in enumerate(messages) if message["role"] not in ("system", "developer")), 0)
    return [*messages[:place], {"role": "system", "content": words}, *messages[place:]]


def _write_rest(request: ModelRequest, own: bool, body: JsonObject) -> None:
    modalities = [word.lower() for word in request.modalities or ()]
    tier, user = request.service_tier, request.user
    if own and user == request.extra.get("safety_identifier"):
        user = None
    elif not own and user is not None:
        user = vendor_user(user, _MAX_USER)
    fields: tuple[tuple[str, Any], ...] = (
        ("verbosity", request.verbosity),
        ("modalities", request.modalities if own else modalities if modalities not in ([], ["text"]) else None),
        ("service_tier", tier if own else write_tier(tier)),
        ("user", user),
        ("metadata", request.metadata if own else None),
        ("prompt_cache_key", request.cache_key),
        ("store", request.store if own else None),
    )
    body |= {key: value for key, value in fields if value is not None}


def _write_stream(request: ModelRequest, own: bool, profile: Profile, body: JsonObject) -> None:
    body["stream"] = request.stream
    if not request.stream:
        return
    options = dict(request.extra.get("stream_options") or {}) if own else {}
    if profile.stream_usage:
        options["include_usage"] = True  # it is counted even where the client does not ask
    if options:
        body["stream_options"] = options
