"""What messages say (`getupdates`). Events are kept as `{"bot": <the bot's id>, "message": {…}}`."""

from __future__ import annotations

from typing import Any

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person, Quoted
from crawdad.core.parts import JsonObject, MediaKind

_FROM_BOT = 2
_FILES: dict[int, tuple[str, MediaKind, str, str]] = {
    2: ("image_item", "image", "image/jpeg", "image.jpg"),
    3: ("voice_item", "audio", "audio/silk", "voice.silk"),
    4: ("file_item", "document", "application/octet-stream", "file"),
    5: ("video_item", "video", "video/mp4", "video.mp4"),
}
_VOICES = {1: "audio/pcm", 5: "audio/amr", 6: "audio/silk", 7: "audio/mpeg", 8: "audio/ogg"}


def event_id(message: JsonObject) -> str:
    """What names a message for good."""
    if message.get("message_id"):
        return str(message["message_id"])
    if message.get("seq"):
        return f"seq:{message['seq']}"
    return f"{message.get('from_user_id')}:{message.get('create_time_ms')}"


def read_event(event: JsonObject) -> InboundMessage | None:
    """What an event says; None: nothing that anybody needs. Raises KeyError, TypeError for what is none."""
    message = event["message"]
    if message.get("message_type") == _FROM_BOT or not message.get("from_user_id"):
        return None
    words: list[str] = []
    media: list[InboundMedia] = []
    quoted: Quoted | None = None
    for item in message.get("item_list") or ():
        if item.get("type") == 1:
            said = item.get("text_item") or {}
            if said.get("text"):
                words.append(str(said["text"]))
            quoted = quoted or _quoted(item.get("ref_msg") or said.get("ref_msg"), str(event["bot"]))
        elif (file := _file(item)) is not None:
            media.append(file)
    if not words and not media:
        return None
    who = str(message["from_user_id"])
    context: JsonObject = {}
    if message.get("context_token"):
        context["context_token"] = str(message["context_token"])
    return InboundMessage(
        event_id(message),
        Chat("group", str(message["group_id"])) if message.get("group_id") else Chat("direct", who),
        Person(who),
        float(message.get("create_time_ms") or 0) / 1000,
        message_id=str(message.get("message_id") or ""),
        text="\n".join(words),
        mentions=Mentions(),
        quoted=quoted,
        media=tuple(media),
        reply_context=context,
    )


def _file(item: JsonObject) -> InboundMedia | None:
    known = _FILES.get(item.get("type", 0))
    if known is None:
        return None
    field, kind, media_type, name = known
    found = item.get(field)
    if not isinstance(found, dict):
        return None
    where = found.get("media") or {}
    handle: JsonObject = {}
    for key, value in (
        ("parameter", where.get("encrypt_query_param")),
        ("url", where.get("full_url") or found.get("url")),
        ("key", found.get("aeskey") or where.get("aes_key")),
    ):
        if value:
            handle[key] = str(value)
    if kind == "image":
        handle["plain"] = "key" not in handle  # only pictures may come without one
    if kind == "audio":
        media_type = _VOICES.get(found.get("encode_type", 0), media_type)
        name = f"voice.{media_type.partition('/')[2]}"
    size = str(found.get("len") or "")
    return InboundMedia(
        kind,
        handle,
        media_type,
        str(found.get("file_name") or name),
        int(size) if size.isdigit() else None,
        str(found.get("text") or ""),
    )


def _quoted(found: Any, bot: str) -> Quoted | None:
    """What a message answers. Newer phones name it by its id alone."""
    if not isinstance(found, dict):
        return None
    item = found.get("message_item") or {}
    words = str((item.get("text_item") or {}).get("text") or found.get("title") or "")
    file = _file(item) if item else None
    sender = str(item.get("from_user_id") or "")
    return Quoted(
        str(found.get("svr_id") or item.get("msg_id") or ""),
        words,
        Person(sender, itself=sender == bot) if sender else None,
        bool(sender) and sender == bot,
        (file,) if file is not None else (),
    )
