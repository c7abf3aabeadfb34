"""A request for an upstream of this protocol."""

from __future__ import annotations

import orjson

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, ThinkingPart
from crawdad.core.request import ModelRequest, ResponseFormat
from crawdad.wire.anthropic.conversation import foreign_conversation, native_conversation
from crawdad.wire.anthropic.schemas import reduced
from crawdad.wire.anthropic.support import NAME, SUPPORT, note
from crawdad.wire.anthropic.thinking import ThinkingPlan, plan_native, plan_thinking
from crawdad.wire.anthropic.tools import write_tool_choice, write_tools
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.end_users import vendor_user
from crawdad.wire.features import Feature, Treatment, survey
from crawdad.wire.profile import Profile

VERSION = "2023-06-01"
"""The only version of the protocol there has been; the vendor requires the header."""

_JSON = "Answer with one valid JSON object and nothing else: no explanation and no code fence."
_JSON_SCHEMA = (
    "Answer with one JSON value that follows this JSON Schema, and nothing else: no explanation and no code fence."
)
_MAX_USER = 256
_MIN_TOP_P_THINKING = 0.95
_TIERS = {"auto": "auto", "priority": "auto", "default": "standard_only", "standard": "standard_only"}


def write_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The request for an upstream; see `Codec.write_request`."""
    notes = survey(request, NAME, SUPPORT)
    body = (
        _write_native(request, profile, notes) if request.protocol == NAME else _write_foreign(request, profile, notes)
    )
    if request.stream:
        body["stream"] = True
    for name in sorted(profile.drop_fields & body.keys()):
        del body[name]
        notes.append(f"{name}: dropped, {profile.name} rejects it ({NAME})")
    if profile.body_version:
        del body["model"]
        body["anthropic_version"] = profile.body_version
        return WrittenRequest(body, {}, notes)
    return WrittenRequest(body, {"anthropic-version": VERSION}, notes)


def _write_native(request: ModelRequest, profile: Profile, notes: list[str]) -> JsonObject:
    """A request that was read from this protocol: what the client said, in full."""
    sampling = request.sampling
    system, messages = native_conversation(request)
    limit = profile.default_max_tokens if sampling.max_tokens is None else sampling.max_tokens
    plan = plan_native(request.reasoning, profile, limit, notes)
    if _leaves_out_thinking(request):
        plan = _without_thinking_where_history_has_none(plan, messages, notes)
    body: JsonObject = {**request.extra, "model": request.model, "max_tokens": plan.max_tokens, "messages": messages}
    tools = write_tools(request, profile)
    output = {**(request.extra.get("output_config") or {}), **_output_config(plan, _native_format(request))}
    metadata = {**(request.metadata or {}), **({} if request.user is None else {"user_id": request.user})}
    _put(
        body,
        system=system or None,
        tools=tools or None,
        tool_choice=write_tool_choice(request, tools),
        thinking=plan.thinking,
        output_config=output or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        stop_sequences=sampling.stop or None,
        metadata=metadata or None,
        service_tier=request.service_tier,
    )
    return body


def _write_foreign(request: ModelRequest, profile: Profile, notes: list[str]) -> JsonObject:
    """A request from another protocol: what can be said, within what the vendor accepts."""
    system, messages = foreign_conversation(request)
    if not messages:
        raise bad_request("wire.missing", "messages")
    limit = request.sampling.max_tokens or profile.default_max_tokens
    plan = plan_thinking(request.reasoning, profile, limit, notes)
    plan = _without_thinking_where_history_has_none(plan, messages, notes)
    tools = write_tools(request, profile)
    schema, words = _write_format(request.response_format, profile, notes)
    if words is not None:
        system = [*system, {"type": "text", "text": words}]
    body: JsonObject = {"model": request.model, "max_tokens": plan.max_tokens, "messages": messages}
    _put(
        body,
        system=system or None,
        tools=tools or None,
        tool_choice=_tool_choice(request, tools, plan, notes),
        thinking=plan.thinking,
        output_config=_output_config(plan, schema) or None,
        stop_sequences=_stop_sequences(request, notes) or None,
        metadata=None if request.user is None else {"user_id": vendor_user(request.user, _MAX_USER)},
        service_tier=_TIERS.get(request.service_tier or ""),
        **_sampling(request, plan, notes),
    )
    return body


def _put(body: JsonObject, **fields: object) -> None:
    """Set those of `fields` that were said."""
    body.update((key, value) for key, value in fields.items() if value is not None)


def _leaves_out_thinking(request: ModelRequest) -> bool:
    return any(
        isinstance(part, ThinkingPart) and part.origin != NAME for message in request.messages for part in message.parts
    )


def _without_thinking_where_history_has_none(
    plan: ThinkingPlan, messages: list[JsonObject], notes: list[str]
) -> ThinkingPlan:
    """With a budget, the vendor refuses to go on with a turn of the assistant that did not begin with thinking."""
    if plan.budget is None or not messages:
        return plan
    last = messages[-1]
    goes_on = last["role"] == "assistant" or any(block["type"] == "tool_result" for block in last["content"])
    turn = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    began = [block["type"] for block in turn["content"][:1]] if turn is not None else []
    if not goes_on or not began or began[0] in ("thinking", "redacted_thinking"):
        return plan
    notes.append(note(Feature.REASONING_EFFORT, Treatment.DROPPED, "the turn that goes on began without thinking"))
    return ThinkingPlan(max_tokens=plan.max_tokens)


def _output_config(plan: ThinkingPlan, schema: JsonObject | None) -> JsonObject:
    config: JsonObject = {}
    if plan.effort is not None:
        config["effort"] = plan.effort
    if schema is not None:
        config["format"] = {"type": "json_schema", "schema": schema}
    return config


def _native_format(request: ModelRequest) -> JsonObject | None:
    """The schema, unless it goes back in its older spelling within `extra`."""
    output = request.response_format
    return None if output is None or "output_format" in request.extra else output.schema


def _write_format(
    output: ResponseFormat | None, profile: Profile, notes: list[str]
) -> tuple[JsonObject | None, str | None]:
    """`(schema, instruction)`: a schema that the vendor enforces, or words that ask for JSON."""
    if output is None or output.kind == "text":
        return None, None
    if output.kind == "json" or output.schema is None:
        return None, _JSON
    schema = reduced(output.schema) if profile.json_schema else None
    if schema is not None:
        return schema, None
    notes.append(note(Feature.JSON_SCHEMA_OUTPUT, Treatment.APPROXIMATED, "asked for in words"))
    return None, f"{_JSON_SCHEMA}\n{orjson.dumps(output.schema).decode()}"


def _tool_choice(
    request: ModelRequest, tools: list[JsonObject], plan: ThinkingPlan, notes: list[str]
) -> JsonObject | None:
    choice = write_tool_choice(request, tools)
    if choice is None or not plan.active or choice["type"] in ("auto", "none"):
        return choice
    notes.append(note(Feature.TOOL_CHOICE_NAMED, Treatment.DROPPED, "thinking allows no forced tool"))
    kept = {key: value for key, value in choice.items() if key == "disable_parallel_tool_use"}
    return {"type": "auto", **kept}


def _sampling(request: ModelRequest, plan: ThinkingPlan, notes: list[str]) -> dict[str, float | None]:
    """Temperature, top_p and top_k within the vendor's limits."""
    sampling = request.sampling
    temperature, top_p, top_k = sampling.temperature, sampling.top_p, sampling.top_k
    if plan.active:
        thinking = "thinking allows no other value"
        if temperature is not None and temperature != 1:
            notes.append(note(Feature.TEMPERATURE, Treatment.DROPPED, thinking))
        if top_k is not None:
            notes.append(note(Feature.TOP_K, Treatment.DROPPED, thinking))
        if top_p is not None and not _MIN_TOP_P_THINKING <= top_p <= 1:
            notes.append(note(Feature.TOP_P, Treatment.DROPPED, thinking))
            top_p = None
        return {"top_p": top_p}
    if temperature is not None and not 0 <= temperature <= 1:
        temperature = min(max(temperature, 0), 1)
        notes.append(note(Feature.TEMPERATURE, Treatment.APPROXIMATED, f"limited to {temperature}"))
    if temperature is not None and top_p is not None:
        if top_p < 1:
            notes.append(note(Feature.TOP_P, Treatment.DROPPED, "the vendor takes temperature or top_p, not both"))
        top_p = None
    return {"temperature": temperature, "top_p": top_p, "top_k": top_k}


def _stop_sequences(request: ModelRequest, notes: list[str]) -> list[str]:
    """The stop sequences that are more than white space, which is all the vendor takes."""
    kept = [item for item in request.sampling.stop if item.strip()]
    if len(kept) < len(request.sampling.stop):
        notes.append(note(Feature.STOP, Treatment.DROPPED, "the vendor takes no white space"))
    return kept
