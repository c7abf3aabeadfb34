"""Updates: look, fetch, compare the hash, install beside, rehearse on a copy, keep what is there, switch, restart.

Up to the switch nothing that runs is touched, so a kill before it changes nothing. The switch is one renamed pointer
(`core.switches`); the supervisor starts the application anew with it, asks it whether it is ready, and puts everything back,
the database included where the schema is another, when it is not.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.operation_settings import UpdateSettings
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.core.switches import Performed, Switch, Switches, SwitchMove, under_way
from crawdad.core.tasks import Report
from crawdad.core.text import Text
from crawdad.core.updates import Environments, Installed, PackageIndex, Rehearsed, WheelFile, newest
from crawdad.core.version_order import is_newer, version_key
from crawdad.services.backups.service import SILENT, Backups
from crawdad.store.copying import copy_database
from crawdad.store.migrations import HEAD

PURPOSE = "update"
_log = structlog.get_logger(__name__)

UpdateState = Literal["idle", "running", "success", "failed"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of newer versions. `latest` is empty where nobody looked; `checked_at` is in Unix seconds."""

    current: str
    latest: str = ""
    checked_at: float | None = None
    channel: str = ""
    managed: str = ""

    @property
    def available(self) -> bool:
        """Whether there is a newer one."""
        return is_newer(self.latest, self.current)


@dataclass(frozen=True, slots=True)
class Standing:
    """How updates stand: what is known, what lies here, and the switch that is under way or ended last."""

    checked: Checked
    installed: Sequence[Installed]
    pointer: str
    switch: Switch | None
    state: UpdateState


@dataclass(frozen=True, slots=True)
class Updated:
    """What became of an order. `performed` None: there is nothing newer."""

    before: str
    after: str
    performed: Performed | None = None
    safety: str | None = None


