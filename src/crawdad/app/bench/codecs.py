"""What the codecs alone cost: one text chunk of a stream translated, without sockets."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Iterator
from typing import cast

from crawdad.app.bench.plan import Bench
from crawdad.app.bench.processes import running_on
from crawdad.app.bench.table import Row
from crawdad.core.request import ModelRequest
from crawdad.wire.codec import Codec, ReplyContext
from crawdad.wire.profile import DEFAULT

_CHUNK = (
    b'data: {"id":"chatcmpl-bench000000000000000000000000","object":"chat.completion.chunk","created":1790000000,'
    b'"model":"static","service_tier":"default","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":'
    b'{"content":" wonderful"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
)


def codec(bench: Bench) -> Iterator[Row]:
    """One text chunk of a chat stream read, and written as the messages protocol spells it; no sockets."""
    chat, messages = (_codec(name) for name in ("openai_chat", "anthropic"))
    reader = chat.stream_reader(DEFAULT)
    writer = messages.stream_writer(ReplyContext("bench", "bench0001", 1_790_000_000, ModelRequest("bench")))
    feed, send = reader.feed, writer.send
    for event in feed(_CHUNK):
        send(event)

    def once(count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            for event in feed(_CHUNK):
                send(event)
        return (time.perf_counter() - began) / count * 1e6

    with running_on(bench.cores.tested):
        once(2000)
        costs = [once(5000) for _ in range(7)]
    cost = statistics.median(costs)
    yield Row(
        "codecs, one translated chunk",
        f"{cost:.1f} µs",
        "≤ 10 µs",
        cost <= 10,
        f"between {min(costs):.1f} and {max(costs):.1f} µs",
        {"microseconds": cost},
    )


def _codec(name: str) -> Codec:
    return cast(Codec, importlib.import_module(f"crawdad.wire.{name}").CODEC)
