"""Parts of a streamed reply on their way to the client: each kind knows the deltas that tell it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import orjson

from crawdad.core.events import PartDelta
from crawdad.core.parts import JsonObject, MediaPart, ThinkingPart, ToolCallPart
from crawdad.wire.openai_chat.annotations import write_annotation, write_logprobs
from crawdad.wire.openai_chat.media import data_url
from crawdad.wire.openai_chat.reply import Reply, unwrap_input, write_audio
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import detail_type, sealed, text_field, write_thought_signature


class PartOut(Protocol):
    """A part on its way to the client."""

    def delta(self, event: PartDelta) -> bytes:
        """The events that tell a piece of the part (may be empty)."""

    def end(self) -> bytes:
        """The events that the end of the part brings (mostly none)."""


class ChoiceFrame:
    """The frame around the deltas of one choice.

    `last` holds what goes out in one delta at the end: lists whose items have no index, which the official SDKs can only
    take over whole.
    """

    __slots__ = ("_after", "_before", "_delta_end", "calls", "details", "last", "length", "refused")

    def __init__(self, number: int, before: bytes, after: bytes) -> None:
        self._before = before + b'{"index":%d,"delta":' % number
        self._after = after
        self._delta_end = b',"logprobs":null,"finish_reason":null}' + after
        self.length = 0  # characters of content so far
        self.calls = 0
        self.details = 0
        self.last: dict[str, list[JsonObject]] = {}
        self.refused = False

    def chunk(self, delta: bytes) -> bytes:
        """One event with `delta`, which is JSON already."""
        return self._before + delta + self._delta_end

    def chunk_with(self, delta: JsonObject, logprobs: JsonObject | None) -> bytes:
        """One event with `delta` and log probabilities."""
        fields = b',"logprobs":' + orjson.dumps(logprobs) + b',"finish_reason":null}'
        return self._before + orjson.dumps(delta) + fields + self._after

    def finish(self, stop: JsonObject, extra: JsonObject) -> bytes:
        """The chunks that end the choice: what was kept for last, and why it ended, with `extra` beside the choice."""
        kept = self.chunk(orjson.dumps(self.last)) if self.last else b""
        after = self._after if not extra else self._after[:-3] + b"," + orjson.dumps(extra)[1:] + b"\n\n"
        return kept + self._before + b'{},"logprobs":null,' + orjson.dumps(stop)[1:] + after


class TextOut:
    """Content. Citations are kept for the end, counted from the beginning of the content."""

    __slots__ = ("_base", "_choice", "_own")

    def __init__(self, choice: ChoiceFrame, own: bool) -> None:
        self._choice = choice
        self._base = choice.length
        self._own = own  # a signature of the text means something only to a vendor of this protocol

    def delta(self, event: PartDelta) -> bytes:
        choice, text = self._choice, event.text
        choice.length += len(text)
        if event.citations:
            length = choice.length - self._base
            annotations = [write_annotation(citation, self._base, length) for citation in event.citations]
            choice.last.setdefault("annotations", []).extend(annotations)
        if event.logprobs is None and event.signature is None:
            return choice.chunk(b'{"content":' + orjson.dumps(text) + b"}") if text else b""
        delta: JsonObject = {"content": text}
        if event.signature and self._own:
            delta["extra_content"] = write_thought_signature(event.signature)
        elif not text and not event.logprobs:
            return b""
        return choice.chunk_with(delta, write_logprobs(event.logprobs or [], []))

    def end(self) -> bytes:
        return b""


class RefusalOut:
    """The model's own words for declining."""

    __slots__ = ("_choice",)

    def __init__(self, choice: ChoiceFrame) -> None:
        self._choice = choice
        choice.refused = True

    def delta(self, event: PartDelta) -> bytes:
        if not event.text and not event.logprobs:
            return b""
        return self._choice.chunk_with({"refusal": event.text}, write_logprobs([], event.logprobs or []))

    def end(self) -> bytes:
        return b""


class ThinkingOut:
    """Plain reasoning: text without anything opaque."""

    __slots__ = ("_choice",)

    def __init__(self, choice: ChoiceFrame) -> None:
        self._choice = choice

    def delta(self, event: PartDelta) -> bytes:
        if not event.text:
            return b""
        return self._choice.chunk(b'{"reasoning_content":' + orjson.dumps(event.text) + b"}")

    def end(self) -> bytes:
        return b""


class DetailedThinkingOut:
    """Reasoning that may carry opaque values: its text goes into `reasoning_details` too, where they follow at the end.

    Items are numbered anew, as the official SDKs put together by `index` what belongs to one item.
    """

    __slots__ = ("_begun", "_choice", "_encrypted", "_head", "_number", "_part", "_signature")

    def __init__(self, choice: ChoiceFrame, part: ThinkingPart) -> None:
        self._choice = choice
        self._part = part
        self._number = choice.details
        choice.details += 1
        self._begun = False
        self._signature = part.signature or ""
        self._encrypted = part.encrypted
        item = orjson.dumps({"type": detail_type(part), "index": self._number})
        self._head = b',"reasoning_details":[' + item[:-1] + b',"%s":' % text_field(part).encode()

    def delta(self, event: PartDelta) -> bytes:
        if event.signature:
            self._signature += event.signature
        if event.encrypted is not None:
            self._encrypted = event.encrypted
        if not event.text:
            return b""
        if not self._begun:
            self._begun = True
            first = {**self._first(), text_field(self._part): event.text}
            return self._choice.chunk(orjson.dumps({"reasoning_content": event.text, "reasoning_details": [first]}))
        text = orjson.dumps(event.text)
        return self._choice.chunk(b'{"reasoning_content":' + text + self._head + text + b"}]}")

    def _first(self) -> JsonObject:
        """What is told of the item only once."""
        part = self._part
        item = {**part.extra} if part.origin == NAME else {}
        if part.origin == NAME and part.id is not None:
            item["id"] = part.id
        return {**item, "type": detail_type(part), "index": self._number}

    def end(self) -> bytes:
        opaque = self._opaque()
        if not opaque and self._begun:
            return b""
        item = {"type": detail_type(self._part), "index": self._number} if self._begun else self._first()
        return self._choice.chunk(orjson.dumps({"reasoning_details": [{**item, **opaque}]}))

    def _opaque(self) -> JsonObject:
        part, signature, encrypted = self._part, self._signature or None, self._encrypted
        if part.origin == NAME:
            fields = {"signature": signature, "data": encrypted}
            return {key: value for key, value in fields.items() if value is not None}
        token = sealed(replace(part, signature=signature, encrypted=encrypted))
        return {"signature": token} if self._begun else {"type": "reasoning.encrypted", "data": token}


