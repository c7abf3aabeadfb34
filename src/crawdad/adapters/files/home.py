"""Files below one directory, for settings of other programs: one check that nothing leads outside, and whole replacement.

The port is `crawdad.services.cli_sync.service.HomeFiles`.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from contextlib import suppress

from crawdad.adapters.files.reading import failure, read_text
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_OWNER_ONLY = 0o600


class LocalHomeFiles:
    """The files below `home`. Links are followed as long as they stay below it.

    `moved` maps how a path begins to what stands there instead, when that is another directory; outside of
    `home` nothing leads out of that.
    """

    def __init__(self, home: str, moved: Mapping[str, str] | None = None) -> None:
        self.home = os.path.abspath(home)
        self._moved = dict(moved or {})

    def place(self, path: str) -> str:
        """Where the file is, in full."""
        return self._place(path)[0]

    async def read(self, path: str) -> str | None:
        """The text exactly as it stands, None where there is none."""
        return await asyncio.to_thread(self._read, path)

    async def check(self, path: str) -> None:
        """Raise FORBIDDEN where the file may not be written."""
        await asyncio.to_thread(self._target, path)

    async def write(self, path: str, text: str, secret: bool) -> None:
        """Put `text` in place of the file, whole or not at all."""
        await asyncio.to_thread(self._write, path, text, secret)

    async def remove(self, path: str) -> None:
        """Remove the file, where there is one."""
        await asyncio.to_thread(self._remove, path)

    def _read(self, path: str) -> str | None:
        try:
            place, folder = self._place(path)
            found = read_text(place, within=folder)
        except OSError as error:
            raise failure(path, error) from None
        return found.text if found is not None else None

    def _place(self, path: str) -> tuple[str, str]:
        """`(place, folder)`: where a file is, and what it must not lead out of."""
        if os.path.isabs(path) or ".." in path.split("/") or "\0" in path:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("files.outside", {"path": path[:200], "folder": self.home}))
        for beginning, instead in self._moved.items():
            if path.startswith(beginning):
                folder = os.path.abspath(os.path.dirname(instead))
                in_home = os.path.commonpath((folder, self.home)) == self.home
                return os.path.join(folder, os.path.basename(instead) + path.removeprefix(beginning)), (
                    self.home if in_home else folder
                )
        return os.path.join(self.home, path), self.home

    def _inside(self, path: str) -> tuple[str, str]:
        """Where a file is by its name, and with every link followed. Raises FORBIDDEN where that is outside."""
        place, folder = self._place(path)
        target, real_folder = os.path.realpath(place), os.path.realpath(folder)
        if os.path.commonpath((target, real_folder)) != real_folder:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("files.outside", {"path": place, "folder": folder}))
        return place, target

    def _target(self, path: str) -> str:
        """The real place of a file that may be written. Asked of the mode, not of the system: to the super-user nothing is
        read-only, but whoever made a file so meant something by it."""
        place, target = self._inside(path)
        folder = os.path.dirname(target)
        while not os.path.exists(folder):
            folder = os.path.dirname(folder)
        for each in (target, folder):
            with suppress(FileNotFoundError):
                status = os.stat(each)
                if not status.st_mode & stat.S_IWUSR:
                    raise GatewayError(ErrorKind.FORBIDDEN, Text("files.read_only", {"path": each}))
        if os.path.exists(target) and not os.path.isfile(target):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("files.not_regular", {"path": place}))
        return target

    def _write(self, path: str, text: str, secret: bool) -> None:
        target = self._target(path)
        folder, name = os.path.split(target)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            mode, owner = _OWNER_ONLY, None
            with suppress(FileNotFoundError):
                old = os.stat(target)
                mode = stat.S_IMODE(old.st_mode) & (0o700 if secret else 0o7777)
                owner = (old.st_uid, old.st_gid)
            temporary = os.path.join(folder, f".{name}.{os.urandom(6).hex()}.tmp")
            descriptor = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ONLY
            )
            try:
                with os.fdopen(descriptor, "wb") as file:
                    if owner is not None:
                        with suppress(PermissionError):
                            os.fchown(descriptor, *owner)
                    os.fchmod(descriptor, mode)
                    file.write(text.encode())
                    file.flush()
                    os.fsync(descriptor)
                os.replace(temporary, target)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
                raise
        except OSError as error:
            raise failure(path, error) from None

    def _remove(self, path: str) -> None:
        _, target = self._inside(path)
        try:
            with suppress(FileNotFoundError):
                os.unlink(target)
        except OSError as error:
            raise failure(path, error) from None
