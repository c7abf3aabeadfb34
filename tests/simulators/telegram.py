"""Telegram's Bot API on loopback, as core.telegram.org/bots/api has it: updates by offset, strict HTML, UTF-16 lengths.

Clients that are not ours work against it: python-telegram-bot (tests/adapters/channels/test_telegram_simulator.py), and
`aiogram` 3.31 by hand, polling, answering, editing, with files both ways. People act
through `say`, `press`, `join`, …; `fail` scripts what goes wrong; `shown` is what stands in a chat.
"""

from __future__ import annotations

import asyncio
import html.parser
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from crawdad.wire.media.multipart import read_form
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
BOT: dict[str, Any] = {"id": 110201543, "is_bot": True, "first_name": "Claw", "username": "ClawBot"}
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "tg-spoiler"}
_FILE_FIELDS = {
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendVoice": "voice",
    "sendAudio": "audio",
    "sendVideo": "video",
    "sendAnimation": "animation",
}
Json = dict[str, Any]


class Refused(Exception):
    """An answer with `ok` false."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Fault:
    """What happens to the next call of `method`: an HTTP `status` with a JSON `body`, or a broken connection (0).
    `taken`: the call has its effect nevertheless."""

    method: str
    status: int
    body: Json
    taken: bool = False


@dataclass
class Shown:
    """A message of the bot's, as people see it."""

    id: int
    chat: str
    text: str
    thread: int | None = None
    reply_to: int | None = None
    buttons: list[str] = field(default_factory=list)
    media: str = ""
    data: bytes = b""
    markup: str = ""
    edits: int = 0
    silent: bool = False


