"""Channels: the ways to people. A channel is transport only; what is said, to whom and when is decided by the core.

A channel folder (`adapters/channels/<id>/`, or a plugin's) offers one value, `CHANNEL: ChannelKind`:

    CHANNEL = ChannelKind(
        id="telegram",
        label=("Telegram", "Telegram"),
        settings=TelegramSettings,             # a subclass of `ChannelSettings`: the keys below `channels.telegram`
        capabilities=Capabilities(text_limit=4096, edit=True, …),
        open=lambda context: TelegramChannel(context),      # import what is heavy in here
    )

and in it a class that implements `Channel`, one object for each account. What it may rely on:

- `run` is started by the host and cancelled to stop it (config changed, sign-out, shutdown); it ends within two seconds
  of that. It connects, receives, and connects again after a fault, with waits that grow (`context.clock.sleep`). It calls
  `await context.admit(event)` with each raw event of the platform (plain JSON) and **only when that has returned** it
  acknowledges the event or moves its cursor: by then the event is kept, and one that was known is dropped. When `run` is
  to stop for good it raises `SignedOut` (credentials are dead) or a `GatewayError` of kind BAD_REQUEST (settings that
  cannot work); anything else that comes out of it counts as a fault, and the host starts it again.
- `read(event)` is pure: what the event says, or None when it is of no use to anybody. It is called by `admit`, and again
  when somebody has a dead event looked at anew. Prefer to have it in `wire/`, as a function, with tests of its own.
- `send` sends one part, already cut to the platform's size, once. It returns a `Receipt` or raises `SendFailed`, whose
  outcome says whether it has certainly not been sent. It does not try again by itself: the outbox does, with the same
  `OutboundMessage.id`, which is to become the platform's own mark against doubles where it has one.
- `context.heard()` is evidence of life: call it for each finished poll, heartbeat, pong; `context.lost(reason)` when the
  link is down. Nothing else makes an account `connected`.
- `context.state` is the account's own small memory (cursor, tokens, tickets): encrypted, and kept when a call returns.
  Secrets that a sign-in brings belong there, never into the configuration.

`tests/support/memory_channel.py` is a whole channel with its simulator, and the model for others; every channel is put
through `tests/channels/conformance`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crawdad.core.channel_settings import DEFAULT_ACCOUNT, ChannelSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.ports import Clock, Randomness, Transport
from crawdad.core.text import Text

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
    `emoji` that of a reaction. `more` holds what else is worth knowing to automations (kind `notice` and `member`: `what`,
    the platform's own word). `old`: from before the account was connected, to be known but not answered.
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


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform has taken it: the ids that it gave (empty where it gives none)."""

    message_ids: tuple[str, ...] = ()


SendOutcome = Literal[
    "not_sent", "ambiguous", "rate_limited", "refused", "too_long", "needs_inbound", "signed_out", "unsupported"
]
"""What became of a part that has no receipt.

not_sent: certainly not there, and may be tried again (no connection, a 5xx that came before anything was taken).
ambiguous: it may be there (a time-out after it had left): sent again only where the platform knows doubles.
rate_limited: not there; again after `retry_after` seconds. refused: not there, and never will be (blocked, no such chat,
content refused). too_long: not there, the platform takes at most `limit`. needs_inbound: not there; the platform wants
somebody to write first (quota, passive window): it is parked until then. signed_out: the credentials are dead.
unsupported: the channel cannot do this.
"""

_KINDS: dict[SendOutcome, ErrorKind] = {
    "not_sent": ErrorKind.UPSTREAM_BROKEN,
    "ambiguous": ErrorKind.UPSTREAM_TIMEOUT,
    "rate_limited": ErrorKind.RATE_LIMITED,
    "refused": ErrorKind.UPSTREAM_ERROR,
    "too_long": ErrorKind.TOO_LARGE,
    "needs_inbound": ErrorKind.CONFLICT,
    "signed_out": ErrorKind.UNAUTHENTICATED,
    "unsupported": ErrorKind.BAD_REQUEST,
}


class SendFailed(GatewayError):
    """A part was not sent, or perhaps. `retry_after` in seconds, `limit` in the platform's counting (`too_long`). The
    message is for the operator, and holds no secrets."""

    def __init__(
        self, outcome: SendOutcome, message: Text | str, *, retry_after: float | None = None, limit: int | None = None
    ) -> None:
        super().__init__(_KINDS[outcome], message, {"code": outcome}, retry_after)
        self.outcome: SendOutcome = outcome
        self.limit = limit


