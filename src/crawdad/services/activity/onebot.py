"""QQ's events as lines of the activity log, worded as ClawPanel words them: its users search for these beginnings. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.activity.log import Draft
from crawdad.wire.onebot.cq import segments_of

MOST_SHOWN = 200
_MOST_OTHER = 150
_WORDS = {"image": "[图片]", "record": "[语音]", "video": "[视频]", "mface": "[动画表情]", "face": "[表情]"}
_NOTICES = frozenset(
    (
        *("group_increase", "group_decrease", "group_recall", "friend_recall", "group_admin.set", "group_admin.unset"),
        *("group_ban.ban", "group_ban.lift_ban", "group_upload", "group_card", "essence", "friend_add"),
        *("group_msg_emoji_like", "bot_offline", "notify.poke", "notify.title", "notify.profile_like"),
        *("notify.group_name", "notify.honor", "notify.lucky_king"),
    )
)
"""What has a sentence of its own (`activity.qq.<name>`)."""


def text_of(message: Any) -> str:
    """What a message says, with a word for each thing that is no text."""
    pieces: list[str] = []
    for segment in segments_of(message):
        kind, data = segment["type"], segment["data"]
        if kind == "text":
            pieces.append(str(data.get("text") or ""))
        elif kind == "at":
            pieces.append(f"@{data.get('qq') or ''}")
        elif kind == "file":
            pieces.append(f"[文件:{data.get('name') or data.get('file') or ''}]")
        elif kind == "mface" and data.get("summary"):
            pieces.append(str(data["summary"]))
        else:
            pieces.append(_WORDS.get(kind, f"[{kind}]"))
    return "".join(pieces)


def frame_draft(account: str, frame: JsonObject, language: Language) -> Draft | None:
    """The line of an event as the QQ side sent it; None for signs of life and what is no event."""
    kind = str(frame.get("post_type") or "")
    at = _seconds(frame.get("time"))
    match kind:
        case "" | "meta_event":
            return None
        case "message" if frame.get("user_id") != frame.get("self_id"):
            return _received(account, frame, at)
        case "message" | "message_sent":
            return _own(account, frame, at)
        case "notice":
            return _notice(account, frame, at, language)
        case "request":
            what = str(frame.get("request_type") or "")
            word = {"friend": "好友申请", "group": "入群申请"}.get(what, what)
            summary = f"[QQ请求] {word} from {frame.get('user_id')}"
            return Draft("qq", f"request.{what}", summary, at=at, mark=_mark(account, frame))
    rest = orjson.dumps(frame, default=str).decode()[:_MOST_OTHER]
    return Draft("qq", kind, f"[QQ] {kind}: {rest}", at=at, mark=_mark(account, frame))


def sent_mark(account: str, message_id: str) -> str:
    """What a message that the account has sent is called, whoever tells of it."""
    return f"qq:{account}:sent:{message_id}"


def _received(account: str, frame: JsonObject, at: float | None) -> Draft:
    sender = frame.get("sender") or {}
    uid, kind = frame.get("user_id"), str(frame.get("message_type") or "private")
    name = sender.get("card") or sender.get("nickname") or uid
    raw = str(frame.get("raw_message") or "")
    place = f"群{frame.get('group_id')}" if kind == "group" else "私聊"
    summary = f"[QQ收信] {name}({uid}) @ {place}: {_shown(frame, raw)[:MOST_SHOWN]}"
    mark = f"qq:{account}:message:{frame.get('message_id')}:{frame.get('time')}"
    return Draft("qq", f"message.{kind}", summary, raw or text_of(frame.get("message")), at, mark)


def _own(account: str, frame: JsonObject, at: float | None) -> Draft:
    kind = str(frame.get("message_type") or "private")
    raw = str(frame.get("raw_message") or "")
    group = kind == "group"
    whom = f"群{frame.get('group_id')}" if group else f"私聊{frame.get('target_id') or frame.get('user_id')}"
    shown = _shown(frame, raw)
    mark = sent_mark(account, str(frame.get("message_id")))
    return Draft("openclaw", f"outbound.{kind}", f"[Bot回复] → {whom}: {shown[:MOST_SHOWN]}", shown, at, mark)


def _notice(account: str, frame: JsonObject, at: float | None, language: Language) -> Draft | None:
    what, sub = str(frame.get("notice_type") or ""), str(frame.get("sub_type") or "")
    if what == "notify" and sub == "input_status":
        return None  # somebody is typing: ten lines a message
    name = next((one for one in (f"{what}.{sub}", what) if one in _NOTICES), None)
    if name is None:
        said = f"{what}{f'.{sub}' if sub else ''} in {frame.get('group_id') or 'private'}"
    else:
        group = frame.get("group_id")
        file = frame.get("file") if isinstance(frame.get("file"), dict) else {}
        values = {
            "place": Text("activity.qq.in_group", {"group": group}) if group else Text("activity.qq.in_private"),
            "user": frame.get("user_id") or frame.get("operator_id") or "?",
            "operator": frame.get("operator_id") or "?",
            "target": frame.get("target_id") or "?",
            "seconds": frame.get("duration") or 0,
            "file": str((file or {}).get("name") or "?"),
            "how": sub or what,
            "message": str(frame.get("message") or ""),
        }
        said = Text(f"activity.qq.{name}", values).render(language)
    return Draft("qq", f"notice.{what}", f"[QQ通知] {said}", at=at, mark=_mark(account, frame))


def _shown(frame: JsonObject, raw: str) -> str:
    """What is shown of a message: its raw text, unless that holds codes that nobody reads."""
    return raw if raw and "[CQ:" not in raw else text_of(frame.get("message")) or raw


def _mark(account: str, frame: JsonObject) -> str:
    digest = hashlib.sha256(orjson.dumps(frame, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    return f"qq:{account}:{digest}"


def _seconds(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11 else None
    )
