"""What an operator is told of: the kinds of things that happen, what was told to whom, and the ports to that. Times are Unix
seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from crawdad.core.notification_settings import NotificationLevel, NotificationTarget
from crawdad.core.parts import JsonObject
from crawdad.core.patterns import matches
from crawdad.core.tasks import words_in, words_out
from crawdad.core.text import Language, Text

KINDS: Mapping[str, NotificationLevel] = {
    "health.ok": "info",
    "health.degraded": "warning",
    "health.down": "urgent",
    "healing.healed": "warning",
    "healing.told": "warning",
    "healing.failed": "urgent",
    "gateway.crashed": "warning",
    "gateway.safe_mode": "urgent",
    "backup.failed": "warning",
    "restore.undone": "warning",
    "update.available": "info",
    "update.failed": "warning",
    "account.disabled": "warning",
    "account.exhausted": "warning",
    "channel.signed_out": "warning",
    "channel.connected": "info",
    "budget.reached": "warning",
    "cron.failing": "warning",
    "approval.waiting": "urgent",
    "plugin.down": "warning",
    "test": "info",
}
"""Each kind with how much it matters."""
_SEVERITY: Mapping[str, int] = {"info": 0, "warning": 1, "urgent": 2}

NotificationState = Literal["waiting", "sending", "sent", "failed"]

Spoken = Text | Mapping[str, str]
"""Words of the catalogue, or a sentence in each language (`en`, `zh`)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened. `subject` names what it happened to: of two in a row about the same subject and of the same kind
    the second tells nothing new. `mark` names the happening, so that it counts once."""

    kind: str
    subject: str
    text: Spoken
    at: float
    mark: str

    @property
    def level(self) -> NotificationLevel:
        """How much it matters."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class StoredNotification:
    """A notice for one target, and what became of it. `batch` is the id of the first of those that go out together, `repeats`
    how often the same happened before without being told."""

    id: str
    target: str
    kind: str
    level: NotificationLevel
    subject: str
    text: Spoken
    at: float
    mark: str
    created_at: float
    updated_at: float
    ready_at: float
    state: NotificationState = "waiting"
    batch: str = ""
    runner: str = ""
    attempts: int = 0
    repeats: int = 0
    receipt: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out to a target: one notice, or several together. `id` is the same for each try."""

    id: str
    title: str
    text: str
    level: NotificationLevel
    notices: Sequence[StoredNotification]


class NotDelivered(Exception):
    """It did not arrive. `again`: it may be tried once more, without anybody being told twice as far as that can be known."""

    def __init__(self, reason: Text | str, *, again: bool = True) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.again = again

    def render(self, language: Language = "en") -> str:
        """Why."""
        return self.reason.render(language) if isinstance(self.reason, Text) else self.reason


class Courier(Protocol):
    """Takes letters to one kind of targets."""

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """Hand it over: what the other side calls it (its receipt), or nothing. Raises `NotDelivered`."""


def wants(target: NotificationTarget, notice: Notice) -> bool:
    """Whether a target is to be told. Pure."""
    named = any(matches(pattern, notice.kind) for pattern in target.events)
    return target.enabled and named and _SEVERITY[notice.level] >= _SEVERITY[target.level]


def gravest(levels: Sequence[NotificationLevel]) -> NotificationLevel:
    """The one that matters most."""
    return max(levels, key=lambda level: _SEVERITY[level], default="info")


def spoken(words: Spoken, language: Language) -> str:
    """Words in a language; English where it has none of its own."""
    if isinstance(words, Text):
        return words.render(language)
    return words.get(language) or words.get("en") or next(iter(words.values()), "")


def spoken_out(words: Spoken) -> Any:
    """Words as plain JSON, to be read by `spoken_in`."""
    return words_out(words) if isinstance(words, Text) else dict(words)


def spoken_in(plain: Any) -> Spoken:
    """Words out of plain JSON."""
    if isinstance(plain, Mapping) and "key" not in plain:
        return {str(language): str(text) for language, text in plain.items()}
    found = words_in(plain)
    return found if isinstance(found, Text) else {"en": found}


def told(one: StoredNotification, language: Language = "en") -> JsonObject:
    """A notification as plain JSON for clients."""
    return {
        "id": one.id,
        "target": one.target,
        "kind": one.kind,
        "level": one.level,
        "subject": one.subject,
        "text": spoken(one.text, language),
        "at": one.at,
        "state": one.state,
        "attempts": one.attempts,
        "repeats": one.repeats,
        "updatedAt": one.updated_at,
        "receipt": one.receipt,
        "error": one.error,
    }
