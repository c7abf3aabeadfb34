"""`heal/last-good.json` in a home directory. The port is `services.healing.last_good.LastGoodFile`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text


class LocalLastGood:
    """The file, for its owner alone."""

    def __init__(self, home: Path) -> None:
        self._path = home / "heal" / "last-good.json"

    async def read(self) -> Mapping[str, Any] | None:
        """What was written; None where there is nothing that can be read."""
        try:
            value = json.loads(await asyncio.to_thread(self._path.read_bytes))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    async def write(self, value: Mapping[str, Any]) -> None:
        """Replace it. Raises UNAVAILABLE."""
        try:
            await asyncio.to_thread(self._write, json.dumps(value, indent=1).encode())
        except OSError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": str(error)})) from error

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A process that finishes up may write it at the same time as the next one.
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
