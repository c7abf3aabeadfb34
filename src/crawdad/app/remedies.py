"""What a running application can do about itself: each remedy by its name."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawdad.adapters.machine import LocalMemory
from crawdad.adapters.own_disk import OwnDisk
from crawdad.app import exits, record
from crawdad.app.accounts import World
from crawdad.app.freed_memory import give_back
from crawdad.app.inside import LocalInside
from crawdad.app.operations import Operations
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import Remedy
from crawdad.core.tasks import TaskFilter, Words
from crawdad.core.text import Text
from crawdad.services.accounts.pool import Pool
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.healing.diagnosis import Diagnosis
from crawdad.services.healing.service import Act, unavailable
from crawdad.services.health import Health
from crawdad.services.health.inner import reconnectable
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.store.copying import damage_of

_QUIET_KINDS = ("gateway", "backup", "update")
"""Tasks that nothing is to be done beside."""
_LOOK_SECONDS = 0.2
_LOOKED_SECONDS = 60.0
"""For so long what was found of the database counts: looking through a large one takes a while."""


@dataclass(frozen=True, slots=True)
class Healed:
    """What healing sees of this process, and what it may do with it."""

    world: World
    tasks: Tasks
    health: Health
    inside: LocalInside
    lifecycle: Lifecycle
    operations: Operations
    pool: Pool
    live: LiveCatalogue
    front: ModelFront
    database_fault: Callable[[], GatewayError | None]
    safe_mode: bool


class Remedies:
    """What can be done."""

    def __init__(self, healed: Healed) -> None:
        self.leaving: Callable[[], bool] = lambda: False
        self.end: Callable[[int], None] = lambda _: None
        self._healed = healed
        self._world = healed.world
        self._looked: tuple[float, Words | None] | None = None

    def acts(self) -> Mapping[Remedy, Act]:
        """By name."""
        return {
            "reconnect": self.reconnect,
            "reset_upstreams": self.reset_upstreams,
            "enter": self.enter,
            "shed_load": self.shed_load,
            "free_disk": self.free_disk,
            "recycle": self.recycle,
            "replace": self.replace,
            "restore_database": self.restore_database,
        }

    def host(self) -> Any:
        """The channels; None while there are none."""
        inside = self._healed.inside
        agents = inside.interior.agents if inside.entered else None
        return agents.channels if agents is not None else None

    def plugins(self) -> Mapping[str, str]:
        """The plugins whose code runs in this process."""
        inside = self._healed.inside
        agents = inside.interior.agents if inside.entered else None
        return agents.extensions.host.in_process() if agents is not None and agents.extensions is not None else {}

    async def damage(self) -> Words | None:
        """What is wrong with the database, where somebody who wrote into it was told that something is."""
        path = self._healed.operations.backups.ground.database_path
        faults = (self._healed.database_fault(), self._healed.health.fault)
        if path is None or not any(fault is not None and fault.details.get("code") == "damaged" for fault in faults):
            self._looked = None
            return None
        now = self._world.clock.monotonic()
        if self._looked is None or now - self._looked[0] > _LOOKED_SECONDS:
            self._looked = now, await damage_of(path, whole=False) or await damage_of(path)
        return self._looked[1]

    async def busy(self) -> str:
        """What is under way that nothing is to be done beside; empty: nothing."""
        if self._healed.lifecycle.state in ("stopping", "starting"):
            return "gateway"
        if await self._healed.operations.restores.under_way():
            return "switch"
        try:
            page = await self._healed.operations.tasks.page(TaskFilter(status="running"), 50)
        except GatewayError:
            return ""  # without a database there are no tasks either
        mine = [task for task in page.tasks if task.runner == self._world.runner]
        return next((task.kind for task in mine if task.kind.partition(".")[0] in _QUIET_KINDS), "")

    async def reconnect(self, _: Diagnosis) -> Words:
        """Connect the accounts of channels that are not."""
        host = self.host()
        accounts = list(reconnectable(host, self._world.clock.now()))
        await asyncio.gather(*(host.restart(account) for account in accounts))
        return Text("healing.step.reconnected", {"names": ", ".join(str(account) for account in accounts)})

    async def reset_upstreams(self, _: Diagnosis) -> Words:
        """Let providers be tried again at once; whether one answers is seen by its list."""
        ended, live = self._healed.pool.forgive(), self._healed.live
        before = set(live.failures)
        await live.refresh()
        if before and before <= set(live.failures):
            raise next(iter(live.failures.values()))
        return Text("healing.step.reset", {"count": ended})

    async def enter(self, found: Diagnosis) -> Words:
        """Enter the inside, which could not be entered."""
        await self._ask("start", found)
        return Text("healing.step.entered")

    async def recycle(self, found: Diagnosis) -> Words:
        """Leave the inside and enter it anew."""
        await self._ask("restart", found)
        return Text("healing.step.recycled")

    async def _ask(self, action: Any, found: Diagnosis) -> None:
        lifecycle = self._healed.lifecycle
        await lifecycle.ask(action, f"healing: {found.cause}")
        while (request := await lifecycle.wait(_LOOK_SECONDS)) is not None and request.status == "running":
            pass
        if request is not None and request.status == "failed":
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("lifecycle.failed", {"error": request.error}))

    async def shed_load(self, _: Diagnosis) -> Words:
        """Begin nothing that can wait, and give back what is not needed."""
        self._world.shedding.on = True
        memory = LocalMemory(lambda: None)
        before = await memory.memory()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        await asyncio.to_thread(give_back)
        after = await memory.memory()
        freed = max(0, before.resident - after.resident) >> 20
        return Text("healing.step.shed", {"megabytes": freed})

    async def resume(self) -> bool:
        """There is room again. Whether that is news."""
        was, self._world.shedding.on = self._world.shedding.on, False
        return was

    async def free_disk(self, _: Diagnosis) -> Words:
        """Remove what of ours is not needed, and backups that have had their time."""
        size, files = await OwnDisk(Path(self._world.home)).free()
        with suppress(GatewayError):
            files += await self._healed.operations.backups.prune()
        return Text("healing.step.freed", {"megabytes": size >> 20, "files": files})

    async def replace(self, _: Diagnosis) -> Words:
        """Have the supervisor start another process; this one finishes what runs."""
        os.kill(self._supervisor(), signal.SIGHUP)
        until = self._world.clock.monotonic() + 75.0
        while not self.leaving():
            if self._world.clock.monotonic() > until:
                raise unavailable("healing.step.not_well", seconds=75)
            await self._world.clock.sleep(_LOOK_SECONDS)
        return Text("healing.step.asked_replacement")

    async def restore_database(self, _: Diagnosis) -> Words:
        """End, so that the supervisor has it looked at while nobody uses it."""
        self._supervisor()
        self.end(exits.DAMAGED)
        return Text("healing.step.asked_mending")

    def _supervisor(self) -> int:
        """The process id of the supervisor whose application this is. Raises UNAVAILABLE without one."""
        holder = record.holder(Path(self._world.home))
        if not holder or holder != os.getppid():
            raise unavailable("healing.why.unsupervised")
        return holder
