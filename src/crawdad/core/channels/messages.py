"""What happens in chats and what is said there, in no platform's spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.channel_notices import Notice
from crawdad.core.channel_settings import DEFAULT_ACCOUNT
from crawdad.core.parts import JsonObject, MediaKind

ChatKind = Literal["direct", "group", "channel"]


EventKind = Literal["message", "edit", "recall", "reaction", "button", "request", "member", "notice"]


RequestKind = Literal["friend", "group_join", "group_invite"]


MentionWay = Literal["", "native", "reply", "quote", "thread", "command"]


Role = Literal["final", "block", "preview", "progress", "notice", "error", "pairing", "approval"]


@dataclass(frozen=True, slots=True)
class Account:
    """One account in one channel: `telegram` / `default`."""

    channel: str
    name: str = DEFAULT_ACCOUNT

    def __str__(self) -> str:
        return f"{self.channel}:{self.name}"


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation on the platform. `id` is the peer's id in direct chats. `parent` is the chat that a thread belongs to
    where it has an id of its own (else `thread` alone tells it apart); `guild`, `team`: the server or tenant."""

    kind: ChatKind
    id: str
    title: str = ""
    thread: str = ""
    parent: str = ""
    guild: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who did it. `id` is what allow-lists name; `aliases` are other stable ids of the same person (a user name, a union
    id); `name` is what they call themselves, and proves nothing. `itself`: the very account that this channel is."""

    id: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    bot: bool = False
    itself: bool = False
    roles: tuple[str, ...] = ()
    """Roles on the server or in the group (`owner`, `admin`, a role's id)."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a message names. `bot` and by which `way`: `native` (the platform's own mention), `reply` or `quote` (of a
    message of the bot's), `thread`, `command` (a command that is addressed to it). Patterns in the text are the core's."""

    bot: bool = False
    way: MentionWay = ""
    everyone: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """A file that came with a message, not fetched yet. `handle` is what `Channel.fetch` needs (plain JSON, kept with the
    message); `size` in bytes and `media_type` are the sender's word. `transcript` is the platform's own, of speech."""

    kind: MediaKind
    handle: JsonObject
    media_type: str = ""
    name: str = ""
    size: int | None = None
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that another answers or quotes; what is known of it. `by_bot`: the bot itself wrote it."""

    id: str = ""
    text: str = ""
    sender: Person | None = None
    by_bot: bool = False
    media: tuple[InboundMedia, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformRequest:
    """Somebody wants to be a friend, to join a group, or to have the bot in one. `flag` is what answers it."""

    kind: RequestKind
    flag: str
    comment: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What happened in a chat, in no platform's spelling.

    `event_id` names the event within the account for good: a second one is dropped. `message_id` is the platform's name
    of the message (of the one concerned, for edit, recall and reaction). `text` holds only what the sender wrote: without
    names, quotations and labels of media, and without the mention of the bot at its beginning. `at` is the platform's
    time (Unix seconds). `reply_context` is what the platform wants to see again in an answer (a context token, a request
    id): plain JSON, the newest of each chat is kept. `button` is the value of the button that was pressed (kind `button`),
    `emoji` that of a reaction. `notice` is what happened, where the core has a word for it (kinds `member`, `recall`,
    `notice`); `more` holds the platform's own words (`what` and others). `old`: from before the account was connected, to be
    known but not answered.
    """

    event_id: str
    chat: Chat
    sender: Person
    at: float
    kind: EventKind = "message"
    message_id: str = ""
    text: str = ""
    mentions: Mentions = field(default_factory=Mentions)
    quoted: Quoted | None = None
    media: tuple[InboundMedia, ...] = ()
    reply_context: JsonObject = field(default_factory=dict)
    request: PlatformRequest | None = None
    button: str = ""
    emoji: str = ""
    old: bool = False
    notice: Notice | None = None
    more: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboundMedia:
    """A file to be sent, within the platform's limits. `voice`: meant as a voice message, where there are such."""

    kind: MediaKind
    data: bytes
    media_type: str
    name: str
    voice: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message; pressing it brings an event of kind `button` with `value` (at most 60 bytes)."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One part of something said: text (Markdown, or plain where the channel declares so) or one file, which may carry
    `text` as its caption where `Capabilities.caption_limit` says so.

    `id` is the same however often the part is tried. `reply_to` is a platform message id to quote. `mention` is the id of
    somebody to be named at the beginning. `reply_context` is the newest one of this chat.
    """

    id: str
    chat: Chat
    text: str = ""
    media: OutboundMedia | None = None
    reply_to: str = ""
    mention: str = ""
    role: Role = "final"
    buttons: tuple[Button, ...] = ()
    reply_context: JsonObject = field(default_factory=dict)
    silent: bool = False
