"""The one place where paths that agents write become files. Nothing below a folder leads out of it.

A path is walked name by name from a descriptor of the root, never following a link in the kernel: a link is read, and its
target walked the same way, from within. `..` goes back along the descriptors that were walked. So it does not matter what
others swap meanwhile: what is opened was reached from the root. Everything here blocks; call it off the event loop.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_MOST_LINKS = 40
_LONGEST_PATH = 4096
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_SYSTEM = frozenset(("proc", "sys", "dev"))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a path led: the name `name` in the open folder `folder`; `path` from the root, without links. An empty name is the
    folder itself."""

    folder: int
    name: str
    path: str


def fault(kind: ErrorKind, key: str, path: str, **values: object) -> GatewayError:
    """An error about a path."""
    return GatewayError(kind, Text(f"workspace.{key}", {"path": path[:300], **values}), {"param": "path", "code": key})


class Folder:
    """A root. `whole_machine`: it is `/`, and the agent may go anywhere but into `kept` folders and the kernel's own."""

    def __init__(self, root: str, kept: Sequence[str] = ()) -> None:
        self.root = os.path.realpath(root)
        self.whole_machine = self.root == "/"
        self._kept = kept

    @contextmanager
    def spot(self, path: str, *, create: bool = False) -> Iterator[Spot]:
        """Where `path` leads; with `create`, missing folders on the way are made. The last name need not exist."""
        walk = _Walk(self, path, create)
        try:
            yield walk.run()
        except OSError as error:
            raise told(path, error) from None
        finally:
            walk.close()

    def read(self, path: str, limit: int) -> tuple[bytes, str]:
        """A file's bytes and its path from the root."""
        with self.spot(path) as spot:
            descriptor = self._open(spot, path)
            with os.fdopen(descriptor, "rb") as file:
                if os.fstat(descriptor).st_size > limit:
                    raise fault(ErrorKind.TOO_LARGE, "larger", path, limit=limit)
                data = file.read(limit + 1)
            if len(data) > limit:
                raise fault(ErrorKind.TOO_LARGE, "larger", path, limit=limit)
            return data, spot.path

    def exists(self, path: str) -> bool:
        """Whether something is there."""
        with self.spot(path) as spot:
            return _facts(spot) is not None

    def resolved(self, path: str) -> str:
        """Where a path leads, from the root."""
        with self.spot(path) as spot:
            return spot.path

    def write(self, path: str, data: bytes, check: Callable[[str], None] = lambda path: None) -> str:
        """Put a file in place, whole or not at all, once `check` has let its path from the root pass. Returns that path."""
        with self.spot(path, create=True) as spot:
            check(spot.path)
            facts = _facts(spot)
            if not spot.name or (facts is not None and stat.S_ISDIR(facts.st_mode)):
                raise fault(ErrorKind.BAD_REQUEST, "is_folder", path)
            if facts is not None and not stat.S_ISREG(facts.st_mode):
                raise fault(ErrorKind.FORBIDDEN, "special", path)
            temporary = f".{spot.name[:100]}.{os.urandom(6).hex()}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(temporary, flags, 0o666, dir_fd=spot.folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    if facts is not None:
                        os.fchmod(descriptor, stat.S_IMODE(facts.st_mode) & 0o777)
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                os.rename(temporary, spot.name, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=spot.folder)
                raise
            return spot.path

    def delete(self, path: str, check: Callable[[str], None] = lambda path: None) -> None:
        """Remove a file, never a folder."""
        with self.spot(path) as spot:
            check(spot.path)
            facts = _facts(spot)
            if facts is None:
                raise fault(ErrorKind.NOT_FOUND, "no_file", path)
            if not stat.S_ISREG(facts.st_mode):
                raise fault(ErrorKind.FORBIDDEN, "special", path)
            os.unlink(spot.name, dir_fd=spot.folder)

    @contextmanager
    def opened(self, path: str) -> Iterator[tuple[int, str]]:
        """A folder, open, and its path from the root."""
        with self.spot(path) as spot:
            facts = _facts(spot)
            if facts is None or not stat.S_ISDIR(facts.st_mode):
                raise fault(ErrorKind.NOT_FOUND, "no_folder", path)
            descriptor = os.open(spot.name or ".", _FOLDER, dir_fd=spot.folder)
            try:
                self.check(descriptor, path)
                yield descriptor, spot.path
            finally:
                os.close(descriptor)

    def open_file(self, folder: int, name: str, shown: str) -> int:
        """An ordinary file in an open folder. The caller closes it."""
        return self._open(Spot(folder, name, shown), shown)

    def check(self, descriptor: int, path: str) -> None:
        """Raise FORBIDDEN for a folder that is kept from agents."""
        if not self.whole_machine:
            return
        facts = os.fstat(descriptor)
        for kept in self._kept:
            with suppress(OSError):
                other = os.stat(kept)
                if (other.st_dev, other.st_ino) == (facts.st_dev, facts.st_ino):
                    raise fault(ErrorKind.FORBIDDEN, "kept", path)

    def _open(self, spot: Spot, path: str) -> int:
        if not spot.name:
            raise fault(ErrorKind.BAD_REQUEST, "is_folder", path)
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # a pipe must not keep us waiting
        try:
            before = os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
        except FileNotFoundError:
            raise fault(ErrorKind.NOT_FOUND, "no_file", path) from None
        if stat.S_ISDIR(before.st_mode):
            raise fault(ErrorKind.BAD_REQUEST, "is_folder", path)
        if not stat.S_ISREG(before.st_mode):  # opening a device may already do something
            raise fault(ErrorKind.FORBIDDEN, "special", path)
        descriptor = os.open(spot.name, flags, dir_fd=spot.folder)
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or (facts.st_nlink > 1 and not self.whole_machine):
            os.close(descriptor)
            raise fault(ErrorKind.FORBIDDEN, "special", path)
        return descriptor


