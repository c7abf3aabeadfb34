"""Tools on wires without namespaces and without free text."""

from __future__ import annotations

import pytest

from crawdad.core.parts import JsonObject, ToolCallPart
from crawdad.core.request import ModelRequest, Tool
from crawdad.wire.custom_tools import function_parameters, object_arguments
from crawdad.wire.tool_names import find_tool, wire_tool_name


def test_names_with_and_without_namespace() -> None:
    request = ModelRequest("m", tools=[Tool("get", namespace="mail"), Tool("mail__get"), Tool("get")])
    assert [wire_tool_name(tool) for tool in request.tools] == ["mail__get", "mail__get", "get"]
    assert find_tool(request, "mail__get") is request.tools[0]
    assert find_tool(request, "get") is request.tools[2]
    assert find_tool(ModelRequest("m", tools=[Tool("get", namespace="mail")]), "get") is not None
    assert find_tool(request, "other") is None


def test_free_text_as_a_function() -> None:
    assert function_parameters(Tool("f", parameters={"type": "object"})) == {"type": "object"}
    plain = function_parameters(Tool("f", kind="custom", format={"type": "text"}))
    assert plain == {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (ToolCallPart(arguments='{"a": 1}'), {"a": 1}),
        (ToolCallPart(arguments='{"a": 1}', custom=True), {"input": '{"a": 1}'}),
        (ToolCallPart(arguments=" "), {}),
        (ToolCallPart(arguments="", custom=True), {"input": ""}),
        (ToolCallPart(arguments='{"a":'), {"input": '{"a":'}),
        (ToolCallPart(arguments="3"), {"input": "3"}),
    ],
)
def test_arguments_as_an_object(part: ToolCallPart, expected: JsonObject) -> None:
    assert object_arguments(part) == expected
