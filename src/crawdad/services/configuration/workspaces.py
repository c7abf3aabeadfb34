"""Where agents may work: the one rule for every door that writes a workspace into the configuration.

What an agent may read and write begins with its workspace, and the programs that it runs start there. So none is, holds or lies
in the gateway's own state, which has the keys, the accounts and the database, and none is a folder of the system.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from crawdad.core.settings import Settings
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path as Keys
from crawdad.services.configuration.problems import Severity

_OWN = "workspace"
"""What the names of those folders of the gateway's state begin with that agents work in."""
_SYSTEM_TREES = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr"),
    *("/var/backups", "/var/cache", "/var/lock", "/var/log", "/var/mail", "/var/run", "/var/spool"),
    *("/Applications", "/Library", "/System", "/private/etc", "/private/var/db", "/private/var/log"),
)
_SYSTEM_FOLDERS = (
    *("/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/var/lib", "/var/tmp"),
    *("/Users", "/private", "/private/tmp", "/private/var"),
)
"""These alone are refused: people have folders of their own in them."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where an installation has its state: its folder, and the main file of its configuration."""

    home: str
    config_path: str


def place_of(written: str, home: Path) -> Path:
    """The folder that a workspace names: below the user's own with `~`, below the gateway's where it is relative."""
    path = Path(written.strip()).expanduser()
    return path if path.is_absolute() else home / path


def workspaces_of(settings: Settings | None) -> frozenset[str] | None:
    """All that are written down; None where there are no settings to tell."""
    return frozenset(written for _, written in _written(settings)) if settings is not None else None


def check_workspaces(
    settings: Settings, root: Node, ground: Ground, established: frozenset[str] | None, findings: Findings
) -> None:
    """Find those that lie where none may lie. Those that are `established` (None: all) are warned of only: a gateway that runs
    with one goes on running. Follows links, so it looks at the disk."""
    for keys, written in _written(settings):
        fault = _fault(written, ground)
        if fault:
            known = established is None or written in established
            severity = Severity.WARNING if known else Severity.ERROR
            findings.add(severity, f"workspace.{fault}", keys, root.find(keys), path=written[:200], home=ground.home)


def _written(settings: Settings) -> Iterator[tuple[Keys, str]]:
    if settings.agents.defaults.workspace:
        yield ("agents", "defaults", "workspace"), settings.agents.defaults.workspace
    for place, entry in enumerate(settings.agents.entries or ()):
        if entry.workspace:
            yield ("agents", "list", place, "workspace"), entry.workspace


def _fault(written: str, ground: Ground) -> str:
    """The word for what is wrong; empty where nothing is."""
    try:
        real = PurePath(os.path.realpath(place_of(written, Path(ground.home))))
        home = PurePath(os.path.realpath(ground.home))
        config = PurePath(os.path.realpath(ground.config_path))
    except (ValueError, RuntimeError, OSError):  # no file system could hold it; whoever makes the folder tells
        return ""
    if home in real.parents:
        return "" if real.relative_to(home).parts[0].startswith(_OWN) else "own"
    if real == home or real in home.parents or real in config.parents:
        return "own"
    places = [str(place) for place in (real, *real.parents)]
    in_system = any(os.path.realpath(tree) in places or tree in places for tree in _SYSTEM_TREES)
    return "system" if in_system or str(real) in _SYSTEM_FOLDERS else ""
