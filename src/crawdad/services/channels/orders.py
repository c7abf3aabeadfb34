"""The order for the run that answers a message: what the agent is shown, told, and lets itself be used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.agents import RunOrder
from crawdad.core.channel_settings import GroupSettings
from crawdad.core.channels import InboundMessage
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.settings import Settings
from crawdad.core.text import Language
from crawdad.core.tools import Sender
from crawdad.services.agents.roster import Agent
from crawdad.services.channels.access import Standing, group_settings, tools_allowed
from crawdad.services.channels.addressing import route_of
from crawdad.services.channels.media_in import received
from crawdad.services.channels.wording import about_chat, label_of, shown_message
from crawdad.services.channels.world import OpenAccount
from crawdad.services.schedule.owners import OPERATOR
from crawdad.store.channel_chats import SaidMessage
from crawdad.store.channel_rows import StoredEvent

CHANNELS = Principal("channels", "system", "channels")
"""Who orders the runs of people who are not the operator: no more than a plain key may do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of a message that is being taken."""

    event: StoredEvent
    message: InboundMessage
    settings: Settings
    agent: Agent
    session_key: str
    standing: Standing
    quoted: SaidMessage | None
    language: Language


def group_of(account: OpenAccount, message: InboundMessage) -> GroupSettings | None:
    """What holds for the group that a message is of; None: nothing, or it is of none."""
    if message.chat.kind == "direct":
        return None
    return group_settings(account.settings, message.chat.parent or message.chat.id)


def history_limit(account: OpenAccount, taken: Taken) -> int:
    """How many messages that were not for the agent it is shown with the next that is."""
    group = group_of(account, taken.message)
    own = group.history_limit if group is not None else None
    limit = account.settings.history_limit if own is None else own
    return taken.settings.messages.group_chat.history_limit if limit is None else limit


async def order_for(
    account: OpenAccount, taken: Taken, text: str, history: Sequence[SaidMessage], *, compact: bool = False
) -> RunOrder | None:
    """The order; None: there is nothing in the message. `text` is what is left of it without a command; `history` what was said
    before. Fetches the files that came with it."""
    message, owner = taken.message, taken.standing.owner
    shown = shown_message(
        message,
        text,
        owner=owner,
        history=history,
        quoted=taken.quoted,
        media=(await received(account, message)).parts,
        secret=account.world.secret,
    )
    if not shown.parts and not compact:
        return None
    label = label_of(message.sender.id, message.sender.name)
    return RunOrder(
        agent_id=taken.agent.id,
        session_key=taken.session_key,
        principal=OPERATOR if owner else CHANNELS,
        origin="channel",
        parts=shown.parts,
        extra_system=_about(account, taken, label),
        idempotency_key=f"channel:{account.account}:{taken.event.event_id}",
        sender=Sender(message.sender.id, label, owner),
        channel=account.account.channel,
        route=route_of(account.account, message.chat),
        untrusted=shown.untrusted,
        marked=True,
        language=taken.language,
        extra=_extra(account, taken, compact),
    )


def _about(account: OpenAccount, taken: Taken, label: str) -> str:
    about = about_chat(account.account, taken.message.chat, label, owner=taken.standing.owner)
    group = group_of(account, taken.message)
    return f"{about}\n\n{group.system_prompt}".strip() if group is not None else about


def _extra(account: OpenAccount, taken: Taken, compact: bool) -> JsonObject:
    extra: JsonObject = {}
    if tools := _tools(account, taken):
        extra["tools"] = tools
    group = group_of(account, taken.message)
    if group is not None and group.skills is not None:
        extra["skills"] = list(group.skills)
    if compact:
        extra["compact"] = True
    return extra


def _tools(account: OpenAccount, taken: Taken) -> JsonObject | None:
    """What the place narrows the tools of this turn to; None: it does not."""
    message, lists = taken.message, account.lists()
    if not tools_allowed(message.sender, account.settings, lists, taken.standing.owner):
        return {"allow": [], "deny": []}
    group = group_of(account, message)
    if group is None:
        return None
    rules = group.tools
    for entry, own in group.tools_by_sender.items():
        if entry != "*" and lists.listed(message.sender, [entry]):
            rules = own
            break
    else:
        rules = group.tools_by_sender.get("*", rules)
    if rules is None:
        return None
    return {"allow": None if rules.allow is None else list(rules.allow), "deny": list(rules.deny)}
