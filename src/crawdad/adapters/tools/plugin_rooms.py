"""Rooms of bubblewrap for plugins in processes apart."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.adapters.tools.bubblewrap import room_argv
from crawdad.core.plugins import PluginRoom

_TRIAL_SECONDS = 20.0
_MOST_BYTES = 65_536

_log = structlog.get_logger(__name__)


class BubblewrapRooms:
    """`core.plugins.PluginConfinement`. Whether bwrap is there and works (containers may forbid it) is found out once.

    What a manifest asks for of files never opens `home`, the gateway's own directory, or a directory around it.
    """

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = Path(os.path.realpath(home))
        self._environment = environment
        self._trying = asyncio.Lock()
        self._program: str | None = None
        self._tried = False

    async def confined(self, words: Sequence[str], room: PluginRoom) -> Sequence[str] | None:
        """See `core.plugins.PluginConfinement`. `~` in paths is the home of the gateway's user."""
        program = await self._working()
        if program is None:
            return None
        return await asyncio.to_thread(self._argv, program, words, room)

    def _argv(self, program: str, words: Sequence[str], room: PluginRoom) -> list[str]:
        python = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).parent)}
        given = [*sorted(python), *room.readable]
        wanted = [path for path in map(self._absolute, room.writable) if path == room.directory or self._is_free(path)]
        whole = PluginRoom(tuple(dict.fromkeys(given)), tuple(wanted), room.directory, room.network)
        return room_argv(program, whole, words, os.path.exists)

    def _absolute(self, path: str) -> str:
        user = self._environment.get("HOME", "")
        return user + path[1:] if user and (path == "~" or path.startswith("~/")) else path

    def _is_free(self, path: str) -> bool:
        real = Path(os.path.realpath(path))
        return path.startswith("/") and not self._home.is_relative_to(real) and not real.is_relative_to(self._home)

    async def _working(self) -> str | None:
        async with self._trying:
            if not self._tried:
                self._program, self._tried = await self._find(), True
            return self._program

    async def _find(self) -> str | None:
        path = self._environment.get("PATH", os.defpath)
        program = await asyncio.to_thread(shutil.which, "bwrap", path=path)
        if program is None:
            return None
        room = PluginRoom((), (), "/", network=False)
        argv = await asyncio.to_thread(self._argv, program, [sys.executable, "-I", "-c", ""], room)
        try:
            await run_program(
                tuple(argv), seconds=_TRIAL_SECONDS, most_bytes=_MOST_BYTES, environment={}, complaints="apart"
            )
        except ProgramFailed as failed:
            _log.warning("plugin_sandbox_not_working", program=program, reason=str(failed), code=failed.code)
            return None
        return program
