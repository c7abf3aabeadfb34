"""What happens in chats beside messages, and where it is told of: the topics of channels on the bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoticeKind = Literal[
    "joined", "left", "promoted", "demoted", "muted", "unmuted", "recalled", "poked", "honoured", "befriended"
]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to somebody in a chat, in no platform's spelling.

    `person` is the id of whom it happened to (whose message was recalled, who was poked), `operator` of whoever did it, where
    the platform says so. `person_is_bot` and `operator_is_bot`: it is the account itself. `how` says more in the platform's own
    word: `invite` or `approve` of those who joined, `leave`, `kick` or `disband` of those who left, the name of an honour.
    `seconds`: how long somebody is muted.
    """

    what: NoticeKind
    person: str
    operator: str = ""
    person_is_bot: bool = False
    operator_is_bot: bool = False
    how: str = ""
    seconds: int = 0


TROUBLE = "channels.trouble"
"""Something the operator should know. `data`: `channel`, `account`, `code`, `text` (English)."""
EVENT = "channels.event"
"""Something happened in a chat. `data`: `channel`, `account`, `id`, and in `message` an `InboundMessage` as JSON; its `kind`
says what it is, its `notice` or `request` more."""
SENT = "channels.sent"
"""A part went out. `data`: `channel`, `account`, `chat`, `text`, `media`, `ids`, `role`."""
STATUS = "channels.status"
"""An account has come into another state. `data`: `channel`, `account`, `state`, `identity`."""
REQUEST = "channels.request"
"""A request was asked about or answered. `data`: `channel`, `account`, `flag`, `kind` (`friend`, `group_join`,
`group_invite`), `sender`, `group`, `comment`, and `state`: `pending`, `accepted`, `refused`, `gone` or `failed`; `by`: `owner`,
`operator`, `pattern`, `settings`."""
FRAME = "channels.frame"
"""What the platform's side sent, as it came, but for signs of life; told before what it means is. `data`: `channel`,
`account`, `frame`. Channels that have such frames tell it (QQ does)."""
