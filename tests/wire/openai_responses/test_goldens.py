"""Recorded traffic: everything reads, goes back as it came, and is re-spoken so that the official SDK accepts it."""

from __future__ import annotations

import json
from typing import Any

import pydantic

from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject, OpaquePart
from crawdad.core.response import ModelResponse, fold
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_responses import CODEC, EventWriter
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.profile import DEFAULT
from crawdad.wire.sse import SseSplitter
from tests.support.goldens import Golden, load, needs_goldens, trace
from tests.wire.openai_responses.speech import accepted_by_sdk, heard_by_sdk, read_stream

pytestmark = needs_goldens


def events_of(golden: Golden) -> list[StreamEvent]:
    if golden.streamed:
        return read_stream(golden.body.encode())
    return CODEC.read_response(golden.body, DEFAULT)


def vendors_response(golden: Golden) -> JsonObject:
    """The Response as the vendor gave it, whole or at the end of the stream."""
    if not golden.streamed:
        body: JsonObject = golden.body
        return body
    last = [line for line in golden.body.splitlines() if line.startswith("data:")][-1]
    response: JsonObject = json.loads(last[5:])["response"]
    return response


def context_of(golden: Golden) -> ReplyContext:
    return ReplyContext(golden.request["model"], "r1", 1_700_000_000, CODEC.read_request(golden.request))


def expected(body: JsonObject) -> JsonObject:
    """What the protocol calls equal, the accepted differences of a round trip:

    - a top-level null is the same as nothing (that is how the vendor's reference describes its optional parameters);
    - `stream: false` is the default;
    - empty `instructions` instruct nothing.
    """
    same = {key: value for key, value in body.items() if value is not None}
    if same.get("stream") is False:
        del same["stream"]
    if same.get("instructions") == "":
        del same["instructions"]
    return same


def test_every_request_round_trips() -> None:
    bodies = [(str(golden), golden.request) for golden in load("openai-responses")]
    for name in ("codex", "codex-tools", "vercel-ai"):
        bodies += [(name, row["body"]) for row in trace(name) if row["path"].endswith("/responses")]
    different = []
    for name, body in bodies:
        out = CODEC.write_request(CODEC.read_request(body), DEFAULT)
        if out.body != expected(body) or out.notes:
            different.append(name)
    assert len(bodies) > 100
    assert different == []


def test_every_answer_reads() -> None:
    for golden in load("openai-responses"):
        assert golden.ok
        answer = fold(events_of(golden))
        vendors = vendors_response(golden)
        assert answer.protocol == NAME
        assert (answer.id, answer.model) == (vendors["id"], vendors["model"])
        if vendors["usage"] is not None:
            assert answer.usage.input_tokens == vendors["usage"]["input_tokens"]
            assert answer.usage.output_tokens == vendors["usage"]["output_tokens"]
            assert answer.usage.cache_read_tokens == vendors["usage"]["input_tokens_details"]["cached_tokens"]
        assert CODEC.read_usage(vendors) == answer.usage


def test_every_stream_reads_the_same_under_any_cut() -> None:
    streams = [golden.body.encode() for golden in load("openai-responses") if golden.streamed]
    assert len(streams) >= 9
    for stream in streams:
        once = fold(read_stream(stream))
        crlf = stream.replace(b"\n", b"\r\n")
        assert fold(read_stream(crlf)) == once
        for size in (1, 7, 1000):
            for variant in (stream, crlf):
                chunks = [variant[place : place + size] for place in range(0, len(variant), size)]
                assert fold(read_stream(chunks)) == once


def test_the_events_themselves_do_not_depend_on_the_cut() -> None:
    for golden in load("openai-responses"):
        if golden.streamed:
            stream = golden.body.encode()
            assert read_stream([bytes([byte]) for byte in stream]) == read_stream(stream)


