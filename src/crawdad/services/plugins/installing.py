"""Installing plugins: read and checked first, told to whoever has to agree, then put there whole. Nothing of them runs.

What comes over the network is pinned: by a hash, a signature, a version with its hash noted, or a commit. A plugin cannot be
exchanged for another one under its name, nor for an older version, unless somebody says so.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.files import digest_of_files
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_manifest import (
    MANIFEST_NAMES,
    Manifest,
    PluginPermissions,
    host_allowed,
    read_manifest,
    version_key,
)
from crawdad.core.plugin_settings import PluginsInstallSettings
from crawdad.core.plugins import FoundPlugin, GitSource, PluginFolders, PluginPackages, WheelSource
from crawdad.core.ports import Clock, Timeouts, Transport
from crawdad.core.skills import Package
from crawdad.core.text import Text
from crawdad.services.fetching import fetch_file
from crawdad.services.plugins.library import no_plugin
from crawdad.services.plugins.sources import Source, checked_hash, locked_requirements, read_source, repinned
from crawdad.services.skills.installing import is_signed

LOCK = "requirements.lock"
LIBRARIES = ".lib"
_PATIENCE = Timeouts(connect=10.0, first_byte=30.0, idle=30.0)
_SECONDS = 300.0
_SIGNATURE_BYTES = 4096
_FORBIDDEN_ENDS = (".pth", ".pyc", ".pyo", ".egg-link")
_FORBIDDEN_NAMES = frozenset(("sitecustomize.py", "usercustomize.py"))
_URL = re.compile(rb"https?://([A-Za-z0-9.-]+)")
_MOST_TOLD = 50

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class PluginOrder:
    """What is to be installed. `replaces`: the id of the one that it is an update of."""

    source: Source
    sha256: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class PluginCandidate:
    """A plugin that could be installed. `vouched` tells by what it was recognised: hash, signature, index, commit or local.
    `previous` is the one that it would replace, `more` what it asks for beyond that one."""

    manifest: Manifest
    package: Package
    source: Source
    vouched: str
    libraries: tuple[str, ...]
    warnings: tuple[str, ...]
    previous: FoundPlugin | None
    more: PluginPermissions

    @property
    def document(self) -> JsonObject:
        """As plain JSON, for whoever has to agree."""
        manifest, offers = self.manifest, self.manifest.offers
        kinds = ("tools", "hooks", "channels", "providers", "routes", "methods", "services", "commands", "skills")
        return {
            "id": manifest.id,
            "version": manifest.version,
            "name": {"en": manifest.name.en, "zh": manifest.name.zh},
            "description": {"en": manifest.description.en, "zh": manifest.description.zh},
            "source": self.source.spec,
            "sha256": self.package.digest,
            "vouchedBy": self.vouched,
            "isolated": manifest.isolated,
            "offers": {kind: list(offers.names(kind)) for kind in kinds} | {"handlers": offers.handlers},
            "permissions": manifest.permissions.document,
            "newPermissions": self.more.document,
            "libraries": list(self.libraries),
            "warnings": list(self.warnings),
            "files": len(self.package.files),
            "bytes": sum(map(len, self.package.files.values())),
            "replaces": self.previous.manifest.version if self.previous and self.previous.manifest else None,
        }


@dataclass(frozen=True, slots=True)
class InstallPorts:
    """What installing works with."""

    packages: PluginPackages
    folders: PluginFolders
    wheels: WheelSource
    git: GitSource
    transport: Transport
    clock: Clock


class PluginInstaller:
    """Two steps: `look` shows what a plugin would have, `install` puts it there. `root` is where installed ones lie,
    `reserved` holds the ids of those that are part of the gateway."""

    def __init__(
        self,
        ports: InstallPorts,
        settings: Callable[[], PluginsInstallSettings],
        root: str,
        reserved: frozenset[str],
        progress: Progress = lambda _: None,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._root = root
        self._reserved = reserved
        self.progress = progress

    async def look(self, order: PluginOrder) -> PluginCandidate:
        """Read a plugin and check it. Raises BAD_REQUEST, FORBIDDEN (another hash or signature) or CONFLICT (its name)."""
        settings = self._settings()
        self.progress(Text("plugins.progress.reading", {"source": order.source.spec}))
        package, vouched = await self._read(order, settings)
        manifest = _manifest_of(package.files)
        self._check_name(manifest, order, await self._installed(settings))
        files = dict(package.files)
        libraries = await self._libraries(files, settings)
        _check_files(files)
        previous = (await self._installed(settings)).get(manifest.id)
        before = previous.manifest.permissions if previous and previous.manifest else PluginPermissions()
        return PluginCandidate(
            manifest,
            replace(package, files=files),
            order.source,
            vouched,
            tuple(libraries),
            tuple(_warnings(manifest, package.files)),
            previous,
            manifest.permissions.beyond(before),
        )

    async def install(self, candidate: PluginCandidate, *, replace_it: bool = False, downgrade: bool = False) -> str:
        """Put it into the directory of plugins: where that is. Raises CONFLICT where there is one of its id already, or a
        newer one."""
        manifest, previous = candidate.manifest, candidate.previous
        if previous is not None and previous.manifest is not None and not downgrade:
            before = previous.manifest.version
            if version_key(manifest.version) < version_key(before):
                values = {"id": manifest.id, "version": manifest.version, "before": before}
                raise GatewayError(ErrorKind.CONFLICT, Text("plugins.older", values), {"code": "downgrade"})
        self.progress(Text("plugins.progress.writing", {"id": manifest.id}))
        files = candidate.package.files
        record = {
            "source": candidate.source.spec,
            "kind": candidate.source.kind,
            "version": manifest.version,
            "sha256": candidate.package.digest,
            "digest": digest_of_files(files),
            "vouchedBy": candidate.vouched,
            "permissions": manifest.permissions.document,
            "libraries": list(candidate.libraries),
            "installedAt": self._ports.clock.now(),
        }
        return await self._ports.packages.install(manifest.id, candidate.package, record, replace_it)

    async def update_order(self, plugin: str, to: str = "", sha256: str = "") -> PluginOrder:
        """How to get an installed plugin anew, at another version, commit or address. Raises NOT_FOUND, BAD_REQUEST."""
        found = (await self._installed(self._settings())).get(plugin)
        if found is None:
            raise no_plugin(plugin)
        source = found.record.get("source")
        if not isinstance(source, str):
            raise bad_request("plugins.no_record", "id", id=plugin)
        return PluginOrder(repinned(read_source(source), to), checked_hash(sha256), plugin)

    async def remove(self, plugin: str) -> None:
        """Take an installed plugin away; what it kept in its data directory stays. Raises NOT_FOUND."""
        found = (await self._installed(self._settings())).get(plugin)
        if found is None or not await self._ports.packages.remove(found.folder.rstrip("/").rpartition("/")[2]):
            raise no_plugin(plugin)

    async def _installed(self, settings: PluginsInstallSettings) -> dict[str, FoundPlugin]:
        found = await self._ports.folders.found(self._root, settings.max_bytes, settings.max_files)
        return {one.id: one for one in found}

    async def _read(self, order: PluginOrder, settings: PluginsInstallSettings) -> tuple[Package, str]:
        source, sizes = order.source, (settings.max_bytes, settings.max_files)
        packages = self._ports.packages
        if source.kind == "pypi":
            return await self._from_index(order, settings)
        if source.kind == "git":
            data = await self._ports.git.archive(source.place, source.commit)
            return await packages.unpack(data, source.spec, *sizes), "commit"
        if source.kind == "url":
            data, vouched = await self._fetched(order, settings)
            return await self._unpacked(data, source, settings), vouched
        package = await packages.read(source.place, *sizes)
        if order.sha256:
            _check_hash(package.digest, order.sha256)
        return package, "hash" if order.sha256 else "local"

    async def _from_index(self, order: PluginOrder, settings: PluginsInstallSettings) -> tuple[Package, str]:
        pin = f" --hash=sha256:{order.sha256}" if order.sha256 else ""
        wheels = await self._ports.wheels.download([order.source.place + pin], bool(pin))
        if len(wheels) != 1:
            raise bad_request("plugins.no_wheel", "source", spec=order.source.place)
        (data,) = wheels.values()
        if order.sha256:
            _check_hash(hashlib.sha256(data).hexdigest(), order.sha256)
        return await self._unpacked(data, order.source, settings), "hash" if order.sha256 else "index"

    async def _fetched(self, order: PluginOrder, settings: PluginsInstallSettings) -> tuple[bytes, str]:
        url = order.source.place
        if not order.sha256 and not settings.trusted_keys:
            raise bad_request("plugins.unpinned", "sha256")
        data = await self._fetch(url, settings.max_bytes)
        if order.sha256:
            _check_hash(hashlib.sha256(data).hexdigest(), order.sha256)
            return data, "hash"
        signature = (await self._fetch(f"{url}.sig", _SIGNATURE_BYTES)).decode("ascii", "replace").strip()
        if not is_signed(data, signature, settings.trusted_keys):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("plugins.bad_signature"), {"code": "bad_signature"})
        return data, "signature"

    async def _fetch(self, url: str, limit: int) -> bytes:
        return await fetch_file(self._ports.transport, url, limit, accept="*/*", patience=_PATIENCE, seconds=_SECONDS)

    async def _unpacked(self, data: bytes, source: Source, settings: PluginsInstallSettings) -> Package:
        """An archive, or a wheel, whose manifest is put at the top."""
        sizes = (settings.max_bytes, settings.max_files)
        if source.kind != "pypi" and not source.place.partition("?")[0].endswith(".whl"):
            return await self._ports.packages.unpack(data, source.spec, *sizes)
        files = _library_files(await self._ports.packages.files(data, *sizes), keep_metadata=True)
        return Package(files, frozenset(), hashlib.sha256(data).hexdigest(), source.spec)

    async def _libraries(self, files: dict[str, bytes], settings: PluginsInstallSettings) -> list[str]:
        """Put what the plugin depends on below `.lib`, as its lock says: the names."""
        lock = files.get(LOCK)
        if any(path.startswith(f"{LIBRARIES}/") for path in files):
            raise bad_request("plugins.own_libraries", "source", lock=LOCK)
        wanted = locked_requirements(lock.decode("utf-8", "replace")) if lock is not None else []
        if not wanted:
            return []
        self.progress(Text("plugins.progress.libraries", {"count": len(wanted)}))
        wheels = await self._ports.wheels.download(wanted, True)
        allowed = {word.rpartition(":")[2] for requirement in wanted for word in requirement.split()[1:]}
        for name, data in sorted(wheels.items()):
            if hashlib.sha256(data).hexdigest() not in allowed:
                raise GatewayError(
                    ErrorKind.FORBIDDEN, Text("plugins.library_hash", {"name": name}), {"code": "other_hash"}
                )
            unpacked = await self._ports.packages.files(data, settings.max_bytes, settings.max_files)
            files |= {f"{LIBRARIES}/{path}": content for path, content in _library_files(unpacked).items()}
            if len(files) > settings.max_files or sum(map(len, files.values())) > settings.max_bytes:
                raise bad_request("skills.too_much", "source", files=settings.max_files, bytes=settings.max_bytes)
        return [requirement.split()[0] for requirement in wanted]

    def _check_name(self, manifest: Manifest, order: PluginOrder, installed: Mapping[str, FoundPlugin]) -> None:
        if order.replaces and manifest.id != order.replaces:
            raise _conflict("plugins.other_plugin", id=order.replaces, found=manifest.id)
        if manifest.id in self._reserved:
            raise _conflict("plugins.reserved", id=manifest.id)
        for other in (*installed, *self._reserved):
            if other != manifest.id and _bare(other) == _bare(manifest.id):
                raise _conflict("plugins.looks_like", id=manifest.id, other=other)


def _manifest_of(files: Mapping[str, bytes]) -> Manifest:
    name = next(name for name in MANIFEST_NAMES if name in files)
    return read_manifest(files[name], name)


def _library_files(files: Mapping[str, bytes], keep_metadata: bool = False) -> dict[str, bytes]:
    """A wheel's files as they are imported from. With `keep_metadata` it is the plugin's own: its manifest is looked for.
    Scripts and data that an installer would spread over the system are refused."""
    kept: dict[str, bytes] = {}
    manifests: list[str] = []
    for path, data in files.items():
        top, _, rest = path.partition("/")
        if top.endswith(".data"):
            raise bad_request("plugins.wheel_data", "source", path=path)
        if keep_metadata and rest in MANIFEST_NAMES:
            manifests.append(path)
        if not top.endswith(".dist-info"):
            kept[path] = data
    if keep_metadata:
        if len(manifests) != 1:
            raise bad_request("plugins.no_head", "source")
        kept[manifests[0].rpartition("/")[2]] = files[manifests[0]]
    return kept


def _check_files(files: Mapping[str, bytes]) -> None:
    for path in files:
        name = path.rpartition("/")[2].lower()
        if name.endswith(_FORBIDDEN_ENDS) or name in _FORBIDDEN_NAMES:
            raise bad_request("plugins.forbidden_file", "source", path=path)


def _warnings(manifest: Manifest, files: Mapping[str, bytes]) -> list[str]:
    """What is worth a second look: hosts that the code names and the manifest does not, and machine code."""
    asked = manifest.permissions.network
    hosts: set[str] = set()
    for path, data in files.items():
        if path.endswith(".py"):
            hosts |= {found.decode().lower().strip(".") for found in _URL.findall(data)}
    undeclared = sorted(host for host in hosts if not host_allowed(host, asked))
    told = [f"host {host}" for host in undeclared]
    told += [f"machine code {path}" for path in files if path.endswith((".so", ".pyd", ".dll", ".dylib"))]
    return told[:_MOST_TOLD]


def _bare(plugin: str) -> str:
    """An id without what eyes overlook."""
    return plugin.replace("-", "").translate(str.maketrans("01", "ol"))


def _check_hash(found: str, wanted: str) -> None:
    if not hmac.compare_digest(found, wanted):
        text = Text("skills.other_hash", {"found": found, "wanted": wanted[:64]})
        raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "other_hash"})


def _conflict(key: str, **values: Any) -> GatewayError:
    return GatewayError(ErrorKind.CONFLICT, Text(key, values), {"code": key.rpartition(".")[2]})
