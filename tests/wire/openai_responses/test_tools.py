"""Tools and tool choice: every form round-trips, and tools of other protocols are said in this one's words."""

from __future__ import annotations

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Tool, ToolChoice
from crawdad.wire.openai_responses import CODEC
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.tool_names import find_tool, wire_tool_name
from tests.support.goldens import needs_goldens, trace
from tests.wire.openai_responses.speech import request, round_trip

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[JsonObject] = [
    {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True, "defer_loading": True},
    {"type": "function", "name": "g", "description": None, "parameters": None, "strict": None},
    {"type": "function", "name": "h", "strict": False, "parameters": {}},
    {"type": "custom", "name": "apply_patch", "description": "patch", "format": {"type": "text"}},
    {
        "type": "custom",
        "name": "grammar",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /a/"},
        "async": True,
    },
    {
        "type": "namespace",
        "name": "agents",
        "description": "sub-agents",
        "tools": [
            {"type": "function", "name": "spawn", "parameters": SCHEMA, "strict": False},
            {"type": "custom", "name": "tell"},
        ],
        "visibility": "all",
    },
    {"type": "namespace", "name": "empty", "description": "", "tools": []},
    {"type": "web_search", "external_web_access": False, "user_location": {"type": "approximate", "country": "US"}},
    {"type": "web_search_preview"},
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
    {"type": "computer_use_preview", "display_width": 1, "display_height": 1, "environment": "linux"},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "image_generation", "size": "1024x1024"},
    {"type": "mcp", "server_label": "s", "server_url": "https://mcp.example", "require_approval": "never"},
    {"type": "local_shell"},
    {"type": "shell"},
    {"type": "apply_patch"},
    {"type": "tool_search"},
    {"type": "something_new", "of": {"any": "shape"}},
]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: str(tool["type"]))
def test_every_tool_goes_back_as_it_came(tool: JsonObject) -> None:
    body = {"model": "m", "input": "x", "tools": [tool]}
    assert round_trip(body) == body


def test_all_of_them_together_keep_their_order() -> None:
    body = {"model": "m", "input": "x", "tools": TOOLS}
    assert round_trip(body) == body


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice("auto", raw="auto")),
        ("none", ToolChoice("none", raw="none")),
        ("required", ToolChoice("required", raw="required")),
        ({"type": "function", "name": "f"}, ToolChoice("named", ["f"])),
        ({"type": "custom", "name": "apply_patch"}, ToolChoice("named", ["apply_patch"])),
        ({"type": "web_search_preview"}, ToolChoice("named", ["web_search_preview"])),
        ({"type": "mcp", "server_label": "s"}, ToolChoice("named", ["mcp"])),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
            },
            ToolChoice("allowed", ["f", "web_search"], required=True),
        ),
    ],
    ids=str,
)
def test_every_choice_is_understood_and_goes_back(choice: JsonObject | str, expected: ToolChoice) -> None:
    body = {"model": "m", "input": "x", "tools": TOOLS, "tool_choice": choice}
    read = CODEC.read_request(body).tool_choice
    assert read is not None
    assert (read.mode, read.names, read.required) == (expected.mode, expected.names, expected.required)
    assert round_trip(body) == body


@needs_goldens
def test_the_namespaces_of_codex() -> None:
    asked = CODEC.read_request(trace("codex")[0]["body"])
    spawn = find_tool(asked, "multi_agent_v1__spawn_agent")
    assert spawn is not None
    assert (spawn.name, spawn.namespace, wire_tool_name(spawn)) == (
        "spawn_agent",
        "multi_agent_v1",
        "multi_agent_v1__spawn_agent",
    )
    assert spawn.namespace_description == "Tools for spawning and managing sub-agents."
    assert find_tool(asked, "exec_command") is not None
    assert find_tool(asked, "multi_agent_v1__") is None


def test_tools_that_an_item_declares_stand_with_the_rest_elsewhere_and_in_the_item_here() -> None:
    declared = {"type": "function", "name": "late", "parameters": SCHEMA}
    body = {
        "model": "m",
        "tools": [{"type": "function", "name": "f"}],
        "input": [
            {"role": "user", "content": "x"},
            {"type": "additional_tools", "role": "developer", "tools": [declared, {"type": "function", "name": "f"}]},
        ],
    }
    assert [tool.name for tool in CODEC.read_request(body).tools] == ["f", "late"]
    assert round_trip(body) == body


def foreign(**fields: object) -> ModelRequest:
    asked = request()
    asked.protocol = "anthropic"
    for name, value in fields.items():
        setattr(asked, name, value)
    return asked


def test_strictness_left_unsaid_elsewhere_means_no() -> None:
    tools = [Tool("a", parameters=SCHEMA), Tool("b", "does b", strict=True), Tool("c", kind="custom")]
    out = CODEC.write_request(foreign(tools=tools), DEFAULT).body["tools"]
    assert out == [
        {"type": "function", "name": "a", "parameters": SCHEMA, "strict": False},
        {
            "type": "function",
            "name": "b",
            "description": "does b",
            "parameters": {"type": "object", "properties": {}},
            "strict": True,
        },
        {"type": "custom", "name": "c"},
    ]
    lax = CODEC.write_request(foreign(tools=tools), Profile(strict_tools=False)).body["tools"]
    assert all("strict" not in tool for tool in lax)


def test_builtin_tools_of_another_vendor_are_left_out_with_a_note() -> None:
    builtin = Tool("web_search_20250305", kind="builtin", raw={"type": "web_search_20250305"})
    asked = foreign(tools=[builtin], tool_choice=ToolChoice("auto"), parallel_tool_calls=True)
    out = CODEC.write_request(asked, DEFAULT)
    assert not out.body.keys() & {"tools", "tool_choice", "parallel_tool_calls"}
    assert any("server-side tools" in note for note in out.notes)


def test_forcing_one_of_them_is_refused() -> None:
    builtin = Tool("web_search", kind="builtin", raw={})
    with pytest.raises(GatewayError):
        CODEC.write_request(foreign(tools=[builtin], tool_choice=ToolChoice("named", ["web_search"])), DEFAULT)


def test_choices_of_other_protocols() -> None:
    tools = [Tool("f"), Tool("c", kind="custom")]

    def said(choice: ToolChoice) -> object:
        return CODEC.write_request(foreign(tools=tools, tool_choice=choice), DEFAULT).body["tool_choice"]

    assert said(ToolChoice("required", raw={"type": "any"})) == "required"
    assert said(ToolChoice("none")) == "none"
    assert said(ToolChoice("named", ["f"])) == {"type": "function", "name": "f"}
    assert said(ToolChoice("named", ["c"])) == {"type": "custom", "name": "c"}
    assert said(ToolChoice("allowed", ["f", "c"], required=True)) == {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}],
    }


def test_the_wrapped_grammar_of_chat_is_flattened() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}
    out = CODEC.write_request(foreign(tools=[Tool("c", kind="custom", format=grammar)]), DEFAULT).body["tools"]
    assert out[0]["format"] == {"type": "grammar", "syntax": "regex", "definition": "a+"}
