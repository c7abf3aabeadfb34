"""Files that agents make for people: where they are put, and what they are then called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A file that was put away. `path` is its address on this gateway (`/media/<id>`)."""

    id: str
    path: str
    media_type: str
    size: int


class MediaStore(Protocol):
    """Where files for people are kept for a while."""

    async def save(self, data: bytes, media_type: str, name: str, owner: str) -> StoredMedia:
        """Keep a file. `owner` is the id of the principal it was made for. Raises TOO_LARGE."""
