"""`core.folder_trees.FolderTree` on this machine. Everything blocks, so everything is done in threads."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from crawdad.adapters.tools.folder import Folder
from crawdad.adapters.tools.folder_tree.copying import copy_name, erase_name
from crawdad.adapters.tools.folder_tree.places import (
    STAGED,
    exists,
    facts_of,
    flush,
    folder_of,
    needed,
    node_of,
    place,
    refused,
)
from crawdad.adapters.tools.folder_tree.receiving import Incoming, receive
from crawdad.adapters.tools.walking import Walk
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Node
from crawdad.core.text import Text

_SECONDS = 20.0
_MOST_BYTES = 16 << 20
"""The largest file that is compared before it is replaced."""


class LocalFile:
    """`core.folder_trees.OpenFile`."""

    def __init__(self, descriptor: int, node: Node, mark: str) -> None:
        self._descriptor = descriptor
        self.node = node
        self.mark = mark

    async def read(self, start: int, count: int) -> bytes:
        """At most `count` bytes."""
        return await asyncio.to_thread(os.pread, self._descriptor, count, start)

    async def close(self) -> None:
        """Let go of it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class LocalFolderTree:
    """`core.folder_trees.FolderTree`."""

    async def entries(self, root: str, path: str, most: int) -> tuple[Sequence[Node], bool]:
        """What lies right in a folder."""
        return await asyncio.to_thread(_entries, folder_of(root), path, most)

    async def files(
        self, root: str, path: str, visit: Callable[[Node], None], left_out: Collection[str], most: int
    ) -> bool:
        """Tell `visit` of every ordinary file below a folder."""

        def look() -> bool:
            walk = Walk(folder_of(root), path or ".", left_out, most, _SECONDS)
            for found in walk:
                if not found.name.startswith(STAGED):
                    visit(node_of(found.path, found.facts))
            return walk.complete

        return await asyncio.to_thread(look)

    async def open(self, root: str, path: str) -> LocalFile:
        """An ordinary file."""
        return await asyncio.to_thread(_opened, folder_of(root), path)

    async def make_folder(self, root: str, path: str) -> None:
        """Make a folder."""

        def make() -> None:
            with place(folder_of(root), path) as (parent, name):
                os.mkdir(name, 0o777, dir_fd=parent)

        await asyncio.to_thread(make)

    async def move(self, root: str, source: str, target: str, *, replace: bool) -> None:
        """Give something another place."""
        await asyncio.to_thread(_move, folder_of(root), source, target, replace)

    async def copy(self, root: str, source: str, target: str) -> None:
        """Copy a file or a folder."""

        def copy() -> None:
            folder = folder_of(root)
            with place(folder, source) as (parent, name), place(folder, target) as (new_parent, new_name):
                if stat.S_ISDIR(needed(parent, name, source).st_mode):
                    _outside_of(folder, source, target)
                if facts_of(new_parent, new_name) is not None:
                    raise exists(target)
                copy_name(parent, name, new_parent, new_name)
                flush(new_parent)

        await asyncio.to_thread(copy)

    async def write(self, root: str, path: str, data: bytes, base_hash: str | None) -> Node:
        """Put a file in place whole."""
        return await asyncio.to_thread(_write, folder_of(root), path, data, base_hash)

    async def remove_file(self, root: str, path: str, modified: float) -> bool:
        """Remove an ordinary file that was not changed since."""

        def remove() -> bool:
            with place(folder_of(root), path) as (parent, name):
                facts = facts_of(parent, name)
                if facts is None or not stat.S_ISREG(facts.st_mode) or facts.st_mtime > modified:
                    return False
                os.unlink(name, dir_fd=parent)
                return True

        return await asyncio.to_thread(remove)

    async def erase(self, root: str, path: str) -> None:
        """Remove something for good."""

        def erase() -> None:
            with place(folder_of(root), path) as (parent, name):
                needed(parent, name, path)
                erase_name(parent, name)

        await asyncio.to_thread(erase)

    async def receive(self, root: str, expected: int) -> Incoming:
        """A new file."""
        return await receive(folder_of(root), expected)

    async def sweep(self, root: str, before: float) -> None:
        """Remove what was left behind."""

        def sweep() -> None:
            for found in Walk(folder_of(root), ".", (), 500_000, _SECONDS):
                if found.name.startswith(STAGED) and found.name.endswith(".tmp") and found.facts.st_mtime < before:
                    with suppress(OSError):
                        os.unlink(found.name, dir_fd=found.folder)

        await asyncio.to_thread(sweep)


