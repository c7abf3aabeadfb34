"""Discord on loopback: the interface with its rate limits and nonces, and the gateway with its sessions.

`discord.py` was run against it. People act through `say` and `press`; `shown` is what stands in a channel.
"""

from __future__ import annotations

from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection

from crawdad.wire.media.multipart import read_form
from tests.simulators.sockets import Json, Shown, SocketSimulator
from tests.support.upstreams.loopback import Received

TOKEN = "discord-token-77c1"
BOT_ID = "9001"
PERSON = "501"
GUILD, ROOM = "800", "900"
API = "/api/v10"
_NEEDED = 1 << 9 | 1 << 12 | 1 << 15


def user(identity: str, name: str = "", *, bot: bool = False) -> Json:
    """A whole user, as clients want it."""
    shown = {"username": name or f"p{identity}", "discriminator": "0", "global_name": name or None, "avatar": None}
    return {"id": identity, "bot": bot, **shown}


def room_of(person: str) -> str:
    """The channel of somebody's direct chat."""
    return str(70_000_000 + int(person))


class DiscordSimulator(SocketSimulator):
    """One bot at Discord."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.heartbeat_seconds = 40.0
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.events: list[Json] = []
        self.session = ""
        self.allowed_intents = (1 << 26) - 1
        self.files: dict[str, bytes] = {}
        self.reactions: set[tuple[str, str]] = set()
        self.typings: list[str] = []
        self.pressed: list[str] = []
        self._snowflake = 1_300_000_000_000_000_000

    def snowflake(self) -> str:
        """A fresh id."""
        with self._lock:
            self._snowflake += 1
            return str(self._snowflake)

    # ---- people

    def say(
        self, text: str, *, sender: str = PERSON, room: str = "", picture: bytes | None = None, **more: Any
    ) -> Json:
        """Somebody writes to the bot (`room` empty) or in a room of the guild."""
        data: Json = {
            "id": self.snowflake(),
            "type": 0,
            "channel_id": room or room_of(sender),
            "author": user(sender),
            "content": text,
            "timestamp": "2026-11-29T12:00:00.000000+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [user(BOT_ID, "Claw", bot=True)] if f"<@{BOT_ID}>" in text else [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            **more,
        }
        if room:
            data |= {"guild_id": GUILD, "member": {"nick": None, "roles": ["7"], "joined_at": None}}
        if picture is not None:
            name = self.made_id("file")
            self.files[name] = picture
            url = f"{self.url}{API}/files/{name}"
            found = {"id": self.snowflake(), "filename": "a.png", "content_type": "image/png", "size": len(picture)}
            data["attachments"] = [{**found, "url": url, "proxy_url": url, "width": 1, "height": 1}]
        return self.happen("MESSAGE_CREATE", data)

    def press(self, value: str, *, sender: str = PERSON, room: str = "", message: str = "1") -> Json:
        """Somebody presses a button."""
        data: Json = {
            "id": self.snowflake(),
            "type": 3,
            "token": self.made_id("itoken"),
            "channel_id": room or room_of(sender),
            "data": {"custom_id": value, "component_type": 2},
            "message": {"id": message},
            "user": user(sender),
        }
        if room:
            data["guild_id"] = GUILD
        return self.happen("INTERACTION_CREATE", data)

    def happen(self, what: str, data: Json) -> Json:
        """Dispatch an event."""
        frame = {"op": 0, "t": what, "d": data}
        self.deliver(frame)
        return frame

    def deliver(self, frame: Json) -> None:
        """Dispatch an event as it stands, with the next number."""

        def next_frame() -> Json:
            numbered = {**frame, "s": len(self.events) + 2}
            self.events.append(numbered)
            return numbered

        self.push(next_frame)

    # ---- the gateway

    async def talk(self, socket: ServerConnection) -> None:
        """Hold one connection."""
        assert socket.request is not None and "v=10" in socket.request.path and "encoding=json" in socket.request.path

        async def tell(frame: Json) -> None:
            await socket.send(orjson.dumps(frame).decode())

        await tell({"op": 10, "d": {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}, "s": None, "t": None})
        async for raw in socket:
            frame = orjson.loads(raw)
            data = frame.get("d")
            if frame["op"] in (2, 6) and data["token"].removeprefix("Bot ") != self.token:
                await socket.close(4004, "Authentication failed.")
                return
            match frame["op"]:
                case 1:
                    await tell({"op": 11, "d": None})
                case 2:
                    if data["intents"] & ~self.allowed_intents:
                        await socket.close(4014, "Disallowed intent(s).")
                        return
                    assert data["intents"] & _NEEDED == _NEEDED and data["properties"]
                    self.identified.append(data)
                    self.session, self.events = self.made_id("session"), []
                    ready = {
                        "v": 10,
                        "user": user(BOT_ID, "Claw", bot=True),
                        "guilds": [],
                        "session_id": self.session,
                        "resume_gateway_url": self.socket_url,
                        "application": {"id": "9000", "flags": 0},
                        "private_channels": [],
                        "relationships": [],
                    }
                    await tell({"op": 0, "s": 1, "t": "READY", "d": ready})
                    self.sockets.append(socket)
                case 6:
                    if data["session_id"] != self.session:
                        await tell({"op": 9, "d": False})
                        continue
                    self.resumed.append(data)
                    for event in [one for one in self.events if one["s"] > data["seq"]]:
                        await tell(event)
                    await tell({"op": 0, "s": data["seq"], "t": "RESUMED", "d": {}})
                    self.sockets.append(socket)
            self.journal.touch()

    # ---- the interface

    def do(self, request: Received) -> tuple[int, Any]:
        """Answer one request."""
        path = request.path.removeprefix(API)
        parts = path.strip("/").split("/")
        if parts[0] == "interactions":
            assert request.json == {"type": 6}
            self.pressed.append(parts[1])
            return 204, b""
        if parts[0] == "files":
            return (200, self.files[parts[1]]) if parts[1] in self.files else (404, b"")
        if request.headers.get("authorization") != f"Bot {self.token}":
            return 401, {"message": "401: Unauthorized", "code": 0}
        match (request.method, *parts):
            case ("GET", "gateway", "bot"):
                limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
                return 200, {"url": self.socket_url, "shards": 1, "session_start_limit": limit}
            case ("GET", "oauth2", "applications", "@me"):
                about = {"name": "Claw", "description": "", "icon": None, "bot_public": True, "verify_key": "0"}
                code = {"bot_require_code_grant": False, "flags": 0, "team": None}
                return 200, {"id": "9000", **about, **code, "owner": user("42")}
            case ("GET", "channels", room):
                person = str(int(room) - 70_000_000)
                return 200, {"id": room, "type": 1, "last_message_id": None, "recipients": [user(person)]}
            case ("GET", "users", "@me"):
                return 200, user(BOT_ID, "Claw", bot=True)
            case ("POST", "users", "@me", "channels"):
                person = str(request.json["recipient_id"])
                return 200, {"id": room_of(person), "type": 1, "recipients": [user(person)]}
            case ("POST", "channels", room, "messages"):
                return self._message(room, request)
            case ("PATCH", "channels", _, "messages", identity):
                shown = self._find(identity)
                if shown is None:
                    return 404, {"message": "Unknown Message", "code": 10008}
                shown.text = request.json["content"]
                shown.more["edits"] = shown.more.get("edits", 0) + 1
                return 200, self._told(shown)
            case ("DELETE", "channels", _, "messages", identity):
                shown = self._find(identity)
                if shown is not None:
                    self.shown.remove(shown)
                return 204, b""
            case ("PUT", "channels", _, "messages", identity, "reactions", emoji, "@me"):
                self.reactions.add((identity, emoji))
                return 204, b""
            case ("DELETE", "channels", _, "messages", identity, "reactions", emoji, "@me"):
                self.reactions.discard((identity, emoji))
                return 204, b""
            case ("POST", "channels", room, "typing"):
                self.typings.append(room)
                return 204, b""
        return 404, {"message": "404: Not Found", "code": 0}

    def _find(self, identity: str) -> Shown | None:
        return next((one for one in self.shown if one.id == identity), None)

    def _message(self, room: str, request: Received) -> tuple[int, Any]:
        data = b""
        if request.headers.get("content-type", "").startswith("multipart/"):
            form = read_form(request.body, request.headers["content-type"])
            body = orjson.loads(form.get("payload_json") or "{}")
            file = form.file("files[0]")
            assert file is not None
            data = file.data
        else:
            assert request.headers["content-type"] == "application/json"
            body = request.json
        text = str(body.get("content") or "")
        if not text and not data:
            return 400, {"message": "Cannot send an empty message", "code": 50006}
        if len(text) > 2000:
            faults = {"content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH"}]}}
            return 400, {"message": "Invalid Form Body", "code": 50035, "errors": faults}
        nonce = str(body.get("nonce") or "")
        assert len(nonce) <= 25
        if body.get("enforce_nonce"):
            before = next((one for one in self.shown if one.mark == nonce and one.chat == room), None)
            if before is not None:
                return 200, self._told(before)
        shown = Shown(self.snowflake(), room, text or "<file>", nonce, data, more={"body": body})
        shown.parent = str((body.get("message_reference") or {}).get("message_id") or "")
        self.shown.append(shown)
        return 200, self._told(shown)

    def _told(self, shown: Shown) -> Json:
        return {
            "id": shown.id,
            "type": 0,
            "channel_id": shown.chat,
            "author": user(BOT_ID, "Claw", bot=True),
            "content": shown.text,
            "timestamp": "2026-11-29T12:00:01.000000+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "nonce": shown.mark,
        }
