"""A whole answer for a client."""

from __future__ import annotations

from crawdad.core.parts import JsonObject, OpaquePart, Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import ModelResponse
from crawdad.wire.anthropic.answer_blocks import call_block, plain_text, shows_thinking, thinking_signature
from crawdad.wire.anthropic.blocks_writer import arguments_object
from crawdad.wire.anthropic.citations import write_citations
from crawdad.wire.anthropic.stops import write_stop
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.anthropic.usage import write_usage
from crawdad.wire.codec import ReplyContext


def write_response(response: ModelResponse, context: ReplyContext) -> JsonObject:
    """The reply; see `Codec.write_response`. Only the first choice can be told."""
    native = response.protocol == NAME
    parts = response.parts
    blocks = [_write_part(part, index, context) for index, part in enumerate(parts)]
    stop = write_stop(
        response.stop,
        native=native,
        called=any(isinstance(part, ToolCallPart) for part in parts),
        refused=any(isinstance(part, RefusalPart) for part in parts),
    )
    extra = dict(response.extra) if native else {}
    usage_extra = extra.pop("usage", None)
    return {
        **extra,
        "id": f"msg_{context.reply_id}",
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": [block for block in blocks if block is not None],
        **stop,
        "usage": write_usage(response.usage, usage_extra),
    }


def _write_part(part: Part, index: int, context: ReplyContext) -> JsonObject | None:
    if isinstance(part, TextPart):
        block: JsonObject = {"type": "text", "text": part.text}
        citations = write_citations(part.citations)
        if citations:
            block["citations"] = citations
        return block if part.text or citations else None
    if isinstance(part, ThinkingPart):
        if part.redacted and part.origin == NAME:
            return {"type": "redacted_thinking", "data": part.encrypted or ""}
        shown = shows_thinking(context.request)
        signature = thinking_signature(part, shown)
        return {"type": "thinking", "thinking": part.text if shown else "", "signature": signature}
    if isinstance(part, ToolCallPart):
        block = call_block(part, index, context)
        block["input"] = arguments_object(part.arguments, part.custom)
        return block | part.extra if part.origin == NAME else block
    if isinstance(part, OpaquePart) and part.protocol == NAME:
        return part.raw
    text = plain_text(part)
    return {"type": "text", "text": text} if text else None
