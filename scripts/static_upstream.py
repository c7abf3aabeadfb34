"""An OpenAI-shaped upstream that always says the same, as fast as it can: what gateways are measured against.

`python scripts/static_upstream.py PORT` serves until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

_WORDS = ["A", "short", "answer", "that", "never", "changes", ",", "in", "twelve", "pieces", "of", "text", "."]
_MODEL = "static"


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-static", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": _MODEL}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


def _http(content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _chunked(events: list[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in [*events, b""])


_USAGE = {"prompt_tokens": 10, "completion_tokens": 12, "total_tokens": 22}
_WHOLE = _http(
    "application/json",
    json.dumps(
        {
            "id": "chatcmpl-static",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": _MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": " ".join(_WORDS)},
                    "finish_reason": "stop",
                }
            ],
            "usage": _USAGE,
        }
    ).encode(),
)
_STREAM = _chunked(
    [
        _event({"role": "assistant", "content": ""}),
        *(_event({"content": word + " "}) for word in _WORDS),
        _event({}, "stop"),
        b"data: [DONE]\n\n",
    ]
)
_MODELS = _http(
    "application/json",
    json.dumps({"object": "list", "data": [{"id": _MODEL, "object": "model", "owned_by": "static"}]}).encode(),
)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            _, found, value = head.lower().partition(b"content-length:")
            length = int(value.partition(b"\r\n")[0]) if found else 0
            if len(rest) < length:
                return
            body, self._data = rest[:length], rest[length:]
            self._transport.write(_answer(head, body))


def _answer(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"POST"):
        return _STREAM if b'"stream":true' in body.replace(b" ", b"") else _WHOLE
    return _MODELS


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
