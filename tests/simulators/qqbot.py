"""QQ's open platform on loopback: tokens, messages, files, the binding by QR code, and the gateway with its sessions.

People act through `say`; `shown` is what stands in a chat. It is strict where the platform is: only answers to messages that
were said, numbered apart; sessions that are resumed get what they missed, and tokens that are not ours nothing. Tencent's own
client (qq-botpy 1.2.1) signs in, answers in both kinds of chat, is refused a number twice, and resumes here.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from websockets.asyncio.server import ServerConnection

from tests.simulators.sockets import Json, Shown, SocketSimulator
from tests.support.upstreams.loopback import Received

APP_ID = "102000001"
SECRET = "qq-secret-6f1e9a"
BOT_ID = "9100200300"
PERSON = "OPENID501"
GROUP = "GROUP900"


class QQBotSimulator(SocketSimulator):
    """One bot at the platform."""

    closes_with = 0
    """The code with which a connection ends that would resume a session that is over; 0: it is told so in a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.tokens: set[str] = set()
        self.tokens_made = 0
        self.heartbeat_seconds = 40.0
        self.heartbeats = 0
        self.answers_heartbeats = True
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.events: list[Json] = []
        """What was dispatched in this session, by its `s`."""
        self.session = ""
        self.files: dict[str, bytes] = {}
        self.pictures: dict[str, bytes] = {}
        self.said: dict[str, str] = {}
        """The chat of each message."""
        self.answers: dict[str, set[int]] = {}
        self.task_key = b""
        self.task_status = 0
        self.task_polls = 0
        self.deleted: list[str] = []

    # ---- people

    def say(
        self,
        text: str,
        *,
        sender: str = PERSON,
        group: str = "",
        named: bool = True,
        picture: bytes | None = None,
        **more: Any,
    ) -> Json:
        """Somebody writes to the bot, or in a group (where it hears those who name it, and all where it was granted that)."""
        data: Json = {
            "id": self.made_id("ROBOT1.0_"),
            "content": text,
            "timestamp": "2026-11-29T20:00:00+08:00",
            **more,
        }
        if picture is not None:
            name = f"/pictures/{self.made_id('p')}"
            self.pictures[name] = picture
            url = f"http://127.0.0.1:{self.port}{name}"
            data["attachments"] = [
                {
                    "content_type": "image/png",
                    "filename": "a.png",
                    "size": len(picture),
                    "url": url,
                    "width": 1,
                    "height": 1,
                }
            ]
        self.said[data["id"]] = group or sender
        if group:
            data |= {
                "group_openid": group,
                "author": {"id": sender, "member_openid": sender, "union_openid": f"U{sender}"},
            }
            return self.happen("GROUP_AT_MESSAGE_CREATE" if named else "GROUP_MESSAGE_CREATE", data)
        data["author"] = {"id": sender, "user_openid": sender, "union_openid": f"U{sender}"}
        return self.happen("C2C_MESSAGE_CREATE", data)

    def happen(self, what: str, data: Json) -> Json:
        """Dispatch an event."""
        frame = {"op": 0, "t": what, "id": f"{what}:{data.get('id', '')}", "d": data}
        self.deliver(frame)
        return frame

    def deliver(self, frame: Json) -> None:
        """Dispatch an event as it stands, with the next number."""

        def next_frame() -> Json:
            numbered = {**frame, "s": len(self.events) + 2}
            self.events.append(numbered)
            return numbered

        self.push(next_frame)

    def posted(self, frame: Json, stamp: str = "1790000000") -> tuple[bytes, dict[str, str]]:
        """An event as it is posted: body and headers."""
        body = orjson.dumps(frame)
        key = Ed25519PrivateKey.from_private_bytes((self.secret.encode() * 32)[:32])
        return body, {"x-signature-timestamp": stamp, "x-signature-ed25519": key.sign(stamp.encode() + body).hex()}

    # ---- the gateway

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one connection."""
        beat = int(self.heartbeat_seconds * 1000)
        await socket.send(orjson.dumps({"op": 10, "d": {"heartbeat_interval": beat}}).decode())
        async for raw in socket:
            frame = orjson.loads(raw)
            data = frame.get("d")
            if frame["op"] in (2, 6) and str(data["token"]).removeprefix("QQBot ") not in self.tokens:
                await socket.send(orjson.dumps({"op": 9, "d": False}).decode())
                await socket.close(4004)
                return
            match frame["op"]:
                case 1:
                    self.heartbeats += 1
                    if self.answers_heartbeats:
                        await socket.send(orjson.dumps({"op": 11}).decode())
                case 2:
                    assert data["shard"] == [0, 1] and data["intents"] & (1 << 25)
                    self.identified.append(data)
                    self.session, self.events = self.made_id("session-"), []
                    user = {"id": BOT_ID, "username": "Claw", "bot": True}
                    ready = {"version": 1, "session_id": self.session, "user": user, "shard": [0, 1]}
                    await socket.send(orjson.dumps({"op": 0, "s": 1, "t": "READY", "d": ready}).decode())
                    self.sockets.append(socket)
                case 6:
                    if data["session_id"] != self.session and self.closes_with:
                        await socket.close(self.closes_with)
                        return
                    if data["session_id"] != self.session:
                        await socket.send(orjson.dumps({"op": 9, "d": False}).decode())
                        continue
                    self.resumed.append(data)
                    for event in [one for one in self.events if one["s"] > data["seq"]]:
                        await socket.send(orjson.dumps(event).decode())
                    await socket.send(orjson.dumps({"op": 0, "s": data["seq"], "t": "RESUMED", "d": ""}).decode())
                    self.sockets.append(socket)
            self.journal.touch()

    def end_session(self) -> None:
        """Forget the session, and end the connection."""
        self.session = ""
        self.hang_up()

    # ---- the interface

    def do(self, request: Received) -> tuple[int, Any]:
        """Answer one request."""
        if request.path == "/app/getAppAccessToken":
            if (request.json.get("appId"), request.json.get("clientSecret")) != (APP_ID, self.secret):
                return 200, {"code": 100016, "message": "invalid appid or secret"}
            self.tokens_made += 1
            token = f"token-{self.tokens_made}"
            self.tokens.add(token)
            return 200, {"access_token": token, "expires_in": "7200"}
        if request.path.startswith("/pictures/"):
            return (200, self.pictures[request.path]) if request.path in self.pictures else (404, b"")
        if request.path.startswith("/lite/"):
            return self._bind(request)
        if request.headers.get("authorization", "").removeprefix("QQBot ") not in self.tokens:
            return 401, {"code": 11244, "message": "token not exist or expire"}
        return self._authorised(request)

    def _bind(self, request: Received) -> tuple[int, Any]:
        if request.path == "/lite/create_bind_task":
            self.task_key = base64.b64decode(request.json["key"], validate=True)
            assert len(self.task_key) == 32
            return 200, {"retcode": 0, "data": {"task_id": "task-1"}}
        assert request.json == {"task_id": "task-1"}
        self.task_polls += 1
        data: Json = {"status": self.task_status}
        if self.task_status == 2:
            nonce = hashlib.sha256(self.task_key).digest()[:12]
            sealed = nonce + AESGCM(self.task_key).encrypt(nonce, self.secret.encode(), None)
            data |= {
                "bot_appid": APP_ID,
                "bot_encrypt_secret": base64.b64encode(sealed).decode(),
                "user_openid": PERSON,
            }
        return 200, {"retcode": 0, "data": data}

    def _authorised(self, request: Received) -> tuple[int, Any]:
        match (request.method, *request.path.strip("/").split("/")):
            case ("GET", "gateway", "bot"):
                limit = {"total": 1000, "remaining": 990, "reset_after": 1000, "max_concurrency": 1}
                return 200, {"url": f"{self.socket_url}/websocket", "shards": 1, "session_start_limit": limit}
            case ("GET", "users", "@me"):
                return 200, {"id": BOT_ID, "username": "Claw"}
            case ("POST", "v2", "users" | "groups", chat, "messages"):
                return self._message(chat, request.json)
            case ("POST", "v2", "users" | "groups", _, "files"):
                body = request.json
                if body.get("file_type") not in (1, 2, 3, 4) or body.get("srv_send_msg") is not False:
                    return 400, {"code": 40034002, "message": "bad file"}
                name = self.made_id("file-info-")
                self.files[name] = base64.b64decode(body["file_data"])
                return 200, {"file_uuid": name, "file_info": name, "ttl": 300}
            case ("POST", "channels" | "dms", chat, "messages"):
                kind = "channel" if request.path.startswith("/channels") else "dm"
                shown = Shown(self.made_id("M"), f"{kind}:{chat}", str(request.json["content"]))
                self.shown.append(shown)
                return 200, {"id": shown.id, "channel_id": chat}
            case ("DELETE", "v2", "users" | "groups", _, "messages", identity):
                self.deleted.append(identity)
                return 200, b""
        return 404, {"code": 11253, "message": f"no {request.method} {request.path}"}

    def _message(self, chat: str, body: Json) -> tuple[int, Any]:
        answered = body.get("msg_id", "")
        if self.said.get(answered) != chat:
            return 400, {"code": 40034024, "message": "msg_id 无效"}
        if not isinstance(body.get("msg_seq"), int) or body["msg_seq"] < 1:
            return 400, {"code": 40034011, "message": "bad msg_seq"}
        numbers = self.answers.setdefault(answered, set())
        if body["msg_seq"] in numbers:
            return 400, {"code": 40054005, "message": "消息被去重，请检查请求msgseq"}
        if len(numbers) >= 5:
            return 400, {"code": 40034128, "message": "被动回复时间或次数超限"}
        text = str(body.get("content") or "")
        if len(text) > 4000:
            return 400, {"code": 40054007, "message": "消息长度超限"}
        numbers.add(body["msg_seq"])
        shown = Shown(self.made_id("M"), chat, text, str(body["msg_seq"]), parent=answered)
        if body["msg_type"] == 7:
            shown.data = self.files[body["media"]["file_info"]]
            shown.text = "<file>"
        else:
            assert body["msg_type"] == 0
        self.shown.append(shown)
        return 200, {"id": shown.id, "timestamp": "2026-11-29T20:00:01+08:00"}
