"""A chat platform in memory, and the channel to it: the model of a channel folder, and the reference simulator.

`Platform` is the other side: people write in its chats, and it shows what they were sent. Like a real one it hands out
events by cursor, again and again until a client moves on, refuses, delays, loses answers and ends sign-ins when it is told
to. `CHANNEL` is what a folder would offer; here it is made by `memory_kind(platform)`, as there is no address to dial.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import (
    Account,
    Capabilities,
    Channel,
    ChannelContext,
    ChannelKind,
    Chat,
    ChatKind,
    DirectoryEntry,
    InboundMedia,
    InboundMessage,
    Mentions,
    OutboundMessage,
    Person,
    PlatformRequest,
    Quoted,
    Receipt,
    SendFailed,
    SendOutcome,
    SignedOut,
    SignInStep,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.core.section import SecretValue

LIMIT = 200
TOKEN = "memory-token-3f9c1e7a"
CAPABILITIES = Capabilities(
    text_limit=LIMIT,
    caption_limit=50,
    media=frozenset(("image", "document")),
    media_limit=1000,
    quote=True,
    mention=True,
    buttons=True,
    edit=True,
    edit_seconds=0.0,
    delete=True,
    react=True,
    typing_seconds=5.0,
    streaming="off",
    sign_in=True,
    requests=True,
    directory=True,
    silence_seconds=120.0,
)


class MemorySettings(ChannelSettings):
    """`channels.memory.*`."""

    token: SecretValue | None = None


@dataclass
class Shown:
    """What a person sees in a chat."""

    id: str
    chat: str
    text: str
    part: str
    """The id of the part, as the channel gave it."""
    role: str = "final"
    media: str = ""
    reply_to: str = ""
    mention: str = ""
    buttons: tuple[str, ...] = ()
    edits: int = 0
    deleted: bool = False
    reply_context: JsonObject = field(default_factory=dict)


@dataclass
class Fault:
    """What happens to the next sends: `outcome` is raised; `taken`: the platform shows the message nevertheless."""

    outcome: SendOutcome
    taken: bool = False
    retry_after: float | None = None
    limit: int | None = None


@dataclass
class Phone:
    """What the platform knows of one account."""

    events: list[JsonObject] = field(default_factory=list)
    cursor: int = 0
    """How far the client has said that it has come."""
    shown: list[Shown] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    token: str = TOKEN
    signed_out: bool = False
    polls: int = 0
    cut: bool = False
    typing: list[tuple[str, bool]] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)
    answered: list[tuple[str, bool, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Where it is set, sends wait for it."""
    sending: int = 0
    steps: deque[SignInStep] = field(default_factory=deque)
    signs_out: int = 0


