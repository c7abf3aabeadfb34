"""Tencent's iLink bot service and its CDN on loopback, strict about what the published client sends (contracts/channels.md §1).

People act through `say`; `shown` is what their phones show. The recorded requests of Tencent's own client are accepted by it
(tests/adapters/channels/test_weixin_simulator.py), so that what it is strict about is what that client does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

Json = dict[str, Any]
TOKEN = "bot-tok-1"
BOT = "b0f5860fdecb@im.bot"
USER = "u123@im.wechat"


@dataclass
class Shown:
    """What a phone shows."""

    user: str
    text: str = ""
    kind: str = "text"
    name: str = ""
    data: bytes = b""
    client_id: str = ""


@dataclass
class Fault:
    """What happens to the next request of `name`: an HTTP status with a body, or a broken connection (0)."""

    name: str
    status: int
    body: bytes = b""
    taken: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """The request is not as the published client makes it: `(status, words)`."""


class WeixinSimulator(LoopbackServer):
    """One bot's service and CDN."""

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.tokens = {token}
        self.shown: list[Shown] = []
        self.typing: list[tuple[str, int]] = []
        self.tickets: dict[str, str] = {}
        self.notices: list[str] = []
        self.budget = 10
        self.window_open = True
        self.hold_seconds = 0.2
        self.start_seconds = 0.0
        """How long a `notifystart` takes before it counts."""
        self.starting = 0
        self.empty_success = False
        self.sign_in: deque[Json] = deque()
        self.codes = 0
        self.asked_codes: list[str] = []
        self.verified: list[str] = []
        self.stale_tokens_refused = False
        self.polls: list[str] = []
        self.confirmed = 0
        """How many messages the client has said that it has."""
        self.full_urls = False
        self.down = False
        """Whether connections break instead of being answered."""
        self.names = ("UP/{}+=", "DL/{}+=")
        """How places on the CDN are called, for uploads and downloads."""
        self._messages: list[Json] = []
        self._context: dict[str, str] = {}
        self._issued: dict[str, set[str]] = {}
        self._left: dict[str, int] = {}
        self._slots: dict[str, Json] = {}
        self._blobs: dict[str, tuple[bytes, bytes]] = {}
        """Bytes on the CDN with the key that they were declared with, by parameter."""
        self._uins: deque[str] = deque(maxlen=1)
        self._faults: deque[Fault] = deque()
        self._next = 2**53 + 1000
        self._news: asyncio.Event | None = None
        self._lock = threading.RLock()

    # ---- people

    def say(self, *items: Json | str, user: str = USER, **more: Any) -> Json:
        """Somebody writes; the bot may write again."""
        with self._lock:
            self._next += 1
            self._context[user] = f"CTX{self._next}"
            self._issued.setdefault(user, set()).add(self._context[user])
            self._left[user] = self.budget
            message: Json = {
                "seq": self._next - 2**53,
                "message_id": self._next,
                "from_user_id": user,
                "to_user_id": BOT,
                "client_id": "",
                "create_time_ms": 1_790_000_000_000 + self._next % 1000,
                "session_id": "s",
                "message_type": 1,
                "message_state": 2,
                "item_list": [
                    {"type": 1, "text_item": {"text": one}} if isinstance(one, str) else one for one in items
                ],
                "context_token": self._context[user],
                "a_field_of_the_future": {"x": 1},
                **more,
            }
            self._messages.append(message)
        self._wake()
        return message

    def answered_by(self, token: str, user: str = USER) -> None:
        """The bot may write to somebody with this context token."""
        self._context[user], self._left[user] = token, self.budget
        self._issued.setdefault(user, set()).add(token)

    @property
    def count(self) -> int:
        """How many messages there have been."""
        return len(self._messages)

    def context_of(self, user: str = USER) -> str:
        """The context token of somebody's newest message."""
        return self._context.get(user, "")

    def put_file(self, data: bytes, *, key_as: str = "hex", kind: int = 2, with_url: bool = False, **more: Any) -> Json:
        """A file that somebody sends: the item of the message."""
        key = hashlib.md5(data, usedforsecurity=False).digest()
        parameter = self.names[1].format(len(self._blobs))
        plain = key_as == "none"
        self._blobs[parameter] = (data if plain else encrypted(data, key), key)
        media: Json = {"encrypt_query_param": parameter, "encrypt_type": 1}
        if with_url:
            media["full_url"] = f"{self.url}/c2c/gone"
        field_name = {2: "image_item", 3: "voice_item", 4: "file_item", 5: "video_item"}[kind]
        content: Json = {"media": media, **more}
        if key_as == "hex":
            content["aeskey"] = key.hex()
        elif key_as == "raw":
            media["aes_key"] = base64.b64encode(key).decode()
        elif key_as == "hex64":
            media["aes_key"] = base64.b64encode(key.hex().encode()).decode()
        return {"type": kind, field_name: content}

    def go_down(self) -> None:
        """Break the connections, until `down` is taken back."""
        self.down = True
        self._wake()

    def repeat(self, message: Json) -> None:
        """Hand out a message again."""
        self._messages.append(message)
        self._wake()

    def fail(self, name: str, status: int, body: Any = b"", *, taken: bool = False, **headers: str) -> None:
        """The next request of `name` fails."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        self._faults.append(Fault(name, status, data, taken, headers))

    def texts(self, user: str = USER) -> list[str]:
        """What a person reads."""
        return [one.text or f"<{one.kind}:{one.name}>" for one in self.shown if one.user == user]

    async def until(self, condition: Callable[[WeixinSimulator], bool]) -> None:
        """Wait until it holds."""
        await self.journal.until(lambda _: condition(self))

    # ---- the service

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer one request."""
        if self.down:
            reply.reset()
            return
        name = urlsplit(request.path).path.removeprefix("/ilink/bot/").removeprefix("/c2c/")
        fault = next((one for one in self._faults if one.name == name), None)
        try:
            if request.path.startswith("/c2c/"):
                await self._cdn(name, request, reply, fault)
                return
            if fault is not None:
                self._faults.remove(fault)
                if fault.taken:
                    await self._do(name, request)
                if fault.status == 0:
                    reply.reset()
                else:
                    await reply.whole(fault.status, fault.body, fault.headers)
                return
            body = await self._do(name, request)
        except Wrong as error:
            status, words = error.args
            await reply.whole(status, {"ret": -1, "errmsg": words})
            return
        finally:
            self.journal.touch()
        if self.down:
            reply.reset()
        else:
            await reply.whole(200, b"" if body is None else body)

    def _headers(self, request: Received) -> None:
        headers = request.headers
        if headers.get("ilink-app-id") != "bot" or not headers.get("ilink-app-clientversion", "").isdigit():
            raise Wrong(400, "iLink-App headers")
        if request.method == "GET":
            if "authorization" in headers or "x-wechat-uin" in headers:
                raise Wrong(400, "a GET carries no credentials")
            return
        if headers.get("authorizationtype") != "ilink_bot_token" or headers.get("content-type") != "application/json":
            raise Wrong(400, "headers")
        uin = headers.get("x-wechat-uin", "")
        number = base64.b64decode(uin, validate=True).decode("ascii")
        if not number.isdigit() or int(number) >= 2**32:
            raise Wrong(400, "X-WECHAT-UIN")
        if uin in self._uins:
            raise Wrong(400, "X-WECHAT-UIN must be new in each request")
        self._uins.append(uin)

    async def _do(self, name: str, request: Received) -> Json | None:
        self._headers(request)
        if name == "get_qrcode_status":
            return await self._status(request)
        if name == "get_bot_qrcode":
            return self._code(request)
        if request.method != "POST":
            raise Wrong(405, "method")
        info = request.json.get("base_info")
        if not isinstance(info, dict) or not info.get("channel_version") or not info.get("bot_agent"):
            raise Wrong(400, "base_info")
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return {"errcode": -14, "errmsg": "session timeout"}
        handler = getattr(self, "_on_" + name.replace("msg/", ""), None)
        if handler is None:
            raise Wrong(404, "not found")
        result: Json | None = await handler(request.json)
        return result

    def _code(self, request: Received) -> Json:
        if request.query.get("bot_type") != "3":
            raise Wrong(400, "bot_type")
        tokens = request.json["local_token_list"]
        if "authorization" in request.headers or "base_info" in request.json:
            raise Wrong(400, "nobody is signed in yet")
        if self.stale_tokens_refused and tokens:
            return {"ret": -3, "errmsg": "invalid argument"}
        self.codes += 1
        return {
            "ret": 0,
            "qrcode": f"QR {self.codes}",
            "qrcode_img_content": f"https://liteapp.weixin.qq.com/q/{self.codes}",
        }

    async def _status(self, request: Received) -> Json:
        self.asked_codes.append(request.query["qrcode"])
        if "verify_code" in request.query:
            self.verified.append(request.query["verify_code"])
        if self.sign_in:
            answer = self.sign_in.popleft()
            if answer.get("status") == "confirmed" and answer.get("bot_token"):
                self.tokens = {answer["bot_token"]}
            return answer
        return {"status": "wait"}

    async def _on_notifystart(self, body: Json) -> Json:
        self.starting += 1
        self.journal.touch()
        await asyncio.sleep(self.start_seconds)
        self.notices.append("start")
        return {"ret": 0}

    async def _on_notifystop(self, body: Json) -> Json:
        self.notices.append("stop")
        return {"ret": 0}

    async def _on_getupdates(self, body: Json) -> Json:
        cursor = str(body["get_updates_buf"])
        self.polls.append(cursor)
        self.journal.touch()
        start = int(base64.b64decode(cursor)) if cursor else 0
        self.confirmed = max(self.confirmed, start)
        news = self._news = self._news or asyncio.Event()
        if len(self._messages) <= start:
            try:
                await asyncio.wait_for(news.wait(), self.hold_seconds)
            except TimeoutError:
                return {"ret": 0, "msgs": [], "get_updates_buf": "", "longpolling_timeout_ms": 35000}
        end = len(self._messages)
        return {
            "ret": 0,
            "msgs": self._messages[start:end],
            "get_updates_buf": base64.b64encode(str(end).encode()).decode(),
            "longpolling_timeout_ms": 35000,
        }

    def _wake(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            news.set()

    async def _on_sendmessage(self, body: Json) -> Json | None:
        message = body["msg"]
        user = message["to_user_id"]
        if (message["from_user_id"], message["message_type"], message["message_state"]) != ("", 2, 2):
            raise Wrong(400, "not a message of a bot's")
        if not message.get("client_id") or len(message["item_list"]) != 1:
            return {"ret": -3, "errmsg": "invalid argument"}
        if (
            message.get("context_token") not in self._issued.get(user, ())
            or not self.window_open
            or self._left.get(user, 0) <= 0
        ):
            return {"ret": -2, "errmsg": ""}
        self._left[user] -= 1
        (item,) = message["item_list"]
        if item["type"] == 1:
            shown = Shown(user, item["text_item"]["text"], client_id=message["client_id"])
        else:
            shown = self._file(user, item, message["client_id"])
        self.shown.append(shown)
        self._next += 1
        return None if self.empty_success else {"ret": 0, "message_id": self._next}

    def _file(self, user: str, item: Json, client_id: str) -> Shown:
        field_name, size_name = {
            2: ("image_item", "mid_size"),
            4: ("file_item", "len"),
            5: ("video_item", "video_size"),
        }[item["type"]]
        content = item[field_name]
        media = content["media"]
        data, key = self._blobs[media["encrypt_query_param"]]
        if media["encrypt_type"] != 1 or base64.b64decode(media["aes_key"]).decode() != key.hex():
            raise Wrong(400, "aes_key")
        plain = decrypted(data, key)
        said = content[size_name]
        if said != (str(len(plain)) if item["type"] == 4 else len(data)):
            raise Wrong(400, size_name)
        return Shown(user, "", field_name.removesuffix("_item"), content.get("file_name", ""), plain, client_id)

    async def _on_getuploadurl(self, body: Json) -> Json:
        if body["filesize"] != (body["rawsize"] // 16 + 1) * 16 or len(bytes.fromhex(body["aeskey"])) != 16:
            return {"ret": -3, "errmsg": "invalid argument"}
        if (
            len(bytes.fromhex(body["filekey"])) != 16
            or body["media_type"] not in (1, 2, 3, 4)
            or body["no_need_thumb"] is not True
        ):
            return {"ret": -3, "errmsg": "invalid argument"}
        parameter = self.names[0].format(len(self._slots))
        self._slots[parameter] = body
        if self.full_urls:
            from urllib.parse import quote

            return {
                "ret": 0,
                "upload_full_url": f"{self.url}/c2c/upload?encrypted_query_param={quote(parameter, safe='')}&filekey={body['filekey']}",
            }
        return {"ret": 0, "upload_param": parameter}

    async def _on_getconfig(self, body: Json) -> Json:
        user = body["ilink_user_id"]
        return {"ret": 0, "typing_ticket": self.tickets.setdefault(user, base64.b64encode(user.encode()).decode())}

    async def _on_sendtyping(self, body: Json) -> Json:
        user = body["ilink_user_id"]
        if body["typing_ticket"] != self.tickets.get(user) or body["status"] not in (1, 2):
            return {"ret": -3, "errmsg": "invalid ticket"}
        self.typing.append((user, body["status"]))
        return {"ret": 0}

    # ---- the CDN

    async def _cdn(self, name: str, request: Received, reply: Reply, fault: Fault | None) -> None:
        if "authorization" in request.headers:
            raise Wrong(400, "the CDN takes no credentials")
        if fault is not None:
            self._faults.remove(fault)
            await reply.whole(
                fault.status, fault.body, {name.replace("_", "-"): value for name, value in fault.headers.items()}
            )
            return
        query = request.query or {key: values[0] for key, values in parse_qs(urlsplit(request.path).query).items()}
        parameter = query.get("encrypted_query_param", "")
        if name == "download":
            if parameter not in self._blobs:
                await reply.whole(404, b"", {"x-error-message": "no such file"})
            else:
                await reply.whole(200, self._blobs[parameter][0], {"content-type": "application/octet-stream"})
            return
        slot = self._slots.pop(parameter, None)
        if name != "upload" or slot is None or slot["filekey"] != query.get("filekey"):
            await reply.whole(400, b"", {"x-error-message": "bad upload parameter"})
            return
        key = bytes.fromhex(slot["aeskey"])
        plain = decrypted(request.body, key)
        if (
            len(request.body) != slot["filesize"]
            or hashlib.md5(plain, usedforsecurity=False).hexdigest() != slot["rawfilemd5"]
        ):
            await reply.whole(400, b"", {"x-error-message": "bytes differ from what was declared"})
            return
        stored = self.names[1].format(len(self._blobs))
        self._blobs[stored] = (request.body, key)
        await reply.whole(200, b"", {"x-encrypted-param": stored})


def encrypted(data: bytes, key: bytes) -> bytes:
    """AES-128-ECB with PKCS7, by the library's own padding."""
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def decrypted(data: bytes, key: bytes) -> bytes:
    """The other way. Raises `ValueError`."""
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
