"""What the bridge posts: one form for each thing that happened, and what it is told in return.

A message has no id and no time. What is posted twice (by a proxy that tries again) is known by its bytes: the boundary between
the fields is made by chance for each post, so that the same words said twice are two posts.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

from crawdad.core.channels import (
    Chat,
    EventKind,
    InboundMedia,
    InboundMessage,
    Mentions,
    Person,
    PlatformRequest,
    Quoted,
)
from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.wire.media.multipart import Form

SYSTEM = "system_event_"
LOGIN, LOGOUT = "system_event_login", "system_event_logout"
ALIAS = "alias:"
"""Stands before a remark, which the account's owner gave and nobody else can take: the only id that lasts."""
_TYPES = ("text", "file", "urlLink", "friendship", "unknown")
_QUOTED = re.compile(r"「(?P<who>[^」：:\n]{1,64})[：:](?P<words>.*?)」\n(?:- ?){5,}\n(?P<rest>.*)\Z", re.DOTALL)
"""How a quotation reaches WeChat's web protocol: as words."""
_AFTER_NAME = "\u2005"
_LONGEST_NAME = 200


def event_of(form: Form, body: bytes, bot: str, at: float) -> JsonObject:
    """A post as an event to be kept. `bot` is the account's own name, `at` when it came. Raises BAD_REQUEST for what is none.
    The bytes of a file are not in it: `file_of` names them, and `with_file` says where they are."""
    kind = form.get("type") or ""
    if kind not in _TYPES and not kind.startswith(SYSTEM):
        raise bad_request("wire.value", "type", value=kind[:40])
    try:
        source = orjson.loads(form.get("source") or "{}")
    except ValueError:
        raise bad_request("wire.value", "source", value="no JSON") from None
    return {
        "type": kind,
        "content": form.get("content") or "",
        "source": _trimmed(source if isinstance(source, dict) else {}),
        "mentioned": form.get("isMentioned") == "1",
        "own": form.get("isMsgFromSelf") == "1",
        "bot": bot,
        "at": at,
        "digest": hashlib.sha256(body).hexdigest()[:32],
    }


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None for what the account itself has said."""
    kind = str(event["type"])
    if kind.startswith(SYSTEM):
        return _system(event)
    if kind == "friendship":
        return _request(event)
    if event.get("own"):
        return None
    source = event["source"]
    sender, chat = person_of(source["from"]), _chat(source)
    if not sender.id:
        raise ValueError("nobody has said it")
    text, media = _content(event)
    quoted, text = _quotation(text, str(event["bot"]))
    mentions, text = _mentions(event, text, group=chat.kind == "group")
    happened: EventKind = "notice" if kind == "unknown" else "message"
    return InboundMessage(
        f"message:{event['digest']}",
        chat,
        sender,
        float(event["at"]),
        kind=happened,
        text=text,
        mentions=mentions,
        quoted=quoted,
        media=media,
        reply_context=_way_back(source),
        more={"type": kind, "what": kind, "source": source},
    )


def person_of(shown: JsonObject) -> Person:
    """Somebody. Ids change with every sign-in of the account: only a remark lasts."""
    alias, identity = str(shown.get("alias") or ""), str(shown.get("id") or "")
    name = str(shown.get("name") or "")
    return Person(f"{ALIAS}{alias}" if alias else identity, name, (identity,) if alias and identity else ())


def login_name(event: JsonObject) -> str:
    """Who has signed in, of a system event."""
    user = _object(_json(str(event["content"])).get("user"))
    payload = _object(user.get("payload"))
    return str(payload.get("name") or user.get("name") or "")


def answer_to(event: JsonObject, *, accept: bool = False) -> JsonObject:
    """What the bridge is told. `success` to a request for friendship accepts it, so that it is said only where that is meant;
    to anything else it says that the post has arrived."""
    return {"success": accept if event["type"] == "friendship" else True}


def request_flag(event: JsonObject) -> str:
    """What names a request for friendship: who asks. The bridge gives it no id."""
    return hashlib.sha256(f"friend:{_asking(event)[0]}".encode()).hexdigest()[:24]


def _trimmed(source: JsonObject) -> JsonObject:
    """Who and where; without the pictures and members of a group of five hundred."""
    room = source.get("room")
    return {
        "from": _named(source.get("from")),
        "to": _named(source.get("to")),
        "room": {"topic": room[:_LONGEST_NAME]} if isinstance(room, str) and room else _named(room, "topic"),
    }


def _named(value: Any, name: str = "name") -> JsonObject:
    """A contact or a room, as far as it is named. Of old the fields stood outside `payload`."""
    outer = _object(value)
    inner = {**outer, **_object(outer.get("payload"))}
    wanted = ("id", name) if name == "topic" else ("id", name, "alias")
    return {key: str(inner[key])[:_LONGEST_NAME] for key in wanted if inner.get(key)}


def _chat(source: JsonObject) -> Chat:
    room = source["room"]
    if room:  # an empty object is a private chat
        topic = str(room.get("topic") or "")
        return Chat("group", topic or str(room["id"]), topic)
    sender = person_of(source["from"])
    return Chat("direct", sender.id, sender.name)


def _way_back(source: JsonObject) -> JsonObject:
    """What an answer is addressed with: the bridge finds people by remark or name, and groups by topic."""
    if source["room"]:
        return {"topic": str(source["room"].get("topic") or "")}
    return {name: str(source["from"][name]) for name in ("name", "alias") if source["from"].get(name)}


def _content(event: JsonObject) -> tuple[str, tuple[InboundMedia, ...]]:
    match event["type"]:
        case "file":
            file = event.get("file")
            if not isinstance(file, dict):
                raise ValueError("the file is missing")
            media_type, name = str(file["media_type"]), str(file["name"])
            return "", (InboundMedia(_kind(media_type), {"id": file["id"]}, media_type, name, int(file["size"])),)
        case "urlLink":
            link = _json(str(event["content"]))
            words = (str(link.get(name) or "") for name in ("title", "description", "url"))
            return "\n".join(one for one in words if one), ()
        case _:
            return str(event["content"]), ()


def _kind(media_type: str) -> MediaKind:
    match media_type.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "document"


def _quotation(text: str, bot: str) -> tuple[Quoted | None, str]:
    found = _QUOTED.match(text)
    if found is None:
        return None, text
    who = found["who"].strip()
    ours = bool(bot) and who == bot
    return Quoted(text=found["words"].strip(), sender=Person("", who, itself=ours), by_bot=ours), found["rest"].strip()


def _mentions(event: JsonObject, text: str, *, group: bool) -> tuple[Mentions, str]:
    """Whether the bot is meant. The bridge's own flag is nearly always 0: the name in the text is looked for too."""
    named = f"@{event['bot']}" if event["bot"] else ""
    place = text.find(named) if group and named else -1
    behind = text[place + len(named) : place + len(named) + 1] if place >= 0 else ""
    meant = place >= 0 and (not behind or behind in (_AFTER_NAME, " ", "\u00a0", "\n"))
    if meant and place == 0:
        text = text[len(named) :].lstrip(f"{_AFTER_NAME} \u00a0\n")
    if not (meant or event.get("mentioned")):
        return Mentions(), text
    return Mentions(bot=True, way="native"), text


