"""A property list of launchd (macOS): an agent of the user, or a daemon of the system."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path
from typing import Any

from crawdad.app.service.wish import EDITION, MARK, Wish

_THROTTLE_SECONDS = 10
_MOST_FILES = 65536
_UMASK = 0o077


class Launchd:
    """What is written for launchd, and what is run."""

    name = "launchd"

    def file(self, wish: Wish) -> Path:
        """Where the list lies."""
        folder = "/Library/LaunchDaemons" if wish.system else os.path.expanduser("~/Library/LaunchAgents")
        return Path(folder, f"{self._label(wish)}.plist")

    def text(self, wish: Wish) -> str:
        """The list."""
        log = str(wish.launch.logs / "service.log")
        facts: dict[str, Any] = {
            "Label": self._label(wish),
            "ProgramArguments": wish.command,
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": _THROTTLE_SECONDS,
            "ExitTimeOut": wish.stop_seconds,
            "Umask": _UMASK,
            # Else the system slows it down as something that nobody waits for.
            "ProcessType": "Interactive",
            "SoftResourceLimits": {"NumberOfFiles": _MOST_FILES, "Core": 0},
            "StandardOutPath": log,
            "StandardErrorPath": log,
            "EnvironmentVariables": {**({"PATH": wish.path} if wish.path else {}), **wish.carried},
        }
        if wish.user:
            facts["UserName"] = wish.user
        text = plistlib.dumps(facts, sort_keys=False).decode()
        declaration, _, rest = text.partition("\n")
        return f"{declaration}\n<!-- Made by '{MARK}', edition {EDITION}. -->\n{rest}"

    def install(self, wish: Wish, *, start: bool) -> list[list[str]]:
        """To be run when the list lies there. Loading it starts it."""
        if not start:
            return []
        return [["launchctl", "bootstrap", self._domain(wish), str(self.file(wish))]]

    def uninstall(self, wish: Wish) -> tuple[list[list[str]], list[list[str]]]:
        """Before the list is removed, and after."""
        return [["launchctl", "bootout", self._target(wish)]], []

    def status(self, wish: Wish) -> list[str]:
        """Exit code 0 when it is loaded."""
        return ["launchctl", "print", self._target(wish)]

    def logs(self, wish: Wish, lines: int, *, follow: bool) -> list[str]:
        """launchd keeps no journal: the end of the file that it writes."""
        return ["tail", "-n", str(lines), *(["-F"] if follow else []), str(wish.launch.logs / "service.log")]

    def _label(self, wish: Wish) -> str:
        return f"crawdad.{wish.name}"

    def _domain(self, wish: Wish) -> str:
        return "system" if wish.system else f"gui/{os.getuid()}"

    def _target(self, wish: Wish) -> str:
        return f"{self._domain(wish)}/{self._label(wish)}"
