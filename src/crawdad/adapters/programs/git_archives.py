"""`core.plugins.GitSource`: the tree of one commit as an archive. Nothing is checked out, and no hook, filter or submodule of
the repository has a say."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 300.0
_MOST_BYTES = 200 * 1024 * 1024
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "submodule.recurse=false")


class GitArchives:
    """Uses the `git` of this machine, with none of its configuration."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def archive(self, url: str, commit: str) -> bytes:
        """See `core.plugins.GitSource`."""
        with tempfile.TemporaryDirectory(prefix="crawdad-git-") as folder:
            await self._git(folder, "init", "--quiet", "--bare", ".")
            await self._git(folder, "fetch", "--quiet", "--depth", "1", "--no-tags", "--", url, commit)
            return await self._git(folder, "archive", "--format=tar", commit)

    async def _git(self, folder: str, *arguments: str) -> bytes:
        environment = {
            "PATH": self._environment.get("PATH", os.defpath),
            "HOME": folder,
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_ALLOW_PROTOCOL": "https:file",
        }
        try:
            return await run_program(
                ("git", *_SAFE, *arguments),
                seconds=_SECONDS,
                most_bytes=_MOST_BYTES,
                folder=Path(folder),
                environment=environment,
                complaints="apart",
            )
        except ProgramFailed as failed:
            raise _failed(failed.reason) from None


def _failed(reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("plugins.no_git", {"reason": reason}), {"code": "no_git"})