def _asking(event: JsonObject) -> tuple[str, str]:
    """Who wants to be a friend, and with which words."""
    content = _json(str(event["content"]))
    name = str(content.get("name") or event["source"]["from"].get("name") or "")
    return name, str(content.get("hello") or "")


def _request(event: JsonObject) -> InboundMessage:
    name, hello = _asking(event)
    if not name:
        raise ValueError("nobody asks")
    sender = Person(f"name:{name}", name)
    accepted = event.get("accepted") is True  # there is nothing left to ask
    return InboundMessage(
        f"request:{event['digest']}",
        Chat("direct", sender.id, name),
        sender,
        float(event["at"]),
        kind="notice" if accepted else "request",
        request=None if accepted else PlatformRequest("friend", request_flag(event), hello),
        more={"what": "friendship", "accepted": accepted, "hello": hello, "source": event["source"]},
    )


def _system(event: JsonObject) -> InboundMessage:
    return InboundMessage(
        f"system:{event['digest']}",
        Chat("direct", "system"),
        Person("system", itself=True),
        float(event["at"]),
        kind="notice",
        text="",
        more={"what": event["type"], "content": _json(str(event["content"])), "source": event["source"]},
    )


def _json(text: str) -> JsonObject:
    try:
        return _object(orjson.loads(text))
    except ValueError:
        return {}


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
