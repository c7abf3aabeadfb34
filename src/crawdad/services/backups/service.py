"""Backups made and looked after. What restores them is `restoring`.

Files are kept by their contents, so that what has not changed costs nothing; the database is copied while it is in use.
Secrets are never in clear in a backup: those of the configuration are encrypted as they are in its file, whole files of secrets
(`.env`, the device key of the command line) are encrypted with the installation's key, and that key stays out.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from crawdad.core.backups import (
    CONFIG_ROOT,
    DATABASE_ROOT,
    PARTS,
    Backup,
    BackupKind,
    BackupReason,
    BackupStore,
    Entry,
    Fault,
    Given,
    Manifest,
    Part,
    Tree,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import SEALED_PREFIX
from crawdad.core.tasks import Report, Words
from crawdad.core.text import Text
from crawdad.services.backups.comparing import Comparison, compare_files, compare_texts, shown
from crawdad.services.backups.ground import Ground
from crawdad.services.backups.naming import free_name, named
from crawdad.services.backups.retention import expired
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.redaction import redacted_text
from crawdad.services.schedule.planning import parsed
from crawdad.store.copying import copy_database, schema_of
from crawdad.store.server_copying import copy_server

DATABASE_FILE = "crawdad.db"
CONFIGURATION: tuple[Part, ...] = ("config", "cron")
_MOST_TEXT = 8 << 20
_LOOK_SECONDS = 60.0
_LONGEST_PAUSE = 3600.0
_SEALED = re.compile(re.escape(SEALED_PREFIX) + r"[A-Za-z0-9_-]+")

_log = structlog.get_logger(__name__)


class _Silent:
    def progress(self, percent: float) -> None:
        """Nobody looks."""

    def say(self, text: Text | str) -> None:
        """Nobody listens."""


SILENT: Report = _Silent()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look through a backup found; none: it is whole."""

    backup: Backup
    faults: tuple[Fault, ...]


