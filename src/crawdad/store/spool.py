"""The spool: a ring of records in a memory-mapped file, one file a process.

Writing a record is a copy into the page cache, so it costs no system call and survives whatever happens to the process
(though not a power cut). The file is made at its full size: a full disk is met at the start, not at a record.

Layout: a page of header, then the ring. Positions count bytes since the spool was made; a position's place in the ring is
its remainder by the capacity. The header holds the position up to which records were committed to the database; the end is
where records stop being valid. A record is its own position, length and checksum, then the payload: what is left of
an earlier round or was cut off by a kill has the wrong position or checksum.
"""

from __future__ import annotations

import mmap
import os
import secrets
import struct
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crawdad.store.filelock import try_lock

DEFAULT_CAPACITY = 16 * 1024 * 1024

_HEADER_BYTES = 4096
_MAGIC = struct.unpack("=Q", b"CRAWSPL1")[0]
_AT_MAGIC, _AT_CAPACITY, _AT_COMMITTED, _AT_DROPPED = range(4)
"""Places in the header, counted in 64-bit words of this machine: one store each, so a kill cannot tear them."""
_FRAME = struct.Struct("=QII")
_LET_GO_BYTES = 1024 * 1024
_SPARE = 16
"""One part in so many of the ring is for what must not be dropped."""


class DamagedSpool(Exception):
    """The file is not a spool that this program can read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records in their order, and the position behind the last of them."""

    records: list[bytes]
    end: int


class Spool:
    """One open and locked spool file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, 0)
        self._words = memoryview(self._map)[:_HEADER_BYTES].cast("Q")
        self._capacity: int = self._words[_AT_CAPACITY]
        self._committed: int = self._words[_AT_COMMITTED]
        self._origin = self._end = self._committed
        self._closed = False
        self.pending = 0
        """How many records are not committed yet."""
        self.dropped: int = self._words[_AT_DROPPED]
        """How many records were given up, in this spool's whole life; it survives a kill."""

    @classmethod
    def create(cls, folder: Path, capacity: int = DEFAULT_CAPACITY) -> Self:
        """A new spool in `folder`, whose lock the caller holds. Raises OSError, as when the disk is full."""
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}.spool"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try_lock(descriptor)
            return cls._made(path, descriptor, capacity)
        except BaseException:
            path.unlink()
            os.close(descriptor)
            raise

    @classmethod
    def in_memory(cls, folder: Path, capacity: int = DEFAULT_CAPACITY) -> Self:
        """A spool that ends with the process, for where the disk has no room for one."""
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}.memory"  # its name; there is no such file
        descriptor = _memory_file()
        try:
            return cls._made(path, descriptor, capacity)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def _made(cls, path: Path, descriptor: int, capacity: int) -> Self:
        _reserve(descriptor, _HEADER_BYTES + capacity)
        os.pwrite(descriptor, struct.pack("=QQ", _MAGIC, capacity), 0)
        return cls(path, descriptor)

    @classmethod
    def adopt(cls, path: Path) -> Self | None:
        """Take over the spool of a dead process. None when its process lives, or nothing was ever written to it."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            if not try_lock(descriptor):
                os.close(descriptor)
                return None
            magic, capacity = struct.unpack("=QQ", os.pread(descriptor, 16, 0).ljust(16, b"\0"))
            if magic == 0:
                path.unlink()
                os.close(descriptor)
                return None
            if magic != _MAGIC or os.fstat(descriptor).st_size != _HEADER_BYTES + capacity:
                raise DamagedSpool(path)
            spool = cls(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        spool._find_end()
        return spool

    @property
    def name(self) -> str:
        """What tells this spool from every other."""
        return self.path.stem

    @property
    def committed(self) -> int:
        """The position up to which records are in the database."""
        return self._committed

    @property
    def end(self) -> int:
        """The position behind the last record."""
        return self._end

    def drop(self, count: int = 1) -> None:
        """Count records that were given up."""
        self.dropped += count
        if not self._closed:
            self._words[_AT_DROPPED] = self.dropped

    def append(self, payload: bytes) -> bool:
        """Keep a record. False, and one more dropped, when there is no room for it."""
        capacity = self._capacity
        if self._append(payload, capacity - capacity // _SPARE):
            return True
        self.drop()
        return False

    def append_to_spare(self, payload: bytes) -> bool:
        """Keep a record where the room of others ends. False when there is none here either."""
        return self._append(payload, self._capacity)

    def _append(self, payload: bytes, room: int) -> bool:
        end = self._end
        after = end + _FRAME.size + len(payload)
        if after - self._committed > room:
            return False
        self._copy_in(end, _FRAME.pack(end, len(payload), zlib.crc32(payload)) + payload)
        self._end = after
        self.pending += 1
        return True

    def batch(self, limit: int) -> Batch:
        """The first uncommitted records, at most `limit`."""
        records: list[bytes] = []
        position = self._committed
        while position < self._end and len(records) < limit:
            _, length, _ = _FRAME.unpack(self._copy_out(position, _FRAME.size))
            records.append(self._copy_out(position + _FRAME.size, length))
            position += _FRAME.size + length
        return Batch(records, position)

    def commit(self, batch: Batch) -> None:
        """Forget the records of a batch: they are in the database."""
        self.pending -= len(batch.records)
        if batch.end == self._end:
            self._rewind()
        else:
            self._committed = self._words[_AT_COMMITTED] = batch.end

    def close(self, remove: bool) -> None:
        """Let go of the file, and remove it when there is nothing left to be read from it. No record fits any more."""
        self._closed = True
        self._capacity = 0
        self._words.release()
        self._map.close()
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _rewind(self) -> None:
        """Start over at the beginning of the ring: few pages are in use as long as the database keeps up."""
        if self._end - self._origin > _LET_GO_BYTES:
            self._map.madvise(mmap.MADV_DONTNEED)  # for this process's memory only: the page cache keeps it all
        start = self._end + self._capacity - self._end % self._capacity
        self._origin = self._end = self._committed = self._words[_AT_COMMITTED] = start

    def _find_end(self) -> None:
        while (length := self._valid_length(self._end)) is not None:
            self._end += _FRAME.size + length
            self.pending += 1

    def _valid_length(self, position: int) -> int | None:
        """The length of the record at `position`; None when there is no whole one."""
        room = self._committed + self._capacity - position
        if room < _FRAME.size:
            return None
        marked, length, checksum = _FRAME.unpack(self._copy_out(position, _FRAME.size))
        if marked != position or length == 0 or length > room - _FRAME.size:
            return None  # a ring that never held anything is all zeros, which must not read as an empty record
        payload = self._copy_out(position + _FRAME.size, length)
        return length if zlib.crc32(payload) == checksum else None

    def _copy_in(self, position: int, data: bytes) -> None:
        start = position % self._capacity
        first = self._capacity - start
        start += _HEADER_BYTES
        if len(data) <= first:
            self._map[start : start + len(data)] = data
        else:
            self._map[start : start + first] = data[:first]
            self._map[_HEADER_BYTES : _HEADER_BYTES + len(data) - first] = data[first:]

    def _copy_out(self, position: int, length: int) -> bytes:
        start = position % self._capacity
        first = self._capacity - start
        start += _HEADER_BYTES
        if length <= first:
            return self._map[start : start + length]
        return self._map[start : start + first] + self._map[_HEADER_BYTES : _HEADER_BYTES + length - first]


def _memory_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("spool")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _reserve(descriptor: int, size: int) -> None:
    """Make the file that large, with its blocks: a store into a mapped hole on a full disk would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.write(descriptor, bytes(size))
