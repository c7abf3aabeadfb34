"""The static upstream: a process that answers chat and messages requests with canned bytes, as fast as Python can.

Streams are paced: the model `paced-<rate>-<count>` sends `<count>` events, `<rate>` a second. The text of each event is its
number and the time it was sent (`#000012@…;`), so that whoever reads the far end sees losses and delays without asking.
The model `story` is an agent's: it calls the tool `read` for `BENCH.md`, then answers, in streams that are not paced.

`python -m crawdad.app.bench.upstream` prints its port and lives until its standard input closes.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from dataclasses import dataclass
from typing import cast

MARK = re.compile(rb"#(\d{6})@(\d{18});")
"""Finds number and sending time (monotonic nanoseconds) of events."""

STORY = "story"
"""The model of agents."""

_MODEL = re.compile(rb'"model"\s*:\s*"(?:[^"]*/)?([^"]*)"')
_PACE = re.compile(rb"paced-(\d+)-(\d+)")
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding:\s*chunked", re.IGNORECASE)
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_FIRST_EVENT_SECONDS = 0.05
_LARGEST_BODY = 65536
"""Larger ones are taken for whole chat requests without a look: the bench's long prompts must not cost the upstream."""


@dataclass(frozen=True)
class Voice:
    """How a protocol spells the canned answers: a whole one, and a stream's beginning, event and end."""

    whole: bytes
    begin: bytes
    event: tuple[bytes, bytes]
    end: bytes


def _whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)
_LAST_CHUNK = b"0\r\n\r\n"
_MARK_LENGTH = len(b"#000000@000000000000000000;")


def _around(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """A chunk with room for one mark."""
    return b"%x\r\n" % (len(before) + _MARK_LENGTH + len(after)) + before, after + b"\r\n"


_CHAT_FRAME = (
    b'"id":"chatcmpl-bench000000000000000000000000","object":"chat.completion%b","created":1790000000,'
    b'"model":"static","service_tier":"default","system_fingerprint":"fp_bench"'
)
_CHAT_USAGE = (
    b'"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,'
    b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},'
    b'"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,'
    b'"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
)


def _chat_event(choices: bytes, more: bytes = b',"usage":null') -> bytes:
    return b"data: {" + _CHAT_FRAME % b".chunk" + b',"choices":[' + choices + b"]" + more + b"}\n\n"


def _chat() -> Voice:
    message = b'{"role":"assistant","content":"Hello! How can I help you today?","refusal":null,"annotations":[]}'
    choice = b'{"index":0,"message":%b,"logprobs":null,"finish_reason":"stop"}' % message
    whole = b"{" + _CHAT_FRAME % b"" + b',"choices":[' + choice + b"]," + _CHAT_USAGE + b"}"
    delta = b'{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}'
    before, after = _chat_event(delta % (b'{"content":"\x00"}', b"null")).split(b"\x00")
    end = (
        _chunk(_chat_event(delta % (b"{}", b'"stop"')))
        + _chunk(_chat_event(b"", b"," + _CHAT_USAGE))
        + _chunk(b"data: [DONE]\n\n")
        + _LAST_CHUNK
    )
    role = b'{"role":"assistant","content":"","refusal":null}'
    return Voice(
        _whole(whole), _STREAM_HEAD + _chunk(_chat_event(delta % (role, b"null"))), _around(before, after), end
    )


def _messages_event(name: bytes, body: bytes) -> bytes:
    return b"event: " + name + b'\ndata: {"type":"' + name + b'",' + body + b"}\n\n"


def _messages() -> Voice:
    frame = b'"id":"msg_01bench","type":"message","role":"assistant","model":"static","stop_sequence":null'
    usage = b'{"input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%b}'
    text = b'"content":[{"type":"text","text":"Hello! How can I help you today?"}],"stop_reason":"end_turn"'
    whole = b"{" + frame + b"," + text + b',"usage":' + usage % b"10" + b"}"
    start = b'"message":{' + frame + b',"content":[],"stop_reason":null,"usage":' + usage % b"1" + b"}"
    begin = _messages_event(b"message_start", start) + _messages_event(
        b"content_block_start", b'"index":0,"content_block":{"type":"text","text":""}'
    )
    delta = _messages_event(b"content_block_delta", b'"index":0,"delta":{"type":"text_delta","text":"\x00"}')
    before, after = delta.split(b"\x00")
    end = (
        _messages_event(b"content_block_stop", b'"index":0')
        + _messages_event(
            b"message_delta",
            b'"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":' + usage % b"10",
        )
        + b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    )
    return Voice(_whole(whole), _STREAM_HEAD + _chunk(begin), _around(before, after), _chunk(end) + _LAST_CHUNK)


