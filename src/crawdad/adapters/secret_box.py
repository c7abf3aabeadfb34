"""Encryption at rest: AES-256-GCM with one key, from the environment or from a file that is made on first use.

A sealed value is `enc:v1:` and base64url (no padding) of a 12-byte nonce and the ciphertext with its tag. The key is
the 32 bytes that the given text encodes in base64 or hexadecimal; any other text of at least 16 characters is a
passphrase and goes through scrypt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import SEALED_PREFIX
from crawdad.core.text import Text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "CRAWDAD_SECRET_KEY"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_SHORTEST_PASSPHRASE = 16
_LONGEST_FILE = 4096


class KeyedSecretBox:
    """The port `crawdad.core.ports.SecretBox`.

    `key` is the text of the key (from `CRAWDAD_SECRET_KEY`); without one, or with a blank one, the key is in the file
    `path`, which the first encryption makes (mode 0600). Decryption never makes a key. The first use reads a file and
    imports a library, so it belongs in a thread. Messages never hold a value or a key.
    """

    def __init__(self, path: str, key: str | None = None) -> None:
        self._path = path
        self._given = (key or "").strip() or None
        self._cipher: AESGCM | None = None
        self._lock = threading.Lock()

    def encrypt(self, value: str) -> str:
        """The value sealed. Raises UNAVAILABLE when there is no usable key and none can be made."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._ready(make=True).encrypt(nonce, value.encode(), SEALED_PREFIX.encode())
        return SEALED_PREFIX + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def decrypt(self, token: str) -> str:
        """The value of a sealed one. Raises UNAVAILABLE: no key, another key, or a damaged token."""
        from cryptography.exceptions import InvalidTag

        cipher = self._ready(make=False)
        try:
            body = token.removeprefix(SEALED_PREFIX).encode("ascii")
            raw = base64.b64decode(body + b"=" * (-len(body) % 4), altchars=b"-_", validate=True)
            if not token.startswith(SEALED_PREFIX) or len(raw) < _NONCE_BYTES + _TAG_BYTES:
                raise ValueError
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], SEALED_PREFIX.encode()).decode()
        except InvalidTag:
            raise _unavailable("wrong_key", place=self._place) from None
        except ValueError:
            raise _unavailable("damaged") from None

    @property
    def _place(self) -> str:
        return VARIABLE if self._given is not None else self._path

    def _ready(self, make: bool) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                from cryptography.hazmat.primitives.ciphers.aead import AESGCM

                text = self._given if self._given is not None else self._read(make)
                self._cipher = AESGCM(self._key(text.strip()))
            return self._cipher

    def _read(self, make: bool) -> str:
        """The text of the key file."""
        try:
            try:
                return _text_of(self._path)
            except FileNotFoundError:
                if not make:
                    raise _unavailable("no_key", path=self._path) from None
                _make_key_file(self._path)
                return _text_of(self._path)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise _unavailable("key_file", path=self._path, reason=reason) from None

    def _key(self, text: str) -> bytes:
        for decode in (bytes.fromhex, _from_base64):
            with suppress(ValueError):
                key = decode(text)
                if len(key) == _KEY_BYTES:
                    return key
        if len(text) < _SHORTEST_PASSPHRASE:
            raise _unavailable("short_key", place=self._place, length=_SHORTEST_PASSPHRASE)
        return hashlib.scrypt(text.encode(), salt=b"crawdad secret box", n=1 << 14, r=8, p=1, dklen=_KEY_BYTES)


def _unavailable(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text(f"secret_box.{key}", values))


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError from None


def _text_of(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            with suppress(OSError):  # a mounted secret may not let us
                os.fchmod(descriptor, 0o600)
        return file.read(_LONGEST_FILE).decode(errors="replace")


def _make_key_file(path: str) -> None:
    """Make the key file whole at once: written under another name, then linked, which fails when one is there already,
    so that of several processes all use the first one's key and none ever reads half a key.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # what is sealed with a key must not outlive it
    finally:
        os.close(folder)
