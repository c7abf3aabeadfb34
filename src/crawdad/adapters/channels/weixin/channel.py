"""One WeChat bot of iLink: news by long poll with a cursor, one item a message out, files through the CDN, sign-in by QR."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.weixin.settings import WeixinSettings
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
    SignInStep,
)
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.weixin.media import (
    MEDIA_TYPES,
    Uploaded,
    decrypt,
    download_url,
    encrypt,
    key_of,
    slot_body,
    upload_url,
)
from crawdad.wire.weixin.messages import read_event
from crawdad.wire.weixin.requests import (
    INVALID,
    SIGNED_OUT,
    Answer,
    base_info,
    common_headers,
    failure_of,
    media_item,
    message_body,
    post_headers,
    read_answer,
    text_item,
)
from crawdad.wire.weixin.sign_in import Credentials, SignIn, next_turn

_POLL_SECONDS = 35.0
_GRACE_SECONDS = 5.0
_MOST_ANSWERED = 32 * 1024 * 1024
_LONGEST_WAIT = 30.0
_TICKET_SECONDS = 24 * 3600.0
_STOP_SECONDS = 1.0
_UPLOADS = 3


class WeixinChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, WeixinSettings)
        self._context = context
        self._settings = settings
        self._tickets: dict[str, tuple[str, float]] = {}
        self._signing: SignIn | None = None

    # ---- receiving

    async def run(self) -> None:
        """Ask for news until cancelled, or until the service says that the bot is signed out."""
        state = self._context.state
        bot = str(await state.get("bot") or "")
        await self._token()
        await self._notify("notifystart")
        try:
            await self._poll(bot)
        finally:
            with contextlib.suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._notify("notifystop")

    async def _poll(self, bot: str) -> None:
        state = self._context.state
        cursor = str(await state.get("cursor") or "")
        seconds, wait, dead = _POLL_SECONDS, 2.0, 0
        while True:
            body = {"get_updates_buf": cursor, "base_info": base_info()}
            try:
                answer = await self._post("getupdates", body, seconds + _GRACE_SECONDS)
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
                await self._notify("notifystart")  # it has been seen to bring a session back
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

    async def _notify(self, what: str) -> None:
        with contextlib.suppress(GatewayError):
            await self._post(f"msg/{what}", {"base_info": base_info()}, 10.0)

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
            item = media_item(await self._upload(message.media, message.chat.id), message.media.name)
        answer = await self._sent("sendmessage", message_body(message, item, context_token), 15.0)
        identity = answer.body.get("message_id")
        return Receipt((str(identity),) if identity else ())

    async def _sent(self, name: str, body: JsonObject, seconds: float, *, harmless: bool = False) -> Answer:
        """Call for a part. `harmless`: nobody sees it, so that without an answer nothing has been sent."""
        try:
            answer = await self._post(name, body, seconds, once=not harmless)
        except SignedOut as error:
            raise SendFailed("signed_out", error.text) from error
        except NotReached as error:
            raise SendFailed("not_sent", error.text) from error
        except GatewayError as error:
            raise SendFailed("not_sent" if harmless else "ambiguous", error.text) from error
        if not answer.ok:
            failed = failure_of(answer)
            if harmless and failed.outcome == "ambiguous":
                raise SendFailed("not_sent", failed.text)
            raise failed
        return answer

    async def _upload(self, media: OutboundMedia, to: str) -> Uploaded:
        """Bring a file to the CDN."""
        key = self._secret_bytes()
        file_key = self._secret_bytes().hex()
        body = {**slot_body(media.data, media.kind, to, file_key, key), "base_info": base_info()}
        slot = await self._sent("getuploadurl", body, 15.0, harmless=True)
        url = upload_url(self._settings.cdn_base_url.rstrip("/"), slot.body, file_key)
        if not url:
            raise SendFailed("refused", Text("weixin.no_upload", {}))
        cipher = await asyncio.to_thread(encrypt, media.data, key)
        words = ""
        for _ in range(_UPLOADS):
            call = UpstreamCall(
                "POST",
                url,
                {"Content-Type": "application/octet-stream"},
                cipher,
                Timeouts(10.0, 120.0, 60.0),
                redirects=False,
            )
            try:
                answer = await self._context.transport.send(call)
                try:
                    said = await answer.read(1 << 20)
                finally:
                    await answer.close()
            except GatewayError as error:
                words = error.message()
                continue
            words = (
                answer.headers.get("x-error-message")
                or said[:200].decode("utf-8", "replace")
                or f"HTTP {answer.status}"
            )
            if 400 <= answer.status < 500:
                raise SendFailed("refused", words)
            parameter = answer.headers.get("x-encrypted-param")
            if answer.status == 200 and parameter:
                return Uploaded(MEDIA_TYPES[media.kind], parameter, key, len(media.data), len(cipher))
        raise SendFailed("not_sent", words)

    def _secret_bytes(self) -> bytes:
        return hashlib.sha256(self._context.randomness.new_token().encode()).digest()[:16]

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
            answer = await self._sent("sendtyping", body, 10.0, harmless=True)
            if not answer.ok:
                self._tickets.pop(chat.id, None)

    async def _ticket(self, user: str, context_token: str) -> str:
        now = self._context.clock.monotonic()
        kept = self._tickets.get(user)
        if kept is not None and now - kept[1] < _TICKET_SECONDS:
            return kept[0]
        body = {"ilink_user_id": user, "context_token": context_token, "base_info": base_info()}
        answer = await self._sent("getconfig", body, 10.0, harmless=True)
        ticket = str(answer.body.get("typing_ticket") or "")
        if len(self._tickets) >= 1000:
            self._tickets.pop(next(iter(self._tickets)))
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
        answer = await self._post("msg/notifystart", {"base_info": base_info()}, 10.0)
        if answer.code == SIGNED_OUT:
            raise SignedOut(Text("weixin.signed_out", {"reason": answer.words}))
        return {"ok": answer.ok, "bot": await self._context.state.get("bot")}

    # ---- signing in

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin with a QR code."""
        state = self._context.state
        token = await state.get("token")
        if token and not force:
            with contextlib.suppress(GatewayError):
                await self.probe()
                return SignInStep("already", identity=str(await state.get("bot") or ""))
        now = self._context.clock.monotonic()
        self._signing = await self._new_code(SignIn("", "", "", 0, now, now))
        return SignInStep("qr", qr=self._signing.shown)

    async def _new_code(self, sign_in: SignIn) -> SignIn:
        """A fresh code, from where sign-ins begin: a redirect is good for its own code only."""
        token = await self._context.state.get("token")
        base = self._settings.base_url.rstrip("/")
        answer = None
        for tokens in ([token], []) if token else ([],):
            body = orjson.dumps({"local_token_list": tokens})
            answer = await self._exchange("POST", f"{base}/ilink/bot/get_bot_qrcode?bot_type=3", body, "", 15.0)
            if answer.code != INVALID:  # which it says of tokens that are long dead
                break
        assert answer is not None
        code, shown = str(answer.body.get("qrcode") or ""), str(answer.body.get("qrcode_img_content") or "")
        if not answer.ok or not code or not shown:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return SignIn(code, shown, base, sign_in.codes + 1, self._context.clock.monotonic(), sign_in.since)

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on. `code` is the number that the phone shows, when one was asked for."""
        typed = code.strip()
        deadline = self._context.clock.monotonic() + _POLL_SECONDS
        sign_in: SignIn | None = self._signing
        while sign_in is not None:
            asked = f"?qrcode={quote(sign_in.code, safe='')}" + (
                f"&verify_code={quote(typed, safe='')}" if typed else ""
            )
            answer: JsonObject = {}
            try:
                got = await self._exchange(
                    "GET",
                    f"{sign_in.base}/ilink/bot/get_qrcode_status{asked}",
                    None,
                    "",
                    _POLL_SECONDS + _GRACE_SECONDS,
                )
                answer = got.body if got.status < 500 else {}
            except GatewayError:
                await self._context.clock.sleep(1.0)
            turn = next_turn(sign_in, answer, self._context.clock.monotonic(), urlsplit(self._settings.base_url).scheme)
            self._signing = sign_in = turn.sign_in
            if turn.what == "refresh":
                self._signing = await self._new_code(sign_in)
                return SignInStep("qr", qr=self._signing.shown)
            if turn.credentials is not None:
                await self._take(turn.credentials)
            if turn.what == "over":
                self._signing = None
            if turn.step is not None:
                return turn.step
            if self._context.clock.monotonic() >= deadline:
                return SignInStep("qr", qr=sign_in.shown)
            await self._context.clock.sleep(1.0)
        return SignInStep("expired")

    async def _take(self, credentials: Credentials) -> None:
        state = self._context.state
        if credentials.bot != await state.get("bot"):
            await state.delete("cursor")  # another bot's news are counted anew
        await state.put("bot", credentials.bot)
        await state.put("base_url", credentials.base_url or self._settings.base_url)
        await state.put("owner", credentials.owner)
        await state.put("token", credentials.token)
        self._tickets.clear()

    async def sign_out(self) -> None:
        """Forget the credentials, and tell the service that nobody listens."""
        state = self._context.state
        if await state.get("token"):
            await self._notify("notifystop")
        for name in ("token", "base_url", "bot", "owner", "cursor"):
            await state.delete(name)

    # ---- the API

    async def _token(self) -> str:
        token = await self._context.state.get("token")
        if not token:
            raise SignedOut(Text("weixin.not_signed_in", {}))
        return str(token)

    async def _post(self, name: str, body: JsonObject, seconds: float, *, once: bool = False) -> Answer:
        token = await self._token()
        base = str(await self._context.state.get("base_url") or self._settings.base_url).rstrip("/")
        return await self._exchange("POST", f"{base}/ilink/bot/{name}", orjson.dumps(body), token, seconds, once=once)

    async def _exchange(
        self, method: str, url: str, body: bytes | None, token: str, seconds: float, *, once: bool = False
    ) -> Answer:
        tag = self._settings.route_tag
        chance = self._context.randomness.uniform()
        headers = post_headers(chance, token, tag) if method == "POST" else common_headers(tag)
        timeouts = Timeouts(10.0, seconds, seconds)
        call = UpstreamCall(method, url, headers, body, timeouts, redirects=False, once=once)
        answer = await self._context.transport.send(call)
        try:
            return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
        finally:
            await answer.close()

    async def call(self, action: str, params: JsonObject) -> Any:
        """A method of the API by its name below `/ilink/bot/`."""
        return (await self._sent(action, {**params, "base_info": base_info()}, 15.0)).body
