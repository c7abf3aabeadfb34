"""Parts written as content blocks of an answer to a client, whoever made them."""

from __future__ import annotations

from crawdad.core.parts import JsonObject, MediaPart, OpaquePart, Part, RefusalPart, ThinkingPart, ToolCallPart
from crawdad.core.request import ModelRequest
from crawdad.wire.anthropic.identifiers import encode, tool_name
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.codec import ReplyContext
from crawdad.wire.seals import seal, seal_id, thinking_fields
from crawdad.wire.tool_names import called_name


def call_block(part: ToolCallPart, index: int, context: ReplyContext) -> JsonObject:
    """A `tool_use` block without its input. A foreign signature rides in the id, which is all a client hands back."""
    call_id = encode(part.id) or f"toolu_{context.reply_id}_{index}"
    if part.signature and part.origin != NAME:
        call_id = seal_id(call_id, part.origin, part.signature)
    return {"type": "tool_use", "id": call_id, "name": tool_name(called_name(part, context.request)), "input": {}}


def thinking_signature(part: ThinkingPart, text_shown: bool) -> str:
    """The `signature` of a thinking block: the vendor's own, or a seal that holds what another vendor made.

    The seal also tells apart thinking of a vendor that signs nothing, and keeps the text where it is not shown.
    """
    if part.origin == NAME:
        return part.signature or ""
    sealed = thinking_fields(part)
    if part.text and not text_shown:
        sealed["text"] = part.text
    return seal(sealed)


def shows_thinking(request: ModelRequest) -> bool:
    """Whether the client wants to read the thinking, or only to hold its signature."""
    raw = request.reasoning.raw if request.reasoning is not None else None
    return raw is None or raw.get("display") != "omitted"


def plain_text(part: Part) -> str:
    """The text that stands in an answer for a part that this protocol cannot say there; empty where there is none."""
    if isinstance(part, RefusalPart):
        return part.text
    if isinstance(part, OpaquePart):
        return part.text or ""
    if isinstance(part, MediaPart):
        if part.text is not None:
            return part.text
        return f"[{part.kind}: {part.url or part.file_id or part.media_type or 'data'}]"
    return ""
