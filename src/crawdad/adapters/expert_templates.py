"""The templates of experts as files of a folder, one JSON document each (`core.experts.ExpertTemplates`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from crawdad.core.experts import ExpertTemplate

_log = structlog.get_logger(__name__)


class FolderExpertTemplates:
    """Reads them once, in a thread: they come with the package and do not change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: tuple[ExpertTemplate, ...] | None = None

    async def all(self) -> Sequence[ExpertTemplate]:
        """See `core.experts.ExpertTemplates`. A broken file is left out, and the log tells why."""
        if self._found is None:
            self._found = await asyncio.to_thread(_read, self._folder)
        return self._found


def _read(folder: Path) -> tuple[ExpertTemplate, ...]:
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            template = ExpertTemplate.model_validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            _log.warning("expert_template_unreadable", path=str(path), reason=str(error))
            continue
        if template.id != path.stem:
            _log.warning("expert_template_unreadable", path=str(path), reason="its id is not the name of the file")
            continue
        found.append(template)
    return tuple(found)
