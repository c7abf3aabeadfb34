"""Reports of what the gateway did about itself, and the journal of those who act while there is no database. The port is
`core.healing.HealFolder`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import HealEvent, HealReport, event_of, plain_event
from crawdad.core.text import Text

_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,99}\.md\Z", re.ASCII)
_MOST_BYTES = 1 << 20
_JOURNAL_BYTES = 4 << 20
_KEPT_EVENTS = 200
"""So many stay where the journal has become longer than that."""


class LocalHealFolder:
    """`reports/` and `heal/journal.jsonl` in a home directory, for their owner alone. `most`: how many reports stay."""

    def __init__(self, home: Path, most: Callable[[], int]) -> None:
        self._reports = home / "reports"
        self._journal = home / "heal" / "journal.jsonl"
        self._most = most

    async def write_report(self, name: str, text: str) -> None:
        """See `core.healing.HealFolder`."""
        await self._run(self._write_report, name, text)

    async def reports(self) -> Sequence[HealReport]:
        """See `core.healing.HealFolder`."""
        found: Sequence[HealReport] = await self._run(self._listed)
        return found

    async def read_report(self, name: str) -> str:
        """See `core.healing.HealFolder`."""
        return str(await self._run(self._read_report, name))

    async def note(self, event: HealEvent) -> None:
        """See `core.healing.HealFolder`."""
        await self._run(self._note, event)

    async def noted(self) -> Sequence[HealEvent]:
        """See `core.healing.HealFolder`."""
        found: Sequence[HealEvent] = await self._run(self._noted)
        return found

    async def forget(self, before: float) -> None:
        """See `core.healing.HealFolder`."""
        await self._run(self._forget, before)

    async def _run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *arguments)
        except OSError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error

    def _write_report(self, name: str, text: str) -> None:
        if not _NAME.match(name):
            raise _no_report()
        self._reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(self._reports / name, text.encode("utf-8", "replace"))
        for report in self._listed()[self._most() :]:
            with contextlib.suppress(FileNotFoundError):
                (self._reports / report.name).unlink()

    def _listed(self) -> list[HealReport]:
        found = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self._reports) as entries:
            for entry in entries:
                if _NAME.match(entry.name) and entry.is_file(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    found.append(HealReport(entry.name, state.st_size, state.st_mtime))
        return sorted(found, key=lambda report: (report.at, report.name), reverse=True)

    def _read_report(self, name: str) -> str:
        if all(report.name != name for report in self._listed()):
            raise _no_report()
        with os.fdopen(os.open(self._reports / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")

    def _note(self, event: HealEvent) -> None:
        self._journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if self._journal.exists() and self._journal.stat().st_size > _JOURNAL_BYTES:
                self._keep(self._noted()[-_KEPT_EVENTS:])
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            with os.fdopen(os.open(self._journal, flags, 0o600), "r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                # What a kill has cut off must not take this one with it.
                cut_off = size > 0 and file.read(1) != b"\n"
                file.write(b"\n" * cut_off + _line(event))
                file.flush()
                os.fsync(file.fileno())

    def _noted(self) -> list[HealEvent]:
        found: dict[str, HealEvent] = {}
        with contextlib.suppress(FileNotFoundError):
            for line in self._journal.read_bytes().splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):  # a line cut off by a kill
                    event = event_of(json.loads(line))
                    found[event.id] = event
        return sorted(found.values(), key=lambda event: event.at)

    def _forget(self, before: float) -> None:
        if self._journal.exists():
            with self._alone():
                self._keep([event for event in self._noted() if event.at >= before])

    def _keep(self, events: Sequence[HealEvent]) -> None:
        _replace(self._journal, b"".join(map(_line, events)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """A process that finishes up, the next one and the look before a start may write at the same time: what one of them
        appends must not get lost while another writes anew what is left."""
        path = self._journal.with_suffix(".lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _line(event: HealEvent) -> bytes:
    return json.dumps(plain_event(event)).encode() + b"\n"


def _replace(path: Path, data: bytes) -> None:
    # Of a report two processes may write at the same time, and two threads of one.
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _no_report() -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("healing.no_report"), {"code": "report_not_found"})
