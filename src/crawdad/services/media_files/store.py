"""Keeping files for people, and giving them out again while their time lasts. The port is `core.media_files.MediaStore`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from crawdad.core.door_settings import MediaSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media_files import StoredMedia
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.turns.inlining import media_type_of
from crawdad.store.media_files import MediaRecord, MediaRecords

_SWEEP_SECONDS = 30.0
_ID = re.compile(r"[\w.-]{1,200}\Z")
_NAME = re.compile(r"[^\w .()+@-]")
_SHOWN = frozenset(
    (
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/heic"),
        *("audio/mpeg", "audio/wav", "audio/ogg", "audio/mp4", "audio/flac", "audio/aac", "audio/opus"),
        *("video/mp4", "video/webm", "text/plain", "application/pdf"),
    )
)
"""What a browser may show. Whatever it could run (HTML, SVG, XML, scripts) is for saving only."""
_log = structlog.get_logger(__name__)


class MediaFolder(Protocol):
    """Where the bytes lie, by the file's id."""

    async def write(self, name: str, data: bytes) -> None: ...

    async def read(self, name: str, start: int, length: int) -> bytes:
        """A piece of a file. Raises NOT_FOUND."""

    async def remove(self, name: str) -> None: ...


class BadMediaId(Exception):
    """What was asked for cannot be a file's id."""


class Expired(Exception):
    """The file's time is over."""


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """A file as it is given out. `shown`: a browser may show it, else it is for saving."""

    id: str
    name: str
    media_type: str
    size: int
    shown: bool


class KeptMediaStore:
    """Files with a time to live."""

    def __init__(
        self,
        folder: MediaFolder,
        records: MediaRecords,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], MediaSettings],
    ) -> None:
        self._folder = folder
        self._records = records
        self._clock = clock
        self._randomness = randomness
        self._settings = settings

    async def save(self, data: bytes, media_type: str, name: str, owner: str) -> StoredMedia:
        """Keep a file. `owner` is the id of the principal it was made for. Raises TOO_LARGE."""
        settings = self._settings()
        if len(data) > settings.max_bytes:
            text = Text("doors.media_too_large", {"limit": settings.max_bytes})
            raise GatewayError(ErrorKind.TOO_LARGE, text)
        media_id = re.sub(r"\W", "", self._randomness.new_token())[-48:]
        now = self._clock.now()
        claimed, sniffed = media_type.partition(";")[0].strip().lower(), media_type_of(data, media_type)
        told = sniffed if sniffed and not sniffed.startswith("text/") else claimed
        record = MediaRecord(
            media_id,
            owner,
            _NAME.sub("_", name)[-120:].strip(". ") or "file",
            told if re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", told) else "application/octet-stream",
            len(data),
            now,
            now + settings.ttl_seconds,
        )
        await self._records.add(record)  # first: what is in the folder is known to the sweep
        await self._folder.write(media_id, data)
        return StoredMedia(media_id, f"/media/{media_id}", record.media_type, record.size)

    async def find(self, media_id: str) -> KeptMedia:
        """A file that may be fetched now. Raises `BadMediaId`, NOT_FOUND, `Expired`."""
        if not _ID.fullmatch(media_id) or media_id.strip(".") == "":
            raise BadMediaId
        record = await self._records.get(media_id)
        if record is None:
            raise GatewayError(ErrorKind.NOT_FOUND, "not found")
        if record.expires_at <= self._clock.now():
            await self._remove([media_id])
            raise Expired
        shown = record.media_type in _SHOWN
        media_type = record.media_type if shown else "application/octet-stream"
        return KeptMedia(media_id, record.name, media_type, record.size, shown)

    async def piece(self, media: KeptMedia, start: int, length: int) -> bytes:
        """A piece of a file that `find` found. Raises NOT_FOUND."""
        return await self._folder.read(media.id, start, length)

    async def sweep(self) -> int:
        """Remove what is over. Returns how many files there were."""
        ids = list(await self._records.expired(self._clock.now()))
        if ids:
            await self._remove(ids)
        return len(ids)

    async def keep_sweeping(self) -> None:
        """Remove what is over, for ever."""
        while True:
            try:
                await self.sweep()
            except GatewayError as error:
                _log.warning("media_not_swept", reason=error.message())
            await self._clock.sleep(_SWEEP_SECONDS)

    async def _remove(self, ids: list[str]) -> None:
        for media_id in ids:
            await self._folder.remove(media_id)
        await self._records.delete(ids)
