"""Tool names on wires that have no namespaces."""

from __future__ import annotations

from crawdad.core.request import ModelRequest, Tool


def wire_tool_name(tool: Tool) -> str:
    """The name of `tool` in a protocol without namespaces: `namespace__name`."""
    return f"{tool.namespace}__{tool.name}" if tool.namespace else tool.name


def find_tool(request: ModelRequest, wire_name: str) -> Tool | None:
    """The tool of `request` that a model called by `wire_name`, with or without its namespace in front."""
    for tool in request.tools:
        if wire_tool_name(tool) == wire_name:
            return tool
    for tool in request.tools:
        if tool.name == wire_name:
            return tool
    return None
