"""Whether a message wakes an agent: by a trigger, by chance, or not now. Pure.

Only what the sender wrote counts: a mention inside a quotation is none, and that a message quotes the bot counts only where
the settings say so, and only on the platform's or our own word that the quoted message was the bot's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from crawdad.core.channel_settings import ImplicitMentions, RateLimitSettings, WakeTriggerSettings
from crawdad.core.channels import InboundMessage, MentionWay

_LOOKED_AT = 2000
_LONGEST_PATTERN = 300


def spoken_to(
    message: InboundMessage, implicit: ImplicitMentions, *, quotes_us: bool, in_thread: bool
) -> MentionWay | None:
    """How the platform's own means speak to the bot; None: they do not. `quotes_us`: the quoted message is known to be the
    bot's; `in_thread`: the bot has spoken in this thread."""
    named = message.mentions
    if named.bot and named.way in ("native", "command", ""):
        return named.way or "native"
    ours = message.quoted is not None and (quotes_us or message.quoted.by_bot)
    way: MentionWay = "quote" if named.way == "quote" else "reply"
    if ours and (implicit.quote if way == "quote" else implicit.reply):
        return way
    if message.chat.thread and in_thread and implicit.thread:
        return "thread"
    return None


def named_in(text: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns is found in what was written."""
    text = text[:_LOOKED_AT]
    return any(pattern.search(text) for pattern in map(_compiled, patterns) if pattern is not None)


def woken_by(
    message: InboundMessage, triggers: WakeTriggerSettings, way: MentionWay | None, patterns: Sequence[str]
) -> MentionWay | None:
    """How a message wakes the agent, by the triggers that are on; None: it does not. `way` is what `spoken_to` found. In direct
    chats nobody is mentioned, so that this is not asked for there."""
    met: list[bool] = []
    if triggers.at_bot and message.chat.kind != "direct":
        met.append(way is not None)
    if triggers.mention_name and patterns:  # what nobody could meet is no condition
        met.append(named_in(message.text, patterns))
    words = [word.casefold() for word in triggers.keywords if word.strip()]
    if words:
        text = message.text[:_LOOKED_AT].casefold()
        met.append(any(word in text for word in words))
    if not met or not (all(met) if triggers.mode == "all" else any(met)):
        return None
    return way if way is not None and triggers.at_bot else "native"


def speaks_by_chance(limits: RateLimitSettings, drawn: float) -> bool | None:
    """Whether a message that wakes nobody is answered nevertheless, `drawn` (0 up to 1) being the lot; None: it has no say."""
    if limits.wake_probability is None:
        return None
    return drawn * 100 < limits.wake_probability


def too_soon(limits: RateLimitSettings, last: float | None, now: float) -> bool:
    """Whether the agent has answered in this group a moment ago. `last`: when; None: never."""
    return last is not None and now - last < limits.min_interval_sec


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
