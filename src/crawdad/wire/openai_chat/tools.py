"""Tools and tool choice, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import CacheMarker, JsonObject
from crawdad.core.request import ModelRequest, Tool, ToolChoice, ToolMode
from crawdad.wire.fields import as_object, get_bool, get_list, get_object, get_string, need_string, rest, wrong_type
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.profile import Profile
from crawdad.wire.tool_names import find_tool, portable_name, wire_tool_name

LEGACY = "legacy_function"
"""Marks a tool (in `extra`) that the client declared as one of the deprecated `functions`; its reply is in kind."""

_MAX_NAME = 64
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_CUSTOM = frozenset({"name", "description", "format"})
_MODES: dict[str, ToolMode] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
    "any": "required",
}  # any: Mistral
_INPUT_SCHEMA = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


def upstream_name(name: str) -> str:
    """The name of a tool of another protocol as OpenAI takes it."""
    return portable_name(name, _MAX_NAME)


def read_cache(raw: JsonObject) -> CacheMarker | None:
    """The marker of `cache_control` (OpenRouter, Anthropic), or of OpenAI's `prompt_cache_breakpoint`."""
    control = raw.get("cache_control")
    if isinstance(control, dict):
        ttl = control.get("ttl")
        return CacheMarker(ttl if isinstance(ttl, str) else None)
    return CacheMarker() if isinstance(raw.get("prompt_cache_breakpoint"), dict) else None


def write_cache(cache: CacheMarker) -> JsonObject:
    """The value of `cache_control`."""
    return {"type": "ephemeral"} if cache.ttl is None else {"type": "ephemeral", "ttl": cache.ttl}


def read_tools(body: JsonObject) -> list[Tool]:
    """The tools in `tools` and in the deprecated `functions`. Raises BAD_REQUEST naming the field at fault."""
    tools = [_read_tool(raw, f"tools[{number}]") for number, raw in enumerate(get_list(body, "tools") or ())]
    for number, raw in enumerate(get_list(body, "functions") or ()):
        path = f"functions[{number}]"
        tool = _read_function(as_object(raw, path), path + ".")
        tool.extra[LEGACY] = True
        tools.append(tool)
    return tools


def _read_tool(value: Any, path: str) -> Tool:
    raw = as_object(value, path)
    kind = get_string(raw, "type", path + ".") or "function"
    if kind == "custom":
        return _read_custom(raw, path)
    if kind != "function":
        return Tool(name=kind, kind="builtin", raw=raw)
    if "function" not in raw and "name" in raw:  # the flat form of the Responses API; some clients mix them up
        tool = _read_function(
            {key: item for key, item in raw.items() if key not in ("type", "cache_control")}, path + "."
        )
    else:
        inner = get_object(raw, "function", path + ".")
        if inner is None:
            raise bad_request("wire.missing", f"{path}.function")
        tool = _read_function(inner, f"{path}.function.")
        tool.extra |= rest(raw, frozenset({"type", "function", "cache_control"}))
    tool.cache = read_cache(raw)
    return tool


def _read_function(inner: JsonObject, path: str) -> Tool:
    unknown = rest(inner, _FUNCTION)
    return Tool(
        name=need_string(inner, "name", path),
        description=get_string(inner, "description", path),
        parameters=get_object(inner, "parameters", path),
        strict=get_bool(inner, "strict", path),
        extra={"function": unknown} if unknown else {},
    )


def _read_custom(raw: JsonObject, path: str) -> Tool:
    inner = get_object(raw, "custom", path + ".")
    if inner is None:
        if "name" not in raw:
            raise bad_request("wire.missing", f"{path}.custom")
        inner = raw
    here = f"{path}." if inner is raw else f"{path}.custom."
    return Tool(
        name=need_string(inner, "name", here),
        description=get_string(inner, "description", here),
        kind="custom",
        format=_flat_format(get_object(inner, "format", here)),
        extra={} if inner is raw else rest(raw, frozenset({"type", "custom"})),
    )


def _flat_format(form: JsonObject | None) -> JsonObject | None:
    """The grammar of a custom tool as the Responses API spells it, which is how `Tool.format` holds it."""
    if form is not None and isinstance(form.get("grammar"), dict):
        return {**{key: value for key, value in form.items() if key != "grammar"}, **form["grammar"]}
    return form


def _nested_format(form: JsonObject) -> JsonObject:
    if form.get("type") != "grammar" or "grammar" in form:
        return form
    return {"type": "grammar", "grammar": {key: value for key, value in form.items() if key != "type"}}


