"""Putting a backup back. It is rehearsed first: contents looked through, the database checked and brought to this version's
schema on a copy, the configuration read as a start would read it. Only then something is ordered to be replaced, and before
that everything that will be is kept in a backup of its own, so that restoring that one undoes it.

What an application has in use is replaced while none runs (`core.switches`); a configuration alone, and cron jobs, at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from crawdad.core.backups import (
    CONFIG_ROOT,
    DATABASE_ROOT,
    HOME_ROOT,
    PARTS,
    Backup,
    Entry,
    Manifest,
    Part,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import Cause
from crawdad.core.switches import Performed, Switch, Switches, SwitchMove, under_way
from crawdad.core.tasks import Report, Words
from crawdad.core.text import Text
from crawdad.services.backups.ground import ENVIRONMENT_FILE
from crawdad.services.backups.rehearsal import (
    Rehearsal,
    Restored,
    Staged,
    Step,
    chosen_parts,
    needs_stop,
    refusal_of,
    throw_away,
)
from crawdad.services.backups.rows import BackupRows
from crawdad.services.backups.service import DATABASE_FILE, SILENT, Backups
from crawdad.services.configuration.source import ConfigurationSource, Edit
from crawdad.store.copying import rehearse_migration
from crawdad.store.schema import NEWER

PURPOSE = "restore"
PATIENCE_SECONDS = 86_400.0
"""For how long a restore waits for a database that does not answer. Until then nothing else is put in place."""
_LOOK_SECONDS = 60.0
_TRIES = 60
_TRY_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Restores:
    """Restores one installation. `source_at` reads a configuration elsewhere, as the installation's own is read."""

    def __init__(
        self,
        backups: Backups,
        switches: Switches,
        source_at: Callable[[str], Awaitable[ConfigurationSource]],
        new_id: Callable[[], str],
        write: Callable[[Edit], Awaitable[object]],
        jobs_changed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._backups, self._switches, self._source_at = backups, switches, source_at
        self._new_id, self._write = new_id, write
        self._rows = BackupRows(backups, jobs_changed)
        self.told: Callable[[Cause, Words], Awaitable[None]] | None = None
        """Has written down what people are to know of a restore that ended by itself."""
        self._waits = ""
        """The switch whose database did not answer when it was asked last."""
        self._untold: list[tuple[Cause, Words]] = []

    async def under_way(self) -> bool:
        """Whether something is being put in place. What waits for a database that does not answer is not: that may take a day,
        and the rest is to be looked after meanwhile."""
        found = await self._switches.current()
        return found is not None and found.id != self._waits

    async def standing(self, switch: str) -> Switch | None:
        """How a switch stands, or what became of it; None: it is neither under way nor the last that was."""
        for found in (await self._switches.current(), await self._switches.last()):
            if found is not None and found.id == switch:
                return found
        return None

    async def rehearse(self, wanted: str, parts: Sequence[Part] = PARTS, report: Report = SILENT) -> Rehearsal:
        """Try everything and replace nothing."""
        manifest = await self._backups.read(wanted)
        staged = Staged()
        name = self._new_id()
        try:
            return await self._rehearse(manifest, chosen_parts(manifest, parts), staged, name, report)
        finally:
            await asyncio.to_thread(throw_away, staged)

    async def restore(
        self,
        wanted: str,
        parts: Sequence[Part] = PARTS,
        report: Report = SILENT,
        *,
        main_only: bool = False,
        on_trial: bool = False,
    ) -> Restored:
        """Put it back; with `main_only` of the configuration its main file alone, which a running gateway takes up. `on_trial`:
        what was there comes back by itself where an application does not come to serve with it. Raises CONFLICT with what is
        wrong where the rehearsal did not pass; nothing was replaced then."""
        manifest = await self._backups.read(wanted)
        chosen = chosen_parts(manifest, parts)
        await self._settle_before(chosen)
        staged = Staged(main_only=main_only)
        name = self._new_id()
        try:
            rehearsal = await self._rehearse(manifest, chosen, staged, name, report)
            if not rehearsal.passed:
                raise refusal_of(rehearsal)
            report.progress(60)
            report.say(Text("backups.step.safety"))
            safety = await self._keep_present(chosen, staged, report)
            report.progress(85)
            performed: Performed = "done"
            switch = ""
            if (on_trial and staged.moves) or needs_stop(chosen, staged, self._backups.ground.config_path):
                has_rows = bool(staged.server) or "cron" in chosen
                detail = {
                    "backup": manifest.backup.id,
                    "parts": list(chosen),
                    "safety": safety.id if safety else None,
                    "leftovers": staged.folders,
                    "rows": has_rows,
                    "ordered": self._backups.ground.clock.now(),
                }
                await self._switches.prepare(name, PURPOSE, staged.moves, detail, rows=has_rows)
                switch = name
                staged.folders = []  # they are the switch's now
                if has_rows:
                    await self._write_rows(chosen, staged, manifest, report, name)
                performed = await self._switches.perform()  # this process may end with it
            else:
                await self._rows.put(manifest, chosen, staged.server, report)
                if staged.moves:
                    await self._write_configuration(manifest)
            report.say(Text(f"backups.performed.{performed}"))
            return Restored(rehearsal, safety, performed, switch)
        finally:
            await asyncio.to_thread(throw_away, staged)

    async def settle(self) -> Performed | None:
        """Bring to its end what a process left that was killed while it wrote rows: where they stand the rest is put in place,
        else nothing is, also where the database does not answer for `PATIENCE_SECONDS` and people are told of it (`told`).
        None: there is no such thing. Where the rest was undone, as no application came to serve with it, the rows are, too.
        Raises UNAVAILABLE where the database cannot be asked."""
        left = await self._switches.adopt()
        if left is not None:
            try:
                stands = await self._decide(left.id)
            except GatewayError as error:
                since = float(left.detail.get("ordered") or self._backups.ground.clock.now())
                self._waits = left.id
                if self.told is None or self._backups.ground.clock.now() - since < PATIENCE_SECONDS:
                    raise
                hours = round(PATIENCE_SECONDS / 3600)
                await self._give_up(Text("backups.gave_up", {"hours": hours, "reason": error.text}))
                return None
            return await self._switches.perform() if stands else None
        last = await self._switches.last()
        if last is not None and last.state == "undone" and last.detail.get("rows"):
            await self._take_back_rows(last)
        return None

    async def abandon(self) -> Switch:
        """Wait no longer for the database that a restore was being written into: nothing of it is put in place. Should its rows
        be found there some time, they are taken back. Raises CONFLICT where none waits, or somebody is at it for long."""
        left = _TRIES
        while (ended := await self._give_up(Text("backups.abandoned"))) is None:
            found = await self._switches.current()
            if found is None or found.state != "rows":
                raise GatewayError(ErrorKind.CONFLICT, Text("backups.none_waits"), {"code": "no_switch"})
            if not left:
                raise under_way(found)
            left -= 1
            await self._backups.ground.clock.sleep(_TRY_SECONDS)  # another process asks the database at this moment
        return ended

    async def keep_settled(self) -> None:
        """Do so whenever a process was killed, until cancelled."""
        while True:
            try:
                await self._tell_untold()
                await self.settle()
            except GatewayError as error:
                _log.warning("restore_not_settled", reason=error.message())
            await self._backups.ground.clock.sleep(_LOOK_SECONDS)

    async def _settle_before(self, parts: Sequence[Part]) -> None:
        """Nothing else is under way, or CONFLICT. What was undone may have left rows in a database that does not answer: that
        keeps nobody from restoring what needs none."""
        try:
            await self.settle()
        except GatewayError as error:
            if {"database", "cron"} & set(parts) and error.kind is not ErrorKind.NOT_FOUND:
                found = await self._switches.current()
                raise under_way(found) if found is not None else error from None
        found = await self._switches.current()
        if found is not None:
            raise under_way(found)

    async def _give_up(self, reason: Words) -> Switch | None:
        if await self._switches.adopt() is None:
            return None
        ended = await self._switches.give_up(reason)
        if ended is not None:
            _log.error("restore_given_up", switch=ended.id, backup=ended.detail.get("backup"))
            await self._tell("database_away", reason)
        return ended

    async def _tell(self, cause: Cause, words: Words) -> None:
        self._untold.append((cause, words))
        await self._tell_untold()

    async def _tell_untold(self) -> None:
        while self.told is not None and self._untold:
            await self.told(*self._untold[0])
            del self._untold[0]

    async def _take_back_rows(self, undone: Switch) -> None:
        """What was in the database before comes back; what anybody has written since is kept in a backup."""
        if not await self._rows.are_of(undone.id):
            return
        manifest = await self._backups.read(str(undone.detail["safety"]))
        parts = chosen_parts(manifest, undone.detail["parts"])
        staged = Staged()
        try:
            if "database" in parts:
                await self._stage_database(manifest, staged, self._new_id())
            since = await self._backups.create("full", "pre-restore", parts=parts)
            try:
                await self._rows.put(manifest, parts, staged.server, SILENT)
            except GatewayError:
                await self._backups.delete([since.id])  # this is tried again, with another one
                raise
        finally:
            await asyncio.to_thread(throw_away, staged)
        _log.warning("restored_rows_taken_back", switch=undone.id, backup=manifest.backup.id, kept=since.id)
        await self._tell("crash", Text("backups.rows_taken_back", {"backup": manifest.backup.id, "kept": since.id}))

    async def _write_rows(
        self, parts: tuple[Part, ...], staged: Staged, manifest: Manifest, report: Report, name: str
    ) -> None:
        try:
            await self._rows.put(manifest, parts, staged.server, report, name)
        except BaseException as error:
            # A connection that is lost while it commits leaves open whether it has.
            if not await self._decide(name) or not isinstance(error, GatewayError):
                raise
        else:
            await self._switches.rows_written()

    async def _decide(self, name: str) -> bool:
        """Whether the rows of a switch stand: else it is withdrawn."""
        try:
            stands = await self._rows.are_of(name)
        except BaseException:
            await self._switches.leave_rows()
            raise
        await (self._switches.rows_written() if stands else self._switches.withdraw())
        return stands

    async def _keep_present(self, parts: tuple[Part, ...], staged: Staged, report: Report) -> Backup | None:
        """A backup of what gives way. Where the present database is too damaged to be copied, its files stay lying as they
        are, beside the restored one."""
        ground = self._backups.ground
        if not await asyncio.to_thread(ground.has_database):
            parts = tuple(part for part in parts if part != "database")
        try:
            return await self._backups.create("full", "pre-restore", parts=parts) if parts else None
        except GatewayError as error:
            in_file = ground.database_path is not None and "database" in parts
            if not in_file or error.details.get("code") not in ("damaged", "no_copy"):
                raise
            report.say(error.text)
        rest = tuple(part for part in parts if part != "database")
        target = str(ground.database_path)
        staged.moves = [replace(move, keep=move.target.startswith(target)) for move in staged.moves]
        report.say(Text("backups.kept_beside", {"path": target}))
        return await self._backups.create("full", "pre-restore", parts=rest) if rest else None

    async def _rehearse(
        self, manifest: Manifest, parts: tuple[Part, ...], staged: Staged, name: str, report: Report
    ) -> Rehearsal:
        steps: list[Step] = []

        async def attempt(step: str, work: Awaitable[None]) -> bool:
            report.say(Text(f"backups.step.{step}"))
            try:
                await work
                steps.append(Step(step))
            except GatewayError as error:
                steps.append(Step(step, error.text))
                report.say(error.text)
            return steps[-1].problem is None

        whole = await attempt("contents", self._check_contents(manifest, parts))
        whole = await attempt("key", self._check_key(manifest, parts)) and whole
        report.progress(20)
        if whole:  # of what is damaged nothing can be tried
            if "config" in parts:
                await attempt("configuration", self._stage_configuration(manifest, staged, name))
            if "cron" in parts:
                await attempt("cron", self._rows.check_jobs(manifest))
            if "database" in parts:
                await attempt("migration", self._stage_database(manifest, staged, name))
            report.progress(40)
            if "workspaces" in parts or "keys" in parts:
                await attempt("workspaces", self._stage_trees(manifest, parts, staged, name))
        return Rehearsal(manifest.backup, parts, tuple(steps), staged.places)

    async def _check_contents(self, manifest: Manifest, parts: Sequence[Part]) -> None:
        faults = await self._backups.store.verify(manifest, parts)
        if faults:
            text = Text("backups.faulty", {"count": len(faults), "path": faults[0].path, "problem": faults[0].problem})
            raise GatewayError(ErrorKind.INTERNAL, text, {"code": "damaged"})

    async def _check_key(self, manifest: Manifest, parts: Sequence[Part]) -> None:
        """Sealed things that do not open are of no use: a database without its key has no accounts."""
        if set(parts) & {"config", "database", "keys"}:
            await asyncio.to_thread(self._backups.ground.knows_key, manifest.backup.key_check)

    async def _stage_configuration(self, manifest: Manifest, staged: Staged, name: str) -> None:
        ground = self._backups.ground
        entries = [entry for entry in manifest.of(("config",)) if entry.root == CONFIG_ROOT]
        main = next((entry for entry in entries if "/" not in entry.path), None)
        if not entries or main is None:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("backups.no_part", {"part": "config"}))
        folder = self._switches.beside(ground.config_path, name)
        staged.folders.append(folder)
        await self._backups.store.extract(entries, folder, ground.open_sealed)
        kept_name = ground.config_name if manifest.find(CONFIG_ROOT, ground.config_name) else main.path
        loaded = await (await self._source_at(os.path.join(folder, kept_name))).load()
        problem = next((problem for problem in loaded.problems if problem.is_error), None)
        if problem is not None:
            values = {"path": problem.path, "message": problem.message, "fix": problem.fix}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.refused", values))
        staged.settings = loaded.settings
        for entry in entries:
            wanted = ground.config_name if entry.path == kept_name else entry.path
            if staged.main_only and wanted != ground.config_name:
                continue
            await self._give_way(staged, os.path.join(ground.config_folder, wanted), os.path.join(folder, entry.path))
        environment = manifest.find(HOME_ROOT, ENVIRONMENT_FILE)
        if environment is not None and not staged.main_only:
            target = os.path.join(ground.home, environment.path)
            place = self._switches.beside(target, name)
            staged.folders.append(place)
            await self._backups.store.extract([environment], place, ground.open_sealed)
            await self._give_way(staged, target, os.path.join(place, environment.path))

    async def _give_way(self, staged: Staged, target: str, place: str) -> None:
        """A text file gives way, unless it says the same already."""
        target = await asyncio.to_thread(os.path.realpath, target)  # a link stays a link
        present, new = await self._backups.ground.files.read(target), await self._backups.ground.files.read(place)
        if present is None or new is None or present.hash != new.hash:
            staged.moves.append(SwitchMove(target, place))

    async def _stage_database(self, manifest: Manifest, staged: Staged, name: str) -> None:
        ground = self._backups.ground
        path = ground.database_path
        entry = manifest.find(DATABASE_ROOT, DATABASE_FILE)
        if entry is None or (path is None and ground.database is None):
            why = Text("backups.no_part", {"part": "database"}) if entry is None else ground.no_server()
            raise GatewayError(ErrorKind.CONFLICT, why, {"code": "no_database"})
        target = Path(ground.home, DATABASE_FILE) if path is None else path.resolve()
        folder = self._switches.beside(str(target), name)
        place = os.path.join(folder, DATABASE_FILE)
        staged.folders.append(folder)
        if path is None:
            staged.server = place
        else:
            staged.moves.append(SwitchMove(str(target), place))
            # What stands in the log of the present database would be written over the restored one.
            staged.moves += [SwitchMove(f"{target}{ending}") for ending in ("-wal", "-shm")]
        await self._backups.store.extract([entry], folder, self._backups.ground.open_sealed)
        os.chmod(place, 0o600)
        try:
            await rehearse_migration(Path(place))
        except GatewayError as error:
            if error.details.get("code") != NEWER:
                raise
            made, known = manifest.backup, error.details["known"]
            values = {
                "version": made.version,
                "current": ground.version,
                "found": error.details["found"],
                "known": known,
            }
            raise GatewayError(ErrorKind.CONFLICT, Text("backups.newer", values), {"code": NEWER}) from None

    async def _stage_trees(self, manifest: Manifest, parts: Sequence[Part], staged: Staged, name: str) -> None:
        """Only into folders that this installation itself says are those: what a backup says of places counts for nothing."""
        ground = self._backups.ground
        places = ground.roots(staged.settings)
        found: dict[str, list[Entry]] = {}
        for entry in manifest.of([part for part in ("workspaces", "keys") if part in parts]):
            found.setdefault(entry.root, []).append(entry)
        for root, entries in found.items():
            target = await asyncio.to_thread(ground.place_of, root, places.get(root))
            place = self._switches.beside(target, name)
            staged.folders.append(place)
            staged.moves.append(SwitchMove(target, place))
            await self._backups.store.extract(entries, place, ground.open_sealed)

    async def _write_configuration(self, manifest: Manifest) -> None:
        """One file, through the same door as every other change: a running gateway takes it up at once."""
        texts = await self._backups.configuration_texts(manifest)
        text = texts.get(self._backups.ground.config_name) or next(iter(texts.values()))
        await self._write(lambda _: text)
