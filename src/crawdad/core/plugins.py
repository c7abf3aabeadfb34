"""Plugins as the rest of the system knows them: where one was found, whether it is used, how it stands. And the ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_manifest import Manifest
from crawdad.core.skills import SkillPackages
from crawdad.core.text import Text

PLUGINS_CHANGED = "plugins.changed"
"""The topic of revisions: plugins were installed, removed, switched or are to be loaded anew."""
DOWN, RELOADS, STATES = "plugins.down", "plugins.reloads", "plugins.states"
"""Facts that are kept: those that were set down (reason, digest), how often each was asked to be loaded anew, and how the
plugins of the running gateway stand."""
PLUGIN_DOWN = "plugins.set_down"
"""A plugin was set down. `data`: `plugin`, `reason`."""
ENTRY_POINTS = "crawdad.plugins"
"""The group of entry points by which a distribution of the Python environment offers a plugin."""

Origin = Literal["bundled", "path", "installed", "distribution"]
Status = Literal["loaded", "disabled", "error", "down"]


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that lies somewhere. `manifest` None: `problem` tells what is wrong with it. `digest` changes with its
    files; `record` is what was noted when it was installed."""

    id: str
    origin: Origin
    folder: str
    manifest: Manifest | None = None
    problem: GatewayError | None = None
    digest: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PluginStanding:
    """Whether a plugin is to be used. `wanted` False: `reason` says why not; `status` is then disabled, error or down."""

    found: FoundPlugin
    wanted: bool
    status: Status = "disabled"
    reason: Text | None = None
    config: JsonObject = field(default_factory=dict)
    isolated: bool = False
    revision: int = 0
    """Raised by whoever wants it loaded anew."""


@dataclass(slots=True)
class PluginState:
    """How a plugin stands in a process. `reason` is for people, in English and Chinese."""

    id: str
    status: Status
    origin: Origin
    folder: str
    version: str = ""
    isolated: bool = False
    reason: tuple[str, str] = ("", "")
    calls: int = 0
    failures: int = 0
    last_failure: str = ""
    since: float = 0.0
    offers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sandboxed: bool = False
    """Whether the system keeps its process from what it did not ask for."""


class PluginFolders(Protocol):
    """Plugins on the disk, looked at without running anything."""

    async def found(self, root: str, most_bytes: int, most_files: int) -> Sequence[FoundPlugin]:
        """The plugins right below a directory of installed ones, by name."""

    async def look(self, path: str, most_bytes: int, most_files: int) -> FoundPlugin:
        """The plugin in one directory."""

    async def distributions(self) -> Sequence[FoundPlugin]:
        """Those that distributions of the Python environment offer by entry points."""


class PluginPackages(SkillPackages, Protocol):
    """Packages of plugins: as those of skills, with a manifest at their top."""

    async def files(self, data: bytes, most_bytes: int, most_files: int) -> Mapping[str, bytes]:
        """The files of any archive (a wheel, say), under the same conditions."""


class FactStore(Protocol):
    """JSON values by name, kept."""

    async def get(self, key: str) -> Any: ...

    async def put(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class PluginRoom:
    """What a plugin in a process apart gets to see of this machine besides its programs: paths that it may read, paths that
    it may change, the directory that it runs in, and whether it has the network."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    directory: str
    network: bool


class PluginConfinement(Protocol):
    """Keeps processes in a room, where this machine can do that."""

    async def confined(self, words: Sequence[str], room: PluginRoom) -> Sequence[str] | None:
        """The command line that runs `words` in there. None: it cannot be done here."""


class WheelSource(Protocol):
    """Gets wheels from a package index; nothing of them is run."""

    async def download(self, requirements: Sequence[str], hashed: bool) -> Mapping[str, bytes]:
        """The wheels of exactly these requirements (`name==version`, with `hashed` each with ` --hash=sha256:…`), without
        what they depend on: file name → content. Raises `GatewayError`."""


class GitSource(Protocol):
    """Gets the tree of a commit."""

    async def archive(self, url: str, commit: str) -> bytes:
        """A tar archive of it. Raises `GatewayError`."""
