"""The service behind the example channel `postbox`, as `examples/plugins/postbox` describes it. `drop` and `fail` script what
goes wrong."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

TOKEN = "postbox-token-8d0b54c1"
LIMIT = 2000


@dataclass
class Fault:
    """What happens to the next message: an HTTP `status` (0: the line breaks). `taken`: it is shown nevertheless."""

    status: int
    taken: bool = False
    seconds: float = 0.0


class PostboxSimulator(LoopbackServer):
    """The service. `shown` is what people read: chat, text or `<file name>`."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.down = False
        self.confirmed = 0
        self.shown: list[tuple[str, str]] = []
        self.faults: deque[Fault] = deque()
        self._events: list[dict[str, Any]] = []
        self._files: dict[str, bytes] = {}
        self._ids: dict[str, str] = {}

    def say(self, text: str, sender: str, *, room: str = "", mention: bool = False, file: bytes | None = None) -> int:
        """Somebody writes. Returns the event's number."""
        number = len(self._events) + 1
        event: dict[str, Any] = {
            "n": number,
            "at": 1_700_000_000.0 + number,
            "from": {"id": sender, "name": sender.title()},
        }
        event |= {"room": room, "text": text, "mention": mention}
        if file is not None:
            self._files[f"f{number}"] = file
            event["file"] = {"id": f"f{number}", "name": "a.png", "type": "image/png", "size": len(file)}
        self._events.append(event)
        return number

    def texts(self, chat: str) -> list[str]:
        """What is to be read in a chat."""
        return [text for where, text in self.shown if where == chat]

    async def answer(self, request: Received, reply: Reply) -> None:
        """One request."""
        if self.down:
            reply.reset()
            return
        if request.headers.get("authorization") != f"Bearer {self.token}":
            await reply.whole(401, {"error": "no such token"})
        elif request.path == "/events":
            await self._tell(request, reply)
        elif request.path.startswith("/files/"):
            data = self._files.get(request.path.removeprefix("/files/"))
            await reply.whole(404 if data is None else 200, data or b"", {"content-type": "image/png"})
        elif request.path == "/messages" and request.method == "POST":
            await self._take(request.json, reply)
        else:
            await reply.whole(404, {"error": "no such path"})

    async def _tell(self, request: Received, reply: Reply) -> None:
        after = int(request.query["after"])
        self.confirmed = max(self.confirmed, after)
        for _ in range(int(request.query["wait"]) * 100):
            if len(self._events) > after or self.down or request.headers["authorization"] != f"Bearer {self.token}":
                break
            await asyncio.sleep(0.01)
        if self.down:
            reply.reset()
        elif request.headers["authorization"] != f"Bearer {self.token}":
            await reply.whole(401, {"error": "no such token any more"})
        else:
            await reply.whole(200, {"events": self._events[after:]})

    async def _take(self, message: dict[str, Any], reply: Reply) -> None:
        assert set(message) <= {"id", "to", "room", "text", "file"} and bool(message["to"]) != bool(message["room"]), (
            message
        )
        if known := self._ids.get(message["id"]):
            await reply.whole(200, {"id": known})
            return
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and not fault.taken:
            await self._refuse(fault, reply)
            return
        if len(message["text"]) > LIMIT:
            await reply.whole(413, {"limit": LIMIT})
            return
        own = self._ids[message["id"]] = f"m{len(self._ids) + 1}"
        chat, file = message["room"] or message["to"], message.get("file") or {}
        self.shown.append((chat, message["text"] or f"<{file['name']}>"))
        if file:
            base64.b64decode(file["data"], validate=True)
        if fault is not None:
            await self._refuse(fault, reply)
            return
        await reply.whole(200, {"id": own})

    async def _refuse(self, fault: Fault, reply: Reply) -> None:
        if fault.status == 0:
            reply.reset()
            return
        headers = {"retry-after": f"{fault.seconds:g}"} if fault.seconds else {}
        await reply.whole(fault.status, {"error": "as told"}, headers)
