"""What notices say: who came and went, what was recalled, who was poked."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from crawdad.core.channel_notices import Notice, NoticeKind
from crawdad.core.channels import Chat, EventKind, InboundMessage, Person
from crawdad.core.parts import JsonObject

ASIDE = "crawdad"
_MEMBERS = frozenset(("group_increase", "group_decrease", "group_admin", "group_ban"))
_MEANINGS: dict[tuple[str, str], NoticeKind] = {
    ("group_admin", "set"): "promoted",
    ("group_admin", "unset"): "demoted",
    ("group_ban", "ban"): "muted",
    ("group_ban", "lift_ban"): "unmuted",
    ("notify", "poke"): "poked",
    ("notify", "honor"): "honoured",
}
_WHATEVER: dict[str, NoticeKind] = {
    "group_increase": "joined",
    "group_decrease": "left",
    "group_recall": "recalled",
    "friend_recall": "recalled",
    "friend_add": "befriended",
}


def read_notice(frame: JsonObject) -> InboundMessage | None:
    """What a notice says; None: nothing that anybody needs."""
    what = str(frame["notice_type"])
    sub = str(frame.get("sub_type") or "")
    kind: EventKind = "notice"
    who = str(frame.get("user_id") or frame.get("operator_id") or "")
    group = str(frame.get("group_id") or "")
    if not who and not group:
        if what != "bot_offline":
            return None
        who = str(frame["self_id"])
    more: JsonObject = {"what": f"{what}.{sub}" if what == "notify" else what}
    if sub and what != "notify":
        more["sub_type"] = sub
    for name in ("operator_id", "target_id", "duration", "card_new", "card_old", "message", "tag"):
        if frame.get(name) not in (None, ""):
            more[name] = str(frame[name])
    if isinstance(frame.get("file"), dict):
        more["file"] = frame["file"]
    if more["what"] == "notify.input_status":
        return None
    if what in ("group_recall", "friend_recall"):
        kind = "recall"
    elif what in _MEMBERS:
        kind = "member"
        more["people"] = [{"id": who, "name": ""}]
    emoji = ""
    if what == "group_msg_emoji_like":
        kind = "reaction"
        likes = frame.get("likes") or [{}]
        emoji = str((likes[-1] or {}).get("emoji_id") or "")
    digest = hashlib.sha256(orjson.dumps({**frame, ASIDE: None}, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
    own = str(frame["self_id"])
    return InboundMessage(
        f"notice:{digest}",
        Chat("group", group) if group else Chat("direct", who),
        Person(who, itself=who == own),
        float(frame["time"]),
        kind=kind,
        message_id=str(frame.get("message_id") or ""),
        emoji=emoji,
        notice=_meaning(frame, what, sub, own),
        more=more,
    )


def _meaning(frame: JsonObject, what: str, sub: str, own: str) -> Notice | None:
    meant = _MEANINGS.get((what, sub)) or _WHATEVER.get(what)
    if meant is None:
        return None
    operator = str(frame.get("operator_id") or "")
    person = str(frame.get("user_id") or "")
    how = sub
    if meant == "poked":
        # In private NapCat names who pokes `sender_id`, and the other side of the chat `user_id`.
        operator, person = str(frame.get("sender_id") or person), str(frame.get("target_id") or "")
    elif meant == "honoured":
        how = str(frame.get("honor_type") or "")
    elif what == "friend_recall":
        operator = person
    return Notice(
        meant,
        person,
        operator,
        person_is_bot=person == own or sub == "kick_me",
        operator_is_bot=bool(operator) and operator == own,
        how=how,
        seconds=_seconds(frame.get("duration")),
    )


def _seconds(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError):
        return 0
