"""Framing: any cut of any line ending gives the same events."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.wire import sse
from crawdad.wire.sse import SseReader, SseSplitter, event_data, event_name

STREAM = b': hi\n\nevent: a\ndata: {"x":1}\n\ndata: one\ndata: two\n\nid: 7\n\ndata:tight\n\ndata: last\n\n'
DATA = [b'{"x":1}', b"one\ntwo", b"tight", b"last"]


def read(chunks: list[bytes]) -> list[bytes]:
    reader = SseReader()
    return [data for chunk in chunks for data in reader.feed(chunk)] + reader.close()


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_any_cut_gives_the_same_events(ending: bytes, cuts: list[int]) -> None:
    stream = STREAM.replace(b"\n", ending)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert read([stream[a:b] for a, b in itertools.pairwise(edges)]) == DATA


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_byte_by_byte(ending: bytes) -> None:
    stream = STREAM.replace(b"\n", ending)
    assert read([bytes([byte]) for byte in stream]) == DATA


def test_an_unterminated_last_event_is_still_given() -> None:
    assert read([b"data: a\n\ndata: b"]) == [b"a", b"b"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_raw_events_are_the_stream_itself(ending: bytes) -> None:
    for stream in (STREAM, STREAM + b"\n", STREAM + b"\n\n" + STREAM):
        raw = stream.replace(b"\n", ending)
        splitter = SseSplitter()
        assert b"".join(splitter.feed(raw)) + splitter.close() == raw


def test_the_name_of_an_event() -> None:
    assert event_name(b"event: message_stop\ndata: {}\n\n") == b"message_stop"
    assert event_name(b"data: {}\n\n") == b""


class Line(bytes):
    """A piece of a stream that counts what is copied in front of such."""

    copied = 0

    def __radd__(self, other: bytes) -> bytes:
        Line.copied += len(other)
        return other + bytes(self)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_a_long_event_of_many_lines_is_not_copied_with_every_line(
    ending: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "copied", 0)
    reader = SseReader()
    events = [event for _ in range(1000) for event in reader.feed(Line(b"data: x" + ending))]
    events += reader.feed(Line(ending)) + reader.close()
    assert events == [b"\n".join([b"x"] * 1000)]
    assert Line.copied < 3 * 1000 * len(b"data: x" + ending)


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    splitter = SseSplitter()
    with pytest.raises(GatewayError):
        for _ in range(100):
            splitter.feed(b"x" * 100)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_a_byte_order_mark_is_not_part_of_the_first_line(ending: bytes) -> None:
    stream = b"\xef\xbb\xbf" + STREAM.replace(b"\n", ending)
    assert read([stream]) == DATA
    assert read([bytes([byte]) for byte in stream]) == DATA


@pytest.mark.parametrize(
    "event", [b"data: \n\n", b"data:\n\n", b"data\n\n", b"event: a\ndata: \n\n", b"data: \r\n\r\n"]
)
def test_an_event_with_empty_data_tells_nothing(event: bytes) -> None:
    assert event_data(event) is None


def test_the_data_of_named_events() -> None:
    assert event_data(b'event: a\ndata: {"x":1}\n\n') == b'{"x":1}'
    assert event_data(b"event: a\ndata: one") == b"one"
    assert event_data(b"event: a\ndata: one\ndata: two\n\n") == b"one\ntwo"
    assert event_data(b"event: a\n: data: no\n\n") is None
    assert event_data(b"event: a\nid: 1\n\n") is None


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    ("last", "data"),
    [
        (b"data: one\ndata: two", b"one\ntwo"),
        (b"data: one\ndata: two\n", b"one\ntwo"),
        (b"data: one\nid: 7", b"one"),
        (b"event: a\ndata: one\nid: 7\n", b"one"),
    ],
)
def test_an_unterminated_last_event_may_have_several_lines(ending: bytes, last: bytes, data: bytes) -> None:
    assert read([last.replace(b"\n", ending)]) == [data]