class SignedOut(GatewayError):
    """The account's credentials are dead: `run` ends, and the account waits for a sign-in."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(ErrorKind.UNAUTHENTICATED, message, {"code": "signed_out"})


SignInState = Literal[
    "qr", "scanned", "need_code", "connected", "already", "expired", "denied", "failed", "unsupported"
]
SIGN_IN_OVER: frozenset[SignInState] = frozenset(("connected", "already", "expired", "denied", "failed", "unsupported"))


@dataclass(frozen=True, slots=True)
class SignInStep:
    """Where a sign-in stands. `qr` is the text to be drawn as a QR code (a URL mostly; also after each refresh, which is
    state `qr` again). `need_code`: `sign_in_poll` is to be called with what the person typed. `identity` is whose account it
    has become; `owner` the platform id of the person who scanned, who need not be paired."""

    state: SignInState
    qr: str = ""
    message: Text | str = ""
    identity: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Somebody or some group that the account knows."""

    kind: ChatKind
    id: str
    name: str = ""
    members: int | None = None
    raw: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a platform lets a bot say: `messages` after each message of the other side, within `window_seconds` of it;
    None: no such limit."""

    messages: int | None = None
    window_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do. Texts are measured by `Channel.measure`; sizes in bytes.

    `markdown` False: parts are plain text when they reach `send`. `caption_limit` 0: a file's caption goes ahead as a part
    of its own. `media`: the kinds that can be sent, others go as `document` if that is among them, else as a link or a
    word. `edit` also needs `Channel.edit`, and so on. `repeats_safely`: the platform drops a second part of the same
    `OutboundMessage.id`, so that an ambiguous part is sent again. `silence_seconds`: an account that was not heard of for so
    long is degraded, and its `run` is started anew.
    """

    text_limit: int = 4000
    caption_limit: int = 0
    markdown: bool = True
    media: frozenset[MediaKind] = frozenset()
    media_limit: int = 20 * 1024 * 1024
    groups: bool = True
    quote: bool = False
    mention: bool = False
    buttons: bool = False
    edit: bool = False
    edit_seconds: float = 1.5
    """The least time between two edits of a message."""
    delete: bool = False
    react: bool = False
    typing_seconds: float | None = None
    """How long one `typing` lasts on the platform; None: there is none."""
    repeats_safely: bool = False
    streaming: Literal["partial", "block", "off"] = "off"
    """How answers are streamed unless the settings say otherwise."""
    sign_in: bool = False
    requests: bool = False
    directory: bool = False
    quota: Quota = Quota()
    silence_seconds: float = 120.0


class ChannelState(Protocol):
    """An account's small memory: JSON values by name, encrypted at rest, kept when a call returns."""

    async def get(self, name: str) -> Any:
        """The value; None: there is none."""

    async def put(self, name: str, value: Any) -> None:
        """Set the value."""

    async def delete(self, name: str) -> None:
        """Remove it."""


class ChannelContext(Protocol):
    """What the host gives to the channel of one account. `settings` are those of the account, upon those of the channel."""

    account: Account
    settings: ChannelSettings
    state: ChannelState
    transport: Transport
    clock: Clock
    randomness: Randomness

    async def admit(self, *events: JsonObject) -> None:
        """Keep events, in this order, all or none; what is known already is dropped. When it returns they may be
        acknowledged. Raises UNAVAILABLE when nothing can be kept now: do not acknowledge, try again."""

    def heard(self, identity: str = "") -> None:
        """Evidence that the link works now (a finished poll, a heartbeat). `identity`: whose account this is, for people."""

    def lost(self, reason: Text | str) -> None:
        """The link is down; `run` goes on trying."""


class Socket(Protocol):
    """A WebSocket that the platform's side opened to us."""

    path: str
    """What follows the account's address, such as `/event`."""
    headers: Mapping[str, str]
    query: Mapping[str, str]

    async def receive(self) -> str | bytes:
        """The next message. Raises `EOFError` when the other side is gone."""

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class Channel(Protocol):
    """One account's transport; see the module. Inherit from this class: what is optional is then there already."""

    async def run(self) -> None:
        """Connect and receive until cancelled."""

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What a raw event says. Pure. Raises anything for one that it cannot make out: it is kept for people to look at."""

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part, once. Raises `SendFailed`."""

    def measure(self, text: str) -> int:
        """How long the platform takes a text to be, after rendering."""
        return len(text)

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Replace the text of a message sent before. `final`: it will not be edited again. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "edit"}))

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take a message back. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "delete"}))

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message; empty: take it away. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "react"}))

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written; the core repeats it. Raises `SendFailed`, which counts for nothing."""
        return None

    def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file, in pieces; asked for only after access was granted. Raises `GatewayError`: TOO_LARGE as soon
        as it is seen to be longer than `limit` bytes, NOT_FOUND, UPSTREAM_BROKEN. URLs that a message named are fetched with
        `UpstreamCall(guarded=True)`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "fetch"}))

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin a sign-in; `force`: also where the account is signed in. May be called while `run` does not run."""
        return SignInStep("unsupported")

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on: returns when there is news, within 40 s. May be cancelled. Over: see `SIGN_IN_OVER`."""
        return SignInStep("unsupported")

    async def sign_out(self) -> None:
        """Forget the credentials (and tell the platform, if it can be told)."""
        return None

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        """Accept or refuse. Raises NOT_FOUND when there is no such request any more, `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "requests"}))

    async def directory(self, kind: ChatKind) -> Sequence[DirectoryEntry]:
        """The people or groups that the account knows. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "directory"}))

    async def probe(self) -> JsonObject:
        """Ask the platform now whether the account works; what it said, for people. Raises `GatewayError`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "probe"}))

    async def call(self, action: str, params: JsonObject) -> Any:
        """The platform's own action by its own name, for panels that need one. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": action}))

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Answer what the platform posts to `/channels/<channel>/<account>` and below (`request.path` is what follows).
        The channel checks the signature; None: 404. Events go through `context.admit` before it answers."""
        return None

    async def socket(self, socket: Socket) -> None:
        """Hold a WebSocket that was opened to `/channels/<channel>/<account>` and below, until it ends. The channel
        checks who comes, and closes what it does not want."""
        await socket.close(4404)


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What a channel folder offers. `label`: English and Chinese. `configured(settings)`: whether there is enough to try
    (a token, say); channels that are signed in by QR are always. `secrets` names the keys of `settings` that hold secrets,
    as they stand in the file. `open` builds the channel of an account: no input or output in there."""

    id: str
    label: tuple[str, str]
    open: Callable[[ChannelContext], Channel]
    settings: type[ChannelSettings] = ChannelSettings
    capabilities: Capabilities = Capabilities()
    aliases: tuple[str, ...] = ()
    configured: Callable[[ChannelSettings], bool] = lambda _: True
    secrets: tuple[str, ...] = ()
    identity: Callable[[str], str] = lambda text: text.strip()
    """How somebody's id is compared with those of allow-lists (case, prefixes such as `telegram:`)."""
