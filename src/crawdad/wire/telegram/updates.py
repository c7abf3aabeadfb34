"""What an update says (Bot API, `Update`).

Events are kept as they came, with who the bot is beside them: `{"bot": {"id", "username"}, "update": {…}}`; the pictures
of an album that came together stand in `{"bot", "album": [update, …]}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from crawdad.core.channels import (
    Chat,
    ChatKind,
    InboundMedia,
    InboundMessage,
    Mentions,
    MentionWay,
    Person,
    PlatformRequest,
    Quoted,
)
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.wire.telegram.lengths import utf16_length, utf16_slice

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "chat_join_request",
)
_KINDS: dict[str, ChatKind] = {"private": "direct", "group": "group", "supergroup": "group", "channel": "channel"}
_FILES: tuple[tuple[str, MediaKind, str, str], ...] = (
    ("voice", "audio", "audio/ogg", "voice.ogg"),
    ("audio", "audio", "audio/mpeg", "audio.mp3"),
    ("video", "video", "video/mp4", "video.mp4"),
    ("video_note", "video", "video/mp4", "video.mp4"),
    ("animation", "video", "video/mp4", "animation.mp4"),
    ("document", "document", "application/octet-stream", "file"),
)


def events_of(updates: Sequence[JsonObject], bot: JsonObject) -> list[JsonObject]:
    """Updates as events to be kept: those of one album as one."""

    def album(update: JsonObject) -> str:
        message = update.get("message")
        return str(message.get("media_group_id") or "") if isinstance(message, dict) else ""

    events: list[JsonObject] = []
    for name, group in groupby(updates, key=album):
        members = list(group)
        if name and len(members) > 1:
            events.append({"bot": bot, "album": members})
        else:
            events.extend({"bot": bot, "update": update} for update in members)
    return events


def has_album(updates: Sequence[JsonObject]) -> bool:
    """Whether there is a picture of an album among them."""
    return any(isinstance(one.get("message"), dict) and one["message"].get("media_group_id") for one in updates)


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError for what is no event."""
    bot = event["bot"]
    if "album" in event:
        members = [read_event({"bot": bot, "update": update}) for update in event["album"]]
        messages = [one for one in members if one is not None]
        if not messages:
            return None
        from dataclasses import replace

        worded = next((one for one in messages if one.text), messages[0])
        return replace(
            worded,
            event_id=messages[0].event_id,
            message_id=messages[0].message_id,
            media=tuple(file for one in messages for file in one.media),
        )
    update = event["update"]
    event_id = str(update["update_id"])
    for name in ("message", "channel_post", "edited_message", "edited_channel_post"):
        if name in update:
            return _message(event_id, update[name], bot, edited=name.startswith("edited"))
    if "callback_query" in update:
        return _button(event_id, update["callback_query"])
    if "message_reaction" in update:
        return _reaction(event_id, update["message_reaction"])
    if "chat_join_request" in update:
        return _join_request(event_id, update["chat_join_request"])
    if "my_chat_member" in update:
        return _membership(event_id, update["my_chat_member"])
    return None


def _message(event_id: str, message: JsonObject, bot: JsonObject, *, edited: bool) -> InboundMessage | None:
    chat = _chat(message)
    sender = _sender(message, bot)
    if "migrate_to_chat_id" in message:
        return InboundMessage(
            event_id,
            chat,
            sender,
            float(message["date"]),
            kind="notice",
            message_id=str(message["message_id"]),
            more={"what": "migrate_to_chat_id", "to": str(message["migrate_to_chat_id"])},
        )
    for what in ("new_chat_members", "left_chat_member"):
        if what in message:
            people = message[what] if isinstance(message[what], list) else [message[what]]
            return InboundMessage(
                event_id,
                chat,
                sender,
                float(message["date"]),
                kind="member",
                message_id=str(message["message_id"]),
                more={"what": what, "people": [{"id": str(one["id"]), "name": _name(one)} for one in people]},
            )
    text, mentions = _text(message, bot)
    media = tuple(_media(message))
    if not text and not media:
        text = _other_content(message)
    if not text and not media and not mentions.bot:
        return None
    quoted = _quoted(message, bot)
    if not mentions.bot and quoted is not None and quoted.by_bot:
        mentions = Mentions(True, "reply", others=mentions.others)
    return InboundMessage(
        event_id,
        chat,
        sender,
        float(message["date"]),
        kind="edit" if edited else "message",
        message_id=str(message["message_id"]),
        text=text,
        mentions=mentions,
        quoted=quoted,
        media=media,
        more={"forwarded": True} if "forward_origin" in message else {},
    )


def _chat(message: JsonObject) -> Chat:
    chat = message["chat"]
    thread = str(message.get("message_thread_id") or "") if message.get("is_topic_message") else ""
    title = chat.get("title") or _name(chat)
    return Chat(_KINDS.get(chat["type"], "group"), str(chat["id"]), title, thread)


def _name(person: JsonObject) -> str:
    return " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part) or str(
        person.get("username") or ""
    )


def _person(user: JsonObject, bot: JsonObject | None = None) -> Person:
    name = user.get("username")
    return Person(
        str(user["id"]),
        _name(user),
        (f"@{name}",) if name else (),
        bot=bool(user.get("is_bot")),
        itself=bot is not None and user["id"] == bot["id"],
    )


def _sender(message: JsonObject, bot: JsonObject) -> Person:
    """Channels, and administrators who hide, write in the name of a chat."""
    if "sender_chat" in message:
        chat = message["sender_chat"]
        name = chat.get("username")
        return Person(str(chat["id"]), chat.get("title", ""), (f"@{name}",) if name else ())
    if "from" in message:
        return _person(message["from"], bot)
    return Person(str(message["chat"]["id"]), message["chat"].get("title", ""))


