"""Packages of files (skills, plugins): read into memory within limits, and put there whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.agent_files.archives import Gathered, gather_archive, gather_folder
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.skills import Package
from crawdad.core.text import Text


@dataclass(frozen=True, slots=True)
class PackageKind:
    """What packages of a kind are known by: one of the files `heads` stands at their top. `record` is the file in which it
    is noted where one came from; `words` begins the names of the messages `no_head` and `exists`."""

    words: str
    record: str
    heads: tuple[str, ...]
    refuses_privileged: bool = False
    """Whether setuid and setgid are a reason to refuse it, or are merely not kept."""


class LocalPackages:
    """`core.skills.SkillPackages`: keeps installed packages below `root`."""

    kind: PackageKind

    def __init__(self, root: Path) -> None:
        self.root = root

    async def read(self, path: str, most_bytes: int, most_files: int) -> Package:
        return await asyncio.to_thread(_read, self.kind, path, most_bytes, most_files)

    async def unpack(self, data: bytes, source: str, most_bytes: int, most_files: int) -> Package:
        return await asyncio.to_thread(_unpack, self.kind, data, source, most_bytes, most_files)

    async def files(self, data: bytes, most_bytes: int, most_files: int) -> Mapping[str, bytes]:
        """The files of any archive, wherever its head is."""
        return (await asyncio.to_thread(gather_archive, data, most_bytes, most_files)).files

    async def install(self, name: str, package: Package, record: Mapping[str, object], replace: bool) -> str:
        return await asyncio.to_thread(self._install, name, package, record, replace)

    async def remove(self, name: str) -> bool:
        return await asyncio.to_thread(self._remove, name)

    async def record(self, name: str) -> Mapping[str, object]:
        return await asyncio.to_thread(self._record, name)

    def _install(self, name: str, package: Package, record: Mapping[str, object], replace: bool) -> str:
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self.root / name
        if (target.exists() or target.is_symlink()) and not replace:
            raise GatewayError(ErrorKind.CONFLICT, Text(f"{self.kind.words}.exists", {"name": name}))
        staged = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.root))
        try:
            for path, data in package.files.items():
                place = staged / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
                place.chmod(0o755 if path in package.executable else 0o644)
            (staged / self.kind.record).write_text(json.dumps(dict(record), indent=2))
            staged.chmod(0o755)
            self._remove(name)
            os.rename(staged, target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        return str(target)

    def _remove(self, name: str) -> bool:
        """Out of the way in one step, then away."""
        target = self.root / name
        if target.is_symlink():
            target.unlink()
            return True
        if not target.is_dir():
            return False
        away = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.root))
        os.rename(target, away / name)
        shutil.rmtree(away, ignore_errors=True)
        return True

    def _record(self, name: str) -> Mapping[str, object]:
        try:
            found = json.loads((self.root / name / self.kind.record).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _read(kind: PackageKind, path: str, most_bytes: int, most_files: int) -> Package:
    path = os.path.expanduser(path)
    try:
        if os.path.isdir(path):
            gathered = gather_folder(path, most_bytes, most_files)
            return _package(kind, gathered, gathered.digest(), os.path.abspath(path))
        if os.path.getsize(path) > most_bytes:
            raise bad_request("skills.too_much", "source", files=most_files, bytes=most_bytes)
        with open(path, "rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise bad_request("skills.unreadable", "source", path=path, reason=os.strerror(error.errno or 0)) from None
    return _unpack(kind, data, os.path.abspath(path), most_bytes, most_files)


def _unpack(kind: PackageKind, data: bytes, source: str, most_bytes: int, most_files: int) -> Package:
    return _package(kind, gather_archive(data, most_bytes, most_files), hashlib.sha256(data).hexdigest(), source)


def _package(kind: PackageKind, gathered: Gathered, digest: str, source: str) -> Package:
    """The files as they will lie: below the directory that the head is in."""
    if kind.refuses_privileged and gathered.privileged:
        raise bad_request("skills.privileged", "source", path=gathered.privileged[0])
    files = gathered.files
    if not files.keys() & set(kind.heads):
        tops = {path.partition("/")[0] for path in files}
        top = tops.pop() if len(tops) == 1 else ""
        if not any(f"{top}/{head}" in files for head in kind.heads):
            raise bad_request(f"{kind.words}.no_head", "source")
        files = {path.partition("/")[2]: data for path, data in files.items()}
        executable = frozenset(path.partition("/")[2] for path in gathered.executable)
        return Package(files, executable, digest, source)
    return Package(files, frozenset(gathered.executable), digest, source)
