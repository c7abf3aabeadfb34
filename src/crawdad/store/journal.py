"""The journal: exchanges go into the spool at once, and from there into the database in batches.

`record` is done before the last byte of an answer goes out, and costs a few microseconds. What it took is in the database
sooner or later: within about a quarter of a second, when the database is back, or when the next process finds the spool.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.text import Text
from crawdad.store.background import Pause, running
from crawdad.store.database import Database
from crawdad.store.exchanges import ExchangeLog, Follower
from crawdad.store.filelock import exclusive
from crawdad.store.key_values import Counters
from crawdad.store.records import pack, pack_charge
from crawdad.store.spool import DEFAULT_CAPACITY, Batch, DamagedSpool, Spool

_BATCH = 512
_GATHER_SECONDS = 0.25
_DROPPED = "journal.dropped/"
"""One counter a spool that ever dropped, so that reporting its number twice counts it once."""

_log = logging.getLogger(__name__)


class SpoolJournal:
    """The `Journal` of this process. Made by `open_journal`; used from the event loop alone."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        orphans: Sequence[Spool],
        followers: Sequence[Follower] = (),
        charge: Follower | None = None,
    ) -> None:
        self._exchanges = ExchangeLog(database, followers, charge)
        self._counters = Counters(database)
        self._spool = spool
        self._orphans = list(orphans)
        self._dropped_before = 0
        self._dropped_told = 0
        self._some = asyncio.Event()
        self._many = asyncio.Event()
        self._one_writer = asyncio.Lock()
        self.fault: GatewayError | None = None
        """What the database answered last, where it takes no exchanges."""

    def record(self, exchange: Exchange) -> None:
        """Keep `exchange`: after this call a kill of the process does not lose it. When there is no room it is counted, and
        what it owes to a budget is kept alone."""
        spool = self._spool
        if not spool.append(pack(exchange)):
            if not exchange.budgeted:
                return
            if not spool.append_to_spare(pack_charge(exchange)):
                _log.error("an exchange is not charged to its budget: not even its charge finds room in the spool")
                return
        if spool.pending == 1:
            self._some.set()
        elif spool.pending == _BATCH:
            self._many.set()

    @property
    def dropped(self) -> int:
        """How many exchanges were given up since the data directory was made, as far as this process knows."""
        return self._dropped_before + self._spool.dropped

    @property
    def pending(self) -> int:
        """How many exchanges of this process wait to be written to the database."""
        return self._spool.pending

    async def count_dropped(self) -> None:
        """Learn what was dropped before, by the dead processes too."""
        for orphan in self._orphans:
            if orphan.dropped:
                await self._report(orphan)
        self._dropped_before = await self._counters.total(_DROPPED)

    async def flush(self) -> None:
        """Write everything recorded so far, and what dead processes left. Raises UNAVAILABLE when the database is."""
        async with self._one_writer:
            while self._orphans:
                await self._settle(self._orphans[0])
                self._orphans.pop(0).close(remove=True)
            await self._write(self._spool)
            if self._spool.dropped > self._dropped_told:
                self._dropped_told = await self._report(self._spool)

    async def keep_writing(self) -> None:
        """Flush whenever there is something to write, for ever."""
        pause = Pause()
        while True:
            try:
                await self.flush()
                pause.reset()
                self.fault = None
                await self._gather()
            except Exception as error:
                self.fault = error if isinstance(error, GatewayError) else None
                _log.warning("%d exchanges wait for the database: %s", self._spool.pending, error)
                await pause.wait()

    def close(self) -> None:
        """Let go of the spools. Those with records left stay on disk for the next process."""
        for orphan in self._orphans:
            orphan.close(remove=False)
        self._spool.close(remove=self._spool.pending == 0 and self._spool.dropped == self._dropped_told)

    async def _gather(self) -> None:
        """Wait for something to write, and then a little longer for more: a batch costs the less the fuller it is."""
        if not self._spool.pending:
            self._some.clear()
            await self._some.wait()
        if self._spool.pending < _BATCH:
            self._many.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._many.wait()

    async def _settle(self, orphan: Spool) -> None:
        """Write what a dead process left. What it dropped was counted when it was found."""
        before = orphan.dropped
        await self._write(orphan)
        if orphan.dropped > before:
            self._dropped_before += orphan.dropped - before
            await self._report(orphan)

    async def _write(self, spool: Spool) -> None:
        end = spool.end
        while spool.pending and spool.committed < end:
            batch = spool.batch(_BATCH)
            try:
                await self._exchanges.insert(batch.records)
            except GatewayError as error:
                if error.kind not in (ErrorKind.BAD_REQUEST, ErrorKind.CONFLICT):
                    raise
                await self._write_singly(spool, batch)
            spool.commit(batch)

    async def _write_singly(self, spool: Spool, batch: Batch) -> None:
        """One record that the database refuses must not hold up the others: it alone is given up, and counted. What it owes
        to a budget is charged all the same."""
        for record in batch.records:
            try:
                await self._exchanges.insert([record])
            except GatewayError as error:
                if error.kind not in (ErrorKind.BAD_REQUEST, ErrorKind.CONFLICT):
                    raise
                await self._charge_refused(record)
                spool.drop()
                _log.error("the database refuses an exchange: %s", error)

    async def _charge_refused(self, record: bytes) -> None:
        try:
            await self._exchanges.charge([record])
        except GatewayError as error:
            if error.kind not in (ErrorKind.BAD_REQUEST, ErrorKind.CONFLICT):
                raise
            _log.error("an exchange that the database refuses cannot be charged to its budget either: %s", error)

    async def _report(self, spool: Spool) -> int:
        dropped = spool.dropped
        await self._counters.raise_to(_DROPPED + spool.name, dropped)
        return dropped