def _story(delta: bytes, finish: bytes) -> bytes:
    """A stream of chat at once: the role, one delta and the end."""
    choice = b'{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}'
    events = [
        _chat_event(choice % (b'{"role":"assistant","content":"","refusal":null}', b"null")),
        *(_chat_event(choice % (part, b"null")) for part in delta.split(b"\x00")),
        _chat_event(choice % (b"{}", finish)),
        _chat_event(b"", b"," + _CHAT_USAGE),
        b"data: [DONE]\n\n",
    ]
    return _STREAM_HEAD + b"".join(_chunk(event) for event in events) + _LAST_CHUNK


_CALLS = _story(
    b'{"tool_calls":[{"index":0,"id":"call_bench","type":"function","function":{"name":"read","arguments":""}}]}\x00'
    b'{"tool_calls":[{"index":0,"function":{"arguments":"{\\"path\\":\\"BENCH.md\\"}"}}]}',
    b'"tool_calls"',
)
_SAYS = _story(b'{"content":"It says "}\x00{"content":"what it "}\x00{"content":"says."}', b'"stop"')
_LAST_ROLE = b'"role":"'
_VOICES = {False: _chat(), True: _messages()}
_LIST = _whole(b'{"object":"list","data":[{"id":"whole","object":"model","created":1790000000,"owned_by":"bench"}]}')


class StaticUpstream(asyncio.Protocol):
    """One connection. Requests are answered in order; a paced stream holds its connection until it ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._skipping = 0
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self._skipping:
            data = self._skip(data)
        buffer = self._buffer
        buffer += data
        while (head_end := buffer.find(b"\r\n\r\n")) >= 0:
            head, start = bytes(buffer[:head_end]), head_end + 4
            end = self._end(head, start)
            if end > start + _LARGEST_BODY:
                self._skipping = end - len(buffer)
                buffer.clear()
                self._skip(b"")
                return
            if len(buffer) < end:
                return
            body = bytes(buffer[start:end])
            del buffer[:end]
            self._answer(head, body)

    def _skip(self, data: bytes) -> bytes:
        """Count a large body without keeping it, and answer when it is over; what follows it."""
        taken = min(self._skipping, len(data))
        self._skipping -= taken
        if not self._skipping:
            self._transport.write(_VOICES[False].whole)
        return data[taken:]

    def _end(self, head: bytes, start: int) -> int:
        """Where the request ends in the buffer (one beyond it while that is not known)."""
        if _CHUNKED.search(head):
            end = self._buffer.find(_LAST_CHUNK, start)
            return end + len(_LAST_CHUNK) if end >= 0 else len(self._buffer) + 1
        length = _LENGTH.search(head)
        return start + int(length[1]) if length else start

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            self._transport.write(_LIST)
            return
        voice = _VOICES[b"/messages" in head[: head.find(b"\r\n")]]
        if not _STREAM.search(body):
            self._transport.write(voice.whole)
            return
        model = _MODEL.search(body)
        if model and model[1] == STORY.encode():
            last = body.rfind(_LAST_ROLE) + len(_LAST_ROLE)
            self._transport.write(_SAYS if body.startswith(b"tool", last) else _CALLS)
            return
        pace = _PACE.search(model[1]) if model else None
        rate, count = (int(pace[1]), int(pace[2])) if pace else (50, 50)
        self._transport.write(voice.begin)
        began = self._loop.time() + _FIRST_EVENT_SECONDS
        self._timer = self._loop.call_at(began, self._tick, voice, 0, count, began, 1 / rate)

    def _tick(self, voice: Voice, number: int, count: int, began: float, interval: float) -> None:
        before, after = voice.event
        event = b"%b#%06d@%018d;%b" % (before, number, time.monotonic_ns(), after)
        number += 1
        if number < count:
            self._transport.write(event)
            due = began + number * interval
            self._timer = self._loop.call_at(due, self._tick, voice, number, count, began, interval)
        else:
            self._transport.write(event + voice.end)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(StaticUpstream, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    """Serve until standard input closes."""
    from crawdad.app.bench.loops import run

    run(_serve())


if __name__ == "__main__":
    main()
