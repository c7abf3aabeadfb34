"""The names of tools in protocols that have no namespaces, or that take fewer names than others."""

from __future__ import annotations

import hashlib
import re

from crawdad.core.parts import ToolCallPart
from crawdad.core.request import ModelRequest, Tool

LIMITS = (64, 128)
"""How long names may be: OpenAI, Anthropic."""

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST = 8


def wire_tool_name(tool: Tool) -> str:
    """The one name under which `tool` is known where there are no namespaces."""
    return f"{tool.namespace}__{tool.name}" if tool.namespace else tool.name


def portable_name(name: str, limit: int) -> str:
    """`name` in letters, digits, `_` and `-`, no longer than `limit`.

    Most names pass unchanged. One that cannot ends in a digest, so that no two become one; `find_tool` knows it again.
    """
    legal = _ILLEGAL.sub("_", name)
    if legal == name and len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:_DIGEST]
    return f"{legal[: limit - _DIGEST - 1]}_{digest}"


def find_tool(request: ModelRequest, wire_name: str) -> Tool | None:
    """The tool of `request` that `wire_name` means: its full wire name, else its bare name, else its portable name."""
    for tool in request.tools:
        if wire_tool_name(tool) == wire_name:
            return tool
    for tool in request.tools:
        if tool.name == wire_name:
            return tool
    for tool in request.tools:
        if any(portable_name(wire_tool_name(tool), limit) == wire_name for limit in LIMITS):
            return tool
    return None


def called_name(part: ToolCallPart, request: ModelRequest) -> str:
    """The name by which a client without namespaces knows the tool that `part` calls.

    The upstream may have been told a portable name, and some add a namespace that nobody declared.
    """
    name = f"{part.namespace}__{part.name}" if part.namespace else part.name
    tool = find_tool(request, name)
    if tool is None and part.namespace:
        tool = find_tool(request, part.name)
    return name if tool is None else wire_tool_name(tool)
