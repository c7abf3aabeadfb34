"""Any answer that obeys the grammar, told by any writer, is read back the same by the reader of that protocol; and
whatever a reader reads obeys the grammar, so that every writer can tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire import codecs
from crawdad.wire.answers import ANSWERS, AnswerFeature
from crawdad.wire.codec import ReplyContext
from crawdad.wire.features import Treatment
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import needs_goldens
from tests.support.sdk import JUDGES
from tests.wire.matrix.facts import facts_of
from tests.wire.matrix.grammar import Story, grammar_faults, stories
from tests.wire.matrix.recorded import PROTOCOLS, recordings
from tests.wire.matrix.speaking import FORMS, reply, small_request

REFUSAL_IS_TEXT = frozenset({"anthropic-messages", "gemini"})
EXAMPLES = settings(max_examples=60, deadline=None)


def read(protocol: str, told: object) -> ModelResponse:
    """What our own reader makes of a reply of ours."""
    codec = codecs.get(protocol)
    if isinstance(told, bytes):
        reader = codec.stream_reader(DEFAULT)
        events = reader.feed(told) + reader.close()
    else:
        events = codec.read_response(orjson.loads(orjson.dumps(told)), DEFAULT)
    assert grammar_faults(events) == []
    return fold(events)


def differences(story: Story, protocol: str, response: ModelResponse) -> Iterator[str]:
    """Where the answer is not the story."""
    choices = story.choices if ANSWERS[protocol][AnswerFeature.CHOICES][0] is not Treatment.DROPPED else 1
    if len(response.choices) < choices:
        yield f"{len(response.choices)} choices instead of {choices}"
    for number, choice in enumerate(response.choices):
        refusal = "".join(part.text for part in story.told(RefusalPart, number))
        heard_refusal = "".join(part.text for part in choice.parts if isinstance(part, RefusalPart))
        texts = sorted(part.text for part in story.told(TextPart, number) if part.text)
        heard = "".join(part.text for part in choice.parts if isinstance(part, TextPart))
        if protocol in REFUSAL_IS_TEXT:
            texts = sorted([*texts, *(part.text for part in story.told(RefusalPart, number) if part.text)])
        elif refusal != heard_refusal:
            yield f"refusal {refusal!r} became {heard_refusal!r}"
        if sorted(heard) != sorted("".join(texts)) or not all(text in heard for text in texts):
            yield f"texts {texts!r} became {heard!r}"
        thoughts = sorted(part.text for part in story.told(ThinkingPart, number) if part.text)
        thought = "".join(part.text for part in choice.parts if isinstance(part, ThinkingPart))
        if sorted(thought.replace("\n", "")) != sorted("".join(thoughts).replace("\n", "")):
            yield f"thoughts {thoughts!r} became {thought!r}"
        calls = [(part.name, json.loads(part.text)) for part in story.told(ToolCallPart, number)]
        called = [
            (part.name, json.loads(part.arguments or "{}")) for part in choice.parts if isinstance(part, ToolCallPart)
        ]
        if calls != called and sorted(map(repr, calls)) != sorted(map(repr, called)):
            yield f"calls {calls!r} became {called!r}"
    usage, said = response.usage, story.usage
    if (usage.input_tokens, usage.output_tokens) != (said.input_tokens, said.output_tokens):
        yield f"{said} became {usage}"
    if usage.cache_read_tokens != said.cache_read_tokens:
        yield f"{said} became {usage}"


@EXAMPLES
@given(story=stories())
def test_the_stories_obey_the_grammar(story: Story) -> None:
    assert grammar_faults(story.events()) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_answer_is_read_back_as_it_was_told(protocol: str, form: str) -> None:
    @EXAMPLES
    @given(story=stories())
    def check(story: Story) -> None:
        told = reply(protocol, form, story.events, small_request(protocol))
        assert list(differences(story, protocol, read(protocol, told))) == []

    check()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_answer_is_heard_by_the_sdk(protocol: str, form: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(story=stories())
    def check(story: Story) -> None:
        told = reply(protocol, form, story.events, small_request(protocol))
        judge = JUDGES[protocol]
        facts = facts_of(protocol, judge.streamed(told) if isinstance(told, bytes) else judge.whole(told))
        calls = sorted(repr((part.name, json.loads(part.text))) for part in story.told(ToolCallPart))
        assert sorted(repr((call.name, call.arguments)) for call in facts.first.calls) == calls
        assert all(part.text in facts.first.text for part in story.told(TextPart))

    check()


@st.composite
def spoiled(draw: st.DrawFn, streams: list[bytes]) -> bytes:
    """A recorded stream with pieces cut out, doubled, exchanged or overwritten."""
    stream = draw(st.sampled_from(streams))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(stream)))
        end = min(len(stream), start + draw(st.integers(0, 400)))
        noise = draw(st.sampled_from([b"", stream[start:end] * 2, b"\n\n", b"null", b'"', b"{}", b"[1]", b"\xff\x00"]))
        stream = stream[:start] + noise + stream[end:]
    return stream


def heard_of(protocol: str, stream: bytes, cut: int) -> list[StreamEvent]:
    """The events before the stream's end or its first fault."""
    reader = codecs.get(protocol).stream_reader(DEFAULT)
    events: list[StreamEvent] = []
    try:
        for start in range(0, len(stream), cut):
            events += reader.feed(stream[start : start + cut])
        events += reader.close()
    except GatewayError:
        pass
    return events


@needs_goldens
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_spoiled_streams_still_obey_the_grammar_and_every_writer_tells_them(protocol: str) -> None:
    streams = [item.golden.body.encode() for item in recordings(protocol) if item.golden.streamed]
    streams = [stream for stream in streams if len(stream) < 60_000]

    @EXAMPLES
    @given(stream=spoiled(streams), cut=st.sampled_from([97, 4096, 10**9]))
    def check(stream: bytes, cut: int) -> None:
        events = heard_of(protocol, stream, cut)
        assert grammar_faults(events) == []
        for target in PROTOCOLS:
            writer = codecs.get(target).stream_writer(ReplyContext("m", "r1", 1, small_request(target)))
            for event in heard_of(protocol, stream, cut):
                writer.send(event)
            writer.fail(GatewayError(ErrorKind.UPSTREAM_BROKEN, "cut short"))

    check()
