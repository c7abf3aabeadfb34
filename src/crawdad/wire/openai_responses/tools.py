"""Tool declarations and tool choice, both ways.

Functions stand flat (`{"type": "function", "name", …}`); the wrapped form of chat completions is read as well. A
`namespace` groups functions: it becomes one `Tool` per function and is put together again when written. Everything that
runs on the vendor's side is a builtin, kept as it is.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Tool, ToolChoice, ToolMode
from crawdad.wire.fields import as_object, get_bool, get_list, get_object, get_string, need_list, need_string, rest
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import Profile
from crawdad.wire.tool_names import find_tool, portable_name, wire_tool_name

IN_INPUT = "in_input"
"""In `Tool.extra`: the tool was declared by an input item, so it is not in the request's `tools` array."""
_NAMESPACE = "namespace_fields"
_MAX_NAME = 64
_FUNCTION_FIELDS = frozenset({"type", "name", "description", "parameters", "strict"})
_CUSTOM_FIELDS = frozenset({"type", "name", "description", "format"})
_NAMESPACE_FIELDS = frozenset({"type", "name", "description", "tools"})
_MODES: dict[str, ToolMode] = {"auto": "auto", "none": "none", "required": "required"}


# Reading


def read_tools(raw: list[Any], path: str) -> list[Tool]:
    """The tools of a `tools` array."""
    tools: list[Tool] = []
    for number, item in enumerate(raw):
        here = f"{path}[{number}]"
        source = as_object(item, here)
        if source.get("type") == "namespace" and source.get("tools"):
            tools += _read_namespace(source, here + ".")
        else:
            tools.append(_read_tool(source, here + "."))
    return tools


def _read_namespace(source: JsonObject, path: str) -> list[Tool]:
    name, description = need_string(source, "name", path), get_string(source, "description", path)
    others = rest(source, _NAMESPACE_FIELDS)
    tools = []
    for number, item in enumerate(need_list(source, "tools", path)):
        here = f"{path}tools[{number}]"
        tool = _read_tool(as_object(item, here), here + ".")
        tool.namespace, tool.namespace_description = name, description
        if others:
            tool.extra[_NAMESPACE] = others
        tools.append(tool)
    return tools


def _read_tool(source: JsonObject, path: str) -> Tool:
    kind = get_string(source, "type", path)
    if kind is None and ("name" in source or "function" in source):
        kind = "function"
    if kind == "function":
        return _read_function(*_unwrapped(source, "function", path))
    if kind == "custom":
        return _read_custom(*_unwrapped(source, "custom", path))
    if kind is None:
        raise bad_request("wire.missing", path + "type")
    return Tool(kind, kind="builtin", raw=source)


def _unwrapped(source: JsonObject, key: str, path: str) -> tuple[JsonObject, str]:
    """The flat form of a declaration that may be wrapped as in chat completions."""
    inner = source.get(key)
    if isinstance(inner, dict) and "name" not in source:
        return {**rest(source, frozenset({key})), **inner}, f"{path}{key}."
    return source, path


def _others(source: JsonObject, known: frozenset[str]) -> JsonObject:
    """Fields we have no word for, and known ones that are null in so many words: the vendor requires some of them."""
    return {key: value for key, value in source.items() if key not in known or value is None}


def _read_function(source: JsonObject, path: str) -> Tool:
    return Tool(
        name=need_string(source, "name", path),
        description=get_string(source, "description", path),
        parameters=get_object(source, "parameters", path),
        strict=get_bool(source, "strict", path),
        extra=_others(source, _FUNCTION_FIELDS),
    )


def _read_custom(source: JsonObject, path: str) -> Tool:
    return Tool(
        name=need_string(source, "name", path),
        description=get_string(source, "description", path),
        kind="custom",
        format=get_object(source, "format", path),
        extra=_others(source, _CUSTOM_FIELDS),
    )


def tools_in_input(items: list[Any], known: list[Tool]) -> list[Tool]:
    """Tools that input items declare (`additional_tools`, `tool_search_output`) and `known` has not.

    Other protocols know no such items; there these tools stand with the rest.
    """
    names = {wire_tool_name(tool) for tool in known}
    found: list[Tool] = []
    for number, item in enumerate(items):
        if not isinstance(item, dict) or item.get("type") not in ("additional_tools", "tool_search_output"):
            continue
        path = f"input[{number}]."
        for tool in read_tools(get_list(item, "tools", path) or [], path + "tools"):
            if wire_tool_name(tool) not in names:
                names.add(wire_tool_name(tool))
                tool.extra[IN_INPUT] = True
                found.append(tool)
    return found


