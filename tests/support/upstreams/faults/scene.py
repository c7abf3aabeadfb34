"""The stage of a fault: one request, the healthy answer it would have got, and the register of faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from tests.support.upstreams.loopback import Received, Reply
from tests.support.upstreams.protocols import Ask, error_body
from tests.support.upstreams.speakers import SPEAKERS, STREAM_TYPE
from tests.support.upstreams.stories import STORIES, Stamp, turn_for


@dataclass
class Scene:
    """One request that is going to be answered badly. `count` says how often this model was asked for before."""

    ask: Ask
    request: Received
    reply: Reply
    options: Mapping[str, str]
    count: int
    origin: str
    story: str = "hello"

    def number(self, name: str, default: float) -> float:
        """A numeric option."""
        return float(self.options.get(name, default))

    def events(self) -> list[bytes]:
        """A healthy stream, event by event; a whole answer is one such event."""
        speaker, stamp = SPEAKERS[self.ask.protocol], Stamp(self.count + 1)
        turn = turn_for(STORIES[self.options.get("story", self.story)], speaker.hear(self.ask))
        if not self.ask.stream:
            return [orjson.dumps(speaker.whole(turn, self.ask, stamp))]
        return list(speaker.stream(turn, self.ask, stamp))

    def body(self) -> bytes:
        """A healthy answer, whole or streamed as was asked for."""
        return b"".join(self.events())

    @property
    def content_type(self) -> str:
        """What the vendor would say."""
        return STREAM_TYPE[self.ask.protocol] if self.ask.stream else "application/json"

    async def begin(self, headers: Mapping[str, str] | None = None) -> None:
        """The healthy head of an answer in chunks."""
        await self.reply.begin(200, {"content-type": self.content_type, **(headers or {})})

    async def play(self, pieces: Iterable[bytes], headers: Mapping[str, str] | None = None) -> None:
        """An answer in these pieces, properly begun and ended."""
        await self.begin(headers)
        for piece in pieces:
            await self.reply.send(piece)
        await self.reply.end()

    async def fail(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """The vendor's own error answer."""
        await self.reply.whole(status, error_body(self.ask.protocol, status, message), headers)

    def error_event(self, status: int, message: str) -> bytes:
        """The vendor's own error in the middle of a stream."""
        protocol, body = self.ask.protocol, error_body(self.ask.protocol, status, message)
        if protocol == "responses":
            inner = {"code": body["error"]["code"] or "server_error", "message": message, "param": None}
            body = {"type": "error", "sequence_number": 99, **inner}
        data = orjson.dumps(body)
        if protocol == "ollama":
            return data + b"\n"
        name = b"event: error\n" if protocol in ("responses", "anthropic") else b""
        return name + b"data: " + data + b"\n\n"


Show = Callable[[Scene], Awaitable[None]]
Needs = Literal["", "stream", "sse"]


@dataclass(frozen=True)
class Fault:
    """A registered fault. Where the request is not of the kind that it `needs`, its story is told without fault."""

    show: Show
    needs: Needs
    story: str

    def shows(self, ask: Ask) -> bool:
        """Whether the fault can be seen in answers to such a request."""
        if self.needs == "sse":
            return ask.stream and ask.sse and ask.protocol != "ollama"
        return ask.stream or not self.needs


FAULTS: dict[str, Fault] = {}


def fault(name: str, needs: Needs = "", story: str = "hello") -> Callable[[Show], Show]:
    """Register a fault; its docstring says what it does."""

    def register(show: Show) -> Show:
        FAULTS[name] = Fault(show, needs, story)
        return show

    return register


Change = Callable[[dict[str, Any]], Any]
"""Takes the JSON of one event: returns what to send instead, or a list of such, or None for nothing."""


def rewritten(events: Iterable[bytes], change: Change) -> list[bytes]:
    """The events with their JSON changed; what carries no JSON stays."""
    out = []
    for event in events:
        start, end = event.find(b"{"), event.rfind(b"}") + 1
        if start < 0:
            out.append(event)
            continue
        changed = change(orjson.loads(event[start:end]))
        for payload in changed if isinstance(changed, list) else [changed]:
            if payload is not None:
                out.append(event[:start] + orjson.dumps(payload) + event[end:])
    return out
