"""Reads a small text file: regular, bounded, UTF-8, and (where asked) inside a folder with every link resolved."""

from __future__ import annotations

import errno
import hashlib
import os
import stat

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import FileText
from crawdad.core.text import Text

MAXIMUM_BYTES = 4 << 20


def read_text(path: str, within: str | None = None) -> FileText | None:
    """The file at `path`, or None. See `crawdad.core.files.TextFiles.read`."""
    real_path = os.path.realpath(path)
    if within is not None and not _is_inside(real_path, os.path.realpath(within)):
        raise GatewayError(ErrorKind.FORBIDDEN, Text("files.outside", {"path": path, "folder": within}))
    try:
        raw = _read_bytes(real_path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise failure(path, error) from None
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("files.not_utf8", {"path": path, "line": line})) from None
    return FileText(path, real_path, text, hashlib.sha256(raw).hexdigest())


def hash_of(path: str) -> str | None:
    """The SHA-256 of a file's bytes, or None when there is no file."""
    try:
        return hashlib.sha256(_read_bytes(os.path.realpath(path))).hexdigest()
    except FileNotFoundError:
        return None


def _read_bytes(real_path: str) -> bytes:
    # O_NONBLOCK: opening a FIFO must not wait for somebody to write; O_NOFOLLOW: the links were resolved and judged.
    descriptor = os.open(real_path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("files.not_regular", {"path": real_path}))
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(MAXIMUM_BYTES + 1)
    if len(raw) > MAXIMUM_BYTES:
        raise GatewayError(ErrorKind.TOO_LARGE, Text("files.too_large", {"path": real_path, "limit": MAXIMUM_BYTES}))
    return raw


def _is_inside(path: str, folder: str) -> bool:
    return os.path.commonpath((path, folder)) == folder


def failure(path: str, error: OSError) -> GatewayError:
    """What the operating system said, as an error for people."""
    denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    kind = ErrorKind.FORBIDDEN if denied else ErrorKind.UNAVAILABLE
    key = "files.own_mount" if error.errno == errno.EBUSY else "files.failed"
    return GatewayError(kind, Text(key, {"path": path, "reason": os.strerror(error.errno or 0)}))
