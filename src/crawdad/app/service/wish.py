"""What somebody wants installed, and what a service manager must say for that."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from crawdad.app import versions
from crawdad.app.launch import Launch

EDITION = 2
"""Raised when what is written changes: an older file is then told by `crawdad doctor`, and can be written anew."""
MARK = "crawdad service install"
SYSTEM_HOME = Path("/var/lib/crawdad")
MARGIN_SECONDS = 15
"""How much longer than the drain the service manager waits before it kills."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_CARRIED = ("CRAWDAD_LANG", "CRAWDAD_BIND", "CRAWDAD_PORT")


class Wish(NamedTuple):
    """A service. `user` is who it runs as, with `system` only. `path` is the PATH of what agents start."""

    name: str
    python: str
    launch: Launch
    system: bool
    user: str
    path: str
    carried: Mapping[str, str]
    drain_seconds: float = 30.0
    new_privileges: bool = False

    @property
    def command(self) -> list[str]:
        """What is started. It replaces itself by the supervisor and keeps its process id."""
        # -P: what lies in the working directory must not shadow a module.
        return [self.python, "-P", "-m", "crawdad.app.main", "up", *self.launch.options()]

    @property
    def stop_seconds(self) -> int:
        """How long it may take to stop."""
        return int(self.drain_seconds) + MARGIN_SECONDS


class ServiceManager(Protocol):
    """What differs between service managers. The commands are for `subprocess`, to be run in their order."""

    name: str

    def file(self, wish: Wish) -> Path: ...

    def text(self, wish: Wish) -> str: ...

    def install(self, wish: Wish, *, start: bool) -> list[list[str]]: ...

    def uninstall(self, wish: Wish) -> tuple[list[list[str]], list[list[str]]]:
        """Before the file is removed, and after."""

    def status(self, wish: Wish) -> list[str]: ...

    def logs(self, wish: Wish, lines: int, *, follow: bool) -> list[str]: ...


def wish_for(launch: Launch, *, name: str, system: bool, user: str, new_privileges: bool) -> Wish:
    """The service of this installation. One of the system has a home directory of its own, unless one was named."""
    if system and launch == Launch.from_environment(environment=_without_choice(launch.environment)):
        launch = Launch.from_environment(str(SYSTEM_HOME), environment=launch.environment)
    return Wish(
        name,
        versions.lasting_interpreter(launch.home, launch.environment),
        launch,
        system,
        user if system else "",
        "" if system else search_path(launch.environment.get("PATH", "")),
        {key: launch.environment[key] for key in _CARRIED if launch.environment.get(key)},
        new_privileges=new_privileges,
    )


def left_behind(environment: Mapping[str, str]) -> list[str]:
    """The variables that are set here, count for Crawdad and are not given to the service: they may be secrets, and a unit can
    be read by everybody. They belong into `.env` of the home directory."""
    known = (
        *_CARRIED,
        "CRAWDAD_HOME",
        "CRAWDAD_CONFIG",
        "CRAWDAD_STARTED_BY",
        "CRAWDAD_STARTED_WITH",
        "CRAWDAD_DEBUG",
        "CRAWDAD_URL",
    )
    left = (key for key in environment if key.startswith("CRAWDAD_") or key.lower() in _PROXIES)
    return sorted(key for key in left if key not in known)


def search_path(path: str) -> str:
    """PATH without what depends on where somebody stands, and without repetitions."""
    folders = dict.fromkeys(each.rstrip("/") or "/" for each in path.split(os.pathsep) if each.startswith("/"))
    return os.pathsep.join(folders)


def edition_of(text: str) -> int | None:
    """Which edition a file of ours is; None where it is somebody else's."""
    head = text[:400]
    if MARK not in head:
        return None
    _, _, rest = head.partition("edition ")
    number = rest.split(maxsplit=1)[0].rstrip(".,-") if rest else ""
    return int(number) if number.isdigit() else None


def _without_choice(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in environment.items() if key not in ("CRAWDAD_HOME", "CRAWDAD_CONFIG")}


def joined(words: Sequence[str]) -> str:
    """A command for people."""
    import shlex

    return shlex.join(words)
