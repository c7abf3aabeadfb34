"""What changed between two settings, and whether a running application can take it up without being restarted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crawdad.core.section import Section
from crawdad.core.settings import Settings

_RESTART = frozenset(
    ("gateway.port", "gateway.bind", "gateway.extraPorts", "gateway.drainSeconds", "database", "cluster", "telemetry")
)
"""What is fixed while the application runs: its sockets, the store it is connected to, where its traces go."""


@dataclass(frozen=True, slots=True)
class Change:
    """A section (`models`) or a key of the gateway (`gateway.port`) that is not as it was."""

    path: str
    hot: bool
    """Whether it applies at once."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes; empty when nothing changed."""

    changes: tuple[Change, ...] = ()

    @property
    def needs_restart(self) -> bool:
        """Whether some of it takes effect only when the application is started again."""
        return any(not change.hot for change in self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)


NO_DIFFERENCE = Difference()


def difference(old: Settings, new: Settings) -> Difference:
    """What is different in `new`."""
    return Difference(tuple(Change(path, path not in _RESTART) for path in _changed(old, new)))


def _changed(old: Section, new: Section, prefix: str = "") -> Iterator[str]:
    for name, field in type(old).model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        path = prefix + (field.alias or name)
        if before == after:
            continue
        if path == "gateway":
            yield from _changed(before, after, "gateway.")
        else:
            yield path
