"""Backups: what one holds, and what services need from wherever they are kept. Times are Unix seconds, sizes bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from crawdad.core.errors import bad_request
from crawdad.core.tasks import Words

BackupKind = Literal["configuration", "full"]
BackupReason = Literal["change", "manual", "schedule", "pre-restore", "pre-update", "import"]
Part = Literal["config", "cron", "database", "workspaces", "keys"]
PARTS: tuple[Part, ...] = ("config", "cron", "database", "workspaces", "keys")

CONFIG_ROOT = "config"
"""The folder of the configuration file."""
HOME_ROOT = "home"
"""The data directory."""
DATABASE_ROOT = "database"
CRON_ROOT = "cron"
WORKSPACE = "workspace:"
"""Before an agent's id: that agent's workspace."""
TREE = "tree:"
"""Before a name: a folder of that name in the data directory."""

_LONGEST_PATH = 4096
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a backup. `path` is relative to `root`; `blobs` are the pieces of its content, by their SHA-256. `sealed`: what
    is kept is the content encrypted with the installation's key. `link`: it is a symbolic link to there, and has no content.
    `stamp` tells a file that has not changed since without reading it."""

    part: Part
    root: str
    path: str
    sha256: str
    size: int
    mode: int
    blobs: tuple[str, ...] = ()
    sealed: bool = False
    link: str = ""
    stamp: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """What names it within a backup."""
        return self.root, self.path


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup without its files. `id` is its UTC time with milliseconds, safe in a file name (`2026-11-20T17-21-59-660Z`).

    `valid`: the configuration was free of errors. `database`: what kind it is (`sqlite`, `postgresql`), or empty (it was not
    asked for); it is in the backup where `parts` says so, as a SQLite file in either case. `key_check` opens with the key that
    sealed things are sealed with.
    """

    id: str
    kind: BackupKind
    reason: BackupReason
    created_at: float
    version: str
    schema: str = ""
    valid: bool = True
    database: str = ""
    key_check: str = ""
    files: int = 0
    size: int = 0
    parts: tuple[Part, ...] = ()
    skipped: int = 0
    configuration: str = ""
    """A hash over what the configuration says: two backups of one configuration have the same."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup with its files, and some of the paths that were left out (`Backup.skipped` counts all)."""

    backup: Backup
    entries: tuple[Entry, ...]
    skipped: tuple[str, ...] = ()

    def of(self, parts: Sequence[Part]) -> tuple[Entry, ...]:
        """The files of some parts."""
        return tuple(entry for entry in self.entries if entry.part in parts)

    def find(self, root: str, path: str) -> Entry | None:
        """One file."""
        return next((entry for entry in self.entries if entry.place == (root, path)), None)


@dataclass(frozen=True, slots=True)
class Given:
    """A file for a backup whose content is at hand."""

    part: Part
    root: str
    path: str
    data: bytes = field(repr=False)
    mode: int = 0o600
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder, or one file, for a backup: at `path` in full. Names that match one of `exclude` (`*` allowed) are left out.
    With `sealed` each file is encrypted. `name` is the file's path in the backup where `path` is one file."""

    part: Part
    root: str
    path: str
    exclude: tuple[str, ...] = ()
    sealed: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a tree or file came to."""

    entries: tuple[Entry, ...]
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file of a backup, or (with an empty path) with the backup."""

    path: str
    problem: Words


Progress = Callable[[int, int], None]
"""Told now and then: how many files, how many bytes."""

Seal = Callable[[bytes], bytes]


class BackupStore(Protocol):
    """Where backups are. All methods raise `GatewayError` (UNAVAILABLE where the disk says no)."""

    async def listed(self) -> Sequence[Backup]:
        """All backups, the newest first. Those that cannot be read are left out."""

    async def read(self, backup_id: str) -> Manifest:
        """One with its files. Raises NOT_FOUND, INTERNAL where it is damaged."""

    async def gather(
        self, sources: Sequence[Given | Tree], known: Mapping[tuple[str, str], Entry], seal: Seal, progress: Progress
    ) -> Gathered:
        """Keep the contents of files. Those in `known` that have not changed since are not read."""

    async def write(self, manifest: Manifest) -> None:
        """Make a backup of what was gathered: whole or not at all."""

    async def content(self, entry: Entry, limit: int) -> bytes:
        """What is kept of a file. Raises TOO_LARGE, INTERNAL where it is damaged."""

    async def verify(self, manifest: Manifest, parts: Sequence[Part]) -> Sequence[Fault]:
        """What is wrong with the contents."""

    async def extract(self, entries: Sequence[Entry], root: str, open_sealed: Seal) -> None:
        """Put files below the folder `root`, by their paths."""

    async def delete(self, backup_ids: Sequence[str]) -> int:
        """Remove backups and the contents that no other needs. Returns how many bytes that freed."""

    async def pack(self, manifest: Manifest, target: str, passphrase: str | None, key: str | None) -> int:
        """Write a backup as one file at `target`: its size. With a passphrase it is encrypted, and `key` goes in."""

    async def unpack(self, source: str, passphrase: str | None) -> tuple[Manifest, str | None]:
        """Take contents out of such a file: the manifest (which is not written), and the key where there is one."""

    def held(self) -> Awaitable[Callable[[], None]]:
        """Wait until no other process changes backups: the way to let go."""


def safe_path(path: str) -> str:
    """`path` where it stays below its root. Raises BAD_REQUEST."""
    steps = path.split("/")
    bad = not path or len(path) > _LONGEST_PATH or len(steps) > _DEEPEST or "\0" in path or path.startswith("/")
    if bad or any(step in ("", ".", "..") for step in steps):
        raise bad_request("backups.bad_path", path=path[:100])
    return path


def safe_link(path: str, target: str) -> bool:
    """Whether a symbolic link at `path` leads to a place below the same root."""
    if not target or target.startswith("/") or "\0" in target or len(target) > _LONGEST_PATH:
        return False
    depth = path.count("/")
    for step in target.split("/"):
        depth += -1 if step == ".." else 0 if step in ("", ".") else 1
        if depth < 0:
            return False
    return True