class _Walk:
    def __init__(self, folder: Folder, path: str, create: bool) -> None:
        if not path or "\0" in path or len(path) > _LONGEST_PATH:
            raise fault(ErrorKind.BAD_REQUEST, "bad_path", path.replace("\0", " "))
        self._in = folder
        self._path = path
        self._create = create
        self._links = 0
        self._names: list[str] = []
        self._left: deque[str] = deque()
        try:
            self._folders = [os.open(folder.root, _FOLDER)]
        except OSError as error:
            raise told(path, error) from None
        try:
            self._go(path)
        except GatewayError:
            self.close()
            raise

    def close(self) -> None:
        for descriptor in self._folders:
            os.close(descriptor)
        self._folders = []

    def run(self) -> Spot:
        while self._left:
            name = self._left.popleft()
            if name in ("", "."):
                continue
            if name == "..":
                self._up()
            elif not self._left_names():
                if not self._followed(name):
                    return Spot(self._folders[-1], name, "/".join((*self._names, name)))
            else:
                self._down(name)
        return Spot(self._folders[-1], "", "/".join(self._names))

    def _left_names(self) -> bool:
        return any(name not in ("", ".") for name in self._left)

    def _go(self, path: str) -> None:
        """Put a path, or the target of a link, before what is left."""
        if path.startswith("/"):
            root = self._in.root.rstrip("/")
            if not (path == root or path.startswith(f"{root}/")):
                raise fault(ErrorKind.FORBIDDEN, "outside", self._path)
            path = path[len(root) :]
            while len(self._folders) > 1:
                self._up()
        self._left.extendleft(reversed(path.split("/")))

    def _up(self) -> None:
        if len(self._folders) == 1:
            if self._in.whole_machine:
                return
            raise fault(ErrorKind.FORBIDDEN, "outside", self._path)
        os.close(self._folders.pop())
        self._names.pop()

    def _down(self, name: str) -> None:
        try:
            descriptor = os.open(name, _FOLDER, dir_fd=self._folders[-1])
        except FileNotFoundError:
            if not self._create:
                raise
            os.mkdir(name, 0o777, dir_fd=self._folders[-1])
            descriptor = os.open(name, _FOLDER, dir_fd=self._folders[-1])
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK) and self._followed(name):
                return
            raise
        self._folders.append(descriptor)
        self._names.append(name)
        self._in.check(descriptor, self._path)
        if self._in.whole_machine and self._names[0] in _SYSTEM:
            raise fault(ErrorKind.FORBIDDEN, "kept", self._path)

    def _followed(self, name: str) -> bool:
        """Whether `name` is a link; its target then comes first in what is left."""
        try:
            target = os.readlink(name, dir_fd=self._folders[-1])
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return False
            raise
        self._links += 1
        if self._links > _MOST_LINKS or len(self._left) > _LONGEST_PATH:
            raise fault(ErrorKind.BAD_REQUEST, "too_many_links", self._path)
        self._go(target)
        return True


def _facts(spot: Spot) -> os.stat_result | None:
    if not spot.name:
        return os.fstat(spot.folder)
    try:
        return os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def told(path: str, error: OSError) -> GatewayError:
    """What the operating system said, as an error for whoever called."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return fault(ErrorKind.NOT_FOUND, "no_file", path)
    if error.errno == errno.EISDIR:
        return fault(ErrorKind.BAD_REQUEST, "is_folder", path)
    if error.errno in (errno.ELOOP, errno.ENXIO):
        return fault(ErrorKind.FORBIDDEN, "special", path)
    if error.errno in _FULL:
        return fault(ErrorKind.UNAVAILABLE, "disk_full", path)
    denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    kind = ErrorKind.FORBIDDEN if denied else ErrorKind.UNAVAILABLE
    return fault(kind, "system_failed", path, reason=os.strerror(error.errno or 0))
