"""WeCom's long connection for bots on loopback: one connection a bot, answers by request, answers that grow, files in pieces.

A client by others (`wecom-aibot-sdk-python`) was run against it. People act through `say`; `shown` is what stands in a chat.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import deque
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.server import ServerConnection

from tests.simulators.sockets import Json, Shown, SocketSimulator
from tests.support.upstreams.loopback import Received

BOT_ID = "aib-7f3c"
SECRET = "wecom-secret-55aa"
PERSON = "WangWu"
GROUP = "wrGroup900"


class WeComSimulator(SocketSimulator):
    """One bot at the platform."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.pings = 0
        self.answers_pings = True
        self.requests: dict[str, str] = {}
        """The chat of each request that may be answered."""
        self.uploads: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.downloads: dict[str, bytes] = {}
        self.waiting: list[Json] = []
        self.replies: deque[tuple[str, Json | None, bool]] = deque()

    # ---- people

    def say(self, text: str = "", *, sender: str = PERSON, group: str = "", kind: str = "text", **more: Any) -> Json:
        """Somebody writes to the bot, or names it in a group."""
        request = self.made_id("req")
        self.requests[request] = group or sender
        body: Json = {
            "msgid": self.made_id("msg"),
            "aibotid": BOT_ID,
            "chattype": "group" if group else "single",
            "from": {"userid": sender},
            "msgtype": kind,
            **more,
        }
        if group:
            body["chatid"] = group
        if kind == "text":
            body["text"] = {"content": f"@Claw {text}" if group else text}
        frame = {"cmd": "aibot_msg_callback", "headers": {"req_id": request}, "body": body}
        self.deliver(frame)
        return frame

    def put_file(self, data: bytes) -> Json:
        """A file as a message names it: an address, and the key that it is encrypted under."""
        key = os.urandom(32)
        left = 32 - len(data) % 32
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        name = self.made_id("file")
        self.downloads[name] = encryptor.update(data + bytes([left]) * left) + encryptor.finalize()
        return {"url": f"{self.url}/media/{name}", "aeskey": base64.b64encode(key).decode().rstrip("=")}

    def deliver(self, frame: Json) -> None:
        """Push a frame as it stands; it is lost where nobody is connected."""
        self.push(lambda: frame)

    def take_bot_away(self) -> None:
        """Another connection takes the bot."""
        event = {"msgtype": "event", "event": {"eventtype": "disconnected_event"}}
        self.deliver({"cmd": "aibot_event_callback", "headers": {"req_id": "e"}, "body": event})

    def fail_next(self, command: str, answer: Json | None, *, taken: bool = False) -> None:
        """The next call of a kind is answered so; None: not at all."""
        self.replies.append((command, answer, taken))

    # ---- the connection

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one connection."""
        async for raw in socket:
            frame = orjson.loads(raw)
            command, request = frame["cmd"], frame["headers"]["req_id"]
            answer: Json | None
            if command == "aibot_subscribe":
                right = frame["body"] == {"bot_id": BOT_ID, "secret": self.secret}
                answer = (
                    {"errcode": 0, "errmsg": "ok"}
                    if right
                    else {"errcode": 853000, "errmsg": "invalid bot_id or secret"}
                )
                if right:
                    self.sockets.append(socket)
            elif socket not in self.sockets:
                answer = {"errcode": 846609, "errmsg": "not subscribed"}
            elif command == "ping":
                self.pings += 1
                answer = {"errcode": 0, "errmsg": "ok"} if self.answers_pings else None
            else:
                answer = self._call(command, request, frame["body"])
            self.journal.touch()
            if answer is not None:
                await socket.send(orjson.dumps({"headers": {"req_id": request}, **answer}).decode())

    def _call(self, command: str, request: str, body: Json) -> Json | None:
        fault = next((one for one in self.replies if one[0] == command), None)
        if fault is not None:
            self.replies.remove(fault)
            if fault[2]:
                self._do(command, request, body)
            return fault[1]
        return self._do(command, request, body)

    def _do(self, command: str, request: str, body: Json) -> Json:
        match command:
            case "aibot_respond_msg":
                chat = self.requests.get(request)
                if chat is None:
                    return {"errcode": 846604, "errmsg": "invalid req_id"}
                return self._respond(chat, body)
            case "aibot_send_msg":
                return self._send(str(body["chatid"]), body)
            case "aibot_upload_media_init":
                name = self.made_id("up")
                self.uploads[name] = {**body, "pieces": {}}
                return {"errcode": 0, "errmsg": "ok", "body": {"upload_id": name}}
            case "aibot_upload_media_chunk":
                piece = base64.b64decode(body["base64_data"])
                if len(piece) > 512 * 1024:
                    return {"errcode": 40006, "errmsg": "chunk too large"}
                self.uploads[body["upload_id"]]["pieces"][body["chunk_index"]] = piece
                return {"errcode": 0, "errmsg": "ok"}
            case "aibot_upload_media_finish":
                upload = self.uploads[body["upload_id"]]
                data = b"".join(upload["pieces"][number] for number in range(upload["total_chunks"]))
                if len(data) != upload["total_size"] or hashlib.md5(data).hexdigest() != upload["md5"]:
                    return {"errcode": 40006, "errmsg": "broken file"}
                media = self.made_id("media")
                self.files[media] = data
                return {"errcode": 0, "errmsg": "ok", "body": {"media_id": media, "type": upload["type"]}}
        return {"errcode": 40008, "errmsg": f"no {command}"}

    def _respond(self, chat: str, body: Json) -> Json:
        if body["msgtype"] != "stream":
            return self._send(chat, body)
        stream = body["stream"]
        if len(stream["content"].encode()) > 20_480:
            return {"errcode": 45002, "errmsg": "content too long"}
        shown = next((one for one in self.shown if one.mark == stream["id"]), None)
        if shown is None:
            shown = Shown(self.made_id("m"), chat, "", stream["id"])
            self.shown.append(shown)
        elif shown.more["over"]:
            return {"errcode": 846605, "errmsg": "stream is finished"}
        shown.text, shown.more = stream["content"], {"over": stream["finish"], "edits": shown.more.get("edits", -1) + 1}
        return {"errcode": 0, "errmsg": "ok"}

    def _send(self, chat: str, body: Json) -> Json:
        shown = Shown(self.made_id("m"), chat, "", body["msgtype"])
        if body["msgtype"] == "markdown":
            shown.text = body["markdown"]["content"]
            if len(shown.text.encode()) > 20_480:
                return {"errcode": 45002, "errmsg": "content too long"}
        elif body["msgtype"] in ("image", "file", "video", "voice"):
            shown.text, shown.data = f"<{body['msgtype']}>", self.files[body[body["msgtype"]]["media_id"]]
        else:
            return {"errcode": 40008, "errmsg": "invalid message type"}
        self.shown.append(shown)
        return {"errcode": 0, "errmsg": "ok"}

    def do(self, request: Received) -> tuple[int, Any]:
        """Hand out a file."""
        data = self.downloads.get(request.path.removeprefix("/media/"))
        return (200, data) if data is not None else (404, b"")
