"""The folder that an OpenClaw keeps its state in: looked for, looked into, copied from. Nothing in it is ever changed.

All of it blocks; callers run it in threads. Links are not followed: what they lead to is not the folder's.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDERS = (".openclaw", ".clawdbot", ".moltbot", ".moldbot")
CONFIGURATIONS = ("openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json")
_VARIABLES = ("OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR")
MOST_BYTES = 256 << 20
"""Of one file."""


class TooLarge(Exception):
    """A folder has more in it than will be copied."""


@dataclass(frozen=True, slots=True)
class OpenClawFolder:
    """One such folder."""

    root: Path

    @classmethod
    def found(cls, environment: Mapping[str, str], home: Path) -> OpenClawFolder | None:
        """The one of this user: as the environment says, else the newest name that there is."""
        named = (environment.get(name) for name in _VARIABLES)
        places = [Path(name).expanduser() for name in named if name] or [home / name for name in FOLDERS]
        return next((cls(place) for place in places if place.is_dir()), None)

    @property
    def configuration(self) -> Path | None:
        """Its configuration file."""
        return next((self.root / name for name in CONFIGURATIONS if (self.root / name).is_file()), None)

    def agents(self) -> list[str]:
        """The agents that have a folder."""
        return sorted(entry.name for entry in _entries(self.root / "agents") if entry.is_dir(follow_symlinks=False))

    def agent_part(self, agent: str, part: str, default: str) -> Path:
        """A folder of an agent's: `sessions` or `agent`. The `default` agent's stood at the top once."""
        own = self.root / "agents" / agent / part
        return self.root / part if agent == default and not own.is_dir() else own

    def names(self, folder: Path) -> list[str]:
        """The names of the plain files in a folder."""
        return sorted(entry.name for entry in _entries(folder) if entry.is_file(follow_symlinks=False))

    def folders(self, folder: Path) -> list[Path]:
        """The folders in a folder."""
        return sorted(Path(entry.path) for entry in _entries(folder) if entry.is_dir(follow_symlinks=False))

    def read(self, path: Path) -> bytes | None:
        """A file; None where there is none. Raises OSError, also for what is too large or no plain file."""
        try:
            return _read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def document(self, path: Path) -> Any:
        """A JSON file; None where there is none. Raises ValueError, OSError."""
        content = self.read(path)
        return None if content is None else json.loads(content)


@dataclass(slots=True)
class Copied:
    """What came of copying a folder: files copied, the same already, other ones that were kept, and those left out (links,
    devices, what is too large)."""

    copied: int = 0
    same: int = 0
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def copy_tree(
    source: Path,
    target: Path,
    templates: Mapping[str, Collection[str]],
    most_files: int,
    most_bytes: int,
    dry_run: bool = False,
) -> Copied:
    """Copy what is in `source` to `target`, file by file, each put in place whole. A file that is there with other content is
    kept, unless it is an untouched one of `templates` (by name). Raises `TooLarge` before anything is copied, OSError."""
    files = list(_walk(source, most_files, most_bytes))
    result = Copied()
    for path, status in files:
        name = path.relative_to(source).as_posix()
        if status is None or status.st_size > MOST_BYTES:
            result.left.append(name)
            continue
        _copy(path, target / name, name, templates, result, dry_run)
    return result


def put_file(target: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file in place in one step; folders that are missing are made, for their owner alone."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Always the same name: what a move that was cut off left behind, the next one takes up.
    fresh = target.with_name(f".{target.name[:200]}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _copy(
    path: Path, target: Path, name: str, templates: Mapping[str, Collection[str]], result: Copied, dry_run: bool
) -> None:
    content = _read(path)
    try:
        before = _read(target)
    except (FileNotFoundError, NotADirectoryError):
        before = None
    if before == content:
        result.same += 1
        return
    if before is not None and before not in [text.encode() for text in templates.get(name, [""])]:
        result.kept.append(name)
        return
    if not dry_run:
        put_file(target, content, 0o700 if path.stat().st_mode & stat.S_IXUSR else 0o600)
    result.copied += 1


def _walk(source: Path, most_files: int, most_bytes: int) -> Iterator[tuple[Path, os.stat_result | None]]:
    """The files below a folder with their status; None for what is none (a link, a socket)."""
    waiting, files, size = [source], 0, 0
    while waiting:
        folder = waiting.pop()
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                waiting.append(Path(entry.path))
                continue
            files, size = files + 1, size + status.st_size
            if files > most_files or size > most_bytes:
                raise TooLarge
            yield Path(entry.path), status if stat.S_ISREG(status.st_mode) else None


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise OSError(f"{path} is no plain file, or too large")
        return file.read(MOST_BYTES)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
