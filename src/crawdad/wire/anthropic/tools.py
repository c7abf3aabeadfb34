"""Tools and tool choice, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Tool, ToolChoice, ToolMode
from crawdad.wire.anthropic.blocks_reader import read_cache
from crawdad.wire.anthropic.blocks_writer import cache_control
from crawdad.wire.anthropic.identifiers import tool_name
from crawdad.wire.anthropic.schemas import reduced
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.fields import as_object, get_bool, get_list, get_object, get_string, need_string, rest
from crawdad.wire.profile import Profile
from crawdad.wire.tool_names import find_tool, wire_tool_name

_TOOL = frozenset({"name", "description", "input_schema", "strict", "cache_control"})
_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})
_MODES: dict[str, ToolMode] = {"auto": "auto", "any": "required", "none": "none", "tool": "named"}
_WORDS: dict[ToolMode, str] = {"auto": "auto", "required": "any", "none": "none", "named": "tool"}


def read_tools(body: JsonObject) -> list[Tool]:
    """The tools of a client's request."""
    return [
        _read_tool(as_object(item, f"tools[{index}]"), f"tools[{index}].")
        for index, item in enumerate(get_list(body, "tools") or [])
    ]


def _read_tool(raw: JsonObject, path: str) -> Tool:
    kind = get_string(raw, "type", path)
    if kind is not None and kind != "custom":
        return Tool(name=kind, kind="builtin", raw=raw)
    extra = rest(raw, _TOOL)
    return Tool(
        name=need_string(raw, "name", path),
        description=get_string(raw, "description", path),
        parameters=get_object(raw, "input_schema", path),
        strict=get_bool(raw, "strict", path),
        cache=read_cache(raw, extra, path),
        extra=extra,
    )


def read_tool_choice(body: JsonObject, tools: list[Tool]) -> tuple[ToolChoice | None, bool | None]:
    """`(choice, parallel_tool_calls)`. A server-side tool is named by its type, as `Tool.name` is."""
    raw = get_object(body, "tool_choice")
    if raw is None:
        return None, None
    mode = _MODES.get(need_string(raw, "type", "tool_choice."), "auto")
    names = [need_string(raw, "name", "tool_choice.")] if mode == "named" else []
    for tool in tools:
        if tool.raw is not None and names and tool.raw.get("name") == names[0]:
            names = [tool.name]
    disabled = get_bool(raw, "disable_parallel_tool_use", "tool_choice.")
    return ToolChoice(mode, names, raw=raw), None if disabled is None else not disabled


def write_tools(request: ModelRequest, profile: Profile) -> list[JsonObject]:
    """The tools that this protocol can declare, narrowed to the allowed ones where the choice says so."""
    native = request.protocol == NAME
    choice = request.tool_choice
    allowed = set(choice.names) if choice is not None and choice.mode == "allowed" else None
    tools = []
    for tool in request.tools:
        if allowed is not None and not {tool.name, wire_tool_name(tool)} & allowed:
            continue
        if tool.kind == "builtin":
            if native and tool.raw is not None:
                tools.append(tool.raw)
        else:
            tools.append(_write_tool(tool, native, profile))
    return tools


def _write_tool(tool: Tool, native: bool, profile: Profile) -> JsonObject:
    raw: JsonObject = dict(tool.extra) if native else {}
    raw["name"] = tool_name(wire_tool_name(tool))
    description = tool.description
    if tool.kind == "custom":
        description = _describe_format(tool)
        raw["input_schema"] = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    elif native:
        if tool.parameters is not None:
            raw["input_schema"] = tool.parameters
        if tool.strict is not None:
            raw["strict"] = tool.strict
    else:
        raw["input_schema"] = _object_schema(tool.parameters)
        strict = reduced(raw["input_schema"]) if tool.strict and profile.strict_tools else None
        if strict is not None:
            raw["strict"], raw["input_schema"] = True, strict
    if description is not None:
        raw["description"] = description
    control = cache_control(tool.cache, raw)
    if control is not None:
        raw["cache_control"] = control
    return raw


def _object_schema(parameters: JsonObject | None) -> JsonObject:
    """A schema whose top level is an object, which the vendor insists on."""
    if not parameters:
        return {"type": "object", "properties": {}}
    return parameters if parameters.get("type") == "object" else {**parameters, "type": "object"}


def _describe_format(tool: Tool) -> str | None:
    """The description of a free-text tool, with the grammar that its input must follow."""
    definition = (tool.format or {}).get("definition")
    if not isinstance(definition, str):
        return tool.description
    return f"{tool.description or ''}\n\n`input` must follow this grammar:\n{definition}".strip()


def write_tool_choice(request: ModelRequest, declared: list[JsonObject]) -> JsonObject | None:
    """The choice among the `declared` tools; None where there is nothing to say."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    native = request.protocol == NAME
    if native and choice is not None:
        return _write_native_choice(request, choice)
    if not declared:
        return None
    raw: JsonObject = {"type": "auto"}
    if choice is not None and choice.mode == "allowed":
        raw = {"type": "any" if choice.required else "auto"}
    elif choice is not None and choice.mode == "named":
        tool = find_tool(request, choice.names[0]) if choice.names else None
        if tool is not None and tool.kind != "builtin":
            raw = {"type": "tool", "name": tool_name(wire_tool_name(tool))}
    elif choice is not None:
        raw = {"type": _WORDS[choice.mode]}
    if parallel is False and raw["type"] != "none":
        raw["disable_parallel_tool_use"] = True
    return None if choice is None and parallel is not False else raw


def _write_native_choice(request: ModelRequest, choice: ToolChoice) -> JsonObject:
    raw: JsonObject = rest(choice.raw, _CHOICE) if isinstance(choice.raw, dict) else {}
    word: Any = choice.raw.get("type") if isinstance(choice.raw, dict) else None
    unknown = isinstance(word, str) and word not in _MODES and choice.mode == "auto"
    raw["type"] = word if unknown else _WORDS.get(choice.mode, "auto")
    if choice.mode == "named" and choice.names:
        tool = find_tool(request, choice.names[0])
        builtin = tool.raw.get("name") if tool is not None and tool.raw is not None else None
        raw["name"] = builtin or tool_name(choice.names[0])
    if request.parallel_tool_calls is not None:
        raw["disable_parallel_tool_use"] = not request.parallel_tool_calls
    return raw