class Backups:
    """The backups of one installation."""

    def __init__(self, store: BackupStore, ground: Ground) -> None:
        self.store, self.ground = store, ground
        self.failed: Callable[[Words], Awaitable[None]] | None = None
        """Whom to tell why a backup that was due was not made."""

    async def listed(self) -> Sequence[Backup]:
        """All, the newest first."""
        return await self.store.listed()

    async def find(self, wanted: str) -> Backup:
        """The one called so, or whose name begins so, or `latest`. Raises NOT_FOUND, BAD_REQUEST."""
        return named(await self.store.listed(), wanted)

    async def read(self, wanted: str) -> Manifest:
        """The same with its files."""
        return await self.store.read((await self.find(wanted)).id)

    async def create(
        self, kind: BackupKind, reason: BackupReason, report: Report = SILENT, parts: Sequence[Part] = PARTS
    ) -> Backup:
        """Make one: of the configuration and the cron jobs, or of everything. Raises CONFLICT while another process makes
        one for long, UNAVAILABLE (no room), INTERNAL where the database is damaged."""
        async with self._held():
            return await self._create(kind, reason, report, CONFIGURATION if kind == "configuration" else parts)

    async def note_configuration(self, reason: BackupReason = "change") -> Backup | None:
        """Keep the configuration, unless the newest backup of it says the same."""
        async with self._held():
            loaded, _ = await self.ground.source.sealed_texts()
            newest = next((backup for backup in await self.store.listed() if "config" in backup.parts), None)
            if newest is not None and newest.configuration == fingerprint_of(loaded):
                return None
            return await self._create("configuration", reason, SILENT, CONFIGURATION)

    async def last_good_configuration(self) -> Backup | None:
        """The newest backup whose configuration was free of errors."""
        return next((backup for backup in await self.store.listed() if backup.valid and "config" in backup.parts), None)

    async def verify(self, wanted: str, parts: Sequence[Part] = PARTS) -> Verified:
        """Look through all contents, and at the key."""
        manifest = await self.read(wanted)
        faults = list(await self.store.verify(manifest, parts))
        try:
            await asyncio.to_thread(self.ground.knows_key, manifest.backup.key_check)
        except GatewayError as error:
            faults.append(Fault("", error.text))
        return Verified(manifest.backup, tuple(faults))

    async def text(self, manifest: Manifest, root: str, path: str) -> str | None:
        """A file of a backup as text, secrets in clear; None where it has none such."""
        entry = manifest.find(root, path)
        if entry is None:
            return None
        return await self._text(entry)

    async def configuration_texts(self, manifest: Manifest) -> dict[str, str]:
        """The files of a backup's configuration as they are kept, by their paths; secrets stay encrypted."""
        found = {}
        for entry in manifest.of(("config",)):
            if entry.root == CONFIG_ROOT:
                found[entry.path] = await self._text(entry)
        return found

    async def compare(self, old: str, new: str | None, labels: tuple[str, str] | None = None) -> Comparison:
        """One with another, or with what is there now (the configuration and the cron jobs then). `labels` are what the two are
        called in the difference, by default by their names."""
        before = await self.read(old)
        if new is not None:
            after = await self.read(new)
            texts, files, name = await self._shown_texts(after), after.entries, after.backup.id
        else:
            given, _, _ = await self._given([part for part in CONFIGURATION if part in before.backup.parts])
            texts = {_path(each): self._opened(each.data) for each in given if not each.sealed}
            files, name = (), "now"
        earlier = await self._shown_texts(before)
        diff, secrets, cut = await asyncio.to_thread(compare_texts, earlier, texts, labels or (before.backup.id, name))
        others = () if new is None else compare_files(_not_texts(before.entries), _not_texts(files))
        return Comparison(before.backup.id, name, diff, others, secrets, cut)

    async def shown(self, wanted: str) -> dict[str, str]:
        """The texts of a backup's configuration without their secrets."""
        return {path: shown(text) for path, text in (await self._shown_texts(await self.read(wanted))).items()}

    async def delete(self, wanted: Sequence[str]) -> int:
        """Throw some away: how many bytes that freed. Raises NOT_FOUND before anything is gone."""
        async with self._held():
            backups = await self.store.listed()
            return await self.store.delete([named(backups, each).id for each in wanted])

    async def prune(self) -> int:
        """Throw away those that have had their time: how many."""
        async with self._held():
            return await self._prune()

    async def export(self, wanted: str, target: str, passphrase: str | None = None, key: str | None = None) -> int:
        """Write one as a single file: its size. With a passphrase it is encrypted and the installation's key goes in."""
        async with self._held():
            return await self.store.pack(await self.read(wanted), target, passphrase, key)

    async def take_in(self, source: str, passphrase: str | None = None) -> tuple[Backup, str | None]:
        """Take in such a file, which may come from anybody: the backup, and the key that it came with. One that is here
        already stays as it is."""
        async with self._held():
            manifest, key = await self.store.unpack(source, passphrase)
            known = {backup.id: backup for backup in await self.store.listed()}
            backup = manifest.backup
            if backup.id in known:
                if (await self.store.read(backup.id)).entries == manifest.entries:
                    return known[backup.id], key
                raise GatewayError(ErrorKind.CONFLICT, Text("backups.other_of_name", {"id": backup.id}))
            await self.store.write(manifest)
            return backup, key

    async def follow_configuration(self) -> None:
        """The configuration may have changed: keep it. A disk that says no does not stop whoever changed it."""
        if not self.ground.settings().backup.enabled:
            return
        try:
            if await self.note_configuration() is not None:
                await self.prune()
        except GatewayError as error:
            _log.error("backup_failed", reason=error.message())

    async def keep_making(self) -> None:
        """Make snapshots at their times, for ever. One that fails is tried again, later each time: it may be the very copy that
        fills the disk."""
        pause = _LOOK_SECONDS
        while True:
            try:
                await self.make_due()
                pause = _LOOK_SECONDS
            except GatewayError as error:
                _log.error("backup_failed", reason=error.message(), again_in=pause)
                if self.failed is not None:
                    await self.failed(error.text)
                await self.ground.clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            await self.ground.clock.sleep(_LOOK_SECONDS)

    async def make_due(self) -> None:
        """Make the snapshot that is due, where one is. During a replacement two processes look at the same time."""
        if not await self._is_due():
            return
        async with self._held():
            if not await self._is_due():
                return
            backup = await self._create("full", "schedule", SILENT, PARTS)
            _log.info("backup_made", backup=backup.id, files=backup.files, bytes=backup.size)
            await self._prune()

    async def _is_due(self) -> bool:
        settings = self.ground.settings().backup
        if not settings.enabled:
            return False
        now = self.ground.clock.now()
        zone = self.ground.zone_of(settings.timezone)
        # What is of a time to come was made before the clock was set back, and says nothing.
        past = [backup for backup in await self.store.listed() if backup.created_at <= now]
        made = [backup.created_at for backup in past if backup.kind == "full"]
        if made:
            since = max(made)
        else:
            # A new installation waits for the time itself; where it did not run then, since its first configuration.
            since = min([now - _LOOK_SECONDS - 1, *(backup.created_at for backup in past)])
        following = parsed(settings.schedule).next_after(int(since), zone)
        return following is not None and following <= now

    async def _create(self, kind: BackupKind, reason: BackupReason, report: Report, parts: Sequence[Part]) -> Backup:
        ground = self.ground
        given, fingerprint, valid = await self._given(parts)
        backups = await self.store.listed()
        known = {entry.place: entry for entry in await self._newest(backups)}
        sources: list[Given | Tree] = [*given]
        skipped: list[str] = []
        schema = "" if ground.database is None else await schema_of(ground.database)
        database = ""
        async with self._making() as folder:
            if "database" in parts and await asyncio.to_thread(ground.has_database):
                database = "postgresql" if ground.database_path is None else "sqlite"
                copy = Path(folder) / DATABASE_FILE
                if await self._copied(copy, report):
                    sources.append(Tree("database", DATABASE_ROOT, str(copy), name=DATABASE_FILE))
            if "workspaces" in parts or "keys" in parts:
                trees, skipped = await asyncio.to_thread(ground.trees)
                wanted = set(parts) if ground.settings().backup.workspaces else set(parts) - {"workspaces"}
                sources += [tree for tree in trees if tree.part in wanted]
            report.progress(20)
            report.say(Text("backups.step.files"))
            counted = _Counted(report, len(known))
            gathered = await self.store.gather(sources, known, ground.seal, counted)
        now = ground.clock.now()
        entries = gathered.entries
        backup = Backup(
            id=free_name(now, {backup.id for backup in backups}),
            kind=kind,
            reason=reason,
            created_at=now,
            version=ground.version,
            schema=schema,
            valid=valid,
            database=database,
            key_check=await asyncio.to_thread(ground.key_check),
            files=len(entries),
            size=sum(entry.size for entry in entries),
            parts=tuple(part for part in PARTS if any(entry.part == part for entry in entries)),
            skipped=gathered.skipped_count + len(skipped),
            configuration=fingerprint,
        )
        await self.store.write(Manifest(backup, entries, (*skipped, *gathered.skipped)))
        report.progress(95)
        return backup

    async def _copied(self, target: Path, report: Report) -> bool:
        """The database as one file at `target`. False: it is a server's that cannot be opened; the rest is kept without it."""
        ground = self.ground
        if ground.database_path is None and ground.database is None:
            report.say(ground.no_server())
            return False
        report.say(Text("backups.step.database"))
        if ground.database_path is not None:
            await copy_database(ground.database_path, target)
        elif ground.database is not None:
            await copy_server(ground.database, target)
        return True

    async def _given(self, parts: Sequence[Part]) -> tuple[list[Given], str, bool]:
        """The configuration's files and the jobs, a hash over what the configuration says, and whether it is valid."""
        ground = self.ground
        loaded, texts = await ground.source.sealed_texts()
        given: list[Given] = []
        if "config" in parts:
            for path, text in texts:
                name = ground.config_path_of(path)
                if not name.startswith(".."):
                    # What cannot be read as configuration may hold secrets anywhere.
                    whole = redacted_text(text) is None and bool(text.strip())
                    given.append(Given("config", CONFIG_ROOT, name, text.encode(), sealed=whole))
            given += await ground.environment_file()
        if "cron" in parts:
            given += await ground.jobs()
        return given, fingerprint_of(loaded), loaded.is_valid

    async def _newest(self, backups: Sequence[Backup]) -> Sequence[Entry]:
        """The files of the newest full backup: what has not changed since is not read."""
        for backup in backups:
            if backup.kind == "full" and "workspaces" in backup.parts:
                try:
                    return (await self.store.read(backup.id)).of(("workspaces", "keys"))
                except GatewayError:
                    continue
        return ()

    async def _prune(self) -> int:
        gone = expired(await self.store.listed(), self.ground.settings().backup.retention, self.ground.clock.now())
        if gone:
            freed = await self.store.delete(gone)
            _log.info("backups_pruned", backups=len(gone), bytes=freed)
        return len(gone)

    async def _text(self, entry: Entry) -> str:
        data = await self.store.content(entry, _MOST_TEXT)
        if entry.sealed:
            data = await asyncio.to_thread(self.ground.open_sealed, data)
        return data.decode("utf-8", "replace")

    async def _shown_texts(self, manifest: Manifest) -> dict[str, str]:
        found = {}
        for entry in manifest.of(CONFIGURATION):
            if not entry.sealed:
                data = await self.store.content(entry, _MOST_TEXT)
                found[_path(entry)] = await asyncio.to_thread(self._opened, data)
        return found

    def _opened(self, data: bytes) -> str:
        """A text whose encrypted secrets are in clear, as far as they open: two of them can be compared then."""

        def open_one(found: re.Match[str]) -> str:
            try:
                return self.ground.box.decrypt(found[0]).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            except GatewayError:
                return found[0]

        return _SEALED.sub(open_one, data.decode("utf-8", "replace"))

    @asynccontextmanager
    async def _making(self) -> AsyncIterator[str]:
        """A folder for what is on its way. It goes in a thread: to remove a file of gigabytes takes seconds."""
        folder = os.path.join(self.ground.home, "backups", "making")
        await asyncio.to_thread(_clean, folder)
        try:
            yield await asyncio.to_thread(tempfile.mkdtemp, prefix="backup-", dir=folder)
        finally:
            await asyncio.to_thread(_clean, folder)

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        release: Callable[[], None] = await self.store.held()
        try:
            yield
        except OSError as error:  # a disk that is full or takes nothing
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error
        finally:
            release()


class _Counted:
    """Progress by files, as far as it is known how many there will be."""

    def __init__(self, report: Report, expected: int) -> None:
        self._report, self._expected = report, max(1, expected)

    def __call__(self, files: int, size: int) -> None:
        self._report.progress(20 + 70 * min(1.0, files / self._expected) if self._expected > 1 else 50)


def _clean(folder: str) -> None:
    """An empty folder: what a killed process left goes. Whoever calls holds the lock."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700, exist_ok=True)


def fingerprint_of(loaded: Loaded) -> str:
    """A hash over what a configuration says (`Backup.configuration`)."""
    return hashlib.sha256(repr(loaded.fingerprint).encode()).hexdigest()


def _path(file: Given | Entry) -> str:
    return f"{file.root}/{file.path}"


def _not_texts(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.part not in CONFIGURATION or entry.sealed]
