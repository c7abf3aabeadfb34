"""Events that are posted: signature, encryption, the first call that proves the address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import orjson

from crawdad.core.parts import JsonObject

FRESH_SECONDS = 3600.0


def is_signed(body: bytes, timestamp: str, nonce: str, signature: str, key: str, now: float) -> bool:
    """Whether the call was made with the encrypt key, and lately. Also constant in time."""
    digest = hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()
    fresh = timestamp.isdigit() and len(timestamp) < 15 and abs(now - int(timestamp)) <= FRESH_SECONDS
    return hmac.compare_digest(digest.encode(), signature.encode()) and fresh


def opened(body: bytes, key: str) -> JsonObject | None:
    """The event in a body, decrypted where it is encrypted (AES-256-CBC under the SHA-256 of the key, the IV before it).
    None: there is none, or not for this key."""
    try:
        found = orjson.loads(body)
        if isinstance(found, dict) and "encrypt" in found:
            if not key:
                return None
            found = orjson.loads(_decrypted(base64.b64decode(str(found["encrypt"]), validate=True), key))
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, dict) else None


def _decrypted(data: bytes, key: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(data) < 32 or len(data) % 16:
        raise ValueError("not whole blocks")
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(data[:16])).decryptor()
    plain = cipher.update(data[16:]) + cipher.finalize()
    left = plain[-1]
    if not 1 <= left <= 16 or plain[-left:] != bytes([left]) * left:
        raise ValueError("wrong padding")
    return plain[:-left]


def token_of(event: JsonObject) -> str:
    """The verification token that an event names."""
    header = event.get("header")
    return str((header.get("token") if isinstance(header, dict) else event.get("token")) or "")
