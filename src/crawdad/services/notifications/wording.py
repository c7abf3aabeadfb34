"""How notifications are worded for people: one as a short letter, several as a digest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from crawdad.core.notifications import Letter, StoredNotification, gravest, spoken
from crawdad.core.text import Language, Text

MOST_LINES = 30


def letter_of(batch: Sequence[StoredNotification], language: Language, zone: tzinfo, place: str) -> Letter:
    """What goes out for these, the oldest first. `place` names the gateway."""
    level = gravest([one.level for one in batch])
    if len(batch) == 1:
        one = batch[0]
        what = Text(f"notifications.kind.{one.kind}")
        title = Text(f"notifications.title.{level}", {"what": what, "place": place}).render(language)
        text = f"{_sentence(one, language)}\n{_moment(one.at, zone, day=True)}"
        return Letter(one.batch or one.id, title, text, level, batch)
    title = Text("notifications.digest", {"count": len(batch), "place": place}).render(language)
    shown = batch if len(batch) <= MOST_LINES else batch[-MOST_LINES:]
    several_days = len({_moment(one.at, zone, day=True)[:10] for one in shown}) > 1
    lines = [f"• {_moment(one.at, zone, day=several_days)} {_sentence(one, language)}" for one in shown]
    if len(shown) < len(batch):
        lines.insert(0, Text("notifications.earlier", {"count": len(batch) - len(shown)}).render(language))
    return Letter(batch[0].batch or batch[0].id, title, "\n".join(lines), level, batch)


def _sentence(one: StoredNotification, language: Language) -> str:
    text = spoken(one.text, language)
    if one.repeats:
        text += " " + Text("notifications.repeats", {"count": one.repeats}).render(language)
    return text


def _moment(at: float, zone: tzinfo, *, day: bool) -> str:
    local = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M %Z" if day else "%H:%M").strip()
