"""Which changes of a valid configuration may be taken back because no process comes to serve with them. Pure.

Whoever can make the process die must not be able to bring an older, weaker configuration back: what decides who may do what is
never taken back so. Only what is listed here is."""

from __future__ import annotations

from collections.abc import Iterable

_HARMLESS = (
    *("retry", "logging", "cluster", "healing"),
    *("gateway.port", "gateway.extraPorts", "gateway.keepAliveSeconds", "gateway.drainSeconds"),
)


def protected_paths(paths: Iterable[str]) -> list[str]:
    """Of the settings that differ, those that a crash does not bring back."""
    return sorted(path for path in paths if not any(_within(path, harmless) for harmless in _HARMLESS))


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith((f"{root}.", f"{root}["))