def test_what_goes_out_says_what_came_in() -> None:
    """The answer written again equals the vendor's, item by item. Accepted differences:

    - `status` of messages and calls is always there, as are `annotations` and `logprobs` of texts;
    - the end of a stream encrypts reasoning anew; we give what the closing event of the item gave.
    """
    for golden in load("openai-responses"):
        out = CODEC.write_response(fold(events_of(golden)), context_of(golden))
        vendors = vendors_response(golden)
        assert [comparable(item, golden.streamed) for item in out["output"]] == [
            comparable(item, golden.streamed) for item in vendors["output"]
        ], golden
        assert out["status"] == ("completed" if vendors["status"] == "complete" else vendors["status"])
        if vendors["usage"] is not None:
            assert out["usage"]["total_tokens"] == vendors["usage"]["total_tokens"]
            assert out["usage"]["output_tokens_details"] == vendors["usage"]["output_tokens_details"]
        for name in ("moderation", "conversation", "temperature", "top_p", "tool_usage"):
            if vendors.get(name) is not None:
                assert out[name] == vendors[name]


def comparable(item: JsonObject, streamed: bool) -> JsonObject:
    item = dict(item)
    if item["type"] == "message":
        item["content"] = [{"logprobs": [], **part} for part in item["content"]]
    if streamed:
        item.pop("encrypted_content", None)
    return item


def test_the_sdk_accepts_every_stream_and_hears_the_same() -> None:
    skipped = 0
    for golden in load("openai-responses"):
        writer = EventWriter(context_of(golden))
        objects = [item for event in events_of(golden) for item in writer.events_of(event)]
        vendors = vendors_response(golden)
        if not valid(vendors):  # web searches with a source that the vendor's own SDK does not know
            skipped += 1
            continue
        heard = heard_by_sdk(objects)
        if vendors["status"] in ("completed", "complete"):
            assert heard.output_text == spoken(vendors)
            assert [item.type for item in heard.output] == [item["type"] for item in vendors["output"]]
        else:
            assert objects[-1]["response"]["status"] == vendors["status"]
    assert skipped == 2


def test_the_sdk_accepts_every_whole_answer() -> None:
    refused = 0
    for golden in load("openai-responses"):
        vendors = vendors_response(golden)
        response = CODEC.write_response(fold(events_of(golden)), context_of(golden))
        if valid({**vendors, "output": []}) and not valid(vendors):
            refused += 1
            response["output"] = []
        accepted_by_sdk(response)
    assert refused <= 2


def valid(response: JsonObject) -> bool:
    filled = {"status": "completed", "tools": [], "tool_choice": "auto", "temperature": 1.0, "top_p": 1.0, **response}
    filled["usage"] = None
    filled["status"] = "completed" if filled["status"] == "complete" else filled["status"]
    try:
        accepted_by_sdk(filled)
    except pydantic.ValidationError:
        return False
    return True


def spoken(response: JsonObject) -> str:
    texts = [
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
        if part["type"] == "output_text"
    ]
    return "".join(texts)


def test_a_whole_answer_and_its_stream_tell_the_same() -> None:
    """Reading a recorded whole answer, streaming it to a client and reading that stream gives the answer again."""
    for golden in load("openai-responses"):
        if golden.streamed or golden.body["status"] != "completed":
            continue
        answer = fold(events_of(golden))
        writer = CODEC.stream_writer(context_of(golden))
        stream = b"".join(writer.send(event) for event in events_of(golden))
        again = fold(read_stream(stream))
        assert facts(again) == facts(answer), golden


def facts(answer: ModelResponse) -> Any:
    parts: list[Any] = []
    for part in answer.parts:
        if isinstance(part, OpaquePart):
            parts.append((part.kind, part.raw))
            continue
        fields = ("text", "id", "name", "arguments", "namespace", "encrypted", "citations", "logprobs", "origin")
        values = {name: getattr(part, name) for name in fields if hasattr(part, name)}
        parts.append((type(part).__name__, values))
    return parts, answer.stop.reason, answer.usage.input_tokens, answer.usage.output_tokens


def test_the_tap_learns_what_the_reader_reads() -> None:
    for golden in load("openai-responses"):
        if not golden.streamed:
            continue
        tap = CODEC.tap({})
        for event in SseSplitter().feed(golden.body.encode()):
            tap.feed(event)
        answer = fold(events_of(golden))
        assert tap.finished
        assert (tap.model, tap.usage, tap.stop) == (answer.model, answer.usage, answer.stop.reason)
