"""Saving what can be read of a damaged database: laid over the newest snapshot that is sound, or over an empty one, looked
through, and put in place while no application runs. The damaged files stay beside it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from crawdad.core.backups import DATABASE_ROOT, Backup
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.switches import Switches, SwitchMove, under_way
from crawdad.core.text import Text
from crawdad.services.backups.service import DATABASE_FILE, Backups
from crawdad.store.copying import rehearse_migration
from crawdad.store.database import open_database
from crawdad.store.salvage.laying import Salvaged

PURPOSE = "restore"
_MOST_CANDIDATES = 4
_SNAPSHOT = "snapshot.db"
_log = structlog.get_logger(__name__)

Work = Callable[[Path, Path, Path | None], Awaitable[Sequence[Salvaged]]]
"""Lays the damaged file (the first) over the second, made of the third (`store.salvage.laying`). Raises `GatewayError`."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was put in place: over which backup (None: over an empty database), table by table."""

    backup: Backup | None
    tables: tuple[Salvaged, ...]


class Salvages:
    """Of one installation."""

    def __init__(self, backups: Backups, switches: Switches, new_id: Callable[[], str], work: Work) -> None:
        self._backups, self._switches, self._new_id, self._work = backups, switches, new_id, work

    async def save(self) -> Saved:
        """Do it. Raises what the work raises, CONFLICT where something else is being put in place, UNAVAILABLE without room."""
        path = self._backups.ground.database_path
        if path is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("healing.why.postgresql"))
        found = await self._switches.current()
        if found is not None:
            raise under_way(found)
        target, name = path.resolve(), self._new_id()
        await asyncio.to_thread(_need_room, target)
        folder = Path(self._switches.beside(str(target), name))
        try:
            await asyncio.to_thread(_tidy, target)
            backup = await self._stage_newest(folder)
            original = folder / _SNAPSHOT if backup is not None else None
            tables = tuple(await self._work(target, folder / DATABASE_FILE, original))
            moves = [SwitchMove(str(target), str(folder / DATABASE_FILE), keep=True)]
            moves += [SwitchMove(f"{target}{ending}", keep=True) for ending in ("-wal", "-shm")]
            detail = {"backup": backup.id if backup else None, "parts": ["database"], "leftovers": [str(folder)]}
            await self._switches.prepare(name, PURPOSE, moves, detail)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        await self._switches.perform()
        return Saved(backup, tables)

    async def _stage_newest(self, folder: Path) -> Backup | None:
        """The newest snapshot that can be used lies ready in `folder`, as it was and brought to this schema; else an empty
        database does."""
        listed = [backup for backup in await self._backups.listed() if "database" in backup.parts]
        for backup in listed[:_MOST_CANDIDATES]:
            try:
                await self._stage(backup, folder)
            except GatewayError as error:
                _log.warning("backup_not_used", backup=backup.id, reason=error.message())
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            else:
                return backup
        await asyncio.to_thread(folder.mkdir, mode=0o700)
        async with open_database(f"sqlite:///{folder / DATABASE_FILE}"):
            pass
        await rehearse_migration(folder / DATABASE_FILE)  # it is one file then
        return None

    async def _stage(self, backup: Backup, folder: Path) -> None:
        manifest, ground = await self._backups.read(backup.id), self._backups.ground
        entry = manifest.find(DATABASE_ROOT, DATABASE_FILE)
        faults = await self._backups.store.verify(manifest, ("database",))
        if entry is None or faults:
            raise GatewayError(ErrorKind.INTERNAL, Text("backups.no_part", {"part": "database"}))
        await asyncio.to_thread(ground.knows_key, manifest.backup.key_check)
        await self._backups.store.extract([entry], str(folder), ground.open_sealed)
        place = folder / DATABASE_FILE
        os.chmod(place, 0o600)
        await asyncio.to_thread(shutil.copyfile, place, folder / _SNAPSHOT)
        await rehearse_migration(place)


def _need_room(target: Path) -> None:
    """A copy of what is damaged, the snapshot twice and what comes of both: each about as large as the others."""
    log = target.with_name(f"{target.name}-wal")
    size = target.stat().st_size + (log.stat().st_size if log.exists() else 0)
    needed, free = 4 * size + (32 << 20), shutil.disk_usage(target.parent).free
    if free < needed:
        raise GatewayError(
            ErrorKind.UNAVAILABLE, Text("healing.why.no_room", {"needed": needed >> 20, "free": free >> 20})
        )


def _tidy(target: Path) -> None:
    """What was staged by one that was killed is not needed: nothing is being put in place."""
    for path in target.parent.glob(f".{target.name}.*.new"):
        shutil.rmtree(path, ignore_errors=True)
