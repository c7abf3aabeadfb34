"""Ollama's native chat as an upstream."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import PartDelta, StreamEvent
from crawdad.core.parts import (
    MediaPart,
    Message,
    OpaquePart,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from crawdad.core.response import fold
from crawdad.wire.codec import ReplyContext
from crawdad.wire.features import Feature
from crawdad.wire.ollama import CODEC
from crawdad.wire.profile import DEFAULT, Profile

PNG = MediaPart("image", data="AAAA", media_type="image/png")


def _request(*messages: Message, **fields: Any) -> ModelRequest:
    return ModelRequest("qwen3", list(messages) or [Message("user", [TextPart("hi")])], protocol="anthropic", **fields)


def _body(request: ModelRequest, profile: Profile = DEFAULT) -> dict[str, Any]:
    return CODEC.write_request(request, profile).body


def _lines(*chunks: Any, end: str = "\n") -> bytes:
    return "".join(json.dumps(chunk) + end for chunk in chunks).encode()


def _chunk(done: bool = False, **message: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": "qwen3",
        "created_at": "2025-05-27T22:54:57.641643123Z",
        "message": {"role": "assistant", **message},
    }
    if done:
        body |= {"done": True, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 259, "total_duration": 5}
    else:
        body["done"] = False
    return body


def _read(*pieces: bytes) -> list[StreamEvent]:
    reader = CODEC.stream_reader(DEFAULT)
    return [event for piece in pieces for event in reader.feed(piece)] + reader.close()


STREAM = (
    _chunk(content="", thinking="Let me "),
    _chunk(content="", thinking="see"),
    _chunk(content="Zür"),
    _chunk(content="ich"),
    _chunk(content="", tool_calls=[{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": [1]}}}]),
    _chunk(content="", tool_calls=[{"function": {"name": "g", "arguments": {}}}, {"function": {"name": "h"}}]),
    _chunk(True, content=""),
)


def test_a_stream_with_everything() -> None:
    response = fold(_read(_lines(*STREAM)))
    thought, text, first, second, third = response.parts
    assert thought == ThinkingPart("Let me see", origin="ollama")
    assert text == TextPart("Zürich")
    assert first == ToolCallPart("c1", "f", '{"a":[1]}')
    assert (second, third) == (ToolCallPart("", "g", "{}"), ToolCallPart("", "h", "{}"))
    assert (response.stop.reason, response.stop.raw) == ("tool_use", "stop")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (26, 259)
    assert (response.model, response.created, response.protocol) == ("qwen3", 1748386497, "ollama")


def test_any_cut_gives_the_same_events() -> None:
    for end in ("\n", "\r\n", "\n\n"):
        raw = _lines(*STREAM, end=end)
        for size in (1, 2, 3, 7, 100):
            assert _read(*(raw[i : i + size] for i in range(0, len(raw), size))) == _read(_lines(*STREAM))
    assert _read(_lines(*STREAM).rstrip(b"\n")) == _read(_lines(*STREAM))


def test_a_whole_answer() -> None:
    body = _chunk(True, content="Hi", thinking="hm", tool_calls=None)
    response = fold(CODEC.read_response(body, DEFAULT))
    assert [type(part) for part in response.parts] == [ThinkingPart, TextPart]
    assert response.stop.reason == "end"
    assert CODEC.read_usage(body) == response.usage


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("stop", "end"), ("length", "max_tokens"), ("load", "other"), ("unload", "other"), (None, "end")],
)
def test_every_stop_reason(raw: str | None, reason: str) -> None:
    response = fold(CODEC.read_response({**_chunk(True, content="x"), "done_reason": raw}, DEFAULT))
    assert (response.stop.reason, response.stop.raw) == (reason, raw)


def test_log_probabilities() -> None:
    tokens = [{"token": "H", "logprob": -0.1, "bytes": [72], "top_logprobs": [{"token": "H", "logprob": -0.1}]}]
    part = fold(_read(_lines({**_chunk(content="H"), "logprobs": tokens}, _chunk(True, content="")))).parts[0]
    assert isinstance(part, TextPart)
    assert [(item.token, item.logprob, item.utf8, len(item.top)) for item in part.logprobs] == [("H", -0.1, [72], 1)]


def test_an_error_in_mid_stream() -> None:
    with pytest.raises(GatewayError) as caught:
        _read(_lines(_chunk(content="x"), {"error": "an error was encountered while running the model"}))
    assert caught.value.kind is ErrorKind.UPSTREAM_ERROR
    assert caught.value.message() == "an error was encountered while running the model"


@pytest.mark.parametrize("raw", [b"", b"{\n", b"3\n", b"[]\n", b"<html>\n", b"\xff\n", _lines(_chunk(content="x"))])
def test_broken_streams(raw: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        _read(raw)
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawdad.wire.ollama.answer_reader.MAX_EVENT_BYTES", 1000)
    with pytest.raises(GatewayError):
        _read(*([b"x" * 100] * 11))


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (404, b'{"error":"model \\"x\\" not found"}', ErrorKind.NOT_FOUND, 'model "x" not found'),
        (400, b'{"error":"\\"x\\" does not support tools"}', ErrorKind.BAD_REQUEST, '"x" does not support tools'),
        (
            500,
            b'{"error":"input exceeds the context length"}',
            ErrorKind.CONTEXT_TOO_LONG,
            "input exceeds the context length",
        ),
        (401, b'{"error":{"message":"unauthorized"}}', ErrorKind.UNAUTHENTICATED, "unauthorized"),
        (418, b"", ErrorKind.BAD_REQUEST, "418"),
        (502, b"<html>", ErrorKind.UPSTREAM_ERROR, "502"),
        (503, b'{"error":"server busy"}', ErrorKind.OVERLOADED, "server busy"),
    ],
)
def test_errors(status: int, body: bytes, kind: ErrorKind, message: str) -> None:
    error = CODEC.read_error(status, {"retry-after": "3"}, body)
    assert (error.kind, error.details["status"], error.retry_after) == (kind, status, 3)
    assert message in error.message()


def test_a_tool_loop() -> None:
    body = _body(
        _request(
            Message("system", [TextPart("a"), TextPart("b")]),
            Message("user", [TextPart("look"), PNG, MediaPart("document", text="doc")]),
            Message(
                "assistant",
                [
                    ThinkingPart("hm", signature="s", origin="anthropic"),
                    TextPart("so"),
                    ToolCallPart("1", "f", '{"a":1}'),
                    ToolCallPart("2", "get", "", namespace="ns"),
                ],
            ),
            Message(
                "tool",
                [ToolResultPart("1", [TextPart("one"), PNG]), ToolResultPart("2", [TextPart("no")], is_error=True)],
            ),
            Message("developer", [TextPart("go on")]),
            Message("assistant", [RefusalPart("no"), OpaquePart("anthropic", "x")]),
            Message("assistant", [OpaquePart("anthropic", "x")]),
        )
    )
    assert body["messages"] == [
        {"role": "system", "content": "a\nb"},
        {"role": "user", "content": "look\ndoc", "images": ["AAAA"]},
        {
            "role": "assistant",
            "content": "so",
            "thinking": "hm",
            "tool_calls": [
                {"id": "1", "function": {"name": "f", "arguments": {"a": 1}}},
                {"id": "2", "function": {"name": "ns__get", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "one", "tool_name": "f", "tool_call_id": "1"},
        {"role": "tool", "content": "Error: no", "tool_name": "ns__get", "tool_call_id": "2"},
        {"role": "user", "content": "", "images": ["AAAA"]},
        {"role": "system", "content": "go on"},
        {"role": "assistant", "content": "no"},
    ]
    assert (body["model"], body["stream"]) == ("qwen3", False)


def test_knobs() -> None:
    sampling = Sampling(0.5, 0.9, 40, 100, ["x"], 7, 0.1, 0.2, 3, True, 2, {"1": 1})
    written = CODEC.write_request(_request(sampling=sampling, stream=True, user="u"), DEFAULT)
    assert written.body["options"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "num_predict": 100,
        "stop": ["x"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
    }
    assert (written.body["stream"], written.body["logprobs"], written.body["top_logprobs"]) == (True, True, 2)
    assert written.notes == [
        "several choices: dropped (ollama)",
        "logit bias: dropped (ollama)",
        "end-user id: dropped (ollama)",
    ]


def test_its_own_fields() -> None:
    request = _request(sampling=Sampling(temperature=0.5), extra={"keep_alive": "5m", "options": {"num_ctx": 4096}})
    assert "keep_alive" not in _body(request)
    request.protocol = "ollama"
    body = _body(request, Profile(name="p", drop_fields=frozenset({"keep_alive"})))
    assert body["options"] == {"temperature": 0.5, "num_ctx": 4096}
    assert "keep_alive" not in body
    assert _body(request)["keep_alive"] == "5m"


@pytest.mark.parametrize(
    ("wanted", "form"),
    [
        (ResponseFormat("json"), "json"),
        (ResponseFormat("schema", {"type": "object"}), {"type": "object"}),
        (ResponseFormat("text"), None),
    ],
)
def test_output_formats(wanted: ResponseFormat, form: Any) -> None:
    assert _body(_request(response_format=wanted)).get("format") == form


@pytest.mark.parametrize(
    ("reasoning", "plain", "levels"),
    [
        (Reasoning(effort="none"), False, False),
        (Reasoning(budget=0), False, False),
        (Reasoning(effort="minimal"), True, "low"),
        (Reasoning(effort="max"), True, "high"),
        (Reasoning(budget=1000), True, True),
        (Reasoning(adaptive=True), True, True),
        (Reasoning(summary="auto"), None, None),
    ],
)
def test_thinking(reasoning: Reasoning, plain: Any, levels: Any) -> None:
    assert _body(_request(reasoning=reasoning)).get("think") is plain
    assert _body(_request(reasoning=reasoning), Profile(thinking_levels=True)).get("think") == levels
    written = CODEC.write_request(_request(reasoning=reasoning), Profile(name="plain", reasoning_effort=False))
    assert "think" not in written.body
    assert written.notes[-1] == "reasoning effort: dropped (plain)"


def test_tools_and_choices() -> None:
    tools = [
        Tool("f", "d", {"type": "object", "properties": {"a": {}}}),
        Tool("patch", kind="custom"),
        Tool("g", namespace="ns"),
        Tool("search", kind="builtin", raw={}),
    ]
    body = _body(_request(tools=tools))
    assert body["tools"][0] == {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": tools[0].parameters},
    }
    assert body["tools"][1]["function"]["parameters"]["required"] == ["input"]
    assert [tool["function"]["name"] for tool in body["tools"]] == ["f", "patch", "ns__g"]
    assert "tools" not in _body(_request(tools=tools, tool_choice=ToolChoice("none")))
    for choice in (ToolChoice("named", ["g"]), ToolChoice("allowed", ["ns__g"])):
        offered = _body(_request(tools=tools, tool_choice=choice))["tools"]
        assert [tool["function"]["name"] for tool in offered] == ["ns__g"]


@pytest.mark.parametrize(
    "part",
    [
        MediaPart("image", url="https://x/y.png"),
        MediaPart("document", data="AA", media_type="application/pdf"),
        MediaPart("audio", data="AA"),
        MediaPart("video", data="AA"),
        MediaPart("image", file_id="f"),
    ],
)
def test_what_it_cannot_take(part: MediaPart) -> None:
    with pytest.raises(GatewayError) as caught:
        _body(_request(Message("user", [part])))
    assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_clients_do_not_speak_it() -> None:
    context = ReplyContext("m", "r", 1, _request())
    response = fold(CODEC.read_response(_chunk(True, content="x"), DEFAULT))
    for use in (
        lambda: CODEC.read_request({}),
        lambda: CODEC.stream_writer(context),
        lambda: CODEC.write_response(response, context),
        lambda: CODEC.write_error(GatewayError(ErrorKind.INTERNAL, "x")),
        lambda: CODEC.array_writer(context),
        lambda: CODEC.stop_of({}),
        lambda: CODEC.tap({}),
    ):
        with pytest.raises(GatewayError, match="upstreams only"):
            use()


def test_table_and_path() -> None:
    assert set(CODEC.support) == set(Feature)
    assert (CODEC.name, CODEC.path("any/thing?", True)) == ("ollama", "/api/chat")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message", "content", "thinking", "tool_calls", "function", "name", "arguments", "done", "logprobs"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(_JSON, st.dictionaries(st.sampled_from(["content", "thinking", "tool_calls"]), _JSON), st.binary(max_size=50))
def test_whatever_comes_in(body: Any, message: dict[str, Any], raw: bytes) -> None:
    for shaped in (body, _chunk(True, **message), {**_chunk(True, **message), "logprobs": body}):
        with contextlib.suppress(GatewayError):
            fold(CODEC.read_response(shaped, DEFAULT))
        with contextlib.suppress(GatewayError):
            _read(orjson.dumps(shaped), b"\n", raw)
    CODEC.read_error(500, {}, raw)


def test_what_came_before_an_error_in_one_piece_is_told_first() -> None:
    """However a network cuts a stream, the client hears what the model said before it failed."""
    said = b'{"model":"m","message":{"role":"assistant","content":"said"},"done":false}\n'
    reader = CODEC.stream_reader(DEFAULT)
    told = reader.feed(said + b'{"error":"out of memory"}\n')
    assert [event.text for event in told if isinstance(event, PartDelta)] == ["said"]
    with pytest.raises(GatewayError):
        reader.feed(b"")
    with pytest.raises(GatewayError):
        reader.close()
