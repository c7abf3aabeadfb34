"""Who may speak to an agent over a channel, and what becomes of the message of somebody who may not. Pure.

One ordered decision with a reason for each outcome. What is not configured is refused. The people who were let in by a pairing
code may write in direct chats, never for that alone in groups. The right to chat is one thing, the right to have the agent use
tools (`tools_allowed`) and to give commands another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crawdad.core.channel_settings import ChannelSettings, GroupSettings
from crawdad.core.channels import ChannelKind, InboundMessage, MentionWay, Person

Reason = Literal[
    "self",
    "bot",
    "old",
    "kind",
    "dm_disabled",
    "dm_owner",
    "dm_open",
    "dm_listed",
    "dm_paired",
    "dm_not_listed",
    "dm_not_woken",
    "pairing",
    "pairing_full",
    "group_disabled",
    "group_unsupported",
    "group_not_listed",
    "group_off",
    "group_sender",
    "group_not_mentioned",
    "group_mentioned",
    "group_open",
    "group_chance",
    "group_too_soon",
]
Action = Literal["run", "context", "pair", "drop"]
"""`run`: it is answered; `context`: kept, to be shown with the next that is; `pair`: the sender may ask to be let in."""
EVERYBODY = "*"
_GROUP = "accessGroup:"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a sender beside the lists. `owner`: the operator, or whose account it is; `paired`: let in by a code."""

    owner: bool = False
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message, and why."""

    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a message is for. `mention`: how it wakes the agent; `command`: it is a command of somebody who may give it;
    `activation` is what was set from within the group (`always`, `mention`); `groups`: whether the channel has any; `chance`:
    what the lot says of a message that wakes nobody (None: no lot was drawn); `too_soon`: the agent has just answered here."""

    mention: MentionWay | None = None
    command: bool = False
    activation: str = ""
    groups: bool = True
    chance: bool | None = None
    too_soon: bool = False


class Lists:
    """Looks people up in lists of ids. Entries may name the channel (`telegram:123`) or a group of people
    (`accessGroup:family`)."""

    def __init__(self, kind: ChannelKind, access_groups: Mapping[str, Sequence[str]]) -> None:
        self._normalised: Callable[[str], str] = lambda text: kind.identity(text).strip().lower()
        self._prefixes = tuple(f"{name.lower()}:" for name in (kind.id, *kind.aliases))
        self._groups = access_groups

    def ids(self, person: Person) -> list[str]:
        """The ids by which somebody is looked up, as the platform spells them and as lists compare them: never what they
        call themselves."""
        own = [one for one in (person.id, *person.aliases) if one]
        return list(dict.fromkeys((*(self._normalised(one) for one in own), *own)))

    def listed(self, person: Person, entries: Iterable[str]) -> bool:
        """Whether one of `entries` is about that person."""
        return self._listed(set(self.ids(person)), entries, set())

    def _listed(self, ids: set[str], entries: Iterable[str], seen: set[str]) -> bool:
        for entry in entries:
            bare = entry.strip()
            if bare == EVERYBODY:
                return True
            if bare.startswith(_GROUP):
                name = bare.removeprefix(_GROUP)
                if name not in seen and self._listed(ids, self._groups.get(name, ()), seen | {name}):
                    return True
            elif self._bare(bare) in ids:
                return True
        return False

    def _bare(self, entry: str) -> str:
        lowered = entry.lower()
        for prefix in self._prefixes:
            if lowered.startswith(prefix):
                return self._normalised(entry[len(prefix) :])
        return self._normalised(entry)


def group_settings(settings: ChannelSettings, group: str) -> GroupSettings | None:
    """What holds for a group: its own entry over that of `*`; None: neither is there."""
    own, common = settings.groups.get(group), settings.groups.get(EVERYBODY)
    if own is None or common is None:
        return own or common
    values = {name: getattr(common, name) for name in common.model_fields_set}
    values |= {name: getattr(own, name) for name in own.model_fields_set}
    return GroupSettings.model_validate(values)


