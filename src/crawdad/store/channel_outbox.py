"""What goes out over channels: kept with its parts before anything is sent, and with the receipts of those that were.

A part is marked as `sending` before it leaves. One that is found so after a crash may be there or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.channels import Account, OutboundMedia
from crawdad.core.parts import JsonObject
from crawdad.store.channel_rows import (
    DeliveryDraft,
    DeliveryState,
    PartDraft,
    StoredDelivery,
    StoredPart,
    delivery_of,
    dump,
    lane_of,
    message_key,
    part_of,
)
from crawdad.store.channel_tables import channel_chats, channel_deliveries, channel_messages, channel_parts
from crawdad.store.database import Database
from crawdad.store.question import Question, Row, parameter
from crawdad.store.upsert import insert_or_keep

_deliveries, _parts = channel_deliveries.c, channel_parts.c
_SHOWN = [column for column in channel_parts.c if column.name != "data"]
_IN_ACCOUNT = (_deliveries.channel == parameter("in_channel")) & (_deliveries.account == parameter("in_account"))
_LANES = Question(select(_deliveries.lane).where(_IN_ACCOUNT, _deliveries.state.in_(("growing", "open"))).distinct())
_HAS_UNSENT = (
    select(_parts.delivery_id)
    .where(_parts.delivery_id == _deliveries.id, _parts.state.in_(("waiting", "sending", "edit")))
    .exists()
)
_NEXT = Question(
    select(channel_deliveries)
    .where(_IN_ACCOUNT, _deliveries.lane == parameter("in_lane"))
    .where((_deliveries.state == "open") | ((_deliveries.state == "growing") & _HAS_UNSENT))
    .order_by(_deliveries.position)
    .limit(2)
)
_ONE = Question(select(channel_deliveries).where(_deliveries.id == parameter("wanted")))
_PARTS = Question(select(*_SHOWN).where(_parts.delivery_id == parameter("wanted")).order_by(_parts.number))
_UNSENT: tuple[DeliveryState, ...] = ("growing", "open", "parked")


class ChannelOutbox:
    """The tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, draft: DeliveryDraft, parts: Sequence[PartDraft], now: float) -> tuple[StoredDelivery, bool]:
        """Keep a delivery: the one that stands under its key, and whether it is this very one."""
        async with self._database.write() as connection:
            known = await self._find(connection, _deliveries.key == draft.key)
            if known is not None:
                return known, False
            query = select(func.coalesce(func.max(_deliveries.position), 0))
            position = int((await connection.execute(query)).scalar_one()) + 1
            values = {
                "id": draft.id,
                "key": draft.key,
                "channel": draft.account.channel,
                "account": draft.account.name,
                "lane": lane_of(draft.chat),
                "chat": dump(draft.chat),
                "position": position,
                "state": "growing" if draft.growing else "open",
                "reply_to": draft.reply_to,
                "mention": draft.mention,
                "error": "",
                "covered": "",
                "ready_at": now,
                "created_at": now,
                "updated_at": now,
            }
            keep = insert_or_keep(self._database.dialect, channel_deliveries, [_deliveries.key])
            if (await connection.execute(keep, values)).rowcount == 0:  # another was quicker
                known = await self._find(connection, _deliveries.key == draft.key)
                assert known is not None
                return known, False
            await self._insert(connection, draft.id, parts, 0)
            made = await self._find(connection, _deliveries.id == draft.id)
            assert made is not None
            return made, True

    async def grow(
        self,
        delivery_id: str,
        parts: Sequence[PartDraft],
        now: float,
        *,
        covered: str | None = None,
        edit: tuple[int, str] | None = None,
        done: bool = False,
    ) -> StoredDelivery:
        """Add parts to a delivery that grows. `covered`: the text that it holds by now. `edit`: have that part say something
        else. `done`: nothing more will come. What is not growing any more is left as it is, and so is all of it while the part
        that is to say something else is on its way."""
        async with self._database.write() as connection:
            found = await self._find(connection, _deliveries.id == delivery_id)
            assert found is not None, "a delivery that grows is there"
            if found.state not in _UNSENT:
                return found
            if edit is not None and found.parts[edit[0]].state == "sending":
                return found
            changes: dict[str, Any] = {"updated_at": now}
            if done and found.state == "growing":
                changes["state"] = "open"
            if covered is not None:
                changes["covered"] = covered
            if edit is not None:
                number, text = edit
                changed = update(channel_parts).where(_parts.delivery_id == delivery_id, _parts.number == number)
                sent = changed.where(_parts.state == "sent").values(state="edit", text=text, attempts=0)
                await connection.execute(sent)
                waiting = changed.where(_parts.state == "waiting").values(text=text, role="final")
                await connection.execute(waiting)
            await self._insert(connection, delivery_id, parts, len(found.parts))
            statement = update(channel_deliveries).where(_deliveries.id == delivery_id).values(**changes)
            await connection.execute(statement)
            grown = await self._find(connection, _deliveries.id == delivery_id)
            assert grown is not None
            return grown

    async def get(self, delivery_id: str) -> StoredDelivery | None:
        """A delivery with its parts."""
        rows = await self._database.ask(_ONE, wanted=delivery_id)
        return await self._whole(rows[0]) if rows else None

    async def _whole(self, row: Row) -> StoredDelivery:
        parts = await self._database.ask(_PARTS, wanted=row["id"])
        return delivery_of(row, tuple(map(part_of, parts)))

    async def known(self, key: str) -> StoredDelivery | None:
        """The delivery of that key."""
        async with self._database.read() as connection:
            return await self._find(connection, _deliveries.key == key)

    async def lanes(self, account: Account) -> list[str]:
        """The chats that something is to go out to."""
        rows = await self._database.ask(_LANES, in_channel=account.channel, in_account=account.name)
        return [row["lane"] for row in rows]

    async def next(self, account: Account, lane: str) -> tuple[StoredDelivery | None, bool]:
        """The first delivery of a chat in which a part waits, or that is done but for saying so; and whether there are more."""
        rows = await self._database.ask(_NEXT, in_channel=account.channel, in_account=account.name, in_lane=lane)
        return (await self._whole(rows[0]) if rows else None), len(rows) > 1

    async def claim_part(self, delivery_id: str, part: StoredPart, now: float) -> StoredPart | None:
        """A part of a delivery that grows is about to leave: written down, and as it stands now, since it may say something
        else than a moment ago. None: it is not there any more."""
        await self.mark_part(delivery_id, part.number, now, state="sending", attempts=part.attempts + 1)
        rows = await self._database.ask(_PARTS, wanted=delivery_id)
        return next((part_of(row) for row in rows if row["number"] == part.number), None)

    async def mark_part(self, delivery_id: str, number: int, now: float, **values: Any) -> None:
        """Write down what becomes of a part (`state`, `attempts`, `message_ids`, `error`). The file of one that is sent or
        given up goes."""
        if "message_ids" in values:
            values["message_ids"] = dump(list(values["message_ids"]))
        if values.get("state") in ("sent", "failed", "unknown"):
            values |= {"data": None}
        if values.get("state") == "sent":
            values |= {"sent_at": now}
        statement = update(channel_parts).where(_parts.delivery_id == delivery_id, _parts.number == number)
        async with self._database.write() as connection:
            await connection.execute(statement.values(**values))

    async def sent(
        self,
        delivery: StoredDelivery,
        number: int,
        message_ids: Sequence[str],
        text: str,
        now: float,
        *,
        closes: bool = False,
    ) -> None:
        """A new part has its receipt: kept together with what it means for its chat, the quota and later quotations. `closes`:
        with it the whole delivery is sent."""
        part = update(channel_parts).where(_parts.delivery_id == delivery.id, _parts.number == number)
        ids = dump(list(message_ids))
        kept = part.values(state="sent", message_ids=ids, error="", data=None, sent_at=now)
        chat = channel_chats.c
        counted = update(channel_chats).where(
            chat.channel == delivery.account.channel,
            chat.account == delivery.account.name,
            chat.lane == delivery.lane,
        )
        said = [
            {
                "channel": delivery.account.channel,
                "account": delivery.account.name,
                "message_id": message_key(delivery.chat, message_id),
                "lane": delivery.lane,
                "at": now,
                "ours": True,
                "sender_id": "",
                "sender_name": "",
                "text": text,
                "pending": False,
            }
            for message_id in message_ids
        ]
        async with self._database.write() as connection:
            await connection.execute(kept)
            await connection.execute(counted.values(sent_since=chat.sent_since + 1))
            if closes:
                whole = update(channel_deliveries).where(_deliveries.id == delivery.id, _deliveries.state == "open")
                await connection.execute(whole.values(state="sent", updated_at=now))
            for row in said:
                await connection.execute(insert_or_keep(self._database.dialect, channel_messages), row)

    async def recut(self, delivery_id: str, number: int, parts: Sequence[PartDraft]) -> None:
        """Put other parts in the place of one that was not sent; those behind it move on."""
        async with self._database.write() as connection:
            of_it = _parts.delivery_id == delivery_id
            await connection.execute(delete(channel_parts).where(of_it, _parts.number == number))
            move = len(parts) - 1
            later = select(_parts.number).where(of_it, _parts.number > number).order_by(_parts.number.desc())
            for one in list((await connection.execute(later)).scalars()):
                statement = update(channel_parts).where(of_it, _parts.number == one).values(number=one + move)
                await connection.execute(statement)
            await self._insert(connection, delivery_id, parts, number)

    async def mark(self, delivery_id: str, now: float, **values: Any) -> None:
        """Write down what becomes of a delivery (`state`, `error`, `ready_at`)."""
        statement = update(channel_deliveries).where(_deliveries.id == delivery_id)
        async with self._database.write() as connection:
            await connection.execute(statement.values(**values, updated_at=now))

    async def media(self, delivery_id: str, number: int) -> OutboundMedia | None:
        """The file of a part."""
        query = select(_parts.media, _parts.data).where(_parts.delivery_id == delivery_id, _parts.number == number)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.data is None:
            return None
        about = orjson.loads(row.media)
        return OutboundMedia(about["kind"], bytes(row.data), about["media_type"], about["name"], about["voice"])

    async def parked(self, account: Account, lane: str | None = None) -> list[StoredDelivery]:
        """What waits until somebody writes, in order."""
        query = select(_deliveries.id).where(_of(account), _deliveries.state == "parked")
        if lane is not None:
            query = query.where(_deliveries.lane == lane)
        async with self._database.read() as connection:
            ids = list((await connection.execute(query.order_by(_deliveries.position))).scalars())
            found = [await self._find(connection, _deliveries.id == one) for one in ids]
        return [one for one in found if one is not None]

    async def unpark(self, account: Account, lane: str, now: float) -> int:
        """Have what is parked for a chat go out. Returns how much there was."""
        statement = (
            update(channel_deliveries)
            .where(_of(account), _deliveries.lane == lane, _deliveries.state == "parked")
            .values(state="open", ready_at=now, updated_at=now)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def counts(self, account: Account) -> dict[DeliveryState, int]:
        """How many deliveries are under way, parked or not settled."""
        wanted = (*_UNSENT, "failed", "unknown")
        query = (
            select(_deliveries.state, func.count())
            .where(_of(account), _deliveries.state.in_(wanted))
            .group_by(_deliveries.state)
        )
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def delete_before(self, before: float) -> int:
        """Forget deliveries that were settled before then. Returns how many there were."""
        statement = delete(channel_deliveries).where(
            _deliveries.state.in_(("sent", "failed", "unknown")), _deliveries.updated_at < before
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def _find(self, connection: AsyncConnection, condition: ColumnElement[bool]) -> StoredDelivery | None:
        row = (await connection.execute(select(channel_deliveries).where(condition))).mappings().one_or_none()
        if row is None:
            return None
        query = select(*_SHOWN).where(_parts.delivery_id == row["id"]).order_by(_parts.number)
        parts = tuple(part_of(one) for one in (await connection.execute(query)).mappings())
        return delivery_of(row, parts)

    async def _insert(
        self, connection: AsyncConnection, delivery_id: str, parts: Sequence[PartDraft], first: int
    ) -> None:
        rows = [_part_row(delivery_id, number, part) for number, part in enumerate(parts, first)]
        if rows:
            await connection.execute(insert(channel_parts), rows)


def _of(account: Account) -> ColumnElement[bool]:
    return (_deliveries.channel == account.channel) & (_deliveries.account == account.name)


def _part_row(delivery_id: str, number: int, part: PartDraft) -> dict[str, Any]:
    media: JsonObject = {}
    if part.media is not None:
        media = {
            "kind": part.media.kind,
            "media_type": part.media.media_type,
            "name": part.media.name,
            "voice": part.media.voice,
            "size": len(part.media.data),
        }
    return {
        "delivery_id": delivery_id,
        "number": number,
        "id": part.id,
        "role": part.role,
        "state": "waiting",
        "text": part.text,
        "buttons": dump([{"label": one.label, "value": one.value} for one in part.buttons]),
        "media": dump(media),
        "data": part.media.data if part.media is not None else None,
        "attempts": 0,
        "message_ids": "[]",
        "error": "",
        "sent_at": None,
    }
