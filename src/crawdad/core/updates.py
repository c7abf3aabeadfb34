"""Newer versions of Crawdad: what an index offers, and what services need to put one in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from crawdad.core.parts import JsonObject
from crawdad.core.version_order import is_prerelease, version_key

Managed = Literal["", "container", "system", "managed"]
"""What brings newer versions, where it is not this program: the container's image, the system's packages, whoever said so."""


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A wheel that an index offers. `sha256` is empty where the index does not say it."""

    name: str
    url: str
    version: str
    sha256: str
    requires_python: str = ""
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Installed:
    """A version that lies in the home directory, and what it was installed by."""

    version: str
    python: str
    origin: str = ""
    origin_python: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What another version said of a copy of the database and of the configuration. `schema` is what it brings."""

    version: str
    schema: str
    problems: tuple[str, ...] = ()


class PackageIndex(Protocol):
    """An index of Python packages. Raises UPSTREAM_BROKEN, UPSTREAM_TIMEOUT, UPSTREAM_ERROR."""

    async def wheels(self, index: str, package: str) -> Sequence[WheelFile]:
        """All wheels that run anywhere (`py3-none-any`)."""

    async def fetch(self, index: str, wheel: WheelFile, target: str) -> None:
        """Put a wheel at `target`, its hash compared. Raises FORBIDDEN where it is another one."""


class Environments(Protocol):
    """The versions in the home directory, each an environment of its own."""

    managed: Managed

    async def usual_index(self) -> str:
        """The index that pip is set up for. Raises CONFLICT where it cannot be used."""

    async def installed(self) -> Sequence[Installed]:
        """All that are whole."""

    async def current(self) -> str:
        """The version that the pointer names; empty: none, what was started counts."""

    def wheel_path(self, name: str) -> str:
        """Where to put a wheel that is to be installed."""

    async def install(self, version: str, wheel: str, index: str, say: Callable[[str], None]) -> Installed:
        """Make the environment. Raises UPSTREAM_ERROR with what went wrong."""

    async def rehearse(self, python: str, database: str) -> Rehearsed:
        """Let another version bring a copy of the database (empty: none) up to date, and read the configuration."""

    async def remove(self, version: str) -> None:
        """Remove an environment."""

    def pointer(self) -> str:
        """The path of the pointer."""

    async def stage_pointer(self, version: str, name: str) -> str:
        """A pointer to `version` that is to take the place of the present one."""

    async def note(self, facts: JsonObject) -> None:
        """Remember what a look at the index found."""

    async def noted(self) -> JsonObject:
        """What was found last; empty: nothing."""


def newest(wheels: Sequence[WheelFile], *, beta: bool, python: tuple[int, int, int]) -> WheelFile | None:
    """The newest that may be installed: not withdrawn, with a hash, for this Python, and a release unless `beta`."""
    best: WheelFile | None = None
    for wheel in wheels:
        try:
            usable = not wheel.yanked and wheel.sha256 and (beta or not is_prerelease(wheel.version))
            if not usable or not runs_on(wheel.requires_python, python):
                continue
            if best is None or version_key(wheel.version) > version_key(best.version):
                best = wheel
        except ValueError:
            continue  # no version that anybody could compare
    return best


def runs_on(requires: str, python: tuple[int, int, int]) -> bool:
    """Whether a version of Python is among those that a wheel asks for (`>=3.11,<4`)."""
    for clause in filter(None, (part.strip() for part in requires.split(","))):
        operator = clause.rstrip("0123456789.* ")
        numbers = clause[len(operator) :].strip()
        operator = operator.strip()
        wanted = tuple(int(part) for part in numbers.removesuffix(".*").split(".") if part.isdigit())
        have = python[: len(wanted)] if operator in ("==", "!=", "~=") or numbers.endswith(".*") else python
        padded = wanted + (0,) * (len(have) - len(wanted))
        holds = {
            ">=": have >= padded,
            ">": have > padded,
            "<": have < padded,
            "<=": have <= padded,
            "==": have == wanted,
            "!=": have != wanted,
            "~=": python >= padded and python[: len(wanted) - 1] == wanted[:-1],
        }.get(operator)
        if holds is False:
            return False
    return True
