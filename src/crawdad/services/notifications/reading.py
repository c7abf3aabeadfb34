"""What on the bus is worth telling an operator. Pure, but for the question how often a job has failed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

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
from crawdad.core.notifications import Notice, Spoken
from crawdad.core.plugins import PLUGIN_DOWN
from crawdad.core.tasks import TASK_CHANGED, words_in, words_out
from crawdad.core.text import Text
from crawdad.services.accounts.keeping import ACCOUNT_DISABLED

ACCOUNT_LOCKED = "accounts.locked"
_EXHAUSTED = frozenset(("spent", "quota"))
_LONGEST = 300
_MOST_LINES = 8
_PLAIN_ENDS = frozenset(("healed", "failed", "told"))
_FAILED_TASKS: Mapping[str, tuple[str, str]] = {
    "backup.create": ("backup.failed", "backup"),
    "update.run": ("update.failed", "update"),
}
"""Kinds of tasks whose failure is told: as which kind of notice, and about what."""

Failures = Callable[[str], Awaitable[int]]
"""How often in a row a job has failed, by its id."""
Draft = tuple[str, str, Spoken]
"""Kind, subject and words."""


def _cut(value: object) -> str:
    """A text that other people had a say in: one line, and not too long."""
    return "".join(one if one.isprintable() else " " for one in str(value))[:_LONGEST]


def _words(plain: Any) -> Text | str:
    """Words that travelled as `core.tasks.words_out` makes them, in every language; what other people had a say in is cut."""
    found = words_in(plain)
    if isinstance(found, str):
        return _cut(found)
    return Text(found.key, {name: _words_or_plain(value) for name, value in found.values.items()})


def _words_or_plain(value: object) -> object:
    if isinstance(value, Text):
        return _words(words_out(value))
    return _cut(value) if isinstance(value, str) else value


def _fault(data: Mapping[str, Any]) -> Text | str:
    """What went wrong with a task or a job's run: ours in whichever language it is read, a foreigner's as it came."""
    return _words(data.get("errorWords") or data.get("error") or data["status"])


def _health(data: Mapping[str, Any]) -> Draft | None:
    now, before = data["now"], data["before"]
    parts = ", ".join(_cut(part) for part in data.get("parts", ())) or "-"
    return f"health.{now}", "health", Text(f"notifications.health_{now}", {"before": before, "parts": parts})


def _healing(data: Mapping[str, Any]) -> Draft | None:
    if data["status"] not in _PLAIN_ENDS or _is_told_otherwise(data):
        return None
    words = data.get("words") or {}
    text: Spoken = {language: _cut(words[language]) for language in ("en", "zh") if words.get(language)}
    if not text:
        text = Text("notifications.healing", {"cause": _cut(data.get("cause", "?"))})
    return f"healing.{data['status']}", f"healing:{_cut(data.get('cause', ''))}:{_cut(data.get('subject', ''))}", text


def _is_told_otherwise(data: Mapping[str, Any]) -> bool:
    """Whether another notice says the same: of a crash that a fresh process made up for, of safe mode, of a plugin that its
    guard set down."""
    remedy, place = data.get("remedy"), data.get("place")
    if remedy == "safe_mode":
        return True
    if data["status"] != "healed":
        return False
    return (remedy, place) == ("replace", "supervisor") or (remedy, place) == ("set_down_plugin", "application")


def _crashed(data: Mapping[str, Any]) -> Draft | None:
    values = {"how": _cut(data["how"])}
    if not data.get("safeMode"):
        key = "cut_off" if data.get("cutOff") else "hung" if data.get("hung") else "crashed"
        return "gateway.crashed", "gateway", Text(f"notifications.{key}", values)
    text, words = Text("notifications.safe_mode", values), data.get("words") or {}
    lines = {"en": [text.render("en")], "zh": [text.render("zh")]}
    for language, told in lines.items():
        told += [_cut(line) for line in str(words.get(language, "")).splitlines()[:_MOST_LINES]]
    return "gateway.safe_mode", "gateway", {language: "\n".join(told) for language, told in lines.items()}


def _backup(data: Mapping[str, Any]) -> Draft | None:
    return "backup.failed", "backup", Text("notifications.backup_failed", {"reason": _words(data["reason"])})


def _update(data: Mapping[str, Any]) -> Draft | None:
    version = _cut(data["version"])
    values = {"version": version, "current": _cut(data["current"])}
    return "update.available", f"update:{version}", Text("notifications.update_available", values)


def _undone(data: Mapping[str, Any]) -> Draft:
    about, reason = _cut(data["about"]), _words(data["reason"])
    if data["purpose"] == "update":
        return "update.failed", "update", Text("notifications.update_undone", {"version": about, "reason": reason})
    return "restore.undone", "restore", Text("notifications.restore_undone", {"backup": about, "reason": reason})


def _task(data: Mapping[str, Any]) -> Draft | None:
    found = _FAILED_TASKS.get(data["kind"])
    if found is None or data["status"] not in ("failed", "interrupted"):
        return None
    kind, subject = found
    key = kind.replace(".", "_")
    return kind, subject, Text(f"notifications.{key}", {"reason": _fault(data)})


def _account(data: Mapping[str, Any]) -> Draft | None:
    account = _cut(data["account"])
    values = {"account": account, "reason": _cut(data["reason"])}
    return "account.disabled", f"account:{account}", Text("notifications.account_disabled", values)


def _locked(data: Mapping[str, Any]) -> Draft | None:
    reason = data["values"][1]
    if reason not in _EXHAUSTED:
        return None
    account, model = _cut(data["account"]), _cut(data.get("model") or "*")
    values = {"account": account, "model": model}
    return "account.exhausted", f"account:{account}:{model}", Text("notifications.account_exhausted", values)


def _budget(data: Mapping[str, Any]) -> Draft | None:
    values = {
        "subject": _cut(data["subject"]),
        "limit": f"{data['limit']:g}",
        "unit": Text(f"budgets.unit.{data['unit']}"),
        "period": Text(f"budgets.period.{data['period']}"),
    }
    subject = f"budget:{data['subject']}:{data['unit']}:{data['period']}"
    return "budget.reached", subject, Text("notifications.budget_reached", values)


def _approval(data: Mapping[str, Any]) -> Draft | None:
    values = {"agent": _cut(data.get("agentId") or "-"), "summary": _cut(data["summary"])}
    return "approval.waiting", f"approval:{data['id']}", Text("notifications.approval_waiting", values)


def _plugin(data: Mapping[str, Any]) -> Draft | None:
    plugin = _cut(data["plugin"])
    values = {"plugin": plugin, "reason": _cut(data["reason"])}
    return "plugin.down", f"plugin:{plugin}", Text("notifications.plugin_down", values)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Draft | None]] = {
    HEALTH_CHANGED: _health,
    HEAL_CHANGED: _healing,
    APPLICATION_CRASHED: _crashed,
    BACKUP_FAILED: _backup,
    UPDATE_AVAILABLE: _update,
    SWITCH_UNDONE: _undone,
    TASK_CHANGED: _task,
    ACCOUNT_DISABLED: _account,
    ACCOUNT_LOCKED: _locked,
    BUDGET_REACHED: _budget,
    APPROVAL_REQUESTED: _approval,
    PLUGIN_DOWN: _plugin,
}
TOPICS = (*_READERS, CRON_CHANGED, STATUS)


class Reading:
    """Makes notices of events. Of a channel it remembers whether somebody has to sign in, so that its return can be told."""

    def __init__(self, failures: Failures, least_failures: Callable[[], int]) -> None:
        self._failures = failures
        self._least_failures = least_failures
        self._signed_out: set[str] = set()

    async def notice(self, event: Event) -> Notice | None:
        """What is to be told of it; None: nothing. Raises KeyError, TypeError, ValueError for what is told otherwise than here
        (by a process of another version)."""
        if event.topic == CRON_CHANGED:
            draft = await self._cron(event.data)
        elif event.topic == STATUS:
            draft = self._channel(event.data)
        else:
            draft = _READERS[event.topic](event.data)
        if draft is None:
            return None
        kind, subject, text = draft
        return Notice(kind, subject[:_LONGEST], text, event.at, mark_of(event))

    async def _cron(self, data: Mapping[str, Any]) -> Draft | None:
        if data.get("action") != "finished" or data.get("status") in ("ok", "skipped"):
            return None
        count = await self._failures(data["jobId"])
        if count < self._least_failures():
            return None
        job = _cut(data.get("jobName") or data["jobId"])
        values = {"job": job, "count": count, "error": _fault(data)}
        return "cron.failing", f"cron:{data['jobId']}", Text("notifications.cron_failing", values)

    def _channel(self, data: Mapping[str, Any]) -> Draft | None:
        account, state = _cut(f"{data['channel']}:{data['account']}"), data["state"]
        if state == "needs_login":
            self._signed_out.add(account)
            text = Text("notifications.channel_signed_out", {"account": account})
            return "channel.signed_out", f"channel:{account}", text
        if state == "connected" and account in self._signed_out:
            self._signed_out.discard(account)
            return (
                "channel.connected",
                f"channel:{account}",
                Text("notifications.channel_connected", {"account": account}),
            )
        return None


def mark_of(event: Event) -> str:
    """What a happening is called that every process hears of alike."""
    plain = orjson.dumps([event.topic, event.data, event.at], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(plain).hexdigest()[:32]
