"""Which version of Crawdad an installation runs: the one that it was started with, or one that an update put beside it.

Updates lie in `versions/<version>` of the home directory, environments of their own; `versions/current` is a symbolic link to
the one that counts, replaced whole. It does not count where what was started is newer. Standard library only.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from crawdad import __version__
from crawdad.core.version_order import version_key

NAME = re.compile(r"[0-9][0-9A-Za-z.+!_-]{0,63}\Z")
VARIABLE = "CRAWDAD_STARTED_BY"
"""Set by a process that has made room for the current version to that one's interpreter, which looks no further."""

ORIGIN = "CRAWDAD_STARTED_WITH"
"""Set beside it to the interpreter that made room: what lies there stays, while old versions are removed."""


def chosen(home: Path) -> str | None:
    """The version that `current` names, where it is there and can be run."""
    try:
        name = os.readlink(home / "versions" / "current")
    except OSError:
        return None
    if not NAME.match(name) or not os.access(python_of(home, name), os.X_OK):
        return None
    return name


def python_of(home: Path, version: str) -> Path:
    """The interpreter of an installed version."""
    return home / "versions" / version / "bin" / "python"


def interpreter(home: Path) -> str:
    """The interpreter that the application is to be started with."""
    version = chosen(home)
    if version is None or version_key(version) < version_key(__version__):
        return sys.executable
    here = os.path.realpath(sys.prefix) == os.path.realpath(home / "versions" / version)
    return sys.executable if here else str(python_of(home, version))


def lasting_interpreter(home: Path, environment: Mapping[str, str]) -> str:
    """The interpreter that a service is to be started with: not that of an update, which later ones remove."""
    origin = environment.get(ORIGIN, "")
    is_update = Path(os.path.abspath(sys.executable)).is_relative_to(os.path.abspath(home / "versions"))
    return origin if is_update and os.access(origin, os.X_OK) else sys.executable


def environment_for(python: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of a process with that interpreter: what leads this one to its modules is nothing for another."""
    if python == sys.executable:
        return environment
    return {name: value for name, value in environment.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def make_room(home: Path, arguments: Sequence[str]) -> None:
    """Go on as the version that counts, where this is another one: returns only where it is not."""
    if not os.path.lexists(home / "versions" / "current"):
        return
    python = interpreter(home)
    if python == sys.executable or os.environ.get(VARIABLE) == python:
        return
    environment = {**environment_for(python, os.environ), VARIABLE: python, ORIGIN: sys.executable}
    os.execve(python, [python, "-P", "-m", "crawdad.app.main", *arguments], environment)
