"""A client's generateContent request -> `ModelRequest`.

https://ai.google.dev/api/generate-content. Field names are taken in camelCase and snake_case. What has no word in the
vocabulary stays in `ModelRequest.extra` under its camelCase name; the rest of `generationConfig` and `toolConfig` stays
there under those names.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from crawdad.wire.fields import (
    as_object,
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
from crawdad.wire.gemini.content_reader import ContentReader
from crawdad.wire.gemini.schema import from_openapi
from crawdad.wire.gemini.spelling import NAME, camel_fields

_KNOWN = frozenset({"model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier"})
_SAMPLING_FIELDS = {
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "frequencyPenalty",
    "presencePenalty",
    "candidateCount",
    "responseLogprobs",
    "logprobs",
}
_FORMAT_FIELDS = ("responseMimeType", "responseSchema", "responseJsonSchema")
_CONFIG_FIELDS = frozenset({*_SAMPLING_FIELDS, *_FORMAT_FIELDS, "thinkingConfig", "responseModalities"})
_DECLARATION_FIELDS = frozenset({"name", "description", "parametersJsonSchema"})


def read_request(body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
    """The request in `body`; `model` and `stream` come from the URL. Raises BAD_REQUEST naming the field at fault."""
    check_request_depth(body)
    source = camel_fields(body)
    request = ModelRequest(
        model=(model or get_string(source, "model") or "").removeprefix("models/"),
        stream=bool(stream),
        service_tier=get_string(source, "serviceTier"),
        protocol=NAME,
        extra=rest(source, _KNOWN),
    )
    reader = ContentReader()
    if source.get("systemInstruction") is not None:
        request.messages.append(reader.read_system(source["systemInstruction"]))
    request.messages += reader.read(source.get("contents"))
    if source.get("tools") is not None:
        request.tools = read_tools(source["tools"], "tools")
    _read_tool_config(request, get_object(source, "toolConfig"))
    _read_config(request, get_object(source, "generationConfig"))
    return request


def read_tools(value: Any, path: str) -> list[Tool]:
    """Google's tools, in order: each function declaration one function tool, anything else one builtin tool."""
    tools: list[Tool] = []
    items = value if isinstance(value, list) else [value]
    for i, item in enumerate(items):
        where = f"{path}[{i}]"
        for key, content in camel_fields(as_object(item, where)).items():
            if key == "functionDeclarations":
                declarations = content if isinstance(content, list) else [content]
                for j, declaration in enumerate(declarations):
                    tools.append(_read_function(declaration, f"{where}.functionDeclarations[{j}]"))
            elif content is not None:
                tools.append(Tool(key, kind="builtin", raw={key: content}))
    return tools


def _read_function(value: Any, path: str) -> Tool:
    source = camel_fields(as_object(value, path))
    parameters = get_object(source, "parametersJsonSchema", path + ".")
    if parameters is None and (openapi := get_object(source, "parameters", path + ".")) is not None:
        parameters = from_openapi(openapi, path + ".parameters")
    return Tool(
        need_string(source, "name", path + "."),
        get_string(source, "description", path + "."),
        parameters,
        extra=rest(source, _DECLARATION_FIELDS),
    )


def _read_tool_config(request: ModelRequest, value: JsonObject | None) -> None:
    if value is None:
        return
    source = camel_fields(value)
    others = rest(source, frozenset({"functionCallingConfig"}))
    if others or not source:
        request.extra["toolConfig"] = others
    config = get_object(source, "functionCallingConfig", "toolConfig.")
    if config is None:
        return
    path = "toolConfig.functionCallingConfig."
    fields = camel_fields(config)
    names = _strings(get_list(fields, "allowedFunctionNames", path), path + "allowedFunctionNames")
    mode = (get_string(fields, "mode", path) or "AUTO").upper()
    choice = ToolChoice("auto", names, raw=config)
    if mode == "NONE":
        choice.mode = "none"
    elif mode == "ANY":
        choice.mode = "required" if not names else "named" if len(names) == 1 else "allowed"
        choice.required = True
    elif names:
        choice.mode = "allowed"
    request.tool_choice = choice


def _strings(value: list[Any] | None, path: str) -> list[str]:
    for i, item in enumerate(value or ()):
        if not isinstance(item, str):
            raise wrong_type(f"{path}[{i}]", "a string")
    return list(value or ())


def _read_config(request: ModelRequest, value: JsonObject | None) -> None:
    if value is None:
        return
    path = "generationConfig."
    config = camel_fields(value)
    others = rest(config, _CONFIG_FIELDS)
    if others or not config:
        request.extra["generationConfig"] = others
    stop = config.get("stopSequences")
    request.sampling = Sampling(
        temperature=get_number(config, "temperature", path),
        top_p=get_number(config, "topP", path),
        top_k=get_int(config, "topK", path),
        max_tokens=get_int(config, "maxOutputTokens", path),
        stop=[stop]
        if isinstance(stop, str)
        else _strings(get_list(config, "stopSequences", path), path + "stopSequences"),
        seed=get_int(config, "seed", path),
        frequency_penalty=get_number(config, "frequencyPenalty", path),
        presence_penalty=get_number(config, "presencePenalty", path),
        n=get_int(config, "candidateCount", path),
        logprobs=get_bool(config, "responseLogprobs", path),
        top_logprobs=get_int(config, "logprobs", path),
    )
    modalities = get_list(config, "responseModalities", path)
    if modalities is not None:
        request.modalities = _strings(modalities, path + "responseModalities")
    thinking = get_object(config, "thinkingConfig", path)
    if thinking is not None:
        request.reasoning = _read_thinking(thinking, path + "thinkingConfig.")
    request.response_format = _read_format(config, path)


def _read_thinking(raw: JsonObject, path: str) -> Reasoning:
    source = camel_fields(raw)
    level = get_string(source, "thinkingLevel", path)
    if level is not None and (level.upper() == "THINKING_LEVEL_UNSPECIFIED" or not level):
        level = None
    budget = get_int(source, "thinkingBudget", path)
    if budget is not None and budget < -1:
        raise bad_request("wire.value", path + "thinkingBudget", value=budget)
    return Reasoning(
        effort=None if level is None else level.lower(),
        budget=budget,
        include_thoughts=get_bool(source, "includeThoughts", path),
        raw=raw,
    )


def _read_format(config: JsonObject, path: str) -> ResponseFormat | None:
    raw = {key: config[key] for key in _FORMAT_FIELDS if config.get(key) is not None}
    if not raw:
        return None
    media_type = get_string(config, "responseMimeType", path)
    schema = get_object(config, "responseJsonSchema", path)
    if schema is None and (openapi := get_object(config, "responseSchema", path)) is not None:
        schema = from_openapi(openapi, path + "responseSchema")
    if schema is not None:
        return ResponseFormat("schema", schema, raw=raw)
    return ResponseFormat("json" if media_type == "application/json" else "text", raw=raw)
