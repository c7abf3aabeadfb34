"""Streamed transcripts: the counts are in the event that ends them."""

from __future__ import annotations

import pytest

from crawdad.wire.media.audio import streamed_usage

DONE = (
    b'data: {"type":"transcript.text.delta","delta":"hi"}\n\n'
    b'data: {"type":"transcript.text.done","text":"hi","usage":{"type":"tokens","input_tokens":14,"output_tokens":2,'
    b'"total_tokens":16,"input_token_details":{"text_tokens":0,"audio_tokens":14}}}\n\n'
)


def test_the_last_event_tells_the_usage() -> None:
    usage = streamed_usage(DONE)
    assert (usage.input_tokens, usage.output_tokens, usage.audio_input_tokens) == (14, 2, 14)


@pytest.mark.parametrize("stream", [b"", b"data: x\n\n", b"data: []\n\n", DONE.replace(b'"usage"', b'"other"')])
def test_without_it_nothing_is_known(stream: bytes) -> None:
    assert not streamed_usage(stream).known
