"""Device identities: how an id follows from a key, and the texts that a device signs. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

_RAW_BYTES = 32
_SIGNATURE_BYTES = 64
_ASCII_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


@dataclass(frozen=True, slots=True)
class Proof:
    """What a device says of itself, with its signature over it."""

    device_id: str
    public_key: str
    signature: str
    signed_at: int
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What else goes into the signed text. `token` is the one sent with it, empty where none was."""

    client_id: str
    client_mode: str
    role: str
    scopes: Sequence[str]
    token: str = ""
    platform: str = ""
    device_family: str = ""


def raw_public_key(text: str) -> bytes | None:
    """The 32 bytes of a public key in base64url, or in PEM; None for anything else."""
    if "BEGIN" in text:
        return _from_pem(text)
    raw = _decoded(text)
    return raw if raw is not None and len(raw) == _RAW_BYTES else None


def spelled(raw: bytes) -> str:
    """Key bytes as they go over the wire: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def device_id(raw: bytes) -> str:
    """The id of the device with that key."""
    return hashlib.sha256(raw).hexdigest()


def texts(proof: Proof, signed: Signed) -> list[str]:
    """The texts that a device may have signed: layouts v3 and v2, or v1 where it was given no nonce."""
    common = [
        proof.device_id,
        signed.client_id,
        signed.client_mode,
        signed.role,
        ",".join(signed.scopes),
        str(proof.signed_at),
        signed.token,
    ]
    if not proof.nonce:
        return ["|".join(["v1", *common])]
    common.append(proof.nonce)
    metadata = [signed.platform.strip().translate(_ASCII_LOWER), signed.device_family.strip().translate(_ASCII_LOWER)]
    return ["|".join(["v3", *common, *metadata]), "|".join(["v2", *common])]


def is_signed(raw_key: bytes, signature: str, candidates: Sequence[str]) -> bool:
    """Whether `signature` is the key's over one of the texts."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = _decoded(signature)
    if raw is None or len(raw) != _SIGNATURE_BYTES:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(raw_key)
    except ValueError:
        return False
    for text in candidates:
        try:
            key.verify(raw, text.encode("utf-8", "surrogatepass"))
        except InvalidSignature:
            continue
        return True
    return False


def _decoded(text: str) -> bytes | None:
    try:
        plain = text.encode("ascii").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None


def _from_pem(text: str) -> bytes | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(text.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, Ed25519PublicKey):
        return None
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
