"""What is sent to iLink: headers, bodies, and what the answers mean.

We say who we are: `bot_agent` is `Crawdad/<version>`. Limits of the service are not published; what is known of them is from
its users.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import orjson

from crawdad import __version__
from crawdad.core.channels import OutboundMessage, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject
from crawdad.wire.weixin.media import Uploaded

APP_ID = "bot"
SIGNED_OUT = -14
NEEDS_INBOUND = -2
INVALID = -3
TEXT_LIMIT = 2000
"""The client cuts at 4,000; others were cut off at less."""


def client_version(version: str) -> str:
    """`major.minor.patch` as one number: `major<<16 | minor<<8 | patch`."""
    parts = [int("".join(filter(str.isdigit, part)) or 0) for part in [*version.split("."), "0", "0", "0"][:3]]
    return str(parts[0] << 16 | parts[1] << 8 | parts[2])


def base_info() -> JsonObject:
    """Who we are; part of every body except the one that asks for a QR code."""
    return {"channel_version": __version__, "bot_agent": f"Crawdad/{__version__}"}


def common_headers(route_tag: str = "") -> dict[str, str]:
    """Of every request to the API, and all that a GET has."""
    headers = {"iLink-App-Id": APP_ID, "iLink-App-ClientVersion": client_version(__version__)}
    return {**headers, "SKRouteTag": route_tag} if route_tag else headers


def post_headers(chance: float, token: str = "", route_tag: str = "") -> dict[str, str]:
    """Of a POST. `chance` (0 to 1) is what the number that is new in each request is made of."""
    number = min(int(chance * 2**32), 2**32 - 1)
    headers = {
        "Content-Type": "application/json",
        "AuthorizationType": "ilink_bot_token",
        "X-WECHAT-UIN": base64.b64encode(str(number).encode()).decode(),
        **common_headers(route_tag),
    }
    return {**headers, "Authorization": f"Bearer {token}"} if token else headers


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `code` 0 is success (`ret` and `errcode` may both be missing then)."""

    status: int
    code: int
    words: str
    body: JsonObject

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 400 and self.code == 0


def read_answer(status: int, body: bytes) -> Answer:
    """An answer's meaning. Older servers answer success with nothing at all."""
    if not body.strip():
        return Answer(status, 0, f"HTTP {status}", {})
    try:
        found = orjson.loads(body)
    except ValueError:
        return Answer(status if status >= 400 else 502, 0, f"HTTP {status}", {})
    if not isinstance(found, dict):
        return Answer(502, 0, f"HTTP {status}", {})
    codes = [found[name] for name in ("ret", "errcode") if isinstance(found.get(name), int) and found[name]]
    code = codes[0] if codes else 0
    words = str(found.get("errmsg") or found.get("err_msg") or "")
    return Answer(status, code, words or (f"ret {code}" if code else f"HTTP {status}"), found)


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    if answer.code == SIGNED_OUT:
        outcome = "signed_out"
    elif answer.code == NEEDS_INBOUND:
        outcome = "needs_inbound"
    elif answer.status in (408, 425, 429):
        outcome = "rate_limited"
    elif answer.status >= 500:
        outcome = "ambiguous"
    elif answer.status in (401, 403):
        outcome = "signed_out"
    return SendFailed(outcome, answer.words[:300])


def message_body(message: OutboundMessage, item: JsonObject, context_token: str) -> JsonObject:
    """The body of `sendmessage`: exactly one item a request."""
    return {
        "msg": {
            "from_user_id": "",
            "to_user_id": message.chat.id,
            "client_id": f"crawdad:{message.id}",
            "message_type": 2,
            "message_state": 2,
            "item_list": [item],
            "context_token": context_token,
        },
        "base_info": base_info(),
    }


def text_item(text: str) -> JsonObject:
    """Words."""
    return {"type": 1, "text_item": {"text": shown_text(text)}}


def media_item(uploaded: Uploaded, name: str) -> JsonObject:
    """A file that was uploaded. Voices are not shown by phones: they go as files."""
    media = {"encrypt_query_param": uploaded.parameter, "aes_key": uploaded.shown_key, "encrypt_type": 1}
    if uploaded.media_type == 1:
        return {"type": 2, "image_item": {"media": media, "mid_size": uploaded.cipher_size}}
    if uploaded.media_type == 2:
        return {"type": 5, "video_item": {"media": media, "video_size": uploaded.cipher_size}}
    return {"type": 4, "file_item": {"media": media, "file_name": name, "len": str(uploaded.size)}}


def shown_text(text: str) -> str:
    """WeChat shows Markdown in part, and hides what follows a bare `<`: outside of code angle brackets become wide ones."""
    pieces = text.split("`")
    last = len(pieces) - 1  # behind a backtick that nothing closes
    return "`".join(
        piece if place % 2 and place < last else piece.replace("<", "＜").replace(">", "＞")
        for place, piece in enumerate(pieces)
    )