def read_tool_choice(raw: Any, path: str) -> ToolChoice | None:
    """A tool choice in any of its forms."""
    if raw is None:
        return None
    if isinstance(raw, str):
        if raw not in _MODES:
            raise bad_request("wire.value", path, value=raw)
        return ToolChoice(_MODES[raw], raw=raw)
    source = as_object(raw, path)
    kind = need_string(source, "type", path + ".")
    if kind == "allowed_tools":
        return _read_allowed(source, path + ".")
    if kind in ("function", "custom"):
        source, path = _unwrapped(source, kind, path + ".")
        return ToolChoice("named", [need_string(source, "name", path)], raw=source)
    return ToolChoice("named", [kind], raw=source)


def _read_allowed(source: JsonObject, path: str) -> ToolChoice:
    source, path = _allowed_unwrapped(source, path)
    mode = get_string(source, "mode", path) or "auto"
    if mode not in ("auto", "required"):
        raise bad_request("wire.value", path + "mode", value=mode)
    names = []
    for number, item in enumerate(need_list(source, "tools", path)):
        here = f"{path}tools[{number}]"
        tool, here = _unwrapped(as_object(item, here), "function", here + ".")
        names.append(get_string(tool, "name", here) or need_string(tool, "type", here))
    return ToolChoice("allowed", names, required=mode == "required", raw=source)


def _allowed_unwrapped(source: JsonObject, path: str) -> tuple[JsonObject, str]:
    inner = source.get("allowed_tools")
    if isinstance(inner, dict):
        return {"type": "allowed_tools", **inner}, path + "allowed_tools."
    return source, path


# Writing


def upstream_name(name: str) -> str:
    """The name of a tool of another protocol as OpenAI takes it."""
    return portable_name(name, _MAX_NAME)


def write_tools(request: ModelRequest, profile: Profile) -> list[JsonObject]:
    """The `tools` array. Builtin tools of another protocol are left out."""
    own = request.protocol == NAME
    written: list[JsonObject] = []
    group: JsonObject | None = None
    for tool in request.tools:
        if IN_INPUT in tool.extra or (tool.kind == "builtin" and not own):
            continue
        one = _write_tool(tool, own, profile)
        if tool.namespace is None:
            group = None
            written.append(one)
            continue
        if group is None or group["name"] != tool.namespace:
            group = {"type": "namespace", "name": tool.namespace, "description": tool.namespace_description or ""}
            group.update(tool.extra.get(_NAMESPACE, {}) if own else {})
            group["tools"] = []
            written.append(group)
        group["tools"].append(one)
    return written


def _write_tool(tool: Tool, own: bool, profile: Profile) -> JsonObject:
    if tool.kind == "builtin":
        return tool.raw or {"type": tool.name}
    written: JsonObject = {"type": tool.kind, "name": tool.name if own else upstream_name(tool.name)}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.kind == "custom":
        if tool.format is not None:
            written["format"] = _flat_format(tool.format)
    else:
        parameters = tool.parameters if own else tool.parameters or {"type": "object", "properties": {}}
        if parameters is not None:
            written["parameters"] = parameters
        # Left unsaid, the vendor turns strictness on and reshapes the schema; whoever said nothing elsewhere meant "no".
        strict = tool.strict if own or tool.strict is not None else False
        if strict is not None and profile.strict_tools:
            written["strict"] = strict
    others = {key: value for key, value in tool.extra.items() if key != _NAMESPACE} if own else {}
    return {**others, **written}


def _flat_format(grammar: JsonObject) -> JsonObject:
    """A custom tool's format; chat completions wrap the grammar once more."""
    inner = grammar.get("grammar")
    return {"type": "grammar", **inner} if isinstance(inner, dict) else grammar


def write_tool_choice(request: ModelRequest) -> Any:
    """The `tool_choice` value; None leaves it out."""
    choice = request.tool_choice
    if choice is None:
        return None
    if request.protocol == NAME and choice.raw is not None:
        return choice.raw
    if choice.mode == "named" and choice.names:
        return _reference(request, choice.names[0])
    if choice.mode == "allowed":
        return {
            "type": "allowed_tools",
            "mode": "required" if choice.required else "auto",
            "tools": [_reference(request, name) for name in choice.names],
        }
    return choice.mode


def _reference(request: ModelRequest, name: str) -> JsonObject:
    tool = find_tool(request, name)
    kind = "custom" if tool is not None and tool.kind == "custom" else "function"
    return {"type": kind, "name": name if request.protocol == NAME else upstream_name(name)}
