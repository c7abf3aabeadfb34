"""Old files that are removed by themselves: what the settings of a workspace say of it, and the task that does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.folder_trees import FolderTree, Node
from crawdad.core.ports import Clock
from crawdad.services.panel_files.areas import Area
from crawdad.services.panel_files.files import DAY_SECONDS, MOST_WALKED, PanelFiles
from crawdad.services.panel_values import PanelValues

_log = structlog.get_logger(__name__)
DEFAULTS: Mapping[str, Any] = {
    "autoCleanEnabled": False,
    "autoCleanDays": 30,
    "excludePatterns": ["*.md", "SOUL.md", "IDENTITY.md", "HEARTBEAT.md", "BOOTSTRAP.md", "TOOLS.md", "AGENTS.md"],
}
SPARED = (".git", ".openclaw")
"""Folders whose files belong together, and do not grow old one by one."""
_START_SECONDS = 5.0
_EACH_SECONDS = 3600.0
_STALE_SECONDS = 3600.0
_MOST_DAYS = 36_500
_MOST_PATTERNS = 500


def is_spared(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file's name is one of `patterns`: a name, or `*` and how it ends."""
    return any(name.endswith(each[1:]) if each.startswith("*") else name == each for each in patterns)


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of the settings as they are kept; what is not known here is kept as well. Raises BAD_REQUEST."""
    found = {key: value for key, value in changes.items() if key != "agent"}
    for name, fits in _FITTING.items():
        if name in found and not fits(found[name]):
            raise bad_request("panel.files.bad_setting", name)
    return found


def _is_days(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST_DAYS


def _is_patterns(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_PATTERNS and all(isinstance(e, str) and e for e in value)


_FITTING: Mapping[str, Callable[[object], bool]] = {
    "autoCleanEnabled": lambda value: isinstance(value, bool),
    "autoCleanDays": _is_days,
    "excludePatterns": _is_patterns,
}


class Cleaning:
    """Cleans workspaces, by the hour and when asked."""

    def __init__(self, files: PanelFiles, tree: FolderTree, values: PanelValues, clock: Clock) -> None:
        self._files = files
        self._tree = tree
        self._values = values
        self._clock = clock
        self._wanted = asyncio.Event()

    async def settings(self, area: Area) -> dict[str, Any]:
        """What is set for a workspace."""
        return {**DEFAULTS, **await self._values.read(_name(area))}

    async def change(self, area: Area, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change some of it. Returns all of it."""
        fresh = checked(changes)
        async with self._values.lock:
            kept = {**await self._values.read(_name(area)), **fresh}
            await self._values.write(_name(area), kept)
        if kept.get("autoCleanEnabled"):
            self._wanted.set()
        return {**DEFAULTS, **kept}

    async def clean(self, area: Area) -> tuple[list[str], list[tuple[str, GatewayError]]]:
        """Remove what is too old, for good. Returns the paths, and what could not be removed; nothing where it is switched
        off."""
        settings = await self.settings(area)
        days = settings["autoCleanDays"]
        if settings["autoCleanEnabled"] is not True or not days > 0:
            return [], []
        before = self._clock.now() - days * DAY_SECONDS
        old: list[Node] = []

        def look(node: Node) -> None:
            if node.modified < before and not is_spared(node.name, settings["excludePatterns"]):
                old.append(node)

        await self._tree.files(area.root, "", look, SPARED, MOST_WALKED)
        deleted: list[str] = []
        errors: list[tuple[str, GatewayError]] = []
        for node in old:
            try:
                if await self._tree.remove_file(area.root, node.path, node.modified):
                    deleted.append(node.path)
            except GatewayError as error:
                if error.kind is not ErrorKind.NOT_FOUND:  # gone already is as good
                    errors.append((node.path, error))
        await self._files.notes.gone(area.agent, *deleted)
        if deleted:
            await self._files.changed(area, *deleted)
        return deleted, errors

    async def keep_cleaning(self) -> None:
        """Clean a little after the start, each hour, and soon after somebody switched it on."""
        while True:
            await self._clock.sleep(_START_SECONDS)
            self._wanted.clear()
            for area in self._files.areas.all():
                try:
                    await self._tree.sweep(area.root, self._clock.now() - _STALE_SECONDS)
                    deleted, errors = await self.clean(area)
                except GatewayError as error:
                    if error.kind is not ErrorKind.NOT_FOUND:  # a workspace that nobody has used yet
                        _log.warning("workspace_not_cleaned", agent=area.agent, reason=error.message())
                    continue
                if deleted or errors:
                    _log.info("workspace_cleaned", agent=area.agent, deleted=len(deleted), failed=len(errors))
            with suppress(GatewayError):
                await self._files.tidy()
            with suppress(TimeoutError):
                async with asyncio.timeout(_EACH_SECONDS):
                    await self._wanted.wait()


def _name(area: Area) -> str:
    return f"workspace.{area.agent}"
