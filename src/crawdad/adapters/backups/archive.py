"""A backup as one file: a tar of the manifest and the pieces that it needs, perhaps encrypted with a passphrase.

    crawdad-backup/manifest          the manifest
    crawdad-backup/secret.key        the installation's key (only where the file is encrypted)
    crawdad-backup/blobs/<sha256>    a kept piece

Encrypted it is `CRAWDAD-BACKUP-1`, a salt of 16 bytes, 8 bytes of nonce, and then frames of AES-256-GCM: the length (4 bytes,
big endian, its highest bit set in the last frame) and that many bytes. The nonce of a frame is those 8 bytes and its number;
the length field is authenticated. The key comes out of the passphrase by scrypt (n=2^15, r=8, p=1).

What is read may come from anybody: member names are compared with the three above and nothing is ever extracted by name;
links and devices are refused, every size is bounded, every piece must be what its name says. Everything here blocks.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from crawdad.adapters.backups import manifests
from crawdad.adapters.backups.blobs import MOST_KEPT, NAME, Blobs, Damaged, unpacked
from crawdad.core.backups import Manifest
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_FOLDER = "crawdad-backup/"
_MANIFEST, _KEY, _BLOBS = f"{_FOLDER}manifest", f"{_FOLDER}secret.key", f"{_FOLDER}blobs/"
_MAGIC = b"CRAWDAD-BACKUP-1"
_FRAME = 1 << 18
_LAST = 1 << 31
_MOST_MANIFEST = 256 << 20
_MOST_KEY = 4096
_MOST_MEMBERS = 5_000_000
_SHORTEST = 12


def pack(manifest: Manifest, blobs: Blobs, target: str, passphrase: str | None, key: str | None) -> int:
    """Write the file, whole or not at all: its size. Raises CONFLICT where `target` is there already."""
    if passphrase is not None and len(passphrase) < _SHORTEST:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("backups.short_passphrase", {"length": _SHORTEST}))
    place = Path(target)
    if place.exists():
        raise GatewayError(ErrorKind.CONFLICT, Text("backups.target_exists", {"path": target}))
    fresh = place.with_name(f".{place.name}.{os.urandom(4).hex()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            out = _Encrypting(file, passphrase) if passphrase is not None else file
            with tarfile.open(fileobj=cast(BinaryIO, out), mode="w|") as tar:
                _add(tar, _MANIFEST, manifests.written(manifest))
                if passphrase is not None and key is not None:
                    _add(tar, _KEY, key.encode())
                done: set[str] = set()
                for entry in manifest.entries:
                    for name in entry.blobs:
                        if name not in done:
                            done.add(name)
                            _add(tar, _BLOBS + name, blobs.kept(name))
            if isinstance(out, _Encrypting):
                out.end()
            file.flush()
            os.fsync(descriptor)
        os.link(fresh, place)  # fails where somebody else has made it meanwhile
    except Damaged as error:
        raise GatewayError(ErrorKind.INTERNAL, Text("backups.file_damaged", {"path": str(error)})) from None
    except FileExistsError:
        raise GatewayError(ErrorKind.CONFLICT, Text("backups.target_exists", {"path": target})) from None
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    return place.stat().st_size


def unpack(source: str, blobs: Blobs, passphrase: str | None) -> tuple[Manifest, str | None]:
    """Keep the pieces of such a file: its manifest, and its key where it has one. Raises BAD_REQUEST for what is none."""
    manifest: Manifest | None = None
    key: str | None = None
    found: set[str] = set()
    with open(source, "rb") as file:
        stream = _opened(file, passphrase)
        try:
            with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as tar:
                for count, member in enumerate(tar):
                    if count > _MOST_MEMBERS or not member.isreg() or member.issparse():
                        raise _bad("backups.archive.member", name=member.name)
                    if member.name == _MANIFEST and manifest is None:
                        manifest = manifests.read(_body(tar, member, _MOST_MANIFEST))
                    elif member.name == _KEY and key is None:
                        key = _body(tar, member, _MOST_KEY).decode("ascii", "replace")
                    elif member.name.startswith(_BLOBS) and NAME.match(member.name.removeprefix(_BLOBS)):
                        name = member.name.removeprefix(_BLOBS)
                        kept = _body(tar, member, MOST_KEPT)
                        unpacked(name, kept)
                        blobs.put_kept(name, kept)
                        found.add(name)
                    else:
                        raise _bad("backups.archive.member", name=member.name)
        except (tarfile.TarError, EOFError) as error:
            raise _bad("backups.archive.broken", reason=str(error)[:200]) from None
        except Damaged as error:
            raise _bad("backups.archive.piece", name=str(error)[:16]) from None
    blobs.settle()
    if manifest is None:
        raise _bad("backups.archive.broken", reason=_MANIFEST)
    for entry in manifest.entries:
        missing = next((name for name in entry.blobs if name not in found), None)
        if missing is not None:
            raise _bad("backups.archive.piece", name=missing[:16])
    return manifest, key


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


def _body(tar: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    if member.size > most:
        raise _bad("backups.archive.member", name=member.name)
    file = tar.extractfile(member)
    data = file.read(most + 1) if file is not None else b""
    if len(data) != member.size:
        raise EOFError("it ends in the middle")
    return data


def _bad(key: str, **values: object) -> GatewayError:
    shown = {name: str(value)[:200] for name, value in values.items()}
    return GatewayError(ErrorKind.BAD_REQUEST, Text(key, shown), {"code": "bad_archive"})


def _cipher(passphrase: str, salt: bytes):  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    memory = 64 << 20
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=1 << 15, r=8, p=1, dklen=32, maxmem=memory)
    return AESGCM(key)


class _Encrypting:
    """A stream that encrypts what is written to it."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        salt, self._nonce = os.urandom(16), os.urandom(8)
        out.write(_MAGIC + salt + self._nonce)
        self._out, self._cipher = out, _cipher(passphrase, salt)
        self._rest, self._number = bytearray(), 0

    def write(self, data: bytes) -> int:
        """Take data."""
        self._rest += data
        while len(self._rest) > _FRAME:
            self._frame(bytes(self._rest[:_FRAME]), last=False)
            del self._rest[:_FRAME]
        return len(data)

    def end(self) -> None:
        """Write the last frame."""
        self._frame(bytes(self._rest), last=True)

    def _frame(self, data: bytes, *, last: bool) -> None:
        head = (len(data) + 16 | (_LAST if last else 0)).to_bytes(4, "big")
        nonce = self._nonce + self._number.to_bytes(4, "big")
        self._out.write(head + self._cipher.encrypt(nonce, data, head))
        self._number += 1


