"""Other vendors' opaque reasoning in Google's `thoughtSignature`, and back.

Each foreign thought is sealed into the signature of its own thought part. Many Gemini clients drop thought parts from the
history but keep the signatures of function calls, because Gemini 3 insists on those; so the thoughts that led to a call
are sealed once more, with their text, into the call's signature, and put back before the call when the parts are gone.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject, ThinkingPart
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.seals import seal, thinking_fields, thinking_part, unseal


def is_sealable(part: ThinkingPart) -> bool:
    """Whether the thought carries opaque values that only another vendor understands."""
    return part.origin != NAME and bool(part.signature or part.encrypted or part.id)


def seal_thought(part: ThinkingPart) -> str:
    """The opaque values of one foreign thought as a `thoughtSignature`."""
    return seal(thinking_fields(part))


def seal_thoughts(parts: list[ThinkingPart]) -> str:
    """Foreign thoughts, text included, as the `thoughtSignature` of the function call they led to."""
    return seal({"thoughts": [{**thinking_fields(part), "text": part.text} for part in parts]})


def _open(signature: str | None) -> JsonObject | None:
    # Google's Python SDK decodes signatures to bytes and encodes them again in the URL-safe alphabet.
    return unseal(signature.replace("-", "+").replace("_", "/")) if signature else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def open_thought(signature: str | None, text: str) -> ThinkingPart | None:
    """The foreign thought that `seal_thought` sealed, with the text the client sent back; None for Google's own."""
    values = _open(signature)
    return None if values is None or "thoughts" in values else thinking_part(values, text)


def open_thoughts(signature: str | None) -> list[ThinkingPart] | None:
    """The foreign thoughts that `seal_thoughts` sealed into a call's signature; None for Google's own."""
    values = _open(signature)
    thoughts = values.get("thoughts") if values else None
    if not isinstance(thoughts, list):
        return None
    return [thinking_part(item, _text(item.get("text"))) for item in thoughts if isinstance(item, dict)]
