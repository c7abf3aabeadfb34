"""What Google streams, and what may go wrong with it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart
from crawdad.core.parts import MediaPart, OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.partial_arguments import PartialArguments
from crawdad.wire.gemini.stops import _READ
from crawdad.wire.profile import DEFAULT
from tests.support.pieces import Piece
from tests.wire.gemini.support import answer, read_stream, sse


def _stream(*chunks: Any) -> ModelResponse:
    return fold(read_stream([sse(*chunks)]))


def _shape(parts: list[Part]) -> list[tuple[str, Any]]:
    return [(type(part).__name__, getattr(part, "text", None) or getattr(part, "name", None)) for part in parts]


def test_text_and_thoughts_alternate_and_go_on() -> None:
    response = _stream(
        answer({"text": "a", "thought": True}, finish=None),
        answer({"text": "b", "thought": True}, finish=None),
        answer({"text": "c"}, finish=None),
        answer({"text": ""}, finish=None),
        answer({"text": "d"}, {"text": "e", "thought": True}, {"text": "f"}),
    )
    assert _shape(response.parts) == [
        ("ThinkingPart", "ab"),
        ("TextPart", "cd"),
        ("ThinkingPart", "e"),
        ("TextPart", "f"),
    ]
    thought = response.parts[0]
    assert isinstance(thought, ThinkingPart)
    assert (thought.origin, thought.summary) == ("gemini", True)


def test_signatures_are_never_glued_together() -> None:
    response = _stream(
        answer({"text": "a", "thoughtSignature": "S1"}, finish=None),
        answer({"text": "b"}, finish=None),
        answer({"text": "c", "thoughtSignature": "S2"}, finish=None),
        answer({"text": "", "thoughtSignature": "S3"}, finish=None),
        answer({"thoughtSignature": "S4"}),
    )
    parts = [part for part in response.parts if isinstance(part, TextPart)]
    assert [(part.text, part.signature) for part in parts] == [("ab", "S1"), ("c", "S2"), ("", "S3"), ("", "S4")]


def test_calls_media_and_server_side_parts() -> None:
    events = read_stream(
        [
            sse(
                answer(
                    {"text": "x"},
                    {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "S"},
                    {"functionCall": {"id": "2", "name": "g"}},
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "T"},
                    {"thought": True, "inlineData": {"mimeType": "image/png", "data": "BBBB"}},
                    {"executableCode": {"code": "1"}},
                    {},
                )
            )
        ]
    )
    response = fold(events)
    text, first, second, picture, draft, code = response.parts
    assert isinstance(text, TextPart)
    assert isinstance(first, ToolCallPart)
    assert (first.id, first.name, first.arguments, first.signature, first.origin) == ("", "f", '{"a":1}', "S", "gemini")
    assert isinstance(second, ToolCallPart)
    assert (second.id, second.arguments, second.origin) == ("2", "{}", "")
    assert isinstance(picture, MediaPart)
    assert (picture.kind, picture.data, picture.extra) == ("image", "AAAA", {"part": {"thoughtSignature": "T"}})
    assert isinstance(draft, OpaquePart)
    assert draft.kind == "thought"
    assert isinstance(code, OpaquePart)
    assert (code.kind, code.raw) == ("executableCode", {"executableCode": {"code": "1"}})
    assert response.stop.reason == "tool_use"
    started = [event for event in events if isinstance(event, PartStart)]
    assert isinstance(started[3].part, MediaPart)


def test_streamed_arguments() -> None:
    def call(**fields: Any) -> dict[str, Any]:
        return answer({"functionCall": fields}, finish=None)

    response = _stream(
        call(name="f", id="1", willContinue=True),
        call(partialArgs=[{"jsonPath": "$.city", "stringValue": "New ", "willContinue": True}], willContinue=True),
        call(partialArgs=[{"jsonPath": "$.city", "stringValue": "York"}], willContinue=True),
        call(partialArgs=[{"jsonPath": "$.days[0].n", "numberValue": 2}], willContinue=True),
        call(partialArgs=[{"jsonPath": "$.days[1]['a b']", "boolValue": True}], willContinue=True),
        call(partialArgs=[{"jsonPath": "$.none", "nullValue": "NULL_VALUE"}], willContinue=True),
        call(partialArgs=[{"jsonPath": "$.list[999999]", "stringValue": "x"}, {"jsonPath": 3}, 4], willContinue=True),
        call(),
        call(name="g", args={"b": 2}),
        answer(),
    )
    first, second = (part for part in response.parts if isinstance(part, ToolCallPart))
    assert json.loads(first.arguments) == {
        "city": "New York",
        "days": [{"n": 2}, {"a b": True}],
        "none": None,
        "list": ["x"],
    }
    assert (second.name, second.arguments) == ("g", '{"b":2}')


def test_a_long_streamed_argument_is_not_copied_with_every_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Piece, "appended", 0)
    arguments = PartialArguments(0, {"before": "x"})
    arguments.add([{"jsonPath": "$.text", "stringValue": Piece("ab")}] * 100)
    arguments.add([{"jsonPath": "$.list[0]", "stringValue": "one"}, {"jsonPath": "$.list[7]", "stringValue": "two"}])
    arguments.add([{"jsonPath": "$.before", "stringValue": "y"}, {"jsonPath": "$.list[7]", "stringValue": "three"}])
    assert arguments.value == {"before": "xy", "text": "ab" * 100, "list": ["one", "twothree"]}
    arguments.add([{"jsonPath": "$.text", "numberValue": 5}])
    assert arguments.value["text"] == 5
    assert Piece.appended == 0


def test_streamed_arguments_that_the_end_cuts_still_close() -> None:
    response = _stream(
        answer({"functionCall": {"name": "f", "willContinue": True}}, finish=None),
        answer({"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x"}], "willContinue": True}}),
    )
    part = response.parts[0]
    assert isinstance(part, ToolCallPart)
    assert part.arguments == '{"a":"x"}'


def test_several_candidates() -> None:
    chunks = [
        {"candidates": [{"index": i, "content": {"parts": [{"text": t}]}} for i, t in ((0, "a"), (1, "b"))]},
        {"candidates": [{"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "MAX_TOKENS"}]},
        {
            "candidates": [
                {"index": 0, "content": {"parts": [{"text": "A"}]}, "finishReason": "STOP", "avgLogprobs": -1}
            ]
        },
    ]
    response = _stream(*chunks)
    assert [[getattr(part, "text", "") for part in choice.parts] for choice in response.choices] == [["aA"], ["bB"]]
    assert [choice.stop.reason for choice in response.choices] == ["end", "max_tokens"]
    assert response.extra["candidates"] == [{"avgLogprobs": -1}, {}]
    with pytest.raises(GatewayError):
        _stream(*chunks[:2])


@pytest.mark.parametrize("raw", [*_READ, "SOMETHING_NEW"])
def test_every_stop_reason(raw: str) -> None:
    response = _stream(answer({"text": "x"}, finish=raw))
    assert response.stop.raw == raw
    assert response.stop.reason == _READ.get(raw, "other")
    with_call = _stream(answer({"functionCall": {"name": "f"}}, finish=raw))
    called = raw in ("STOP", "UNEXPECTED_TOOL_CALL")  # the call of an undeclared function can be read and answered
    assert with_call.stop.reason == ("tool_use" if called else response.stop.reason)


def test_a_refused_prompt() -> None:
    feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 4}}
    for response in (_stream(feedback), fold(GEMINI.read_response(feedback, DEFAULT))):
        assert response.parts == []
        assert (response.stop.reason, response.stop.raw) == ("content_filter", "PROHIBITED_CONTENT")
        assert response.usage.input_tokens == 4


def test_the_newest_usage_counts() -> None:
    first = {"promptTokenCount": 9, "candidatesTokenCount": 21, "thoughtsTokenCount": 35, "totalTokenCount": 65}
    last = {
        "promptTokenCount": 80,
        "toolUsePromptTokenCount": 7,
        "cachedContentTokenCount": 40,
        "thoughtsTokenCount": 78,
        "candidatesTokenCount": 2,
        "totalTokenCount": 167,
        "serviceTier": "flex",
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}, {"modality": "IMAGE", "tokenCount": 5}],
    }
    response = _stream(
        {**answer({"text": "x"}, finish=None), "usageMetadata": first},
        {**answer({"text": "y"}), "usageMetadata": last},
        {"usageMetadata": {"trafficType": "ON_DEMAND"}},
    )
    usage = response.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (87, 80, 167)
    assert (usage.cache_read_tokens, usage.reasoning_tokens, usage.tool_input_tokens) == (40, 78, 7)
    assert (usage.audio_input_tokens, usage.image_input_tokens, usage.service_tier) == (3, 5, "flex")


@pytest.mark.parametrize(
    "usage", [None, "x", 3, [], {"promptTokenCount": "5", "candidatesTokenCount": -3}, {"a": math.pi}]
)
def test_broken_usage_is_tolerated(usage: Any) -> None:
    response = _stream({**answer({"text": "x"}), "usageMetadata": usage})
    assert not response.usage.input_tokens
    assert not response.usage.output_tokens
    assert GEMINI.read_usage({"usageMetadata": usage}).total_tokens == 0


def test_offsets_of_citations_are_characters_of_their_part() -> None:
    grounding = {
        "groundingChunks": [
            {"web": {"uri": "https://a", "title": "A"}},
            {"retrievedContext": {"title": "B", "text": "source", "documentName": "docs/1"}},
            {"maps": {"uri": "https://m", "title": "M"}},
        ],
        "groundingSupports": [
            {"segment": {"endIndex": 8, "text": "Zürich"}, "groundingChunkIndices": [0, 7]},
            {"segment": {"startIndex": 9, "endIndex": 14}, "groundingChunkIndices": [1, 2]},
            {"segment": {"startIndex": 9999, "endIndex": 10000}, "groundingChunkIndices": [0]},
        ],
        "webSearchQueries": ["", "q"],
    }
    # Zürich is seven bytes; the part goes on after code has been run.
    response = _stream(
        answer({"text": "Zür"}, finish=None),
        answer({"text": "ich!"}, {"executableCode": {"code": "1"}}, {"text": " 日本"}, groundingMetadata=grounding),
    )
    first, _, last = response.parts
    assert isinstance(first, TextPart)
    assert isinstance(last, TextPart)
    assert [(c.url, c.start, c.end) for c in first.citations] == [("https://a", 0, 7)]
    assert [(c.kind, c.title, c.start, c.end, c.cited_text) for c in last.citations] == [
        ("file", "B", 1, 2, "source"),
        ("url", "M", 1, 2, None),
        ("url", "A", None, None, None),
    ]
    assert response.extra["candidates"][0]["groundingMetadata"] == grounding
    assert response.usage.web_searches == 1


def test_recitations_are_citations_too() -> None:
    metadata = {"citations": [{"startIndex": 2, "endIndex": 4, "uri": "https://a", "license": "mit"}]}
    response = _stream(answer({"text": "abcdef"}, citationMetadata=metadata))
    part = response.parts[0]
    assert isinstance(part, TextPart)
    assert [(c.url, c.start, c.end) for c in part.citations] == [("https://a", 2, 4)]


def test_log_probabilities() -> None:
    def result(*tokens: str) -> dict[str, Any]:
        chosen = [{"token": token, "tokenId": 1, "logProbability": -0.5} for token in tokens]
        return {"chosenCandidates": chosen, "topCandidates": [{"candidates": [item]} for item in chosen]}

    response = _stream(
        answer({"text": "a"}, finish=None, logprobsResult=result("a")),
        answer({"text": "b"}, {"functionCall": {"name": "f"}}, logprobsResult=result("b")),
    )
    part = response.parts[0]
    assert isinstance(part, TextPart)
    assert [(item.token, item.logprob, len(item.top)) for item in part.logprobs] == [("a", -0.5, 1), ("b", -0.5, 1)]
    assert response.extra["candidates"][0]["logprobsResult"] == result("a", "b")


def test_an_error_in_mid_stream() -> None:
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    start = sse(answer({"text": "x"}, finish=None))
    for tail in (
        sse(error),
        json.dumps(error, indent=2).encode(),
        json.dumps([error], indent=2).replace("\n", "\r\n").encode(),
    ):
        with pytest.raises(GatewayError) as caught:
            read_stream([start, tail])
        assert caught.value.kind is ErrorKind.OVERLOADED
        assert caught.value.message() == "The model is overloaded."
        assert caught.value.details["status"] == 503


def test_a_whole_answer_that_is_an_error() -> None:
    with pytest.raises(GatewayError) as caught:
        GEMINI.read_response({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}, DEFAULT)
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    with pytest.raises(GatewayError):
        GEMINI.read_response({"usageMetadata": {}}, DEFAULT)


def test_harmless_noise() -> None:
    noise = b": comment\n\nevent: x\n\ndata:\n\nid: 3\ndata: " + json.dumps(answer({"text": "x"})).encode()
    assert fold(read_stream([noise + b"\n\ndata: [DONE]\n\n"])).text == "x"
    assert fold(read_stream([noise])).text == "x"  # the last blank line is missing
    assert fold(read_stream([json.dumps([answer({"text": "x"})]).encode()])).text == "x"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"data: {\n\n",
        b"data: 3\n\n",
        b"data: null\n\n",
        b'data: "x"\n\n',
        b"data: \xff\n\n",
        b"<html>gateway</html>",
        sse({}),
        sse({"candidates": []}),
        sse({"candidates": [{}]}),
        sse(answer({"text": "x"}, finish=None)),
        sse(answer({"text": "x"}, finish="FINISH_REASON_UNSPECIFIED")),
        b"[" * 5000,
    ],
)
def test_broken_streams(raw: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_stream([raw])
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


def test_split_characters() -> None:
    raw = sse(answer({"text": "日本🦞"}))
    assert fold(read_stream(raw[i : i + 1] for i in range(len(raw)))).text == "日本🦞"


def test_events_of_a_plain_stream() -> None:
    events = read_stream([sse(answer({"text": "a"}, finish=None), answer({"text": "b"}))])
    assert [type(event) for event in events] == [MessageStart, PartStart, PartDelta, PartDelta, PartEnd, MessageEnd]
    start = events[0]
    assert isinstance(start, MessageStart)
    assert (start.id, start.model, start.protocol) == ("abc", "gemini-x", "gemini")


def test_names_come_back_as_they_were_given() -> None:
    response = _stream(answer({"functionCall": {"name": "_cd:2nd:20tool:2f:c3:a9", "args": {}}}))
    part = response.parts[0]
    assert isinstance(part, ToolCallPart)
    assert part.name == "2nd tool/é"


@pytest.mark.parametrize("last", [{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}, b"{half"])
def test_what_came_before_an_error_in_one_piece_is_told_first(last: Any) -> None:
    """However a network cuts a stream, the client hears what the model said before it failed."""
    reader = GEMINI.stream_reader(DEFAULT)
    broken = b"data: " + last + b"\r\n\r\n" if isinstance(last, bytes) else sse(last)
    told = reader.feed(sse(answer({"text": "said"}, finish=None)) + broken)
    assert [event.text for event in told if isinstance(event, PartDelta)] == ["said"]
    with pytest.raises(GatewayError):
        reader.feed(b"")
    with pytest.raises(GatewayError):
        reader.close()
