"""One Telegram bot: news by long poll or by webhook, parts out, edits, reactions, files."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

import orjson

from crawdad.adapters.channels.reconnecting import keep_connected
from crawdad.adapters.channels.telegram.api import BotApi
from crawdad.adapters.channels.telegram.settings import TelegramSettings
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    PlatformRequest,
    Receipt,
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.telegram.calls import Call, Refusal, call_of, edit_of, failure_of, lost_call
from crawdad.wire.telegram.render import seen_length
from crawdad.wire.telegram.updates import ALLOWED_UPDATES, events_of, has_album, read_event

_ALBUM_SECONDS = 0.7
"""How long the rest of an album may take to come."""
_CHECK_SECONDS = 60.0
"""How often it is asked whether the webhook is still there."""


class TelegramChannel(Channel):
    """The transport of one bot."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, TelegramSettings)
        self._context = context
        self._settings = settings
        self._api: BotApi | None = None
        self._bot: JsonObject = {}

    # ---- receiving

    async def run(self) -> None:
        """Find out who the bot is, then receive."""
        await keep_connected(self._context, self._receive)

    async def _receive(self) -> bool:
        self._bot = await self._identify()
        self._context.heard(f"@{self._bot['username']}" if self._bot.get("username") else str(self._bot["id"]))
        if self._settings.webhook_url:
            await self._keep_webhook()
        await self._poll()

    async def _identify(self) -> JsonObject:
        me = await self._result(Call("getMe"))
        return {"id": me["id"], "username": me.get("username") or ""}

    async def _poll(self) -> NoReturn:
        """Ask for news until the link fails. The offset confirms what stands below it: it moves when that is kept."""
        state = self._context.state
        await self._result(Call("deleteWebhook"))
        offset = int(await state.get("offset") or 0)
        # How far the batch reached that was being kept when the process ended: an album is cut at the same place again.
        seen_to = int(await state.get("reached") or 0)
        while True:
            updates = await self._updates(offset, self._settings.poll_seconds)
            self._context.heard()
            if not updates:
                continue
            if seen_to >= int(updates[0]["update_id"]):
                updates = [one for one in updates if int(one["update_id"]) <= seen_to]
            elif has_album(updates):
                await self._context.clock.sleep(_ALBUM_SECONDS)
                updates = await self._updates(offset, 0) or updates
                await state.put("reached", int(updates[-1]["update_id"]))
            await self._context.admit(*events_of(updates, self._bot))
            offset = int(updates[-1]["update_id"]) + 1
            await state.put("offset", offset)
            await self._answer_buttons(updates)

    async def _updates(self, offset: int, seconds: int) -> list[JsonObject]:
        call = Call("getUpdates", {"offset": offset, "timeout": seconds, "allowed_updates": list(ALLOWED_UPDATES)})
        updates: list[JsonObject] = await self._result(call, waits=float(seconds))
        return updates

    async def _answer_buttons(self, updates: list[JsonObject]) -> None:
        """Let the pressed buttons come to rest: they spin until somebody answers."""
        for update in updates:
            if "callback_query" in update:
                api = await self._opened()
                try:
                    await api.ask(Call("answerCallbackQuery", {"callback_query_id": update["callback_query"]["id"]}))
                except GatewayError:
                    return  # they come to rest by themselves after a while

    async def _keep_webhook(self) -> NoReturn:
        secret = self._settings.webhook_secret
        if not secret:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("telegram.webhook_secret"))
        params: JsonObject = {
            "url": self._settings.webhook_url,
            "secret_token": secret.reveal(),
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        await self._result(Call("setWebhook", params))
        while True:
            info = await self._result(Call("getWebhookInfo"))
            if info.get("url") != self._settings.webhook_url:
                raise GatewayError(ErrorKind.CONFLICT, Text("telegram.webhook_taken"))
            self._context.heard()
            await self._context.clock.sleep(_CHECK_SECONDS)

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Take one update that Telegram brings."""
        secret = self._settings.webhook_secret
        if not self._settings.webhook_url or not secret or request.method != "POST":
            return None
        said = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(said.encode(), secret.reveal().encode()):
            return PluginAnswer(401)
        try:
            update = orjson.loads(request.body)
        except ValueError:
            return PluginAnswer(400)
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            return PluginAnswer(400)
        if not self._bot:
            self._bot = await self._identify()
        await self._context.admit(*events_of([update], self._bot))
        self._context.heard()
        await self._answer_buttons([update])
        return PluginAnswer(200)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    # ---- sending

    def measure(self, text: str) -> int:
        """The length after rendering, in UTF-16 code units."""
        return seen_length(text)

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part. What Telegram cannot parse goes as plain text, what it cannot show as a picture goes as a file."""
        chat_id = await self._chat_id(message.chat.id)
        plain = as_document = False
        for _ in range(4):
            call = call_of(message, chat_id, plain=plain, as_document=as_document)
            result = await self._try(call)
            if not isinstance(result, Refusal):
                return Receipt((str(result["message_id"]),))
            if result.unparsable and not plain:
                plain = True
            elif result.bad_photo and not as_document:
                as_document = True
            elif result.migrated_to and result.migrated_to != chat_id:
                chat_id = result.migrated_to
                await self._context.state.put(f"moved:{message.chat.id}", chat_id)
            else:
                break
        raise failure_of(result, caption=message.media is not None)

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Replace a message's text."""
        chat_id = await self._chat_id(chat.id)
        result = await self._try(edit_of(chat_id, message_id, text))
        if isinstance(result, Refusal) and result.unparsable:
            result = await self._try(edit_of(chat_id, message_id, text, plain=True))
        if isinstance(result, Refusal) and not result.unchanged:
            raise failure_of(result)

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take a message back."""
        await self._do("deleteMessage", {"chat_id": await self._chat_id(chat.id), "message_id": int(message_id)})

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message."""
        reaction = [{"type": "emoji", "emoji": emoji}] if emoji else []
        params = {"chat_id": await self._chat_id(chat.id), "message_id": int(message_id), "reaction": reaction}
        await self._do("setMessageReaction", params)

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written; it ends by itself."""
        if on:
            params: JsonObject = {"chat_id": await self._chat_id(chat.id), "action": "typing"}
            if chat.thread:
                params["message_thread_id"] = int(chat.thread)
            await self._do("sendChatAction", params)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        api = await self._opened()
        found = await api.ask(Call("getFile", {"file_id": media.handle["file_id"]}))
        if isinstance(found, Refusal):
            kind = ErrorKind.TOO_LARGE if "too big" in found.description else ErrorKind.NOT_FOUND
            raise GatewayError(kind, found.description)
        if int(found.get("file_size") or 0) > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, f"{found['file_size']} > {limit}")
        async for chunk in api.file(str(found["file_path"]), limit):
            yield chunk

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        """Let somebody into a group, or not."""
        chat_id, _, user_id = request.flag.rpartition(":")
        method = "approveChatJoinRequest" if accept else "declineChatJoinRequest"
        result = await self._try(Call(method, {"chat_id": chat_id, "user_id": int(user_id)}))
        if isinstance(result, Refusal):
            if result.status == 400:
                raise GatewayError(ErrorKind.NOT_FOUND, result.description)
            raise failure_of(result)

    async def sign_out(self) -> None:
        """Forget how far the bot's news were read; the token stands in the configuration, and is not ours to forget."""
        await self._context.state.delete("offset")

    async def probe(self) -> JsonObject:
        """Who the bot is, as Telegram says it now."""
        me: JsonObject = await self._result(Call("getMe"))
        return me

    async def call(self, action: str, params: JsonObject) -> Any:
        """A method of the Bot API."""
        if not action.isalnum():
            raise SendFailed("unsupported", Text("channels.unsupported", {"what": action}))
        return await self._do(action, params)

    # ---- the API

    async def _opened(self) -> BotApi:
        if self._api is None:
            settings = self._settings
            token = settings.bot_token
            if token is None and settings.token_file:
                token = await asyncio.to_thread(_read_token, settings.token_file)
            if not token:
                raise SignedOut(Text("telegram.no_token"))
            self._api = BotApi(
                self._context.transport, self._context.randomness, settings.api_root, token, settings.proxy
            )
        return self._api

    async def _chat_id(self, chat: str) -> str:
        """A group that became a supergroup has another id since. Raises `SendFailed`."""
        try:
            moved = await self._context.state.get(f"moved:{chat}")
        except GatewayError as error:
            raise SendFailed("not_sent", error.text) from error
        return moved if isinstance(moved, str) else chat

    async def _result(self, call: Call, *, waits: float = 0.0) -> Any:
        """What a call of ours brings. Raises `SignedOut`, `_Again`."""
        result = await (await self._opened()).ask(call, waits=waits)
        if not isinstance(result, Refusal):
            return result
        if result.status in (401, 404):
            raise SignedOut(Text("telegram.bad_token", {"reason": result.description}))
        if result.status == 409:
            raise _Again(Text("telegram.conflict", {"reason": result.description}))
        raise _Again(result.description or f"HTTP {result.status}", result.retry_after)

    async def _try(self, call: Call) -> Any:
        """What a call for somebody brings, or the refusal. Raises `SendFailed` when no answer comes."""
        try:
            api = await self._opened()
        except SignedOut as error:
            raise SendFailed("signed_out", error.text) from error
        except GatewayError as error:
            raise SendFailed("not_sent", error.text) from error
        try:
            return await api.ask(call)
        except GatewayError as error:
            raise lost_call(error, error.message()) from error

    async def _do(self, method: str, params: JsonObject) -> Any:
        result = await self._try(Call(method, params))
        if isinstance(result, Refusal):
            raise failure_of(result)
        return result


class _Again(GatewayError):
    """Telegram does not want to now."""

    def __init__(self, message: Text | str, retry_after: float | None = None) -> None:
        super().__init__(ErrorKind.UNAVAILABLE, message, None, retry_after)


def _read_token(path: str) -> Secret:
    try:
        return Secret(Path(path).read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        words = Text("telegram.token_file", {"path": path, "reason": type(error).__name__})
        raise GatewayError(ErrorKind.BAD_REQUEST, words) from None
