"""One QQ account behind a OneBot 11 implementation: by a WebSocket to it, by WebSockets from it, or by HTTP both ways."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from typing import Any

from crawdad.adapters.channels.dialing import UpgradeRefused, dial
from crawdad.adapters.channels.onebot.clients import Clients
from crawdad.adapters.channels.onebot.files import fetched
from crawdad.adapters.channels.onebot.link import Call, Link
from crawdad.adapters.channels.onebot.posting import Turns, post
from crawdad.adapters.channels.onebot.reception import Reception, frame_of
from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.adapters.channels.onebot.signing_in import SigningIn
from crawdad.adapters.channels.recent import Recent
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    ChatKind,
    DirectoryEntry,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Person,
    PlatformRequest,
    Receipt,
    SendFailed,
    SignedOut,
    SignInStep,
    Socket,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import (
    RETCODE_FAILED,
    Action,
    Reply,
    action_of,
    decision_of,
    failed_reply,
    failure_of,
    message_ids,
    number_of,
    reply_frame,
)
from crawdad.wire.onebot.events import is_event, read_event

_LONGEST_WAIT = 30.0
_CHECK_SECONDS = 30.0
_GREETING_SECONDS = 5.0
_CLIENTS_PATIENCE = 4.0
"""Times `callSeconds`: a client may have large files sent, and has a patience of its own."""


class OneBotChannel(Channel):
    """The transport of one account."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, OneBotSettings)
        self._context = context
        self._settings = settings
        self._link = Link()
        self._turns = Turns()
        self._clients = Clients(self._perform, self._link.forget)
        self._reception = Reception(context, self._link, self._clients, self._act)
        self._signing_in = SigningIn(context, settings)
        self._roles: list[str] = []
        """Of the connections that the QQ side holds to us."""
        self._reactions: Recent[str] = Recent()
        """The emoji that was last put to a message, to be taken away by its name."""

    # ---- receiving

    async def run(self) -> None:
        """Hold the link to the QQ side, by whichever way."""
        try:
            await self._run()
        finally:
            self._clients.drop()

    async def _run(self) -> None:
        match self._settings.way:
            case "forward":
                await self._forward()
            case "reverse":
                self._token_needed()
                self._context.lost(Text("onebot.waiting", {}))
                await asyncio.Event().wait()
            case "http":
                if not self._settings.http_url or not self._settings.secret:
                    raise GatewayError(ErrorKind.BAD_REQUEST, Text("onebot.http_settings", {}))
                await self._watch()
            case _:
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("onebot.no_way", {}))

    async def _forward(self) -> None:
        wait = 1.0
        token = self._settings.access_token
        headers = {"Authorization": f"Bearer {token.reveal()}"} if token else {}
        while True:
            try:
                async with dial(self._settings.ws_url, headers) as socket:
                    heard = await self._reception.hold(socket)
                wait = 1.0 if heard else wait
                self._context.lost(Text("onebot.cut", {}))
            except UpgradeRefused as error:
                if error.status in (401, 403):
                    raise SignedOut(Text("onebot.token_refused", {"reason": f"HTTP {error.status}"})) from error
                self._context.lost(error.text)
            except GatewayError as error:
                if isinstance(error, SignedOut):
                    raise
                self._context.lost(error.text)
            await self._context.clock.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _watch(self) -> None:
        wait = 1.0
        while True:
            try:
                reply = await self._act(Action("get_login_info", {}))
            except SendFailed as error:
                if error.outcome == "signed_out":
                    raise SignedOut(error.text) from error
                self._context.lost(error.text)
                await self._context.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
                continue
            wait = 1.0
            self._reception.recognised(reply)
            await self._context.clock.sleep(_CHECK_SECONDS)

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def socket(self, socket: Socket) -> None:
        """Hold a connection that the QQ side opened (reverse WebSocket)."""
        if self._settings.way != "reverse" or not self._may_come(socket):
            await socket.close(1008)
            return
        role = socket.headers.get("x-client-role", "universal").lower()
        self._roles.append(role)
        try:
            await self._reception.hold(socket, events=role != "api", actions=role != "event")
        finally:
            self._roles.remove(role)
            if "universal" not in self._roles and not {"api", "event"} <= set(self._roles):
                self._context.lost(Text("onebot.cut", {}))  # no newer connection has taken this one's place

    def _may_come(self, socket: Socket) -> bool:
        token = self._token_needed()
        scheme, _, said = socket.headers.get("authorization", "").partition(" ")
        given = (
            said.strip()
            if scheme.lower() in ("bearer", "token") and said.strip()
            else socket.query.get("access_token", "")
        )
        return hmac.compare_digest(given.encode(), token.encode())

    def _token_needed(self) -> str:
        token = self._settings.access_token
        if not token:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("onebot.token_needed", {}))
        return token.reveal()

    async def webhook(self, request: PluginRequest) -> PluginAnswer | None:
        """Take one event that is posted."""
        secret = self._settings.secret
        if self._settings.way != "http" or not secret or request.method != "POST":
            return None
        digest = hmac.new(secret.reveal().encode(), request.body, hashlib.sha1).hexdigest()
        if not hmac.compare_digest(request.headers.get("x-signature", "").encode(), f"sha1={digest}".encode()):
            return PluginAnswer(401)
        frame = frame_of(request.body)
        if frame is None or not is_event(frame):
            return PluginAnswer(400)
        self._clients.hear(request.body.decode("utf-8", "replace"))
        await self._reception.posted(frame)
        return PluginAnswer(204)

    # ---- clients that share the link

    def admits(self, token: str) -> bool:
        """Clients show what the QQ side shows."""
        own = self._settings.access_token
        return own is not None and bool(token) and hmac.compare_digest(token.encode(), own.reveal().encode())

    async def share(self, socket: Socket) -> None:
        """Let a client of OneBot's share the link. It is greeted as the QQ side would greet it, once that has answered."""
        data = (await self._act(Action("get_login_info", {}), _GREETING_SECONDS)).data
        who = data.get("user_id") if isinstance(data, dict) else None
        greeting = {"time": int(self._context.clock.now()), "self_id": who or 0, "post_type": "meta_event"}
        await self._clients.serve(socket, {**greeting, "meta_event_type": "lifecycle", "sub_type": "connect"})

    async def _perform(self, call: Call) -> None:
        if self._settings.way != "http":
            await self._link.pass_on(call, _CLIENTS_PATIENCE * self._settings.call_seconds)
            return
        call.beside(self._performed(call))

    async def _performed(self, call: Call) -> None:
        """Over HTTP: the answer to each comes with the call, and the others do not wait for it."""
        params = call.frame.get("params")
        action = Action(str(call.frame["action"]), params if isinstance(params, dict) else {})
        try:
            async with self._turns.turn(call.owner, action):
                frame = reply_frame(await self._reply(action, self._settings.call_seconds))
        except SendFailed as error:
            frame = failed_reply(RETCODE_FAILED, error.message())
        call.answer(frame, call.as_bytes)

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part."""
        if not self._reception.online:
            raise SendFailed("not_sent", Text("onebot.qq_offline", {}))
        return Receipt(message_ids(await self._act(action_of(message))))

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Recall a message."""
        await self._act(Action("delete_msg", {"message_id": number_of(message_id)}))

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message, in groups: QQ counts a character by its code point."""
        known = self._reactions.pop(message_id, "")
        name = (emoji if emoji.isdigit() else str(ord(emoji[0]))) if emoji else known
        if not name:
            raise SendFailed("unsupported", Text("channels.unsupported", {"what": "react"}))
        params = {"message_id": number_of(message_id), "emoji_id": name, "set": bool(emoji)}
        await self._act(Action("set_msg_emoji_like", params))
        if emoji:
            self._reactions[message_id] = name

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written: NapCat can, in private."""
        if on and chat.kind == "direct":
            await self._act(Action("set_input_status", {"user_id": number_of(chat.id), "event_type": 1}))

    def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file."""
        return fetched(self._context.transport, self._act, media, limit)

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        """Accept or refuse."""
        try:
            await self._act(decision_of(request, accept, reason))
        except SendFailed as error:
            if error.outcome == "refused" and "no such request" in error.message().lower():
                raise GatewayError(ErrorKind.NOT_FOUND, error.text) from error
            raise

    async def person(self, identity: str) -> Person:
        """Somebody, whether a friend or not."""
        data = (await self._act(Action("get_stranger_info", {"user_id": number_of(identity)}))).data
        found = data if isinstance(data, dict) else {}
        return Person(identity, str(found.get("nickname") or ""))

    async def directory(self, kind: ChatKind) -> Sequence[DirectoryEntry]:
        """The friends or the groups."""
        if kind == "direct":
            friends = (await self._act(Action("get_friend_list", {}))).data or []
            return [
                DirectoryEntry(
                    "direct", str(one["user_id"]), str(one.get("remark") or one.get("nickname") or ""), None, one
                )
                for one in friends
            ]
        if kind == "group":
            groups = (await self._act(Action("get_group_list", {}))).data or []
            return [
                DirectoryEntry(
                    "group", str(one["group_id"]), str(one.get("group_name") or ""), one.get("member_count"), one
                )
                for one in groups
            ]
        return []

    async def probe(self) -> JsonObject:
        """Who the account is and how it stands."""
        info = (await self._act(Action("get_login_info", {}))).data
        status = (await self._act(Action("get_status", {}))).data
        return {**(info if isinstance(info, dict) else {}), "status": status}

    async def call(self, action: str, params: JsonObject) -> Any:
        """An action of OneBot's; `web:<path>` is one of NapCat's web API, and `crawdad:sign_out` tells what signing out came
        to. Raises `SendFailed`, `GatewayError`."""
        if action == "crawdad:sign_out":
            return await self._signing_in.sign_out(lambda: self._act(Action("set_restart", {})))
        if action.startswith("web:"):
            return await self._signing_in.web().ask(action.removeprefix("web:"), params)
        return (await self._act(Action(action, params))).data

    async def _act(self, action: Action, seconds: float | None = None) -> Reply:
        """Have something done. Raises `SendFailed`."""
        reply = await self._reply(action, seconds if seconds is not None else self._settings.call_seconds)
        if not reply.ok:
            raise failure_of(reply)
        return reply

    async def _reply(self, action: Action, seconds: float) -> Reply:
        if self._settings.way != "http":
            return await self._link.act(action, seconds)
        settings = self._settings
        return await post(self._context.transport, settings.http_url, settings.access_token, action, seconds)

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin a sign-in with a QR code."""
        return await self._signing_in.begin()

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on."""
        return await self._signing_in.poll()

    async def sign_out(self) -> None:
        """The account is signed in at the QQ side: NapCat signs it out where we reach its web page; else there is nothing here
        to forget."""
        self._signing_in.forget()
        if self._settings.napcat.web_url:
            await self.call("crawdad:sign_out", {})
