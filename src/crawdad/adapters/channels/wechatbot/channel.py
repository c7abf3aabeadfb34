"""One WeChat account behind a wechatbot-webhook: it posts what happens to us, we ask it to send, and how it is."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from crawdad.adapters.channels.wechatbot.bridge import Bridge
from crawdad.adapters.channels.wechatbot.settings import WechatSettings
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    PlatformRequest,
    Receipt,
    SendFailed,
    SignedOut,
    SignInStep,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.networks import contains
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text
from crawdad.wire.media.multipart import read_form
from crawdad.wire.wechatbot.callback import (
    LOGIN,
    LOGOUT,
    answer_to,
    event_of,
    login_name,
    read_event,
    request_flag,
)
from crawdad.wire.wechatbot.requests import Answer, Receiver, check_sent, file_form, receiver_of, text_body

_TRIES = (0.0, 0.2, 1.0, 3.0, 5.0)
"""The bridge posts once: what cannot be kept now is tried again while it waits."""
_SIGN_IN_SECONDS = 20.0
_POLL_SECONDS = 35.0
_MOST_APPROVED = 200
_APPROVED = "approved"
_LARGE = 256 * 1024
_THIS_MACHINE = ("127.0.0.0/8", "::1")


class WechatChannel(Channel):
    """The transport of one account."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, WechatSettings)
        self._context = context
        self._settings = settings
        self._bridge = Bridge(context.transport, context.randomness, settings)
        self._name = ""
        self._shown_qr = ""

    # ---- receiving

    async def run(self) -> None:
        """Ask now and then how the bridge is; what people write it posts by itself."""
        if not self._settings.api_url or self._settings.token is None:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("wechat.no_bridge"))
        while True:
            await self._look()
            await self._context.clock.sleep(self._settings.poll_seconds)

    async def _look(self) -> str | None:
        try:
            name = await self._bridge.name()
        except SignedOut:
            raise
        except GatewayError as error:
            self._context.lost(error.text)
            return None
        if name is None:
            self._context.lost(Text("wechat.not_signed_in"))
        else:
            self._name = name or self._name
            self._context.heard(self._name)
        return name

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says. Where agents are not to answer it is only taken down."""
        message = read_event(event)
        if message is None or self._settings.auto_reply or message.kind != "message":
            return message
        return replace(message, old=True)

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Take what the bridge posts. `HEAD` tells whether a post would be let in, before its body is read."""
        if request.method not in ("POST", "HEAD"):
            return None
        if not self._may_post(request.query, request.address):
            return _told(401, {"success": False, "error": Text("wechat.callback_refused").render()})
        if request.method == "HEAD":
            return PluginAnswer(204)
        try:
            event, file = await self._event(request)
        except GatewayError as error:
            return _told(
                413 if error.kind is ErrorKind.TOO_LARGE else 400, {"success": False, "error": error.message()}
            )
        accepted = event["type"] == "friendship" and await self._accepts(event)
        await self._keep({**event, "accepted": True} if accepted else event, file)
        if accepted:
            with contextlib.suppress(GatewayError):  # it is said once more then, to the same person
                await self._used_up(event)
        self._heed(event)
        return _told(200, answer_to(event, accept=accepted))

    def _may_post(self, query: Mapping[str, str], address: str) -> bool:
        secret, networks = self._settings.callback_secret, self._settings.callback_from
        if secret is not None and hmac.compare_digest(query.get("token", "").encode(), secret.reveal().encode()):
            return True
        return contains(networks or (_THIS_MACHINE if secret is None else ()), address)

    async def _event(self, request: PluginRequest) -> tuple[JsonObject, File | None]:
        kind, body = request.headers.get("content-type", ""), request.body
        form = await asyncio.to_thread(read_form, body, kind) if len(body) > _LARGE else read_form(body, kind)
        event = event_of(form, body, self._name, self._context.clock.now())
        file = form.file("content")
        return event, file if event["type"] == "file" and not event["own"] else None

    async def _accepts(self, event: JsonObject) -> bool:
        """Whether a request for friendship is answered with yes: by the settings, or because somebody said so when it was
        asked about before."""
        if self._settings.requests == "accept":
            return True
        approved = await self._context.state.get(_APPROVED) or []
        return self._settings.requests != "refuse" and request_flag(event) in approved

    async def _used_up(self, event: JsonObject) -> None:
        """What somebody said to a request counts once."""
        approved = await self._context.state.get(_APPROVED) or []
        await self._context.state.put(_APPROVED, [one for one in approved if one != request_flag(event)])

    async def _keep(self, event: JsonObject, file: File | None) -> None:
        for place, wait in enumerate(_TRIES):
            await self._context.clock.sleep(wait)
            try:
                if file is not None and "file" not in event:
                    identity = await self._context.files.keep(file.data)
                    shown = {"id": identity, "name": file.name, "media_type": file.media_type, "size": len(file.data)}
                    event = {**event, "file": shown}
                await self._context.admit(event)
                return
            except GatewayError:
                if place + 1 == len(_TRIES):
                    raise

    def _heed(self, event: JsonObject) -> None:
        if event["type"] == LOGIN:
            self._name = login_name(event) or self._name
            self._context.heard(self._name)
        elif event["type"] == LOGOUT:
            self._context.lost(Text("wechat.not_signed_in"))

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file: they came with the message."""
        data = await self._context.files.read(str(media.handle.get("id") or ""))
        if len(data) > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
        yield data

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part. The bridge gives messages no ids."""
        receiver, media = receiver_of(message), message.media
        if media is None:
            answer = await self._bridge.post("webhook/msg/v2", text_body(receiver, message.text))
        else:
            form = file_form(receiver, media.data, media.name, media.media_type)
            answer = await self._bridge.post_form("webhook/msg", form)
        check_sent(answer)
        return Receipt()

    async def call(self, action: str, params: JsonObject) -> Any:
        """A route of the bridge's by its path (`webhook/msg/v2`): what it answers, also where that is a refusal. With
        `file` (base64), `name` and `mediaType` it is a form. Raises `SendFailed` when it does not answer, or does not take
        our token."""
        if "file" not in params:
            return _body_of(await self._bridge.post(action, params))
        try:
            data = base64.b64decode(str(params["file"]), validate=True)
        except (binascii.Error, ValueError):
            raise SendFailed("refused", Text("wechat.no_file")) from None
        receiver = Receiver(params["to"], params.get("isRoom") is True)
        form = file_form(receiver, data, str(params["name"]), str(params["mediaType"]))
        return _body_of(await self._bridge.post_form(action, form))

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        """The bridge can be told only while it asks: an approval is kept for when the same person asks again."""
        if not accept:
            return
        approved = [one for one in await self._context.state.get(_APPROVED) or [] if one != request.flag]
        await self._context.state.put(_APPROVED, [*approved, request.flag][-_MOST_APPROVED:])

    async def probe(self) -> JsonObject:
        """How the bridge and WeChat are now."""
        name = await self._bridge.name()
        return {"loggedIn": name is not None, "name": name or self._name}

    # ---- signing in

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Show the QR code that the bridge has."""
        name = await self._bridge.name()
        if name is not None:
            return SignInStep("already", identity=name)
        self._shown_qr = ""
        return await self._next_step(_SIGN_IN_SECONDS)

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on: another code, or somebody is signed in."""
        return await self._next_step(_POLL_SECONDS)

    async def _next_step(self, seconds: float) -> SignInStep:
        try:
            async with asyncio.timeout(seconds), contextlib.aclosing(self._bridge.news()) as news:
                async for kind, data in news:
                    if kind == "login":
                        self._name = await self._bridge.name() or self._name
                        self._context.heard(self._name)
                        return SignInStep("connected", identity=self._name)
                    if kind == "qrcode" and data and data != self._shown_qr:
                        self._shown_qr = data
                        return SignInStep("qr", qr=data)
        except TimeoutError:
            pass
        if self._shown_qr:
            return SignInStep("qr", qr=self._shown_qr)
        return SignInStep("failed", message=Text("wechat.no_code"))

    async def sign_out(self) -> None:
        """The account is signed in at the bridge, which offers no way to sign it out."""
        raise SendFailed("unsupported", Text("wechat.no_sign_out"))


def _body_of(answer: Answer) -> JsonObject:
    if answer.token_refused:
        raise SendFailed("signed_out", Text("wechat.token_refused"))
    if answer.body is None:
        raise SendFailed("ambiguous", answer.words)
    return answer.body


def _told(status: int, body: JsonObject) -> PluginAnswer:
    return PluginAnswer(status, orjson.dumps(body), "application/json; charset=utf-8")
