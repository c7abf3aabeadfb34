"""What dispatched events say. They are kept as `{"bot": <its id>, "t": <the event's type>, "d": {…}}`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person, Quoted
from crawdad.core.parts import JsonObject, MediaKind

INTENTS = 1 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 15
"""Guilds, messages and reactions in guilds and in direct chats, and what messages say."""
BUTTON_DONE = 6
_WANTED = frozenset(
    ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_REACTION_ADD", "INTERACTION_CREATE", "GUILD_CREATE")
)
_SPEECH = frozenset((0, 19, 20, 23))
"""Types of messages that somebody wrote: plain, an answer, commands."""
_CUSTOM = re.compile(r"<a?(:\w+:)\d+>")


def event_of(frame: JsonObject, bot: str) -> JsonObject | None:
    """A dispatched frame as it is kept; None: there is nothing in it for anybody."""
    what, data = frame.get("t"), frame.get("d")
    if not isinstance(what, str) or what not in _WANTED or what == "GUILD_CREATE" or not isinstance(data, dict):
        return None
    return {"bot": bot, "t": what, "d": data}


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    data, bot = event["d"], str(event["bot"])
    match event["t"]:
        case "MESSAGE_CREATE":
            return _message(data, bot)
        case "MESSAGE_UPDATE":
            found = _message(data, bot) if data.get("author") and data.get("edited_timestamp") else None
            if found is None:
                return None
            identity = f"edit:{found.message_id}:{data['edited_timestamp']}"
            return InboundMessage(
                identity,
                found.chat,
                found.sender,
                found.at,
                kind="edit",
                message_id=found.message_id,
                text=found.text,
            )
        case "MESSAGE_DELETE":
            identity = str(data["id"])
            chat = _chat(data, "")
            return InboundMessage(
                f"delete:{identity}", chat, Person(""), _made(identity), kind="recall", message_id=identity
            )
        case "MESSAGE_REACTION_ADD":
            who = Person(str(data["user_id"]), itself=str(data["user_id"]) == bot)
            emoji = str((data.get("emoji") or {}).get("name") or "")
            identity = str(data["message_id"])
            return InboundMessage(
                f"reaction:{identity}:{who.id}:{emoji}",
                _chat(data, who.id),
                who,
                _made(identity),
                kind="reaction",
                message_id=identity,
                emoji=emoji,
            )
        case "INTERACTION_CREATE":
            return _button(data)
    return None


def _message(data: JsonObject, bot: str) -> InboundMessage | None:
    if data.get("type", 0) not in _SPEECH:
        return None
    author, identity = data["author"], str(data["id"])
    who = _person(author, data.get("member"), bot)
    words = str(data.get("content") or "")
    named = [str(one["id"]) for one in data.get("mentions") or ()]
    words = re.sub(rf"^\s*<@!?{re.escape(bot)}>", "", words)
    words = _CUSTOM.sub(r"\1", words).strip()
    media = tuple(_media(one) for one in data.get("attachments") or ())
    quoted = _quoted(data.get("referenced_message"), bot)
    by_name = f"<@{bot}>" in str(data.get("content")) or f"<@!{bot}>" in str(data.get("content"))
    answers = quoted is not None and quoted.by_bot
    mentions = Mentions(
        by_name or answers,
        "native" if by_name else "reply" if answers else "",
        bool(data.get("mention_everyone")),
        tuple(one for one in named if one != bot),
    )
    if not words and not media and not by_name:
        return None
    return InboundMessage(
        f"message:{identity}",
        _chat(data, who.id),
        who,
        datetime.fromisoformat(str(data["timestamp"])).timestamp(),
        message_id=identity,
        text=words,
        mentions=mentions,
        quoted=quoted,
        media=media,
        reply_context={"channel": str(data["channel_id"])},
    )


def _chat(data: JsonObject, person: str) -> Chat:
    channel, guild = str(data["channel_id"]), str(data.get("guild_id") or "")
    return Chat("group", channel, guild=guild) if guild else Chat("direct", person or channel)


def _person(author: JsonObject, member: Any, bot: str) -> Person:
    member = member if isinstance(member, dict) else {}
    name = str(member.get("nick") or author.get("global_name") or author.get("username") or "")
    identity = str(author["id"])
    roles = tuple(str(one) for one in member.get("roles") or ())
    return Person(identity, name, (), bool(author.get("bot")), identity == bot, roles)


def _quoted(found: Any, bot: str) -> Quoted | None:
    if not isinstance(found, dict):
        return None
    sender = _person(found["author"], None, bot)
    media = tuple(_media(one) for one in found.get("attachments") or ())
    return Quoted(str(found["id"]), str(found.get("content") or ""), sender, sender.itself, media)


def _media(one: JsonObject) -> InboundMedia:
    media_type = str(one.get("content_type") or "").partition(";")[0]
    kinds: dict[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio"}
    size = one.get("size")
    return InboundMedia(
        kinds.get(media_type.partition("/")[0], "document"),
        {"url": str(one["url"])},
        media_type,
        str(one.get("filename") or ""),
        size if isinstance(size, int) else None,
    )


def _button(data: JsonObject) -> InboundMessage | None:
    if data.get("type") != 3:
        return None
    user = data.get("user") or (data.get("member") or {}).get("user") or {}
    who = Person(str(user["id"]), str(user.get("global_name") or user.get("username") or ""))
    return InboundMessage(
        f"button:{data['id']}",
        _chat(data, who.id),
        who,
        _made(str(data["id"])),
        kind="button",
        message_id=str((data.get("message") or {}).get("id") or ""),
        button=str(data["data"]["custom_id"]),
        reply_context={"channel": str(data["channel_id"])},
    )


def _made(identity: str) -> float:
    """When an id was made (a snowflake: milliseconds since 2015 above 22 bits)."""
    return ((int(identity) >> 22) + 1_420_070_400_000) / 1000
