"""Who may write to agents over channels, beside those that the settings name: paired people, and those who ask to be."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, text, update

from crawdad.core.channels import Account, Chat
from crawdad.store.channel_rows import chat_of, dump
from crawdad.store.channel_tables import channel_pairings, channel_people
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.upsert import insert_or_set

_ASK_LOCK = 0x63686E5F61736B
_pairings, _people = channel_pairings.c, channel_people.c
_FIND = Question(
    select(channel_people).where(
        _people.channel == parameter("in_channel"),
        _people.account == parameter("in_account"),
        _people.sender_id == parameter("wanted"),
    )
)


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """Somebody who asks to be let in, until `expires_at`. `seen_at`: when they wrote last."""

    account: Account
    sender_id: str
    sender_name: str
    code: str
    chat: Chat
    created_at: float
    seen_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class PairedPerson:
    """Somebody who was let in. `owner`: the account is theirs."""

    account: Account
    sender_id: str
    name: str
    owner: bool
    added_at: float
    added_by: str


class ChannelPeople:
    """The tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, request: PairingRequest, most: int) -> tuple[PairingRequest | None, bool]:
        """Keep a request: the one that stands, and whether it is new. None: `most` wait already for that account."""
        account = request.account
        async with self._database.write() as connection:
            if not self._database.is_sqlite:  # who asks at the same time is counted one after another
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ASK_LOCK})
            over = delete(channel_pairings).where(_pairings.expires_at <= request.created_at)
            await connection.execute(over)
            of_account = _of(channel_pairings, account)
            theirs = of_account & (_pairings.sender_id == request.sender_id)
            known = (await connection.execute(select(channel_pairings).where(theirs))).mappings().one_or_none()
            if known is not None:
                await connection.execute(update(channel_pairings).where(theirs).values(seen_at=request.seen_at))
                return replace(_pairing(known), seen_at=request.seen_at), False
            count = select(func.count()).select_from(channel_pairings).where(of_account)
            if (await connection.execute(count)).scalar_one() >= most:
                return None, False
            await connection.execute(
                insert(channel_pairings),
                {
                    "channel": account.channel,
                    "account": account.name,
                    "sender_id": request.sender_id,
                    "sender_name": request.sender_name,
                    "code": request.code,
                    "chat": dump(request.chat),
                    "created_at": request.created_at,
                    "seen_at": request.seen_at,
                    "expires_at": request.expires_at,
                },
            )
            return request, True

    async def waiting(self, now: float, channel: str = "", account: str = "") -> list[PairingRequest]:
        """Requests that still stand, in order."""
        query = select(channel_pairings).where(_pairings.expires_at > now).order_by(_pairings.created_at)
        if channel:
            query = query.where(_pairings.channel == channel)
        if account:
            query = query.where(_pairings.account == account)
        async with self._database.read() as connection:
            return [_pairing(row) for row in (await connection.execute(query)).mappings()]

    async def approve(self, channel: str, account: str, code: str, by: str, now: float) -> PairedPerson | None:
        """Let in whoever has that code; it is used up. None: there is no such request (any more)."""
        for request in await self.waiting(now, channel, account):
            if hmac.compare_digest(request.code.encode(), code.encode()):
                break
        else:
            return None
        person = PairedPerson(request.account, request.sender_id, request.sender_name, False, now, by)
        async with self._database.write() as connection:
            used = delete(channel_pairings).where(
                _of(channel_pairings, request.account),
                _pairings.sender_id == request.sender_id,
                _pairings.code == request.code,
            )
            if (await connection.execute(used)).rowcount != 1:
                return None
            await connection.execute(self._upsert(person))
        return person

    async def dismiss(self, account: Account, sender_id: str) -> bool:
        """Drop a request. False: there is none."""
        statement = delete(channel_pairings).where(_of(channel_pairings, account), _pairings.sender_id == sender_id)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def add(self, person: PairedPerson) -> None:
        """Let somebody in."""
        async with self._database.write() as connection:
            await connection.execute(self._upsert(person))

    async def remove(self, account: Account, sender_id: str) -> bool:
        """Let somebody in no more. False: nobody of that id was."""
        statement = delete(channel_people).where(_of(channel_people, account), _people.sender_id == sender_id)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def of(self, account: Account) -> Sequence[PairedPerson]:
        """Who was let in to an account."""
        query = select(channel_people).where(_of(channel_people, account)).order_by(_people.added_at)
        async with self._database.read() as connection:
            return [_person(row) for row in (await connection.execute(query)).mappings()]

    async def find(self, account: Account, ids: Sequence[str]) -> PairedPerson | None:
        """The one of those ids that was let in."""
        if len(ids) == 1:
            place = {"in_channel": account.channel, "in_account": account.name}
            rows = await self._database.ask(_FIND, **place, wanted=ids[0])
            return _person(rows[0]) if rows else None
        query = select(channel_people).where(_of(channel_people, account), _people.sender_id.in_(ids))
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_people.owner.desc()).limit(1))).mappings().one_or_none()
        return None if row is None else _person(row)

    def _upsert(self, person: PairedPerson) -> Any:
        values = {
            "channel": person.account.channel,
            "account": person.account.name,
            "sender_id": person.sender_id,
            "name": person.name,
            "owner": person.owner,
            "added_at": person.added_at,
            "added_by": person.added_by,
        }
        changes = {"name": person.name, "owner": person.owner}
        return insert_or_set(self._database.dialect, channel_people, values, changes)


def _of(table: Table, account: Account) -> ColumnElement[bool]:
    return (table.c.channel == account.channel) & (table.c.account == account.name)


def _pairing(row: Any) -> PairingRequest:
    return PairingRequest(
        Account(row["channel"], row["account"]),
        row["sender_id"],
        row["sender_name"],
        row["code"],
        chat_of(row["chat"]),
        row["created_at"],
        row["seen_at"],
        row["expires_at"],
    )


def _person(row: Any) -> PairedPerson:
    account = Account(row["channel"], row["account"])
    return PairedPerson(account, row["sender_id"], row["name"], row["owner"], row["added_at"], row["added_by"])
