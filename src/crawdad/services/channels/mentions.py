"""Whether a message of a group speaks to the bot. Pure.

Only what the sender wrote counts: a mention inside a quotation is none, and that a message quotes the bot counts only where
the settings say so, and only on the platform's or our own word that the quoted message was the bot's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from crawdad.core.channel_settings import ImplicitMentions
from crawdad.core.channels import InboundMessage, MentionWay

_LOOKED_AT = 2000
_LONGEST_PATTERN = 300


def mention_of(
    message: InboundMessage, implicit: ImplicitMentions, patterns: Sequence[str], *, quotes_us: bool, in_thread: bool
) -> MentionWay | None:
    """How the bot is spoken to; None: it is not. `quotes_us`: the quoted message is known to be the bot's; `in_thread`: the
    bot has spoken in this thread."""
    named = message.mentions
    if named.bot and named.way in ("native", "command", ""):
        return named.way or "native"
    ours = message.quoted is not None and (quotes_us or message.quoted.by_bot)
    way: MentionWay = "quote" if named.way == "quote" else "reply"
    if ours and (implicit.quote if way == "quote" else implicit.reply):
        return way
    if message.chat.thread and in_thread and implicit.thread:
        return "thread"
    text = message.text[:_LOOKED_AT]
    if any(pattern.search(text) for pattern in map(_compiled, patterns) if pattern is not None):
        return "native"
    return None


def patterns_of(configured: Sequence[str], names: Sequence[str]) -> list[str]:
    """The configured patterns; where there are none, the names of the agent that answers."""
    if configured:
        return list(configured)
    return [rf"(?<!\w)@?{re.escape(name)}(?!\w)" for name in names if name.strip()]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > _LONGEST_PATTERN:
        return None
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:
        return None
