"""The items of compaction: a client ends its input with a `compaction_trigger` and wants one `compaction` item back.

The vendor's models make that themselves, and encrypt it; to all others it is unreadable, and the conversation makes no sense
without it. Where another vendor's model wrote a summary instead (`wire.compaction`), that is sealed into
`encrypted_content`; when the item comes back, the summary is told as what the user said.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, OpaquePart, Part, TextPart
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.seals import seal, unseal

_TRIGGER = "compaction_trigger"
_ITEM = "compaction"
KINDS = frozenset({_ITEM, "compaction_summary"})
"""The types of an item that holds a compacted conversation; the second is what earlier command-line clients called it."""

_SUMMARY = "compaction"
_RECALL = "This is a summary of the conversation up to here; what it tells has happened:\n\n"


def asks_for_compaction(items: list[Any]) -> bool:
    """Whether an `input` ends with the trigger. Raises BAD_REQUEST where it stands anywhere else, as the vendor does."""
    for number, item in enumerate(items):
        if isinstance(item, dict) and item.get("type") == _TRIGGER:
            if number != len(items) - 1:
                raise bad_request("wire.last_item", f"input[{number}]", kind=_TRIGGER)
            return True
    return False


def read_compaction(source: JsonObject, opening: bool) -> Part:
    """The part that a compaction item becomes: our own summary as text, a vendor's as something only it understands."""
    token = source.get("encrypted_content")
    sealed = unseal(token) if opening and isinstance(token, str) else None
    summary = sealed.get(_SUMMARY) if sealed is not None else None
    if isinstance(summary, str):
        return TextPart(_RECALL + summary)
    return OpaquePart(NAME, str(source["type"]), source, essential=True)


def write_compaction(summary: str) -> JsonObject:
    """The item that stands for the whole conversation from now on, without an id."""
    return {"type": _ITEM, "encrypted_content": seal({_SUMMARY: summary})}
