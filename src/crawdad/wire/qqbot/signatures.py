"""What is signed and sealed: events that are posted (Ed25519), and the secret that a binding by QR code brings (AES-GCM)."""

from __future__ import annotations

import base64
import binascii

from crawdad.core.parts import JsonObject

_SEED_BYTES = 32
_NONCE_BYTES = 12


def _seed(secret: str) -> bytes:
    repeated = secret.encode() * (-(-_SEED_BYTES // max(1, len(secret.encode()))))
    return repeated[:_SEED_BYTES]


def is_signed(body: bytes, timestamp: str, signature: str, secret: str) -> bool:
    """Whether the platform posted this: `X-Signature-Ed25519` over `X-Signature-Timestamp` and the body."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not secret:
        return False
    try:
        key = Ed25519PrivateKey.from_private_bytes(_seed(secret)).public_key()
        key.verify(bytes.fromhex(signature), timestamp.encode() + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def proof_of_address(data: JsonObject, secret: str) -> JsonObject:
    """The answer to the call (op 13) by which the platform tries an address: the token, signed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    plain, stamp = str(data.get("plain_token") or ""), str(data.get("event_ts") or "")
    signature = Ed25519PrivateKey.from_private_bytes(_seed(secret)).sign(f"{stamp}{plain}".encode())
    return {"plain_token": plain, "signature": signature.hex()}


def opened_secret(sealed: str, key: bytes) -> str:
    """The secret that came sealed for `key`: a nonce, the ciphertext, the tag. Raises ValueError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode()
    except (binascii.Error, InvalidTag) as error:
        raise ValueError("not sealed for this key") from error
