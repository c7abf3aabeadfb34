"""`core.plugins.GitSource`: the tree of one commit as an archive. Nothing is checked out, and no hook, filter or submodule of
the repository has a say."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 300.0
_MOST_BYTES = 200 * 1024 * 1024
_SAID_CHARACTERS = 500
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
            process = await asyncio.create_subprocess_exec(
                *("git", *_SAFE, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(error.strerror or str(error)) from None
        try:
            async with asyncio.timeout(_SECONDS):
                said, complaint = await process.communicate()
        except TimeoutError:
            raise _failed(f"it took longer than {_SECONDS:g} s") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode != 0:
            raise _failed(" ".join(complaint.decode("utf-8", "replace").split())[-_SAID_CHARACTERS:])
        if len(said) > _MOST_BYTES:
            raise _failed("the archive is too large")
        return said


def _failed(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("plugins.no_git", {"reason": reason}), {"code": "no_git"})
