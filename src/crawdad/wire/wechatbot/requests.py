"""What is asked of the bridge, and what its answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.channels import OutboundMessage, SendFailed, SendOutcome
from crawdad.core.media import File
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.media.multipart import Form
from crawdad.wire.wechatbot.callback import ALIAS

TEXT_LIMIT = 2000
LOGIN_FIRST = "you must login first"
_SIGNED_IN = re.compile(r"Contact<(?P<name>.*)>\s*is already login")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its HTTP status and, where it is one, the JSON object."""

    status: int
    body: JsonObject | None
    raw: bytes = b""

    @property
    def words(self) -> str:
        """What it says, for people."""
        said = self.body or {}
        return str(said.get("message") or said.get("error") or f"HTTP {self.status}")[:300]

    @property
    def signed_out(self) -> bool:
        """Whether it says that WeChat is not signed in."""
        return self.status == 401 and LOGIN_FIRST in self.words

    @property
    def token_refused(self) -> bool:
        """Whether the bridge does not take our token."""
        return self.status == 401 and not self.signed_out


def read_answer(status: int, data: bytes) -> Answer:
    """What the bridge has answered."""
    try:
        body = orjson.loads(data)
    except ValueError:
        return Answer(status, None, data)
    return Answer(status, body if isinstance(body, dict) else None, data)


def login_name(answer: Answer) -> str | None:
    """Who is signed in, as `/login` says; None: nobody."""
    if not answer.body or answer.body.get("success") is not True:
        return None
    found = _SIGNED_IN.search(str(answer.body.get("message") or ""))
    return None if found is None else found["name"]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom the bridge is to find: `{"alias": …}`, a name, or the topic of a group."""

    to: str | JsonObject
    room: bool = False

    @property
    def in_form(self) -> str:
        """As a field of a form, where an alias is JSON."""
        return self.to if isinstance(self.to, str) else orjson.dumps(self.to).decode()


def receiver_of(message: OutboundMessage) -> Receiver:
    """Whom a part goes to. Raises `SendFailed`."""
    chat, known = message.chat, message.reply_context
    if chat.kind != "direct":
        return Receiver(str(known.get("topic") or chat.id), room=True)
    alias = chat.id[len(ALIAS) :] if chat.id.startswith(ALIAS) else str(known.get("alias") or "")
    if alias:
        return Receiver({"alias": alias})
    name = str(known.get("name") or chat.id)
    if name.startswith("@"):  # an id, and of the sign-in before
        raise SendFailed("needs_inbound", Text("wechat.unnamed"))
    return Receiver(name.removeprefix("name:"))


def text_body(receiver: Receiver, text: str) -> JsonObject:
    """The body of `/webhook/msg/v2` for words."""
    return {"to": receiver.to, "isRoom": receiver.room, "data": {"type": "text", "content": text}}


def file_form(receiver: Receiver, data: bytes, name: str, media_type: str) -> Form:
    """The form of `/webhook/msg` for a file."""
    fields = [("to", receiver.in_form), ("isRoom", "1" if receiver.room else "0")]
    return Form(fields, [("content", File(data, name, media_type))])


def check_sent(answer: Answer) -> None:
    """Raise `SendFailed` unless a part was sent. A failure that WeChat itself met (`sentFailed`) may have come after the words
    were there; what the bridge rejects, or whom it does not find, never was."""
    if answer.signed_out:
        raise SendFailed("not_sent", Text("wechat.not_signed_in"))
    if answer.token_refused:
        raise SendFailed("signed_out", Text("wechat.token_refused"))
    if answer.status != 200 or answer.body is None:
        raise SendFailed("ambiguous" if answer.status >= 500 or answer.status == 200 else "refused", answer.words)
    if answer.body.get("success") is True:
        return
    task = answer.body.get("task")
    details = _details(task if isinstance(task, dict) else {})
    outcome: SendOutcome = "ambiguous" if _sending_failed(answer.body) else "refused"
    raise SendFailed(outcome, details or answer.words)


def _sending_failed(body: JsonObject) -> bool:
    task = body.get("task")
    if isinstance(task, dict):
        return bool(task.get("sentFailed"))
    return str(body.get("message") or "") == "Message sent failed"  # of the older route


def _details(task: JsonObject) -> str:
    for name in ("reject", "notFound", "sentFailed"):
        for one in task.get(name) or ():
            words = _error(one)
            if words:
                return words[:300]
    return ""


def _error(one: Any) -> str:
    if not isinstance(one, dict):
        return ""
    if one.get("error"):
        return str(one["error"])
    data = one.get("data")
    first = data[0] if isinstance(data, list) and data else data
    return str(first.get("error") or "") if isinstance(first, dict) else ""
