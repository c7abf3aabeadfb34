"""One QQ account behind a OneBot 11 implementation: by a WebSocket to it, by WebSockets from it, or by HTTP both ways."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from crawdad.adapters.channels.dialing import UpgradeRefused, dial
from crawdad.adapters.channels.downloads import download
from crawdad.adapters.channels.onebot.link import Link
from crawdad.adapters.channels.onebot.napcat_web import NapcatWeb
from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    Chat,
    ChatKind,
    DirectoryEntry,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    PlatformRequest,
    Receipt,
    SendFailed,
    SendOutcome,
    SignedOut,
    SignInStep,
    Socket,
)
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import (
    RETCODE_TOKEN,
    Action,
    Reply,
    action_of,
    decision_of,
    failure_of,
    message_ids,
    number_of,
    read_reply,
)
from crawdad.wire.onebot.events import ASIDE, forward_id, is_event, quoted_id, read_event
from crawdad.wire.onebot.napcat import LOGGED_IN, read_status, step_of

_MOST_WAITING = 512
"""Events that were read and are not kept yet; while there are so many nothing more is read."""
_LOOK_SECONDS = 5.0
"""How long it may take to look up what a message quotes."""
_LONGEST_WAIT = 30.0
_CHECK_SECONDS = 30.0
_BEATS = 2.5
"""After so many heartbeats that did not come the link is dead."""
_MOST_ANSWERED = 64 * 1024 * 1024
_SIGN_IN_SECONDS = 2.0
_SIGN_IN_POLLS = 15


class OneBotChannel(Channel):
    """The transport of one account."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, OneBotSettings)
        self._context = context
        self._settings = settings
        self._link = Link()
        self._online = True
        self._web: NapcatWeb | None = None
        self._shown_qr = ""

    # ---- receiving

    async def run(self) -> None:
        """Hold the link to the QQ side, by whichever way."""
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
                    heard = await self._hold(socket)
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
            self._recognised(reply)
            await self._context.clock.sleep(_CHECK_SECONDS)

    async def _hold(self, socket: Socket, *, events: bool = True, actions: bool = True) -> bool:
        """Read a socket to its end; whether it was of use. Raises `SignedOut` when the other side refuses the token."""
        waiting: asyncio.Queue[JsonObject | None] = asyncio.Queue(_MOST_WAITING)
        session = _Session(events)
        if actions:
            self._link.attach(socket)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(socket, waiting, session))
            tasks.create_task(self._keep(waiting))
            if actions:
                tasks.create_task(self._introduce(socket, session))
        if session.refused:
            raise SignedOut(Text("onebot.token_refused", {"reason": session.refused}))
        return session.useful

    async def _read(self, socket: Socket, waiting: asyncio.Queue[JsonObject | None], session: _Session) -> None:
        patience: float | None = None
        try:
            while True:
                async with asyncio.timeout(patience):
                    frame = _frame(await socket.receive())
                if frame is None:
                    continue
                if frame.get("retcode") == RETCODE_TOKEN and not frame.get("echo"):
                    session.refused = str(frame.get("message") or RETCODE_TOKEN)
                    break
                if self._link.answered(frame):
                    continue
                session.useful = True
                if frame["post_type"] == "meta_event":
                    patience = self._beat(frame) or patience
                elif session.events and frame["post_type"] != "message_sent":
                    if frame.get("notice_type") == "bot_offline":
                        self._gone_offline()
                    await waiting.put(frame)
        except EOFError:
            pass
        except TimeoutError:
            self._context.lost(Text("onebot.silent", {}))
        finally:
            self._link.detach(socket)
        await socket.close()
        await waiting.put(None)

    def _beat(self, frame: JsonObject) -> float | None:
        """A sign of life; for heartbeats, how long the next may take."""
        if frame.get("meta_event_type") != "heartbeat":
            return None
        status = frame.get("status")
        if isinstance(status, dict) and status.get("online") is False:
            self._gone_offline()
        else:
            self._online = True
            self._context.heard()
        interval = frame.get("interval")
        return _BEATS * interval / 1000 if isinstance(interval, (int, float)) and interval > 0 else None

    def _gone_offline(self) -> None:
        self._online = False
        self._context.lost(Text("onebot.qq_offline", {}))

    async def _introduce(self, socket: Socket, session: _Session) -> None:
        """Ask who the account is: an open socket alone proves nothing, as a wrong token is refused after the upgrade."""
        try:
            self._recognised(await self._act(Action("get_login_info", {})))
            session.useful = True
        except SendFailed as error:
            if not session.refused:
                self._context.lost(error.text)
            await socket.close()

    def _recognised(self, reply: Reply) -> None:
        data = reply.data if isinstance(reply.data, dict) else {}
        self._online = True
        identity = " ".join(str(data[name]) for name in ("nickname", "user_id") if data.get(name))
        self._context.heard(identity)

    async def _keep(self, waiting: asyncio.Queue[JsonObject | None]) -> None:
        """Keep what was read, in its order. There is no second chance to read an event: it is tried until it is kept."""
        while (frame := await waiting.get()) is not None:
            frame = await self._completed(frame)
            wait = 0.1
            while True:
                try:
                    await self._context.admit(frame)
                    break
                except GatewayError as error:
                    self._context.lost(error.text)
                    await self._context.clock.sleep(wait)
                    wait = min(wait * 2, _LONGEST_WAIT)

    async def _completed(self, frame: JsonObject) -> JsonObject:
        """A message with what it quotes and what was forwarded in it, as far as the QQ side knows."""
        aside: JsonObject = {}
        for name, action, identity in (
            ("quoted", "get_msg", quoted_id(frame)),
            ("forwarded", "get_forward_msg", forward_id(frame)),
        ):
            if not identity or frame["post_type"] != "message":
                continue
            key = "message_id" if action == "get_msg" else "id"
            with contextlib.suppress(SendFailed):
                aside[name] = (await self._act(Action(action, {key: identity}), _LOOK_SECONDS)).data
        return {**frame, ASIDE: aside} if aside else frame

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What an event says."""
        return read_event(event)

    async def socket(self, socket: Socket) -> None:
        """Hold a connection that the QQ side opened (reverse WebSocket)."""
        if self._settings.way != "reverse" or not self._may_come(socket):
            await socket.close(1008)
            return
        role = socket.headers.get("x-client-role", "universal").lower()
        try:
            await self._hold(socket, events=role != "api", actions=role != "event")
        finally:
            self._context.lost(Text("onebot.cut", {}))

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
        frame = _frame(request.body)
        if frame is None or not is_event(frame):
            return PluginAnswer(400)
        if frame["post_type"] == "meta_event":
            self._beat(frame)
        elif frame["post_type"] != "message_sent":
            await self._context.admit(await self._completed(frame))
        return PluginAnswer(204)

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part."""
        if not self._online:
            raise SendFailed("not_sent", Text("onebot.qq_offline", {}))
        return Receipt(message_ids(await self._act(action_of(message))))

    async def delete(self, chat: Chat, message_id: str) -> None:
        """Recall a message."""
        await self._act(Action("delete_msg", {"message_id": number_of(message_id)}))

    async def react(self, chat: Chat, message_id: str, emoji: str) -> None:
        """Put an emoji to a message, in groups: QQ counts a character by its code point."""
        if not emoji:
            raise SendFailed("unsupported", Text("channels.unsupported", {"what": "react"}))
        params = {
            "message_id": number_of(message_id),
            "emoji_id": emoji if emoji.isdigit() else str(ord(emoji[0])),
            "set": True,
        }
        await self._act(Action("set_msg_emoji_like", params))

    async def typing(self, chat: Chat, on: bool, reply_context: JsonObject) -> None:
        """Show that an answer is being written: NapCat can, in private."""
        if on and chat.kind == "direct":
            await self._act(Action("set_input_status", {"user_id": number_of(chat.id), "event_type": 1}))

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file: from its address, or from what the QQ side says of it when it is asked."""
        handle = media.handle
        url = str(handle.get("url") or "")
        inline = str(handle.get("file") or "")
        if not url.startswith(("http://", "https://")) and inline.startswith(("http://", "https://")):
            url = inline
        if not url.startswith(("http://", "https://")) and not inline.startswith("base64://"):
            url, inline = await self._located(handle)
        if inline.startswith("base64://") and not url:
            yield _decoded(inline, limit)
            return
        call = UpstreamCall("GET", url, {}, timeouts=Timeouts(10.0, 30.0, 30.0), guarded=True)
        async for chunk in download(self._context.transport, call, limit):
            yield chunk

    async def _located(self, handle: JsonObject) -> tuple[str, str]:
        """The address of a file that came without one, or its bytes (`base64://…`)."""
        file_id = handle.get("file_id") or handle.get("file") or ""
        asked = [Action("get_file", {"file_id": file_id})]
        if handle.get("type") == "file":
            where = {"group_id": handle["group_id"]} if handle.get("group_id") else {"user_id": handle["user_id"]}
            name = "get_group_file_url" if handle.get("group_id") else "get_private_file_url"
            asked.insert(0, Action(name, {**where, "file_id": file_id}))
        last: SendFailed | None = None
        for action in asked:
            try:
                data = (await self._act(action)).data
            except SendFailed as error:
                last = error
                continue
            found = data if isinstance(data, dict) else {}
            if str(found.get("url") or "").startswith(("http://", "https://")):
                return str(found["url"]), ""
            if found.get("base64"):
                return "", f"base64://{found['base64']}"
        raise GatewayError(ErrorKind.NOT_FOUND, last.text if last is not None else Text("onebot.no_file", {}))

    async def answer_request(self, request: PlatformRequest, accept: bool, reason: str = "") -> None:
        """Accept or refuse."""
        try:
            await self._act(decision_of(request, accept, reason))
        except SendFailed as error:
            if error.outcome == "refused" and "no such request" in error.message().lower():
                raise GatewayError(ErrorKind.NOT_FOUND, error.text) from error
            raise

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
        """An action of OneBot's; `web:<path>` is one of NapCat's web API. Raises `SendFailed`, `GatewayError`."""
        if action.startswith("web:"):
            return await self._opened_web().ask(action.removeprefix("web:"), params)
        return (await self._act(Action(action, params))).data

    async def _act(self, action: Action, seconds: float | None = None) -> Reply:
        """Have something done. Raises `SendFailed`."""
        limit = seconds if seconds is not None else self._settings.call_seconds
        if self._settings.way == "http":
            reply = await self._post(action, limit)
        else:
            reply = await self._link.act(action, limit)
        if not reply.ok:
            raise failure_of(reply)
        return reply

    async def _post(self, action: Action, seconds: float) -> Reply:
        token = self._settings.access_token
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token.reveal()}"
        url = f"{self._settings.http_url.rstrip('/')}/{action.name}"
        body = orjson.dumps(action.params)
        once = action.name.startswith(("send_", "upload_"))
        call = UpstreamCall("POST", url, headers, body, Timeouts(5.0, seconds, seconds), redirects=False, once=once)
        try:
            answer = await self._context.transport.send(call)
            try:
                data = await answer.read(_MOST_ANSWERED)
            finally:
                await answer.close()
        except NotReached as error:
            raise SendFailed("not_sent", error.text) from error
        except GatewayError as error:
            raise SendFailed("ambiguous", error.text) from error
        if answer.status in (401, 403):
            raise SendFailed("signed_out", Text("onebot.token_refused", {"reason": f"HTTP {answer.status}"}))
        frame = _frame(data)
        if frame is None or "retcode" not in frame:
            outcome: SendOutcome = "refused"
            if answer.status == 404:
                outcome = "unsupported"
            elif answer.status >= 500:
                outcome = "ambiguous"
            raise SendFailed(outcome, f"HTTP {answer.status}")
        return read_reply(frame)

    # ---- signing QQ in, by NapCat's web page

    def _opened_web(self) -> NapcatWeb:
        settings = self._settings.napcat
        if not settings.web_url or not settings.web_token:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("onebot.no_web", {}))
        if self._web is None:
            self._web = NapcatWeb(self._context.transport, self._context.clock, settings.web_url, settings.web_token)
        return self._web

    async def sign_in(self, *, force: bool = False) -> SignInStep:
        """Begin a sign-in with a QR code."""
        if not self._settings.napcat.web_url:
            return SignInStep("unsupported", message=Text("onebot.no_web", {}))
        web = self._opened_web()
        status = read_status(await web.ask("QQLogin/CheckLoginStatus"))
        if status.online:
            return await self._signed_in("already")
        try:
            data = await web.ask("QQLogin/GetQQLoginQrcode")
        except GatewayError as error:
            if error.message() == LOGGED_IN:
                return await self._signed_in("already")
            raise
        self._shown_qr = str((data or {}).get("qrcode") or status.qr)
        return SignInStep("qr", qr=self._shown_qr)

    async def sign_in_poll(self, code: str = "") -> SignInStep:
        """How it goes on."""
        web = self._opened_web()
        for _ in range(_SIGN_IN_POLLS):
            step = step_of(read_status(await web.ask("QQLogin/CheckLoginStatus")), self._shown_qr)
            if step is not None:
                if step.state == "connected":
                    return await self._signed_in("connected")
                self._shown_qr = step.qr or self._shown_qr
                return step
            await self._context.clock.sleep(_SIGN_IN_SECONDS)
        return SignInStep("qr", qr=self._shown_qr)

    async def _signed_in(self, state: Any) -> SignInStep:
        info = await self._opened_web().ask("QQLogin/GetQQLoginInfo")
        data = info if isinstance(info, dict) else {}
        identity = " ".join(str(data[name]) for name in ("nick", "uin") if data.get(name))
        return SignInStep(state, identity=identity, owner=self._settings.owner_qq)

    async def sign_out(self) -> None:
        """The account is signed in at the QQ side; there is nothing here to forget."""
        self._shown_qr = ""


class _Session:
    """What became of one socket."""

    def __init__(self, events: bool) -> None:
        self.events = events
        self.refused = ""
        self.useful = False


def _frame(data: str | bytes) -> JsonObject | None:
    try:
        frame = orjson.loads(data)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) else None


def _decoded(inline: str, limit: int) -> bytes:
    encoded = inline.removeprefix("base64://")
    if len(encoded) * 3 // 4 > limit + 3:
        raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
    try:
        data = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raise GatewayError(ErrorKind.NOT_FOUND, Text("onebot.no_file", {})) from None
    if len(data) > limit:
        raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
    return data