class TelegramSimulator(LoopbackServer):
    """One bot's Telegram."""

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.messages: list[Shown] = []
        self.actions: list[tuple[str, str]] = []
        self.reactions: list[tuple[str, int, str]] = []
        self.decided: list[tuple[str, int, bool]] = []
        self.answered_buttons: list[str] = []
        self.files: dict[str, bytes] = {}
        self.webhook: Json = {"url": "", "secret_token": ""}
        self.calls: list[tuple[str, Json]] = []
        self.confirmed = 0
        self.down = False
        """Whether connections break instead of being answered."""
        self._updates: list[Json] = []
        self._next_update = 700000001
        self._next_message = 100
        self._faults: deque[Fault] = deque()
        self._polling = 0
        self._moved: dict[str, int] = {}
        self._lock = threading.RLock()
        self._news: asyncio.Event | None = None

    # ---- people

    def say(self, text: str = "", *, chat: int = 501, sender: int | None = None, **more: Any) -> Json:
        """Somebody writes: in private where `chat` is positive, else in a group. Words that begin with @ or / become
        entities, as they do there. `more` are fields of the message."""
        message = self.message(text, chat=chat, sender=sender, **more)
        self.update(message=message)
        return message

    def message(self, text: str = "", *, chat: int = 501, sender: int | None = None, **more: Any) -> Json:
        """A message as an update carries it."""
        with self._lock:
            self._next_message += 1
            number = self._next_message
        person = {
            "id": sender if sender is not None else abs(chat),
            "is_bot": False,
            "first_name": "Ann",
            "username": "ann",
        }
        where: Json = {"id": chat, "type": "private", "first_name": "Ann"}
        if chat < 0:
            where = {"id": chat, "type": "supergroup", "title": "The group"}
        message: Json = {"message_id": number, "date": 1_790_000_000, "chat": where, "from": person}
        if text:
            message["text"] = text
            entities = _entities(text)
            if entities:
                message["entities"] = entities
        message.update(more)
        return message

    def update(self, **content: Any) -> Json:
        """Something happens."""
        with self._lock:
            update = {"update_id": self._next_update, **content}
            self._next_update += 1
            self._updates.append(update)
        self._wake()
        return update

    def upload(self, data: bytes) -> str:
        """A file that somebody sends; its `file_id`."""
        name = f"file-{len(self.files) + 1}"
        self.files[name] = data
        return name

    def press(self, message_id: int, value: str, *, chat: int = 501) -> None:
        """Somebody presses a button of the bot's."""
        message = {**self.message(chat=chat), "message_id": message_id, "from": BOT}
        person = {"id": abs(chat), "is_bot": False, "first_name": "Ann"}
        query = {"id": f"q{message_id}", "from": person, "message": message, "chat_instance": "1", "data": value}
        self.update(callback_query=query)

    def move_group(self, old: int, new: int) -> None:
        """A group becomes a supergroup: its old id is refused from now on."""
        self._moved[str(old)] = new

    def go_down(self) -> None:
        """Break the connections, until `down` is taken back."""
        self.down = True
        self._wake()

    def fail(self, method: str, status: int, description: str = "", *, taken: bool = False, **parameters: Any) -> None:
        """The next call of `method` fails; status 0 breaks the connection."""
        body: Json = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        self._faults.append(Fault(method, status, body, taken))

    def shown(self, chat: int = 501) -> list[Shown]:
        """What the bot has said in a chat."""
        return [one for one in list(self.messages) if one.chat == str(chat)]

    def texts(self, chat: int = 501) -> list[str]:
        """The words of it."""
        return [one.text for one in self.shown(chat)]

    def wait(self, condition: Callable[[TelegramSimulator], bool]) -> None:
        """Block until it holds."""
        self.journal.wait(lambda _: condition(self))

    async def until(self, condition: Callable[[TelegramSimulator], bool]) -> None:
        """Wait until it holds."""
        await self.journal.until(lambda _: condition(self))

    # ---- the API

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer one call, or hand out a file."""
        if self.down:
            reply.reset()
            return
        prefix = f"/file/bot{self.token}/"
        if request.method == "GET" and request.path.startswith(prefix):
            data = self.files.get(request.path.removeprefix(prefix).removeprefix("files/"))
            if data is None:
                await reply.whole(404, {"ok": False, "error_code": 404, "description": "Not Found"})
            else:
                await reply.whole(200, data, {"content-type": "application/octet-stream"})
            return
        credential, _, method = request.path.removeprefix("/bot").partition("/")
        if credential != self.token:
            code = 401 if credential.partition(":")[0].isdigit() else 404
            await reply.whole(
                code, {"ok": False, "error_code": code, "description": "Unauthorized" if code == 401 else "Not Found"}
            )
            return
        try:
            params, files = _params(request)
            self.calls.append((method, params))
            fault = next((one for one in self._faults if one.method == method), None)
            if fault is not None:
                self._faults.remove(fault)
                if fault.taken:
                    await self._call(method, params, files)
                if fault.status == 0:
                    reply.reset()
                else:
                    await reply.whole(fault.status, fault.body)
                return
            result = await self._call(method, params, files)
        except Refused as error:
            body: Json = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            await reply.whole(error.code, body)
            return
        self.journal.touch()
        if self.down:
            reply.reset()
        else:
            await reply.whole(200, {"ok": True, "result": result})

    async def _call(self, method: str, params: Json, files: dict[str, tuple[str, bytes]]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(params)
        handler = getattr(self, f"_on_{method}", None)
        if method in _FILE_FIELDS:
            return self._send_file(method, params, files)
        if handler is None:
            raise Refused(404, "Not Found: method not found")
        return handler(params)

    async def _get_updates(self, params: Json) -> list[Json]:
        if self.webhook["url"]:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        if self._polling:
            raise Refused(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        offset = int(params.get("offset", 0))
        with self._lock:
            self._updates = [one for one in self._updates if one["update_id"] >= offset]
            self.confirmed = max(self.confirmed, offset - 1)
        self.journal.touch()
        self._polling += 1
        try:
            deadline = time.monotonic() + float(params.get("timeout", 0))
            while True:
                news = self._news = self._news or asyncio.Event()
                found = list(self._updates[: int(params.get("limit", 100))])
                left = deadline - time.monotonic()
                if self.down or found or left <= 0:
                    return [] if self.down else found
                try:
                    await asyncio.wait_for(news.wait(), left)
                except TimeoutError:
                    return []
        finally:
            self._polling -= 1

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._woken)
        self.journal.touch()

    def _woken(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            news.set()

    def _on_getMe(self, params: Json) -> Json:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _on_deleteWebhook(self, params: Json) -> bool:
        self.webhook = {"url": "", "secret_token": ""}
        return True

    def _on_setWebhook(self, params: Json) -> bool:
        secret = params.get("secret_token", "")
        if not all(one.isalnum() or one in "_-" for one in secret) or len(secret) > 256:
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = {"url": params["url"], "secret_token": secret}
        return True

    def _on_getWebhookInfo(self, params: Json) -> Json:
        return {"url": self.webhook["url"], "has_custom_certificate": False, "pending_update_count": len(self._updates)}

    def _on_sendMessage(self, params: Json) -> Json:
        text, entities = _parsed(str(params.get("text", "")), params.get("parse_mode"))
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if _utf16(text) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        return self._show(params, text, entities)

    def _send_file(self, method: str, params: Json, files: dict[str, tuple[str, bytes]]) -> Json:
        name = _FILE_FIELDS[method]
        if name not in files:
            raise Refused(400, f"Bad Request: there is no {name} in the request")
        caption, entities = _parsed(str(params.get("caption", "")), params.get("parse_mode"))
        if _utf16(caption) > 1024:
            raise Refused(400, "Bad Request: message caption is too long")
        file_name, data = files[name]
        if method == "sendPhoto" and not data.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF")):
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
        shown = self._show(params, caption, entities, media=f"{name}:{file_name}", data=data)
        shown[name] = {"file_id": self.upload(data), "file_unique_id": "u", "file_size": len(data)}
        if name == "photo":
            shown["photo"] = [{**shown["photo"], "width": 1, "height": 1}]
        return shown

    def _show(self, params: Json, text: str, entities: list[Json], media: str = "", data: bytes = b"") -> Json:
        chat = str(params.get("chat_id", ""))
        if chat in self._moved:
            raise Refused(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self._moved[chat]
            )
        with self._lock:
            self._next_message += 1
            number = self._next_message
        reply = params.get("reply_parameters") or {}
        rows = (params.get("reply_markup") or {}).get("inline_keyboard", [])
        for row in rows:
            for button in row:
                if len(button["callback_data"].encode()) > 64:
                    raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        self.messages.append(
            Shown(
                number,
                chat,
                text,
                params.get("message_thread_id"),
                reply.get("message_id"),
                [button["callback_data"] for row in rows for button in row],
                media,
                data,
                str(params.get("text") or params.get("caption") or ""),
                silent=bool(params.get("disable_notification")),
            )
        )
        self.journal.touch()
        kind = "private" if not chat.startswith("-") else "supergroup"
        message: Json = {
            "message_id": number,
            "date": 1_790_000_000,
            "from": BOT,
            "chat": {"id": int(chat), "type": kind},
        }
        if text:
            message["caption" if media else "text"] = text
        if entities:
            message["caption_entities" if media else "entities"] = entities
        return message

    def _find(self, params: Json) -> Shown:
        for one in self.messages:
            if one.id == params.get("message_id") and one.chat == str(params.get("chat_id")):
                return one
        raise Refused(400, "Bad Request: message to edit not found")

    def _on_editMessageText(self, params: Json) -> Json:
        shown = self._find(params)
        text, entities = _parsed(str(params["text"]), params.get("parse_mode"))
        if _utf16(text) > 4096:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        if (text, params["text"]) == (shown.text, shown.markup):
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            )
        shown.text, shown.markup, shown.edits = text, str(params["text"]), shown.edits + 1
        kind = "private" if not shown.chat.startswith("-") else "supergroup"
        return {
            "message_id": shown.id,
            "date": 1,
            "chat": {"id": int(shown.chat), "type": kind},
            "text": text,
            "entities": entities,
        }

    def _on_deleteMessage(self, params: Json) -> bool:
        self.messages.remove(self._find(params))
        return True

    def _on_setMessageReaction(self, params: Json) -> bool:
        emoji = "".join(one["emoji"] for one in params.get("reaction", []))
        self.reactions.append((str(params["chat_id"]), int(params["message_id"]), emoji))
        return True

    def _on_sendChatAction(self, params: Json) -> bool:
        self.actions.append((str(params["chat_id"]), str(params["action"])))
        return True

    def _on_answerCallbackQuery(self, params: Json) -> bool:
        self.answered_buttons.append(str(params["callback_query_id"]))
        return True

    def _on_approveChatJoinRequest(self, params: Json) -> bool:
        return self._decide(params, accept=True)

    def _on_declineChatJoinRequest(self, params: Json) -> bool:
        return self._decide(params, accept=False)

    def _decide(self, params: Json, *, accept: bool) -> bool:
        who = (str(params["chat_id"]), int(params["user_id"]))
        if any((chat, user) == who for chat, user, _ in self.decided):
            raise Refused(400, "Bad Request: HIDE_REQUESTER_MISSING")
        self.decided.append((*who, accept))
        return True

    def _on_getFile(self, params: Json) -> Json:
        name = str(params["file_id"])
        if name not in self.files:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(self.files[name]) > 20 * 1024 * 1024:
            raise Refused(400, "Bad Request: file is too big")
        return {
            "file_id": name,
            "file_unique_id": name,
            "file_size": len(self.files[name]),
            "file_path": f"files/{name}",
        }


def _params(request: Received) -> tuple[Json, dict[str, tuple[str, bytes]]]:
    """Parameters may come as JSON, as a form, or in the address; what is no word in a form is JSON."""
    kind = request.headers.get("content-type", "")
    params: Json = dict(request.query)
    files: dict[str, tuple[str, bytes]] = {}
    if kind.startswith("application/json") and request.body:
        params |= orjson.loads(request.body)
    elif kind.startswith("application/x-www-form-urlencoded"):
        params |= {name: _value(value) for name, value in parse_qsl(request.body.decode(), keep_blank_values=True)}
    elif kind.startswith("multipart/form-data"):
        form = read_form(request.body, kind)
        params |= {name: _value(value) for name, value in form.fields}
        attached = {name: (file.name, file.data) for name, file in form.files}
        files = dict(attached)
        for name, value in params.items():  # a file may be named elsewhere: attach://<field>
            if isinstance(value, str) and value.startswith("attach://"):
                files[name] = attached[value.removeprefix("attach://")]
    return params, files


def _value(text: str) -> Any:
    if text[:1] in "{[" or text in ("true", "false") or text.lstrip("-").isdigit():
        try:
            return orjson.loads(text)
        except ValueError:
            return text
    return text


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _entities(text: str) -> list[Json]:
    entities: list[Json] = []
    at = 0
    for word in text.split(" "):
        kind = {"@": "mention", "/": "bot_command"}.get(word[:1])
        if kind and len(word) > 1:
            entities.append({"type": kind, "offset": _utf16(text[:at]), "length": _utf16(word)})
        at += len(word) + 1
    return entities


class _Strict(html.parser.HTMLParser):
    """Telegram's reading of HTML: few tags, all closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[Json] = []
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}" at byte offset 0')
        self._open.append((tag, _utf16(self.text)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"')
        _, start = self._open.pop()
        self.entities.append({"type": tag, "offset": start, "length": _utf16(self.text) - start})

    def handle_data(self, data: str) -> None:
        self.text += data

    def finish(self) -> None:
        """All must be closed."""
        self.close()
        if self._open:
            raise Refused(400, "Bad Request: can't parse entities: Can't find end tag")


_NAMES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "a": "text_link",
    "u": "underline",
}


def _parsed(text: str, mode: Any) -> tuple[str, list[Json]]:
    if mode is None:
        return text, []
    if mode != "HTML":
        raise Refused(400, "Bad Request: unsupported parse_mode")
    parser = _Strict()
    parser.feed(text)
    parser.finish()
    entities = [{**one, "type": _NAMES.get(one["type"], one["type"])} for one in parser.entities]
    return parser.text, [one for one in entities if one["type"] in ("bold", "italic", "code", "pre", "strikethrough")]
