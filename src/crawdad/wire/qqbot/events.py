"""What events of the gateway say. They are kept as `{"bot": <its id>, "t": <the event's type>, "id": …, "d": {…}}`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person
from crawdad.core.parts import JsonObject, MediaKind

GROUPS_AND_PEOPLE = 1 << 25
GUILD_MESSAGES = 1 << 30
GUILD_PEOPLE = 1 << 12
INTENTS = GROUPS_AND_PEOPLE | GUILD_MESSAGES | GUILD_PEOPLE
_MENTION = re.compile(r"<@!?(\w+)>")
_FACE = re.compile(r"<faceType=[^>]*>")
_MEMBERS = {
    "GROUP_ADD_ROBOT": "group_openid",
    "GROUP_DEL_ROBOT": "group_openid",
    "FRIEND_ADD": "openid",
    "FRIEND_DEL": "openid",
}


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    kind, data, bot = str(event["t"]), event["d"], str(event.get("bot") or "")
    match kind:
        case "C2C_MESSAGE_CREATE":
            author = data["author"]
            who = _person(author, str(author.get("user_openid") or author["id"]))
            return _message(data, Chat("direct", who.id), who, bot, Mentions())
        case "GROUP_AT_MESSAGE_CREATE" | "GROUP_MESSAGE_CREATE":
            author = data["author"]
            who = _person(author, str(author.get("member_openid") or author["id"]))
            named = kind == "GROUP_AT_MESSAGE_CREATE" or _names_bot(data)
            mentions = Mentions(named, "native" if named else "")
            return _message(data, Chat("group", str(data["group_openid"])), who, bot, mentions)
        case "AT_MESSAGE_CREATE":
            chat = Chat("channel", f"channel:{data['channel_id']}", guild=str(data["guild_id"]))
            who = _person(data["author"], str(data["author"]["id"]), str((data.get("member") or {}).get("nick") or ""))
            return _message(data, chat, who, bot, Mentions(True, "native"))
        case "DIRECT_MESSAGE_CREATE":
            chat = Chat("direct", f"dm:{data['guild_id']}", guild=str(data["guild_id"]))
            return _message(data, chat, _person(data["author"], str(data["author"]["id"])), bot, Mentions())
        case _ if kind in _MEMBERS:
            identity = str(data[_MEMBERS[kind]])
            chat = Chat("group" if _MEMBERS[kind] == "group_openid" else "direct", identity)
            who = Person(str(data.get("op_member_openid") or data.get("openid") or ""))
            return InboundMessage(str(event["id"]), chat, who, _at(data), kind="member", more={"what": kind})
    return None


def event_of(frame: JsonObject, bot: str) -> JsonObject | None:
    """A dispatched frame as it is kept; None: there is nothing in it for anybody."""
    if not isinstance(frame.get("d"), dict) or not isinstance(frame.get("t"), str):
        return None
    return {"bot": bot, "t": frame["t"], "id": str(frame.get("id") or ""), "d": frame["d"]}


def _message(data: JsonObject, chat: Chat, who: Person, bot: str, mentions: Mentions) -> InboundMessage | None:
    words = _FACE.sub("", str(data.get("content") or ""))
    others = []
    for name in _MENTION.findall(words):
        if name != bot:
            others.append(name)
    if mentions.bot:
        words = re.sub(rf"^\s*<@!?{re.escape(bot)}>" if bot else r"^\s*<@!?\w+>", "", words)
    media = tuple(found for one in data.get("attachments") or () if (found := _media(one)) is not None)
    words = words.strip()
    if not words and not media and not mentions.bot:
        return None
    identity = str(data["id"])
    return InboundMessage(
        f"message:{identity}",
        chat,
        who,
        _at(data),
        message_id=identity,
        text=words,
        mentions=Mentions(mentions.bot, mentions.way, mentions.everyone, tuple(others)),
        media=media,
        reply_context={"message_id": identity},
    )


def _names_bot(data: JsonObject) -> bool:
    return any(isinstance(one, dict) and one.get("is_you") for one in data.get("mentions") or ())


def _person(author: JsonObject, identity: str, name: str = "") -> Person:
    aliases = tuple(str(author[key]) for key in ("union_openid",) if author.get(key))
    return Person(identity, name or str(author.get("username") or ""), aliases, bot=bool(author.get("bot")))


def _media(one: Any) -> InboundMedia | None:
    if not isinstance(one, dict) or not one.get("url"):
        return None
    media_type = str(one.get("content_type") or "")
    kinds: dict[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio", "voice": "audio"}
    kind = kinds.get(media_type.partition("/")[0], "document")
    url = str(one["url"])
    if kind == "audio" and one.get("voice_wav_url"):  # what was said as WAV, which everything can play, not as Silk
        url, media_type = str(one["voice_wav_url"]), "audio/wav"
    if url.startswith("//"):
        url = f"https:{url}"
    size = one.get("size")
    return InboundMedia(
        kind,
        {"url": url},
        media_type if "/" in media_type else "",
        str(one.get("filename") or ""),
        size if isinstance(size, int) else None,
        str(one.get("asr_refer_text") or ""),
    )


def _at(data: JsonObject) -> float:
    stamp = data.get("timestamp")
    if isinstance(stamp, (int, float)) or (isinstance(stamp, str) and stamp.isdigit()):
        return float(stamp)
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return 0.0
