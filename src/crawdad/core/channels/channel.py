"""What a channel implements. The contract in words stands in `crawdad.core.channels`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crawdad.core.channels.messages import (
    Chat,
    ChatKind,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Person,
    PlatformRequest,
)
from crawdad.core.channels.outcomes import Receipt, SendFailed
from crawdad.core.channels.sign_in import SignInStep
from crawdad.core.channels.surroundings import Socket
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Somebody or some group that the account knows."""

    kind: ChatKind
    id: str
    name: str = ""
    members: int | None = None
    raw: JsonObject = field(default_factory=dict)


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

    async def person(self, identity: str) -> Person:
        """What the platform knows of somebody. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "person"}))

    async def directory(self, kind: ChatKind) -> Sequence[DirectoryEntry]:
        """The people or groups that the account knows. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "directory"}))

    async def probe(self) -> JsonObject:
        """Ask the platform now whether the account works; what it said, for people. Raises `GatewayError`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "probe"}))

    async def call(self, action: str, params: JsonObject) -> Any:
        """The platform's own action by its own name, for panels that need one. Raises `SendFailed`."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": action}))

    def admits(self, token: str) -> bool:
        """Whether `token` is what clients of the platform's own protocol show to be let in by `share`. In constant time."""
        return False

    async def share(self, socket: Socket) -> None:
        """Let a client that speaks the platform's own protocol use the account's connection, until it ends. Whoever calls
        this has made sure that the client may. Raises UPSTREAM_BROKEN when there is no connection to share."""
        raise SendFailed("unsupported", Text("channels.unsupported", {"what": "share"}))

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Answer what the platform posts to `/channels/<channel>/<account>` and below (`request.path` is what follows).
        The channel checks the signature; None: 404. Events go through `context.admit` before it answers."""
        return None

    async def socket(self, socket: Socket) -> None:
        """Hold a WebSocket that was opened to `/channels/<channel>/<account>` and below, until it ends. The channel
        checks who comes, and closes what it does not want."""
        await socket.close(4404)
