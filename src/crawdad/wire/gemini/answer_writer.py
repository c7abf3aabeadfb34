"""What streamed and whole answers to Gemini clients have in common."""

from __future__ import annotations

from crawdad.core.events import Stop
from crawdad.core.parts import (
    Citation,
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    ThinkingPart,
    ToolCallPart,
)
from crawdad.core.request import ModelRequest
from crawdad.core.usage import Usage
from crawdad.wire.gemini.grounding import write_grounding
from crawdad.wire.gemini.part_writer import call_part, media_data
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.gemini.stops import write_stop
from crawdad.wire.gemini.thought_seals import seal_call
from crawdad.wire.gemini.usage import write_usage
from crawdad.wire.tool_names import called_name


def usage_metadata(usage: Usage, extra: JsonObject) -> JsonObject:
    """`usageMetadata`: Google's own where the answer is Google's, else made of `usage`."""
    raw = extra.get("usageMetadata")
    return raw if isinstance(raw, dict) else write_usage(usage)


def candidate_fields(
    number: int, stop: Stop, extra: JsonObject, native: bool, texts: list[tuple[str, list[Citation]]]
) -> JsonObject:
    """What a candidate says besides its content. `texts`: its text parts and their citations (of other vendors)."""
    fields: JsonObject = {"finishReason": write_stop(stop, native), "index": number}
    own = extra.get("candidates")
    if native and isinstance(own, list) and number < len(own):
        return {**fields, **own[number]}
    grounding = write_grounding(texts)
    if grounding is not None:
        fields["groundingMetadata"] = grounding
    return fields


def is_blocked(extra: JsonObject, native: bool) -> bool:
    """Whether Google refused the prompt: such answers have feedback and no candidates."""
    feedback = extra.get("promptFeedback")
    return native and isinstance(feedback, dict) and bool(feedback.get("blockReason"))


def whole_part(part: Part, native: bool, request: ModelRequest, thoughts: list[ThinkingPart]) -> JsonObject | None:
    """A part that is said at once: anything but text and thoughts. `request` is the client's; `thoughts` are those of
    another vendor that led to a call, which takes them all."""
    if isinstance(part, ToolCallPart):
        body = call_part(part, called_name(part, request), native)
        body["functionCall"].setdefault("args", {})
        signature = seal_call(thoughts, part)
        thoughts.clear()
        if signature is not None:
            body.setdefault("thoughtSignature", signature)
        return body
    if isinstance(part, MediaPart):
        return (
            {**part.extra.get("part", {}), **media_data(part, native, True)}
            if native
            else media_data(part, False, True)
        )
    if isinstance(part, OpaquePart):
        if part.protocol == NAME:
            return part.raw
        return {"text": part.text} if part.text else None
    return {"text": part.text} if isinstance(part, RefusalPart) and part.text else None
