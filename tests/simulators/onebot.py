"""The QQ side of OneBot 11 on loopback, with NapCat's habits: forward WebSocket, reverse WebSocket, and HTTP. Its web page is in `napcat_web`.

What it is told by people it sends as events; what the bot does is kept in `shown`. NoneBot's adapter, a client that is not
ours, works against it (tests/adapters/channels/test_onebot_simulator.py).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.server import free_port
from tests.support.upstreams.loopback import Journal, LoopbackServer, Received, Reply
from tests.support.waiting import PATIENCE

Json = dict[str, Any]
SELF_ID = 10001


@dataclass
class Shown:
    """A message or file of the bot's."""

    chat: str
    segments: list[Json]
    id: int
    data: bytes = b""
    name: str = ""

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(str(one["data"].get("text", "")) for one in self.segments if one["type"] == "text")


@dataclass
class Fault:
    """What happens to the next call of `action`: an error reply, or with `retcode` None silence (`cut`: and the end of the
    connection). `taken`: the call has its effect nevertheless."""

    action: str
    retcode: int | None
    words: str = ""
    taken: bool = False
    cut: bool = False


@dataclass
class Account:
    """What QQ knows of the bot's account, and what the bot does."""

    friends: list[Json] = field(
        default_factory=lambda: [{"user_id": 501, "nickname": "Ann", "remark": "", "sex": "female"}]
    )
    groups: list[Json] = field(
        default_factory=lambda: [
            {"group_id": 900, "group_name": "The group", "member_count": 3, "max_member_count": 200}
        ]
    )
    shown: list[Shown] = field(default_factory=list)
    messages: dict[int, Json] = field(default_factory=dict)
    forwards: dict[str, list[Json]] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    decided: list[tuple[str, str, bool, str]] = field(default_factory=list)
    strangers: dict[int, str] = field(default_factory=dict)
    """What people call themselves, by their number."""
    recalled: list[int] = field(default_factory=list)
    reactions: list[tuple[int, str]] = field(default_factory=list)
    typing: list[int] = field(default_factory=list)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    online: bool = True


class Refused(Exception):
    """An action that fails: `(retcode, words)`."""


