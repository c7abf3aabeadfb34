"""The look before a start, as a process: `python -P -m crawdad.app.mending`, started by the supervisor while no application
runs.

The options are `--home`, `--config` and `--facts` (a JSON object, `services.healing.start.StartFacts`). The last line on
standard output is `{"acted", "events": [{"cause", "remedy", "status", "words"}]}`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from crawdad.adapters.files import read_environment
from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.adapters.last_good_file import LocalLastGood
from crawdad.adapters.own_disk import OwnDisk
from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.app.address_holder import holder_of
from crawdad.app.launch import Launch
from crawdad.app.operations import Kept, open_backups
from crawdad.app.plugins import STEPS, plugin_library
from crawdad.app.salvaging import salvaged
from crawdad.app.wiring import configuration_source
from crawdad.app.words import LANGUAGE
from crawdad.core.backups import CONFIG_ROOT, Backup
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugins import DOWN
from crawdad.core.settings import Settings
from crawdad.core.tasks import Words
from crawdad.core.text import Text
from crawdad.plugins.step_record import died_in_steps
from crawdad.services.backups.salvaging import Salvages
from crawdad.services.healing.last_good import read_last_good
from crawdad.services.healing.mending import Mending
from crawdad.services.healing.policy import WINDOW_SECONDS
from crawdad.services.healing.reports import summary
from crawdad.services.healing.start import MendingParts, StartFacts
from crawdad.store.copying import damage_of
from crawdad.store.key_values import KeyValues
from crawdad.store.salvage.laying import Salvaged


class _Nothing:
    """Facts where there is no database."""

    async def get(self, key: str) -> Any:
        return None

    async def put(self, key: str, value: Any) -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("store.unavailable", {"reason": "-"}))


class StoredStartPlugins:
    """`services.healing.start.StartPlugins` over the database."""

    def __init__(self, home: Path, kept: Kept) -> None:
        settings = kept.backups.ground.settings
        self._facts = KeyValues(kept.database) if kept.database is not None else _Nothing()
        self._library = plugin_library(home, lambda: settings().plugins, self._facts)

    async def in_process(self) -> Mapping[str, str]:
        """See the port."""
        return {
            one.found.id: one.found.digest
            for one in await self._library.standings()
            if one.wanted and not one.isolated and one.found.origin != "bundled"
        }

    async def set_down(self, plugin: str, reason: str) -> None:
        """See the port."""
        standing = await self._library.get(plugin)
        down = dict(await self._facts.get(DOWN) or {})
        now = SystemClock().now()
        down[plugin] = {"reason": reason, "at": now, "digest": standing.found.digest, "failures": 1}
        await self._facts.put(DOWN, down)


async def mend(launch: Launch, facts: StartFacts) -> dict[str, Any]:
    """Look, and do what is to be done: what is printed."""
    async with open_backups(launch) as kept:
        kept.switches.signals = False
        mending = Mending(await _parts(launch, kept))
        acted = await mending.run(facts)
    events = [
        {"cause": each.cause, "remedy": each.remedy, "status": each.status, "words": summary(each, LANGUAGE)}
        for each in mending.events
    ]
    return {"acted": acted, "events": events}


async def _parts(launch: Launch, kept: Kept) -> MendingParts:
    clock, ground = SystemClock(), kept.backups.ground
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)

    async def settings_of(backup: Backup) -> Settings | None:
        """Its settings by its main file alone, as a start would read it."""
        manifest = await kept.backups.read(backup.id)
        text = await kept.backups.text(manifest, CONFIG_ROOT, ground.config_name)
        if text is None:
            return None
        place = launch.home / "heal" / "candidate.json"
        await asyncio.to_thread(_write, place, text)
        try:
            return (await (await configuration_source(launch._replace(config_path=place))).load()).settings
        finally:
            place.unlink(missing_ok=True)

    async def damage(whole: bool) -> Words | None:
        return None if ground.database_path is None else await damage_of(ground.database_path, whole=whole)

    async def salvage(damaged: Path, target: Path, original: Path | None) -> Sequence[Salvaged]:
        return await salvaged(damaged, target, original, clock.now())

    async def holder(port: int) -> str:
        found = await asyncio.to_thread(holder_of, port)
        return f"{found[0]} ({found[1]})" if found is not None else "?"

    async def steps() -> Sequence[tuple[float, str]]:
        now = clock.now()
        return await asyncio.to_thread(died_in_steps, launch.home / STEPS, now, now - WINDOW_SECONDS)

    return MendingParts(
        load=(await configuration_source(launch._replace(environment=environment))).load,
        settings_of=settings_of,
        backups=kept.backups,
        restores=kept.restores,
        salvages=Salvages(kept.backups, kept.switches, SystemRandomness().new_id, salvage),
        damage=damage,
        disk=OwnDisk(launch.home),
        holder=holder,
        steps=steps,
        plugins=StoredStartPlugins(launch.home, kept),
        last_good=await read_last_good(LocalLastGood(launch.home).read),
        folder=LocalHealFolder(launch.home, lambda: ground.settings().healing.reports),
        clock=clock,
        randomness=SystemRandomness(),
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)


def facts_of(told: Mapping[str, Any]) -> StartFacts:
    """What another version's supervisor may tell more of is left out."""
    known = {field.name for field in fields(StartFacts)}
    return StartFacts(**{name: value for name, value in told.items() if name in known})


def main() -> int:
    """The process that the supervisor starts."""
    parser = argparse.ArgumentParser(prog="crawdad.app.mending")
    for name in ("--home", "--config", "--facts"):
        parser.add_argument(name, default=None)
    options = parser.parse_args()
    launch = Launch.from_environment(options.home, options.config)
    try:
        told = asyncio.run(mend(launch, facts_of(json.loads(options.facts or "{}"))))
    except (GatewayError, OSError) as error:
        words = error.message(LANGUAGE) if isinstance(error, GatewayError) else str(error)
        print(words, file=sys.stderr)
        told = {"acted": False, "events": []}
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
