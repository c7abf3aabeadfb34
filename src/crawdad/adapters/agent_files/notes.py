"""`core.memory.MemoryNotes` on this machine. Every step is opened on its own and no link is followed; all in threads."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from crawdad.adapters.agent_files.beneath import opened, read_beneath
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.memory import NOTE_ENDINGS
from crawdad.core.text import Text

_FOLDER = "memory"
_MOST_BYTES = 4 * 1024 * 1024
_MOST_NOTES = 5000


class LocalMemoryNotes:
    """Looks at the disk each time."""

    async def names(self, workspace: Path) -> Sequence[str]:
        """See the port."""
        return await asyncio.to_thread(_names, workspace)

    async def read(self, workspace: Path, name: str) -> str | None:
        """See the port."""
        found = await asyncio.to_thread(read_beneath, workspace, (_FOLDER, name), _MOST_BYTES)
        if found is None or found[1].st_nlink > 1:  # a hard link may be somebody else's file
            return None
        return found[0].decode(errors="replace")

    async def write(self, workspace: Path, name: str, text: str) -> None:
        """See the port. A link in the note's place is replaced by the note."""
        await asyncio.to_thread(_write, workspace, name, text)

    async def delete(self, workspace: Path, name: str) -> bool:
        """See the port."""
        return await asyncio.to_thread(_delete, workspace, name)


def _names(workspace: Path) -> list[str]:
    with suppress(OSError), opened(workspace, (_FOLDER,)) as folder:
        return sorted(name for name in os.listdir(folder) if name.endswith(NOTE_ENDINGS) and _is_plain(folder, name))[
            :_MOST_NOTES
        ]
    return []


def _write(workspace: Path, name: str, text: str) -> None:
    temporary = f".{name[:100]}.{os.getpid()}.{os.urandom(8).hex()}"
    try:
        with opened(workspace) as root, suppress(FileExistsError):
            os.mkdir(_FOLDER, 0o700, dir_fd=root)
        with opened(workspace, (_FOLDER,)) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            try:
                with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(text.encode(errors="replace"))
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
    except OSError as error:
        raise _unusable(workspace, error) from error


def _delete(workspace: Path, name: str) -> bool:
    try:
        with opened(workspace, (_FOLDER,)) as folder:
            if not _is_plain(folder, name):
                return False
            os.unlink(name, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unusable(workspace, error) from error
    return True


def _is_plain(folder: int, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _unusable(workspace: Path, error: OSError) -> GatewayError:
    words = Text("agents.no_workspace", {"path": str(workspace), "reason": error.strerror or str(error)})
    return GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "no_workspace"})
