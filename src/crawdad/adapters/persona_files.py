"""The persona files of agents on this machine (`core.persona.PersonaFiles`). All in threads."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.persona import PersonaFile
from crawdad.core.text import Text

_MOST_BYTES = 4 * 1024 * 1024


class LocalPersonaFiles:
    """Files right in the workspace, no deeper."""

    async def listed(self, workspace: Path, names: Sequence[str]) -> Mapping[str, PersonaFile]:
        """Those of `names` that are there."""
        return await asyncio.to_thread(_listed, workspace, names)

    async def read(self, workspace: Path, name: str) -> str | None:
        """The text of a file; None: it is not there."""
        return await asyncio.to_thread(_read, workspace, name)

    async def write(self, workspace: Path, name: str, text: str) -> None:
        """Replace a file, or make it. A link is replaced by the file, not followed."""
        await asyncio.to_thread(_write, workspace, name, text)


def _real(workspace: Path, name: str) -> Path | None:
    home = workspace.resolve()
    real = (home / name).resolve()
    if not real.is_file() or home not in real.parents:
        return None
    return real if real.stat().st_nlink == 1 else None  # a hard link may be somebody else's file


def _listed(workspace: Path, names: Sequence[str]) -> dict[str, PersonaFile]:
    found: dict[str, PersonaFile] = {}
    there = set(os.listdir(workspace)) if workspace.is_dir() else set()  # by the exact name, whatever the file system
    for name in names:
        real = _real(workspace, name) if name in there else None
        if real is not None:
            status = real.stat()
            found[name] = PersonaFile(name, status.st_size, status.st_mtime)
    return found


def _read(workspace: Path, name: str) -> str | None:
    if name not in _listed(workspace, (name,)):
        return None
    real = _real(workspace, name)
    if real is None:
        return None
    try:
        with real.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except OSError as error:
        raise _unusable(real, error) from error


def _write(workspace: Path, name: str, text: str) -> None:
    try:
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        home = workspace.resolve()
        handle, temporary = tempfile.mkstemp(dir=home, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode(errors="replace"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, home / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unusable(workspace / name, error) from error


def _unusable(path: Path, error: OSError) -> GatewayError:
    words = Text("agents.no_workspace", {"path": str(path), "reason": error.strerror or str(error)})
    return GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "no_workspace"})
