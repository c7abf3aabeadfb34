"""What is known of media files; the files themselves lie in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select

from crawdad.store.database import Database
from crawdad.store.door_tables import media_files

_columns = media_files.c


@dataclass(frozen=True, slots=True)
class MediaRecord:
    """One file. Times are Unix seconds."""

    id: str
    owner: str
    name: str
    media_type: str
    size: int
    created_at: float
    expires_at: float


class MediaRecords:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: MediaRecord) -> None:
        """Keep a record."""
        async with self._database.write() as connection:
            await connection.execute(insert(media_files).values(**asdict(record)))

    async def get(self, media_id: str) -> MediaRecord | None:
        """A record, expired or not."""
        async with self._database.read() as connection:
            row = (
                (await connection.execute(select(media_files).where(_columns.id == media_id))).mappings().one_or_none()
            )
        return None if row is None else MediaRecord(**row)

    async def expired(self, now: float, limit: int = 500) -> Sequence[str]:
        """Files whose time is over."""
        query = select(_columns.id).where(_columns.expires_at <= now).limit(limit)
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def delete(self, ids: Sequence[str]) -> None:
        """Forget files."""
        async with self._database.write() as connection:
            await connection.execute(delete(media_files).where(_columns.id.in_(ids)))