def _text(message: JsonObject, bot: JsonObject) -> tuple[str, Mentions]:
    """The words without the bot's name at their beginning, and whom they name."""
    text = str(message.get("text") or message.get("caption") or "")
    entities = message.get("entities") or message.get("caption_entities") or []
    own = f"@{bot.get('username') or ''}".lower()
    way: MentionWay = ""
    others: list[str] = []
    cuts: list[tuple[int, int]] = []
    """Stretches in UTF-16 units that are left out, as they only address the bot."""
    for entity in entities:
        offset, length = int(entity["offset"]), int(entity["length"])
        words = utf16_slice(text, offset, length)
        match entity["type"]:
            case "mention":
                if words.lower() == own:
                    way = way or "native"
                    if utf16_slice(text, 0, offset).strip() == "":
                        cuts.append((offset, offset + length))
                else:
                    others.append(words)
            case "text_mention":
                user = entity["user"]
                if user["id"] == bot["id"]:
                    way = way or "native"
                    if utf16_slice(text, 0, offset).strip() == "":
                        cuts.append((offset, offset + length))
                else:
                    others.append(str(user["id"]))
            case "bot_command" if "@" in words:
                command, _, whom = words.partition("@")
                if f"@{whom.lower()}" == own:
                    way = "command"
                    cuts.append((offset + utf16_length(command), offset + length))
                else:
                    others.append(f"@{whom}")
    for start, end in reversed(cuts):
        text = utf16_slice(text, 0, start) + utf16_slice(text, end, utf16_length(text) - end)
    return text.strip(), Mentions(bool(way), way, others=tuple(others))


def _media(message: JsonObject) -> list[InboundMedia]:
    found: list[InboundMedia] = []
    if message.get("photo"):
        best = max(message["photo"], key=lambda size: int(size.get("width", 0)) * int(size.get("height", 0)))
        found.append(_file(best, "image", "image/jpeg", "photo.jpg"))
    sticker = message.get("sticker")
    if sticker and not sticker.get("is_animated") and not sticker.get("is_video"):
        found.append(_file(sticker, "image", "image/webp", "sticker.webp"))
    for name, kind, media_type, default in _FILES:
        # An animation comes as a document as well: once is enough.
        if name in message and not (name == "document" and "animation" in message):
            found.append(_file(message[name], kind, media_type, default))
    return found


def _file(file: JsonObject, kind: MediaKind, media_type: str, name: str) -> InboundMedia:
    said = str(file.get("mime_type") or media_type)
    if kind == "document" and said.startswith("image/"):
        kind = "image"
    size = file.get("file_size")
    return InboundMedia(
        kind,
        {"file_id": file["file_id"]},
        said,
        str(file.get("file_name") or name),
        int(size) if size is not None else None,
    )


def _other_content(message: JsonObject) -> str:
    """What was shared that is neither text nor a file, in words."""
    if "sticker" in message:
        return str(message["sticker"].get("emoji") or "")
    if "location" in message or "venue" in message:
        venue = message.get("venue") or {}
        place = message.get("location") or venue["location"]
        words = " ".join(part for part in (venue.get("title"), venue.get("address")) if part)
        return f"{words} geo:{place['latitude']},{place['longitude']}".strip()
    if "contact" in message:
        contact = message["contact"]
        return f"{_name(contact)} tel:{contact['phone_number']}".strip()
    if "poll" in message:
        poll = message["poll"]
        return "\n".join([str(poll["question"]), *(f"- {option['text']}" for option in poll.get("options", ()))])
    if "dice" in message:
        return f"{message['dice']['emoji']} {message['dice']['value']}"
    return ""


def _quoted(message: JsonObject, bot: JsonObject) -> Quoted | None:
    answered = message.get("reply_to_message")
    if not answered or "forum_topic_created" in answered:  # each message in a topic answers the topic's first
        return None
    sender = _sender(answered, bot)
    words = (message.get("quote") or {}).get("text") or answered.get("text") or answered.get("caption") or ""
    return Quoted(str(answered["message_id"]), str(words), sender, sender.itself, tuple(_media(answered)))


def _button(event_id: str, query: JsonObject) -> InboundMessage | None:
    message = query.get("message")
    if message is None or "data" not in query:
        return None
    return InboundMessage(
        event_id,
        _chat(message),
        _person(query["from"]),
        float(message.get("date") or 0),
        kind="button",
        message_id=str(message["message_id"]),
        button=str(query["data"]),
    )


def _reaction(event_id: str, reaction: JsonObject) -> InboundMessage | None:
    who: Any = reaction.get("user") or reaction.get("actor_chat")
    if who is None:
        return None
    new = [one.get("emoji") or one.get("custom_emoji_id") or "" for one in reaction.get("new_reaction", ())]
    return InboundMessage(
        event_id,
        _chat(reaction),
        _person(who),
        float(reaction["date"]),
        kind="reaction",
        message_id=str(reaction["message_id"]),
        emoji=new[-1] if new else "",
    )


def _join_request(event_id: str, request: JsonObject) -> InboundMessage:
    chat, person = _chat(request), _person(request["from"])
    return InboundMessage(
        event_id,
        chat,
        person,
        float(request["date"]),
        kind="request",
        request=PlatformRequest("group_join", f"{chat.id}:{person.id}", str(request.get("bio") or ""), chat.id),
    )


def _membership(event_id: str, change: JsonObject) -> InboundMessage:
    return InboundMessage(
        event_id,
        _chat(change),
        _person(change["from"]),
        float(change["date"]),
        kind="member",
        more={"what": "my_chat_member", "status": str(change["new_chat_member"]["status"])},
    )
