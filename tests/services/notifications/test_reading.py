"""Which events are worth telling, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.approvals import APPROVAL_REQUESTED
from crawdad.core.channel_notices import STATUS
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.happenings import (
    APPLICATION_CRASHED,
    BACKUP_FAILED,
    BUDGET_REACHED,
    HEAL_CHANGED,
    HEALTH_CHANGED,
    SWITCH_UNDONE,
    UPDATE_AVAILABLE,
    Event,
)
from crawdad.core.notifications import KINDS, Notice, spoken
from crawdad.core.plugins import PLUGIN_DOWN
from crawdad.core.tasks import TASK_CHANGED, words_out
from crawdad.core.text import Text
from crawdad.services.accounts.keeping import ACCOUNT_DISABLED
from crawdad.services.notifications.reading import ACCOUNT_LOCKED, Reading

HEALED = {"id": "h", "cause": "memory", "subject": "", "words": {"en": "Recycled.", "zh": "已回收。"}}
RUN = {"jobId": "j", "jobName": "nightly\x1b[31m", "action": "finished", "status": "error", "error": "no", "runId": "r"}
BUDGET = {"subject": "key1", "unit": "usd", "period": "day", "limit": 5.0, "resetsAt": 1.0}
LOCK = {"account": "a", "model": "m", "values": [1.0, "quota", 1, 1.0]}


async def read(*events: tuple[str, dict[str, Any]], failures: int = 3) -> list[Notice | None]:
    async def failed(_: str) -> int:
        return failures

    reading = Reading(failed, lambda: 3)
    return [await reading.notice(Event(topic, data, 1.0)) for topic, data in events]


@pytest.mark.parametrize(
    ("topic", "data", "kind", "words"),
    [
        (HEALTH_CHANGED, {"before": "ok", "now": "down", "parts": ["database"]}, "health.down", "database"),
        (HEALTH_CHANGED, {"before": "ok", "now": "degraded", "parts": ["disk"]}, "health.degraded", "disk"),
        (HEALTH_CHANGED, {"before": "down", "now": "ok", "parts": []}, "health.ok", "well again"),
        (HEAL_CHANGED, {**HEALED, "status": "healed"}, "healing.healed", "Recycled."),
        (HEAL_CHANGED, {**HEALED, "status": "failed", "words": {}}, "healing.failed", "memory"),
        (
            HEAL_CHANGED,
            {**HEALED, "status": "failed", "place": "supervisor", "cause": "hang"},
            "healing.failed",
            "Recycled.",
        ),
        (
            HEAL_CHANGED,
            {**HEALED, "status": "healed", "place": "supervisor", "cause": "disk"},
            "healing.healed",
            "Recycled.",
        ),
        (APPLICATION_CRASHED, {"how": "SIGKILL", "hung": False, "safeMode": False}, "gateway.crashed", "SIGKILL"),
        (APPLICATION_CRASHED, {"how": "x", "hung": False, "safeMode": True}, "gateway.safe_mode", "safe mode"),
        (APPLICATION_CRASHED, {"how": "x", "hung": True, "safeMode": False}, "gateway.crashed", "no longer answered"),
        (APPLICATION_CRASHED, {"how": "", "cutOff": True, "safeMode": False}, "gateway.crashed", "lost its power"),
        (BACKUP_FAILED, {"reason": "the disk is full"}, "backup.failed", "the disk is full"),
        (
            SWITCH_UNDONE,
            {"purpose": "update", "about": "2.0", "reason": "SIGKILL"},
            "update.failed",
            "2.0 did not come",
        ),
        (SWITCH_UNDONE, {"purpose": "restore", "about": "b1", "reason": "SIGKILL"}, "restore.undone", "(b1)"),
        (UPDATE_AVAILABLE, {"version": "2.0", "current": "1.0"}, "update.available", "2.0"),
        (TASK_CHANGED, {"kind": "update.run", "status": "failed", "error": "no"}, "update.failed", "no"),
        (TASK_CHANGED, {"kind": "backup.create", "status": "interrupted"}, "backup.failed", "interrupted"),
        (ACCOUNT_DISABLED, {"account": "a", "reason": "revoked"}, "account.disabled", "revoked"),
        (ACCOUNT_LOCKED, LOCK, "account.exhausted", "a has used up"),
        (BUDGET_REACHED, BUDGET, "budget.reached", "key1 has used up its budget of 5"),
        (CRON_CHANGED, RUN, "cron.failing", "“nightly [31m” failed 3 times"),
        (APPROVAL_REQUESTED, {"id": "p", "agentId": "main", "summary": "rm -r /"}, "approval.waiting", "rm -r /"),
        (PLUGIN_DOWN, {"plugin": "p", "reason": "loops"}, "plugin.down", "loops"),
        (STATUS, {"channel": "qq", "account": "d", "state": "needs_login"}, "channel.signed_out", "qq:d"),
    ],
)
async def test_what_is_told(topic: str, data: dict[str, Any], kind: str, words: str) -> None:
    (notice,) = await read((topic, data))
    assert notice is not None
    assert notice.kind == kind
    assert words in spoken(notice.text, "en")
    assert spoken(notice.text, "zh") != spoken(notice.text, "en")


DISK = words_out(Text("backups.disk", {"reason": "No space\nleft"}))


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        (BACKUP_FAILED, {"reason": DISK}),
        (SWITCH_UNDONE, {"purpose": "restore", "about": "b1", "reason": DISK}),
        (TASK_CHANGED, {"kind": "backup.create", "status": "failed", "error": "in English", "errorWords": DISK}),
    ],
)
async def test_why_is_told_in_the_language_of_the_rest(topic: str, data: dict[str, Any]) -> None:
    (notice,) = await read((topic, data))
    assert notice is not None
    assert "The backups cannot be read or written: No space left" in spoken(notice.text, "en")
    assert "无法读写备份：No space left" in spoken(notice.text, "zh")


@pytest.mark.parametrize(
    ("topic", "data", "failures"),
    [
        (HEAL_CHANGED, {**HEALED, "status": "running"}, 0),
        # One story for one crash: the start that follows tells of it, and of safe mode.
        (HEAL_CHANGED, {**HEALED, "status": "healed", "place": "supervisor", "cause": "crash", "remedy": "replace"}, 0),
        (HEAL_CHANGED, {**HEALED, "status": "told", "place": "start", "cause": "disk", "remedy": "safe_mode"}, 0),
        (TASK_CHANGED, {"kind": "update.run", "status": "succeeded"}, 0),
        (TASK_CHANGED, {"kind": "plugins.update", "status": "failed"}, 0),
        (ACCOUNT_LOCKED, {**LOCK, "values": [1.0, "rate_limit", 1, 1.0]}, 0),
        (CRON_CHANGED, RUN, 2),
        (CRON_CHANGED, {**RUN, "status": "ok"}, 3),
        (CRON_CHANGED, {"jobId": "j", "action": "added"}, 3),
        (STATUS, {"channel": "qq", "account": "d", "state": "connected"}, 0),
        (STATUS, {"channel": "qq", "account": "d", "state": "degraded"}, 0),
    ],
)
async def test_what_is_not_told(topic: str, data: dict[str, Any], failures: int) -> None:
    assert await read((topic, data), failures=failures) == [None]


async def test_a_channel_that_comes_back_is_told_after_it_was_gone() -> None:
    gone, _, back, again = await read(
        *((STATUS, {"channel": "qq", "account": "d", "state": state}) for state in ("needs_login", "starting")),
        *((STATUS, {"channel": "qq", "account": "d", "state": "connected"}),) * 2,
    )
    assert gone is not None and back is not None
    assert (gone.kind, back.kind, again) == ("channel.signed_out", "channel.connected", None)
    assert gone.subject == back.subject


def test_every_kind_has_its_name_in_both_languages() -> None:
    for kind in KINDS:
        text = Text(f"notifications.kind.{kind}")
        assert text.render("en") != text.render("zh")
