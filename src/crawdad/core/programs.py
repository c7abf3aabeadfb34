"""Programs that agents run: what was found to run, how it is confined, and the process while it lives. Ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from crawdad.core.sandbox_settings import ContainerSettings, WorkspaceAccess
from crawdad.core.secret import Secret

INSIDE = "/workspace"
"""Where containers have the workspace."""
Level = Literal["none", "workspace", "bubblewrap", "container"]


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file and what was in it. `path` has every link resolved."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Executable:
    """A program as it was found. `path` is how it is called (its links matter to programs with several names), `mark` the file
    behind it. `trusted`: it and the folders above it belong to the system and nobody else can write to them."""

    path: str
    mark: FileMark
    is_script: bool = False
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Confinement:
    """How a program is kept apart: not at all, its directory inside the workspace, or by bubblewrap or a container."""

    level: Level = "workspace"
    access: WorkspaceAccess = "rw"
    network: bool = True
    container: ContainerSettings = field(default_factory=ContainerSettings)
    place: str = ""
    """Programs of the same place share a container."""

    @property
    def sealed(self) -> bool:
        """Whether a program reaches nothing but the workspace: a sandbox without a network."""
        return self.level in ("bubblewrap", "container") and not self.network


@dataclass(frozen=True, slots=True)
class ProgramOrder:
    """What is to be started. `checked` files are looked at once more right before: with another content nothing runs.

    `variables` is the whole environment. `cwd` has every link resolved; `workspace` is what the sandbox shows.
    """

    executable: Executable
    arguments: Sequence[str]
    cwd: str
    workspace: str
    variables: Mapping[str, str]
    secrets: Mapping[str, Secret] = field(default_factory=dict, kw_only=True)
    """More of it, which no list of processes may show; `variables` come first."""
    checked: Sequence[FileMark] = ()
    confinement: Confinement = Confinement()
    terminal: bool = False
    name: str = ""
    """Unique; containers are called by it."""


class RunningProgram(Protocol):
    """A program while it lives; with everything that it started in its process group."""

    pid: int

    async def read(self) -> bytes:
        """More of what it prints, both streams in one; empty at the end."""

    async def write(self, data: bytes) -> None:
        """Give it input. Raises CONFLICT when it takes none any more."""

    async def close_input(self) -> None:
        """The end of its input."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal that it runs in how large it is; nothing where it runs in none. It begins with 80 by 24."""

    async def wait(self) -> int:
        """Its exit code, negative for a signal, once it has ended."""

    async def kill(self) -> None:
        """End it and all its children; returns when it is gone."""


class Programs(Protocol):
    """The programs of this machine. Everything raises `GatewayError`."""

    async def find(self, name: str, cwd: str, search: Sequence[str]) -> Executable:
        """The program called `name`: along the folders `search`, or, with a slash in it, from `cwd`. Raises NOT_FOUND."""

    async def mark(self, paths: Sequence[str], cwd: str, most: int | None = None) -> list[FileMark]:
        """The regular files among `paths`, as seen from `cwd`; others, and those of more than `most` bytes, are left out."""

    async def holding(self, paths: Sequence[str], cwd: str, pattern: str) -> list[str]:
        """The regular files among `paths`, as seen from `cwd`, whose first megabyte holds what a regular expression says."""

    async def changed(self, folder: str, since: float) -> list[FileMark]:
        """The regular files below a folder that were written since a moment (Unix time), as far as a bounded search goes."""

    async def directory(self, path: str, workspace: str, inside: bool) -> str:
        """A directory as seen from the workspace, links resolved. FORBIDDEN when it must lie `inside` and does not."""

    async def has(self, level: Level) -> bool:
        """Whether this machine can confine programs so."""

    async def prune(self, idle_seconds: float, age_seconds: float) -> int:
        """Take away the containers that no program has used for so long, or that are so old; 0: not for that reason. How many
        went."""

    async def start(self, order: ProgramOrder) -> RunningProgram:
        """Start it. CONFLICT when a checked file changed; UNAVAILABLE when the system cannot."""