class Updates:
    """The updates of one installation."""

    def __init__(
        self,
        index: PackageIndex,
        environments: Environments,
        backups: Backups,
        switches: Switches,
        settings: Callable[[], UpdateSettings],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._index, self._environments, self._backups = index, environments, backups
        self._switches, self._settings, self._clock, self._new_id = switches, settings, clock, new_id
        self.version = backups.ground.version
        self.available: Callable[[str], Awaitable[None]] | None = None
        """Whom to tell of a newer version that a look at a start found."""

    async def known(self) -> Checked:
        """What the last look found, without looking."""
        noted = await self._environments.noted()
        at = noted.get("checkedAt")
        when = float(at) if isinstance(at, int | float) else None
        latest, channel = str(noted.get("latest") or ""), str(noted.get("channel") or "")
        return Checked(self.version, latest, when, channel, self._environments.managed)

    async def check(self) -> Checked:
        """Look. Raises UPSTREAM_BROKEN, UPSTREAM_TIMEOUT, UPSTREAM_ERROR."""
        found = await self._newest()
        latest = found.version if found is not None else self.version
        channel, now = self._settings().channel, self._clock.now()
        await self._environments.note({"latest": latest, "checkedAt": now, "channel": channel})
        return Checked(self.version, latest, now, channel, self._environments.managed)

    async def check_quietly(self) -> None:
        """Look at a start, where the settings want it."""
        if not self._settings().check_on_start:
            return
        try:
            found = await self.check()
        except GatewayError as error:
            _log.warning("update_check_failed", reason=error.message())
            return
        if found.available:
            _log.info("update_available", version=found.latest)
            if self.available is not None:
                await self.available(found.latest)

    async def standing(self) -> Standing:
        """How they stand."""
        switch = await self._switches.current()
        state: UpdateState = "idle"
        if switch is not None and switch.purpose == PURPOSE:
            state = "running"
        else:
            switch = await self._switches.last()
            switch = switch if switch is not None and switch.purpose == PURPOSE else None
            if switch is not None:
                state = "success" if switch.state == "kept" else "failed"
        installed, pointer = await self._environments.installed(), await self._environments.current()
        return Standing(await self.known(), installed, pointer, switch, state)

    def need_own(self) -> None:
        """Raise CONFLICT where something else brings newer versions."""
        if self._environments.managed:
            text = Text(f"updates.managed.{self._environments.managed}")
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": f"managed_by_{self._environments.managed}"})

    async def run(self, report: Report = SILENT) -> Updated:
        """Put the newest version in place. Raises CONFLICT (it may not, or it does not get on with what is here), FORBIDDEN
        (another hash), UPSTREAM_ERROR (it cannot be had or installed); nothing has changed then."""
        with _told():
            return await self._run(report)

    async def _run(self, report: Report) -> Updated:
        self.need_own()
        await self._need_room()
        report.say(Text("updates.step.check"))
        wheel = await self._newest()
        if wheel is None or not is_newer(wheel.version, self.version):
            report.say(Text("updates.newest", {"version": self.version}))
            return Updated(self.version, self.version)
        report.progress(10)
        made = await self._installed(wheel, report)
        report.progress(60)
        rehearsed = await self._rehearse(made.python, wheel.version, report)
        report.progress(75)
        report.say(Text("updates.step.safety"))
        safety = await self._backups.create("full", "pre-update")
        report.progress(90)
        performed = await self._switch(wheel.version, rehearsed, safety.id)
        await self._tidy(wheel.version)
        report.say(Text(f"updates.performed.{performed}", {"version": wheel.version}))
        return Updated(self.version, wheel.version, performed, safety.id)

    async def roll_back(self, report: Report = SILENT) -> Updated:
        """Go back to the version that installed this one. Raises CONFLICT where there is none, or it cannot read what is
        here."""
        with _told():
            return await self._roll_back(report)

    async def _roll_back(self, report: Report) -> Updated:
        self.need_own()
        await self._need_room()
        pointer = await self._environments.current()
        installed = {each.version: each for each in await self._environments.installed()}
        made = installed.get(pointer)
        if made is None:
            raise GatewayError(ErrorKind.CONFLICT, Text("updates.nothing_before"), {"code": "nothing_before"})
        target = installed.get(made.origin)
        python = target.python if target is not None else made.origin_python
        if not await asyncio.to_thread(os.access, python, os.X_OK):
            raise GatewayError(ErrorKind.CONFLICT, Text("updates.nothing_before"), {"code": "nothing_before"})
        rehearsed = await self._rehearse(python, made.origin, report)
        safety = await self._backups.create("full", "pre-update")
        performed = await self._switch(target.version if target is not None else "", rehearsed, safety.id, made.origin)
        report.say(Text(f"updates.performed.{performed}", {"version": made.origin}))
        return Updated(self.version, made.origin, performed, safety.id)

    async def _newest(self) -> WheelFile | None:
        settings = self._settings()
        wheels = await self._index.wheels(await self._address(), settings.package)
        return newest(wheels, beta=settings.channel != "stable", python=sys.version_info[:3])

    async def _address(self) -> str:
        return self._settings().index or await self._environments.usual_index()

    async def _need_room(self) -> None:
        found = await self._switches.current()
        if found is not None:
            raise under_way(found)

    async def _installed(self, wheel: WheelFile, report: Report) -> Installed:
        """The version's environment: one that was installed before is used again."""
        known = {each.version: each for each in await self._environments.installed()}
        if wheel.version in known and known[wheel.version].origin == self.version:
            return known[wheel.version]
        path = await asyncio.to_thread(self._environments.wheel_path, wheel.name)
        address = await self._address()
        try:
            report.say(Text("updates.step.fetch", {"name": wheel.name}))
            await self._index.fetch(address, wheel, path)
            report.progress(25)
            report.say(Text("updates.step.install", {"version": wheel.version}))
            return await self._environments.install(wheel.version, path, address, report.say)
        finally:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(os.unlink, path)

    async def _rehearse(self, python: str, version: str, report: Report) -> Rehearsed:
        report.say(Text("updates.step.rehearse", {"version": version}))
        database = self._backups.ground.database_path
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="rehearsal-", dir=self._backups.ground.home)
        try:
            copy = ""
            if database is not None and await asyncio.to_thread(database.exists):
                copy = os.path.join(folder, "crawdad.db")
                await copy_database(database, Path(copy))
            rehearsed = await self._environments.rehearse(python, copy)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)
        if rehearsed.version != version:
            text = Text("updates.other_version", {"said": rehearsed.version[:40], "wanted": version})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "other_version"})
        if rehearsed.problems:
            text = Text("updates.unfit", {"version": version, "problem": rehearsed.problems[0][:500]})
            raise GatewayError(ErrorKind.CONFLICT, text, {"code": "rehearsal_failed"})
        if database is None and rehearsed.schema != HEAD:
            raise GatewayError(ErrorKind.CONFLICT, Text("updates.postgresql"), {"code": "postgresql"})
        return rehearsed

    async def _switch(self, version: str, rehearsed: Rehearsed, safety: str, shown: str = "") -> Performed:
        name = self._new_id()
        staged = await self._environments.stage_pointer(version, name) if version else ""
        moves = [SwitchMove(self._environments.pointer(), staged)]
        database = self._backups.ground.database_path
        if database is not None and rehearsed.schema != HEAD:
            path = str(await asyncio.to_thread(database.resolve))
            moves += [SwitchMove(f"{path}{ending}", guard=True) for ending in ("", "-wal", "-shm")]
        detail = {"from": self.version, "to": shown or version, "safety": safety, "at": self._clock.now()}
        try:
            await self._switches.prepare(name, PURPOSE, moves, detail)
        except BaseException:
            if staged:
                await asyncio.to_thread(os.unlink, staged)
            raise
        return await self._switches.perform()

    async def _tidy(self, version: str) -> None:
        """Remove old versions, but neither the new one nor those that run or that it would go back to."""
        pointer = await self._environments.current()
        kept = {version, self.version, pointer}
        old = [each for each in await self._environments.installed() if each.version not in kept]
        old.sort(key=lambda each: version_key(each.version), reverse=True)
        for each in old[max(0, self._settings().keep_versions - 1) :]:
            await self._environments.remove(each.version)


def checked_fields(checked: Checked) -> JsonObject:
    """What is known, as plain JSON."""
    return {
        "current": checked.current,
        "latest": checked.latest,
        "available": checked.available,
        "checkedAt": checked.checked_at,
        "channel": checked.channel,
        "managed": checked.managed or None,
    }


@contextmanager
def _told() -> Iterator[None]:
    """A disk that is full, or takes nothing, is told as such: nothing has been switched then."""
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        words = Text("updates.disk", {"reason": reason})
        raise GatewayError(ErrorKind.UNAVAILABLE, words, {"code": "disk"}) from error
