"""Notices kept for whoever wants them; who that is, what they were told, and the test of a target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.notification_settings import (
    FEISHU_APP,
    FEISHU_WEBHOOK,
    SMTP,
    WEBHOOK,
    NotificationSettings,
    NotificationTarget,
)
from crawdad.core.notifications import NotDelivered, Notice, StoredNotification, told, wants
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Language, Text
from crawdad.services.notifications.sending import MOST_WAITING, Sending
from crawdad.store.notifications import NotificationStore

MOST_ON_A_PAGE = 200
_MOST_TESTS = 4


class Notifications:
    """Of this installation."""

    def __init__(
        self,
        store: NotificationStore,
        settings: Callable[[], NotificationSettings],
        sending: Sending,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self.sending = sending
        self._store, self._settings = store, settings
        self._clock, self._randomness = clock, randomness
        self._testing = asyncio.Semaphore(_MOST_TESTS)

    async def take(self, notice: Notice) -> int:
        """Keep a notice for all targets that want it. Returns for how many."""
        settings, now = self._settings(), self._clock.now()
        if not settings.enabled:
            return 0
        taken = 0
        for name, target in settings.targets.items():
            if not wants(target, notice):
                continue
            draft = self._draft(name, notice, now)
            if await self._store.add(draft, now - settings.dedupe_seconds):
                taken += 1
                too_many = Text("notifications.too_many", {"most": MOST_WAITING}).render()
                await self._store.give_up_beyond(name, MOST_WAITING, now, too_many)
        if taken:
            self.sending.poke()
        return taken

    async def targets(self, language: Language = "en") -> list[JsonObject]:
        """Who is told of what. No secrets: of an address that holds one nothing but its host is shown."""
        waiting = await self._store.open_by_target()
        found = []
        for name, target in self._settings().targets.items():
            last = await self._store.page(1, target=name)
            problem = problem_of(target)
            found.append(
                {
                    "name": name,
                    "kind": target.kind,
                    "enabled": target.enabled and self._settings().enabled,
                    "to": place_of(target),
                    "events": list(target.events),
                    "level": target.level,
                    "language": target.language,
                    "problem": problem.render(language) if problem is not None else "",
                    "waiting": waiting.get(name, 0),
                    "last": told(last[0], language) if last else None,
                }
            )
        return found

    async def history(
        self, limit: int = 50, cursor: str = "", target: str = "", language: Language = "en"
    ) -> JsonObject:
        """What was told, the newest first, and where the next page begins (null: nowhere)."""
        limit = max(1, min(limit, MOST_ON_A_PAGE))
        found = await self._store.page(limit + 1, cursor, target)
        page = found[:limit]
        return {
            "notifications": [told(one, language) for one in page],
            "cursor": page[-1].id if len(found) > limit else None,
        }

    async def test(self, name: str, language: Language = "en") -> JsonObject:
        """Send a test to a target now, whatever the hour. Raises NOT_FOUND; that it did not arrive is an answer."""
        target = self._settings().targets.get(name)
        if target is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("notifications.no_target", {"name": name[:100]}))
        now = self._clock.now()
        one = replace(
            self._draft(name, Notice("test", "test", Text("notifications.test"), now, ""), now),
            mark=f"test:{self._randomness.new_id()}",
            attempts=1,
        )
        one = replace(one, subject=one.mark, batch=one.id)
        try:
            async with self._testing:
                receipt = await self.sending.deliver(name, target, [one])
        except NotDelivered as failed:
            settled = replace(one, state="failed", error=failed.render(), updated_at=self._clock.now())
            await self._store.add(settled, now)
            return {"ok": False, "target": name, "error": failed.render(language), "receipt": ""}
        await self._store.add(replace(one, state="sent", receipt=receipt[:200], updated_at=self._clock.now()), now)
        return {"ok": True, "target": name, "error": "", "receipt": receipt[:200]}

    def _draft(self, name: str, notice: Notice, now: float) -> StoredNotification:
        return StoredNotification(
            id=self._randomness.new_id(),
            target=name,
            kind=notice.kind,
            level=notice.level,
            subject=notice.subject,
            text=notice.text,
            at=notice.at or now,
            mark=notice.mark,
            created_at=now,
            updated_at=now,
            ready_at=now,
        )


def problem_of(target: NotificationTarget) -> Text | None:
    """What is missing before a target can be told anything. Pure."""
    needed: list[str]
    if target.kind in (WEBHOOK, FEISHU_WEBHOOK):
        needed = [] if target.url else ["url"]
    elif target.kind == FEISHU_APP:
        needed = [name for name, value in (("appId", target.app_id), ("appSecret", target.app_secret)) if not value]
        needed += [] if target.to else ["to"]
    elif target.kind == SMTP:
        sender = target.smtp.from_address or target.smtp.username
        needed = [name for name, value in (("smtp.host", target.smtp.host), ("smtp.fromAddress", sender)) if not value]
        needed += [] if target.to else ["to"]
    else:
        needed = [name for name, value in (("kind", target.kind), ("to", target.to)) if not value]
    return Text("notifications.missing", {"keys": ", ".join(needed)}) if needed else None


def place_of(target: NotificationTarget) -> str:
    """Where a target is, without what may be a credential."""
    if target.kind in (WEBHOOK, FEISHU_WEBHOOK) and target.url is not None:
        try:
            return urlsplit(target.url.reveal()).hostname or ""
        except ValueError:
            return ""
    return f"{target.account}:{target.to}" if target.account else target.to
