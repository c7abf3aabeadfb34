"""Other vendors' opaque reasoning in Google's `thoughtSignature`, and back.

Each foreign thought is sealed into the signature of its own thought part. Many Gemini clients drop thought parts from the
history but keep the signatures of function calls, because Gemini 3 insists on those; so the thoughts that led to a call
are sealed once more, with their text, into the call's signature, and put back before the call when the parts are gone.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject, ThinkingPart
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.seals import seal, unseal


def is_sealable(part: ThinkingPart) -> bool:
    """Whether the thought carries opaque values that only another vendor understands."""
    return part.origin != NAME and bool(part.signature or part.encrypted or part.id)


def _values(part: ThinkingPart) -> JsonObject:
    return {
        "p": part.origin,
        "sig": part.signature,
        "enc": part.encrypted,
        "id": part.id,
        "red": part.redacted,
        "sum": part.summary,
    }


def seal_thought(part: ThinkingPart) -> str:
    """The opaque values of one foreign thought as a `thoughtSignature`."""
    return seal(_values(part))


def seal_thoughts(parts: list[ThinkingPart]) -> str:
    """Foreign thoughts, text included, as the `thoughtSignature` of the function call they led to."""
    return seal({"thoughts": [{**_values(part), "text": part.text} for part in parts]})


def _open(signature: str | None) -> JsonObject | None:
    # Google's Python SDK decodes signatures to bytes and encodes them again in the URL-safe alphabet.
    return unseal(signature.replace("-", "+").replace("_", "/")) if signature else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _thought(values: JsonObject, text: str) -> ThinkingPart:
    return ThinkingPart(
        text,
        signature=_text(values.get("sig")),
        encrypted=_text(values.get("enc")),
        redacted=values.get("red") is True,
        summary=values.get("sum") is True,
        id=_text(values.get("id")),
        origin=_text(values.get("p")) or "",
    )


def open_thought(signature: str | None, text: str) -> ThinkingPart | None:
    """The foreign thought that `seal_thought` sealed, with the text the client sent back; None for Google's own."""
    values = _open(signature)
    return None if values is None or "thoughts" in values else _thought(values, text)


def open_thoughts(signature: str | None) -> list[ThinkingPart] | None:
    """The foreign thoughts that `seal_thoughts` sealed into a call's signature; None for Google's own."""
    values = _open(signature)
    thoughts = values.get("thoughts") if values else None
    if not isinstance(thoughts, list):
        return None
    return [_thought(item, _text(item.get("text")) or "") for item in thoughts if isinstance(item, dict)]
