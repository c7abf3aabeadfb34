"""The port `core.switches.Switches`: the journal in the home directory, and the supervisor that acts on it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crawdad.app import record, switching
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.switches import Performed, Switch, SwitchMove, under_way
from crawdad.core.tasks import Words, words_in, words_out
from crawdad.core.text import Text


class LocalSwitches:
    """The switches of the installation in `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.signals = True
        """Whether the supervisor is told; else it starts an application next anyway."""
        self._rows: int | None = None
        """The descriptor that says that this process writes the rows of the one under way."""

    async def prepare(
        self,
        switch_id: str,
        purpose: str,
        moves: Sequence[SwitchMove],
        detail: Mapping[str, Any],
        *,
        rows: bool = False,
    ) -> None:
        """See `core.switches.Switches`."""
        await asyncio.to_thread(self._prepare, switch_id, purpose, moves, detail, rows)

    async def rows_written(self) -> None:
        """See `core.switches.Switches`."""
        try:
            await asyncio.to_thread(switching.rows_written, self._home)
        except OSError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error
        finally:
            self._let_go()

    async def leave_rows(self) -> None:
        """See `core.switches.Switches`."""
        self._let_go()

    async def adopt(self) -> Switch | None:
        """See `core.switches.Switches`."""
        return _told(await asyncio.to_thread(self._adopt))

    async def give_up(self, reason: Words) -> Switch | None:
        """See `core.switches.Switches`."""
        try:
            return _told(await asyncio.to_thread(switching.give_up, self._home, words_out(reason)))
        except OSError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error
        finally:
            self._let_go()

    async def perform(self) -> Performed:
        """See `core.switches.Switches`."""
        return await asyncio.to_thread(self._perform)

    async def withdraw(self) -> bool:
        """See `core.switches.Switches`."""
        try:
            return await asyncio.to_thread(switching.withdraw, self._home)
        finally:
            self._let_go()

    async def current(self) -> Switch | None:
        """See `core.switches.Switches`."""
        return _told(await asyncio.to_thread(switching.read, self._home))

    async def last(self) -> Switch | None:
        """See `core.switches.Switches`."""
        return _told(await asyncio.to_thread(switching.last, self._home))

    def beside(self, target: str, name: str) -> str:
        """See `core.switches.Switches`."""
        folder, base = os.path.split(os.path.realpath(target))
        return os.path.join(folder, f".{base}.{name}.new")

    def _prepare(
        self, switch_id: str, purpose: str, moves: Sequence[SwitchMove], detail: Mapping[str, Any], rows: bool
    ) -> None:
        for move in moves:
            _need_place(move)
        made = [
            switching.Move(move.target, move.staged, _aside(move.target, switch_id), move.guard, move.keep)
            for move in moves
        ]
        try:
            if rows:
                self._rows = switching.hold_rows(self._home)
                if self._rows is None:
                    raise FileExistsError
            switching.prepare(self._home, switch_id, purpose, made, detail, rows=rows)
        except FileExistsError:
            self._let_go()
            raise under_way(_told(switching.read(self._home)) or Switch("", purpose, "prepared")) from None
        except OSError as error:
            self._let_go()
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error

    def _adopt(self) -> switching.Journal | None:
        journal = switching.read(self._home)
        if journal is None or journal.state != "rows" or self._rows is not None:
            return None
        self._rows = switching.hold_rows(self._home)
        if self._rows is None:
            return None
        journal = switching.read(self._home)
        if journal is None or journal.state != "rows":
            self._let_go()
            return None
        return journal

    def _let_go(self) -> None:
        if self._rows is not None:
            os.close(self._rows)
            self._rows = None

    def _perform(self) -> Performed:
        if not self.signals:
            return "restarting"
        supervisor = record.holder(self._home)
        if supervisor:
            os.kill(supervisor, signal.SIGHUP)
            return "restarting"
        try:
            done = switching.begin(self._home, starting=False)
        except switching.InUse:
            return "waiting"
        if done is not None and done[0] == "undone":
            text = Text("switch.failed", {"reason": words_in(done[1].reason)})
            raise GatewayError(ErrorKind.UNAVAILABLE, text, {"code": "switch_failed"})
        if done is not None and done[1].purpose == "restore":
            switching.keep(self._home)  # it was rehearsed, and what was there before is kept in a backup
        return "done"


def _need_place(move: SwitchMove) -> None:
    """Raise BAD_REQUEST where renaming cannot give a place another content."""
    folder = os.path.dirname(move.target)
    same = not move.staged or os.stat(folder).st_dev == os.lstat(move.staged).st_dev
    if os.path.ismount(move.target) or not same or not os.access(folder, os.W_OK | os.X_OK):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("switch.fixed_place", {"path": move.target}), {"code": "mount"})


def _aside(target: str, name: str) -> str:
    folder, base = os.path.split(target)
    return os.path.join(folder, f".{base}.{name}.old")


def _told(journal: switching.Journal | None) -> Switch | None:
    if journal is None:
        return None
    reason = words_in(journal.reason)
    return Switch(journal.id, journal.purpose, journal.state, reason, journal.detail)  # type: ignore[arg-type]
