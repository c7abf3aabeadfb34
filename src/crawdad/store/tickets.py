"""Tickets that stand for a credential in an address: each is there until it is used, or over."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from crawdad.store.activity_tables import tickets
from crawdad.store.database import Database

_columns = tickets.c


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """Whose ticket it is, and for which path. `credential` is a hash of what the ticket was made for; `session` the id of the
    session that it was asked for in (empty: none), and `session_ends` when that is over, in Unix seconds."""

    principal_id: str
    credential: str
    path: str
    session: str = ""
    session_ends: float | None = None


class TicketStore:
    """The table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, hashed: str, ticket: StoredTicket, now: float, expires_at: float, most: int) -> bool:
        """Keep a ticket, and forget those that are over. False: its principal holds as many as it may."""
        mine = select(func.count()).where(_columns.principal_id == ticket.principal_id)
        async with self._database.write() as connection:
            await connection.execute(delete(tickets).where(_columns.expires_at <= now))
            if (await connection.execute(mine)).scalar_one() >= most:
                return False
            values = {"hash": hashed, "principal_id": ticket.principal_id, "credential": _basis(ticket)}
            await connection.execute(insert(tickets).values(**values, path=ticket.path, expires_at=expires_at))
        return True

    async def take(self, hashed: str, path: str, now: float) -> StoredTicket | None:
        """Use a ticket up, whoever is first; None where there is none for that path, or it is over."""
        fits = (_columns.hash == hashed) & (_columns.path == path) & (_columns.expires_at > now)
        statement = delete(tickets).where(fits).returning(_columns.principal_id, _columns.credential, _columns.path)
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _ticket(row.principal_id, row.credential, row.path)


def _basis(ticket: StoredTicket) -> str:
    """What a ticket stands on: the credential, and the session behind it where there is one."""
    ends = "" if ticket.session_ends is None else repr(ticket.session_ends)
    return f"{ticket.credential} {ends} {ticket.session}" if ends or ticket.session else ticket.credential


def _ticket(principal_id: str, basis: str, path: str) -> StoredTicket:
    credential, _, rest = basis.partition(" ")
    ends, _, session = rest.partition(" ")
    return StoredTicket(principal_id, credential, path, session, float(ends) if ends else None)
