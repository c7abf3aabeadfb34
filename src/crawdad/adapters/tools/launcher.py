"""Becomes a program after a last look at the files that were approved. Run as a script of its own, with the standard library
alone: `launcher.py FD`, with an object of `marshal` to be read from that descriptor (others on the machine can read command
lines). It is on the way of every program, so it imports next to nothing: `json`, `hashlib` and `signal` would take longer than
all the rest.

It looks in the very process that then turns into the program, and into the very file that it looked at: a file that was
swapped in between is not run. On Linux it ends with the process that started it. `75` is its exit code when a file changed.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
    from typing import Any
else:
    try:  # Python's own, without OpenSSL; it has moved with 3.12
        from _sha256 import sha256
    except ImportError:
        from _sha2 import sha256

_KILL = 9
CHANGED = 75
CANNOT = 126


def _hash(descriptor: int) -> str:
    digest = sha256()
    while piece := os.read(descriptor, 1 << 20):
        digest.update(piece)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return digest.hexdigest()


def _opened(path: str, wanted: str) -> int:
    """The file, open, with the content that was approved."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or _hash(descriptor) != wanted:
        raise ValueError(path)
    return descriptor


def _end_with_parent(parent: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(1, _KILL)
    if os.getppid() != parent:
        os._exit(CANNOT)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def main(order: Any) -> None:
    """Look, then become the program."""
    if order["terminal"]:
        _take_terminal()
    try:
        opened = [(path, _opened(path, wanted)) for path, wanted in order["checked"]]
    except (OSError, ValueError):
        os.write(2, f"{order['changed']}\n".encode())
        os._exit(CHANGED)
    _end_with_parent(order["parent"])
    target: str | int = order["file"]
    for path, descriptor in opened:
        # A script is opened anew, by its interpreter and by its name: it may look at what stands beside it.
        if path == target and os.execve in os.supports_fd and os.pread(descriptor, 2, 0) != b"#!":
            target = descriptor
            break
    try:
        os.execve(target, order["argv"], order["variables"])
    except OSError as error:
        os.write(2, f"{order['file']}: {os.strerror(error.errno or 0)}\n".encode())
        os._exit(CANNOT)


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1]), "rb") as _order:
        _wanted = marshal.loads(_order.read())
    main(_wanted)
