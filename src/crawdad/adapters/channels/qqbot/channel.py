"""One bot of QQ's open platform: events by the gateway or posted, messages out as answers to what was said."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.dialing import SocketEnded, dial
from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.gateway_session import GatewaySession
from crawdad.adapters.channels.qqbot.api import Binding, QQBotApi
from crawdad.adapters.channels.qqbot.settings import QQBotSettings
from crawdad.adapters.channels.reconnecting import keep_connected
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
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.qqbot.events import INTENTS, event_of, read_event
from crawdad.wire.qqbot.messages import (
    FILE_TYPES,
    NUMBER_TAKEN,
    Answer,
    body_of,
    failure_of,
    in_guild,
    path_of,
)
from crawdad.wire.qqbot.signatures import is_signed, opened_secret, proof_of_address

_DISPATCH, _CALLBACK_HEARD, _CALLBACK_ADDRESS = 0, 12, 13
_CHECK_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_NEWS_SECONDS = 30.0
_MOST_ID_CHARACTERS = 200
_MOST_NUMBERS = 3
_BAD_TOKEN = 4004
_SESSION_OVER = frozenset((4006, 4007, *range(4900, 4914)))
"""No such session, a number that is none of its, and faults of theirs: a new one is to be begun."""


class QQBotChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, QQBotSettings)
        self._context = context
        self._settings = settings
        self._api: QQBotApi | None = None
        self._bot = ""
        self._session = GatewaySession(context, self)
        self._task: tuple[str, bytes] | None = None

    # ---- receiving

    async def run(self) -> None:
        """Hold the gateway's connection, or wait for what is posted."""
        await keep_connected(self._context, self._receive, Text("qqbot.cut"))

    async def _receive(self) -> bool:
        api = await self._opened()
        if self._settings.connection_mode == "webhook":
            while True:
                self._context.heard(await self._identify(api))
                await self._context.clock.sleep(_CHECK_SECONDS)
        answer = await api.ask("GET", "/gateway/bot")
        url = str(answer.data.get("url") or "")
        if answer.status == 401:
            raise SignedOut(Text("qqbot.bad_secret", {"reason": answer.words}))
        if not answer.ok or not url:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        async with dial(url, ping=None) as socket:
            try:
                await self._session.hold(socket)
            except SocketEnded as ended:
                await self._ended(ended.code)
            except (EOFError, TimeoutError):
                pass
        return self._session.useful

    async def _ended(self, code: int) -> None:
        """The code with which the gateway ends a connection says whether its session may be resumed."""
        if code in _SESSION_OVER:
            await self._session.forget()
        elif code == _BAD_TOKEN:
            self.token_refused()

    async def gateway_token(self) -> str:
        """What identifies the bot."""
        return await (await self._opened()).authorization()

    def identification(self) -> JsonObject:
        """The rest of what is said of it."""
        return {"intents": INTENTS, "shard": [0, 1], "properties": {"$browser": "crawdad"}}

    def token_refused(self) -> None:
        """The session is over, or the token is not taken: the next begins with a new one."""
        if self._api is not None:
            self._api.drop_token()

    def event_of(self, frame: JsonObject, bot: str) -> JsonObject | None:
        """A dispatched frame as it is kept."""
        return event_of(frame, bot)

    async def kept(self, frame: JsonObject) -> None:
        """The gateway wants nothing more."""

    async def _identify(self, api: QQBotApi) -> str:
        answer = await api.ask("GET", "/users/@me")
        if answer.status == 401:
            raise SignedOut(Text("qqbot.bad_secret", {"reason": answer.words}))
        if not answer.ok:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        self._bot = str(answer.data.get("id") or "")
        return str(answer.data.get("username") or self._bot)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Take what the platform posts."""
        if self._settings.connection_mode != "webhook" or request.method != "POST":
            return None
        secret = (await self._opened()).secret.reveal()
        headers = request.headers
        stamp, signature = headers.get("x-signature-timestamp", ""), headers.get("x-signature-ed25519", "")
        if not is_signed(request.body, stamp, signature, secret):
            return PluginAnswer(401)
        frame = _frame(request.body)
        if frame.get("op") == _CALLBACK_ADDRESS and isinstance(frame.get("d"), dict):
            return PluginAnswer(200, orjson.dumps(proof_of_address(frame["d"], secret)), "application/json")
        if frame.get("op") != _DISPATCH:
            return PluginAnswer(400)
        event = event_of(frame, self._bot)
        if event is not None:
            await self._context.admit(event)
        self._context.heard()
        return PluginAnswer(200, orjson.dumps({"op": _CALLBACK_HEARD}), "application/json")

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part as an answer to the newest message."""
        body = body_of(message)
        if message.media is not None:
            if in_guild(message.chat):
                raise SendFailed("unsupported", Text("channels.unsupported", {"what": "file"}))
            body = body_of(message, await self._uploaded(message))
        for _ in range(_MOST_NUMBERS):
            answer = await attempted(self._ask("POST", path_of(message.chat), body, once=True))
            if answer.code not in NUMBER_TAKEN:
                break
            body["msg_seq"] += 1  # another part of this answer happened to have the number
        if not answer.ok:
            raise failure_of(answer)
        identity = answer.data.get("id")
        return Receipt((str(identity),) if identity else ())

    async def _uploaded(self, message: OutboundMessage) -> str:
        media = message.media
        assert media is not None
        body: JsonObject = {
            "file_type": FILE_TYPES.get(media.kind, 4),
            "file_data": base64.b64encode(media.data).decode(),
            "srv_send_msg": False,
        }
        if body["file_type"] == 4:
            body["file_name"] = media.name
        answer = await attempted(self._ask("POST", path_of(message.chat, "files"), body), unseen=True)
        if not answer.ok or not answer.data.get("file_info"):
            raise failure_of(answer)
        return str(answer.data["file_info"])

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        url = str(media.handle["url"])
        own = url.startswith(f"{self._settings.api_root.rstrip('/')}/")
        call = UpstreamCall("GET", url, {}, timeouts=Timeouts(10.0, 30.0, 30.0), guarded=not own)
        async for chunk in download(self._context.transport, call, limit):
            yield chunk

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take a message back (within two minutes)."""
        answer = await attempted(self._ask("DELETE", f"{path_of(chat)}/{message_id[:_MOST_ID_CHARACTERS]}", None))
        if not answer.ok:
            raise failure_of(answer)

    async def probe(self) -> JsonObject:
        """Who the bot is, as the platform says it now."""
        return {"name": await self._identify(await self._opened()), "id": self._bot}

    async def _ask(self, method: str, path: str, body: Any, *, once: bool = False) -> Answer:
        return await (await self._opened()).ask(method, path, body, once=once)

    # ---- whose bot it is

    async def _opened(self) -> QQBotApi:
        if self._api is None:
            settings = self._settings
            app_id, secret = settings.app_id, settings.client_secret
            if app_id and secret is None and settings.client_secret_file:
                secret = await asyncio.to_thread(_read_secret, settings.client_secret_file)
            if not app_id and (bound := await self._context.state.get("bot")):
                app_id, secret = str(bound["app"]), Secret(str(bound["secret"]))
            if not app_id or not secret:
                raise SignedOut(Text("qqbot.no_app"))
            self._api = QQBotApi(
                self._context.transport, self._context.clock, settings.api_root, settings.token_url, app_id, secret
            )
        return self._api

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin the binding of a bot by QR code."""
        if not force and (self._settings.app_id or await self._context.state.get("bot")):
            return SignInStep("already")
        key = hashlib.sha256(self._context.randomness.new_token().encode()).digest()
        binding = Binding(self._context.transport, self._settings.bind_root)
        task = await binding.begin(base64.b64encode(key).decode())
        self._task = (task, key)
        return SignInStep("qr", binding.page(task))

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """Look until the code is scanned or over."""
        if self._task is None:
            return SignInStep("expired")
        task, key = self._task
        binding = Binding(self._context.transport, self._settings.bind_root)
        until = self._context.clock.monotonic() + _NEWS_SECONDS
        while True:
            data = await binding.look(task)
            if data.get("status") == 3:
                self._task = None
                return SignInStep("expired")
            if data.get("status") == 2:
                return await self._bound(data, key)
            if self._context.clock.monotonic() >= until:
                return SignInStep("qr", binding.page(task))
            await self._context.clock.sleep(_LOOK_SECONDS)

    async def _bound(self, data: JsonObject, key: bytes) -> SignInStep:
        self._task = None
        try:
            secret = opened_secret(str(data.get("bot_encrypt_secret") or ""), key)
        except ValueError:
            return SignInStep("failed", message=Text("qqbot.bad_seal"))
        app = str(data.get("bot_appid") or "")
        if not app or not secret:
            return SignInStep("failed", message=Text("qqbot.bad_seal"))
        await self._context.state.put("bot", {"app": app, "secret": secret})
        await self._session.forget()
        self._api = None
        return SignInStep("connected", identity=app, owner=str(data.get("user_openid") or ""))

    async def sign_out(self) -> None:
        """Forget the bot that a sign-in brought; one in the configuration is not ours to forget."""
        await self._context.state.delete("bot")
        await self._session.forget()
        self._api = None


def _frame(data: str | bytes) -> JsonObject:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_secret(path: str) -> Secret:
    try:
        return Secret(Path(path).read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        words = Text("qqbot.secret_file", {"path": path, "reason": type(error).__name__})
        raise GatewayError(ErrorKind.BAD_REQUEST, words) from None
