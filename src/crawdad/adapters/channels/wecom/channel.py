"""One WeCom bot: messages and answers over its long connection, answers that grow, files in pieces."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator

from crawdad.adapters.channels.dialing import dial
from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.recent import Recent
from crawdad.adapters.channels.reconnecting import LONGEST_WAIT, beside, keep_connected
from crawdad.adapters.channels.wecom.link import Link
from crawdad.adapters.channels.wecom.settings import WeComSettings
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    InboundMedia,
    InboundMessage,
    OutboundMedia,
    OutboundMessage,
    Receipt,
    SendFailed,
    SignedOut,
    Socket,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.wecom.frames import (
    CHUNK_BYTES,
    EVENT,
    MESSAGE,
    PING,
    RESPOND,
    SEND,
    SUBSCRIBE,
    UPLOAD_BEGIN,
    UPLOAD_CHUNK,
    UPLOAD_END,
    event_name,
    failure_of,
    growing,
    kind_of,
    opened,
    read_event,
    read_frame,
    request_of,
    said,
)

_PING_SECONDS = 30.0
_MOST_MISSED = 2
_PADDING = 32
_TRY_AGAIN = frozenset((-1, 6000, 45009))


class WeComChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, WeComSettings)
        self._context = context
        self._settings = settings
        self._link: Link | None = None
        self._growing: Recent[str] = Recent()
        """The request that each growing answer belongs to."""

    # ---- receiving

    async def run(self) -> None:
        """Hold the connection."""
        await keep_connected(self._context, self._receive, Text("wecom.cut"))

    async def _receive(self) -> bool:
        if not self._settings.bot_id or not self._settings.secret:
            raise SignedOut(Text("wecom.no_bot"))
        async with dial(self._settings.ws_url, ping=None) as socket:
            link = Link(socket, self._settings.call_seconds)
            try:
                async with beside(self._begin(link)):
                    await self._read(socket, link)
            finally:
                self._link = None
                link.close()
        return link.subscribed

    async def _begin(self, link: Link) -> None:
        """Say who we are, then ping: two pings without an answer, and the other side is gone."""
        secret = self._settings.secret
        assert secret is not None
        body = {"bot_id": self._settings.bot_id, "secret": secret.reveal()}
        answer = await link.ask(SUBSCRIBE, self._request(SUBSCRIBE), body)
        if answer.get("errcode") != 0:
            reason = str(answer.get("errmsg") or answer.get("errcode"))[:200]
            if answer.get("errcode") in _TRY_AGAIN:
                raise GatewayError(ErrorKind.UNAVAILABLE, reason)
            raise SignedOut(Text("wecom.bad_secret", {"reason": reason}))
        self._link = link
        link.subscribed = True
        self._context.heard(self._settings.bot_id)
        missed = 0
        while True:
            await self._context.clock.sleep(_PING_SECONDS)
            try:
                await link.ask(PING, self._request(PING))
                self._context.heard()
                missed = 0
            except SendFailed as error:
                missed += 1
                if missed >= _MOST_MISSED or error.outcome == "not_sent":
                    raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("wecom.no_answer")) from None

    def _request(self, command: str) -> str:
        return f"{command}_{self._context.randomness.new_id()}"

    async def _read(self, socket: Socket, link: Link) -> None:
        with contextlib.suppress(EOFError):
            while True:
                frame = read_frame(await socket.receive())
                request = request_of(frame)
                command = frame.get("cmd")
                if command == MESSAGE and isinstance(frame.get("body"), dict):
                    await self._keep({"at": self._context.clock.now(), "req": request, "body": frame["body"]})
                elif command == EVENT:
                    if event_name(frame) == "disconnected_event":
                        # A newer connection has taken the bot; to take it back would begin a fight without end.
                        raise GatewayError(ErrorKind.BAD_REQUEST, Text("wecom.taken"))
                else:
                    link.answered(request, frame)

    async def _keep(self, event: JsonObject) -> None:
        """The platform sends a message once: it is kept before the next is read, however long that takes."""
        wait = 0.1
        while True:
            try:
                await self._context.admit(event)
                return
            except GatewayError as error:
                self._context.lost(error.text)
                await self._context.clock.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file, which come encrypted under a key of its own."""
        url, key = str(media.handle["url"]), str(media.handle.get("key") or "")
        root = self._settings.media_root.rstrip("/")
        guarded = not root or not url.startswith(f"{root}/")
        call = UpstreamCall("GET", url, {}, timeouts=Timeouts(10.0, 30.0, 30.0), guarded=guarded)
        parts = [chunk async for chunk in download(self._context.transport, call, limit + _PADDING)]
        if not key:
            for part in parts:
                yield part
            return
        try:
            plain = await asyncio.to_thread(opened, b"".join(parts), key)
        except ValueError as error:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, str(error)) from None
        if len(plain) > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
        yield plain

    # ---- sending

    def measure(self, text: str) -> int:
        """In bytes of UTF-8."""
        return len(text.encode())

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part; an answer that will grow belongs to the message that it answers."""
        request = str(message.reply_context.get("req") or "")
        if message.role == "preview" and message.media is None and request:
            identity = f"stream_{message.id}"
            await self._done(RESPOND, request, growing(identity, message.text, over=False))
            self._growing[identity] = request
            return Receipt((identity,))
        body = said(message.text)
        if message.media is not None:
            kind = kind_of(message.media)
            body = {"msgtype": kind, kind: {"media_id": await self._upload(message.media)}}
        answer = await self._done(SEND, self._request(SEND), {"chatid": message.chat.id, **body})
        identity = str((answer.get("body") or {}).get("msgid") or "")
        return Receipt((identity,) if identity else ())

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Let an answer grow. One that was begun by a process before this one has no request to belong to any more."""
        request = self._growing.get(message_id)
        if request is None:
            raise SendFailed("refused", Text("wecom.no_stream"))
        await self._done(RESPOND, request, growing(message_id, text, over=final))
        if final:
            self._growing.pop(message_id, None)

    async def _upload(self, media: OutboundMedia) -> str:
        """Send a file in pieces; its id. Nobody sees it until it is shown."""
        pieces = [media.data[at : at + CHUNK_BYTES] for at in range(0, len(media.data), CHUNK_BYTES)] or [b""]
        kind = kind_of(media)
        begin: JsonObject = {
            "filename": media.name,
            "type": kind,
            "total_size": len(media.data),
            "total_chunks": len(pieces),
            "md5": hashlib.md5(media.data, usedforsecurity=False).hexdigest(),
        }
        try:
            begun = await self._done(UPLOAD_BEGIN, self._request(UPLOAD_BEGIN), begin)
            upload = str((begun.get("body") or {}).get("upload_id") or "")
            for number, piece in enumerate(pieces):
                body: JsonObject = {
                    "upload_id": upload,
                    "chunk_index": number,
                    "total_chunks": len(pieces),
                    "base64_data": base64.b64encode(piece).decode(),
                }
                await self._done(UPLOAD_CHUNK, self._request(UPLOAD_CHUNK), body)
            end: JsonObject = {"upload_id": upload, "filename": media.name, "media_type": kind}
            ended = await self._done(UPLOAD_END, self._request(UPLOAD_END), end)
        except SendFailed as error:
            if error.outcome == "ambiguous":
                raise SendFailed("not_sent", error.text) from error
            raise
        return str((ended.get("body") or {}).get("media_id") or "")

    async def _done(self, command: str, request: str, body: JsonObject) -> JsonObject:
        """Call for somebody. Raises `SendFailed`."""
        if self._link is None:
            raise SendFailed("not_sent", Text("wecom.cut"))
        answer = await self._link.ask(command, request, body)
        if answer.get("errcode") != 0:
            raise failure_of(answer)
        return answer

    async def probe(self) -> JsonObject:
        """Whether the other side answers now."""
        if self._link is None:
            raise SendFailed("not_sent", Text("wecom.cut"))
        await self._link.ask(PING, self._request(PING))
        return {"name": self._settings.bot_id}
