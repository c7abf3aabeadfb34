"""Other vendors' opaque reasoning in Google's `thoughtSignature`, and back.

Each foreign thought is sealed into the signature of its own thought part. Many Gemini clients drop thought parts from the
history but keep the signatures of function calls, because Gemini 3 insists on those; so the thoughts that led to a call
are sealed once more, with their text, into the call's signature, and put back before the call when the parts are gone.
The call's own signature, where another vendor made one, goes the same way.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject, ThinkingPart, ToolCallPart
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.seals import seal, thinking_fields, thinking_part, unseal


def is_sealable(part: ThinkingPart) -> bool:
    """Whether another vendor thought it. Even without opaque values the seal tells so when the thought comes back."""
    return part.origin != NAME


def seal_thought(part: ThinkingPart) -> str:
    """The opaque values of one foreign thought as a `thoughtSignature`."""
    return seal(thinking_fields(part))


def seal_call(thoughts: list[ThinkingPart], call: ToolCallPart) -> str | None:
    """Foreign thoughts, text included, and a foreign signature as the `thoughtSignature` of the function call they belong
    to; None where there are none."""
    fields: JsonObject = {}
    if thoughts:
        fields["thoughts"] = [{**thinking_fields(part), "text": part.text} for part in thoughts]
    if call.signature and call.origin != NAME:
        fields["call"] = {"p": call.origin, "sig": call.signature}
    return seal(fields) if fields else None


def _open(signature: str | None) -> JsonObject | None:
    # Google's Python SDK decodes signatures to bytes and encodes them again in the URL-safe alphabet.
    return unseal(signature.replace("-", "+").replace("_", "/")) if signature else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def open_thought(signature: str | None, text: str) -> ThinkingPart | None:
    """The foreign thought that `seal_thought` sealed, with the text the client sent back; None for Google's own."""
    values = _open(signature)
    return None if values is None or values.keys() & {"thoughts", "call"} else thinking_part(values, text)


def open_call(call: ToolCallPart, signature: str | None) -> list[ThinkingPart]:
    """Give `call` its signature, Google's own or the one that `seal_call` sealed; returns the thoughts sealed with it."""
    values = _open(signature)
    if values is None:
        if signature:
            call.signature, call.origin = signature, NAME
        return []
    thoughts, sealed = values.get("thoughts"), values.get("call")
    if isinstance(sealed, dict):
        call.signature, call.origin = _text(sealed.get("sig")) or None, _text(sealed.get("p"))
    if not isinstance(thoughts, list):
        return []
    return [thinking_part(item, _text(item.get("text"))) for item in thoughts if isinstance(item, dict)]
