"""Pages that are connected, and what each visitor was told: it is kept, so that a page that comes back is told the rest."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

from crawdad.adapters.channels.webchat import WebchatSettings
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    InboundMessage,
    OutboundMessage,
    Receipt,
    SendFailed,
    Socket,
)
from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.webchat import BadFrame, Hello, Saying, frame, read_event, read_frame

_HELLO_SECONDS = 10.0
_PUSH_SECONDS = 5.0
_ALIVE_SECONDS = 30.0
_MOST_PAGES = 8
_MOST_IN_A_MINUTE = 30
_POLICY, _GOING = 1008, 1001


class WebchatChannel(Channel):
    """The channel of one account."""

    def __init__(self, context: ChannelContext) -> None:
        assert isinstance(context.settings, WebchatSettings)
        self._context = context
        self._settings: WebchatSettings = context.settings
        self._pages: dict[str, list[Socket]] = {}
        self._writing: dict[str, tuple[asyncio.Lock, int]] = {}
        """Who writes for a visitor now, and how many are about to: gone with the last of them."""

    async def run(self) -> None:
        """There is nothing to connect to: pages come by themselves."""
        try:
            while True:
                self._context.heard()
                await self._context.clock.sleep(_ALIVE_SECONDS)
        finally:
            for page in [page for pages in self._pages.values() for page in pages]:
                await page.close(_GOING)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """See `wire.webchat`."""
        return read_event(event)

    async def socket(self, socket: Socket) -> None:
        """One page, from its greeting to its end."""
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                hello = read_frame(await socket.receive())
        except TimeoutError:
            await socket.close(_POLICY)
            return
        except BadFrame as error:
            await self._refuse(socket, str(error))
            return
        if not isinstance(hello, Hello) or not self._may_enter(hello):
            await self._refuse(socket, "unauthorized")
            return
        visitor = await self._visitor(hello)
        if len(self._pages.get(visitor, ())) >= _MOST_PAGES:
            await self._refuse(socket, "too_many_pages")
            return
        try:
            async with self._written(visitor):
                messages = [one for one in await self._told(visitor) if one["number"] > hello.after]
                await socket.send(frame("welcome", visitor=visitor, key=await self._key(visitor), messages=messages))
                self._pages.setdefault(visitor, []).append(socket)
            await self._listen(socket, visitor, hello.name)
        finally:
            pages = self._pages.get(visitor, [])
            if socket in pages:
                pages.remove(socket)
            if not pages:
                self._pages.pop(visitor, None)

    @contextlib.asynccontextmanager
    async def _written(self, visitor: str) -> AsyncIterator[None]:
        """What is kept for a visitor is read and written by one at a time."""
        lock, users = self._writing.get(visitor, (asyncio.Lock(), 0))
        self._writing[visitor] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._writing[visitor]
            if users > 1:
                self._writing[visitor] = lock, users - 1
            else:
                del self._writing[visitor]

    def _may_enter(self, hello: Hello) -> bool:
        token = self._settings.token
        return token is None or hmac.compare_digest(token.reveal().encode(), hello.token.encode())

    async def _refuse(self, socket: Socket, code: str) -> None:
        await socket.send(frame("error", code=code))
        await socket.close(_POLICY, code)

    async def _visitor(self, hello: Hello) -> str:
        """Who it is: the one that they prove to be, else somebody new."""
        if hello.visitor and hmac.compare_digest((await self._key(hello.visitor)).encode(), hello.key.encode()):
            return hello.visitor
        return self._context.randomness.new_id()

    async def _key(self, visitor: str) -> str:
        secret = await self._context.state.get("secret")
        if not isinstance(secret, str):
            secret = self._context.randomness.new_token()
            await self._context.state.put("secret", secret)
        return hmac.new(secret.encode(), visitor.encode(), hashlib.sha256).hexdigest()

    async def _listen(self, socket: Socket, visitor: str, name: str) -> None:
        since, count = self._context.clock.monotonic(), 0
        while True:
            try:
                said = read_frame(await socket.receive())
                now = self._context.clock.monotonic()
                since, count = (now, 1) if now - since > 60 else (since, count + 1)
                if count > _MOST_IN_A_MINUTE:
                    raise BadFrame("rate_limited")
                if not isinstance(said, Saying):
                    raise BadFrame("unexpected")
            except BadFrame as error:
                await socket.send(frame("error", code=str(error)))
                continue
            try:
                await self._admit(said, visitor, name)
            except GatewayError:
                await socket.send(frame("error", code="not_kept", id=said.id))
            else:
                await socket.send(frame("accepted", id=said.id))

    async def _admit(self, said: Saying, visitor: str, name: str) -> None:
        event = {"kind": said.kind, "id": said.id, "visitor": visitor, "name": name, "text": said.text}
        await self._context.admit({**event, "at": self._context.clock.now()})

    async def send(self, message: OutboundMessage) -> Receipt:
        """Keep it for the visitor's pages, and show it to those that are there."""
        visitor = message.chat.id
        async with self._written(visitor):
            told = await self._told(visitor)
            known = next((one for one in told if one["id"] == message.id), None)
            if known is None:
                known = {
                    "number": told[-1]["number"] + 1 if told else 1,
                    "id": message.id,
                    "text": message.text,
                    "role": message.role,
                    "buttons": [{"label": one.label, "value": one.value} for one in message.buttons],
                    "at": self._context.clock.now(),
                }
                await self._keep(visitor, [*told, known])
            await self._push(visitor, frame("message", **known))
        return Receipt((message.id,))

    async def edit(self, chat: Chat, message_id: str, text: str, *, final: bool) -> None:
        """Only the final text is kept: what lies between is for those who are there."""
        async with self._written(chat.id):
            if final:
                told = await self._told(chat.id)
                found = next((one for one in told if one["id"] == message_id), None)
                if found is None:
                    raise SendFailed("refused", Text("channels.file_gone"))
                found |= {"text": text, "role": "final"}
                await self._keep(chat.id, told)
            await self._push(chat.id, frame("edit", id=message_id, text=text, final=final))

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Take it back."""
        async with self._written(chat.id):
            told = await self._told(chat.id)
            await self._keep(chat.id, [one for one in told if one["id"] != message_id])
            await self._push(chat.id, frame("deleted", id=message_id))

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """For those who are there."""
        await self._push(chat.id, frame("typing", on=on))

    async def _told(self, visitor: str) -> list[dict[str, Any]]:
        kept = await self._context.state.get(f"told:{visitor}")
        return list(kept) if isinstance(kept, list) else []

    async def _keep(self, visitor: str, told: list[dict[str, Any]]) -> None:
        await self._context.state.put(f"told:{visitor}", told[-self._settings.keep_messages :])

    async def _push(self, visitor: str, text: str) -> None:
        for page in list(self._pages.get(visitor, ())):
            try:
                async with asyncio.timeout(_PUSH_SECONDS):
                    await page.send(text)
            except (TimeoutError, EOFError, OSError):
                await page.close(_GOING)
