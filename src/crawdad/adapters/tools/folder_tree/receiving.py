"""Files that are being received: nameless until they are whole (`O_TMPFILE`), so that a kill leaves nothing behind.

Where the file system knows no nameless files they have a hidden name in the root meanwhile, which `sweep` finds.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from crawdad.adapters.tools.folder import Folder, fault
from crawdad.adapters.tools.folder_tree.copying import copy_bytes
from crawdad.adapters.tools.folder_tree.places import FRESH, STAGED, exists, facts_of, flush, node_of, place, refused
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Node

_NAMELESS = getattr(os, "O_TMPFILE", 0)
_UNKNOWN = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
_SPARE_BYTES = 16 << 20
"""What an upload leaves free on the disk for everything else."""
_MODE = 0o644
Done = TypeVar("Done")


class Incoming:
    """`core.folder_trees.IncomingFile`."""

    def __init__(self, folder: Folder, root: int, descriptor: int, staged: str) -> None:
        self._folder = folder
        self._root = root
        self._descriptor = descriptor
        self._staged = staged
        self._closed = False

    async def write(self, data: bytes) -> None:
        """Add to it."""
        await _whole(self._write, data)

    async def check(self, path: str, *, replace: bool) -> None:
        """Whether it may be put there."""
        await _whole(self._check, path, replace)

    async def keep(self, path: str, *, replace: bool) -> Node:
        """Put it in place."""
        return await _whole(self._keep, path, replace)

    async def discard(self) -> None:
        """Forget it."""
        await _whole(self._discard)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise refused("", error) from None

    def _check(self, path: str, replace: bool) -> None:
        try:
            with place(self._folder, path) as (parent, name):
                _replaced(parent, name, path, replace)
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:  # the folder is made then
                raise

    def _keep(self, path: str, replace: bool) -> Node:
        try:
            os.fsync(self._descriptor)
            with place(self._folder, path, create=True) as (parent, name):
                facts = _replaced(parent, name, path, replace)
                if facts is not None:
                    # What may be run stays so; bits that lend somebody's rights do not.
                    os.fchmod(self._descriptor, stat.S_IMODE(facts.st_mode) & 0o777)
                self._put(parent, name, replace)
                flush(parent)
                return node_of(path, os.fstat(self._descriptor))
        except OSError as error:
            raise refused(path, error) from None
        finally:
            self._discard()

    def _put(self, parent: int, name: str, replace: bool) -> None:
        if not replace:
            self._link(parent, name)  # fails where something is there by now
            return
        staged = f"{STAGED}{os.urandom(8).hex()}.tmp"
        try:
            self._link(parent, staged)
            os.rename(staged, name, src_dir_fd=parent, dst_dir_fd=parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(staged, dir_fd=parent)
            raise

    def _link(self, parent: int, name: str) -> None:
        try:
            if self._staged:
                os.link(self._staged, name, src_dir_fd=self._root, dst_dir_fd=parent, follow_symlinks=False)
            else:
                # The kernel's own way to name a nameless file: the link in /proc is followed to the open file itself.
                os.link(f"/proc/self/fd/{self._descriptor}", name, dst_dir_fd=parent, follow_symlinks=True)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOENT):
                raise
            self._copy(parent, name)  # another disk is mounted there, or one without links

    def _copy(self, parent: int, name: str) -> None:
        descriptor = os.open(name, FRESH, _MODE, dir_fd=parent)
        try:
            copy_bytes(self._descriptor, descriptor)
            os.fsync(descriptor)
        except BaseException:
            os.unlink(name, dir_fd=parent)
            raise
        finally:
            os.close(descriptor)

    def _discard(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._staged:
            with suppress(OSError):
                os.unlink(self._staged, dir_fd=self._root)
        os.close(self._descriptor)
        os.close(self._root)


def _replaced(parent: int, name: str, path: str, replace: bool) -> os.stat_result | None:
    """The file whose place is taken. Raises CONFLICT (`exists`), FORBIDDEN (`special`)."""
    facts = facts_of(parent, name)
    if facts is None:
        return None
    if not replace or stat.S_ISDIR(facts.st_mode):
        raise exists(path)
    if not stat.S_ISREG(facts.st_mode):
        raise fault(ErrorKind.FORBIDDEN, "special", path)
    return facts


async def receive(folder: Folder, expected: int) -> Incoming:
    """A new file in the tree."""
    return await _whole(_open, folder, expected)


def _open(folder: Folder, expected: int) -> Incoming:
    with folder.opened(".") as (top, _):
        root = os.dup(top)
    try:
        room = os.fstatvfs(root)
        if expected + _SPARE_BYTES > room.f_bavail * room.f_frsize:
            raise fault(ErrorKind.UNAVAILABLE, "disk_full", "")
        descriptor, staged = _nameless(root), ""
        if descriptor is None:
            staged = f"{STAGED}{os.urandom(8).hex()}.tmp"
            descriptor = os.open(staged, FRESH & ~os.O_WRONLY | os.O_RDWR, _MODE, dir_fd=root)
    except OSError as error:
        os.close(root)
        raise refused("", error) from None
    except BaseException:
        os.close(root)
        raise
    return Incoming(folder, root, descriptor, staged)


def _nameless(root: int) -> int | None:
    if not _NAMELESS or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(".", os.O_RDWR | _NAMELESS | os.O_CLOEXEC, _MODE, dir_fd=root)
    except OSError as error:
        if error.errno in _UNKNOWN:
            return None
        raise


async def _whole(work: Callable[..., Done], *arguments: object) -> Done:
    """In a thread, to its end: whoever is cancelled meanwhile must not close a descriptor that is being written to."""
    task = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        if not task.cancelled() and task.exception() is None and isinstance(made := task.result(), Incoming):
            await asyncio.to_thread(made._discard)
        raise
