"""What is known of chats: where their answers go, what was said in them, and what of that an agent has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Table, delete, select, update

from crawdad.core.channels import Account, Chat
from crawdad.core.parts import JsonObject
from crawdad.store.channel_rows import chat_of, dump, lane_of, message_key
from crawdad.store.channel_tables import channel_chats, channel_messages
from crawdad.store.database import Database
from crawdad.store.question import Question, parameter
from crawdad.store.upsert import insert_or_keep, insert_or_set

_chats, _messages = channel_chats.c, channel_messages.c
_GET = Question(
    select(channel_chats).where(
        _chats.channel == parameter("in_channel"),
        _chats.account == parameter("in_account"),
        _chats.lane == parameter("in_lane"),
    )
)
_OF_ACCOUNT = (_messages.channel == parameter("in_channel")) & (_messages.account == parameter("in_account"))
_SAID = Question(
    select(channel_messages).where(
        _OF_ACCOUNT,
        # Rows from before ids were told apart by chat hold the bare id; their lane says which chat they are of.
        (_messages.message_id == parameter("wanted")) | (_messages.message_id == parameter("bare")),
    )
)
_SPOKE = Question(
    select(_messages.at).where(_OF_ACCOUNT, _messages.lane == parameter("in_lane"), _messages.ours.is_(True)).limit(1)
)
_PENDING = Question(
    select(channel_messages)
    .where(_OF_ACCOUNT, _messages.lane == parameter("in_lane"), _messages.pending.is_(True))
    .order_by(_messages.at.desc(), _messages.message_id.desc())
    .limit(parameter("most"))
)


@dataclass(frozen=True, slots=True)
class KnownChat:
    """A chat. `sent_since`: parts that went out since somebody wrote."""

    account: Account
    chat: Chat
    reply_context: JsonObject = field(default_factory=dict)
    last_inbound_at: float = 0.0
    sent_since: int = 0


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """Something that was said. `ours`: by the bot."""

    message_id: str
    at: float
    text: str
    sender_id: str = ""
    sender_name: str = ""
    ours: bool = False


class ChannelChats:
    """The tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heard(self, account: Account, chat: Chat, reply_context: JsonObject, now: float) -> None:
        """Somebody wrote: the newest reply context counts, and the platform's quota begins anew."""
        changes: dict[str, Any] = {"chat": dump(chat), "last_inbound_at": now, "sent_since": 0, "updated_at": now}
        if reply_context:
            changes["reply_context"] = dump(reply_context)
        row = {
            **_row(account, chat, now),
            **changes,
            "reply_context": dump(reply_context),
        }
        async with self._database.write() as connection:
            await connection.execute(insert_or_set(self._database.dialect, channel_chats, row, changes))

    async def get(self, account: Account, lane: str) -> KnownChat | None:
        """A chat by its lane."""
        rows = await self._database.ask(_GET, in_channel=account.channel, in_account=account.name, in_lane=lane)
        return _known(rows[0]) if rows else None

    async def find(self, account: Account, to: str, thread: str = "") -> list[KnownChat]:
        """The chats whose id is `to`, of whatever kind; the last that somebody wrote in first."""
        query = select(channel_chats).where(_of(channel_chats, account)).order_by(_chats.last_inbound_at.desc())
        lanes = [f"{kind}:{to}:{thread}" if thread else f"{kind}:{to}" for kind in ("direct", "group", "channel")]
        async with self._database.read() as connection:
            rows = (await connection.execute(query.where(_chats.lane.in_(lanes)))).mappings()
            return [_known(row) for row in rows]

    async def all(self, account: Account, limit: int = 1000) -> list[KnownChat]:
        """The chats of an account, the last that somebody wrote in first."""
        query = select(channel_chats).where(_of(channel_chats, account)).order_by(_chats.last_inbound_at.desc())
        async with self._database.read() as connection:
            return [_known(row) for row in (await connection.execute(query.limit(limit))).mappings()]

    async def say(self, account: Account, chat: Chat, said: SaidMessage, *, pending: bool = False) -> None:
        """Remember a message. `pending`: an agent is to be shown it with the next that is for it."""
        row = said_row(account, chat, said, pending=pending)
        async with self._database.write() as connection:
            await connection.execute(insert_or_keep(self._database.dialect, channel_messages), row)

    async def said(self, account: Account, chat: Chat, message_id: str) -> SaidMessage | None:
        """A message of a chat (of whichever of its threads) that is remembered."""
        wanted = message_key(chat, message_id)
        rows = await self._database.ask(
            _SAID, in_channel=account.channel, in_account=account.name, wanted=wanted, bare=message_id
        )
        place = f"{chat.kind}:{chat.id}"
        ours = [row for row in rows if row["lane"] == place or row["lane"].startswith(f"{place}:")]
        return _said(ours[0]) if ours else None

    async def spoke(self, account: Account, lane: str) -> bool:
        """Whether the bot has said something in a chat."""
        return bool(await self._database.ask(_SPOKE, in_channel=account.channel, in_account=account.name, in_lane=lane))

    async def pending(self, account: Account, lane: str, limit: int) -> list[SaidMessage]:
        """The newest messages that no agent was shown, in order."""
        place = {"in_channel": account.channel, "in_account": account.name, "in_lane": lane}
        rows = await self._database.ask(_PENDING, **place, most=limit)
        return [_said(row) for row in reversed(rows)]

    async def shown(self, account: Account, lane: str, until: float) -> None:
        """An agent was shown what was said up to then."""
        statement = update(channel_messages).where(
            _of(channel_messages, account),
            _messages.lane == lane,
            _messages.pending.is_(True),
            _messages.at <= until,
        )
        async with self._database.write() as connection:
            await connection.execute(statement.values(pending=False))

    async def trim(self, account: Account, lane: str, keep: int) -> None:
        """Forget all but the newest pending messages of a chat."""
        one = (_of(channel_messages, account)) & (_messages.lane == lane) & _messages.pending.is_(True)
        newest = select(_messages.message_id).where(one).order_by(_messages.at.desc(), _messages.message_id.desc())
        async with self._database.write() as connection:
            kept: Sequence[str] = list((await connection.execute(newest.limit(keep))).scalars())
            await connection.execute(delete(channel_messages).where(one, _messages.message_id.not_in(kept)))

    async def delete_before(self, before: float) -> int:
        """Forget what was said before then. Returns how much there was."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(channel_messages).where(_messages.at < before))).rowcount


def said_row(account: Account, chat: Chat, said: SaidMessage, *, pending: bool) -> dict[str, Any]:
    """The row of a message."""
    return {
        "channel": account.channel,
        "account": account.name,
        "message_id": message_key(chat, said.message_id),
        "lane": lane_of(chat),
        "at": said.at,
        "ours": said.ours,
        "sender_id": said.sender_id,
        "sender_name": said.sender_name,
        "text": said.text,
        "pending": pending,
    }


def _of(table: Table, account: Account) -> ColumnElement[bool]:
    return (table.c.channel == account.channel) & (table.c.account == account.name)


def _row(account: Account, chat: Chat, now: float) -> dict[str, Any]:
    return {
        "channel": account.channel,
        "account": account.name,
        "lane": lane_of(chat),
        "chat": dump(chat),
        "reply_context": "{}",
        "last_inbound_at": 0.0,
        "sent_since": 0,
        "created_at": now,
        "updated_at": now,
    }


def _known(row: Any) -> KnownChat:
    return KnownChat(
        Account(row["channel"], row["account"]),
        chat_of(row["chat"]),
        orjson.loads(row["reply_context"]),
        row["last_inbound_at"],
        row["sent_since"],
    )


def _said(row: Any) -> SaidMessage:
    message_id = row["message_id"].rpartition("\n")[2]
    return SaidMessage(message_id, row["at"], row["text"], row["sender_id"], row["sender_name"], row["ours"])
