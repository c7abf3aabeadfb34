"""One request of a connection and its answer: uvicorn's cycle with a shorter way from the application to the socket."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_SMALL = 64 * 1024
"""Up to this size a body is copied behind its head: one buffer goes out faster than two."""


class AnswerCycle(RequestResponseCycle):
    """Sends an answer of known length in one write, head and body together."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.pieces: list[bytes] = []
        """What has come of the request's body and was not yet received by the application."""
        self._waiting = 0
        self._head = b""

    def take(self, piece: bytes) -> int:
        """Keep a piece of the request's body for the application; how many bytes wait for it."""
        self.pieces.append(piece)
        self._waiting += len(piece)
        self.message_event.set()
        return self._waiting

    async def receive(self) -> Any:
        """ASGI's receive: what has come of the body since, without a copy where it came in one piece."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        pieces, self.pieces, self._waiting = self.pieces, [], 0
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]
        """ASGI's send; waits while the client's buffers are full. Raises `RuntimeError` for what is out of order."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._begin(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._continue(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"{kind} is out of order")

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        self.expected_content_length = -1
        lines = [STATUS_LINE[status][:-2]]
        for name, value in [*self.default_headers, *headers]:
            if name == b"content-length":
                self.expected_content_length = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
                continue
            lines.append(name + b": " + value)
        if not self.keep_alive:
            lines.append(b"connection: close")
        is_bare = self.scope["method"] == "HEAD" or status in (204, 304)
        self.chunked_encoding = self.expected_content_length < 0 and not is_bare
        if self.chunked_encoding:
            lines.append(b"transfer-encoding: chunked")
        head = b"\r\n".join(lines)
        if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
            raise RuntimeError("an answer's header has a line break in it")
        head += b"\r\n\r\n"
        if is_bare:
            self.expected_content_length = 0
        if self.chunked_encoding or is_bare:
            self.transport.write(head)
        else:
            self._head = head  # the body follows at once

    def _continue(self, body: bytes, more_body: bool) -> None:
        if self.chunked_encoding:
            pieces = [b"%x\r\n" % len(body), body, b"\r\n"] if body else []
            if not more_body:
                pieces.append(b"0\r\n\r\n")
            self.transport.write(b"".join(pieces))
        elif self.scope["method"] != "HEAD":
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (self.expected_content_length and not more_body):
                raise RuntimeError("an answer's body is not as long as its head says")
            head, self._head = self._head, b""
            if len(body) > _SMALL:
                self.transport.writelines((head, body))
            elif head or body:
                self.transport.write(head + body)
        if not more_body:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()
