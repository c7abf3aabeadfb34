"""Slack on loopback: the web interface, and socket mode with its acknowledgements.

Slack's own client (`slack-sdk`) was run against it. People act through `say` and `press`; `shown` is what stands in a channel.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection

from tests.simulators.sockets import Json, Shown, SocketSimulator
from tests.support.upstreams.loopback import Received

BOT_TOKEN, APP_TOKEN = "xoxb-simulated-1f2e", "xapp-simulated-3d4c"
BOT, BOT_ID = "U0BOT", "B0BOT"
PERSON = "U0501"
ROOM = "C0900"


def room_of(person: str) -> str:
    """The channel of somebody's direct chat."""
    return f"D{person[1:]}"


class SlackSimulator(SocketSimulator):
    """One app at Slack."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.app_token = BOT_TOKEN, APP_TOKEN
        self.tickets: set[str] = set()
        self.acknowledged: list[str] = []
        self.names = {PERSON: "Ann"}
        self.files: dict[str, bytes] = {}
        self.lengths: dict[str, int] = {}
        self.reactions: set[tuple[str, str]] = set()
        self.redeliver_seconds: float | None = None
        """How long an envelope may stay unacknowledged before it comes again."""
        self._stamp = 1_795_953_600_000_000

    def stamp(self) -> str:
        """A fresh `ts`."""
        with self._lock:
            self._stamp += 1000
            return f"{self._stamp // 1_000_000}.{self._stamp % 1_000_000:06}"

    # ---- people

    def say(
        self,
        text: str,
        *,
        sender: str = PERSON,
        room: str = "",
        thread: str = "",
        picture: bytes | None = None,
        **more: Any,
    ) -> Json:
        """Somebody writes to the bot (`room` empty) or in a room."""
        event: Json = {
            "type": "message",
            "user": sender,
            "text": text,
            "ts": self.stamp(),
            "channel": room or room_of(sender),
            "channel_type": "channel" if room else "im",
            **more,
        }
        event["event_ts"] = event["ts"]
        if thread:
            event["thread_ts"] = thread
        if picture is not None:
            name = self.made_id("F")
            self.files[name] = picture
            url = f"{self.url}/api/file/{name}"
            event["subtype"] = "file_share"
            event["files"] = [
                {
                    "id": name,
                    "name": "a.png",
                    "mimetype": "image/png",
                    "size": len(picture),
                    "url_private_download": url,
                }
            ]
        return self.happen(event)

    def happen(self, event: Json) -> Json:
        """An event, in an envelope."""
        payload = {
            "token": "t",
            "team_id": "T1",
            "api_app_id": "A1",
            "event": event,
            "type": "event_callback",
            "event_id": self.made_id("Ev"),
            "event_time": 1_795_953_600,
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
        }
        return self.envelope("events_api", payload)

    def press(self, value: str, *, sender: str = PERSON, room: str = "", message: str = "1.0") -> Json:
        """Somebody presses a button."""
        stamp = self.stamp()
        payload = {
            "type": "block_actions",
            "user": {"id": sender, "username": "ann", "name": "ann", "team_id": "T1"},
            "channel": {"id": room or room_of(sender), "name": "x"},
            "message": {"ts": message},
            "actions": [{"action_id": "button_0", "type": "button", "value": value, "action_ts": stamp}],
        }
        return self.envelope("interactive", payload)

    def envelope(self, kind: str, payload: Json) -> Json:
        """Something that is to be acknowledged."""
        made = {
            "envelope_id": self.made_id("env-"),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind == "interactive",
        }
        self.deliver(made)
        return made

    def deliver(self, envelope: Json) -> None:
        """Push an envelope as it stands; it waits while nobody is connected."""
        self.push_until_acknowledged(envelope["envelope_id"], envelope)
        if self.redeliver_seconds is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._look_again, envelope)

    def _look_again(self, envelope: Json) -> None:
        assert self._loop is not None and self.redeliver_seconds is not None

        def again() -> None:
            if self.waits(envelope["envelope_id"]):
                self.deliver({**envelope, "retry_attempt": int(envelope.get("retry_attempt") or 0) + 1})

        self._loop.call_later(self.redeliver_seconds, again)

    def waits(self, envelope_id: str) -> bool:
        """Whether an envelope was not acknowledged yet."""
        return envelope_id in self.unacknowledged

    def ask_to_connect_anew(self) -> None:
        """As Slack does every few hours."""
        self.push(lambda: {"type": "disconnect", "reason": "refresh_requested"})

    # ---- the socket

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one socket."""
        assert socket.request is not None
        ticket = parse_qs(urlsplit(socket.request.path).query).get("ticket", [""])[0]
        if ticket not in self.tickets:
            await socket.close(1008)
            return
        self.tickets.remove(ticket)
        hello = {
            "type": "hello",
            "num_connections": 1,
            "connection_info": {"app_id": "A1"},
            "debug_info": {"host": "h"},
        }
        await socket.send(orjson.dumps(hello).decode())
        for envelope in self.waiting_for(socket):
            await socket.send(orjson.dumps(envelope).decode())
        async for raw in socket:
            identity = orjson.loads(raw)["envelope_id"]
            self.acknowledged.append(identity)
            self.unacknowledged.pop(identity, None)
            self.journal.touch()

    # ---- the interface

    def do(self, request: Received) -> tuple[int, Any]:
        """Answer one request."""
        method = request.path.removeprefix("/api/")
        if method.startswith("upload/"):
            name = method.removeprefix("upload/")
            if len(request.body) != self.lengths[name]:
                return 400, b"wrong length"
            self.files[name] = request.body
            return 200, b"OK"
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer != (self.app_token if method == "apps.connections.open" else self.token):
            return 200, {"ok": False, "error": "invalid_auth"}
        if method.startswith("file/"):
            data = self.files.get(method.removeprefix("file/"))
            return (200, data) if data is not None else (404, b"")
        by_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        if by_form or not request.body:
            body = {**request.query, **{key: values[0] for key, values in parse_qs(request.body.decode()).items()}}
        else:
            body = request.json
        result = self._call(method, body)
        return 200, result if "ok" in result else {"ok": True, **result}

    def _call(self, method: str, body: Json) -> Json:
        match method:
            case "auth.test":
                return {"user_id": BOT, "bot_id": BOT_ID, "team_id": "T1", "team": "Team", "user": "claw"}
            case "apps.connections.open":
                ticket = self.made_id("ticket")
                self.tickets.add(ticket)
                return {"url": f"{self.socket_url}/link/?ticket={ticket}&app_id=A1"}
            case "users.info":
                name = self.names.get(body["user"])
                if name is None:
                    return {"ok": False, "error": "user_not_found"}
                return {"user": {"id": body["user"], "name": name.lower(), "profile": {"display_name": name}}}
            case "conversations.open":
                return {"channel": {"id": room_of(str(body["users"]))}}
            case "chat.postMessage":
                return self._message(body)
            case "chat.update":
                shown = self._find(body["ts"])
                if shown is None:
                    return {"ok": False, "error": "message_not_found"}
                shown.text = str(body.get("markdown_text") or body.get("text"))
                return {"channel": body["channel"], "ts": body["ts"]}
            case "chat.delete":
                shown = self._find(body["ts"])
                if shown is not None:
                    self.shown.remove(shown)
                return {}
            case "reactions.add":
                self.reactions.add((body["timestamp"], body["name"]))
                return {}
            case "reactions.remove":
                self.reactions.discard((body["timestamp"], body["name"]))
                return {}
            case "files.getUploadURLExternal":
                name = self.made_id("F")
                self.lengths[name] = int(body["length"])
                return {"upload_url": f"{self.url}/api/upload/{name}", "file_id": name}
            case "files.completeUploadExternal":
                files = orjson.loads(body["files"]) if isinstance(body["files"], str) else body["files"]
                (file,) = files
                text = str(body.get("initial_comment") or "<file>")
                shown = Shown(self.stamp(), str(body["channel_id"]), text, data=self.files[file["id"]])
                shown.parent, shown.more = str(body.get("thread_ts") or ""), {"title": file.get("title")}
                self.shown.append(shown)
                return {"files": [{"id": file["id"]}]}
        return {"ok": False, "error": "unknown_method"}

    def _find(self, stamp: str) -> Shown | None:
        return next((one for one in self.shown if one.id == stamp), None)

    def _message(self, body: Json) -> Json:
        if "markdown_text" in body and ("blocks" in body or "text" in body):
            return {"ok": False, "error": "markdown_text_conflict"}
        text = str(body.get("markdown_text") or "")
        for block in body.get("blocks") or ():
            if block["type"] == "markdown":
                text = block["text"]
        text = text or str(body.get("text") or "")
        if not text:
            return {"ok": False, "error": "no_text"}
        if len(text) > 12_000:
            return {"ok": False, "error": "msg_too_long"}
        channel = str(body["channel"])
        channel = room_of(channel) if channel.startswith("U") else channel
        shown = Shown(self.stamp(), channel, text, parent=str(body.get("thread_ts") or ""), more={"body": body})
        self.shown.append(shown)
        return {"channel": channel, "ts": shown.id, "message": {"text": text, "ts": shown.id, "user": BOT}}
