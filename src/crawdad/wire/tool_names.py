"""One name per tool on the wire: protocols without namespaces see `namespace__name`."""

from __future__ import annotations

from crawdad.core.request import ModelRequest, Tool


def wire_tool_name(tool: Tool) -> str:
    """The name of `tool` where there are no namespaces."""
    return f"{tool.namespace}__{tool.name}" if tool.namespace else tool.name


def find_tool(request: ModelRequest, wire_name: str) -> Tool | None:
    """The tool of `request` that is called `wire_name`, with or without its namespace; None where there is none."""
    by_plain_name = None
    for tool in request.tools:
        if wire_tool_name(tool) == wire_name:
            return tool
        if tool.name == wire_name and by_plain_name is None:
            by_plain_name = tool
    return by_plain_name