class Platform:
    """The other side."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self.files: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self._news = asyncio.Event()
        self._count = 0

    def phone(self, account: str = "default") -> Phone:
        """What stands behind an account."""
        return self.phones.setdefault(account, Phone())

    def say(
        self,
        text: str,
        *,
        account: str = "default",
        sender: str = "u1",
        name: str = "",
        chat: str = "",
        kind: ChatKind = "direct",
        event_id: str = "",
        **more: Any,
    ) -> JsonObject:
        """Somebody writes. `more` are fields of the raw event: `mention` (native, reply, quote, …), `quoted`, `media`,
        `thread`, `bot`, `itself`, `type` (message, edit, recall, request, …), `flag`, `button`, `roles`, `context`."""
        self._count += 1
        number = self._count
        event = {
            "id": event_id or f"e{number}",
            "message": more.pop("message", f"m{number}"),
            "from": sender,
            "name": name,
            "chat": chat or sender,
            "kind": kind,
            "text": text,
            "at": more.pop("at", 1_700_000_000.0 + number),
            "context": more.pop("context", {"token": f"c{number}"}),
            **more,
        }
        self.deliver(event, account)
        return event

    def deliver(self, event: JsonObject, account: str = "default") -> None:
        """Hand out an event as it stands, also one that was handed out before."""
        self.phone(account).events.append(event)
        self._wake()

    def upload(self, data: bytes, name: str = "a.png", kind: MediaKind = "image", media_type: str = "image/png") -> Any:
        """A file that somebody sends: what stands in the event's `media`."""
        handle = f"f{len(self.files) + 1}"
        self.files[handle] = data
        return {"file": handle, "name": name, "kind": kind, "type": media_type, "size": len(data)}

    def fail(self, outcome: SendOutcome, account: str = "default", times: int = 1, **more: Any) -> None:
        """Have the next sends fail."""
        self.phone(account).faults.extend(Fault(outcome, **more) for _ in range(times))

    def sign_out(self, account: str = "default") -> None:
        """The account was signed out from somewhere else."""
        self.phone(account).signed_out = True
        self._wake()

    def cut(self, account: str = "default") -> None:
        """The line is down, until it is mended: nothing comes, nothing goes."""
        self.phone(account).cut = True
        self._wake()

    def mend(self, account: str = "default") -> None:
        """The line is up again."""
        self.phone(account).cut = False

    def texts(self, chat: str = "u1", account: str = "default") -> list[str]:
        """What a person reads in a chat."""
        return [one.text or f"<{one.media}>" for one in self.shown(chat, account)]

    def shown(self, chat: str = "u1", account: str = "default") -> list[Shown]:
        """What stands in a chat."""
        return [one for one in self.phone(account).shown if one.chat == chat and not one.deleted]

    def greet(self, account: str, token: str) -> None:
        """What every request begins with."""
        phone = self.phone(account)
        if phone.signed_out or token != phone.token:
            raise SignedOut("the token is no good")
        if phone.cut:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, "the line is down")

    async def poll(self, account: str, token: str, cursor: int) -> tuple[list[JsonObject], int]:
        """Events behind `cursor`, once there are any. The cursor that is named acknowledges what stands before it."""
        phone = self.phone(account)
        while True:
            self.greet(account, token)
            phone.polls += 1
            phone.cursor = max(phone.cursor, cursor)
            if len(phone.events) > cursor:
                return phone.events[cursor:], len(phone.events)
            news = self._news
            await news.wait()
            if len(phone.events) == cursor and not phone.cut and not phone.signed_out:
                return [], cursor  # a poll that found nothing

    async def take(self, account: str, message: OutboundMessage) -> Receipt:
        """A message from the bot."""
        phone = self.phone(account)
        phone.sending += 1
        try:
            if phone.gate is not None:
                await phone.gate.wait()
        finally:
            phone.sending -= 1
        fault = phone.faults.popleft() if phone.faults else None
        if phone.cut:
            raise SendFailed("not_sent", "the line is down")
        if fault is not None and not fault.taken:
            raise SendFailed(fault.outcome, "as told", retry_after=fault.retry_after, limit=fault.limit)
        if len(message.text) > LIMIT:
            raise SendFailed("too_long", "too long", limit=LIMIT)
        self._count += 1
        shown = Shown(
            f"s{self._count}",
            message.chat.id,
            message.text,
            message.id,
            message.role,
            message.media.name if message.media else "",
            message.reply_to,
            message.mention,
            tuple(button.value for button in message.buttons),
            reply_context=message.reply_context,
        )
        phone.shown.append(shown)
        if message.media:
            self.files[shown.id] = message.media.data
        if fault is not None:
            raise SendFailed(fault.outcome, "as told, too late", retry_after=fault.retry_after)
        return Receipt((shown.id,))

    def find(self, account: str, message_id: str) -> Shown:
        """A message of the bot's."""
        for one in self.phone(account).shown:
            if one.id == message_id and not one.deleted:
                return one
        raise SendFailed("refused", "no such message")

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def read_event(event: JsonObject) -> InboundMessage | None:
    """What a raw event says: a pure function, as every channel should have one."""
    if event.get("type") == "ping":
        return None
    request = None
    if event.get("type") == "request":
        request = PlatformRequest(event.get("request", "friend"), event["flag"], event["text"], event.get("group", ""))
    quoted = event.get("quoted")
    return InboundMessage(
        event_id=event["id"],
        chat=Chat(event["kind"], event["chat"], event.get("title", ""), event.get("thread", "")),
        sender=Person(
            event["from"],
            event["name"],
            tuple(event.get("aliases", ())),
            event.get("bot", False),
            event.get("itself", False),
            tuple(event.get("roles", ())),
        ),
        at=event["at"],
        kind=event.get("type", "message"),
        message_id=event["message"],
        text=event["text"],
        mentions=Mentions(bool(event.get("mention")), event.get("mention", "")),
        quoted=None
        if quoted is None
        else Quoted(quoted.get("id", ""), quoted.get("text", ""), None, quoted.get("by_bot", False)),
        media=tuple(
            InboundMedia(one["kind"], {"file": one["file"]}, one["type"], one["name"], one["size"], one.get("said", ""))
            for one in event.get("media", ())
        ),
        reply_context=event["context"],
        request=request,
        button=event.get("button", ""),
        emoji=event.get("emoji", ""),
        old=event.get("old", False),
    )


