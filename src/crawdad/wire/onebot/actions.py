"""Actions: what is sent of a part, and what an answer means."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from crawdad.core.channels import OutboundMedia, OutboundMessage, PlatformRequest, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject

RETCODE_TOKEN = 1403
RETCODE_FAILED = 1200
"""NapCat's, for what it tried in vain."""
TEXT_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Action:
    """A call by its name."""

    name: str
    params: JsonObject


def chat_of(action: Action) -> str:
    """The chat in which something is done, so that it has to stay in its order; "": in none, or something is only asked."""
    if action.name.startswith(("get_", "can_")):
        return ""
    context = action.params.get("context")  # of a quick operation: the event that it answers
    about = context if isinstance(context, dict) else action.params
    for kind in ("group", "user"):
        if about.get(f"{kind}_id"):
            return f"{kind}:{about[f'{kind}_id']}"
    return ""


def segments_of_part(message: OutboundMessage) -> list[JsonObject]:
    """A part as segments. The quotation must come first."""
    segments: list[JsonObject] = []
    if message.reply_to:
        segments.append({"type": "reply", "data": {"id": message.reply_to}})
    text = message.text
    if message.mention and message.chat.kind != "direct":
        segments.append({"type": "at", "data": {"qq": message.mention}})
        text = f" {text}"
    if text:
        segments.append({"type": "text", "data": {"text": text}})
    media = message.media
    if media is not None:
        kind = {"image": "image", "audio": "record", "video": "video"}[media.kind]
        segments.append({"type": kind, "data": {"file": inline(media), "name": media.name}})
    return segments


def inline(media: OutboundMedia) -> str:
    """A file's bytes as a value: they reach the QQ side whatever it can see of our disk."""
    return f"base64://{base64.b64encode(media.data).decode()}"


def action_of(message: OutboundMessage) -> Action:
    """The action that sends a part."""
    direct = message.chat.kind == "direct"
    target: JsonObject = {"user_id": number_of(message.chat.id)} if direct else {"group_id": number_of(message.chat.id)}
    media = message.media
    if media is not None and (media.kind == "document" or (media.kind == "audio" and not media.voice)):
        name = "upload_private_file" if direct else "upload_group_file"
        return Action(name, {**target, "file": inline(media), "name": media.name})
    group = message.reply_context.get("group_id")
    if direct and group:
        target["group_id"] = number_of(str(group))
    return Action("send_private_msg" if direct else "send_group_msg", {**target, "message": segments_of_part(message)})


def decision_of(request: PlatformRequest, accept: bool, reason: str) -> Action:
    """The action that answers a request."""
    if request.kind == "friend":
        return Action("set_friend_add_request", {"flag": request.flag, "approve": accept, "remark": ""})
    sub = "invite" if request.kind == "group_invite" else "add"
    params: JsonObject = {"flag": request.flag, "sub_type": sub, "approve": accept}
    return Action("set_group_add_request", {**params, "reason": "" if accept else reason})


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an action."""

    ok: bool
    retcode: int
    data: Any
    words: str


def read_reply(frame: JsonObject) -> Reply:
    """An answer's meaning. `async` is success without data."""
    retcode = frame.get("retcode")
    code = retcode if isinstance(retcode, int) else -1
    ok = frame.get("status") in ("ok", "async")
    words = str(frame.get("wording") or frame.get("message") or frame.get("msg") or "")
    return Reply(ok, code, frame.get("data"), (words or f"retcode {code}")[:300])


def failed_reply(retcode: int, words: str) -> JsonObject:
    """The answer to an action that was not done, but for its `echo`."""
    return {"status": "failed", "retcode": retcode, "data": None, "message": words, "wording": words}


def reply_frame(reply: Reply) -> JsonObject:
    """An answer as it would come over a WebSocket, but for its `echo`."""
    if not reply.ok:
        return failed_reply(reply.retcode, reply.words)
    return {"status": "ok", "retcode": reply.retcode, "data": reply.data, "message": "", "wording": ""}


def failure_of(reply: Reply) -> SendFailed:
    """What an action that failed means for the part. Time-outs on the QQ side say nothing of whether QQ took it."""
    outcome: SendOutcome = "refused"
    words = reply.words.lower()
    if reply.retcode in (1401, RETCODE_TOKEN):
        outcome = "signed_out"
    elif reply.retcode == 1404:
        outcome = "unsupported"
    elif reply.retcode == RETCODE_FAILED and ("timeout" in words or "超时" in words or "eventchecker" in words):
        outcome = "ambiguous"
    return SendFailed(outcome, reply.words)


def message_ids(reply: Reply) -> tuple[str, ...]:
    """The ids that a sent message got."""
    data = reply.data
    if isinstance(data, dict) and data.get("message_id") not in (None, ""):
        return (str(data["message_id"]),)
    return ()


def number_of(text: str) -> int | str:
    """An id as OneBot has it: a number, unless it is none."""
    return int(text) if text.lstrip("-").isdigit() else text