def _entries(folder: Folder, path: str, most: int) -> tuple[list[Node], bool]:
    found: list[Node] = []
    try:
        with folder.opened(path or ".") as (descriptor, shown):
            names = [name for name in os.listdir(descriptor) if not name.startswith(STAGED)]
            for name in names[:most]:
                with suppress(FileNotFoundError):  # gone since
                    node = _entry(folder, descriptor, name, f"{path}/{name}" if path else name, shown)
                    if node is not None:
                        found.append(node)
    except OSError as error:
        raise refused(path, error) from None
    return found, len(names) <= most


def _entry(folder: Folder, descriptor: int, name: str, path: str, shown: str) -> Node | None:
    facts = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    if not stat.S_ISLNK(facts.st_mode):
        return node_of(path, facts)
    own = node_of(path, facts, is_link=True)
    try:
        with folder.spot(f"{shown}/{name}" if shown else name) as spot:
            target = os.stat(spot.name or ".", dir_fd=spot.folder, follow_symlinks=False)
    except GatewayError as error:
        # Of what lies outside nothing is told; a link that leads nowhere is not shown.
        return None if error.kind is ErrorKind.NOT_FOUND else own
    except OSError:
        return None
    led = node_of(path, target, is_link=True)
    return Node(path, led.size, False, led.modified, led.created, is_link=True)


def _opened(folder: Folder, path: str) -> LocalFile:
    with folder.spot(path or ".") as spot:
        descriptor = folder.open_file(spot.folder, spot.name, path)
    facts = os.fstat(descriptor)
    mark = f"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}-{facts.st_ctime_ns:x}"
    return LocalFile(descriptor, node_of(path, facts), mark)


def _move(folder: Folder, source: str, target: str, replace: bool) -> None:
    with place(folder, source) as (parent, name), place(folder, target) as (new_parent, new_name):
        facts, there = needed(parent, name, source), facts_of(new_parent, new_name)
        if source == target:
            return
        if (
            there is not None
            and os.path.samestat(there, facts)
            and (there.st_nlink == 1 or stat.S_ISDIR(there.st_mode))
        ):
            there = None  # one name in two cases, on a disk that takes them for the same
        if stat.S_ISDIR(facts.st_mode):
            _outside_of(folder, source, target)
        if there is not None and not (replace and stat.S_ISREG(there.st_mode) and stat.S_ISREG(facts.st_mode)):
            raise exists(target)
        os.rename(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent)
        flush(new_parent)
        flush(parent)


def _outside_of(folder: Folder, source: str, target: str) -> None:
    """Raise BAD_REQUEST where a folder would go into itself, whatever links lead there."""
    inside = folder.resolved(target.rpartition("/")[0] or ".")
    moved = folder.resolved(source)
    if inside == moved or inside.startswith(f"{moved}/"):
        words = Text("panel.files.into_itself", {"path": source[:300]})
        raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "into_itself"})


def _write(folder: Folder, path: str, data: bytes, base_hash: str | None) -> Node:
    if base_hash is not None:
        try:
            now = hashlib.sha256(folder.read(path, _MOST_BYTES)[0]).hexdigest()
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            now = ""
        if now != base_hash:
            words = Text("panel.files.changed", {"path": path[:300]})
            raise GatewayError(ErrorKind.CONFLICT, words, {"code": "changed"})
    shown = folder.write(path, data)
    with folder.spot(shown) as spot:
        return node_of(path, os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False))
