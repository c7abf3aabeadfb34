"""The names of tools in protocols that have no namespaces."""

from __future__ import annotations

from crawdad.core.request import ModelRequest, Tool


def wire_tool_name(tool: Tool) -> str:
    """The one name under which `tool` is known where there are no namespaces."""
    return f"{tool.namespace}__{tool.name}" if tool.namespace else tool.name


def find_tool(request: ModelRequest, wire_name: str) -> Tool | None:
    """The tool of `request` that `wire_name` means: its full wire name, else its bare name."""
    for tool in request.tools:
        if wire_tool_name(tool) == wire_name:
            return tool
    return next((tool for tool in request.tools if tool.name == wire_name), None)
