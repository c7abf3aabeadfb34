"""`sessions.usage*`: what sessions used, over time and word by word."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.model_defaults import default_model
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.session_shapes import model_of
from crawdad.api.control.turns import Turns
from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import LogEvent, SessionEntry, SessionFilter
from crawdad.services.sessions.service import no_session
from crawdad.services.sessions.transcript import message_of, text_of
from crawdad.services.sessions.usage import SessionUsage, Spent, count_up, latency, points, spent_in
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, Schema, closed, integer, words
from crawdad.wire.control.scopes import READ

_DAYS = 30
_SESSIONS, _MOST_SESSIONS = 50, 500
_MOST_LINES = 20_000
"""How many of a session are counted."""
_PAGE = 500
_LOGS, _MOST_LOGS = 200, 1000
_LONGEST_TEXT = 2000
_RANGES = {"7d": 7, "30d": 30, "90d": 90, "1y": 365, "all": 3660}
_USAGE: Schema = closed(
    {
        "key": FILLED,
        "agentId": FILLED,
        "startDate": STRING,
        "endDate": STRING,
        "range": words(*_RANGES),
        "limit": integer(1),
        "includeContextWeight": BOOLEAN,
        "mode": words("utc", "gateway", "specific"),
        **dict.fromkeys(("utcOffset", "timeZone"), STRING),
        "agentScope": words("all"),
        "groupBy": words("instance", "family"),
        "includeHistorical": BOOLEAN,
    }
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    usage = _Usage(control, control.agents)
    one, logs = closed({"key": FILLED}, "key"), closed({"key": FILLED, "limit": integer(1, _MOST_LOGS)}, "key")
    told = "{updatedAt, startDate, endDate, sessions[{key, sessionId, usage{…}, …}], totals, aggregates{…}}"
    point = "{sessionId, points[{timestamp, input, output, totalTokens, cost, cumulativeTokens, cumulativeCost}]}"
    return [
        Method("sessions.usage", READ, usage.sums, _USAGE, told, advertised=False),
        Method("sessions.usage.timeseries", READ, usage.timeseries, one, point, advertised=False),
        Method(
            "sessions.usage.logs",
            READ,
            usage.logs,
            logs,
            "{logs[{timestamp, role, content, tokens?, cost?}]}",
            advertised=False,
        ),
    ]


class _Usage:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)

    async def sums(self, asked: Asked) -> Any:
        params, now = asked.params, self._control.clock.now()
        first, last = _span(params, datetime.fromtimestamp(now, UTC).date())
        since, until = _midnight(first), _midnight(last + timedelta(days=1))
        sums = _Sums(default_model(self._control)[0])
        for entry in await self._entries(params, since):
            usage = SessionUsage()
            async for lines in self._pages(entry):
                usage.add(count_up(lines, since, until))
            if usage.talk.total or params.get("key"):
                sums.add(entry, usage)
        told = {"updatedAt": round(now * 1000), "startDate": first.isoformat(), "endDate": last.isoformat()}
        return {**told, **sums.told()}

    async def timeseries(self, asked: Asked) -> Any:
        entry = await self._entry(asked.params["key"])
        found: list[JsonObject] = []
        async for lines in self._pages(entry):
            found += points(lines, found[-1] if found else None)
        return {"sessionId": entry.session_id, "points": found}

    async def logs(self, asked: Asked) -> Any:
        entry = await self._entry(asked.params["key"])
        lines = await self._side.sessions.history(entry.session_id, int(asked.params.get("limit", _LOGS)))
        return {"logs": [_logged(line) for line in lines if line.kind == "message"]}

    async def _entries(self, params: JsonObject, since: float) -> Sequence[SessionEntry]:
        if params.get("key"):
            return [await self._entry(params["key"])]
        limit = min(int(params.get("limit", _SESSIONS)), _MOST_SESSIONS)
        wanted = SessionFilter(agent_id=params.get("agentId"), active_since=since)
        found: list[SessionEntry] = []
        cursor = None
        while len(found) < limit:
            page = await self._side.sessions.page(wanted, min(limit - len(found), 200), cursor)
            found += page.entries
            cursor = page.cursor
            if cursor is None:
                break
        return found

    async def _entry(self, written: str) -> SessionEntry:
        key = self._turns.key(written)
        entry = await self._side.sessions.get(key)
        if entry is None:
            raise no_session(key)
        return entry

    async def _pages(self, entry: SessionEntry) -> AsyncIterator[Sequence[LogEvent]]:
        """What was said, a page at a time: lines can be large, and long sessions must not hold up everybody else."""
        after = 0
        for _ in range(_MOST_LINES // _PAGE):
            store = self._side.sessions.store
            lines = await store.lines(entry.session_id, after=after, limit=_PAGE, kinds=("message",))
            if not lines:
                return
            yield lines
            after = lines[-1].sequence
            await asyncio.sleep(0)


class _Sums:
    """Sessions, and what they come to together."""

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._rows: list[JsonObject] = []
        self._all = SessionUsage()
        self._agents: dict[str, Spent] = defaultdict(Spent)
        self._channels: dict[str, Spent] = defaultdict(Spent)

    def add(self, entry: SessionEntry, usage: SessionUsage) -> None:
        provider, model = model_of(entry, self._model)
        row: JsonObject = {"key": entry.key}
        given = {"label": entry.label or entry.title, "channel": entry.channel, "chatType": entry.chat_type}
        row |= {name: value for name, value in given.items() if value}
        row |= {"sessionId": entry.session_id, "updatedAt": round(entry.updated_at * 1000), "agentId": entry.agent_id}
        row |= {"modelProvider": provider, "model": model, "usage": usage.told(), "contextWeight": None}
        self._rows.append(row)
        self._all.add(usage)
        self._agents[entry.agent_id].add(usage.spent)
        if entry.channel:
            self._channels[entry.channel].add(usage.spent)

    def told(self) -> JsonObject:
        together = self._all
        aggregates: JsonObject = {
            "messages": together.talk.told(),
            "tools": together.tool_usage(),
            "byModel": together.by_model(),
            "byProvider": together.by_provider(),
            "byAgent": _shares("agentId", self._agents),
            "byChannel": _shares("channel", self._channels),
            "dailyLatency": together.latency_by_day(),
            "modelDaily": together.models_by_day(),
            "daily": together.by_day(),
        }
        if together.waits:
            aggregates["latency"] = latency(together.waits)
        return {"sessions": self._rows, "totals": together.spent.told(), "aggregates": aggregates}


def _shares(name: str, spent: dict[str, Spent]) -> list[JsonObject]:
    found = sorted(spent.items(), key=lambda pair: (-pair[1].cost, -pair[1].total, pair[0]))
    return [{name: who, "totals": each.told()} for who, each in found]


def _logged(line: LogEvent) -> JsonObject:
    raw, message = line.data.get("message") or {}, message_of(line.data)
    told: JsonObject = {"timestamp": round(line.at * 1000), "role": str(raw.get("role") or "other")}
    told["content"] = text_of(message.parts)[:_LONGEST_TEXT] if message is not None else ""
    spent = spent_in(raw)
    return told if spent is None else {**told, "tokens": spent.total, "cost": spent.cost}


def _span(params: JsonObject, today: date) -> tuple[date, date]:
    """The first and the last day (UTC) that is asked for."""
    last = min(today, _day(params, "endDate") or today)
    first = _day(params, "startDate") or last - timedelta(days=_RANGES.get(params.get("range", ""), _DAYS) - 1)
    return min(first, last), last


def _day(params: JsonObject, name: str) -> date | None:
    text = params.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_request("control.bad_date", name, date=text[:40]) from None


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
