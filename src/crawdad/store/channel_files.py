"""Files that came with the events of channels, for as long as somebody may want to look at the event."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from crawdad.core.channels import Account
from crawdad.store.channel_tables import channel_files
from crawdad.store.database import Database

_columns = channel_files.c


class ChannelFileTable:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, account: Account, name: str, data: bytes, now: float) -> None:
        """Keep a file under a name of its own."""
        row = {"id": name, "channel": account.channel, "account": account.name, "data": data, "created_at": now}
        async with self._database.write() as connection:
            await connection.execute(insert(channel_files), [row])

    async def get(self, account: Account, name: str) -> bytes | None:
        """A file of an account; None: it is not there, or no longer."""
        query = select(_columns.data).where(
            _columns.id == name, _columns.channel == account.channel, _columns.account == account.name
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).scalar_one_or_none()
        return None if found is None else bytes(found)

    async def delete_before(self, before: float) -> int:
        """Forget files that came before then. Returns how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(channel_files).where(_columns.created_at < before))).rowcount
