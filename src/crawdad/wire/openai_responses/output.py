"""The output of a growing answer: hands out sequence numbers, places and ids, and keeps the finished items."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_responses.resource import item_id


class Output:
    """Shared by everything that writes one answer. `own`: the upstream spoke this protocol, so its item ids are kept."""

    __slots__ = ("_call_ids", "_items", "context", "number", "own", "refused")

    def __init__(self, context: ReplyContext) -> None:
        self.context = context
        self.own = False
        self.refused = False
        self.number = -1
        self._items: list[JsonObject | None] = []
        self._call_ids: set[str] = set()

    def say(self, kind: str, **fields: Any) -> JsonObject:
        """An event with its sequence number."""
        self.number += 1
        return {"type": kind, **fields, "sequence_number": self.number}

    def place(self, kind: str, vendor_id: Any = None) -> tuple[int, str]:
        """`(output index, id)` for a new item. The vendor's id is kept where there is one."""
        index = len(self._items)
        self._items.append(None)
        named = vendor_id if isinstance(vendor_id, str) and vendor_id else None
        return index, named or item_id(kind, f"{self.context.reply_id}_{index}")

    def call_id(self, wanted: str, index: int) -> str:
        """The id of a tool call: the upstream's, unless it gave none or gave it twice."""
        if not wanted or wanted in self._call_ids:
            wanted = f"call_{self.context.reply_id}_{index}"
        self._call_ids.add(wanted)
        return wanted

    def added(self, index: int, item: JsonObject) -> JsonObject:
        """The event that opens an item."""
        return self.say("response.output_item.added", output_index=index, item=item)

    def done(self, index: int, item: JsonObject) -> JsonObject:
        """The event that closes an item, which is now part of the answer."""
        self.keep(index, item)
        return self.say("response.output_item.done", output_index=index, item=item)

    def keep(self, index: int, item: JsonObject) -> None:
        """Make an item part of the answer without telling so."""
        self._items[index] = item

    def forget(self, index: int) -> None:
        """Take an item out of the answer again."""
        self._items[index] = None

    @property
    def items(self) -> list[JsonObject]:
        """The finished items, in order."""
        return [item for item in self._items if item is not None]
