"""`ModelRequest` -> the body of a generateContent request.

https://ai.google.dev/api/generate-content. The same function serves Google's own clients, whose extra fields go back where
they were, and all others.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.custom_tools import function_parameters
from crawdad.wire.features import Feature, survey
from crawdad.wire.gemini.content_writer import ContentWriter
from crawdad.wire.gemini.schema import to_openapi
from crawdad.wire.gemini.spelling import NAME, google_name
from crawdad.wire.gemini.support import SUPPORT
from crawdad.wire.profile import Profile
from crawdad.wire.tool_names import find_tool, wire_tool_name

_NESTED = ("generationConfig", "toolConfig")
_TIERS = {
    "flex": "flex",
    "priority": "priority",
    "default": "standard",
    "standard": "standard",
    "standard_only": "standard",
}
_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")
_EFFORTS = {"none": 0, "minimal": 0, "low": 1, "medium": 2, "high": 3, "xhigh": 3, "max": 3}
_LEVEL_BUDGETS = (0, 2048, 12288)
"""Up to how many tokens of thought the first levels reach, where a client says tokens."""
_BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_LARGEST_BUDGET = 24576
"""What every Gemini 2.5 model accepts."""


def write_request(request: ModelRequest, profile: Profile) -> WrittenRequest:
    """The body for `request` and notes on what it could not say. Raises BAD_REQUEST for content Google cannot take."""
    notes = survey(request, NAME, SUPPORT)
    native = request.protocol == NAME
    system, contents = ContentWriter(request, profile).write()
    body: JsonObject = {"contents": contents}
    if system is not None:
        body["systemInstruction"] = system
    tools = _tools(request.tools, profile, native)
    if tools:
        body["tools"] = tools
    extra = request.extra if native else {}
    tool_config = dict(extra.get("toolConfig", {}))
    choice = _tool_choice(request, native)
    if choice is not None:
        tool_config["functionCallingConfig"] = choice
    if tool_config or "toolConfig" in extra:
        body["toolConfig"] = tool_config
    config = {**_config(request, profile), **extra.get("generationConfig", {})}
    if config or "generationConfig" in extra:
        body["generationConfig"] = config
    _service_tier(request, native, body, notes)
    body |= {key: value for key, value in extra.items() if key not in _NESTED}
    for name in sorted(profile.drop_fields & body.keys()):
        del body[name]
        notes.append(f"{name}: dropped ({profile.name})")
    return WrittenRequest(body, notes=notes)


def _service_tier(request: ModelRequest, native: bool, body: JsonObject, notes: list[str]) -> None:
    tier = request.service_tier
    if tier is None:
        return
    if native:
        body["serviceTier"] = tier
    elif tier in _TIERS:
        body["serviceTier"] = _TIERS[tier]
    elif tier != "auto":
        notes.append(f"{Feature.SERVICE_TIER.value}: dropped ({NAME})")


# Tools


def _tools(tools: list[Tool], profile: Profile, native: bool) -> list[JsonObject]:
    result: list[JsonObject] = []
    for tool in tools:
        if tool.kind == "builtin":
            if native and tool.raw is not None:
                result.append(tool.raw)
            continue
        if not result or "functionDeclarations" not in result[-1]:
            result.append({"functionDeclarations": []})
        result[-1]["functionDeclarations"].append(_declaration(tool, profile, native))
    return result


def _declaration(tool: Tool, profile: Profile, native: bool) -> JsonObject:
    declaration: JsonObject = {"name": google_name(wire_tool_name(tool))}
    if tool.description is not None:
        declaration["description"] = tool.description
    parameters = function_parameters(tool)
    if native and "parameters" in tool.extra and tool.extra["parameters"] is not None:
        parameters = None  # they go back as they came, with the rest of `extra`
    if parameters is not None and profile.json_schema_tools:
        declaration["parametersJsonSchema"] = parameters
    elif parameters is not None:
        reduced = to_openapi(parameters, f"tools.{tool.name}.parameters")
        if reduced.get("properties"):  # Google rejects an object without any; no parameters at all are fine
            declaration["parameters"] = reduced
    return {**declaration, **tool.extra} if native else declaration


def _tool_choice(request: ModelRequest, native: bool) -> JsonObject | None:
    choice = request.tool_choice
    if choice is None:
        return None
    if native and isinstance(choice.raw, dict):
        return choice.raw
    if all(tool.kind == "builtin" for tool in request.tools):
        return None  # Google rejects a choice where there is nothing to choose
    if choice.mode in ("named", "allowed"):
        chosen = [find_tool(request, name) for name in choice.names]
        names = [google_name(wire_tool_name(tool)) for tool in chosen if tool is not None and tool.kind != "builtin"]
        if not names:
            return None
        required = choice.mode == "named" or choice.required
        return {"mode": "ANY" if required else "VALIDATED", "allowedFunctionNames": names}
    return {"mode": {"none": "NONE", "required": "ANY"}.get(choice.mode, "AUTO")}


# Generation


def _config(request: ModelRequest, profile: Profile) -> JsonObject:
    native = request.protocol == NAME
    sampling = request.sampling
    config: JsonObject = {key: value for key, value in _knobs(sampling) if value is not None}
    if config.get("candidateCount") == 1 and not native:
        del config["candidateCount"]
    if sampling.stop:
        config["stopSequences"] = sampling.stop
    if request.modalities is not None:
        config["responseModalities"] = request.modalities if native else [name.upper() for name in request.modalities]
    if request.reasoning is not None:
        thinking = _thinking(request.reasoning, profile, native)
        if thinking is not None:
            config["thinkingConfig"] = thinking
    if request.response_format is not None:
        config |= _format(request.response_format, profile, native)
    return config


def _knobs(sampling: Sampling) -> tuple[tuple[str, Any], ...]:
    return (
        ("temperature", sampling.temperature),
        ("topP", sampling.top_p),
        ("topK", sampling.top_k),
        ("maxOutputTokens", sampling.max_tokens),
        ("seed", sampling.seed),
        ("frequencyPenalty", sampling.frequency_penalty),
        ("presencePenalty", sampling.presence_penalty),
        ("candidateCount", sampling.n),
        ("responseLogprobs", sampling.logprobs),
        ("logprobs", sampling.top_logprobs),
    )


def _thinking(reasoning: Reasoning, profile: Profile, native: bool) -> JsonObject | None:
    if native and reasoning.raw is not None:
        return reasoning.raw
    config: JsonObject = {}
    if profile.thinking_levels:
        level = _level(reasoning, profile)
        if level is not None:
            config["thinkingLevel"] = level
    else:
        budget = _budget(reasoning)
        if budget is not None:
            config["thinkingBudget"] = budget
    show = reasoning.include_thoughts
    if show is None:
        show = not reasoning.off and reasoning.summary != "none"
    if show:
        config["includeThoughts"] = True
    return config or None


def _level(reasoning: Reasoning, profile: Profile) -> str | None:
    """Gemini 3 thinks in levels and cannot be stopped from thinking. A level the model lacks becomes the next higher one."""
    if reasoning.off:
        level = 0
    elif reasoning.effort is not None:
        level = _EFFORTS.get(reasoning.effort, -1)
    elif reasoning.budget is not None and reasoning.budget >= 0:
        level = next((i for i, most in enumerate(_LEVEL_BUDGETS) if reasoning.budget <= most), 3)
    else:
        level = -1
    if level < 0:
        return None
    known = profile.thinking_level_names
    return next((name for name in _LEVELS[level:] if name in known), known[-1] if known else None)


def _budget(reasoning: Reasoning) -> int | None:
    if reasoning.budget is not None:
        return min(reasoning.budget, _LARGEST_BUDGET)
    if reasoning.effort is not None:
        return _BUDGETS.get(reasoning.effort, -1)
    return -1 if reasoning.adaptive else None


def _format(wanted: ResponseFormat, profile: Profile, native: bool) -> JsonObject:
    if native and wanted.raw is not None:
        return wanted.raw
    if wanted.kind == "text":
        return {}
    config: JsonObject = {"responseMimeType": "application/json"}
    if wanted.kind == "schema" and wanted.schema is not None:
        if profile.json_schema_tools:
            config["responseJsonSchema"] = wanted.schema
        else:
            config["responseSchema"] = to_openapi(wanted.schema, "response_format.schema")
    return config
