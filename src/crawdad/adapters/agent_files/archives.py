"""Reading directories and archives that strangers made: nothing that leads out, no links, no devices, no bombs.

Sizes are counted as bytes come out, not as the archive says they will.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, cast

from crawdad.adapters.agent_files.beneath import read_beneath
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.files import digest_of_files

_BLOCK = 64 * 1024
_LONGEST_PATH = 400
_DEEPEST = 16
_PRIVILEGED = stat.S_ISUID | stat.S_ISGID
_LEFT_OUT = frozenset((".git", "__MACOSX", ".DS_Store", "node_modules", "__pycache__"))
_RECORDS = (".crawdad-skill.json", ".crawdad-plugin.json")


@dataclass(slots=True)
class Gathered:
    """Files by their paths, as they come in."""

    most_bytes: int
    most_files: int
    files: dict[str, bytes] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    privileged: list[str] = field(default_factory=list)
    """Those with setuid or setgid, bits that nobody keeps."""
    size: int = 0
    _folded: set[str] = field(default_factory=set)

    def add(self, path: str, stream: IO[bytes], mode: int) -> None:
        """One file with its permission bits. Raises BAD_REQUEST where it may not be."""
        pieces: list[bytes] = []
        if mode & _PRIVILEGED:
            self.privileged.append(path)
        if len(self.files) >= self.most_files:
            raise self.too_much()
        while piece := stream.read(_BLOCK):
            self.size += len(piece)
            if self.size > self.most_bytes:
                raise self.too_much()
            pieces.append(piece)
        folded = unicodedata.normalize("NFC", path).casefold()
        if folded in self._folded:  # some disks would take the two for one
            raise bad_request("skills.twice", "source", path=path)
        self._folded.add(folded)
        self.files[path] = b"".join(pieces)
        if mode & 0o100:
            self.executable.add(path)

    def too_much(self) -> GatewayError:
        """It is more than may be."""
        return bad_request("skills.too_much", "source", files=self.most_files, bytes=self.most_bytes)

    def digest(self) -> str:
        """A hash over paths and contents."""
        return digest_of_files(self.files)


def safe_path(name: str) -> str | None:
    """A member's path, cleaned; None where it is to be left out. Raises BAD_REQUEST where it leads out."""
    if name.startswith(("/", "\\")) or "\\" in name or ":" in name.partition("/")[0] or len(name) > _LONGEST_PATH:
        raise bad_request("skills.leads_out", "source", path=name[:100])
    steps = [step for step in name.split("/") if step not in ("", ".")]
    if ".." in steps or len(steps) > _DEEPEST or any(not character.isprintable() for character in name):
        raise bad_request("skills.leads_out", "source", path=name[:100])
    return None if not steps or _LEFT_OUT & set(steps) or steps[-1] in _RECORDS else "/".join(steps)


def gather_folder(root: str, most_bytes: int, most_files: int) -> Gathered:
    """A directory's files. Links in it are refused."""
    found = Gathered(most_bytes, most_files)
    for at, folders, names in os.walk(root, followlinks=False):
        for name in (*folders, *names):
            if name not in _LEFT_OUT and os.path.islink(os.path.join(at, name)):
                raise bad_request("skills.not_plain", "source", path=os.path.relpath(os.path.join(at, name), root))
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            path = safe_path(os.path.relpath(os.path.join(at, name), root))
            if path is None:
                continue
            read = read_beneath(at, (name,), most_bytes + 1)
            if read is None:
                raise bad_request("skills.not_plain", "source", path=path)
            found.add(path, io.BytesIO(read[0]), read[1].st_mode)
    return found


def gather_archive(data: bytes, most_bytes: int, most_files: int) -> Gathered:
    """An archive's files. Raises BAD_REQUEST where it is none, or not a fair one."""
    found = Gathered(most_bytes, most_files)
    try:
        if data[:2] == b"PK":
            _gather_zip(data, found)
        else:
            _gather_tar(data, found)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        raise bad_request("skills.no_archive", "source") from None
    return found


def _gather_zip(data: bytes, found: Gathered) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > 2 * found.most_files:
            raise found.too_much()
        for member in members:
            path = safe_path(member.filename)
            mode = member.external_attr >> 16
            if path is None or member.is_dir():
                continue
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise bad_request("skills.not_plain", "source", path=path)
            with archive.open(member) as stream:
                found.add(path, stream, mode)


class _Bounded(io.RawIOBase):
    """Reads no more than a package may have, with some room for what describes it (headers can be bombs as well)."""

    def __init__(self, raw: IO[bytes], found: Gathered) -> None:
        self._raw = raw
        self._found = found
        self._left = found.most_bytes + 4096 * found.most_files

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise self._found.too_much()
        data = self._raw.read(size)
        self._left -= len(data)
        return data


def _gather_tar(data: bytes, found: Gathered) -> None:
    raw: IO[bytes] = io.BytesIO(data)
    if data[:2] == b"\x1f\x8b":
        raw = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    with tarfile.open(fileobj=_Bounded(raw, found), mode="r|") as archive:
        seen = 0
        for member in archive:
            seen += 1
            if seen > 2 * found.most_files:
                raise found.too_much()
            path = safe_path(member.name)
            if path is None or member.isdir():
                continue
            if not member.isreg():
                raise bad_request("skills.not_plain", "source", path=path)
            stream = archive.extractfile(member)
            if stream is None:
                raise bad_request("skills.not_plain", "source", path=path)
            found.add(path, stream, member.mode)
