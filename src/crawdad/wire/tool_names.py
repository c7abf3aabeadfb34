"""Names of tools on the wire: protocols without namespaces say `namespace__name`."""

from __future__ import annotations

from crawdad.core.request import ModelRequest, Tool


def wire_tool_name(tool: Tool) -> str:
    """The name of `tool` in a protocol without namespaces."""
    return f"{tool.namespace}__{tool.name}" if tool.namespace else tool.name


def find_tool(request: ModelRequest, wire_name: str) -> Tool | None:
    """The tool of `request` that a model means by `wire_name`, in either form."""
    for tool in request.tools:
        if wire_name in (tool.name, wire_tool_name(tool)):
            return tool
    return None
