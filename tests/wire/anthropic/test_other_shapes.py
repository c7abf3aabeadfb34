"""Token counting, the list of models, names and ids, and the tables that must be total."""

from __future__ import annotations

import typing
from typing import Any

import orjson
import pytest
from anthropic._models import validate_type
from anthropic.pagination import SyncPage
from anthropic.types import MessageTokensCount, ModelInfo
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StopReason
from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest, Reasoning, Sampling, Tool
from crawdad.wire.anthropic import (
    CODEC,
    models_page,
    read_count_request,
    read_count_response,
    write_count_request,
    write_count_response,
)
from crawdad.wire.anthropic.identifiers import decode, encode
from crawdad.wire.anthropic.stops import WORDS
from crawdad.wire.features import Feature
from crawdad.wire.profile import DEFAULT
from crawdad.wire.tool_names import find_tool, wire_tool_name
from tests.wire.anthropic.speaking import sdk


def test_the_tables_are_total() -> None:
    assert set(CODEC.support) == set(Feature)
    assert set(WORDS) == set(typing.get_args(StopReason))


def test_one_path_for_everything() -> None:
    assert CODEC.path("any", True) == CODEC.path("any", False) == "/v1/messages"


def test_a_count_asks_only_what_counts() -> None:
    body: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "tools": [{"name": "t", "input_schema": {"type": "object"}}],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    sent = {**body, "max_tokens": 3, "temperature": 1, "stream": True, "metadata": {"user_id": "u"}}
    assert write_count_request(read_count_request(sent), DEFAULT).body == body
    foreign = ModelRequest(
        "m",
        [Message("user", [TextPart("hi")])],
        tools=[Tool("t")],
        sampling=Sampling(temperature=1, max_tokens=3, stop=["x"]),
        reasoning=Reasoning("low"),
        protocol="gemini",
        stream=True,
    )
    written = write_count_request(foreign, DEFAULT).body
    assert set(written) == {"model", "messages", "tools", "thinking", "output_config"}


def test_a_count_is_answered() -> None:
    validate_type(type_=MessageTokensCount, value=write_count_response(7))
    assert read_count_response(write_count_response(7)) == 7


@pytest.mark.parametrize("body", [None, [], {}, {"input_tokens": None}, {"error": {"message": "no"}}])
def test_a_count_that_is_none_is_an_error(body: Any) -> None:
    with pytest.raises(GatewayError) as raised:
        read_count_response(body)
    assert raised.value.kind in (ErrorKind.UPSTREAM_BROKEN, ErrorKind.UPSTREAM_ERROR)


def test_the_list_of_models_is_one_the_sdk_reads() -> None:
    page = models_page([("claude-a", "Claude A", 1_700_000_000), ("b", "B", 0)])
    assert page["first_id"] == "claude-a" and page["last_id"] == "b" and page["has_more"] is False
    assert page["data"][0]["created_at"] == "2023-11-14T22:13:20Z"
    validate_type(type_=SyncPage[ModelInfo], value=page)
    with sdk(orjson.dumps(page)) as client:
        assert [model.display_name for model in client.models.list()] == ["Claude A", "B"]
    validate_type(type_=SyncPage[ModelInfo], value=models_page([]))


@given(st.text(max_size=40) | st.from_regex(r"(_cx|cx|[0-9a-f._])*", fullmatch=True))
def test_any_name_can_be_spelled_and_read_again(name: str) -> None:
    spelled = encode(name)
    assert all(character.isascii() and (character.isalnum() or character in "_-") for character in spelled)
    assert decode(spelled) == name


@pytest.mark.parametrize(
    "name", ["get_weather", "mcp__files__read", "toolu_01AbC", "s-P5zAkA6Feu0tyg", "_cx", "_cxzz_"]
)
def test_names_of_this_protocol_are_read_as_they_are(name: str) -> None:
    assert decode(name) == name


@pytest.mark.parametrize("name", ["_cx110000_", "_cxd800_", "_cxffffff_"])
def test_escapes_of_no_character_are_read_as_they_are(name: str) -> None:
    assert decode(name) == name


def test_tools_are_found_by_wire_name_before_bare_name() -> None:
    tools = [Tool("read", namespace="a"), Tool("read", namespace="b"), Tool("a__read")]
    request = ModelRequest("m", tools=tools)
    assert [wire_tool_name(tool) for tool in tools] == ["a__read", "b__read", "a__read"]
    assert find_tool(request, "b__read") is tools[1]
    assert find_tool(request, "read") is tools[0]
    assert find_tool(request, "other") is None
