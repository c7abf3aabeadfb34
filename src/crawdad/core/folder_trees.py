"""Somebody's folder as panels show and change it, and the trash beside it. Ports.

A path is relative to the root, its steps joined by `/`; the root itself is the empty path. Whatever a path leads through, it
does not lead out of the root: FORBIDDEN with the code `outside`, or `special` for what is no ordinary file. All of these
raise NOT_FOUND for what is not there and UNAVAILABLE for what the system would not do (code `disk_full` where it is full).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Node:
    """A file or folder. Times are in Unix seconds; `created` is the oldest time that the system knows of it. `is_link`: the
    name is a symbolic link, and all else is told of what it leads to."""

    path: str
    size: int
    is_folder: bool
    modified: float
    created: float
    is_link: bool = False

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path.rpartition("/")[2]


class OpenFile(Protocol):
    """An ordinary file, open for reading; what happens to its name meanwhile does not matter."""

    node: Node
    mark: str
    """Changes when the content does; letters, digits and dashes."""

    async def read(self, start: int, count: int) -> bytes:
        """At most `count` bytes from `start` on; fewer only at the end."""

    async def close(self) -> None:
        """Let go of it."""


class IncomingFile(Protocol):
    """A file that is being received. It has no name until it is whole; a kill leaves nothing of it behind, or (on file
    systems that know no nameless files) a hidden file that `sweep` removes."""

    async def write(self, data: bytes) -> None:
        """Add to it."""

    async def check(self, path: str, *, replace: bool) -> None:
        """Raise what `keep` would, as far as anybody can know before."""

    async def keep(self, path: str, *, replace: bool) -> Node:
        """Put it in place, on the disk for good; missing folders are made. CONFLICT (code `exists`): something is there that
        may not be replaced."""

    async def discard(self) -> None:
        """Forget it; does nothing where it was kept."""


class FolderTree(Protocol):
    """Folders of this machine."""

    async def entries(self, root: str, path: str, most: int) -> tuple[Sequence[Node], bool]:
        """What lies right in a folder, in no order; links that lead nowhere are left out. False: there is more than `most`."""

    async def files(
        self, root: str, path: str, visit: Callable[[Node], None], left_out: Collection[str], most: int
    ) -> bool:
        """Tell `visit` of every ordinary file below a folder, off the event loop. Links are passed over, and folders named in
        `left_out`. False: there was more than may be looked at."""

    async def open(self, root: str, path: str) -> OpenFile:
        """An ordinary file."""

    async def make_folder(self, root: str, path: str) -> None:
        """Make a folder in one that is there. CONFLICT (code `exists`)."""

    async def move(self, root: str, source: str, target: str, *, replace: bool) -> None:
        """Give something another place. CONFLICT (code `exists`): something is there; only a file replaces a file."""

    async def copy(self, root: str, source: str, target: str) -> None:
        """Copy a file or a folder; bounded. CONFLICT (code `exists`)."""

    async def write(self, root: str, path: str, data: bytes, base_hash: str | None) -> Node:
        """Put a file in place whole. CONFLICT (code `changed`) when the file is no longer the one whose SHA-256 is `base_hash`
        (empty: there must be none; None: whatever is there). Missing folders are made."""

    async def remove_file(self, root: str, path: str, modified: float) -> bool:
        """Remove an ordinary file for good, if it was not changed since `modified`. False: it stays."""

    async def erase(self, root: str, path: str) -> None:
        """Remove a file, a link or a folder with all in it, for good."""

    async def receive(self, root: str, expected: int) -> IncomingFile:
        """A new file of about `expected` bytes. UNAVAILABLE (`disk_full`) where there is no room for it."""

    async def sweep(self, root: str, before: float) -> None:
        """Remove what files that were being received left behind before that moment."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """Something in the trash. `owner` says whose root it came from; `at` is in Unix seconds."""

    id: str
    owner: str
    path: str
    size: int
    is_folder: bool
    at: float


class FileTrash(Protocol):
    """What was deleted and can be brought back."""

    async def put(self, item: Discarded, root: str) -> None:
        """Move `item.path` there; a link is moved itself. The `size` and the kind that are told later are the real ones."""

    async def items(self, owner: str) -> Sequence[Discarded]:
        """What came from that owner, the newest first."""

    async def restore(self, item: Discarded, root: str) -> None:
        """Put it back where it was, or nowhere: CONFLICT (code `exists`)."""

    async def erase(self, item_id: str) -> None:
        """Remove one for good."""

    async def purge(self, before: float) -> None:
        """Remove all that came before that moment, for good."""
