"""What the settings of sessions mean, as pure functions: when a conversation is over, who is one person, where may be sent
to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from crawdad.core.session_settings import (
    SendMatch,
    SendPolicySettings,
    SessionResetSettings,
    SessionSettings,
)
from crawdad.core.sessions import SessionEntry, SessionKind, rest_of

RESET_IDLE_MINUTES = 60
_LASTING: frozenset[SessionKind] = frozenset(("api", "cron", "hook", "subagent"))
"""Sessions that end with what they were made for, or when their owner says so."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def seconds_of(age: str, unit: str = "d") -> float:
    """`30d`, `12h`, `90` (of `unit`) in seconds."""
    bare = age.strip()
    number = bare.rstrip("mshdw ")
    return float(number) * _UNITS[bare[len(number) :].strip() or unit]


def reset_of(entry: SessionEntry, settings: SessionSettings) -> SessionResetSettings | None:
    """What decides when a session begins anew by itself; None: it never does."""
    if entry.kind in _LASTING:
        return None
    if entry.channel and entry.channel in settings.reset_by_channel:
        return settings.reset_by_channel[entry.channel]
    by_type = settings.reset_by_type
    for name in _types_of(entry):
        if name in by_type.model_fields_set:
            found: SessionResetSettings = getattr(by_type, name)
            return found
    given = settings.model_fields_set & {"reset", "reset_by_type", "reset_by_channel"}
    if settings.idle_minutes is not None and not given:
        return SessionResetSettings(mode="idle", idle_minutes=settings.idle_minutes)
    return settings.reset


def _types_of(entry: SessionEntry) -> tuple[str, ...]:
    if ":thread:" in entry.key or ":topic:" in entry.key:
        return ("thread",)
    return ("group",) if entry.kind == "group" else ("direct", "dm")


def over(
    reset: SessionResetSettings | None, active_at: float, now: float, zone: tzinfo | None
) -> Literal["daily", "idle"] | None:
    """Whether a conversation in which something was said last at `active_at` is over, and why. `zone` None: this machine's."""
    if reset is None:
        return None
    if reset.mode == "daily" and active_at < daily_moment(reset.at_hour, now, zone):
        return "daily"
    minutes = reset.idle_minutes or (RESET_IDLE_MINUTES if reset.mode == "idle" else None)
    return "idle" if minutes is not None and now - active_at > minutes * 60 else None


def daily_moment(hour: int, now: float, zone: tzinfo | None) -> float:
    """When it was `hour` o'clock last. An hour that a clock change leaves out is the one behind it."""
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    moment = _at(local, hour, zone)
    return moment if moment <= now else _at(local - timedelta(days=1), hour, zone)


def _at(day: datetime, hour: int, zone: tzinfo | None) -> float:
    bare = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - the zone is added below
    return (bare.astimezone() if zone is None else bare.replace(tzinfo=zone)).timestamp()


def person_of(channel: str, peer: str, links: Mapping[str, Sequence[str]]) -> str:
    """The one name of a person who has several addresses, else `peer`."""
    wanted = {f"{channel}:{peer}".lower(), peer.lower()}
    for name, addresses in links.items():
        if any(address.strip().lower() in wanted for address in addresses):
            return name
    return peer


def may_send(entry: SessionEntry, policy: SendPolicySettings) -> bool:
    """Whether something may be sent where the session is. Its own setting (`/send on|off`) counts first; a rule that denies
    wins over those that allow."""
    own = entry.settings.get("sendPolicy")
    if own in ("allow", "deny"):
        return bool(own == "allow")
    actions = {rule.action for rule in policy.rules if _matches(rule.match, entry)}
    if actions:
        return "deny" not in actions
    return policy.default == "allow"


def _matches(match: SendMatch, entry: SessionEntry) -> bool:
    if match.channel is not None and match.channel.lower() != entry.channel.lower():
        return False
    if match.chat_type is not None and _chat_type(match.chat_type) != _chat_type(entry.chat_type or entry.kind):
        return False
    if match.key_prefix is not None and not rest_of(entry.key).startswith(match.key_prefix.lower()):
        return False
    return match.raw_key_prefix is None or entry.key.startswith(match.raw_key_prefix.lower())


def _chat_type(word: str) -> str:
    return "direct" if word == "dm" else word
