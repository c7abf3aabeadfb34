"""How each kind of part grows as a block of a streamed answer to a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import orjson

from crawdad.core.events import PartDelta
from crawdad.core.parts import JsonObject, OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import Growing, grow
from crawdad.wire.anthropic.answer_blocks import call_block, plain_text, shows_thinking, thinking_signature
from crawdad.wire.anthropic.blocks_writer import arguments_object
from crawdad.wire.anthropic.citations import write_citations
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.codec import ReplyContext
from crawdad.wire.fields import unreadable

Claim = Callable[[], int]
"""Gives the next block index."""


def frame(name: str, data: JsonObject) -> bytes:
    """One named event."""
    try:
        return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    except TypeError:
        raise unreadable(f"{name} is nested too deeply") from None


class BlockWriter(Protocol):
    """Writes one block: its beginning, its growth, its end. Any of them may be empty."""

    def begin(self) -> bytes: ...

    def grow(self, delta: PartDelta) -> bytes: ...

    def end(self) -> bytes: ...


def block_writer(part: Part, index: int, context: ReplyContext, claim: Claim) -> BlockWriter:
    """The writer for `part`; `index` is the part's, `claim` gives the block's.

    Writers keep copies: whoever else listens to the same events may let the part itself grow.
    """
    if isinstance(part, TextPart):
        return _TextBlock(TextPart(part.text, [*part.citations]), claim)
    if isinstance(part, ThinkingPart) and not (part.redacted and part.origin == NAME):
        return _ThinkingBlock(replace(part), shows_thinking(context.request), claim)
    if isinstance(part, ToolCallPart):
        return _CallBlock(replace(part), call_block(part, index, context), claim)
    if isinstance(part, ThinkingPart) or (isinstance(part, OpaquePart) and part.protocol == NAME):
        return _WholeBlock(replace(part), claim)
    return _TextBlock(TextPart(plain_text(part)), claim)


class _Block:
    """A block at `index`, once it has begun; its text deltas share all their bytes but the text."""

    __slots__ = ("_claim", "_index", "_prefix")

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._index = -1
        self._prefix = b""

    def _start(self, block: JsonObject, delta: str = "text_delta", key: str = "text") -> bytes:
        self._index = self._claim()
        head = f'{{"type":"content_block_delta","index":{self._index},"delta":{{"type":"{delta}","{key}":'
        self._prefix = b"event: content_block_delta\ndata: " + head.encode()
        data = {"type": "content_block_start", "index": self._index, "content_block": block}
        return frame("content_block_start", data)

    def _text(self, text: str) -> bytes:
        return self._prefix + orjson.dumps(text) + b"}}\n\n"

    def _delta(self, delta: JsonObject) -> bytes:
        data = {"type": "content_block_delta", "index": self._index, "delta": delta}
        return frame("content_block_delta", data)

    def _stop(self) -> bytes:
        return frame("content_block_stop", {"type": "content_block_stop", "index": self._index})


class _TextBlock(_Block):
    """Text. It begins with its first delta, because the vendor refuses empty text when the client sends it back."""

    __slots__ = ("_part",)

    def __init__(self, part: TextPart, claim: Claim) -> None:
        super().__init__(claim)
        self._part = part

    def begin(self) -> bytes:
        return self.grow(PartDelta(0, self._part.text, citations=self._part.citations or None))

    def grow(self, delta: PartDelta) -> bytes:
        if self._prefix and not delta.citations:
            return self._text(delta.text) if delta.text else b""
        citations = write_citations(delta.citations) if delta.citations else []
        if not delta.text and not citations:
            return b""
        pieces = [] if self._prefix else [self._start({"type": "text", "text": ""})]
        if delta.text:
            pieces.append(self._text(delta.text))
        pieces += [self._delta({"type": "citations_delta", "citation": citation}) for citation in citations]
        return b"".join(pieces)

    def end(self) -> bytes:
        return self._stop() if self._prefix else b""


class _ThinkingBlock(_Block):
    """Thinking; its signature goes out whole at the end, since clients take the last one for all of it."""

    __slots__ = ("_growing", "_part", "_shown")

    def __init__(self, part: ThinkingPart, shown: bool, claim: Claim) -> None:
        super().__init__(claim)
        self._part = part
        self._growing = Growing(part)
        self._shown = shown

    def begin(self) -> bytes:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        start = self._start(block, "thinking_delta", "thinking")
        return start + self._text(self._part.text) if self._part.text and self._shown else start

    def grow(self, delta: PartDelta) -> bytes:
        self._growing.add(delta)
        return self._text(delta.text) if delta.text and self._shown else b""

    def end(self) -> bytes:
        whole = self._growing.part
        signature = thinking_signature(whole, self._shown) if isinstance(whole, ThinkingPart) else ""
        if not signature:
            return self._stop()
        return self._delta({"type": "signature_delta", "signature": signature}) + self._stop()


class _CallBlock(_Block):
    """A tool call; its arguments go out as they come, free text only when it is complete and can be quoted."""

    __slots__ = ("_block", "_part", "_pieces")

    def __init__(self, part: ToolCallPart, block: JsonObject, claim: Claim) -> None:
        super().__init__(claim)
        self._part = part
        self._pieces = [part.arguments]
        self._block = block | part.extra if part.origin == NAME else block

    def begin(self) -> bytes:
        start = self._start(self._block, "input_json_delta", "partial_json")
        arguments = self._part.arguments
        return start + self._text(arguments) if arguments and not self._part.custom else start

    def grow(self, delta: PartDelta) -> bytes:
        if self._part.custom:
            self._pieces.append(delta.text)
            return b""
        return self._text(delta.text) if delta.text else b""

    def end(self) -> bytes:
        if not self._part.custom:
            return self._stop()
        arguments = orjson.dumps(arguments_object("".join(self._pieces), custom=True)).decode()
        return self._text(arguments) + self._stop()


class _WholeBlock(_Block):
    """What only this protocol can say. It is told when it is complete; a call's input as a delta, as the vendor does."""

    __slots__ = ("_part",)

    def __init__(self, part: OpaquePart | ThinkingPart, claim: Claim) -> None:
        super().__init__(claim)
        self._part = part

    def begin(self) -> bytes:
        return b""

    def grow(self, delta: PartDelta) -> bytes:
        grow(self._part, delta)
        return b""

    def end(self) -> bytes:
        part = self._part
        if isinstance(part, ThinkingPart):
            return self._start({"type": "redacted_thinking", "data": part.encrypted or ""}) + self._stop()
        if not isinstance(part.raw.get("input"), dict):
            return self._start(part.raw) + self._stop()
        start = self._start({**part.raw, "input": {}}, "input_json_delta", "partial_json")
        return start + self._text(orjson.dumps(part.raw["input"]).decode()) + self._stop()
