"""Tool calls of an answer, put together from fragments.

Vendors identify a fragment by `index`, by `id`, by both or by neither; they repeat ids and names, send `{}` before the
real arguments, give every parallel call the index 0, or send a complete call twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from crawdad.core.events import PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import JsonObject, ToolCallPart
from crawdad.wire.fields import rest, unreadable
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import thought_signature

_KNOWN = frozenset({"index", "id", "type", "function", "custom", "extra_content"})
_LEGACY = -1


class Calls:
    """The tool calls of one choice, in the order in which they began."""

    __slots__ = ("_by_id", "_by_index", "_choice", "_next_index", "_order")

    def __init__(self, choice: int, next_index: Callable[[], int]) -> None:
        self._choice = choice
        self._next_index = next_index
        self._order: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}

    @property
    def any(self) -> bool:
        """Whether the model called at all."""
        return bool(self._order)

    def take(self, values: Any, events: list[StreamEvent]) -> None:
        """The fragments in `tool_calls`."""
        for entry in values if isinstance(values, list) else ():
            if isinstance(entry, dict):
                self._take(entry, events)

    def take_legacy(self, value: Any, events: list[StreamEvent]) -> None:
        """The deprecated `function_call`: at most one, without an id. Empty stand-ins are ignored."""
        if isinstance(value, dict) and (value.get("name") or value.get("arguments")):
            self._take({"index": _LEGACY, "function": value}, events)

    def _take(self, entry: JsonObject, events: list[StreamEvent]) -> None:
        custom = entry.get("type") == "custom" or isinstance(entry.get("custom"), dict)
        body = entry.get("custom" if custom else "function")
        if not isinstance(body, dict):
            body = {}
        name, identifier = _text(body.get("name")), _text(entry.get("id"))
        arguments = dump_arguments(body.get("input" if custom else "arguments"))
        call = self._find(entry.get("index"), identifier, name, arguments)
        if call is None:
            call = _Call(identifier, custom, rest(entry, _KNOWN))
            self._order.append(call)
        if type(entry.get("index")) is int:
            self._by_index[entry["index"]] = call
        if identifier:
            self._by_id[identifier] = call
        call.name = call.name or name
        signature = thought_signature(entry)
        if signature and not call.signature:
            call.signature = signature
            if call.index is not None:
                events.append(PartDelta(call.index, signature=signature))
        if call.index is None and call.name:
            self._start(call, events)
        call.take(arguments, events)

    def _find(self, index: Any, identifier: str, name: str, arguments: str) -> _Call | None:
        """The call that a fragment belongs to, None for a new one."""
        if identifier in self._by_id:
            return self._by_id[identifier]
        if type(index) is int:
            call = self._by_index.get(index)
            if call is None or (identifier and call.identifier):
                return None
            return None if not identifier and name and call.is_other_than(arguments) else call
        if identifier or name or not self._order:
            return None
        return self._order[-1]

    def _start(self, call: _Call, events: list[StreamEvent]) -> None:
        call.index = self._next_index()
        part = ToolCallPart(call.identifier, call.name, "", call.custom, origin=NAME, extra=call.extra)
        part.signature = call.signature
        events.append(PartStart(call.index, part, self._choice))
        if call.waiting:
            events.append(PartDelta(call.index, "".join(call.waiting)))
            call.waiting.clear()

    def sign(self, signature: str, events: list[StreamEvent]) -> bool:
        """Give the first call a signature unless it has one. False where there is no call."""
        if not self._order:
            return False
        first = self._order[0]
        if not first.signature:
            first.signature = signature
            if first.index is not None:
                events.append(PartDelta(first.index, signature=signature))
        return True

    def finish(self, events: list[StreamEvent]) -> None:
        """The ends of all calls."""
        for call in self._order:
            if call.index is None:
                self._start(call, events)
            call.finish(events)


class _Call:
    __slots__ = ("_begun", "_held", "_whole", "custom", "extra", "identifier", "index", "name", "signature", "waiting")

    def __init__(self, identifier: str, custom: bool, extra: JsonObject) -> None:
        self.identifier = identifier
        self.custom = custom
        self.extra = extra
        self.name = ""
        self.signature: str | None = None
        self.index: int | None = None
        self.waiting: list[str] = []  # arguments that came before the name
        self._begun = False
        self._held = False  # `{}` came, and may be followed by the real arguments
        self._whole: str | None = None  # the arguments, as long as they came in one piece

    def take(self, arguments: str, events: list[StreamEvent]) -> None:
        """More of the arguments."""
        if not arguments:
            return
        if not self.custom:
            if arguments == "{}" and not self._begun:
                self._held = True
                return
            if self._begun and arguments == self._whole and _complete(arguments):
                return
        self._whole = None if self._begun else arguments
        self._begun, self._held = True, False
        self._say(arguments, events)

    def _say(self, arguments: str, events: list[StreamEvent]) -> None:
        if self.index is None:
            self.waiting.append(arguments)
        else:
            events.append(PartDelta(self.index, arguments))

    def is_other_than(self, arguments: str) -> bool:
        """Whether `arguments`, sent with a name under this call's index, must be those of another call."""
        if self.custom or not arguments or arguments == self._whole:
            return False
        return self._held or (self._whole is not None and _complete(self._whole))

    def finish(self, events: list[StreamEvent]) -> None:
        """The end of the call."""
        if self._held and self.index is not None:
            events.append(PartDelta(self.index, "{}"))
        if self.index is not None:
            events.append(PartEnd(self.index))


def _complete(arguments: str) -> bool:
    try:
        return isinstance(orjson.loads(arguments), dict)
    except orjson.JSONDecodeError:
        return False


def dump_arguments(value: Any) -> str:
    """Arguments as text; some vendors send the object itself."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise unreadable(str(error)) from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