class MemoryChannel(Channel):
    """The transport of one account."""

    def __init__(self, context: ChannelContext, platform: Platform) -> None:
        self._context = context
        self._platform = platform
        self._account = context.account.name
        self._steps: deque[SignInStep] = deque()

    async def run(self) -> None:
        context = self._context
        wait = 1.0
        cursor = int(await context.state.get("cursor") or 0)
        linked = False
        while True:
            try:
                token = await self._token()
                if not linked:
                    self._platform.greet(self._account, token)
                    context.heard(f"@{self._account}")
                    linked = True
                events, cursor_behind = await self._platform.poll(self._account, token, cursor)
                context.heard(f"@{self._account}")
                await context.admit(*events)  # first kept, then the cursor is moved
                await context.state.put("cursor", cursor_behind)
            except SignedOut:
                raise
            except GatewayError as error:
                linked = False
                context.lost(error.text)
                await context.clock.sleep(wait)
                wait = min(wait * 2, 60.0)
            else:
                cursor, wait = cursor_behind, 1.0

    async def _token(self) -> str:
        kept = await self._context.state.get("token")
        if isinstance(kept, str):
            return kept
        settings = self._context.settings
        assert isinstance(settings, MemorySettings)
        return settings.token.reveal() if settings.token is not None else ""

    def read(self, event: JsonObject) -> InboundMessage | None:
        return read_event(event)

    async def send(self, message: OutboundMessage) -> Receipt:
        if self._platform.phone(self._account).signed_out:
            raise SendFailed("signed_out", "signed out")
        return await self._platform.take(self._account, message)

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        if len(text) > LIMIT:
            raise SendFailed("too_long", "too long", limit=LIMIT)
        shown = self._platform.find(self._account, message_id)
        shown.text, shown.edits = text, shown.edits + 1

    async def delete(self, chat: Chat, message_id: str) -> None:
        self._platform.find(self._account, message_id).deleted = True

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        self._platform.phone(self._account).reactions.append((message_id, emoji))

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        self._platform.phone(self._account).typing.append((chat.id, on))

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        handle = media.handle["file"]
        self._platform.fetched.append(handle)
        data = self._platform.files.get(handle)
        if data is None:
            raise GatewayError(ErrorKind.NOT_FOUND, "no such file")
        for start in range(0, len(data), 100):
            if start + 100 > limit and len(data) > limit:
                raise GatewayError(ErrorKind.TOO_LARGE, "too large")
            yield data[start : start + 100]

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        phone = self._platform.phone(self._account)
        if not force and not phone.signed_out and await self._token() == phone.token:
            return SignInStep("already", identity=f"@{self._account}")
        self._steps = deque(phone.steps) or deque([SignInStep("scanned"), SignInStep("connected")])
        return SignInStep("qr", qr=f"memory://sign-in/{self._account}")

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        step = self._steps.popleft() if self._steps else SignInStep("expired")
        if step.state == "connected":
            phone = self._platform.phone(self._account)
            phone.signed_out, phone.token = False, f"{TOKEN}-signed-in"
            await self._context.state.put("token", phone.token)
            step = replace(step, identity=f"@{self._account}", owner=step.owner or "owner")
        return step

    async def sign_out(self) -> None:
        self._platform.phone(self._account).signs_out += 1
        await self._context.state.delete("token")

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        phone = self._platform.phone(self._account)
        if not any(event.get("flag") == request.flag for event in phone.events):
            raise GatewayError(ErrorKind.NOT_FOUND, "no such request")
        phone.answered.append((request.flag, accept, reason))

    async def directory(self, kind: ChatKind) -> Sequence[DirectoryEntry]:
        chats = {(event["kind"], event["chat"]) for event in self._platform.phone(self._account).events}
        return [DirectoryEntry(kind, chat, chat.upper()) for found, chat in sorted(chats) if found == kind]

    async def probe(self) -> JsonObject:
        if self._platform.phone(self._account).signed_out:
            raise SignedOut("signed out")
        return {"ok": True, "account": self._account}


def memory_kind(platform: Platform, capabilities: Capabilities = CAPABILITIES, name: str = "memory") -> ChannelKind:
    """The folder's one value."""
    opened: Callable[[ChannelContext], Channel] = lambda context: MemoryChannel(context, platform)  # noqa: E731
    return ChannelKind(
        id=name,
        label=("In memory", "内存"),
        open=opened,
        settings=MemorySettings,
        capabilities=capabilities,
        aliases=("mem",),
        configured=lambda settings: isinstance(settings, MemorySettings) and settings.token is not None,
        secrets=("token",),
    )


ACCOUNT = Account("memory")
