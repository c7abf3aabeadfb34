"""What the rest of the system tells on the bus, noted in the activity log. Each happening is noted by the process that told of
it, or by whichever is first where that is not said (its mark stands once)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog

from crawdad.core.approvals import APPROVAL_REQUESTED
from crawdad.core.channel_notices import EVENT, FRAME, REQUEST, SENT, STATUS, TROUBLE
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.happenings import HEAL_CHANGED, LAGGED, Event
from crawdad.core.plugins import PLUGIN_DOWN
from crawdad.core.ports import Bus
from crawdad.core.tasks import Words, words_in
from crawdad.core.text import Text
from crawdad.services.accounts.keeping import ACCOUNT_DISABLED
from crawdad.services.activity.channels import event_draft, sent_draft
from crawdad.services.activity.log import ActivityLog, Draft
from crawdad.services.activity.onebot import frame_draft
from crawdad.services.agents.lanes import ENDED_TOPIC
from crawdad.services.channels.figures import QQ
from crawdad.services.channels.pairing import PAIRING_APPROVED, PAIRING_ASKED
from crawdad.services.switch import SWITCHED

_log = structlog.get_logger(__name__)
_LONGEST = 300
_STATES = frozenset(("connected", "needs_login", "error"))
"""States of channels that have a line; all others are a link that is not there."""


class ActivityFeed:
    """Feeds the log; `follow` is to be run."""

    def __init__(self, bus: Bus, log: ActivityLog, process: str) -> None:
        self._bus = bus
        self._log = log
        self._process = process
        self._states: dict[str, str] = {}
        self._readers: Mapping[str, Callable[[Event], None]] = {
            FRAME: self._frame,
            EVENT: self._event,
            SENT: self._sent,
            STATUS: self._status,
            TROUBLE: self._trouble,
            REQUEST: self._request,
            PAIRING_ASKED: self._pairing_asked,
            PAIRING_APPROVED: self._pairing_approved,
            APPROVAL_REQUESTED: self._approval,
            CRON_CHANGED: self._cron,
            ENDED_TOPIC: self._run,
            SWITCHED: self._switched,
            PLUGIN_DOWN: self._plugin,
            HEAL_CHANGED: self._healing,
            ACCOUNT_DISABLED: self._account,
        }

    async def follow(self) -> None:
        """Note what is told, for ever."""
        async for event in self._bus.subscribe(list(self._readers)):
            if event.topic == LAGGED:
                lost = event.data.get("lost") or 0
                _log.warning("activity_missed", events=lost)
                if lost:
                    self._log.system(Text("activity.given_up", {"count": lost}))
                continue
            if event.origin and event.origin != self._process:
                continue  # that process notes it
            try:
                self._readers[event.topic](event)
            except (KeyError, TypeError, ValueError, AttributeError):  # another version's process may tell it otherwise
                _log.warning("event_not_understood", topic=event.topic)

    def _note(self, draft: Draft | None) -> None:
        if draft is not None:
            self._log.note(draft)

    def _frame(self, event: Event) -> None:
        if event.data["channel"] == QQ:
            self._note(frame_draft(str(event.data["account"]), event.data["frame"], self._log.language))

    def _event(self, event: Event) -> None:
        self._note(event_draft(event.data, self._log.language))

    def _sent(self, event: Event) -> None:
        self._note(sent_draft(event.data))

    def _status(self, event: Event) -> None:
        account, state = _account(event), str(event.data["state"])
        state = state if state in _STATES else "disconnected"
        before, self._states[account] = self._states.get(account, "disconnected"), state
        if state != before:
            values = {"account": account, "state": Text(f"activity.state.{state}")}
            self._log.system(Text("activity.channel_state", values), "system.channel")

    def _trouble(self, event: Event) -> None:
        values = {"account": _account(event), "text": _cut(event.data["text"])}
        self._log.system(Text("activity.channel_trouble", values), "system.channel")

    def _request(self, event: Event) -> None:
        data = event.data
        if data["state"] in ("accepted", "refused", "gone", "failed"):
            values = {"sender": data["sender"], "by": data.get("by") or "?", "account": _account(event)}
            self._log.system(Text(f"activity.request_{data['state']}", values), "system.request")

    def _pairing_asked(self, event: Event) -> None:
        self._pairing("activity.pairing_asked", event)

    def _pairing_approved(self, event: Event) -> None:
        self._pairing("activity.pairing_approved", event)

    def _pairing(self, key: str, event: Event) -> None:
        values = {"account": _account(event), "sender": event.data.get("name") or event.data["sender"]}
        self._log.system(Text(key, values), "system.pairing", mark=_mark(event))

    def _approval(self, event: Event) -> None:
        details = event.data.get("details") or {}
        if event.data["kind"] == "request" and details.get("channel") == QQ:
            return  # the frame has its line
        text = Text("activity.approval_asked", {"summary": _cut(event.data["summary"])})
        self._log.system(text, "system.approval", mark=f"approval:{event.data['id']}")

    def _cron(self, event: Event) -> None:
        data = event.data
        if data.get("action") != "finished" or not data.get("runId"):
            return
        job = data.get("jobName") or data["jobId"]
        failed = data["status"] not in ("ok", "skipped")
        values = {"job": job, "status": data["status"], "error": _fault(data)}
        key = "activity.cron_failed" if failed else "activity.cron_ok"
        summary = data.get("summary")
        self._log.system(Text(key, values), "system.cron", detail=summary, mark=f"cron:{data['runId']}")

    def _run(self, event: Event) -> None:
        data = event.data
        if data["status"] in ("failed", "interrupted"):
            values = {"agent": data["agentId"], "session": data["sessionKey"]}
            self._log.system(Text("activity.run_failed", values), "system.agent", mark=f"run:{data['id']}")

    def _switched(self, event: Event) -> None:
        if "running" in event.data:
            key = "activity.switched_on" if event.data["running"] else "activity.switched_off"
            self._log.system(Text(key), mark=f"switch:{event.data['revision']}")

    def _plugin(self, event: Event) -> None:
        values = {"plugin": event.data["plugin"], "reason": _cut(event.data["reason"])}
        self._log.system(Text("activity.plugin_down", values), "system.plugin", mark=_mark(event))

    def _healing(self, event: Event) -> None:
        data = event.data
        if data["status"] != "running":
            words = Text("activity.healing", {"words": _cut(data["words"][self._log.language])})
            self._log.system(words, "system.healing", mark=f"healing:{data['id']}:{data['status']}")

    def _account(self, event: Event) -> None:
        values = {"account": event.data["account"], "reason": _cut(event.data["reason"])}
        self._log.system(Text("activity.account_disabled", values), "system.account", mark=_mark(event))


def _account(event: Event) -> str:
    return f"{event.data['channel']}:{event.data['account']}"


def _cut(text: object) -> str:
    return str(text)[:_LONGEST]


def _fault(data: Mapping[str, Any]) -> Words:
    """What went wrong with a job's run."""
    words = words_in(data.get("errorWords") or data.get("error") or data["status"])
    return words if isinstance(words, Text) else _cut(words)


def _mark(event: Event) -> str:
    """What a happening is called that every process hears of alike."""
    told = orjson.dumps([event.topic, event.data, event.at], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(told).hexdigest()[:32]
