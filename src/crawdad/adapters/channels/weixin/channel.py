"""One WeChat bot of iLink: news by long poll with a cursor, one item a message out, files through the CDN, sign-in by QR."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.recent import Recent
from crawdad.adapters.channels.weixin.api import WeixinApi
from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.adapters.channels.weixin.signing_in import SigningIn
from crawdad.adapters.channels.weixin.uploads import Uploads
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Receipt,
    SendFailed,
    SignedOut,
    SignInStep,
)
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.weixin.media import (
    decrypt,
    download_url,
    key_of,
)
from crawdad.wire.weixin.messages import read_event
from crawdad.wire.weixin.requests import (
    SIGNED_OUT,
    base_info,
    media_item,
    message_body,
    text_item,
)

_POLL_SECONDS = 35.0
_GRACE_SECONDS = 5.0
_LONGEST_WAIT = 30.0
_TICKET_SECONDS = 24 * 3600.0
_STOP_SECONDS = 1.0


class WeixinChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, WeixinSettings)
        self._context = context
        self._settings = settings
        self._tickets: Recent[tuple[str, float]] = Recent()
        self._api = WeixinApi(context, settings)
        self._uploads = Uploads(context, settings, self._api)
        self._signing_in = SigningIn(context, settings, self._api, self.probe, self._tickets.clear)
        self._telling = asyncio.Lock()
        """Held while the service is told that somebody listens, or nobody: the two must not overtake each other."""
        self._listens = False
        """Whether it may believe that somebody does."""

    # ---- receiving

    async def run(self) -> None:
        """Ask for news until cancelled, or until the service says that the bot is signed out."""
        state = self._context.state
        bot = str(await state.get("bot") or "")
        await self._api.token()
        try:
            await self._start_listening()
            await self._poll(bot)
        finally:
            with contextlib.suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS), self._telling:
                    await self._stop_listening()

    async def _poll(self, bot: str) -> None:
        state = self._context.state
        cursor = str(await state.get("cursor") or "")
        seconds, wait, dead = _POLL_SECONDS, 2.0, 0
        while True:
            body = {"get_updates_buf": cursor, "base_info": base_info()}
            try:
                answer = await self._api.post("getupdates", body, seconds + _GRACE_SECONDS)
            except GatewayError as error:
                if isinstance(error, SignedOut):
                    raise
                if error.kind is ErrorKind.UPSTREAM_TIMEOUT and not isinstance(error, NotReached):
                    continue  # nothing has happened meanwhile
                self._context.lost(error.text)
                await self._context.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
                continue
            if answer.code == SIGNED_OUT:
                dead += 1
                if dead > 1:
                    raise SignedOut(Text("weixin.signed_out", {"reason": answer.words}))
                await self._start_listening()  # it has been seen to bring a session back
                continue
            if not answer.ok:
                self._context.lost(answer.words)
                await self._context.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
                continue
            wait, dead = 2.0, 0
            self._context.heard(bot)
            try:
                await self._context.admit(*({"bot": bot, "message": one} for one in answer.body.get("msgs") or ()))
            except GatewayError as error:
                self._context.lost(error.text)
                await self._context.clock.sleep(wait)
                continue
            behind = str(answer.body.get("get_updates_buf") or "")
            if behind and behind != cursor:  # only now, as what came is kept
                cursor = behind
                await state.put("cursor", cursor)
            suggested = answer.body.get("longpolling_timeout_ms")
            if isinstance(suggested, (int, float)) and 0 < suggested <= 600_000:
                seconds = suggested / 1000

    async def _start_listening(self) -> None:
        """Tell the service that somebody listens. Raises `SignedOut` once the credentials were forgotten."""
        async with self._telling:
            await self._api.token()
            self._listens = True
            await self._notify("notifystart")

    async def _stop_listening(self) -> None:
        """Tell it that nobody does, where it may believe so. To be called with `_telling` held."""
        if self._listens:
            await self._notify("notifystop")
            self._listens = False

    async def _notify(self, what: str) -> None:
        with contextlib.suppress(GatewayError):
            await self._api.post(f"msg/{what}", {"base_info": base_info()}, 10.0)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part. Without the token of the other side's last message nothing arrives: such parts wait for one."""
        context_token = str(message.reply_context.get("context_token") or "")
        if not context_token:
            raise SendFailed("needs_inbound", Text("weixin.needs_inbound", {}))
        item = text_item(message.text)
        if message.media is not None:
            item = media_item(await self._uploads.upload(message.media, message.chat.id), message.media.name)
        answer = await self._api.sent("sendmessage", message_body(message, item, context_token), 15.0)
        identity = answer.body.get("message_id")
        return Receipt((str(identity),) if identity else ())

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written. It needs a ticket, which is good for a day."""
        ticket = await self._ticket(chat.id, str(reply_context.get("context_token") or ""))
        if ticket:
            body = {
                "ilink_user_id": chat.id,
                "typing_ticket": ticket,
                "status": 1 if on else 2,
                "base_info": base_info(),
            }
            answer = await self._api.sent("sendtyping", body, 10.0, harmless=True)
            if not answer.ok:
                self._tickets.pop(chat.id, None)

    async def _ticket(self, user: str, context_token: str) -> str:
        now = self._context.clock.monotonic()
        kept = self._tickets.get(user)
        if kept is not None and now - kept[1] < _TICKET_SECONDS:
            return kept[0]
        body = {"ilink_user_id": user, "context_token": context_token, "base_info": base_info()}
        answer = await self._api.sent("getconfig", body, 10.0, harmless=True)
        ticket = str(answer.body.get("typing_ticket") or "")
        self._tickets[user] = (ticket, now)
        return ticket

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file, decrypted."""
        handle = media.handle
        cdn = self._settings.cdn_base_url.rstrip("/")
        places = [str(handle["url"])] if handle.get("url") else []
        if handle.get("parameter"):
            places.append(download_url(cdn, str(handle["parameter"])))
        if not places:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("weixin.no_file", {}))
        data = b""
        for place, url in enumerate(places):
            try:
                # The CDN is the operator's setting; any other address was named by a message.
                data = await self._downloaded(url, limit + 16, guarded=not url.startswith(f"{cdn}/"))
                break
            except GatewayError as error:
                if error.kind is ErrorKind.TOO_LARGE or place + 1 == len(places):
                    raise
        if not handle.get("plain"):
            try:
                data = await asyncio.to_thread(decrypt, data, key_of(str(handle.get("key") or "")))
            except ValueError:
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("weixin.cannot_decrypt", {})) from None
        if len(data) > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
        yield data

    async def _downloaded(self, url: str, limit: int, *, guarded: bool) -> bytes:
        call = UpstreamCall("GET", url, {}, timeouts=Timeouts(10.0, 30.0, 30.0), guarded=guarded)
        return b"".join([chunk async for chunk in download(self._context.transport, call, limit)])

    async def probe(self) -> JsonObject:
        """Ask whether the bot is signed in."""
        answer = await self._api.post("msg/notifystart", {"base_info": base_info()}, 10.0)
        if answer.code == SIGNED_OUT:
            raise SignedOut(Text("weixin.signed_out", {"reason": answer.words}))
        return {"ok": answer.ok, "bot": await self._context.state.get("bot")}

    # ---- signing in

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin with a QR code."""
        return await self._signing_in.begin(force=force)

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on. `code` is the number that the phone shows, when one was asked for."""
        return await self._signing_in.poll(code)

    async def sign_out(self) -> None:
        """Forget the credentials, and tell the service that nobody listens."""
        state = self._context.state
        async with self._telling:  # a start that is on its way arrives first, and none begins afterwards
            if await state.get("token"):
                self._listens = True
                await self._stop_listening()
            for name in ("token", "base_url", "bot", "owner", "cursor"):
                await state.delete(name)

    async def call(self, action: str, params: JsonObject) -> Any:
        """A method of the API by its name below `/ilink/bot/`."""
        return (await self._api.sent(action, {**params, "base_info": base_info()}, 15.0)).body
