"""One request of a connection and its answer: uvicorn's cycle with a shorter way from the application to the socket."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_SMALL = 64 * 1024
"""Up to this size a body is copied behind its head: one buffer goes out faster than two."""


class AnswerCycle(RequestResponseCycle):
    """Sends an answer of known length in one write, head and body together."""

    _head = b""

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]
        """ASGI's send; waits while the client's buffers are full. Raises `RuntimeError` for what is out of order."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._begin(message["status"], message["headers"])
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._continue(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"{kind} is out of order")

    def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
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
