"""What a channel does by itself, decided: what the owner is told, who is welcomed, which requests are accepted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crawdad.core.channel_automations import AutomatedSettings, GroupRule
from crawdad.core.channel_notices import Notice
from crawdad.core.channels import InboundMessage, PlatformRequest
from crawdad.core.text import Text
from crawdad.services.channels.access import group_settings

LONGEST_COMMENT = 500
_LONGEST_SHOWN = 1000
_COMMAND = re.compile(r"(同意|拒绝)(入群|好友)\s+(\S{1,200})(?:\s+(.{0,200}))?", re.DOTALL)
HONOURS = frozenset(("talkative", "performer", "legend", "strong_newbie", "emotion"))


@dataclass(frozen=True, slots=True)
class Remembered:
    """A message as it is remembered for the case that it is recalled."""

    sender: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnerCommand:
    """The owner's word about a request."""

    kind: Literal["friend", "group"]
    accept: bool
    flag: str
    reason: str = ""


def owner_command(text: str) -> OwnerCommand | None:
    """The command that a message of the owner's is: `同意入群 <flag>`, `拒绝入群 <flag> [reason]`, and the same with `好友`."""
    found = _COMMAND.fullmatch(text.strip())
    if found is None:
        return None
    kind: Literal["friend", "group"] = "friend" if found[2] == "好友" else "group"
    return OwnerCommand(kind, found[1] == "同意", found[3], (found[4] or "").strip())


def acts_in(settings: AutomatedSettings, group: str) -> bool:
    """Whether something is done by itself in a group: it is in all but those that are turned off."""
    if settings.group_policy == "disabled":
        return False
    found = group_settings(settings, group)
    return found is None or found.enabled


def rule_of(settings: AutomatedSettings, group: str) -> GroupRule | None:
    """What differs in a group."""
    return next((rule for rule in settings.auto_approve.group.rules if rule.group_id == group), None)


def welcome_template(settings: AutomatedSettings, notice: Notice, group: str) -> str:
    """The template of the words that somebody who has come is welcomed with; empty: they are not."""
    if notice.what != "joined" or notice.person_is_bot or not settings.welcome.enabled or not acts_in(settings, group):
        return ""
    rule = rule_of(settings, group)
    own = rule.welcome_message if rule is not None else None
    return (settings.welcome.template if own is None else own).strip()


def welcome_seconds(settings: AutomatedSettings) -> float:
    """How long after somebody has come they are welcomed."""
    return (settings.welcome.delay_ms or 1500) / 1000


def welcome_text(template: str, nickname: str, user_id: str) -> str:
    """A template filled in. Whatever else stands in braces stays as it is."""
    filled = {"{nickname}": nickname, "{user_id}": user_id}
    return re.sub(r"\{nickname\}|\{user_id\}", lambda found: filled[found[0]], template)


def pattern_for(settings: AutomatedSettings, request: PlatformRequest) -> str:
    """The pattern that has to be found in a request's comment for it to be accepted at once; empty: none is tried."""
    comment = request.comment.strip()
    if not comment or len(request.comment) > LONGEST_COMMENT:
        return ""
    if request.kind == "friend":
        friend = settings.auto_approve.friend
        return friend.pattern.strip() if friend.enabled else ""
    group = settings.auto_approve.group
    if request.kind != "group_join" or not group.enabled:
        return ""
    rule = rule_of(settings, request.group)
    own = rule.auto_approve_pattern if rule is not None else None
    return (group.pattern if own is None else own).strip()


def heeds_poke(settings: AutomatedSettings, message: InboundMessage) -> bool:
    """Whether a poke is to be answered, as far as the settings are concerned."""
    notice = message.notice
    if notice is None or notice.what != "poked" or not notice.person_is_bot or notice.operator_is_bot:
        return False
    if not settings.notifications.poke_reply or not settings.poke.enabled:
        return False
    if not any(reply.strip() for reply in settings.poke.replies):
        return False
    return message.chat.kind == "direct" or acts_in(settings, message.chat.id)


def chosen(replies: tuple[str, ...], drawn: float) -> str:
    """One of the replies, `drawn` (0 up to 1) being the lot."""
    usable = [reply.strip() for reply in replies if reply.strip()]
    return usable[min(int(drawn * len(usable)), len(usable) - 1)]


def congratulation(settings: AutomatedSettings, message: InboundMessage, name: str) -> Text | None:
    """What a group is told of an honour; None: nothing."""
    notice = message.notice
    if notice is None or notice.what != "honoured" or notice.how not in HONOURS or message.chat.kind == "direct":
        return None
    if not settings.notifications.honor_notice or not acts_in(settings, message.chat.id):
        return None
    return Text("automations.honoured", {"name": name, "honour": Text(f"automations.honour.{notice.how}")})


def concerns_owner(settings: AutomatedSettings, notice: Notice) -> bool:
    """Whether the owner wants to know of something."""
    wanted = settings.notifications
    if not settings.owner:
        return False
    match notice.what:
        case "joined":
            return wanted.member_change or notice.person_is_bot
        case "left":
            return wanted.member_change
        case "promoted" | "demoted":
            return wanted.admin_change
        case "muted" | "unmuted":
            return wanted.ban_notice
        case "recalled":
            return wanted.anti_recall and settings.anti_recall.enabled and not _is_own_recall(notice)
    return False


def _is_own_recall(notice: Notice) -> bool:
    return notice.operator_is_bot or notice.person_is_bot


def told_owner(message: InboundMessage, person: str, operator: str, group: str, said: Remembered | None) -> Text:
    """What the owner is told. `person`, `operator` and `group` are how they are called; `said`: what was recalled, where it is
    remembered."""
    notice = message.notice
    assert notice is not None, "there is something to be told of"
    values: dict[str, object] = {"person": person, "operator": operator, "group": group}
    match notice.what:
        case "joined" if notice.person_is_bot:
            return Text("automations.bot_joined", values)
        case "joined":
            return Text("automations.joined_invited" if notice.how == "invite" else "automations.joined", values)
        case "left":
            return Text(_left(notice), values)
        case "muted" | "unmuted":
            about = "bot_" if notice.person_is_bot else ""
            return Text(f"automations.{about}{notice.what}", {**values, "seconds": notice.seconds})
        case "recalled":
            text = said.text[:_LONGEST_SHOWN] if said is not None else Text("automations.not_remembered")
            if message.chat.kind == "direct":
                return Text("automations.recalled_private", {**values, "text": text})
            by_other = bool(notice.operator) and notice.operator != notice.person
            return Text("automations.recalled_by" if by_other else "automations.recalled", {**values, "text": text})
    return Text(f"automations.{notice.what}", values)


def _left(notice: Notice) -> str:
    if notice.how == "disband":
        return "automations.disbanded"
    if notice.person_is_bot:
        return "automations.bot_kicked"
    return "automations.kicked" if notice.how == "kick" else "automations.left"


def told_of_request(request: PlatformRequest, person: str, group: str, *, accepted: bool) -> Text:
    """What the owner is told of a request: that it was accepted, or how to answer it."""
    values: dict[str, object] = {
        "person": person,
        "group": group,
        "comment": request.comment[:LONGEST_COMMENT] or "-",
        "flag": request.flag,
    }
    return Text(f"automations.{'accepted' if accepted else 'asked'}.{request.kind}", values)
