"""One Slack app: events by socket mode, messages and files by the web interface, answers that grow by being edited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import orjson

from crawdad.adapters.channels.attempts import attempted
from crawdad.adapters.channels.dialing import dial
from crawdad.adapters.channels.recent import Recent
from crawdad.adapters.channels.reconnecting import beside, keep_connected
from crawdad.adapters.channels.slack.api import SlackApi
from crawdad.adapters.channels.slack.settings import SlackSettings
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
    Socket,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.slack.events import EVENTS, INTERACTIVE, read_event, sender_of
from crawdad.wire.slack.messages import REACTIONS, SIGNED_OUT, Answer, body_of, failure_of

_PING_SECONDS = 20.0
_LOOK_SECONDS = 1.5


class SlackChannel(Channel):
    """The transport of one app."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, SlackSettings)
        self._context = context
        self._settings = settings
        self._api: SlackApi | None = None
        self._bot = self._bot_id = ""
        self._names: Recent[str] = Recent()
        self._rooms: Recent[str] = Recent()
        self._reactions: Recent[str] = Recent()

    # ---- receiving

    async def run(self) -> None:
        """Hold a socket; Slack asks now and then for a new one."""
        await keep_connected(self._context, self._receive, Text("slack.cut"))

    async def _receive(self) -> bool:
        name = await self._identify()
        assert self._settings.app_token is not None
        answer = await self._opened().ask("apps.connections.open", token=self._settings.app_token)
        self._refuse(answer, "appToken")
        url = str(answer.data["url"])
        is_of_use = False
        async with (
            dial(url, ping=_PING_SECONDS, proxy=self._settings.proxy or None) as socket,
            beside(self._show_life()),
        ):
            with contextlib.suppress(EOFError):
                while await self._take(socket, name):
                    is_of_use = True
        return is_of_use

    async def _show_life(self) -> None:
        """A socket whose pings are not answered is closed: that it still stands is evidence."""
        while True:
            await self._context.clock.sleep(2 * _PING_SECONDS)
            self._context.heard()

    async def _identify(self) -> str:
        answer = await self._opened().ask("auth.test")
        self._refuse(answer, "botToken")
        self._bot, self._bot_id = str(answer.data["user_id"]), str(answer.data.get("bot_id") or "")
        return str(answer.data.get("user") or self._bot)

    def _refuse(self, answer: Answer, which: str) -> None:
        """Raise what an answer that is no success means for the link."""
        if answer.error in SIGNED_OUT:
            raise SignedOut(Text("slack.bad_token", {"which": which, "reason": answer.error}))
        if not answer.ok:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.error, None, answer.retry_after)

    async def _take(self, socket: Socket, name: str) -> bool:
        """Take one envelope: it is kept, then acknowledged; False: the other side wants us to connect anew."""
        try:
            envelope = orjson.loads(await socket.receive())
        except ValueError:
            return True
        if not isinstance(envelope, dict):
            return True
        kind = envelope.get("type")
        if kind == "hello":
            self._context.heard(name)
        elif kind == "disconnect":
            return False
        elif identity := envelope.get("envelope_id"):
            if kind in (EVENTS, INTERACTIVE) and isinstance(envelope.get("payload"), dict):
                try:
                    await self._context.admit(await self._completed(envelope))
                except GatewayError as error:
                    self._context.lost(error.text)
                    return True  # not acknowledged: it comes again
            await socket.send(orjson.dumps({"envelope_id": identity}).decode())
            self._context.heard()
        return True

    async def _completed(self, envelope: JsonObject) -> JsonObject:
        """An envelope with the sender's name, as far as that is told in time."""
        event: JsonObject = {
            "bot": self._bot,
            "bot_id": self._bot_id,
            "type": envelope["type"],
            "payload": envelope["payload"],
        }
        if sender := sender_of(envelope):
            with contextlib.suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    event["name"] = await self._name_of(sender)
        return event

    async def _name_of(self, user: str) -> str:
        if user not in self._names:
            answer = await self._opened().ask_by_form("users.info", {"user": user})
            if answer.retry_after is not None:
                return ""  # asked too often: what Slack would say is not known
            found = answer.data.get("user") or {} if answer.ok else {}
            profile = found.get("profile") or {}
            shown = profile.get("display_name") or found.get("real_name") or found.get("name") or ""
            self._names[user] = str(shown)
        return self._names[user]

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        async for chunk in self._opened().file(str(media.handle["url"]), limit):
            yield chunk

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part."""
        channel = await self._room(message.chat, message.reply_context)
        thread = message.chat.thread or (message.reply_to if message.chat.kind != "direct" else "")
        if message.media is not None:
            return await self._send_file(message, channel, thread)
        answer = await self._do("chat.postMessage", body_of(message, channel, thread))
        return Receipt((str(answer.data["ts"]),))

    async def _send_file(self, message: OutboundMessage, channel: str, thread: str) -> Receipt:
        media = message.media
        assert media is not None
        fields = {"filename": media.name, "length": len(media.data)}
        place = await attempted(self._opened_call().ask_by_form("files.getUploadURLExternal", fields), unseen=True)
        if not place.ok:
            raise failure_of(place)
        status = await attempted(self._opened_call().put(str(place.data["upload_url"]), media.data), unseen=True)
        if status >= 300:
            raise SendFailed("not_sent", f"HTTP {status}")
        identity = str(place.data["file_id"])
        body: JsonObject = {"files": [{"id": identity, "title": media.name}], "channel_id": channel}
        if thread:
            body["thread_ts"] = thread
        if message.text:
            body["initial_comment"] = message.text
        await self._do("files.completeUploadExternal", body)
        return Receipt((identity,))

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Replace a message's text."""
        await self._do("chat.update", {"channel": await self._room(chat), "ts": message_id, "markdown_text": text})

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take a message back."""
        await self._do("chat.delete", {"channel": await self._room(chat), "ts": message_id})

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message."""
        channel = await self._room(chat)
        if emoji:
            name = REACTIONS.get(emoji, emoji.strip(":"))
            if not name.isascii():
                raise SendFailed("unsupported", Text("channels.unsupported", {"what": "react"}))
            await self._do("reactions.add", {"channel": channel, "timestamp": message_id, "name": name})
            self._reactions[message_id] = name
        elif before := self._reactions.pop(message_id, ""):
            await self._do("reactions.remove", {"channel": channel, "timestamp": message_id, "name": before})

    async def _room(self, chat: Chat, reply_context: JsonObject | None = None) -> str:
        """The channel of a chat: a person's is opened when it is first needed."""
        if chat.kind != "direct":
            return chat.id
        known = str((reply_context or {}).get("channel") or "") or self._rooms.get(chat.id, "")
        if not known:
            answer = await attempted(self._opened_call().ask("conversations.open", {"users": chat.id}), unseen=True)
            if not answer.ok:
                raise failure_of(answer)
            known = str(answer.data["channel"]["id"])
        self._rooms[chat.id] = known
        return known

    async def probe(self) -> JsonObject:
        """Who the bot is, as Slack says it now."""
        name = await self._identify()
        return {"id": self._bot, "name": name}

    async def _do(self, method: str, body: JsonObject) -> Answer:
        answer = await attempted(self._opened_call().ask(method, body))
        if not answer.ok:
            raise failure_of(answer)
        return answer

    def _opened(self) -> SlackApi:
        settings = self._settings
        if not settings.bot_token or not settings.app_token:
            raise SignedOut(Text("slack.no_token"))
        if self._api is None:
            self._api = SlackApi(
                self._context.transport, settings.api_root, settings.files_root, settings.bot_token, settings.proxy
            )
        return self._api

    def _opened_call(self) -> SlackApi:
        """For somebody's part. Raises `SendFailed`."""
        try:
            return self._opened()
        except SignedOut as error:
            raise SendFailed("signed_out", error.text) from error
