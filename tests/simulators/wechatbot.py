"""wechatbot-webhook 2.8 on loopback, with its habits: everything wants `?token=`; people are found by remark or name, never by id;
one bad item in a batch stops the batch; an answer without `data` in the request ends in a 500; a friend is accepted by
`success: true`; nothing is posted twice.

`post` builds what the bridge posts, with npm `form-data`'s way of drawing boundaries; a test hands it to the gateway by
`deliver` (over HTTP, as the bridge does) or to a channel.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from crawdad.wire.media.multipart import Form, read_form
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import PATIENCE

Json = dict[str, Any]
TOKEN = "bridge&tok#en"  # has to be escaped in an address
BOT = "Claw"


@dataclass(frozen=True)
class Contact:
    """Somebody the account knows. `id` is another after each sign-in."""

    name: str
    alias: str = ""
    id: str = ""

    @property
    def payload(self) -> Json:
        """As a message shows them."""
        shown = {"id": self.id or f"@{self.name.lower()}0", "name": self.name, "alias": self.alias}
        return {**shown, "avatar": "http://avatars/x", "friend": True, "gender": 0, "type": 1}


@dataclass(frozen=True)
class Post:
    """What the bridge posts."""

    body: bytes
    media_type: str


@dataclass
class Fault:
    """What becomes of the next sends: `reset` (no answer), `failed` (WeChat did not take it), `rejected`, `busy` (HTTP 500) or
    `logged_out`. `taken`: it is there nevertheless."""

    what: str
    taken: bool = False


class WechatbotSimulator(LoopbackServer):
    """One bridge, with one account."""

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.signed_in = True
        self.down = False
        self.code = "https://login.weixin.qq.com/l/abc=="
        self.contacts = [Contact(name, f"r-{name}") for name in ("Ann", "Bob", "Cid", "Dee", "Eve")]
        self.contacts.append(Contact("Nameless"))
        self.rooms = ["The group"]
        self.shown: list[tuple[str, str, bytes]] = []
        """To whom (`alias:…`, a name, or `#topic`), which words or file name, and the file's bytes."""
        self.faults: deque[Fault] = deque()
        self.friends: list[str] = []
        """Who was accepted."""
        self.events: deque[tuple[str, str]] = deque()
        """What `/sse` tells before it repeats the code."""

    # ---- what the bridge posts

    def post(
        self,
        kind: str,
        content: str | bytes,
        *,
        sender: Contact | None = None,
        room: str = "",
        name: str = "a.png",
        media_type: str = "image/png",
        boundary: str = "",
        **more: str,
    ) -> Post:
        """A message or system event as a form. `more` replaces fields."""
        members = [{"id": one.payload["id"], "name": one.name, "alias": one.alias} for one in self.contacts]
        group = {"id": "@@room1", "payload": {"id": "@@room1", "topic": room, "adminIdList": [], "memberList": members}}
        source: Json = {"room": group if room else {}, "to": {}, "from": {}}
        if sender is not None:
            source["from"] = {"id": sender.payload["id"], "payload": sender.payload, "_events": {}}
            source["to"] = {} if room else {"payload": {"name": BOT}}
        fields = {
            "source": orjson.dumps(source).decode(),
            "isSystemEvent": "1" if kind.startswith("system_event_") else "0",
            "isMentioned": "0",
            "isMsgFromSelf": "0",
            "type": kind,
            **more,
        }
        line = f"--{boundary or '-' * 26 + str(secrets.randbelow(10**24)).zfill(24)}"
        pieces = [
            f'{line}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'{line}\r\nContent-Disposition: form-data; name="content"'
        if isinstance(content, bytes):
            head += f'; filename="{name}"\r\nContent-Type: {media_type}'
        data = content if isinstance(content, bytes) else content.encode()
        pieces += [f"{head}\r\n\r\n".encode(), data, f"\r\n{line}--\r\n".encode()]
        return Post(b"".join(pieces), f"multipart/form-data; boundary={line[2:]}")

    def text(self, words: str, *, sender: str = "Ann", room: str = "", **more: str) -> Post:
        """Somebody writes."""
        return self.post("text", words, sender=self.contact(sender), room=room, **more)

    def friendship(self, name: str, hello: str = "hi") -> Post:
        """Somebody wants to be a friend."""
        return self.post("friendship", orjson.dumps({"name": name, "hello": hello}).decode())

    def system(self, event: str, name: str = BOT) -> Post:
        """Somebody signed in or out."""
        content = {"event": event, "user": {"payload": {"name": name}}}
        return self.post(f"system_event_{event}", orjson.dumps(content).decode())

    def contact(self, name: str) -> Contact:
        """Somebody by name."""
        return next(one for one in self.contacts if one.name == name)

    def deliver(self, url: str, post: Post) -> httpx.Response:
        """Post it, once, and do what the answer says."""
        answer = httpx.post(url, content=post.body, headers={"content-type": post.media_type}, timeout=PATIENCE)
        if answer.status_code == 200:
            self.heed(post, answer.json())
        return answer

    def heed(self, post: Post, told: Json) -> None:
        """What the bridge does with an answer: friends are accepted, and `data` is said."""
        form = read_form(post.body, post.media_type)
        if form.get("type") == "friendship" and told.get("success") is True:
            self.friends.append(str(orjson.loads(form.get("content") or "{}")["name"]))
        elif told.get("success") is True and told.get("data") is not None:
            self.shown.append(("quick", orjson.dumps(told["data"]).decode(), b""))
        self.journal.touch()

    def texts(self, to: str) -> list[str]:
        """What is to be read in a chat of the account's."""
        return [f"<{words}>" if data else words for whom, words, data in list(self.shown) if whom == to]

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Block until it holds; it is looked at whenever something was asked."""
        self.journal.wait(lambda _: condition(), seconds)

    # ---- what the bridge answers

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer as the bridge does."""
        try:
            if self.down:
                reply.reset()
            elif request.query.get("token") != self.token:
                await reply.whole(401, {"success": False, "message": "Unauthorized: Access is denied due to bad token"})
            elif request.path == "/sse":
                await self._sse(reply)
            else:
                await self._answered(request, reply)
        finally:
            self.journal.touch()

    async def _answered(self, request: Received, reply: Reply) -> None:
        match request.method, request.path:
            case "GET", "/healthz":
                await reply.whole(200, b"healthy" if self.signed_in else b"unHealthy", {"content-type": "text/plain"})
            case "GET", "/login" if self.signed_in:
                await reply.whole(200, {"success": True, "message": f"Contact<{BOT}>is already login"})
            case "GET", "/login":
                await reply.whole(200, b"<!DOCTYPE html><title>login</title>", {"content-type": "text/html"})
            case "POST", "/webhook/msg/v2":
                await self._send(request, reply, self._second(request))
            case "POST", "/webhook/msg":
                await self._send(request, reply, self._first(request))
            case _:
                await reply.whole(404, b"404 Not Found", {"content-type": "text/plain"})

    async def _sse(self, reply: Reply) -> None:
        await reply.begin(200, {"content-type": "text/event-stream"})
        while self.events:
            name, data = self.events.popleft()
            await reply.send(f"event: {name}\ndata: {data}\n\n".encode())
        name, data = ("login", BOT) if self.signed_in else ("qrcode", self.code)
        await reply.send(f"event: {name}\ndata: {data}\n\n".encode())
        await reply.end()

    async def _send(self, request: Received, reply: Reply, send: Callable[[], tuple[int, Json]]) -> None:
        fault = self.faults.popleft() if self.faults else None
        if not self.signed_in or (fault is not None and fault.what == "logged_out"):
            await reply.whole(401, {"success": False, "message": "you must login first"})
            return
        if fault is not None:
            if fault.taken:
                send()
            if fault.what == "reset":
                reply.reset()
                return
            if fault.what == "busy":
                await reply.whole(500, {"success": False, "message": "Unknown Server Error"})
                return
            await reply.whole(200, self._not_sent(request, rejected=fault.what == "rejected"))
            return
        try:
            status, body = send()
        except (KeyError, AttributeError, TypeError):  # as its own handler fails, without `data` say
            await reply.whole(500, b"Internal Server Error", {"content-type": "text/plain"})
            return
        await reply.whole(status, body)

    def _not_sent(self, request: Received, *, rejected: bool) -> Json:
        if rejected:
            return _told([], 1, reject=[{"to": "x", "error": "params is not valid"}])
        if request.path == "/webhook/msg":
            return {"success": False, "message": "Message sent failed", "error": "1205"}
        body = request.json
        failed = {"to": body["to"], "data": [{**body["data"], "error": "1205"}]}
        return _told([], 1, sent_failed=[failed])

    def _second(self, request: Received) -> Callable[[], tuple[int, Json]]:
        def send() -> tuple[int, Json]:
            try:
                body = request.json
            except ValueError:
                return 200, {"success": False, "message": "request body is not a valid json! checkout please."}
            items = body if isinstance(body, list) else [body]
            rejected = [one for item in items if (one := self._rejected(item))]
            count = sum(len(item["data"]) if isinstance(item["data"], list) else 1 for item in items)
            if rejected:
                return 200, _told([], count, reject=rejected)
            sent: list[str] = []
            missing: list[Json] = []
            for item in items:
                found = self._found(item["to"], item.get("isRoom") is True)
                words = item["data"] if isinstance(item["data"], list) else [item["data"]]
                if found is None:
                    kind = "Room" if item.get("isRoom") else "User"
                    missing.append({"to": item["to"], "error": f"{kind} is not found", "data": item["data"]})
                    continue
                for one in words:
                    sent.append(found)
                    self.shown.append((found, one["content"], b""))
            return 200, _told(sent, count, not_found=missing)

        return send

    def _rejected(self, item: Json) -> Json | None:
        to, room = item.get("to"), item.get("isRoom", False)
        if not isinstance(to, (str, dict)) or not to or not isinstance(room, bool):
            return {"to": to, "error": "to is not valid"}
        if room and isinstance(to, dict):
            return {"to": to, "isRoom": room, "error": "群名只支持群昵称"}
        for one in item["data"] if isinstance(item["data"], list) else [item["data"]]:
            if one.get("type", "text") not in ("text", "fileUrl") or not isinstance(one.get("content"), str):
                return {"to": to, "isRoom": room, "data": [{**one, "error": "type or content is not valid"}]}
            if not one["content"]:
                return {"to": to, "isRoom": room, "data": [{**one, "error": "content 不能为空"}]}
        return None

    def _found(self, to: str | Json, room: bool) -> str | None:
        if room:
            return f"#{to}" if to in self.rooms else None
        if isinstance(to, dict):
            known = next((one for one in self.contacts if one.alias and one.alias == to.get("alias")), None)
            return f"alias:{known.alias}" if known else None
        named = next((one for one in self.contacts if one.name == to), None)
        if named is None:
            return None
        return f"alias:{named.alias}" if named.alias else named.name

    def _first(self, request: Received) -> Callable[[], tuple[int, Json]]:
        def send() -> tuple[int, Json]:
            form: Form = read_form(request.body, request.headers.get("content-type", ""))
            file, to = form.file("content"), form.get("to") or ""
            if file is None or not file.data or not to or form.get("isRoom") not in ("0", "1"):
                return 200, {"success": False, "message": "[content] params is not valid"}
            whom = orjson.loads(to) if to.startswith("{") else to
            found = self._found(whom, form.get("isRoom") == "1")
            if found is None:
                kind = "Room" if form.get("isRoom") == "1" else "User"
                return 200, {"success": False, "message": f"{kind} is not found"}
            self.shown.append((found, file.name, file.data))
            return 200, {"success": True, "message": "Message sent successfully"}

        return send


def _told(
    sent: list[str],
    count: int,
    *,
    reject: list[Json] | None = None,
    not_found: list[Json] | None = None,
    sent_failed: list[Json] | None = None,
) -> Json:
    task = {
        "successCount": len(sent),
        "totalCount": count,
        "failedCount": count - len(sent),
        "reject": reject or [],
        "sentFailed": sent_failed or [],
        "notFound": not_found or [],
    }
    if reject:
        message = "Some params is not valid, sending task is suspend"
    elif len(sent) == count:
        message = "Message sent successfully"
    else:
        message = f"All Messages ({count}) sent failed" if not sent else "Part of the message sent successfully"
    return {"success": bool(sent), "message": message, "task": task}
