"""`core.plugins.WheelSource`: pip fetches wheels into a directory of its own. It never builds, and installs nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 600.0
_MOST_BYTES = 200 * 1024 * 1024
_PASSED = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_")
_MOST_SAID = 16 * 1024 * 1024


class PipWheels:
    """Asks the index that pip is set up for, in `environment` or in its own configuration."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def download(self, requirements: Sequence[str], hashed: bool) -> Mapping[str, bytes]:
        """See `core.plugins.WheelSource`."""
        with tempfile.TemporaryDirectory(prefix="crawdad-wheels-") as folder:
            wanted = Path(folder) / "requirements.txt"
            await asyncio.to_thread(wanted.write_text, "\n".join(requirements) + "\n", "utf-8")
            target = Path(folder) / "wheels"
            await self._run(
                (
                    *("download", "--dest", str(target), "--no-deps", "--only-binary", ":all:"),
                    *("--requirement", str(wanted)),
                    *(("--require-hashes",) if hashed else ()),
                ),
                Path(folder),
            )
            return await asyncio.to_thread(_wheels, target)

    async def _run(self, arguments: tuple[str, ...], folder: Path) -> None:
        environment = {name: value for name, value in self._environment.items() if name.startswith(_PASSED)}
        environment |= {
            "PATH": self._environment.get("PATH", os.defpath),
            "HOME": self._environment.get("HOME", str(folder)),
            "LANG": "C.UTF-8",
        }
        pip = (sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")
        try:
            await run_program(
                (*pip, *arguments),
                seconds=_SECONDS,
                most_bytes=_MOST_SAID,
                folder=folder,
                environment=environment,
                complaints="mixed",
            )
        except ProgramFailed as failed:
            raise _failed(failed.reason) from None


def _wheels(folder: Path) -> dict[str, bytes]:
    found = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    if sum(path.stat().st_size for path in found) > _MOST_BYTES:
        raise _failed("the wheels are too large")
    return {path.name: path.read_bytes() for path in found}


def _failed(reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("plugins.no_wheels", {"reason": reason}), {"code": "no_wheels"})
