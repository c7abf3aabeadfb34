"""Plugins on the disk: packages of them put there, and those that lie there found. No code of theirs runs here."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from crawdad.adapters.agent_files.archives import gather_folder
from crawdad.adapters.agent_files.beneath import read_beneath
from crawdad.adapters.agent_files.packages import LocalPackages, PackageKind
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_manifest import (
    FOREIGN_MANIFEST,
    MANIFEST_NAMES,
    MOST_BYTES,
    ManifestProblem,
    bad_manifest,
    read_manifest,
)
from crawdad.core.plugins import ENTRY_POINTS, FoundPlugin, Origin
from crawdad.core.text import Text

RECORD = ".crawdad-plugin.json"
_MOST_PLUGINS = 500
_RECORD_BYTES = 64 * 1024


class LocalPluginPackages(LocalPackages):
    """Keeps installed plugins below `root`."""

    kind = PackageKind("plugins", RECORD, MANIFEST_NAMES, refuses_privileged=True)


class LocalPluginFolders:
    """`core.plugins.PluginFolders`."""

    async def found(self, root: str, most_bytes: int, most_files: int) -> Sequence[FoundPlugin]:
        return await asyncio.to_thread(_found, root, most_bytes, most_files)

    async def look(self, path: str, most_bytes: int, most_files: int) -> FoundPlugin:
        return await asyncio.to_thread(_look, path, "path", most_bytes, most_files)

    async def distributions(self) -> Sequence[FoundPlugin]:
        return await asyncio.to_thread(_distributions)


def _found(root: str, most_bytes: int, most_files: int) -> list[FoundPlugin]:
    try:
        names = sorted(name for name in os.listdir(root) if not name.startswith("."))
    except OSError:
        return []
    places = [os.path.join(root, name) for name in names[:_MOST_PLUGINS]]
    return [
        _look(place, "installed", most_bytes, most_files)
        for place in places
        if os.path.isdir(place) and not os.path.islink(place)
    ]


def _look(path: str, origin: Origin, most_bytes: int, most_files: int) -> FoundPlugin:
    folder = os.path.abspath(os.path.expanduser(path))
    name = os.path.basename(folder)
    try:
        file_name, data = _manifest_in(folder)
        manifest = read_manifest(data, file_name)
        digest = gather_folder(folder, most_bytes, most_files).digest()
    except GatewayError as error:
        return FoundPlugin(name, origin, folder, problem=error)
    except OSError as error:
        reason = Text("plugins.unreadable", {"path": folder, "reason": error.strerror or str(error)})
        return FoundPlugin(name, origin, folder, problem=GatewayError(ErrorKind.BAD_REQUEST, reason))
    return FoundPlugin(manifest.id, origin, folder, manifest, None, digest, _record(folder))


def _manifest_in(folder: str) -> tuple[str, bytes]:
    """The name and the content of a folder's manifest. Raises BAD_REQUEST."""
    for file_name in MANIFEST_NAMES:
        read = read_beneath(folder, (file_name,), MOST_BYTES + 1)
        if read is not None:
            return file_name, read[0]
    missing = "plugins.manifest.none"
    if os.path.lexists(os.path.join(folder, FOREIGN_MANIFEST)):
        missing = "plugins.manifest.foreign"
    raise bad_manifest(MANIFEST_NAMES[0], [ManifestProblem("", Text(missing))])


def _record(folder: str) -> dict[str, object]:
    read = read_beneath(folder, (RECORD,), _RECORD_BYTES)
    try:
        found = json.loads(read[0]) if read is not None else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _distributions() -> list[FoundPlugin]:
    """By entry points: the manifest lies in the distribution, beside the module that the entry point names or among its
    metadata; nothing is imported to find it."""
    found: list[FoundPlugin] = []
    for point in metadata.entry_points(group=ENTRY_POINTS):
        if point.dist is not None:
            found.append(_distributed(point.name, point.module, point.dist))
    return found[:_MOST_PLUGINS]


def _distributed(name: str, module: str, distribution: metadata.Distribution) -> FoundPlugin:
    package = module.partition(".")[0]
    version = distribution.version
    for file in distribution.files or ():
        at_home = len(file.parts) == 2 and (file.parts[0] == package or file.parts[0].endswith(".dist-info"))
        if file.name in MANIFEST_NAMES and at_home:
            path = Path(str(distribution.locate_file(file)))
            folder = str(Path(str(distribution.locate_file(package))))
            try:
                manifest = read_manifest(path.read_bytes(), file.name)
            except GatewayError as error:
                return FoundPlugin(name, "distribution", folder, problem=error)
            except OSError as error:
                reason = Text("plugins.unreadable", {"path": str(path), "reason": error.strerror or ""})
                return FoundPlugin(name, "distribution", folder, problem=GatewayError(ErrorKind.BAD_REQUEST, reason))
            return FoundPlugin(manifest.id, "distribution", folder, manifest, None, version, {"version": version})
    missing = bad_manifest(MANIFEST_NAMES[0], [ManifestProblem("", Text("plugins.manifest.none"))])
    return FoundPlugin(name, "distribution", package, problem=missing)
