"""The directories that agents work in: made when first used, read for the system prompt. All in threads."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.outside_files import MOST_BYTES, FileText
from crawdad.core.text import Text

_STATE = ".openclaw/workspace-state.json"
_MOST_REMEMBERED = 512
_Mark = tuple[int, int, int]


class LocalWorkspaces:
    """Workspaces on this machine (`services.agents.workspace.WorkspaceFiles`). What has not changed is read once."""

    def __init__(self) -> None:
        self._prepared: set[Path] = set()
        self._texts: dict[tuple[Path, int], tuple[_Mark, FileText]] = {}

    async def prepare(self, workspace: Path, templates: Mapping[str, str]) -> None:
        """Make the directory where there is none; a new one gets `templates`. Raises UNAVAILABLE."""
        if workspace in self._prepared:
            return
        try:
            await asyncio.to_thread(_prepare, workspace, templates)
        except OSError as error:
            words = Text("agents.no_workspace", {"path": str(workspace), "reason": error.strerror or str(error)})
            raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "no_workspace"}) from error
        self._prepared.add(workspace)

    async def read(self, workspace: Path, names: Sequence[str], limit: int) -> Mapping[str, FileText]:
        """The files that are there. Of a longer one the beginning and the end are kept."""
        return await asyncio.to_thread(self._read, workspace, names, limit)

    def _read(self, workspace: Path, names: Sequence[str], limit: int) -> dict[str, FileText]:
        found: dict[str, FileText] = {}
        home = workspace.resolve()
        listed = {entry.name for entry in os.scandir(home)} if home.is_dir() else set()
        for name in names:
            if name not in listed:
                continue
            text = self._text(home, home / name, limit)
            if text is not None:
                found[name] = text
        return found

    def _text(self, home: Path, path: Path, limit: int) -> FileText | None:
        try:
            real, status = path, path.lstat()
            if not stat.S_ISREG(status.st_mode):
                real = path.resolve()
                if home not in real.parents:
                    return None  # a link that leads out of the workspace shows nothing of what lies there
                status = real.stat()
                if not stat.S_ISREG(status.st_mode):
                    return None
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._texts.get((real, limit))
            if known is not None and known[0] == mark:
                return known[1]
            text = _beginning_and_end(real, status.st_size, limit)
        except OSError:
            return None
        if len(self._texts) > _MOST_REMEMBERED:
            self._texts.clear()
        self._texts[real, limit] = (mark, text)
        return text


def _beginning_and_end(path: Path, size: int, limit: int) -> FileText:
    most = 4 * limit + 4
    with path.open("rb") as file:
        if size <= 2 * most:
            data = file.read(2 * most)
            return FileText(data.decode(errors="replace"), hashlib.sha256(data).hexdigest())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest() if size <= MOST_BYTES else ""
        file.seek(0)
        head = file.read(most)
        file.seek(size - most)
        return FileText(head.decode(errors="replace") + file.read(most).decode(errors="replace"), sha256)


def _prepare(workspace: Path, templates: Mapping[str, str]) -> None:
    fresh = not workspace.exists()
    workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = workspace / _STATE
    if not templates or state.exists():
        return
    if not fresh and any((workspace / name).exists() for name in templates):
        return  # somebody's workspace already: nothing is added to it
    for name, text in templates.items():
        try:
            with (workspace / name).open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
    state.parent.mkdir(exist_ok=True)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    state.write_text(json.dumps({"version": 1, "bootstrapSeededAt": moment}), encoding="utf-8")
