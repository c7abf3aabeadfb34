"""One Discord bot: events by the gateway, messages and files by the interface, answers that grow by being edited."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import orjson

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.dialing import SocketEnded, dial
from crawdad.adapters.channels.discord.settings import DiscordSettings
from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.gateway_session import GatewaySession
from crawdad.adapters.channels.recent import Recent
from crawdad.adapters.channels.reconnecting import keep_connected
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Receipt,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.discord.events import BUTTON_DONE, INTENTS, event_of, read_event
from crawdad.wire.discord.messages import Answer, body_of, failure_of, read_answer
from crawdad.wire.media.multipart import Form, write_form

_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_MOST_ANSWERED = 4 * 1024 * 1024
_QUERY = "v=10&encoding=json"
_BAD_TOKEN = 4004
_BAD_INTENTS = (4013, 4014)
_SESSION_OVER = (4007, 4009)


class DiscordChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, DiscordSettings)
        self._context = context
        self._settings = settings
        self._session = GatewaySession(context, self)
        self._elsewhere = False
        self._rooms: Recent[str] = Recent()
        """The channel of each person's direct chat."""
        self._reactions: Recent[str] = Recent()

    # ---- receiving

    async def run(self) -> None:
        """Hold the gateway's connection."""
        await keep_connected(self._context, self._receive, Text("discord.cut"))

    async def _receive(self) -> bool:
        kept = "" if self._elsewhere else await self._session.address()
        url = kept or await self._gateway()
        # An address to resume at is good for a while only: where nobody answers there the next try asks for another.
        self._elsewhere = bool(kept)
        async with dial(f"{url.rstrip('/')}/?{_QUERY}", ping=None, proxy=self._settings.proxy or None) as socket:
            self._elsewhere = False
            try:
                await self._session.hold(socket)
            except SocketEnded as ended:
                await self._ended(ended)
            except TimeoutError:
                pass
        return self._session.useful

    async def _ended(self, ended: SocketEnded) -> None:
        if ended.code == _BAD_TOKEN:
            raise SignedOut(Text("discord.bad_token", {"reason": str(ended) or str(ended.code)}))
        if ended.code in _BAD_INTENTS:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("discord.intents"))
        if ended.code in _SESSION_OVER:
            await self._session.forget()

    async def _gateway(self) -> str:
        answer = await self._ask("GET", "/gateway/bot")
        if answer.status == 401:
            raise SignedOut(Text("discord.bad_token", {"reason": answer.words}))
        url = str(answer.data.get("url") or "")
        if not answer.ok or not url:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words, None, answer.retry_after)
        return url

    async def gateway_token(self) -> str:
        """What identifies the bot."""
        return self._token()

    def identification(self) -> JsonObject:
        """The rest of what is said of it."""
        return {"intents": INTENTS, "properties": {"os": "linux", "browser": "crawdad", "device": "crawdad"}}

    def token_refused(self) -> None:
        """The session is begun anew; a token that is not taken is told by the code with which the connection ends."""

    def event_of(self, frame: JsonObject, bot: str) -> JsonObject | None:
        """A dispatched frame as it is kept."""
        return event_of(frame, bot)

    async def kept(self, frame: JsonObject) -> None:
        """Let a pressed button come to rest: it fails visibly when nobody answers within three seconds."""
        data = frame["d"]
        if frame.get("t") == "INTERACTION_CREATE" and data.get("token"):
            path = f"/interactions/{quote(str(data['id']), safe='')}/{quote(str(data['token']), safe='')}/callback"
            with contextlib.suppress(GatewayError):
                await self._ask("POST", path, {"type": BUTTON_DONE})

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        url = str(media.handle["url"])
        own = url.startswith(f"{self._root}/")
        call = UpstreamCall("GET", url, {}, timeouts=_PATIENCE, proxy=self._settings.proxy or None, guarded=not own)
        async for chunk in download(self._context.transport, call, limit):
            yield chunk

    # ---- sending

    def measure(self, text: str) -> int:
        """In characters, as Discord counts them."""
        return len(text)

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part. Discord knows a part by its nonce, so that a second try makes no second message."""
        path = f"/channels/{await self._room(message.chat)}/messages"
        body = body_of(message)
        if message.media is not None:
            media = message.media
            body["attachments"] = [{"id": 0, "filename": media.name}]
            form = Form(
                [("payload_json", orjson.dumps(body).decode())],
                [("files[0]", File(media.data, media.name, media.media_type))],
            )
            content, kind = write_form(form, f"crawdad{self._context.randomness.new_token()[-40:]}")
            answer = await attempted(self._send("POST", path, content, kind, once=True))
        else:
            answer = await attempted(self._ask("POST", path, body, once=True))
        if not answer.ok:
            raise failure_of(answer)
        return Receipt((str(answer.data["id"]),))

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Replace a message's text."""
        body: JsonObject = {"content": text, "allowed_mentions": {"parse": []}}
        await self._do("PATCH", f"/channels/{await self._room(chat)}/messages/{quote(message_id, safe='')}", body)

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take a message back."""
        await self._do("DELETE", f"/channels/{await self._room(chat)}/messages/{quote(message_id, safe='')}")

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message."""
        place = f"/channels/{await self._room(chat)}/messages/{quote(message_id, safe='')}/reactions"
        if emoji:
            await self._do("PUT", f"{place}/{quote(emoji, safe='')}/@me")
            self._reactions[message_id] = emoji
        elif before := self._reactions.pop(message_id, ""):
            await self._do("DELETE", f"{place}/{quote(before, safe='')}/@me")

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written; it ends by itself."""
        if on:
            await self._do("POST", f"/channels/{await self._room(chat)}/typing")

    async def _room(self, chat: Chat) -> str:
        """The channel of a chat: a person's is opened when it is first needed."""
        if chat.kind != "direct":
            return quote(chat.thread or chat.id, safe="")
        room = self._rooms.get(chat.id)
        if room is None:
            answer = await attempted(self._ask("POST", "/users/@me/channels", {"recipient_id": chat.id}), unseen=True)
            if not answer.ok:
                raise failure_of(answer)
            room = str(answer.data["id"])
        self._rooms[chat.id] = room
        return room

    async def probe(self) -> JsonObject:
        """Who the bot is, as Discord says it now."""
        answer = await attempted(self._ask("GET", "/users/@me"))
        if not answer.ok:
            raise failure_of(answer)
        return {"id": answer.data.get("id"), "name": answer.data.get("username")}

    async def sign_out(self) -> None:
        """Forget the session; the token stands in the configuration, and is not ours to forget."""
        await self._session.forget()

    async def _do(self, method: str, path: str, body: Any = None) -> None:
        answer = await attempted(self._ask(method, path, body))
        if not answer.ok:
            raise failure_of(answer)

    # ---- the interface

    @property
    def _root(self) -> str:
        return self._settings.api_root.rstrip("/")

    def _token(self) -> str:
        if not self._settings.token:
            raise SignedOut(Text("discord.no_token"))
        return self._settings.token.reveal()

    async def _ask(self, method: str, path: str, body: Any = None, *, once: bool = False) -> Answer:
        content = None if body is None else orjson.dumps(body)
        return await self._send(method, path, content, "application/json", once=once)

    async def _send(self, method: str, path: str, content: bytes | None, kind: str, *, once: bool = False) -> Answer:
        headers = {"authorization": f"Bot {self._token()}"}
        if content is not None:
            headers["content-type"] = kind
        call = UpstreamCall(
            method,
            f"{self._root}{path}",
            headers,
            content,
            _PATIENCE,
            proxy=self._settings.proxy or None,
            redirects=False,
            once=once,
        )
        answer = await self._context.transport.send(call)
        try:
            body = await answer.read(_MOST_ANSWERED)
            return read_answer(answer.status, body, answer.headers.get("retry-after", ""))
        finally:
            await answer.close()
