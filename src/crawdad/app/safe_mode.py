"""Whether what led to safe mode is gone: as far as that can be seen from outside. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from crawdad.app import exits

LOOK_SECONDS = 5.0
_LOOKS = 2
"""So often in a row it must be gone: a disk that fills again at once is full."""
_LEAST_FREE = 32 << 20
_ENOUGH = 2 * _LEAST_FREE
_PROBE_BYTES = 4096
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_WINDOW_SECONDS = 3600.0
_PAUSES = (60.0, 120.0, 300.0, 900.0)
"""Between attempts to leave within the window; there are no more than these."""


class SafeModeWatch:
    """Remembers what was wrong when safe mode began. Where that was nothing that can be seen, nothing is done by itself."""

    def __init__(self, home: Path, config_path: Path) -> None:
        self._home, self._config_path = home, config_path
        self._causes: dict[str, object] = {}
        self._looks = 0
        self._look_at = 0.0
        self._tried: list[float] = []
        self._started_with = self._written()

    def starting(self) -> None:
        """An application is started now: this is the configuration that it reads, if not a later one."""
        self._started_with = self._written()

    def enter(self, code: int, refused: tuple[str, int] | None) -> list[str]:
        """Safe mode begins: what is wrong. `code` is what the last process ended with, `refused` the address that could not be
        had."""
        self._causes, self._looks = {}, 0
        trouble = self._trouble()
        if trouble:
            self._causes[trouble] = True
        if code == exits.ADDRESS_TAKEN and refused is not None:
            self._causes["port"] = refused
        if code == exits.CONFIGURATION:
            # Put right meanwhile, while it was looked into, it is another one already.
            self._causes["configuration"] = self._started_with
        return list(self._causes)

    def leave(self) -> None:
        """Safe mode is over, by whomever."""
        self._causes = {}

    def due(self) -> float | None:
        """When to look next."""
        return self._look_at if self._causes else None

    def gone(self, now: float, held: Sequence[tuple[str, int]]) -> list[str]:
        """What was wrong, where it is not any more and another attempt may be made: that counts as made. Else nothing. `held`
        are the addresses that are ours by now."""
        if not self._causes or now < self._look_at:
            return []
        self._look_at = now + LOOK_SECONDS
        self._looks = self._looks + 1 if self._are_gone(held) else 0
        lately = [at for at in self._tried if now - at < _WINDOW_SECONDS]
        resting = bool(lately) and (len(lately) >= len(_PAUSES) or now < lately[-1] + _PAUSES[len(lately) - 1])
        if self._looks < _LOOKS or resting:
            return []
        self._tried, self._looks = [*lately, now], 0
        if "configuration" in self._causes:
            self._causes["configuration"] = self._written()  # once for each change
        return list(self._causes)

    def _are_gone(self, held: Sequence[tuple[str, int]]) -> bool:
        refused, written = self._causes.get("port"), self._causes.get("configuration")
        if self._trouble(_ENOUGH):
            return False
        if isinstance(refused, tuple) and refused not in held and not _is_free(*refused):
            return False
        return written is None or written != self._written()

    def _trouble(self, least: int = _LEAST_FREE) -> str:
        """What keeps the home directory from taking anything; empty: nothing."""
        probe = self._home / ".safe-mode-probe"
        try:
            state = os.statvfs(self._home)
            if state.f_bavail * state.f_frsize < least:
                return "disk"
            probe.write_bytes(bytes(_PROBE_BYTES))
        except OSError as error:
            return "disk" if error.errno in _NO_ROOM else "read_only"
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
        return ""

    def _written(self) -> tuple[int, int]:
        """What changes with the configuration's main file."""
        try:
            state = self._config_path.stat()
        except OSError:
            return 0, 0
        return state.st_mtime_ns, state.st_size


def _is_free(host: str, port: int) -> bool:
    """Whether nobody holds an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
