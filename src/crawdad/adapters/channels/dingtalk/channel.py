"""One DingTalk app: messages by the stream, answers by the conversation's webhook while it holds, else openly."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import orjson

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.dialing import dial
from crawdad.adapters.channels.dingtalk.api import DingTalkApi
from crawdad.adapters.channels.dingtalk.settings import DingTalkSettings
from crawdad.adapters.channels.reconnecting import beside, keep_connected
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    InboundMedia,
    InboundMessage,
    OutboundMedia,
    OutboundMessage,
    Receipt,
    SendFailed,
    SignedOut,
    Socket,
)
from crawdad.core.errors import GatewayError
from crawdad.core.media import File
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.dingtalk.events import MESSAGES, acknowledgement, data_of, read_event, read_frame
from crawdad.wire.dingtalk.messages import Answer, failure_of, keyed, keyed_file, said

_PING_SECONDS = 30.0
_WEBHOOK_MARGIN = 30.0


class DingTalkChannel(Channel):
    """The transport of one app."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, DingTalkSettings)
        self._context = context
        self._settings = settings
        self._api: DingTalkApi | None = None

    # ---- receiving

    async def run(self) -> None:
        """Hold the stream."""
        await keep_connected(self._context, self._receive, Text("dingtalk.cut"))

    async def _receive(self) -> bool:
        url = await self._opened().stream()
        is_of_use = False
        async with dial(url, ping=_PING_SECONDS) as socket, beside(self._show_life()):
            self._context.heard(self._settings.client_id)
            with contextlib.suppress(EOFError):
                while await self._take(socket):
                    self._context.heard()
                    is_of_use = True
        return is_of_use

    async def _show_life(self) -> None:
        """A socket whose pings are not answered is closed: that it still stands is evidence."""
        while True:
            await self._context.clock.sleep(2 * _PING_SECONDS)
            self._context.heard()

    async def _take(self, socket: Socket) -> bool:
        """Take one frame. A message is kept, then acknowledged; False: the other side wants us to connect anew."""
        frame = read_frame(await socket.receive())
        if frame is None:
            return True
        topic = frame["headers"].get("topic")
        if frame.get("type") == "SYSTEM":
            if topic == "ping":
                raw = frame.get("data")
                await socket.send(acknowledgement(frame, data=raw if isinstance(raw, str) else "{}"))
            return bool(topic != "disconnect")
        code = 200
        event = data_of(frame)
        if topic == MESSAGES and event is not None:
            try:
                await self._context.admit(event)
            except GatewayError as error:
                self._context.lost(error.text)
                code = 500
        await socket.send(acknowledgement(frame, code))
        return True

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        robot = str(media.handle.get("robot") or self._robot)
        async for chunk in self._opened().download(str(media.handle["code"]), robot, limit):
            yield chunk

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part."""
        webhook, until = message.reply_context.get("webhook"), message.reply_context.get("until")
        soon = self._context.clock.now() + _WEBHOOK_MARGIN
        holds = isinstance(webhook, str) and isinstance(until, (int, float)) and until > soon
        if holds and message.media is None:
            answer = await attempted(self._say(str(webhook), message.text))
            if answer.ok:
                return Receipt()
            if not answer.session_over:
                raise failure_of(answer)
        return await self._send_openly(message)

    async def _say(self, webhook: str, text: str) -> Answer:
        return await self._opened().say(webhook, said(text))

    async def _upload(self, kind: str, media: OutboundMedia) -> str:
        return await self._opened().upload(kind, File(media.data, media.name, media.media_type))

    async def _ask(self, path: str, body: JsonObject) -> Answer:
        return await self._opened().ask(path, body, once=True)

    async def _send_openly(self, message: OutboundMessage) -> Receipt:
        if message.media is not None:
            media = message.media
            kind = "image" if media.kind == "image" else "file"
            identity = await attempted(self._upload(kind, media), unseen=True)
            key, values = keyed_file(kind, identity, media.name)
        else:
            key, values = keyed(message.text)
        body: JsonObject = {"robotCode": self._robot, "msgKey": key, "msgParam": orjson.dumps(values).decode()}
        if message.chat.kind == "direct":
            path, body["userIds"] = "/v1.0/robot/oToMessages/batchSend", [message.chat.id]
        else:
            path, body["openConversationId"] = "/v1.0/robot/groupMessages/send", message.chat.id
        answer = await attempted(self._ask(path, body))
        if not answer.ok:
            raise failure_of(answer)
        if message.chat.id in (answer.data.get("flowControlledStaffIdList") or ()):
            raise SendFailed("rate_limited", Text("dingtalk.flow_control"))
        if message.chat.id in (answer.data.get("invalidStaffIdList") or ()):
            raise SendFailed("refused", Text("dingtalk.nobody"))
        identity = str(answer.data.get("processQueryKey") or "")
        return Receipt((identity,) if identity else ())

    async def probe(self) -> JsonObject:
        """Whether the app's id and secret are taken now."""
        await self._opened().stream()
        return {"name": self._settings.client_id}

    @property
    def _robot(self) -> str:
        return self._settings.robot_code or self._settings.client_id

    def _opened(self) -> DingTalkApi:
        settings, context = self._settings, self._context
        if not settings.client_id or not settings.client_secret:
            raise SignedOut(Text("dingtalk.no_app"))
        if self._api is None:
            roots = (settings.api_root, settings.oapi_root)
            app = (settings.client_id, settings.client_secret)
            self._api = DingTalkApi(context.transport, context.clock, context.randomness, roots, app)
        return self._api
