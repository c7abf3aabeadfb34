"""What events say (schema 2.0). They are kept as `{"bot": <its open_id>, "app": <the app's id>, "payload": {…}}`, with what
was asked for beside: `quoted` (an item of `GET /im/v1/messages/:id`), `name` (the sender's)."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person, Quoted
from crawdad.core.parts import JsonObject, MediaKind

_FILES: dict[str, tuple[MediaKind, str, str, str]] = {
    "image": ("image", "image_key", "image/png", "image.png"),
    "file": ("document", "file_key", "application/octet-stream", "file"),
    "audio": ("audio", "file_key", "audio/opus", "voice.opus"),
    "media": ("video", "file_key", "video/mp4", "video.mp4"),
    "sticker": ("image", "file_key", "image/png", "sticker.png"),
}


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError, ValueError for what is none."""
    payload = event["payload"]
    header, content = payload["header"], payload["event"]
    identity = str(header["event_id"])
    at = float(header.get("create_time") or 0) / 1000
    match header["event_type"]:
        case "im.message.receive_v1":
            return _message(content, event)
        case "im.message.recalled_v1":
            chat = Chat("group", str(content["chat_id"]))
            return InboundMessage(identity, chat, Person(""), at, kind="recall", message_id=str(content["message_id"]))
        case "im.message.reaction.created_v1" | "im.message.reaction.deleted_v1":
            made = header["event_type"].endswith("created_v1")
            who = _person(content.get("user_id") or {})
            if not who.id:
                return None
            emoji = str(content["reaction_type"]["emoji_type"]) if made else ""
            chat = Chat("direct", who.id)
            return InboundMessage(
                identity, chat, who, at, kind="reaction", message_id=str(content["message_id"]), emoji=emoji
            )
        case "im.chat.member.bot.added_v1" | "im.chat.member.bot.deleted_v1":
            chat = Chat("group", str(content["chat_id"]), str(content.get("name") or ""))
            who = _person(content.get("operator_id") or {})
            return InboundMessage(identity, chat, who, at, kind="member", more={"what": header["event_type"]})
        case "card.action.trigger":
            return _button(identity, at, content)
    return None


def message_ids(payload: JsonObject) -> tuple[str, str]:
    """The sender's open_id, and the id of the message that is answered (empty: none)."""
    return _below(payload, "event", "sender", "sender_id", "open_id"), _below(payload, "event", "message", "parent_id")


