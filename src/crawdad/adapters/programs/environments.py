"""The port `core.updates.Environments`: `versions/<version>` in the home directory, made by `venv` and filled by pip.

An environment counts once `crawdad.json` stands in it, which is written last: what a killed installation left is thrown away
by the next one. The running version is never touched.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.core.updates import Installed, Managed, Rehearsed
from crawdad.core.version_order import version_key

_MARK = "crawdad.json"
_EXTRAS = {"postgres": "asyncpg", "cluster": "redis"}
_INDEX = (
    ("-m", "pip", "config", "get", "global.index-url"),
    ("-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"),
)
"""What pip was told, and what it goes by where it was told nothing (which it says nowhere else)."""
_ASK_SECONDS = 30.0
_INSTALL_SECONDS = 1200.0
_REHEARSE_SECONDS = 600.0
_MOST_SAID = 16 << 20
_PASSED = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_")


class LocalEnvironments:
    """Versions below `home`. `version` is the one that runs; `options` lead another one to the same installation."""

    def __init__(
        self, home: Path, version: str, environment: Mapping[str, str], managed: Managed, options: Sequence[str]
    ) -> None:
        self.managed = managed
        self._folder = home / "versions"
        self._version, self._environment, self._options = version, environment, list(options)

    async def usual_index(self) -> str:
        """See `core.updates.Environments`."""
        found = self._environment.get("PIP_INDEX_URL", "")
        for command in _INDEX if not found else ():
            with suppress(GatewayError):
                found = (await self._run((sys.executable, "-I", *command), _ASK_SECONDS)).strip()
                break
        if not found.startswith(("https://", "http://")) or "@" in found:
            raise GatewayError(ErrorKind.CONFLICT, Text("updates.no_index"), {"code": "no_index"})
        return found.rstrip("/")

    async def installed(self) -> Sequence[Installed]:
        """See `core.updates.Environments`."""
        return await asyncio.to_thread(self._installed)

    async def current(self) -> str:
        """See `core.updates.Environments`."""
        return await asyncio.to_thread(self._current)

    def wheel_path(self, name: str) -> str:
        """See `core.updates.Environments`."""
        self._make_folder()
        return str(self._folder / name)

    async def install(self, version: str, wheel: str, index: str, say: Callable[[str], None]) -> Installed:
        """See `core.updates.Environments`."""
        place = self._folder / version
        if place.parent != self._folder or version in ("", ".", ".."):
            raise _failed("the version has no usable name")
        if find_spec("pip") is None:
            raise _failed("pip is not there; install the new version with what installed this one")
        with self._alone():
            return await self._install(version, place, wheel, index, say)

    async def _install(
        self, version: str, place: Path, wheel: str, index: str, say: Callable[[str], None]
    ) -> Installed:
        await asyncio.to_thread(shutil.rmtree, place, True)
        # What this environment is made of is not what the new one may see.
        await self._run((sys.executable, "-I", "-m", "venv", "--without-pip", str(place)), _INSTALL_SECONDS)
        python = str(place / "bin" / "python")
        extras = [name for name, module in _EXTRAS.items() if find_spec(module) is not None]
        wanted = f"{wheel}[{','.join(extras)}]" if extras else wheel
        say(f"pip install {os.path.basename(wheel)}")
        await self._run(
            (
                *(sys.executable, "-I", "-m", "pip", "--python", python, "--disable-pip-version-check", "--no-input"),
                *("--quiet", "install", "--only-binary", ":all:", "--index-url", index, wanted),
            ),
            _INSTALL_SECONDS,
        )
        made = Installed(version, python, self._version, sys.executable)
        await asyncio.to_thread(self._mark, place, made)
        return made

    def _make_folder(self) -> None:
        for folder in (self._folder.parent, self._folder):  # the home, too: `parents` are made readable by everybody
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The gateway and a command may be told to update at the same time: one environment is not filled by both. Raises
        CONFLICT."""
        self._make_folder()
        descriptor = os.open(self._folder / "install.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            words = Text("tasks.busy", {"what": "update"})
            raise GatewayError(ErrorKind.CONFLICT, words, {"code": "task_running"}) from None
        try:
            yield
        finally:
            os.close(descriptor)

    async def rehearse(self, python: str, database: str) -> Rehearsed:
        """See `core.updates.Environments`."""
        command = (python, "-P", "-m", "crawdad.app.rehearsal", *self._options)
        said = await self._run(
            (*command, *(("--database", database) if database else ())), _REHEARSE_SECONDS, whole=True
        )
        try:
            told = json.loads(said.strip().splitlines()[-1])
            return Rehearsed(str(told["version"]), str(told["schema"]), tuple(map(str, told["problems"])))
        except (ValueError, KeyError, IndexError, TypeError):
            raise _failed(f"the rehearsal said nothing that can be read: {said[-200:]}") from None

    async def remove(self, version: str) -> None:
        """See `core.updates.Environments`."""
        await asyncio.to_thread(shutil.rmtree, self._folder / version, True)

    def pointer(self) -> str:
        """See `core.updates.Environments`."""
        return str(self._folder / "current")

    async def stage_pointer(self, version: str, name: str) -> str:
        """See `core.updates.Environments`."""
        place = str(self._folder / f".current.{name}.new")
        await asyncio.to_thread(os.symlink, version, place)
        return place

    async def note(self, facts: JsonObject) -> None:
        """See `core.updates.Environments`."""
        await asyncio.to_thread(self._write, self._folder / "check.json", facts)

    async def noted(self) -> JsonObject:
        """See `core.updates.Environments`."""
        return await asyncio.to_thread(_read, self._folder / "check.json")

    def _installed(self) -> list[Installed]:
        found = []
        for path in self._folder.glob(f"*/{_MARK}") if self._folder.is_dir() else ():
            facts = _read(path)
            with suppress(KeyError, ValueError):
                version = str(facts["version"])
                version_key(version)
                if path.parent.name == version and not path.parent.is_symlink():
                    python = str(path.parent / "bin" / "python")
                    found.append(Installed(version, python, str(facts["origin"]), str(facts["origin_python"])))
        return sorted(found, key=lambda each: version_key(each.version))

    def _current(self) -> str:
        try:
            return os.readlink(self._folder / "current")
        except OSError:
            return ""

    def _mark(self, place: Path, made: Installed) -> None:
        facts = {"version": made.version, "origin": made.origin, "origin_python": made.origin_python}
        os.sync()  # thousands of files were written: all of them before the word that they are there
        self._write(place / _MARK, facts)

    def _write(self, path: Path, facts: JsonObject) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(descriptor)
        os.replace(fresh, path)

    async def _run(self, command: Sequence[str], seconds: float, *, whole: bool = False) -> str:
        """What a program says. It, and what it started, is gone afterwards. Raises UPSTREAM_ERROR where it fails."""
        names = self._environment if whole else [name for name in self._environment if name.startswith(_PASSED)]
        environment = {name: self._environment[name] for name in names if not name.startswith("PYTHON")}
        environment |= {"PATH": self._environment.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        environment.setdefault("HOME", self._environment.get("HOME", str(self._folder)))
        await asyncio.to_thread(self._make_folder)
        try:
            said = await run_program(
                tuple(command),
                seconds=seconds,
                most_bytes=_MOST_SAID,
                folder=self._folder,
                environment=environment,
                complaints="apart" if whole else "mixed",
            )
        except ProgramFailed as failed:
            raise _failed(failed.reason) from None
        return said.decode("utf-8", "replace")


def managed_by(environment: Mapping[str, str]) -> Managed:
    """What brings newer versions here. `CRAWDAD_UPDATES` says it outright: `self`, or anything else."""
    said = environment.get("CRAWDAD_UPDATES", "").strip().lower()
    if said:
        return "" if said == "self" else "managed"
    if (
        any(os.path.exists(path) for path in ("/.dockerenv", "/run/.containerenv"))
        or "KUBERNETES_SERVICE_HOST" in environment
    ):
        return "container"
    return "system" if sys.prefix == sys.base_prefix else ""


def _read(path: Path) -> JsonObject:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _failed(reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("updates.failed", {"reason": reason}), {"code": "update_failed"})
