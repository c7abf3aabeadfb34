"""Legacy completions: prompts become chat requests, answers become `text_completion` objects the official SDK accepts."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import Completion

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import TextPart, ThinkingPart, TokenLogprob
from crawdad.core.request import ModelRequest
from crawdad.core.response import fold
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat import CODEC, PROFILES
from crawdad.wire.openai_completions import NAME, read_requests, stream_writers, write_error, write_response
from tests.wire.openai_chat.sdk import client_of


def requests_of(**fields: Any) -> list[ModelRequest]:
    return read_requests({"model": "m", "prompt": ["one", "two"], **fields})


def context(requests: list[ModelRequest]) -> ReplyContext:
    return ReplyContext("asked-for", "r1", 1700000000, requests[0])


def answer(text: str, reason: str = "end") -> list[StreamEvent]:
    return [
        MessageStart("x", "m", 1, "anthropic"),
        PartStart(0, ThinkingPart("hidden", origin="anthropic")),
        PartEnd(0),
        PartStart(1, TextPart("")),
        *(PartDelta(1, character) for character in text),
        PartEnd(1),
        MessageEnd(Stop(reason), Usage(3, len(text))),  # type: ignore[arg-type]
    ]


def parse_whole(body: dict[str, Any]) -> Completion:
    with client_of(orjson.dumps(body), "application/json") as client:
        return client.completions.create(model="m", prompt="x")


def parse_chunks(stream: bytes) -> list[Completion]:
    """The vendor's streams say `finish_reason: null` until a choice ends, and so do ours, though the SDK's one type for whole
    answers and chunks has no place for null. With a reason put in its place, every chunk must pass strict validation."""
    with client_of(stream, "text/event-stream", strict=False) as client:
        chunks = list(client.completions.create(model="m", prompt="x", stream=True))
    with client_of(stream.replace(b'"finish_reason":null', b'"finish_reason":"stop"'), "text/event-stream") as client:
        assert len(list(client.completions.create(model="m", prompt="x", stream=True))) == len(chunks)
    return chunks


def test_each_prompt_is_a_request_of_its_own() -> None:
    requests = requests_of(max_tokens=16, temperature=0, n=2, best_of=3, logprobs=2, stop="\n", user="u", stream=True)
    assert [request.messages[0].parts for request in requests] == [[TextPart("one")], [TextPart("two")]]
    written = CODEC.write_request(requests[1], PROFILES["openai"])
    assert written.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "two"}],
        "temperature": 0,
        "max_completion_tokens": 16,
        "n": 2,
        "stop": ["\n"],
        "logprobs": True,
        "top_logprobs": 2,
        "user": "u",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert any("only the client's protocol knows" in note for note in written.notes)  # best_of
    assert requests[0].protocol == NAME


def test_one_prompt_may_be_a_string() -> None:
    (request,) = read_requests({"model": "m", "prompt": "one"})
    assert request.messages[0].parts == [TextPart("one")]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt[0]"),
        ({"prompt": [[1, 2], [3]]}, "prompt[0]"),
        ({"prompt": ["a", None]}, "prompt[1]"),
        ({"prompt": ["a"] * 1000}, "prompt"),
        ({"suffix": "end"}, "suffix"),
        ({"echo": "yes"}, "echo"),
        ({"logprobs": True}, "logprobs"),
        ({"model": None}, "model"),
    ],
)
def test_what_cannot_be_done_is_a_clear_400(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        requests_of(**fields)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert write_error(caught.value)[1]["error"]["param"] == param


def test_token_arrays_are_named_in_the_message() -> None:
    with pytest.raises(GatewayError, match="token arrays"):
        requests_of(prompt=[1, 2, 3])


def test_a_whole_reply() -> None:
    requests = requests_of()
    body = write_response(requests, [fold(answer("Hello")), fold(answer("Bye", "max_tokens"))], context(requests))
    seen = parse_whole(body)
    assert (seen.id, seen.model, seen.object) == ("cmpl-r1", "asked-for", "text_completion")
    assert [(c.index, c.text, c.finish_reason) for c in seen.choices] == [(0, "Hello", "stop"), (1, "Bye", "length")]
    assert seen.usage is not None
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens) == (6, 8)


def test_a_stream_of_two_prompts_that_interleave() -> None:
    requests = requests_of(stream_options={"include_usage": True})
    first, second = stream_writers(requests, context(requests))
    stream = b""
    for one, two in zip(answer("Hello"), answer("Salut"), strict=True):
        stream += first.send(one) + second.send(two)
    assert stream.count(b"[DONE]") == 1
    chunks = parse_chunks(stream)
    texts = {0: "", 1: ""}
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        texts[choice.index] += choice.text
    assert texts == {0: "Hello", 1: "Salut"}
    last = chunks[-1]
    assert last.choices == []
    assert last.usage is not None and last.usage.total_tokens == 16
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_prompt_is_echoed_when_asked_for() -> None:
    requests = requests_of(echo=True)
    body = write_response(requests, [fold(answer("!")), fold(answer("?"))], context(requests))
    assert [choice["text"] for choice in body["choices"]] == ["one!", "two?"]
    writers = stream_writers(requests, context(requests))
    stream = b"".join(writer.send(event) for writer in writers for event in answer("!"))
    texts = [choice.text for chunk in parse_chunks(stream) for choice in chunk.choices if choice.index == 1]
    assert "".join(texts) == "two!"


def test_log_probabilities_are_parallel_lists() -> None:
    tokens = [TokenLogprob("Hel", -0.1, None, [TokenLogprob("Hal", -2.0)]), TokenLogprob("lo", -0.2)]
    events: list[StreamEvent] = [
        MessageStart(),
        PartStart(0, TextPart("Hello", logprobs=tokens)),
        PartEnd(0),
        MessageEnd(),
    ]
    requests = read_requests({"model": "m", "prompt": "x", "logprobs": 1})
    expected = {
        "tokens": ["Hel", "lo"],
        "token_logprobs": [-0.1, -0.2],
        "top_logprobs": [{"Hal": -2.0}, {}],
        "text_offset": [0, 3],
    }
    (writer,) = stream_writers(requests, context(requests))
    chunk = parse_chunks(b"".join(writer.send(event) for event in events))[0]
    assert chunk.choices[0].logprobs is not None and chunk.choices[0].logprobs.model_dump() == expected
    body = write_response(requests, [fold(events)], context(requests))
    logprobs = parse_whole(body).choices[0].logprobs
    assert logprobs is not None and logprobs.model_dump() == expected


def test_a_failing_stream_ends_with_an_error() -> None:
    (writer,) = stream_writers(requests_of(prompt="x"), context(requests_of()))
    assert writer.ping().startswith(b":")
    event = writer.fail(GatewayError(ErrorKind.UPSTREAM_BROKEN, "boom"))
    assert orjson.loads(event[6:])["error"]["message"] == "boom"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["model", "prompt", "suffix", "logprobs", "n", "stream", "stream_options", "echo", "stop"])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(FIELDS, VALUES, max_size=6))
def test_any_body_reads_or_is_refused(body: dict[str, Any]) -> None:
    try:
        assert read_requests(body)
    except GatewayError as error:
        assert error.kind is ErrorKind.BAD_REQUEST
