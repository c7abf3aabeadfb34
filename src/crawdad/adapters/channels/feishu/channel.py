"""One Feishu (Lark) app: events by the long connection or posted, messages and cards out, answers that grow in a card."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.feishu.api import FeishuApi
from crawdad.adapters.channels.feishu.connection import LongConnection
from crawdad.adapters.channels.feishu.settings import FeishuSettings
from crawdad.adapters.channels.feishu.uploads import unseen, uploaded
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
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text
from crawdad.wire.feishu.events import message_ids, read_event
from crawdad.wire.feishu.messages import (
    CARD_ELEMENT,
    CARD_REFUSED,
    REACTIONS,
    TARGET_GONE,
    Answer,
    Body,
    body_of,
    card,
    failure_of,
    sent_id,
    streaming_card,
)
from crawdad.wire.feishu.webhook import is_signed, opened, token_of

_LOOK_SECONDS = 1.5
"""How long it may take to look up a name or a quotation: an event must be acknowledged within three seconds."""
_CHECK_SECONDS = 60.0
_TYPING = "Typing"


@dataclass(slots=True)
class _Growing:
    """A card whose text grows."""

    card: str
    sequence: int = 1


class FeishuChannel(Channel):
    """The transport of one app."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, FeishuSettings)
        self._context = context
        self._settings = settings
        self._api: FeishuApi | None = None
        self._bot = ""
        self._names: Recent[str] = Recent()
        self._growing: Recent[_Growing] = Recent()
        self._typing: Recent[str] = Recent()

    # ---- receiving

    async def run(self) -> None:
        """Find out who the bot is, then receive."""
        await keep_connected(self._context, self._receive, Text("feishu.cut", {}))

    async def _receive(self) -> bool:
        self._context.heard(await self._identify())
        if self._settings.connection_mode == "websocket":
            return await LongConnection(self._context, self._opened(), self._completed).hold()
        self._webhook_settings()
        while True:
            await self._context.clock.sleep(_CHECK_SECONDS)
            self._context.heard(await self._identify())

    async def _identify(self) -> str:
        answer = await self._opened().ask("GET", "bot/v3/info")
        bot = answer.data.get("bot") or {}
        if not answer.ok or not bot.get("open_id"):
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        self._bot = str(bot["open_id"])
        return str(bot.get("app_name") or self._bot)

    async def _completed(self, payload: JsonObject) -> JsonObject:
        """An event with the sender's name and what it quotes, as far as that is told in time."""
        event: JsonObject = {"bot": self._bot, "app": self._settings.app_id, "payload": payload}
        sender, parent = message_ids(payload)
        with contextlib.suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                if sender:
                    event["name"] = await self._name_of(sender)
                if parent:
                    answer = await self._opened().ask("GET", f"im/v1/messages/{quote(parent, safe='')}")
                    items = answer.data.get("items") if answer.ok else None
                    if isinstance(items, list) and items:
                        event["quoted"] = items[0]
        return event

    async def _name_of(self, open_id: str) -> str:
        name = self._names.get(open_id)
        if name is None:
            path = f"contact/v3/users/{quote(open_id, safe='')}?user_id_type=open_id"
            answer = await self._opened().ask("GET", path)
            name = str((answer.data.get("user") or {}).get("name") or "") if answer.ok else ""
            self._names[open_id] = name
        return name

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    def _webhook_settings(self) -> None:
        if not self._settings.encrypt_key and not self._settings.verification_token:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("feishu.webhook_settings", {}))

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Take one event that is posted."""
        settings = self._settings
        key = settings.encrypt_key.reveal() if settings.encrypt_key else ""
        token = settings.verification_token.reveal() if settings.verification_token else ""
        if settings.connection_mode != "webhook" or request.method != "POST" or not (key or token):
            return None
        event = opened(request.body, key)
        if event is None:
            return PluginAnswer(400)
        if token and not hmac.compare_digest(token_of(event).encode(), token.encode()):
            return PluginAnswer(401)
        if event.get("type") == "url_verification":  # the first call, which is never signed
            body = orjson.dumps({"challenge": str(event.get("challenge") or "")})
            return PluginAnswer(200, body, "application/json")
        headers = request.headers
        now = self._context.clock.now()
        stamp, nonce = headers.get("x-lark-request-timestamp", ""), headers.get("x-lark-request-nonce", "")
        if key and not is_signed(request.body, stamp, nonce, headers.get("x-lark-signature", ""), key, now):
            return PluginAnswer(401)
        if not isinstance(event.get("header"), dict) or not isinstance(event.get("event"), dict):
            return PluginAnswer(400)
        if not self._bot:
            await self._identify()
        await self._context.admit(await self._completed(event))
        self._context.heard()
        return PluginAnswer(200, b"{}", "application/json")

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part. The platform knows a part by its `uuid`, so that a second try makes no second message."""
        growing: _Growing | None = None
        if message.media is not None:
            body = await uploaded(self._opened(), message.media)
        elif message.role == "preview" and not message.buttons:
            growing = await self._growing_card(message.text)
            body = Body("interactive", {"type": "card", "data": {"card_id": growing.card}})
        else:
            body = body_of(message, self._settings.render_mode)
        answer = await self._post(message, body)
        if not answer.ok and answer.code in CARD_REFUSED and body.kind == "interactive" and growing is None:
            answer = await self._post(message, Body("text", {"text": message.text}), "t")
        if not answer.ok:
            raise failure_of(answer)
        identities = sent_id(answer.data)
        if growing is not None and identities:
            self._growing[identities[0]] = growing
        return Receipt(identities)

    async def _post(self, message: OutboundMessage, body: Body, variant: str = "") -> Answer:
        uuid = f"{message.id}{variant}"[-50:]
        if message.reply_to or message.chat.thread:
            target = message.reply_to or str(message.reply_context.get("message_id") or "")
            if target:
                in_thread = bool(message.chat.thread) or self._settings.reply_in_thread
                fields = {**body.fields(), "reply_in_thread": in_thread, "uuid": uuid}
                answer = await self._try("POST", f"im/v1/messages/{quote(target, safe='')}/reply", fields, once=True)
                if answer.code not in TARGET_GONE:
                    return answer
        kind = "open_id" if message.chat.kind == "direct" else "chat_id"
        fields = {"receive_id": message.chat.id, **body.fields(), "uuid": uuid}
        return await self._try("POST", f"im/v1/messages?receive_id_type={kind}", fields, once=True)

    async def _growing_card(self, text: str) -> _Growing:
        data = {"type": "card_json", "data": orjson.dumps(streaming_card(text)).decode()}
        answer = await self._harmless("POST", "cardkit/v1/cards", data)
        return _Growing(str(answer.data.get("card_id") or ""))

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Let a card's text grow. One that was begun by a process before this one is replaced as a whole."""
        growing = self._growing.get(message_id)
        if growing is None:
            path = f"im/v1/messages/{quote(message_id, safe='')}"
            answer = await self._try("PATCH", path, {"content": orjson.dumps(card(text)).decode()})
            if not answer.ok:
                raise failure_of(answer)
            return
        place = f"cardkit/v1/cards/{quote(growing.card, safe='')}"
        growing.sequence += 1
        fields = {"content": text, "sequence": growing.sequence, "uuid": f"{growing.card}-{growing.sequence}"[-50:]}
        answer = await self._try("PUT", f"{place}/elements/{CARD_ELEMENT}/content", fields)
        if not answer.ok:
            raise failure_of(answer)
        if final:
            self._growing.pop(message_id, None)
            growing.sequence += 1
            settings = orjson.dumps({"config": {"streaming_mode": False}}).decode()
            end = {
                "settings": settings,
                "sequence": growing.sequence,
                "uuid": f"{growing.card}-{growing.sequence}"[-50:],
            }
            answer = await self._try("PATCH", f"{place}/settings", end)
            if not answer.ok:
                raise failure_of(answer)

    async def _harmless(self, method: str, path: str, body: JsonObject) -> Answer:
        """A call that nobody sees: without an answer nothing has been sent."""
        try:
            return unseen(await self._try(method, path, body))
        except SendFailed as error:
            if error.outcome == "ambiguous":
                raise SendFailed("not_sent", error.text) from error
            raise

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Recall a message."""
        answer = await self._try("DELETE", f"im/v1/messages/{quote(message_id, safe='')}", None)
        if not answer.ok:
            raise failure_of(answer)

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put one of the platform's own emoji to a message."""
        name = REACTIONS.get(emoji, emoji if emoji.isascii() and emoji.isalnum() else "")
        if not name:
            raise SendFailed("unsupported", Text("channels.unsupported", {"what": "react"}))
        await self._react(message_id, name)

    async def _react(self, message_id: str, name: str) -> str:
        fields = {"reaction_type": {"emoji_type": name}}
        answer = await self._try("POST", f"im/v1/messages/{quote(message_id, safe='')}/reactions", fields)
        if not answer.ok:
            raise failure_of(answer)
        return str(answer.data.get("reaction_id") or "")

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written: as a reaction to the message that is answered."""
        message_id = str(reply_context.get("message_id") or "")
        if not message_id or not self._settings.typing_indicator:
            return
        if on and message_id not in self._typing:
            self._typing[message_id] = await self._react(message_id, _TYPING)
        elif not on and (reaction := self._typing.pop(message_id, "")):
            path = f"im/v1/messages/{quote(message_id, safe='')}/reactions/{quote(reaction, safe='')}"
            await self._try("DELETE", path, None)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file of a message."""
        handle = media.handle
        place = (
            f"im/v1/messages/{quote(str(handle['message_id']), safe='')}/resources/{quote(str(handle['key']), safe='')}"
        )
        async for chunk in self._opened().download(f"{place}?type={handle['type']}", limit):
            yield chunk

    async def probe(self) -> JsonObject:
        """Who the bot is, as the platform says it now."""
        name = await self._identify()
        return {"open_id": self._bot, "name": name}

    async def sign_out(self) -> None:
        """The app's secret stands in the configuration, and is not ours to forget."""
        self._api = None

    async def call(self, action: str, params: JsonObject) -> Any:
        """A call of the API: `GET im/v1/chats`, with `params` as its body."""
        method, _, path = action.partition(" ")
        if method not in ("GET", "POST", "PUT", "PATCH", "DELETE") or not path or ".." in path:
            raise SendFailed("unsupported", Text("channels.unsupported", {"what": action}))
        answer = await self._try(method, path, None if method == "GET" else params)
        if not answer.ok:
            raise failure_of(answer)
        return answer.data

    def _opened(self) -> FeishuApi:
        settings, context = self._settings, self._context
        if not settings.app_id or not settings.app_secret:
            raise SignedOut(Text("feishu.no_app", {}))
        if self._api is None:
            self._api = FeishuApi(
                context.transport,
                context.clock,
                context.randomness,
                settings.address,
                settings.app_id,
                settings.app_secret,
            )
        return self._api

    async def _try(self, method: str, path: str, body: Any, *, once: bool = False) -> Answer:
        """Call for somebody. Raises `SendFailed` when no answer comes."""

        async def call() -> Answer:
            return await self._opened().ask(method, path, body, once=once)

        return await attempted(call())
