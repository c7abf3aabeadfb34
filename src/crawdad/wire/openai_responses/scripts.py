"""How each kind of part is told: a script turns the start, the deltas and the end of one part into event objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import orjson

from crawdad.core.events import PartDelta
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.wire.openai_responses.content import GENERATED, plain
from crawdad.wire.openai_responses.output import Output
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.seals import seal, seal_id, thinking_fields
from crawdad.wire.tool_names import find_tool


class Script(Protocol):
    """One part on its way to the client."""

    def start(self) -> list[JsonObject]:
        """The events that open the part and tell what it begins with."""

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        """The events that tell more of it."""

    def end(self) -> list[JsonObject]:
        """The events that close it."""


class ReasoningScript:
    """Thinking, as a reasoning item.

    Thinking of this protocol is told as it was: as a summary or in full, with its own id and encrypted content. That of
    another vendor is told as a summary, which is what clients show, and whatever proves it is sealed into
    `encrypted_content`, so that it comes back with the next request. The seal is always there: it also tells that the
    item's id is ours.
    """

    def __init__(self, output: Output, part: ThinkingPart) -> None:
        self._output, self._part = output, part
        self._native = part.origin == NAME
        self._index, self._id = output.place("reasoning", part.id if self._native else None)
        self._in_full = self._native and not part.summary
        self._pieces: list[str] = []
        self._signature, self._encrypted = part.signature, part.encrypted
        place = "content_index" if self._in_full else "summary_index"
        self._at = {"item_id": self._id, "output_index": self._index, place: 0}

    def start(self) -> list[JsonObject]:
        item = {"id": self._id, "type": "reasoning", "summary": []}
        return [self._output.added(self._index, item), *self._tell(self._part.text)]

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        if delta.signature:
            self._signature = (self._signature or "") + delta.signature
        if delta.encrypted is not None:
            self._encrypted = delta.encrypted
        return self._tell(delta.text)

    def _tell(self, text: str) -> list[JsonObject]:
        if not text:
            return []
        say = self._output.say
        events = []
        if self._in_full:
            if not self._pieces:
                events.append(say("response.content_part.added", **self._at, part=_reasoning_text("")))
            events.append(say("response.reasoning_text.delta", **self._at, delta=text))
        else:
            if not self._pieces:
                events.append(say("response.reasoning_summary_part.added", **self._at, part=_summary_text("")))
            events.append(say("response.reasoning_summary_text.delta", **self._at, delta=text))
        self._pieces.append(text)
        return events

    def end(self) -> list[JsonObject]:
        text = "".join(self._pieces)
        say = self._output.say
        events = []
        if text and self._in_full:
            events.append(say("response.reasoning_text.done", **self._at, text=text))
            events.append(say("response.content_part.done", **self._at, part=_reasoning_text(text)))
        elif text:
            events.append(say("response.reasoning_summary_text.done", **self._at, text=text))
            events.append(say("response.reasoning_summary_part.done", **self._at, part=_summary_text(text)))
        events.append(self._output.done(self._index, self._resource(text)))
        return events

    def _resource(self, text: str) -> JsonObject:
        if self._native and "summary" in self._part.extra:  # read as a whole, with all its sections
            return {"id": self._id, "type": "reasoning", **self._part.extra}
        item: JsonObject = {"id": self._id, "type": "reasoning", "summary": []}
        if text and self._in_full:
            item["content"] = [_reasoning_text(text)]
        elif text:
            item["summary"] = [_summary_text(text)]
        token = self._encrypted if self._native else self._sealed()
        if token is not None:
            item["encrypted_content"] = token
        return item

    def _sealed(self) -> str:
        return seal(thinking_fields(replace(self._part, signature=self._signature, encrypted=self._encrypted)))


def _summary_text(text: str) -> JsonObject:
    return {"type": "summary_text", "text": text}


def _reasoning_text(text: str) -> JsonObject:
    return {"type": "reasoning_text", "text": text}


class CallScript:
    """A tool call: of a function, or of a custom tool.

    The item opens with the first piece of arguments, for the call id must not change afterwards and may have to carry a
    signature. A call to a custom tool that came back as a function call (its upstream knows no custom tools) is told as
    the custom call that the client expects, once its arguments are complete.
    """

    def __init__(self, output: Output, part: ToolCallPart) -> None:
        self._output, self._part = output, part
        self._signature = part.signature
        self._name, self._namespace = part.name, part.namespace
        self._custom = part.custom
        if not output.own:
            wire_name = f"{part.namespace}__{part.name}" if part.namespace else part.name
            tool = find_tool(output.context.request, wire_name)
            if tool is not None and tool.kind != "builtin":
                self._name, self._namespace = tool.name, tool.namespace
                self._custom = part.custom or tool.kind == "custom"
        self._wrapped = self._custom and not part.custom
        self._pieces: list[str] = []
        self._item: JsonObject = {}
        self._at: JsonObject = {}

    def start(self) -> list[JsonObject]:
        return self._tell(self._part.arguments)

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        if delta.signature and not self._item:
            self._signature = (self._signature or "") + delta.signature
        return self._tell(delta.text)

    def _tell(self, text: str) -> list[JsonObject]:
        if not text:
            return []
        self._pieces.append(text)
        return [] if self._wrapped else [*self._opened(), self._grown(text)]

    def _grown(self, text: str) -> JsonObject:
        kind = "response.custom_tool_call_input.delta" if self._custom else "response.function_call_arguments.delta"
        return self._output.say(kind, **self._at, delta=text)

    def _opened(self) -> list[JsonObject]:
        if self._item:
            return []
        output, part = self._output, self._part
        kind = "custom_tool_call" if self._custom else "function_call"
        fields = plain(part.extra) if output.own else {}
        index, item_id = output.place(kind, fields.get("id"))
        call_id = output.call_id(part.id, index)
        if self._signature is not None and part.origin != NAME:
            call_id = seal_id(call_id, part.origin, self._signature)
        self._item = {
            **fields,
            "id": item_id,
            "type": kind,
            "status": "in_progress",
            "call_id": call_id,
            "name": self._name,
            "input" if self._custom else "arguments": "",
        }
        if self._namespace is not None:
            self._item["namespace"] = self._namespace
        self._at = {"item_id": item_id, "output_index": index}
        return [output.added(index, self._item)]

    def end(self) -> list[JsonObject]:
        text = "".join(self._pieces)
        events = self._opened()
        if self._wrapped:
            text = _unwrapped_input(text)
            events += [self._grown(text)] if text else []
        elif not text and not self._custom:
            text = "{}"
            events.append(self._grown(text))
        name, kind = "arguments", "response.function_call_arguments.done"
        if self._custom:
            name, kind = "input", "response.custom_tool_call_input.done"
        events.append(self._output.say(kind, **self._at, **{name: text}))
        item = {**self._item, "status": "completed", name: text}
        events.append(self._output.done(self._at["output_index"], item))
        return events


def _unwrapped_input(arguments: str) -> str:
    """The free text in `{"input": text}`; whatever else the model wrote is taken for the text itself."""
    try:
        value: Any = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    inner = value.get("input") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else arguments


class ImageScript:
    """A picture that the model made, as the result of an image generation call."""

    def __init__(self, output: Output, part: MediaPart) -> None:
        self._output, self._part = output, part
        self._pieces = [part.data or ""]

    def start(self) -> list[JsonObject]:
        return []

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        if delta.data:
            self._pieces.append(delta.data)
        return []

    def end(self) -> list[JsonObject]:
        fields: JsonObject = self._part.extra.get(GENERATED, {}) if self._output.own else {}
        spelled = (self._part.media_type or "image/png").partition("/")[2]
        item = {"output_format": spelled, **fields, "type": "image_generation_call", "status": "completed"}
        return _whole_item(self._output, {**item, "result": "".join(self._pieces)})


class OpaqueScript:
    """An item that only this protocol can say, as it came."""

    def __init__(self, output: Output, part: OpaquePart) -> None:
        self._output, self._part = output, part

    def start(self) -> list[JsonObject]:
        return _whole_item(self._output, self._part.raw)

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        return []

    def end(self) -> list[JsonObject]:
        return []


_STAGES: dict[str, tuple[str, ...]] = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "code_interpreter_call": ("in_progress", "interpreting", "completed"),
    "image_generation_call": ("in_progress", "generating", "completed"),
    "mcp_list_tools": ("in_progress", "completed"),
    "mcp_call": ("in_progress", "completed"),
}
"""The stages that server-side tools announce between the opening and the closing of their item."""


def _whole_item(output: Output, item: JsonObject) -> list[JsonObject]:
    """The events of an item that is told at once."""
    kind = str(item.get("type"))
    index, item_id = output.place(kind, item.get("id"))
    item = {**item, "id": item_id}
    # Only the closing event carries the result: a picture would otherwise travel twice.
    opening = {key: value for key, value in item.items() if key != "result"}
    if "status" in item:
        opening["status"] = "in_progress"
    events = [output.added(index, opening)]
    for stage in _STAGES.get(kind, ()):
        if stage == "completed" and item.get("status") == "failed":
            stage = "failed"
        events.append(output.say(f"response.{kind}.{stage}", item_id=item_id, output_index=index))
    events.append(output.done(index, item))
    return events
