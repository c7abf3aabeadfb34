"""Files of iLink: AES-128-ECB with PKCS7, keys written in two ways."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import md5
from urllib.parse import quote

from crawdad.core.parts import JsonObject, MediaKind

MEDIA_TYPES: dict[MediaKind, int] = {"image": 1, "video": 2, "document": 3, "audio": 3}


def cipher_size(size: int) -> int:
    """How long `size` bytes become: a full block more where they fill their blocks."""
    return (size // 16 + 1) * 16


def encrypt(data: bytes, key: bytes) -> bytes:
    """The bytes as they go to the CDN. The mode is Tencent's choice."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    left = 16 - len(data) % 16
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(data + bytes([left]) * left) + encryptor.finalize()


def decrypt(data: bytes, key: bytes) -> bytes:
    """The bytes that were encrypted. Raises `ValueError` for what this key does not open."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if not data or len(data) % 16:
        raise ValueError("not whole blocks")
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    left = plain[-1]
    if not 1 <= left <= 16 or plain[-left:] != bytes([left]) * left:
        raise ValueError("wrong padding")
    return plain[:-left]


def key_of(written: str) -> bytes:
    """A key from a message: 32 hex digits, or base64 of 16 bytes, or base64 of 32 hex digits. Raises `ValueError`."""
    try:
        raw = bytes.fromhex(written) if len(written) == 32 else base64.b64decode(written, validate=True)
        key = raw if len(raw) == 16 else bytes.fromhex(raw.decode("ascii"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        key = b""
    if len(key) != 16:
        raise ValueError("no key")
    return key


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file on the CDN, as a message names it."""

    media_type: int
    parameter: str
    key: bytes
    size: int
    cipher_size: int

    @property
    def shown_key(self) -> str:
        """Base64 of the key's hex digits: that is how the published client writes it."""
        return base64.b64encode(self.key.hex().encode()).decode()


def slot_body(data: bytes, kind: MediaKind, to: str, file_key: str, key: bytes) -> JsonObject:
    """The body of `getuploadurl`, without `base_info`."""
    return {
        "filekey": file_key,
        "media_type": MEDIA_TYPES[kind],
        "to_user_id": to,
        "rawsize": len(data),
        "rawfilemd5": md5(data, usedforsecurity=False).hexdigest(),
        "filesize": cipher_size(len(data)),
        "no_need_thumb": True,
        "aeskey": key.hex(),
    }


def upload_url(cdn: str, slot: JsonObject, file_key: str) -> str:
    """Where the bytes go; empty: the answer names no place."""
    if slot.get("upload_full_url"):
        return str(slot["upload_full_url"])
    if slot.get("upload_param"):
        return f"{cdn}/upload?encrypted_query_param={quote(str(slot['upload_param']), safe='')}&filekey={file_key}"
    return ""


def download_url(cdn: str, parameter: str) -> str:
    """Where the bytes come from."""
    return f"{cdn}/download?encrypted_query_param={quote(parameter, safe='')}"
