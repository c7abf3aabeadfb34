"""What happens in channels as lines of the activity log. QQ's own side tells more than the core's words for it: see `onebot`.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.activity.log import Draft
from crawdad.services.activity.onebot import MOST_SHOWN, sent_mark
from crawdad.services.channels.figures import QQ, WECHAT

SYSTEM_EVENT = "system_event_"
"""How a notice begins that tells of the account itself (`more.what`): signed in, signed out, at fault."""
_KINDS = {"image": "[图片]", "audio": "[语音]", "video": "[视频]", "document": "[文件]"}


def event_draft(data: Mapping[str, Any], language: Language) -> Draft | None:
    """The line of something that came in; None for QQ, whose frames have theirs, and for what is none."""
    channel, message = str(data["channel"]), data["message"]
    if channel == QQ:
        return None
    mark = f"event:{channel}:{data['account']}:{message['event_id']}"
    wechat, kind = channel in WECHAT, str(message["kind"])
    if wechat and system_event(message):
        words = Text("activity.wechat_event", {"what": message["more"]["what"]}).render(language)
        return Draft("system", "system", f"[系统] {words}", at=message["at"], mark=mark)
    content = content_of(message)
    said = content[:MOST_SHOWN] if kind in ("message", "edit", "button") else kind
    who, chat = message["sender"].get("name") or ("?" if wechat else message["sender"]["id"]), message["chat"]
    place = f"群{chat.get('title') or chat['id']}" if chat["kind"] != "direct" else "私聊"
    if wechat:
        type_ = f"wechat.{message_type(message)}" if kind == "message" else f"wechat.{kind}"
        return Draft("wechat", type_, f"[微信收信] {who} @ {place}: {said}", content, message["at"], mark)
    where = "group" if chat["kind"] != "direct" else "private"
    type_ = f"message.{where}" if kind == "message" else f"notice.{kind}"
    return Draft(channel, type_, f"[{channel}] {who} @ {place}: {said}", content or None, message["at"], mark)


def sent_draft(data: Mapping[str, Any]) -> Draft | None:
    """The line of something that went out; None for what is still being written."""
    if data.get("role") in ("preview", "progress"):
        return None
    channel, account = str(data["channel"]), str(data["account"])
    kind, _, rest = str(data["chat"]).partition(":")
    text = str(data.get("text") or "") or (f"[文件:{data['media']}]" if data.get("media") else "")
    chat = rest if channel in WECHAT else rest.partition(":")[0]  # WeChat has no threads, and colons in its ids
    whom = f"私聊{chat}" if kind == "direct" else f"群{chat}"
    where = "private" if kind == "direct" else "group"
    ids = data.get("ids") or []
    mark = None
    if ids:
        mark = sent_mark(account, ids[0]) if channel == QQ else f"sent:{channel}:{account}:{chat}:{ids[0]}"
    operator = data.get("role") == "operator"
    word = "[Bot操作]" if operator else "[Bot回复]"
    prefix = word if channel == QQ else f"{word} {channel}"
    type_ = f"outbound.send_{where}_msg" if operator else f"outbound.{where}"
    return Draft("openclaw", type_, f"{prefix} → {whom}: {text[:MOST_SHOWN]}", text, mark=mark)


def system_event(message: JsonObject) -> bool:
    """Whether a message tells of the account itself."""
    return message["kind"] == "notice" and str(message.get("more", {}).get("what") or "").startswith(SYSTEM_EVENT)


def content_of(message: JsonObject) -> str:
    """What a message says: its words, and a word for each file."""
    files = [f"{_KINDS.get(one['kind'], '[文件]')}{one.get('name') or ''}" for one in message.get("media") or ()]
    return "\n".join(part for part in (message.get("text") or message.get("button") or "", *files) if part)


def message_type(message: JsonObject) -> str:
    """What ClawPanel calls a message of WeChat's: the bridge's own word where it is known, else `text` or `file`."""
    own = message.get("more", {}).get("type")
    if isinstance(own, str) and own:
        return own
    return "file" if message.get("media") else "text"
