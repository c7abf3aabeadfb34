"""Levels that do not flutter: one bad look is none, and one good one does not make up for many. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.health import HealthLevel, severity

WORSE_AFTER = 2
BETTER_AFTER = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A level that holds, and the looks since then that all spoke for a worse one, or all for a better one."""

    level: HealthLevel = "ok"
    against: tuple[HealthLevel, ...] = ()

    def after(self, found: HealthLevel) -> Held:
        """What holds after one more look. Of the levels that spoke against it, the nearest takes its place."""
        mine, its = severity(self.level), severity(found)
        if its == mine:
            return Held(self.level)
        same = all((severity(each) > mine) == (its > mine) for each in self.against)
        against = (*self.against, found) if same else (found,)
        if len(against) < (WORSE_AFTER if its > mine else BETTER_AFTER):
            return Held(self.level, against)
        return Held(min(against, key=lambda each: abs(severity(each) - mine)))
