"""DingTalk on loopback: the stream with its tickets and acknowledgements, webhooks of conversations, the open interface, files.

DingTalk's own client (`dingtalk-stream`) was run against it. People act through `say`; `shown` is what stands in a chat.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection

from crawdad.wire.media.multipart import read_form
from tests.simulators.sockets import Json, Shown, SocketSimulator
from tests.support.upstreams.loopback import Received

CLIENT_ID = "dingabc123"
SECRET = "ding-secret-90ab"
PERSON = "staff501"
GROUP = "cidGroup900=="
BOT = "$:LWCP_v1:$bot"
MESSAGES = "/v1.0/im/bot/messages/get"


class DingTalkSimulator(SocketSimulator):
    """One app at the platform."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.tokens: set[str] = set()
        self.tokens_made = 0
        self.tickets: set[str] = set()
        self.acknowledged: list[tuple[str, int]] = []
        self.pongs: list[str] = []
        self.webhooks: dict[str, str] = {}
        """The conversation of each webhook that holds."""
        self.files: dict[str, bytes] = {}
        self.now_ms = 1_790_000_000_000
        self.webhooks_end_ms = 4_000_000_000_000
        self.redelivers = True
        self.subscriptions: list[Json] = []

    # ---- people

    def say(
        self,
        text: str = "",
        *,
        sender: str = PERSON,
        group: str = "",
        named: bool = True,
        kind: str = "text",
        content: Json | None = None,
    ) -> Json:
        """Somebody writes to the robot, or in a group."""
        conversation = group or f"cid-{sender}=="
        session = self.made_id("session")
        self.webhooks[session] = group or sender
        message: Json = {
            "conversationId": conversation,
            "chatbotCorpId": "corp",
            "chatbotUserId": BOT,
            "msgId": self.made_id("msg"),
            "senderNick": f"N-{sender}",
            "isAdmin": False,
            "senderStaffId": sender,
            "senderId": f"$:LWCP_v1:${sender}",
            "senderCorpId": "corp",
            "sessionWebhook": f"{self.url}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": self.webhooks_end_ms,
            "createAt": self.now_ms,
            "conversationType": "2" if group else "1",
            "robotCode": CLIENT_ID,
            "msgtype": kind,
        }
        if group:
            message |= {"conversationTitle": "The group", "isInAtList": named}
            message["atUsers"] = [{"dingtalkId": BOT}] if named else []
        if kind == "text":
            message["text"] = {"content": f" {text}" if named and group else text}
        else:
            message["content"] = content or {}
        self.deliver(message)
        return message

    def put_file(self, data: bytes) -> str:
        """A file that a message may name, by its download code."""
        code = self.made_id("code")
        self.files[code] = data
        return code

    def deliver(self, message: Json) -> None:
        """Push a message as it stands; it waits while nobody is connected."""
        frame = self.frame("CALLBACK", MESSAGES, orjson.dumps(message).decode())
        self.push_until_acknowledged(frame["headers"]["messageId"], frame)

    def frame(self, kind: str, topic: str, data: str) -> Json:
        """A frame of the stream."""
        headers = {
            "appId": CLIENT_ID,
            "connectionId": "c1",
            "contentType": "application/json",
            "messageId": self.made_id("frame"),
            "time": str(self.now_ms),
            "topic": topic,
        }
        return {"specVersion": "1.0", "type": kind, "headers": headers, "data": data}

    def redeliver(self) -> None:
        """Push again what was not acknowledged."""
        for frame in list(self.unacknowledged.values()):
            self.push(partial(dict, frame))

    def waits(self, message_id: str) -> bool:
        """Whether a message was not acknowledged yet."""
        return any(orjson.loads(one["data"])["msgId"] == message_id for one in self.unacknowledged.values())

    def ping(self, opaque: str) -> None:
        """Ask whether somebody is there."""
        self.push(lambda: self.frame("SYSTEM", "ping", orjson.dumps({"opaque": opaque}).decode()))

    def disconnect(self) -> None:
        """Ask to connect anew."""
        self.push(lambda: self.frame("SYSTEM", "disconnect", orjson.dumps({"reason": "persistent"}).decode()))

    # ---- the stream

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one stream."""
        assert socket.request is not None
        ticket = parse_qs(urlsplit(socket.request.path).query).get("ticket", [""])[0]
        if ticket not in self.tickets:
            await socket.close(4001)
            return
        self.tickets.remove(ticket)
        for frame in self.waiting_for(socket):
            await socket.send(orjson.dumps(frame).decode())
        async for raw in socket:
            answer = orjson.loads(raw)
            identity = answer["headers"]["messageId"]
            assert isinstance(answer["data"], str) and answer["headers"]["contentType"] == "application/json"
            if "opaque" in orjson.loads(answer["data"]):
                self.pongs.append(orjson.loads(answer["data"])["opaque"])
            else:
                self.acknowledged.append((identity, answer["code"]))
                if answer["code"] == 200:
                    self.unacknowledged.pop(identity, None)
                elif self.redelivers and self._loop is not None:
                    self._loop.call_later(0.05, self.redeliver)
            self.journal.touch()

    # ---- the interfaces

    def do(self, request: Received) -> tuple[int, Any]:
        """Answer one request."""
        if request.path == "/v1.0/gateway/connections/open":
            body = request.json
            if (body.get("clientId"), body.get("clientSecret")) != (CLIENT_ID, self.secret):
                return 401, {"code": "authFailed", "message": "鉴权失败"}
            self.subscriptions = body["subscriptions"]
            assert any(one == {"type": "CALLBACK", "topic": MESSAGES} for one in self.subscriptions)
            ticket = self.made_id("ticket-")
            self.tickets.add(ticket)
            return 200, {"endpoint": f"{self.socket_url}/connect", "ticket": ticket}
        if request.path == "/v1.0/oauth2/accessToken":
            if (request.json.get("appKey"), request.json.get("appSecret")) != (CLIENT_ID, self.secret):
                return 400, {"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret"}
            self.tokens_made += 1
            token = f"at-{self.tokens_made}"
            self.tokens.add(token)
            return 200, {"accessToken": token, "expireIn": 7200}
        if request.path == "/robot/sendBySession":
            chat = self.webhooks.get(request.query.get("session", ""))
            if chat is None:
                return 200, {"errcode": 300001, "errmsg": "session is not exist"}
            assert request.json["msgtype"] == "markdown" and request.json["markdown"]["title"]
            self.shown.append(Shown(self.made_id("S"), chat, request.json["markdown"]["text"], "webhook"))
            return 200, {"errcode": 0, "errmsg": "ok"}
        if request.path.startswith("/files/"):
            return 200, self.files[request.path.removeprefix("/files/")]
        return self._authorised(request)

    def _authorised(self, request: Received) -> tuple[int, Any]:
        if request.path == "/media/upload":
            if request.query.get("access_token") not in self.tokens:
                return 200, {"errcode": 40014, "errmsg": "invalid access_token"}
            file = read_form(request.body, request.headers["content-type"]).file("media")
            assert file is not None and request.query["type"] in ("image", "file")
            media = f"@{self.made_id('media')}"
            self.files[media] = file.data
            return 200, {"errcode": 0, "errmsg": "ok", "media_id": media, "type": request.query["type"]}
        if request.headers.get("x-acs-dingtalk-access-token") not in self.tokens:
            return 400, {"code": "InvalidAuthentication", "message": "不合法的access_token"}
        body = request.json
        if request.path == "/v1.0/robot/messageFiles/download":
            if body["downloadCode"] not in self.files or body["robotCode"] != CLIENT_ID:
                return 400, {"code": "invalidDownloadCode", "message": "no such file"}
            return 200, {"downloadUrl": f"{self.url}/files/{body['downloadCode']}"}
        if request.path == "/v1.0/robot/oToMessages/batchSend":
            assert len(body["userIds"]) == 1
            return self._robot(body, str(body["userIds"][0]))
        if request.path == "/v1.0/robot/groupMessages/send":
            return self._robot(body, str(body["openConversationId"]))
        return 404, {"code": "InvalidAction.NotFound", "message": request.path}

    def _robot(self, body: Json, chat: str) -> tuple[int, Any]:
        if body["robotCode"] != CLIENT_ID:
            return 400, {"code": "resource.not.found", "message": "robot 不存在"}
        values = orjson.loads(body["msgParam"])
        shown = Shown(self.made_id("K"), chat, "", body["msgKey"])
        match body["msgKey"]:
            case "sampleMarkdown":
                shown.text = values["text"]
                assert values["title"]
            case "sampleImageMsg":
                shown.text, shown.data = "<image>", self.files[values["photoURL"]]
            case "sampleFile":
                shown.text, shown.data = f"<{values['fileName']}>", self.files[values["mediaId"]]
            case _:
                return 400, {"code": "param.error", "message": "msgKey"}
        self.shown.append(shown)
        return 200, {"processQueryKey": shown.id, "invalidStaffIdList": [], "flowControlledStaffIdList": []}