def _below(found: Any, *names: str) -> str:
    """What stands below these names; empty: nothing does. Apps may hear of many things, of which most are no messages."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")


def _person(identity: JsonObject, name: str = "") -> Person:
    aliases = tuple(str(identity[key]) for key in ("union_id", "user_id") if identity.get(key))
    return Person(str(identity.get("open_id") or ""), name, aliases)


def _message(content: JsonObject, event: JsonObject) -> InboundMessage | None:
    message, sender = content["message"], content["sender"]
    who = _person(sender.get("sender_id") or {}, str(event.get("name") or ""))
    itself = who.id == event["bot"]
    if sender.get("sender_type") == "app":
        who = Person(who.id, who.name, who.aliases, bot=True, itself=itself)
    words, media, everyone = _content(str(message["message_type"]), message.get("content"), str(message["message_id"]))
    words, mentions = _mentions(words, message.get("mentions") or (), str(event["bot"]), everyone)
    direct = message["chat_type"] == "p2p"
    quoted = _quoted(message, event)
    if quoted is not None and quoted.by_bot and not mentions.bot:
        mentions = Mentions(True, "reply", mentions.everyone, mentions.others)
    if not words and not media and not mentions.bot:
        return None
    chat = (
        Chat("direct", who.id)
        if direct
        else Chat("group", str(message["chat_id"]), "", str(message.get("thread_id") or ""))
    )
    return InboundMessage(
        f"message:{message['message_id']}",  # an event that is delivered again may have another id
        chat,
        who,
        float(message.get("create_time") or 0) / 1000,
        message_id=str(message["message_id"]),
        text=words,
        mentions=mentions,
        quoted=quoted,
        media=tuple(media),
        reply_context={"message_id": str(message["message_id"])},
    )


def _parsed(content: Any) -> JsonObject:
    try:
        found = orjson.loads(content) if isinstance(content, str) else content
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _content(kind: str, raw: Any, message_id: str) -> tuple[str, list[InboundMedia], bool]:
    """Words with the marks of mentions in them, files, and whether everybody is named."""
    content = _parsed(raw)
    if kind == "text":
        words = str(content.get("text") or "")
        return words, [], "@_all" in words
    if kind == "post":
        return _post(content, message_id)
    if kind in _FILES:
        media_kind, key, media_type, name = _FILES[kind]
        if not content.get(key):
            return "", [], False
        return (
            "",
            [_file(message_id, str(content[key]), media_kind, media_type, str(content.get("file_name") or name))],
            False,
        )
    if kind == "location":
        return (
            f"{content.get('name') or ''} geo:{content.get('latitude')},{content.get('longitude')}".strip(),
            [],
            False,
        )
    if kind in ("interactive", "merge_forward", "share_chat", "share_user", "todo", "vote", "system"):
        return str(content.get("title") or content.get("topic") or ""), [], False
    return "", [], False


def _post(content: JsonObject, message_id: str) -> tuple[str, list[InboundMedia], bool]:
    body = content
    for language in ("zh_cn", "en_us", "ja_jp"):
        if isinstance(content.get(language), dict):
            body = content[language]
            break
    lines: list[str] = [str(body["title"])] if body.get("title") else []
    media: list[InboundMedia] = []
    everyone = False
    for paragraph in body.get("content") or ():
        pieces: list[str] = []
        for one in paragraph:
            match one.get("tag"):
                case "text" | "md" | "code_block":
                    pieces.append(str(one.get("text") or ""))
                case "a":
                    words, address = str(one.get("text") or ""), str(one.get("href") or "")
                    pieces.append(words if not address or words == address else f"{words} ({address})")
                case "at":
                    everyone = everyone or one.get("user_id") == "@_all"
                    pieces.append(str(one.get("user_id") or ""))
                case "img":
                    media.append(_file(message_id, str(one["image_key"]), "image", "image/png", "image.png"))
                case "media":
                    media.append(_file(message_id, str(one["file_key"]), "video", "video/mp4", "video.mp4"))
        lines.append("".join(pieces))
    return "\n".join(lines).strip(), media, everyone


def _file(message_id: str, key: str, kind: MediaKind, media_type: str, name: str) -> InboundMedia:
    # Stickers cannot be fetched as such; the server says so when one is asked for.
    handle: JsonObject = {"message_id": message_id, "key": key, "type": "image" if name == "image.png" else "file"}
    return InboundMedia(kind, handle, media_type, name)


def _mentions(words: str, mentions: Any, own: str, everyone: bool) -> tuple[str, Mentions]:
    """The words with names where the marks of mentions stand; the bot's own goes where it only addresses it."""
    named = False
    others: list[str] = []
    for one in mentions:
        key, who = str(one.get("key") or ""), str((one.get("id") or {}).get("open_id") or "")
        if who == own:
            named = True
            begun = words.lstrip()
            words = (
                begun.removeprefix(key)
                if key and begun.startswith(key)
                else words.replace(key, f"@{one.get('name') or ''}")
            )
        else:
            others.append(who)
            words = words.replace(key, f"@{one.get('name') or who}") if key else words
    words = words.replace("@_all", "").strip()
    return words, Mentions(named, "native" if named else "", everyone, tuple(others))


def _quoted(message: JsonObject, event: JsonObject) -> Quoted | None:
    identity = str(message.get("parent_id") or "")
    if not identity:
        return None
    found = event.get("quoted")
    if not isinstance(found, dict):
        return Quoted(identity)
    body = found.get("body") or {}
    words, media, _ = _content(str(found.get("msg_type") or ""), body.get("content"), identity)
    for one in found.get("mentions") or ():
        words = words.replace(str(one.get("key") or "\0"), f"@{one.get('name') or ''}")
    sender = found.get("sender") or {}
    who = str(sender.get("id") or "")
    by_bot = sender.get("sender_type") == "app" and who in (event["app"], event["bot"])
    return Quoted(
        identity, words, Person(who, bot=sender.get("sender_type") == "app", itself=by_bot), by_bot, tuple(media)
    )


def _button(identity: str, at: float, content: JsonObject) -> InboundMessage | None:
    value = (content.get("action") or {}).get("value")
    if not isinstance(value, dict) or not isinstance(value.get("button"), str):
        return None
    who = _person(content.get("operator") or {})
    place = content.get("context") or {}
    # A card does not say whether its chat is one of two people: its sender wrote that into the button.
    direct = value.get("direct") is True
    chat = Chat("direct", who.id) if direct else Chat("group", str(place.get("open_chat_id") or ""))
    message_id = str(place.get("open_message_id") or "")
    return InboundMessage(identity, chat, who, at, kind="button", message_id=message_id, button=value["button"])
