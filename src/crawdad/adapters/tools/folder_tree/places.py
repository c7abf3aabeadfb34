"""Names in open folders: where a path's last step lies without following it, and what the system says of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from crawdad.adapters.tools.folder import Folder, fault, told
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Node
from crawdad.core.text import Text

STAGED = ".crawdad-upload-"
"""How files begin that are being received where the system knows no nameless ones."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def folder_of(root: str) -> Folder:
    """The root of a tree. Raises FORBIDDEN for the whole machine: nobody means to show that in a panel."""
    folder = Folder(root)
    if folder.whole_machine:
        raise fault(ErrorKind.FORBIDDEN, "kept", "/")
    return folder


def refused(path: str, error: OSError) -> GatewayError:
    """What the operating system said."""
    if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
        return exists(path)
    if error.errno == errno.ENAMETOOLONG:
        return fault(ErrorKind.BAD_REQUEST, "bad_path", path)
    return told(path, error)


def exists(path: str) -> GatewayError:
    """Something is there already."""
    return GatewayError(ErrorKind.CONFLICT, Text("panel.files.exists", {"path": path[:300]}), {"code": "exists"})


@contextmanager
def place(folder: Folder, path: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """The open folder that the last step of `path` lies in, and that step: a link there is not followed. With `create`,
    missing folders on the way are made. Raises FORBIDDEN (`root`) for the root itself."""
    parent, _, name = path.rpartition("/")
    if name in ("", ".", ".."):
        raise GatewayError(ErrorKind.FORBIDDEN, Text("panel.files.root"), {"code": "root", "param": "path"})
    if "\0" in path:
        raise fault(ErrorKind.BAD_REQUEST, "bad_path", path.replace("\0", " "))
    if create:
        with folder.spot(f"{parent or '.'}/{STAGED}", create=True) as spot, _told(path):
            yield spot.folder, name
    else:
        with folder.opened(parent or ".") as (descriptor, _), _told(path):
            yield descriptor, name


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refused(path, error) from None


def facts_of(descriptor: int, name: str) -> os.stat_result | None:
    """What is known of a name, the link itself where it is one; None: there is nothing."""
    try:
        return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return None


def needed(descriptor: int, name: str, path: str) -> os.stat_result:
    """What is known of a name. Raises NOT_FOUND."""
    found = facts_of(descriptor, name)
    if found is None:
        raise fault(ErrorKind.NOT_FOUND, "no_file", path)
    return found


def node_of(path: str, facts: os.stat_result, *, is_link: bool = False) -> Node:
    """The node that these facts tell of. Linux tells no time of making: the older of the two it has stands for it."""
    born = getattr(facts, "st_birthtime", None)
    created = min(facts.st_ctime, facts.st_mtime) if born is None else float(born)
    return Node(path, facts.st_size, stat.S_ISDIR(facts.st_mode), facts.st_mtime, created, is_link)


def flush(descriptor: int) -> None:
    """Have the names in an open folder on the disk."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot for folders
            raise
