"""What is wrong before a start: what is evident, and what may only be guessed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crawdad.core.text import Text
from crawdad.services.backups.service import fingerprint_of
from crawdad.services.configuration.loading import Loaded
from crawdad.services.healing.start import Found, MendingParts, StartFacts

DAMAGED = 8
"""What a process ends with whose database is damaged (`app.exits`)."""
_MOST_PROBLEMS = 8
_STEPS_ALIKE = 2
_LEAST_DISK_MEGABYTES = 32


class StartSigns:
    """What can be seen of the installation while no application runs."""

    def __init__(self, parts: MendingParts) -> None:
        self._parts = parts

    async def evident(self, facts: StartFacts, loaded: Loaded) -> list[Found]:
        """What is evidently wrong, in the order in which it is seen to."""
        found = []
        free = await self._parts.disk.free_megabytes()
        if free < _LEAST_DISK_MEGABYTES:
            found.append(Found("disk", (Text("healing.seen.disk", {"megabytes": free}),)))
        if loaded.settings is None:
            problems = [problem.describe() for problem in loaded.problems if problem.is_error][:_MOST_PROBLEMS]
            seen = tuple(Text("healing.seen.invalid", {"problem": problem}) for problem in problems)
            found.append(Found("configuration", seen))
        damage = await self._parts.damage(facts.code == DAMAGED)
        if (
            damage is not None
        ):  # after the configuration, which is written at once: this is put in place by the next start
            found.append(Found("database", (damage,)))
        plugin = await self._killer()
        if plugin is not None:
            found.append(plugin)
        return found

    async def _killer(self) -> Found | None:
        """A plugin in whose code processes died again and again."""
        steps = await self._parts.steps()
        killer = killer_in(steps, await self._parts.plugins.in_process(), _STEPS_ALIKE) if steps else None
        return None if killer is None else Found("plugin", (killer[1],), killer[0], 0.95)

    async def guess(self, facts: StartFacts, loaded: Loaded) -> Found | None:
        """What has changed since it last did well: it may be that."""
        good = self._parts.last_good
        if good is None:
            return None
        present = await self._parts.plugins.in_process()
        fresh = sorted(plugin for plugin, digest in present.items() if good.plugins.get(plugin) != digest)
        if fresh:
            words = Text("healing.seen.plugin_new", {"plugin": fresh[0]})
            return Found("plugin", (words,), fresh[0], 0.6, evident=False)
        if not facts.served and loaded.settings is not None and fingerprint_of(loaded) != good.configuration:
            return Found("configuration", (Text("healing.seen.changed"),), "valid", 0.6, evident=False)
        return None

    async def port(self, facts: StartFacts) -> Found:
        """Who holds the address."""
        values = {"host": facts.host, "port": facts.port, "holder": await self._parts.holder(facts.port)}
        return Found("port", (Text("healing.seen.port", values),), str(facts.port))


def killer_in(steps: Sequence[tuple[float, str]], present: Collection[str], least: int) -> tuple[str, Text] | None:
    """Of the plugins that are there, the one in whose code the most processes died, where they were `least` or more, and that
    in words. Pure."""
    names = [plugin for _, plugin in steps if plugin in present]
    worst = max(names, key=names.count, default="")
    count = names.count(worst)
    return (worst, Text("healing.seen.steps", {"count": count, "plugin": worst})) if count >= max(1, least) else None