def write_tools(request: ModelRequest, profile: Profile) -> list[JsonObject]:
    """The tools of `request` that this protocol can say. Server-side tools of another protocol are left out."""
    choice = request.tool_choice
    cut = None
    if choice is not None and choice.mode == "allowed" and not profile.allowed_tools:
        cut = {id(tool) for name in choice.names if (tool := find_tool(request, name)) is not None}
    tools = []
    for tool in request.tools:
        if cut is not None and id(tool) not in cut:
            continue
        if tool.kind != "builtin":
            tools.append(_write_tool(tool, request.protocol == NAME, profile))
        elif request.protocol == NAME and tool.raw is not None:
            tools.append(tool.raw)
    return tools


def _write_tool(tool: Tool, own: bool, profile: Profile) -> JsonObject:
    extra = {key: value for key, value in tool.extra.items() if key not in (LEGACY, "function")} if own else {}
    name = tool.name if own else upstream_name(wire_tool_name(tool))
    if tool.kind == "custom" and profile.custom_tools:
        custom: JsonObject = {"name": name}
        if tool.description is not None:
            custom["description"] = tool.description
        if tool.format is not None:
            custom["format"] = _nested_format(tool.format)
        return {"type": "custom", "custom": custom, **extra}
    function: JsonObject = {"name": name}
    if tool.description is not None:
        function["description"] = tool.description
    parameters = _INPUT_SCHEMA if tool.kind == "custom" else tool.parameters
    if parameters is not None:
        function["parameters"] = parameters
    if tool.strict is not None and profile.strict_tools:
        function["strict"] = tool.strict
    if own:
        function |= tool.extra.get("function") or {}
    body: JsonObject = {"type": "function", "function": function, **extra}
    if tool.cache is not None and profile.cache_control:
        body["cache_control"] = write_cache(tool.cache)
    return body


def read_tool_choice(body: JsonObject) -> ToolChoice | None:
    """The choice in `tool_choice`, or in the deprecated `function_call`."""
    key = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    raw = body.get(key)
    if raw is None:
        return None
    if isinstance(raw, str) and raw in _MODES:
        return ToolChoice(_MODES[raw], raw=raw)
    if not isinstance(raw, dict):
        raise bad_request("wire.value", key, value=str(raw)[:100])
    if key == "function_call":
        return ToolChoice("named", [need_string(raw, "name", "function_call.")])
    kind = get_string(raw, "type", "tool_choice.") or "function"
    if kind in _MODES:  # {"type": "auto"}, as Anthropic spells it
        return ToolChoice(_MODES[kind], raw=raw)
    if kind == "allowed_tools":
        return _read_allowed(raw)
    if kind in ("function", "custom"):
        return ToolChoice("named", [_named(raw, kind, "tool_choice.")], raw=raw)
    return ToolChoice("named", [kind], raw=raw)


def _named(raw: JsonObject, kind: str, path: str) -> str:
    inner = get_object(raw, kind, path)
    return need_string(raw, "name", path) if inner is None else need_string(inner, "name", f"{path}{kind}.")


def _read_allowed(raw: JsonObject) -> ToolChoice:
    inner = get_object(raw, "allowed_tools", "tool_choice.")
    if inner is None:
        raise bad_request("wire.missing", "tool_choice.allowed_tools")
    path = "tool_choice.allowed_tools."
    names = []
    for number, value in enumerate(get_list(inner, "tools", path) or ()):
        here = f"{path}tools[{number}]"
        tool = as_object(value, here)
        kind = get_string(tool, "type", here + ".") or "function"
        names.append(_named(tool, kind, here + ".") if kind in ("function", "custom") else kind)
    mode = get_string(inner, "mode", path) or "auto"
    if mode not in ("auto", "required"):
        raise wrong_type(path + "mode", "auto or required")
    return ToolChoice("allowed", names, mode == "required", raw)


def write_tool_choice(request: ModelRequest, profile: Profile) -> Any:
    """The value of `tool_choice`, None where nothing is to be said."""
    choice = request.tool_choice
    if choice is None:
        return None
    own = request.protocol == NAME
    if choice.mode == "allowed":
        if not profile.allowed_tools:
            return "required" if choice.required else "auto"
        if own and choice.raw is not None:
            return choice.raw
        tools = [named for name in choice.names if (named := _write_named(request, name, profile)) is not None]
        mode = "required" if choice.required else "auto"
        return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}} if tools else mode
    becomes_function = not profile.custom_tools and isinstance(choice.raw, dict) and choice.raw.get("type") == "custom"
    if own and choice.raw is not None and not becomes_function:
        return choice.raw
    if choice.mode == "named":
        return _write_named(request, choice.names[0], profile) if choice.names else None
    return choice.mode


def _write_named(request: ModelRequest, name: str, profile: Profile) -> JsonObject | None:
    tool = find_tool(request, name)
    if tool is not None and tool.kind == "builtin":
        return None
    if tool is not None:
        name = wire_tool_name(tool)
    kind = "custom" if tool is not None and tool.kind == "custom" and profile.custom_tools else "function"
    return {"type": kind, kind: {"name": name if request.protocol == NAME else upstream_name(name)}}
