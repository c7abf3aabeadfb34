"""Installing skills: from a directory, an archive, an address or a registry.

What comes over the network is used only when its bytes are known beforehand: by a SHA-256 that the operator gives, or by
an Ed25519 signature of a key that the settings trust. Nothing that a skill asks to be installed is installed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.ports import Clock, Timeouts, Transport
from crawdad.core.skill_settings import SkillsInstallSettings, SkillsSettings
from crawdad.core.skills import Package, SkillPackages
from crawdad.core.text import Text
from crawdad.services.fetching import fetch_file
from crawdad.services.skills.head import SkillHead, read_head
from crawdad.services.skills.permissions import Permissions, permissions_of
from crawdad.services.skills.versions import version_key

_SECONDS = 120.0
_PATIENCE = Timeouts(connect=10.0, first_byte=30.0, idle=30.0)
_INDEX_BYTES = 4 * 1024 * 1024
_SIGNATURE_BYTES = 1024
_MOST_REPLACED = 50
"""How many earlier packages of a skill are known, so that none of them comes back for a newer one."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Order:
    """What to install. `source` is a path, an address, or, with `registry` (the address of an index), a skill's name."""

    source: str
    sha256: str = ""
    registry: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A skill that could be installed. `vouched` tells by what it was recognised: hash, signature or local."""

    head: SkillHead
    package: Package
    permissions: Permissions
    vouched: str


class SkillInstaller:
    """Two steps: `look` shows what a skill would have, `install` puts it there."""

    def __init__(
        self, packages: SkillPackages, transport: Transport, clock: Clock, settings: Callable[[], SkillsSettings]
    ) -> None:
        self._packages = packages
        self._transport = transport
        self._clock = clock
        self._settings = settings

    async def look(self, order: Order) -> Candidate:
        """Read a skill and check it. Raises BAD_REQUEST where it may not be used."""
        settings = self._settings().install
        sha256 = order.sha256.strip().lower()
        if sha256 and not _HASH.fullmatch(sha256):
            raise bad_request("skills.bad_hash", "sha256")
        if order.registry:
            package, vouched = await self._from_registry(order, sha256, settings)
        elif order.source.startswith(("http://", "https://")):
            package, vouched = await self._download(order.source, sha256, "", settings)
        else:
            package = await self._packages.read(order.source, settings.max_bytes, settings.max_files)
            if sha256:
                _check_hash(package.digest, sha256)
            vouched = "hash" if sha256 else "local"
        candidate = _candidate(package, vouched)
        if order.registry and candidate.head.name != order.source:  # another skill under a name that somebody looks for
            raise bad_request("skills.other_name", "source", name=candidate.head.name, slug=order.source[:100])
        return candidate

    async def look_into(self, data: bytes, source: str, sha256: str = "") -> Candidate:
        """The same for an archive that the operator brought; `source` is noted with it. The hash says that it came over whole,
        and vouches for nothing: it is the sender's own."""
        settings = self._settings().install
        package = await self._packages.unpack(data, source, settings.max_bytes, settings.max_files)
        if sha256:
            _check_hash(package.digest, sha256)
        return _candidate(package, "local")

    async def install(self, candidate: Candidate, replace: bool = False, downgrade: bool = False) -> str:
        """Put it into the managed directory: where that is. Raises CONFLICT where there is one of its name, and FORBIDDEN where
        that would be replaced by an older one, or by one that nobody vouches for as well, without `downgrade`."""
        earlier = await self._packages.record(candidate.head.name)
        if earlier and replace and not downgrade:
            _check_no_step_back(earlier, candidate)
        left = [str(one) for one in _list(earlier.get("replaced")) if one != candidate.package.digest]
        before = str(earlier.get("sha256") or "")
        if before and before != candidate.package.digest:
            left.append(before)
        record = {
            "version": candidate.head.version,
            "replaced": left[-_MOST_REPLACED:],
            "source": candidate.package.source,
            "sha256": candidate.package.digest,
            "vouchedBy": candidate.vouched,
            "installedAt": self._clock.now(),
        }
        return await self._packages.install(candidate.head.name, candidate.package, record, replace)

    async def remove(self, name: str) -> None:
        """Take an installed skill away. Raises NOT_FOUND."""
        if not _NAME.fullmatch(name) or not await self._packages.remove(name):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("skills.not_installed", {"name": name[:100]}))

    async def _from_registry(self, order: Order, sha256: str, settings: SkillsInstallSettings) -> tuple[Package, str]:
        index = _json(await self._fetch(order.registry, _INDEX_BYTES))
        entries = index.get("skills") if isinstance(index, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("name") == order.source and isinstance(entry.get("url"), str):
                stated, signature = entry.get("sha256"), entry.get("signature")
                signature = signature if isinstance(signature, str) else ""
                package, vouched = await self._download(entry["url"], sha256, signature, settings)
                if isinstance(stated, str):
                    _check_hash(package.digest, stated.lower())
                return package, vouched
        raise GatewayError(ErrorKind.NOT_FOUND, Text("skills.not_in_registry", {"name": order.source[:100]}))

    async def _download(
        self, url: str, sha256: str, signature: str, settings: SkillsInstallSettings
    ) -> tuple[Package, str]:
        if not sha256 and not settings.trusted_keys:
            raise bad_request("skills.unpinned", "sha256")
        data = await self._fetch(url, settings.max_bytes)
        if sha256:
            _check_hash(hashlib.sha256(data).hexdigest(), sha256)
            vouched = "hash"
        else:
            if not signature:
                signature = (await self._fetch(f"{url}.sig", _SIGNATURE_BYTES)).decode("ascii", "replace").strip()
            if not await asyncio.to_thread(is_signed, data, signature, settings.trusted_keys):
                raise GatewayError(ErrorKind.FORBIDDEN, Text("skills.bad_signature"), {"code": "bad_signature"})
            vouched = "signature"
        return await self._packages.unpack(data, url, settings.max_bytes, settings.max_files), vouched

    async def _fetch(self, url: str, limit: int) -> bytes:
        return await fetch_file(self._transport, url, limit, accept="*/*", patience=_PATIENCE, seconds=_SECONDS)


def _candidate(package: Package, vouched: str) -> Candidate:
    head = read_head(package.files.get("SKILL.md", b"").decode("utf-8", "replace"))
    if head is None:
        raise bad_request("skills.no_head", "source")
    if not _NAME.fullmatch(head.name):
        raise bad_request("skills.bad_name", "source", name=head.name)
    return Candidate(head, package, permissions_of(head, package), vouched)


def _check_no_step_back(earlier: Mapping[str, object], candidate: Candidate) -> None:
    """A signature says who made a package, not that it is the newest: an old one, with its old holes, is signed as well."""
    digest, version = candidate.package.digest, candidate.head.version
    had = str(earlier.get("version") or "")
    reason = ""
    is_newer = bool(version and had) and version_key(version) > version_key(had)
    if digest in _list(earlier.get("replaced")) and not is_newer:
        reason = "skills.was_replaced"
    elif earlier.get("vouchedBy") == "signature" and candidate.vouched == "local":
        reason = "skills.unsigned_now"
    elif had and (not version or version_key(version) < version_key(had)):
        reason = "skills.older"
    if reason:
        words = Text(reason, {"version": version or "?", "installed": had})
        raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "downgrade"})


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def is_signed(data: bytes, signature: str, keys: tuple[str, ...]) -> bool:
    """Whether one of the keys signed `data` (Ed25519; signature and keys in base64)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True)).verify(raw, data)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def _check_hash(found: str, wanted: str) -> None:
    if not hmac.compare_digest(found, wanted):
        text = Text("skills.other_hash", {"found": found, "wanted": wanted[:64]})
        raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "other_hash"})


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise bad_request("skills.bad_registry", "registry", reason=str(error)) from None