class _Decrypting:
    """A stream of what an encrypted one holds. Raises BAD_REQUEST for another passphrase and for what was tampered with."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        salt, self._nonce = source.read(16), source.read(8)
        self._source, self._cipher = source, _cipher(passphrase, salt)
        self._rest, self._number, self._over = b"", 0, False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        while len(self._rest) < size and not self._over:
            self._rest += self._frame()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _frame(self) -> bytes:
        from cryptography.exceptions import InvalidTag

        head = self._source.read(4)
        length = int.from_bytes(head, "big")
        self._over = bool(length & _LAST)
        length &= _LAST - 1
        if len(head) < 4 or length > _FRAME + 16:
            raise _bad("backups.archive.passphrase")
        nonce = self._nonce + self._number.to_bytes(4, "big")
        self._number += 1
        try:
            return cast(bytes, self._cipher.decrypt(nonce, self._source.read(length), head))
        except InvalidTag:
            raise _bad("backups.archive.passphrase") from None


def _opened(file: BinaryIO, passphrase: str | None) -> BinaryIO | _Decrypting:
    magic = file.read(len(_MAGIC))
    if magic == _MAGIC:
        if passphrase is None:
            raise _bad("backups.archive.encrypted")
        return _Decrypting(file, passphrase)
    file.seek(0)
    return file