class OneBotSimulator:
    """One QQ account. `format` is how messages are written: segments or a text with CQ codes."""

    def __init__(self, token: str = "napcat-token", *, heartbeat: float = 30.0, format: str = "array") -> None:
        self.token = token
        self.account = Account()
        self.journal = Journal()
        self.port = free_port()  # of which nobody else makes use while nobody listens at it
        self.heartbeat = heartbeat
        self.format = format
        self.refusals = 0
        self.as_bytes = False
        """Whether events go out in binary frames."""
        self.frame_kinds: list[type] = []
        """Whether each action came as text or as bytes."""
        self._next = 1000
        self._time = 1_790_000_000
        self._sockets: dict[Any, str] = {}
        """Open sockets, and which role each has."""
        self._dialled: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="onebot", daemon=True)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: Any = None

    # ---- life

    def __enter__(self) -> OneBotSimulator:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, *exception: object) -> None:
        self._do(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    @property
    def url(self) -> str:
        """The address of the forward WebSocket."""
        return f"ws://127.0.0.1:{self.port}"

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    async def _open(self) -> None:
        self._server = await serve(self._served, "127.0.0.1", self.port, ping_interval=None, max_size=50 * 1024 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in self._dialled:
            await socket.close()
        await self._close_server()

    async def _close_server(self) -> None:
        if self._server is not None:
            self._server.close(close_connections=True)
            await self._server.wait_closed()
            self._server = None

    def restart(self) -> None:
        """End every connection, and listen again at the same port."""

        async def again() -> None:
            await self._close_server()
            await self._open()

        self._do(again())

    def stop_listening(self) -> None:
        """End every connection and refuse new ones."""
        self._do(self._close_server())

    # ---- people

    def say(self, *segments: Json | str, sender: int = 501, group: int = 0, name: str = "Ann", **more: Any) -> Json:
        """Somebody writes: words, or segments."""
        message = [{"type": "text", "data": {"text": one}} if isinstance(one, str) else one for one in segments]
        with threading.Lock():
            self._next += 1
            self._time += 1
            number = self._next
        event: Json = {
            "time": self._time,
            "self_id": SELF_ID,
            "post_type": "message",
            "message_type": "group" if group else "private",
            "sub_type": "normal" if group else "friend",
            "message_id": number,
            "message_seq": number,
            "real_id": number,
            "real_seq": str(number),
            "user_id": sender,
            "message": message if self.format == "array" else cq(message),
            "message_format": self.format,
            "raw_message": cq(message),
            "font": 14,
            "sender": {"user_id": sender, "nickname": name, "card": "", "role": "member"},
        }
        if group:
            event |= {"group_id": group, "group_name": "The group"}
        event.update(more)
        self.account.messages[number] = event
        self.happen(event)
        return event

    def ask(self, kind: str, flag: str, *, user: int = 700, **more: Any) -> Json:
        """Somebody wants to be a friend (`friend`), into a group (`add`) or the bot in one (`invite`)."""
        self._time += 1
        event: Json = {
            "time": self._time,
            "self_id": SELF_ID,
            "post_type": "request",
            "user_id": user,
            "comment": "hi",
            "flag": flag,
        }
        event |= (
            {"request_type": "friend"}
            if kind == "friend"
            else {"request_type": "group", "sub_type": kind, "group_id": 900}
        )
        self.account.requests[flag] = kind
        event.update(more)
        self.happen(event)
        return event

    def notice(self, what: str, **more: Any) -> Json:
        """Something happened."""
        self._time += 1
        event: Json = {"time": self._time, "self_id": SELF_ID, "post_type": "notice", "notice_type": what, **more}
        self.happen(event)
        return event

    def happen(self, event: Json) -> None:
        """Send an event, as it stands, to whoever listens for events."""

        async def send() -> None:
            for socket, role in list(self._sockets.items()):
                if role != "api":
                    data = orjson.dumps(event)
                    await socket.send(data if self.as_bytes else data.decode())

        self._do(send())

    def beat(self, *, online: bool = True, interval: int | None = None) -> None:
        """A heartbeat, now."""
        self.account.online = online
        self.happen(
            self._meta(
                "heartbeat", status={"online": online, "good": True}, interval=interval or int(self.heartbeat * 1000)
            )
        )

    def fail(
        self, action: str, retcode: int | None = None, words: str = "", *, taken: bool = False, cut: bool = False
    ) -> None:
        """The next call of an action fails."""
        self.account.faults.append(Fault(action, retcode, words, taken, cut))

    def texts(self, chat: int | str = 501) -> list[str]:
        """What the bot has said in a chat."""
        return [one.text for one in self.shown(chat)]

    def shown(self, chat: int | str = 501) -> list[Shown]:
        """What the bot has sent to a chat."""
        return [one for one in list(self.account.shown) if one.chat == str(chat)]

    async def until(self, condition: Callable[[OneBotSimulator], bool]) -> None:
        """Wait until it holds; it is looked at whenever something was called or connected."""
        await self.journal.until(lambda _: condition(self))

    @property
    def connected(self) -> int:
        """How many sockets are open and accepted."""
        return len(self._sockets)

    # ---- the connections

    def _meta(self, kind: str, **more: Any) -> Json:
        return {"time": self._time, "self_id": SELF_ID, "post_type": "meta_event", "meta_event_type": kind, **more}

    async def _served(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        target = urlsplit(socket.request.path)
        scheme, _, token = (socket.request.headers.get("Authorization") or "").partition(" ")
        said = parse_qs(target.query).get("access_token", [token if scheme.lower() == "bearer" else ""])[0]
        if self.token and said != self.token:
            # NapCat lets the upgrade happen, says so in a frame, and hangs up.
            refusal = {
                "status": "failed",
                "retcode": 1403,
                "data": None,
                "message": "token验证失败",
                "wording": "token验证失败",
                "echo": None,
            }
            await socket.send(orjson.dumps(refusal).decode())
            await socket.close()
            self.refusals += 1
            self.journal.touch()
            return
        await self._talk(socket, "api" if target.path.rstrip("/") == "/api" else "universal")

    async def _talk(self, socket: Any, role: str) -> None:
        self._sockets[socket] = role
        try:
            if role != "api":
                await socket.send(orjson.dumps(self._meta("lifecycle", sub_type="connect")).decode())
            self.journal.touch()
            async for data in socket:
                self.frame_kinds.append(type(data))
                await self._called(socket, orjson.loads(data))
        except ConnectionClosed:
            pass
        finally:
            self._sockets.pop(socket, None)
            self.journal.touch()

    async def _called(self, socket: Any, frame: Json) -> None:
        reply = self.act(str(frame.get("action")), frame.get("params") or {})
        if reply is None:
            return
        if reply == "cut":
            await socket.close()
            return
        assert isinstance(reply, dict)
        await socket.send(orjson.dumps({**reply, "echo": frame.get("echo", "")}).decode())

    def dial(self, url: str, token: str | None = None, *, role: str = "Universal") -> None:
        """Connect to an application (reverse WebSocket); returns when the upgrade is done. Raises what the handshake raises."""
        headers = {
            "X-Self-ID": str(SELF_ID),
            "Authorization": f"Bearer {self.token if token is None else token}",
            "x-client-role": role,
        }

        async def begin() -> None:
            socket = await connect(
                url,
                additional_headers=headers,
                user_agent_header="OneBot/11",
                ping_interval=None,
                proxy=None,
                open_timeout=PATIENCE,
            )
            self._dialled.append(socket)
            task = asyncio.get_running_loop().create_task(self._talk(socket, role.lower()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._do(begin())

    def hang_up(self) -> None:
        """End every connection."""

        async def end() -> None:
            for socket in list(self._sockets):
                await socket.close()

        self._do(end())

    # ---- the actions

    def act(self, action: str, params: Json) -> Json | str | None:
        """Do what is asked: the reply without echo, "cut", or None for silence."""
        self.account.calls.append((action, params))
        fault = next((one for one in self.account.faults if one.action == action), None)
        try:
            if fault is not None:
                self.account.faults.remove(fault)
                if fault.taken:
                    self._done(action, params)
                if fault.retcode is None:
                    return "cut" if fault.cut else None
                raise Refused(fault.retcode, fault.words)
            data = self._done(action, params)
        except Refused as error:
            code, words = error.args
            return {
                "status": "failed",
                "retcode": code,
                "data": None,
                "message": words,
                "wording": words,
                "stream": "normal-action",
            }
        finally:
            self.journal.touch()
        return {"status": "ok", "retcode": 0, "data": data, "message": "", "wording": "", "stream": "normal-action"}

    def _done(self, action: str, params: Json) -> Any:
        handler = getattr(self, f"_on_{action}", None)
        if handler is None:
            raise Refused(1404, f"不支持的Api {action}")
        return handler(params)

    def _on_get_login_info(self, params: Json) -> Json:
        return {"user_id": SELF_ID, "nickname": "Claw"}

    def _on_get_status(self, params: Json) -> Json:
        return {"online": self.account.online, "good": True, "stat": {}}

    def _on_get_version_info(self, params: Json) -> Json:
        return {"app_name": "NapCat.Onebot", "protocol_version": "v11", "app_version": "4.9.0"}

    def _on_set_restart(self, params: Json) -> None:
        return None

    def _on_get_friend_list(self, params: Json) -> list[Json]:
        return self.account.friends

    def _on_get_group_list(self, params: Json) -> list[Json]:
        return self.account.groups

    def _on_get_stranger_info(self, params: Json) -> Json:
        number = int(params["user_id"])
        return {"user_id": number, "nickname": self.account.strangers.get(number, f"P{number}"), "qqLevel": 16}

    def _on_get_msg(self, params: Json) -> Json:
        found = self.account.messages.get(int(params["message_id"]))
        if found is None:
            raise Refused(1200, "消息不存在")
        return found

    def _on_get_forward_msg(self, params: Json) -> Json:
        found = self.account.forwards.get(str(params.get("id") or params.get("message_id")))
        if found is None:
            raise Refused(1200, "not found")
        return {"messages": found}

    def _on_send_private_msg(self, params: Json) -> Json:
        return self._sent(str(int(params["user_id"])), params)

    def _on_send_group_msg(self, params: Json) -> Json:
        return self._sent(str(int(params["group_id"])), params)

    def _on_send_msg(self, params: Json) -> Json:
        return self._sent(str(int(params.get("group_id") or params["user_id"])), params)

    def _sent(self, chat: str, params: Json) -> Json:
        if not self.account.online:
            raise Refused(1200, "ERROR: not online")
        message = params["message"]
        segments = [{"type": "text", "data": {"text": message}}] if isinstance(message, str) else message
        if not segments:
            raise Refused(1200, "消息体无法解析, 请检查是否发送了不支持的消息类型")
        data, name = b"", ""
        for place, one in enumerate(segments):
            if one["type"] == "reply" and place != 0:
                raise Refused(1400, "reply must come first")
            if one["type"] in ("image", "record", "video"):
                data, name = self._bytes(str(one["data"]["file"])), str(one["data"].get("name", ""))
        self._next += 1
        self.account.shown.append(Shown(chat, segments, self._next, data, name))
        self.account.messages[self._next] = {
            "time": self._time,
            "message_type": "group",
            "message_id": self._next,
            "real_id": self._next,
            "self_id": SELF_ID,
            "user_id": SELF_ID,
            "sender": {"user_id": SELF_ID, "nickname": "Claw"},
            "message": segments,
        }
        return {"message_id": self._next}

    def _bytes(self, file: str) -> bytes:
        if not file.startswith("base64://"):
            raise Refused(1200, f"文件不存在 {file[:60]}")  # it cannot see our disk
        return base64.b64decode(file.removeprefix("base64://"), validate=True)

    def _on_upload_private_file(self, params: Json) -> Json:
        return self._uploaded(str(params["user_id"]), params)

    def _on_upload_group_file(self, params: Json) -> Json:
        return self._uploaded(str(params["group_id"]), params)

    def _uploaded(self, chat: str, params: Json) -> Json:
        self._next += 1
        data = self._bytes(str(params["file"]))
        self.account.shown.append(Shown(chat, [], self._next, data, str(params["name"])))
        return {"file_id": f"f{self._next}"}

    def _on_delete_msg(self, params: Json) -> None:
        self.account.recalled.append(int(params["message_id"]))

    def _on_set_msg_emoji_like(self, params: Json) -> Json:
        self.account.reactions.append((int(params["message_id"]), str(params["emoji_id"])))
        return {"result": 0}

    def _on_set_input_status(self, params: Json) -> Json:
        self.account.typing.append(int(params["user_id"]))
        return {"result": 0}

    def _on_set_friend_add_request(self, params: Json) -> None:
        self._decide(params)

    def _on_set_group_add_request(self, params: Json) -> None:
        self._decide(params)

    def _decide(self, params: Json) -> None:
        flag = str(params["flag"])
        if flag not in self.account.requests:
            raise Refused(1200, "No such request")
        kind = self.account.requests.pop(flag)
        self.account.decided.append(
            (kind, flag, params.get("approve", True) not in (False, "false"), str(params.get("reason", "")))
        )

    def _on_get_group_file_url(self, params: Json) -> Json:
        return self._file(str(params["file_id"]), "url")

    def _on_get_private_file_url(self, params: Json) -> Json:
        return self._file(str(params["file_id"]), "url")

    def _on_get_record(self, params: Json) -> Json:
        assert params["out_format"] in ("mp3", "amr", "wma", "m4a", "spx", "ogg", "wav", "flac")
        return self._file(f"{params['file']}:{params['out_format']}", "")

    def _on_get_file(self, params: Json) -> Json:
        return self._file(str(params.get("file_id") or params.get("file")), "")

    def _file(self, name: str, needed: str) -> Json:
        found = self.account.files.get(name)
        if found is None or (needed and needed not in found):
            raise Refused(1200, "file not found")
        return found


class OneBotHttp(LoopbackServer):
    """The HTTP transport of the same account: actions as routes, events posted with a signature."""

    def __init__(self, simulator: OneBotSimulator) -> None:
        super().__init__()
        self.simulator = simulator

    async def answer(self, request: Received, reply: Reply) -> None:
        """Do one action."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            await reply.whole(401, {"message": "Authorization required"})
        elif token != self.simulator.token:
            await reply.whole(403, {"message": "Token verify failed"})
        else:
            result = self.simulator.act(request.path.strip("/"), request.json if request.body else {})
            if result == "cut" or result is None:
                reply.reset()
            else:
                assert isinstance(result, dict)
                await reply.whole(200, {**result, "echo": ""})

    @staticmethod
    def post(url: str, event: Json, secret: str, **headers: str) -> int:
        """Post an event to an application; the status that it answers."""
        body = orjson.dumps(event)
        signature = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        sent = {
            "content-type": "application/json",
            "x-self-id": str(SELF_ID),
            "x-signature": f"sha1={signature}",
            **headers,
        }
        return httpx.post(url, content=body, headers=sent, timeout=PATIENCE).status_code


def cq(segments: list[Json]) -> str:
    """Segments as a text with CQ codes; written anew here, so as not to test the codec against itself."""

    def escape(text: str) -> str:
        for character, code in (("&", "&amp;"), ("[", "&#91;"), ("]", "&#93;")):
            text = text.replace(character, code)
        return text

    pieces = []
    for one in segments:
        if one["type"] == "text":
            pieces.append(escape(one["data"]["text"]))
        else:
            values = "".join(
                f",{name}={escape(str(value)).replace(',', '&#44;')}" for name, value in one["data"].items()
            )
            pieces.append(f"[CQ:{one['type']}{values}]")
    return "".join(pieces)
