"""What can be done before a start, while no application runs."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from crawdad.core.backups import Backup
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import Remedy
from crawdad.core.tasks import Words
from crawdad.core.text import Text
from crawdad.services.configuration.difference import difference
from crawdad.services.healing.protection import protected_paths
from crawdad.services.healing.rejected import rejected_difference
from crawdad.services.healing.saved import saved_words
from crawdad.services.healing.start import Found, MendingParts

_MOST_CANDIDATES = 4

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: in words, and what it changed in the configuration."""

    words: Words
    difference: str = ""
    more: tuple[Words, ...] = ()


class StartRemedies:
    """The remedies."""

    def __init__(self, parts: MendingParts) -> None:
        self._parts = parts

    async def do(self, remedy: Remedy, found: Found) -> Done:
        """Do it. Raises what keeps it from being done."""
        match remedy:
            case "free_disk":
                size, files = await self._parts.disk.free()
                if not files:
                    raise _cannot("healing.why.nothing_to_free")
                return Done(Text("healing.step.freed", {"megabytes": size >> 20, "files": files}))
            case "salvage_database":
                first, *more = saved_words(await self._parts.salvages.save())
                return Done(first, more=tuple(more))
            case "restore_database":
                return await self._restore_database()
            case "restore_configuration":
                return await self._restore_configuration(on_trial=not found.evident)
            case "set_down_plugin":
                reason = found.seen[0]
                words = reason.render("en") if isinstance(reason, Text) else reason
                await self._parts.plugins.set_down(found.subject, words)
                return Done(Text("healing.step.set_down", {"plugin": found.subject}))
        raise AssertionError(remedy)

    async def _restore_database(self) -> Done:
        if self._parts.backups.ground.database_path is None:
            raise _cannot("healing.why.postgresql")
        candidates = [backup for backup in await self._parts.backups.listed() if "database" in backup.parts]
        fault: GatewayError | None = None
        for backup in candidates[:_MOST_CANDIDATES]:
            try:
                await self._parts.restores.restore(backup.id, ("database",))
            except GatewayError as error:
                _log.warning("backup_not_restored", backup=backup.id, reason=error.message())
                fault = error
            else:
                return Done(Text("healing.step.restored_database", {"backup": backup.id}))
        raise fault or _cannot("healing.why.no_backup")

    async def _restore_configuration(self, *, on_trial: bool) -> Done:
        fault: GatewayError | None = None
        for backup in await self._configurations(only_good=on_trial):
            if on_trial:
                await self._need_harmless(backup)
            try:
                restored = await self._parts.restores.restore(
                    backup.id, ("config",), main_only=not on_trial, on_trial=on_trial
                )
            except GatewayError as error:
                _log.warning("backup_not_restored", backup=backup.id, reason=error.message())
                fault = error
                continue
            safety = restored.safety.id if restored.safety is not None else ""
            shown = rejected_difference(await self._main_text(backup.id), await self._main_text(safety))
            words = Text("healing.step.restored_configuration", {"backup": backup.id, "safety": safety or "-"})
            return Done(words, shown)
        raise fault or _cannot("healing.why.no_backup")

    async def _main_text(self, backup_id: str) -> str:
        """The main file of the configuration in a backup; empty where that has none."""
        backups = self._parts.backups
        texts = await backups.configuration_texts(await backups.read(backup_id)) if backup_id else {}
        return texts.get(backups.ground.config_name, "")

    async def _configurations(self, *, only_good: bool) -> list[Backup]:
        """The backups whose configuration may be put back: the one that the gateway did well with, then (where what is there
        cannot be used at all) the newest that are free of errors."""
        listed = [backup for backup in await self._parts.backups.listed() if "config" in backup.parts and backup.valid]
        good = self._parts.last_good
        best = [backup for backup in listed if good is not None and backup.configuration == good.configuration]
        rest = [] if only_good else [backup for backup in listed if backup not in best]
        return [*best[:1], *rest][:_MOST_CANDIDATES]

    async def _need_harmless(self, backup: Backup) -> None:
        """Raise UNAVAILABLE where going back to it would change what decides who may do what."""
        now, then = (await self._parts.load()).settings, await self._parts.settings_of(backup)
        if now is None or then is None:
            raise _cannot("healing.why.no_backup")
        paths = protected_paths(change.path for change in difference(now, then).changes)
        if paths:
            raise _cannot("healing.why.protected", paths=", ".join(paths), backup=backup.id)


def _cannot(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text(key, values))
