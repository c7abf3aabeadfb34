"""Feishu's open platform on loopback: tokens, messages, cards, files, and the long connection with its frames.

`lark-oapi` 1.7.5, Feishu's own client, connects, answers, asks and connects again here. People act through `say`, `press`, …; `shown` is what stands in a chat.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from crawdad.wire.feishu.frames import CONTROL, DATA, Frame, read_frame, write_frame
from crawdad.wire.media.multipart import read_form
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

Json = dict[str, Any]
APP_ID = "cli_a1b2c3"
SECRET = "app-secret-4f7d"
BOT = "ou_bot"
USER = "ou_ann"


@dataclass
class Shown:
    """A message of the bot's."""

    id: str
    chat: str
    kind: str
    content: Json
    text: str
    uuid: str
    parent: str = ""
    in_thread: bool = False
    edits: int = 0
    growing: bool = False
    buttons: list[Json] = field(default_factory=list)
    data: bytes = b""


@dataclass
class Fault:
    """What happens to the next request whose path begins so: an answer, or a broken connection (status 0)."""

    path: str
    status: int
    body: Json
    taken: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class FeishuSimulator(LoopbackServer):
    """One app at the platform."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.tokens: set[str] = set()
        self.tokens_made = 0
        self.reactions: dict[str, tuple[str, str]] = {}
        self.names = {USER: "Ann"}
        self.resources: dict[str, bytes] = {}
        self.history: dict[str, Json] = {}
        self.cards: dict[str, Json] = {}
        self.acknowledged: list[tuple[str, int]] = []
        self.ping_seconds = 120.0
        self.answers_pings = True
        self.pings = 0
        self.connections_made = 0
        self.secret = SECRET
        self.down = False
        """Whether connections break instead of being answered."""
        self.socket_port = 0
        self._faults: deque[Fault] = deque()
        self._sockets: list[ServerConnection] = []
        self._unacknowledged: dict[str, Json] = {}
        self._next = 0
        self._lock = threading.RLock()

    async def _serve(self) -> None:
        async with serve(self._long_connection, "127.0.0.1", 0, ping_interval=None) as server:
            self.socket_port = server.sockets[0].getsockname()[1]
            await super()._serve()

    def _id(self, kind: str) -> str:
        with self._lock:
            self._next += 1
            return f"{kind}_{self._next}"

    # ---- people

    def say(self, content: Json | str, *, kind: str = "text", sender: str = USER, chat: str = "", **more: Any) -> Json:
        """Somebody writes: to the bot (`chat` empty) or in a group."""
        body = {"text": content} if isinstance(content, str) else content
        message: Json = {
            "message_id": self._id("om"),
            "chat_id": chat or f"oc_{sender}",
            "chat_type": "group" if chat else "p2p",
            "message_type": kind,
            "create_time": "1790000000000",
            "content": orjson.dumps(body).decode(),
            **more,
        }
        item = {
            "message_id": message["message_id"],
            "chat_id": chat,
            "msg_type": kind,
            "body": {"content": message["content"]},
        }
        self.history[message["message_id"]] = {
            **item,
            "sender": {"id": sender, "id_type": "open_id", "sender_type": "user"},
        }
        who = {"sender_id": {"open_id": sender, "union_id": f"on_{sender}"}, "sender_type": "user", "tenant_key": "t"}
        return self.happen("im.message.receive_v1", {"sender": who, "message": message})

    def event(self, what: str, content: Json) -> Json:
        """An event as it is delivered."""
        header = {
            "event_id": self._id("ev"),
            "event_type": what,
            "create_time": "1790000000000",
            "token": "verify-me",
            "app_id": APP_ID,
        }
        return {"schema": "2.0", "header": header, "event": content}

    def happen(self, what: str, content: Json, *, pieces: int = 1) -> Json:
        """Deliver an event by the long connection, in so many fragments."""
        event = self.event(what, content)
        self.deliver(event, pieces=pieces)
        return event

    def deliver(self, event: Json, *, pieces: int = 1, kind: str = "event") -> None:
        """Deliver an event as it stands, to each connection once; it waits while nobody is connected."""
        with self._lock:
            self._unacknowledged[event["header"]["event_id"]] = event
            sockets = self._sockets[-1:]
        loop = self._loop
        assert loop is not None
        loop.call_soon_threadsafe(lambda: loop.create_task(self._push(event, sockets, pieces, kind)))

    async def _push(
        self, event: Json, sockets: Sequence[ServerConnection], pieces: int = 1, kind: str = "event"
    ) -> None:
        data = orjson.dumps(event)
        size = -(-len(data) // pieces)
        for socket in sockets:
            for number in range(pieces):
                headers = {
                    "type": kind,
                    "message_id": event["header"]["event_id"],
                    "sum": str(pieces),
                    "seq": str(number),
                    "trace_id": "t",
                }
                frame = Frame(
                    DATA, 7, headers, data[number * size : (number + 1) * size], sequence=number + 1, log=2**40
                )
                await socket.send(write_frame(frame))

    def redeliver(self) -> None:
        """Deliver again what was not acknowledged."""
        for event in list(self._unacknowledged.values()):
            self.deliver(event)

    def hang_up(self) -> None:
        """End the long connections."""
        loop = self._loop
        assert loop is not None

        async def end() -> None:
            for socket in list(self._sockets):
                await socket.close()

        asyncio.run_coroutine_threadsafe(end(), loop)

    def fail(
        self, path: str, status: int, code: int = 0, words: str = "", *, taken: bool = False, **headers: str
    ) -> None:
        """The next request to a path fails."""
        self._faults.append(Fault(path, status, {"code": code, "msg": words}, taken, headers))

    def texts(self, chat: str = USER) -> list[str]:
        """What stands in a chat."""
        return [one.text for one in self.shown if one.chat == chat]

    async def until(self, condition: Callable[[FeishuSimulator], bool]) -> None:
        """Wait until it holds."""
        await self.journal.until(lambda _: condition(self))

    # ---- the long connection

    def _config(self) -> Json:
        """What the client is told of the connection, when it asks for its address and with every pong: all of it."""
        nonce = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 1}
        return {**nonce, "PingInterval": self.ping_seconds}

    async def _long_connection(self, socket: ServerConnection) -> None:
        self.connections_made += 1
        with self._lock:
            self._sockets.append(socket)
            waiting = list(self._unacknowledged.values())
        self.journal.touch()
        try:
            for event in waiting:
                await self._push(event, [socket])
            async for data in socket:
                assert isinstance(data, bytes)
                frame = read_frame(data)
                if frame.method == CONTROL:
                    self.pings += 1
                    self.journal.touch()
                    if self.answers_pings:
                        payload = orjson.dumps(self._config())
                        await socket.send(write_frame(Frame(CONTROL, frame.service, {"type": "pong"}, payload)))
                else:
                    code = orjson.loads(frame.payload)["code"]
                    assert frame.headers["biz_rt"].isdigit() and frame.log == 2**40
                    self.acknowledged.append((frame.headers["message_id"], code))
                    if code == 200:
                        self._unacknowledged.pop(frame.headers["message_id"], None)
                    self.journal.touch()
        except ConnectionClosed:
            pass
        finally:
            self._sockets.remove(socket)
            self.journal.touch()

    # ---- the API

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer one request."""
        if self.down:
            reply.reset()
            return
        path = request.path.removeprefix("/open-apis/")
        fault = next((one for one in self._faults if path == one.path), None)
        if fault is not None:
            self._faults.remove(fault)
            if fault.taken:
                self._do(request, path)
            if fault.status == 0:
                reply.reset()
            else:
                await reply.whole(
                    fault.status, fault.body, {name.replace("_", "-"): value for name, value in fault.headers.items()}
                )
            return
        result = self._do(request, path)
        self.journal.touch()
        if isinstance(result, bytes):
            await reply.whole(200, result, {"content-type": "application/octet-stream"})
        else:
            await reply.whole(200 if result.get("code") == 0 else 400, result)

    def _do(self, request: Received, path: str) -> Json | bytes:
        if path == "/callback/ws/endpoint":
            if (request.json.get("AppID"), request.json.get("AppSecret")) != (APP_ID, self.secret):
                return {"code": 514, "msg": "auth failed"}
            url = f"ws://127.0.0.1:{self.socket_port}/ws?device_id=d1&service_id=7"
            return {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self._config()}}
        if path == "auth/v3/tenant_access_token/internal":
            if (request.json.get("app_id"), request.json.get("app_secret")) != (APP_ID, self.secret):
                return {"code": 10014, "msg": "app secret invalid"}
            self.tokens_made += 1
            token = f"t-{self.tokens_made}"
            self.tokens.add(token)
            return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": 7200}
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return {"code": 99991663, "msg": "Invalid access token for authorization"}
        result = self._authorised(request, path)
        return (
            result if isinstance(result, bytes) or "code" in result else {"code": 0, "msg": "success", "data": result}
        )

    def _authorised(self, request: Received, path: str) -> Json | bytes:
        parts = path.split("/")
        match (request.method, *parts):
            case ("GET", "bot", "v3", "info"):
                return {"code": 0, "msg": "ok", "bot": {"open_id": BOT, "app_name": "Claw", "activate_status": 2}}
            case ("GET", "contact", "v3", "users", who):
                if who not in self.names:
                    return {"code": 99992364, "msg": "no permission"}
                return {"user": {"open_id": who, "name": self.names[who]}}
            case ("POST", "im", "v1", "messages"):
                return self._message(request.json, str(request.json["receive_id"]))
            case ("POST", "im", "v1", "messages", parent, "reply"):
                found = self.history.get(parent)
                if found is None or found.get("recalled"):
                    return {"code": 230011, "msg": "The message was recalled"}
                return self._message(request.json, self._chat_of(parent), parent)
            case ("GET", "im", "v1", "messages", identity):
                return (
                    {"items": [self.history[identity]]}
                    if identity in self.history
                    else {"code": 230001, "msg": "no such message"}
                )
            case ("PATCH", "im", "v1", "messages", identity):
                shown = self._find(identity)
                shown.content = orjson.loads(request.json["content"])
                shown.text, shown.edits = text_of("interactive", shown.content), shown.edits + 1
                return {}
            case ("DELETE", "im", "v1", "messages", identity):
                self.shown.remove(self._find(identity))
                return {}
            case ("POST", "im", "v1", "messages", identity, "reactions"):
                reaction = self._id("re")
                self.reactions[reaction] = (identity, request.json["reaction_type"]["emoji_type"])
                return {"reaction_id": reaction}
            case ("DELETE", "im", "v1", "messages", _, "reactions", reaction):
                del self.reactions[reaction]
                return {}
            case ("GET", "im", "v1", "messages", _, "resources", key):
                return self.resources.get(key) or {"code": 234003, "msg": "File not in msg."}
            case ("POST", "im", "v1", "images" | "files"):
                return self._upload(request, parts[2])
            case ("POST", "cardkit", "v1", "cards"):
                card = self._id("card")
                self.cards[card] = {"card": orjson.loads(request.json["data"]), "sequence": 0, "message": None}
                return {"card_id": card}
            case ("PUT", "cardkit", "v1", "cards", card, "elements", element, "content"):
                return self._grow(card, request.json, element)
            case ("PATCH", "cardkit", "v1", "cards", card, "settings"):
                return self._grow(card, request.json, None)
            case ("GET", "im", "v1", "chats"):
                return {"items": [{"chat_id": "oc_1", "name": "The group"}], "has_more": False}
        return {"code": 404, "msg": f"no {request.method} {path}"}

    def _chat_of(self, message: str) -> str:
        for one in self.shown:
            if one.id == message:
                return one.chat
        return str(self.history[message].get("chat_id") or self.history[message]["sender"]["id"])

    def _find(self, identity: str) -> Shown:
        return next(one for one in self.shown if one.id == identity)

    def _message(self, body: Json, chat: str, parent: str = "") -> Json:
        uuid = str(body.get("uuid") or "")
        if len(uuid) > 50:
            return {"code": 230001, "msg": "uuid too long"}
        for one in self.shown:
            if uuid and one.uuid == uuid:
                return {"message_id": one.id}
        kind, content = body["msg_type"], orjson.loads(body["content"])
        shown = Shown(self._id("om"), chat, kind, content, "", uuid, parent, bool(body.get("reply_in_thread")))
        if kind == "interactive" and content.get("type") == "card":
            held = self.cards[content["data"]["card_id"]]
            held["message"], shown.content, shown.growing = shown, held["card"], True
        shown.text = text_of(kind, shown.content)
        if len(shown.text) > 30_000:
            return {"code": 230025, "msg": "The length of the message content reaches its limit."}
        shown.buttons = [one for one in (shown.content.get("body") or {}).get("elements", ()) if one["tag"] == "button"]
        if kind in ("image", "file", "audio", "media"):
            shown.data = self.resources[content["image_key" if kind == "image" else "file_key"]]
        self.shown.append(shown)
        self.history[shown.id] = {
            "message_id": shown.id,
            "msg_type": kind,
            "body": {"content": orjson.dumps(shown.content).decode()},
            "sender": {"id": APP_ID, "id_type": "app_id", "sender_type": "app"},
        }
        return {"message_id": shown.id, "chat_id": chat}

    def _grow(self, card: str, body: Json, element: str | None) -> Json:
        held = self.cards[card]
        if body["sequence"] <= held["sequence"]:
            return {"code": 300317, "msg": "sequence is not strictly increasing"}
        held["sequence"] = body["sequence"]
        shown = held["message"]
        if element is None:
            shown.growing = orjson.loads(body["settings"])["config"]["streaming_mode"]
            return {}
        if element not in [one.get("element_id") for one in held["card"]["body"]["elements"]]:
            return {"code": 300314, "msg": "no such element"}
        shown.text, shown.edits = body["content"], shown.edits + 1
        return {}

    def _upload(self, request: Received, what: str) -> Json:
        form = read_form(request.body, request.headers["content-type"])
        name = "image" if what == "images" else "file"
        file = form.file(name)
        data = file.data if file is not None else (form.get(name) or "").encode()  # the official client names no file
        if not data or not (form.get("image_type") == "message" or form.get("file_type")):
            return {"code": 234001, "msg": "Invalid request param."}
        key = self._id("img_v3" if what == "images" else "file_v3")
        self.resources[key] = data
        return {f"{name}_key": key}


def text_of(kind: str, content: Json) -> str:
    """What a person reads of a message."""
    if kind == "text":
        return str(content["text"])
    if kind == "post":
        return "\n".join("".join(str(one["text"]) for one in line) for line in content["zh_cn"]["content"])
    if kind == "interactive":
        elements = content["body"]["elements"]
        return "".join(str(one["content"]) for one in elements if one["tag"] == "markdown")
    return f"<{kind}>"


def encrypted(event: Json, key: str) -> bytes:
    """An event as it is posted when there is an encrypt key."""
    padder = padding.PKCS7(128).padder()
    data = padder.update(orjson.dumps(event)) + padder.finalize()
    vector = b"0123456789abcdef"
    encryptor = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(vector)).encryptor()
    return orjson.dumps({"encrypt": base64.b64encode(vector + encryptor.update(data) + encryptor.finalize()).decode()})


def signature(body: bytes, timestamp: str, nonce: str, key: str) -> str:
    """`X-Lark-Signature`."""
    return hashlib.sha256((timestamp + nonce + key).encode() + body).hexdigest()
