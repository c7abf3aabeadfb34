"""Carrying one vendor's opaque values (signatures, encrypted reasoning) through another vendor's protocol and back.

A thinking signature means something only to the vendor who made it, byte for byte. When an answer is re-spoken in another
protocol, the opaque fields are sealed into one token that fits that protocol's own opaque field; the client hands it back
in its next turn, and the reader opens it again. Stateless: it survives restarts and works across processes.
"""

from __future__ import annotations

import base64
import binascii

import orjson

from crawdad.core.parts import JsonObject, ThinkingPart
from crawdad.wire.edit import contains

_MAGIC = b"crawdad1:"
_SEALED_PREFIX = base64.b64encode(_MAGIC).decode()  # nine bytes encode without padding, so this is a true prefix
_ID_MARK = "_cs_"
_SEALED_BYTES = _SEALED_PREFIX.encode()
_SEALED_ID_BYTES = _ID_MARK.encode() + b"Wy"  # what is sealed in an id is a JSON array of strings, which begins so


def seal(fields: JsonObject) -> str:
    """`fields` as one token of plain base64 (also valid where a protocol wants base64 bytes)."""
    return base64.b64encode(_MAGIC + orjson.dumps(fields)).decode()


def unseal(token: str | None) -> JsonObject | None:
    """The fields that `seal` put into `token`; None where it is not one of ours."""
    if not token or not token.startswith(_SEALED_PREFIX):
        return None
    try:
        raw = base64.b64decode(token, validate=True)
        value = orjson.loads(raw[len(_MAGIC) :])
    except (binascii.Error, ValueError):
        return None
    return value if isinstance(value, dict) else None


def has_seals(raw: bytes) -> bool:
    """Whether a client's request body holds anything sealed here: it then must not go to an upstream as it is."""
    return contains(raw, _SEALED_BYTES) or contains(raw, _SEALED_ID_BYTES)


def thinking_fields(part: ThinkingPart) -> JsonObject:
    """What is sealed of a thought: all that its vendor needs to know it again, and nothing else."""
    fields = {
        "p": part.origin,
        "sig": part.signature,
        "enc": part.encrypted,
        "id": part.id,
        "red": part.redacted,
        "sum": part.summary,
        "fmt": part.format,
    }
    return {key: value for key, value in fields.items() if value not in (None, False)}


def thinking_part(fields: JsonObject, text: str) -> ThinkingPart:
    """The thought whose `fields` were sealed, with the `text` that the client sent back."""
    words = {key: value for key, value in fields.items() if isinstance(value, str)}
    return ThinkingPart(
        text,
        signature=words.get("sig"),
        encrypted=words.get("enc"),
        redacted=fields.get("red") is True,
        summary=fields.get("sum") is True,
        id=words.get("id"),
        origin=words.get("p", ""),
        format=words.get("fmt"),
    )


def seal_id(call_id: str, origin: str, signature: str) -> str:
    """A tool-call id that carries the call's signature through protocols that have no field for one.

    Only letters, digits, `_` and `-`, as every protocol allows in ids.
    """
    packed = base64.urlsafe_b64encode(orjson.dumps([origin, signature])).decode().rstrip("=")
    return f"{call_id}{_ID_MARK}{packed}"


def unseal_id(call_id: str) -> tuple[str, str, str | None]:
    """`(id, origin, signature)` of a tool-call id as a client sent it back; origin and signature empty/None when unsealed."""
    head, mark, packed = call_id.rpartition(_ID_MARK)
    if not mark:
        return call_id, "", None
    try:
        value = orjson.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError):
        return call_id, "", None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value):
        return head, value[0], value[1]
    return call_id, "", None
