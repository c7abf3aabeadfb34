"""What is sent of a part, and what the answers mean."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from crawdad.core.channels import Button, OutboundMessage, SendFailed, SendOutcome
from crawdad.core.parts import JsonObject

TEXT_LIMIT = 10_000
"""Of `markdown_text`, which takes 12,000."""
SIGNED_OUT = frozenset(
    (
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "user_removed",
    )
)
_TOO_LONG = frozenset(("msg_too_long", "markdown_text_too_long", "invalid_blocks_format"))
_UNSURE = frozenset(("internal_error", "fatal_error", "request_timeout"))
_NOT_NOW = frozenset(("service_unavailable", "team_added_to_org"))
_LIMITED = frozenset(("ratelimited", "rate_limited", "message_limit_exceeded"))
REACTIONS = {"👍": "thumbsup", "👎": "thumbsdown", "❤️": "heart", "👀": "eyes", "✅": "white_check_mark", "🎉": "tada"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: no `error` is success."""

    status: int
    error: str
    data: JsonObject
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return not self.error


def read_answer(status: int, body: bytes, retry_after: str = "") -> Answer:
    """An answer's meaning; `retry_after` is the header's, in seconds."""
    after = float(retry_after) if retry_after.isdigit() else None
    try:
        found = orjson.loads(body) if body else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    if found.get("ok") is True and status < 300:
        return Answer(status, "", found, after)
    error = str(found.get("error") or ("ratelimited" if status == 429 else f"HTTP {status}"))[:200]
    return Answer(status, error, found, after)


def body_of(message: OutboundMessage, channel: str, thread: str) -> JsonObject:
    """A part. Buttons need blocks, of which one shows Markdown too."""
    text = f"<@{message.mention}> {message.text}" if message.mention else message.text
    body: JsonObject = {"channel": channel, "unfurl_links": False}
    if thread:
        body["thread_ts"] = thread
    if message.buttons:
        body["text"] = text[:3000]
        body["blocks"] = [{"type": "markdown", "text": text}, _actions(message.buttons)]
    else:
        body["markdown_text"] = text
    return body


def _actions(buttons: tuple[Button, ...]) -> JsonObject:
    made = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": one.label[:75]},
            "value": one.value,
            "action_id": f"button_{number}",
        }
        for number, one in enumerate(buttons)
    ]
    return {"type": "actions", "elements": made}


def failure_of(answer: Answer) -> SendFailed:
    """What an answer that is no success means for the part."""
    outcome: SendOutcome = "refused"
    limit = None
    if answer.error in _LIMITED or answer.status == 429:
        outcome = "rate_limited"
    elif answer.error in SIGNED_OUT:
        outcome = "signed_out"
    elif answer.error in _TOO_LONG:
        outcome, limit = "too_long", TEXT_LIMIT // 2
    elif answer.error in _NOT_NOW:
        outcome = "not_sent"
    elif answer.error in _UNSURE or answer.status >= 500:
        outcome = "ambiguous"
    return SendFailed(outcome, answer.error, retry_after=answer.retry_after, limit=limit)
