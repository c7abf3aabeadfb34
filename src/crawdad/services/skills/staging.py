"""Skills on their way to be installed by an operator who is elsewhere: brought in pieces, or fetched from an address, and
put to use once it was seen what they would have.

They are kept in memory, and only for a while. Each belongs to whoever brought it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.skill_settings import SkillsSettings
from crawdad.core.text import Text
from crawdad.services.skills.installing import Candidate, Order, SkillInstaller

_MOST_WAITING = 4
_KEPT_SECONDS = 600.0


@dataclass(slots=True)
class _Staged:
    """What waits. `candidate` is there once it is whole and was looked at; `fetched`: we got it ourselves, pinned or signed."""

    owner: str
    touched_at: float
    slug: str = ""
    size: int = 0
    sha256: str = ""
    force: bool = False
    key: str = ""
    data: bytearray = field(default_factory=bytearray)
    candidate: Candidate | None = None
    fetched: bool = False


class SkillStaging:
    """One for a process. Raises what `SkillInstaller` does, NOT_FOUND for what does not wait (any more), TOO_LARGE, and
    UNAVAILABLE where too much waits."""

    def __init__(
        self, installer: SkillInstaller, settings: Callable[[], SkillsSettings], clock: Clock, randomness: Randomness
    ) -> None:
        self._installer = installer
        self._settings = settings
        self._clock = clock
        self._randomness = randomness
        self._waiting: dict[str, _Staged] = {}

    def begin(self, owner: str, slug: str, size: int, sha256: str = "", force: bool = False, key: str = "") -> str:
        """Announce an archive of so many bytes: its id. The same `key` gives the same id again."""
        self._check_allowed()
        for name, known in self._waiting.items():
            if key and (known.owner, known.key, known.slug, known.size) == (owner, key, slug, size):
                return name
        limit = self._settings().install.max_bytes
        if size > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, Text("skills.upload_too_large", {"limit": limit}))
        return self._add(_Staged(owner, 0.0, slug, size, sha256.lower(), force, key))

    def add(self, owner: str, staged_id: str, offset: int, encoded: str) -> int:
        """The next piece, in base64: how many bytes are here now. A piece that is here already may come again."""
        staged = self._find(owner, staged_id)
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise bad_request("skills.upload_no_base64", "dataBase64") from None
        here = len(staged.data)
        if offset < here and staged.data[offset : offset + len(data)] == data:
            return here  # the answer to it was lost
        if staged.candidate is not None or offset != here or here + len(data) > staged.size:
            raise bad_request("skills.upload_misplaced", "offset", here=here, size=staged.size)
        staged.data += data
        return len(staged.data)

    async def commit(self, owner: str, staged_id: str, sha256: str = "") -> Candidate:
        """It is whole: what it is, and what it would have."""
        self._check_allowed()
        staged = self._find(owner, staged_id)
        if staged.candidate is not None:
            return staged.candidate
        if len(staged.data) != staged.size:
            raise bad_request("skills.upload_misplaced", "uploadId", here=len(staged.data), size=staged.size)
        data = bytes(staged.data)
        wanted = (sha256 or staged.sha256).lower()
        if staged.sha256 and wanted != staged.sha256:
            raise bad_request("skills.upload_two_hashes", "sha256")
        candidate = await self._installer.look_into(data, f"upload:{staged.slug}", wanted)
        self._check_name(staged.slug, candidate)
        staged.candidate, staged.data = candidate, bytearray()
        return candidate

    async def fetch(self, owner: str, order: Order) -> tuple[str, Candidate]:
        """Get one from an address or a registry, pinned or signed: its id, and what it would have."""
        if not order.registry and not order.source.startswith(("http://", "https://")):
            raise bad_request("skills.only_addresses", "address")
        candidate = await self._installer.look(order)
        return self._add(_Staged(owner, 0.0, candidate.head.name, candidate=candidate, fetched=True)), candidate

    async def install(
        self, owner: str, staged_id: str, slug: str, force: bool = False, sha256: str = ""
    ) -> tuple[Candidate, str]:
        """Put it to use: it, and where it is. What was brought is to be named, and replace another, as it was announced."""
        staged = self._find(owner, staged_id)
        if not staged.fetched:
            self._check_allowed()
        candidate = staged.candidate
        if candidate is None:
            raise GatewayError(ErrorKind.CONFLICT, Text("skills.upload_unfinished"))
        self._check_name(slug, candidate)
        if not staged.fetched and force != staged.force:
            raise bad_request("skills.upload_other_force", "force")
        if sha256 and sha256.lower() != candidate.package.digest:
            words = Text("skills.other_hash", {"found": candidate.package.digest, "wanted": sha256.lower()})
            raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "other_hash"})
        folder = await self._installer.install(candidate, force)
        self._waiting.pop(staged_id, None)
        return candidate, folder

    def _add(self, staged: _Staged) -> str:
        self._forget_old()
        if len(self._waiting) >= _MOST_WAITING:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("skills.uploads_full"))
        name = self._randomness.new_id()
        staged.touched_at = self._clock.monotonic()
        self._waiting[name] = staged
        return name

    def _find(self, owner: str, staged_id: str) -> _Staged:
        self._forget_old()
        staged = self._waiting.get(staged_id)
        if staged is None or staged.owner != owner:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("skills.no_upload"))
        staged.touched_at = self._clock.monotonic()
        return staged

    def _forget_old(self) -> None:
        before = self._clock.monotonic() - _KEPT_SECONDS
        self._waiting = {name: one for name, one in self._waiting.items() if one.touched_at >= before}

    def _check_allowed(self) -> None:
        if not self._settings().install.allow_uploaded_archives:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("skills.uploads_off"), {"code": "uploads_off"})

    def _check_name(self, slug: str, candidate: Candidate) -> None:
        if slug != candidate.head.name:
            raise bad_request("skills.other_name", "slug", name=candidate.head.name, slug=slug[:100])


def candidate_fields(candidate: Candidate) -> JsonObject:
    """A skill that could be installed, for clients."""
    return {
        "name": candidate.head.name,
        "description": candidate.head.description,
        "version": candidate.head.version or None,
        "sha256": candidate.package.digest,
        "vouchedBy": candidate.vouched,
        "permissions": candidate.permissions.document,
    }