class CallOut:
    """A function call: first id and name, then the arguments."""

    __slots__ = ("_choice", "_empty", "_head", "_number", "_opening")

    def __init__(self, choice: ChoiceFrame, part: ToolCallPart, number: int, identifier: str) -> None:
        self._choice = choice
        self._empty = part.origin != NAME
        self._number = number
        self._head = b'{"tool_calls":[{"index":%d,"function":{"arguments":' % number
        opening: JsonObject = {
            "index": number,
            "id": identifier,
            "type": "function",
            "function": {"name": part.name, "arguments": ""},
        }
        if part.signature:
            opening["extra_content"] = write_thought_signature(part.signature)
        self._opening = choice.chunk(orjson.dumps({"tool_calls": [opening]}))

    def delta(self, event: PartDelta) -> bytes:
        opening, self._opening = self._opening, b""
        if event.text:
            self._empty = False
            opening += self._choice.chunk(self._head + orjson.dumps(event.text) + b"}}]}")
        if event.signature:
            late = {"index": self._number, "function": {"arguments": ""}}  # without `function` the SDKs stumble
            late["extra_content"] = write_thought_signature(event.signature)
            opening += self._choice.chunk(orjson.dumps({"tool_calls": [late]}))
        return opening

    def end(self) -> bytes:
        # Clients parse the arguments as JSON; vendors of other protocols say nothing where there are none.
        return self._choice.chunk(self._head + b'"{}"}}]}') if self._empty else b""


class CustomCallOut:
    """A call of a custom tool. Where the upstream knew it as a function, its input must be unwrapped whole."""

    __slots__ = ("_choice", "_head", "_number", "_opening", "_texts")

    def __init__(self, choice: ChoiceFrame, part: ToolCallPart, number: int, identifier: str) -> None:
        self._choice = choice
        self._number = number
        opening: JsonObject = {
            "index": number,
            "id": identifier,
            "type": "custom",
            "custom": {"name": part.name, "input": ""},
        }
        if part.signature:
            opening["extra_content"] = write_thought_signature(part.signature)
        self._opening = choice.chunk(orjson.dumps({"tool_calls": [opening]}))
        self._texts: list[str] | None = None if part.custom else []

    def delta(self, event: PartDelta) -> bytes:
        opening, self._opening = self._opening, b""
        if self._texts is not None:
            self._texts.append(event.text)
            return opening
        return opening + self._input(event.text)

    def _input(self, text: str) -> bytes:
        if not text:
            return b""
        call = {"index": self._number, "custom": {"input": text}}
        return self._choice.chunk(orjson.dumps({"tool_calls": [call]}))

    def end(self) -> bytes:
        return b"" if self._texts is None else self._input(unwrap_input("".join(self._texts)))


class LegacyCallOut:
    """The deprecated `function_call`, for clients that declared `functions`."""

    __slots__ = ("_choice", "_opening")

    def __init__(self, choice: ChoiceFrame, part: ToolCallPart) -> None:
        self._choice = choice
        call = {"name": part.name, "arguments": ""}
        self._opening = choice.chunk(orjson.dumps({"function_call": call}))

    def delta(self, event: PartDelta) -> bytes:
        opening, self._opening = self._opening, b""
        if not event.text:
            return opening
        return opening + self._choice.chunk(orjson.dumps({"function_call": {"arguments": event.text}}))

    def end(self) -> bytes:
        return b""


class MediaOut:
    """Audio goes out as it comes; images only whole, in OpenRouter's `images`, as there is no field of OpenAI's own."""

    __slots__ = ("_choice", "_data", "_opening", "_part")

    def __init__(self, choice: ChoiceFrame, part: MediaPart, reply: Reply) -> None:
        self._choice = choice
        self._part = part
        self._data: list[str] = []
        self._opening = b""
        if part.kind == "audio":
            self._opening = choice.chunk(orjson.dumps({"audio": write_audio(part, reply)}))
        elif part.data:
            self._data.append(part.data)

    def delta(self, event: PartDelta) -> bytes:
        if self._part.kind == "image":
            if event.data:
                self._data.append(event.data)
            return b""
        opening, self._opening = self._opening, b""
        audio: dict[str, Any] = {}
        if event.data:
            audio["data"] = event.data
        if event.text:
            audio["transcript"] = event.text
        return opening + self._choice.chunk(orjson.dumps({"audio": audio})) if audio else opening

    def end(self) -> bytes:
        part = self._part
        if part.kind != "image":
            return b""
        whole = MediaPart("image", data="".join(self._data) or None, url=part.url, media_type=part.media_type)
        image = {"type": "image_url", "image_url": {"url": data_url(whole, "image/png")}}
        self._choice.last.setdefault("images", []).append(image)
        return b""


class SilentOut:
    """A part that this reply has no place for."""

    __slots__ = ()

    def delta(self, event: PartDelta) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""