def decide(
    message: InboundMessage,
    settings: ChannelSettings,
    lists: Lists,
    standing: Standing,
    address: Address,
) -> Verdict:
    """What becomes of a message."""
    if message.sender.itself:
        return Verdict("drop", "self")
    if message.sender.bot:
        return Verdict("drop", "bot")
    if message.old:
        return Verdict("drop", "old")
    if message.kind not in ("message", "button"):
        return Verdict("drop", "kind")
    if message.chat.kind == "direct":
        verdict = _direct(message, settings, lists, standing)
        asleep = not settings.rate_limit.wake_trigger.direct_message and address.mention is None
        if verdict.action == "run" and asleep and not address.command and not standing.owner:
            return Verdict("drop", "dm_not_woken")
        return verdict
    if not address.groups:
        return Verdict("drop", "group_unsupported")
    return _group(message, settings, lists, standing, address)


def _direct(message: InboundMessage, settings: ChannelSettings, lists: Lists, standing: Standing) -> Verdict:
    policy = settings.dm_policy
    if policy == "disabled":
        return Verdict("drop", "dm_disabled")
    if standing.owner:
        return Verdict("run", "dm_owner")
    if policy == "open":
        # Open means everybody only where the list says so too: a slip of one key must not open the door.
        if lists.listed(message.sender, settings.allow_from):
            return Verdict("run", "dm_open")
        return Verdict("drop", "dm_not_listed")
    if lists.listed(message.sender, [one for one in settings.allow_from if one.strip() != EVERYBODY]):
        return Verdict("run", "dm_listed")
    if policy == "pairing":
        return Verdict("run", "dm_paired") if standing.paired else Verdict("pair", "pairing")
    return Verdict("drop", "dm_not_listed")


def _group(
    message: InboundMessage,
    settings: ChannelSettings,
    lists: Lists,
    standing: Standing,
    address: Address,
) -> Verdict:
    policy = settings.group_policy
    if policy == "disabled":
        return Verdict("drop", "group_disabled")
    found = group_settings(settings, message.chat.parent or message.chat.id)
    if found is not None and not found.enabled:
        return Verdict("drop", "group_off")
    if policy == "allowlist" and found is None and (settings.groups or settings.group_allow_from is None):
        return Verdict("drop", "group_not_listed")
    if not _may_speak(message.sender, settings, found, lists, standing):
        return Verdict("drop", "group_sender")
    if address.command:
        return Verdict("run", "group_mentioned")
    verdict = _woken(found, address)
    if verdict.action == "run" and address.too_soon and not standing.owner:
        return Verdict("context", "group_too_soon")
    return verdict


def _woken(found: GroupSettings | None, address: Address) -> Verdict:
    if address.mention is not None:
        return Verdict("run", "group_mentioned")
    if address.chance is not None and not address.activation:
        return Verdict("run", "group_chance") if address.chance else Verdict("context", "group_not_mentioned")
    needed = address.activation != "always"
    if found is not None and found.require_mention is not None and not address.activation:
        needed = found.require_mention
    return Verdict("context", "group_not_mentioned") if needed else Verdict("run", "group_open")


def _may_speak(
    sender: Person, settings: ChannelSettings, found: GroupSettings | None, lists: Lists, standing: Standing
) -> bool:
    if standing.owner:
        return True
    own = found.allow_from if found is not None else None
    if own is not None:
        return lists.listed(sender, own)
    if settings.group_policy == "open":
        return True
    entries = settings.allow_from if settings.group_allow_from is None else settings.group_allow_from
    return lists.listed(sender, entries)


def tools_allowed(sender: Person, settings: ChannelSettings, lists: Lists, owner: bool) -> bool:
    """Whether a message of this sender may have the agent use tools."""
    return owner or settings.tools_from is None or lists.listed(sender, settings.tools_from)
