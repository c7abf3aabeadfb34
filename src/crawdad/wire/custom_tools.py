"""Free-text tools in protocols that know functions only: a function with one text parameter, `input`."""

from __future__ import annotations

from crawdad.core.parts import JsonObject, ToolCallPart
from crawdad.core.request import Tool
from crawdad.wire.fields import parse_arguments


def function_parameters(tool: Tool) -> JsonObject | None:
    """The parameters of `tool` as a function; a grammar for free text is told in words."""
    if tool.kind != "custom":
        return tool.parameters
    text: JsonObject = {"type": "string"}
    grammar = tool.format or {}
    definition = grammar.get("definition")
    if isinstance(definition, str):
        text["description"] = f"Must follow this {grammar.get('syntax', '')} grammar:\n{definition}"
    return {"type": "object", "properties": {"input": text}, "required": ["input"]}


def object_arguments(part: ToolCallPart) -> JsonObject:
    """The arguments of a call for protocols that want an object. Free text, and text that is no JSON object (a call that
    was cut off), becomes `input`."""
    text = part.arguments
    if part.custom:
        return {"input": text}
    if not text.strip():
        return {}
    value = parse_arguments(text)
    return {"input": text} if value is None else value
