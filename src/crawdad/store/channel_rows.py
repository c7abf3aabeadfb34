"""Rows of channels as values, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter

from crawdad.core.channels import Account, Button, Chat, InboundMessage, OutboundMedia, Role
from crawdad.core.parts import JsonObject

EventState = Literal["waiting", "ordered", "done", "dead"]
DeliveryState = Literal["growing", "open", "parked", "sent", "failed", "unknown"]
PartState = Literal["waiting", "sending", "edit", "sent", "unknown", "failed"]


@cache
def _message_adapter() -> TypeAdapter[InboundMessage]:
    return TypeAdapter(InboundMessage)


@cache
def _chat_adapter() -> TypeAdapter[Chat]:
    return TypeAdapter(Chat)


def lane_of(chat: Chat) -> str:
    """What names a chat within an account; messages of one lane are taken one after another."""
    return f"{chat.kind}:{chat.id}:{chat.thread}" if chat.thread else f"{chat.kind}:{chat.id}"


def message_key(chat: Chat, message_id: str) -> str:
    """What names a message within an account. Some platforms (Telegram) count the messages of each chat anew: the same id
    in another chat is another message."""
    return f"{chat.kind}:{chat.id}\n{message_id}"


def dump(value: Any) -> str:
    """A dataclass or plain JSON as text."""
    return orjson.dumps(value).decode()


def message_of(text: str) -> InboundMessage:
    """A message that `dump` wrote."""
    return _message_adapter().validate_json(text)


def chat_of(text: str) -> Chat:
    """A chat that `dump` wrote."""
    return _chat_adapter().validate_json(text)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event about to be kept. `raw` alone is set for one that could not be read (`reason` says why)."""

    id: str
    event_id: str
    lane: str
    message: InboundMessage | None = None
    raw: JsonObject | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is kept."""

    id: str
    account: Account
    event_id: str
    position: int
    lane: str
    state: EventState
    attempts: int
    ready_at: float
    message: InboundMessage | None
    raw: JsonObject | None
    reason: str
    run_id: str
    session_key: str
    received_at: float
    updated_at: float


def event_of(row: Any) -> StoredEvent:
    """A row of `channel_events`."""
    return StoredEvent(
        id=row["id"],
        account=Account(row["channel"], row["account"]),
        event_id=row["event_id"],
        position=row["position"],
        lane=row["lane"],
        state=row["state"],
        attempts=row["attempts"],
        ready_at=row["ready_at"],
        message=message_of(row["message"]) if row["message"] else None,
        raw=orjson.loads(row["raw"]) if row["raw"] else None,
        reason=row["reason"],
        run_id=row["run_id"],
        session_key=row["session_key"],
        received_at=row["received_at"],
        updated_at=row["updated_at"],
    )


@dataclass(frozen=True, slots=True)
class PartDraft:
    """A part about to be kept."""

    id: str
    role: Role = "final"
    text: str = ""
    media: OutboundMedia | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryDraft:
    """Something to be sent to one chat, in parts. `key` names it: of two with the same key the first counts. `growing`: more
    parts may come."""

    id: str
    key: str
    account: Account
    chat: Chat
    reply_to: str = ""
    mention: str = ""
    growing: bool = False


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as it is kept. `media` tells of a file whose bytes `data` are read for sending only."""

    number: int
    id: str
    role: Role
    state: PartState
    text: str
    buttons: tuple[Button, ...]
    media: JsonObject
    attempts: int
    message_ids: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery as it is kept."""

    id: str
    key: str
    account: Account
    lane: str
    chat: Chat
    position: int
    state: DeliveryState
    reply_to: str
    mention: str
    error: str
    covered: str
    ready_at: float
    created_at: float
    updated_at: float
    parts: tuple[StoredPart, ...] = field(default_factory=tuple)


def part_of(row: Any) -> StoredPart:
    """A row of `channel_parts`."""
    return StoredPart(
        number=row["number"],
        id=row["id"],
        role=row["role"],
        state=row["state"],
        text=row["text"],
        buttons=tuple(Button(one["label"], one["value"]) for one in orjson.loads(row["buttons"])),
        media=orjson.loads(row["media"]),
        attempts=row["attempts"],
        message_ids=tuple(orjson.loads(row["message_ids"])),
        error=row["error"],
    )


def delivery_of(row: Any, parts: tuple[StoredPart, ...]) -> StoredDelivery:
    """A row of `channel_deliveries`, with its parts."""
    return StoredDelivery(
        id=row["id"],
        key=row["key"],
        account=Account(row["channel"], row["account"]),
        lane=row["lane"],
        chat=chat_of(row["chat"]),
        position=row["position"],
        state=row["state"],
        reply_to=row["reply_to"],
        mention=row["mention"],
        error=row["error"],
        covered=row["covered"],
        ready_at=row["ready_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        parts=parts,
    )