@asynccontextmanager
async def open_journal(
    database: Database,
    folder: Path,
    capacity: int = DEFAULT_CAPACITY,
    closing_seconds: float = 5.0,
    followers: Sequence[Follower] = (),
    charge: Follower | None = None,
    without_disk: bool = False,
) -> AsyncIterator[SpoolJournal]:
    """The journal with its spool in `folder`; spools of dead processes there are written first.

    On leaving, what is left is written within `closing_seconds`, or stays in the spool for the next process.
    `capacity` is in bytes; `followers` and `charge` are those of `ExchangeLog`.
    `without_disk`: where the disk has no room for a spool, one in memory will do, that a kill of the process takes with it.
    Raises UNAVAILABLE when the spool cannot be made.
    """
    try:
        spool, orphans = await _take_spools(folder, capacity)
    except GatewayError as error:
        if not without_disk:
            raise
        _log.error("exchanges are kept in memory until the database has them: %s", error.message())
        spool, orphans = Spool.in_memory(folder, capacity), []
    journal = SpoolJournal(database, spool, orphans, followers, charge)
    try:
        await journal.count_dropped()
        async with running(journal.keep_writing()):
            yield journal
    finally:
        try:
            await _finish(journal, closing_seconds)
        finally:
            journal.close()


async def _finish(journal: SpoolJournal, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await journal.flush()
    except (TimeoutError, GatewayError) as error:
        _log.warning("%d exchanges stay in the spool for the next start: %s", journal.pending, error)


async def _take_spools(folder: Path, capacity: int) -> tuple[Spool, list[Spool]]:
    """A new spool, and those whose process is dead. Processes that start together take turns."""
    try:
        _make_folder(folder)
        async with exclusive(folder / "lock"):
            spool = await asyncio.to_thread(Spool.create, folder, capacity)
            return spool, await asyncio.to_thread(_orphans, folder)
    except OSError as error:
        words = Text("store.spool", {"path": folder, "reason": error})
        raise GatewayError(ErrorKind.UNAVAILABLE, words) from error


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _orphans(folder: Path) -> list[Spool]:
    """The spools in `folder` whose process is dead, oldest first, now held by this one."""
    found = []
    for path in sorted(folder.glob("*.spool"), key=lambda path: path.stat().st_mtime):
        try:
            spool = Spool.adopt(path)
        except (DamagedSpool, OSError, ValueError) as error:
            _log.error("the spool %s cannot be read, and stays: %s", path, error)
            continue
        if spool is not None:
            found.append(spool)
    return found
