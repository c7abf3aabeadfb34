"""What a session used, counted from the lines of its logs, as clients of the control channel are told of it. Pure.

Costs are known as a whole: what each kind of token cost is not told apart, and stands as nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.sessions import LogEvent

_LONGEST_PAUSE = 12 * 3600.0
"""Beyond it an answer does not belong to the question before it."""


@dataclass(slots=True)
class Spent:
    """Tokens and money of some answers."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    total: int = 0
    cost: float = 0.0
    unpriced: int = 0
    count: int = 0

    def add(self, other: Spent) -> None:
        """Count another's too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def told(self) -> JsonObject:
        """As clients know it."""
        return {
            "input": self.input,
            "output": self.output,
            "cacheRead": self.cache_read,
            "cacheWrite": self.cache_write,
            "totalTokens": self.total,
            "totalCost": round(self.cost, 10),
            "inputCost": 0.0,
            "outputCost": 0.0,
            "cacheReadCost": 0.0,
            "cacheWriteCost": 0.0,
            "missingCostEntries": self.unpriced,
        }


@dataclass(slots=True)
class Talk:
    """How much was said, and what went wrong."""

    total: int = 0
    user: int = 0
    assistant: int = 0
    tool_calls: int = 0
    tool_results: int = 0
    errors: int = 0

    def add(self, other: Talk) -> None:
        """Count another's too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def told(self) -> JsonObject:
        """As clients know it."""
        return {
            "total": self.total,
            "user": self.user,
            "assistant": self.assistant,
            "toolCalls": self.tool_calls,
            "toolResults": self.tool_results,
            "errors": self.errors,
        }


@dataclass(slots=True)
class SessionUsage:
    """What the lines of a session, or of several, come to. Days are UTC; `waits` are the seconds between a question and the
    answer."""

    spent: Spent = field(default_factory=Spent)
    talk: Talk = field(default_factory=Talk)
    tools: Counter[str] = field(default_factory=Counter)
    models: dict[tuple[str, str], Spent] = field(default_factory=lambda: defaultdict(Spent))
    days: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    talk_of_days: dict[str, Talk] = field(default_factory=lambda: defaultdict(Talk))
    models_of_days: dict[tuple[str, str, str], Spent] = field(default_factory=lambda: defaultdict(Spent))
    waits: list[float] = field(default_factory=list)
    waits_of_days: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: float = 0.0
    last: float = 0.0

    def add(self, other: SessionUsage) -> None:
        """Count another's too."""
        self.first = min(filter(None, (self.first, other.first)), default=0.0)
        self.last = max(self.last, other.last)
        self.spent.add(other.spent)
        self.talk.add(other.talk)
        self.tools.update(other.tools)
        for model, spent in other.models.items():
            self.models[model].add(spent)
        for day, spent in other.days.items():
            self.days[day].add(spent)
        for day, talk in other.talk_of_days.items():
            self.talk_of_days[day].add(talk)
        for where, spent in other.models_of_days.items():
            self.models_of_days[where].add(spent)
        self.waits += other.waits
        for day, waits in other.waits_of_days.items():
            self.waits_of_days[day] += waits

    def told(self) -> JsonObject:
        """As clients see it of one session."""
        days = sorted({*self.days, *self.talk_of_days})
        told: JsonObject = {**self.spent.told(), "activityDates": days}
        if self.first:
            told |= {"firstActivity": round(self.first * 1000), "lastActivity": round(self.last * 1000)}
            told["durationMs"] = round((self.last - self.first) * 1000)
        told["dailyBreakdown"] = [{"date": day, **_short(self.days[day])} for day in sorted(self.days)]
        told["dailyMessageCounts"] = [{"date": day, **self.talk_of_days[day].told()} for day in days]
        told["messageCounts"] = self.talk.told()
        told["toolUsage"] = self.tool_usage()
        told["modelUsage"] = self.by_model()
        told["dailyModelUsage"] = self.models_by_day()
        if self.waits:
            told |= {"latency": latency(self.waits), "dailyLatency": self.latency_by_day()}
        return told

    def tool_usage(self) -> JsonObject:
        """Which tools were called how often."""
        tools = [{"name": name, "count": count} for name, count in self.tools.most_common()]
        return {"totalCalls": self.tools.total(), "uniqueTools": len(self.tools), "tools": tools}

    def by_model(self) -> list[JsonObject]:
        """Each model's share, the dearest first."""
        found = sorted(self.models.items(), key=lambda pair: (-pair[1].cost, -pair[1].total, pair[0]))
        return [
            {"provider": provider, "model": model, "count": spent.count, "totals": spent.told()}
            for (provider, model), spent in found
        ]

    def by_provider(self) -> list[JsonObject]:
        """Each provider's share."""
        found: dict[str, Spent] = defaultdict(Spent)
        for (provider, _), spent in self.models.items():
            found[provider].add(spent)
        return [
            {"provider": provider, "count": spent.count, "totals": spent.told()}
            for provider, spent in sorted(found.items(), key=lambda pair: (-pair[1].cost, -pair[1].total, pair[0]))
        ]

    def models_by_day(self) -> list[JsonObject]:
        """Each model's share of each day."""
        return [
            {"date": day, "provider": provider, "model": model, **_short(spent), "count": spent.count}
            for (day, provider, model), spent in sorted(self.models_of_days.items())
        ]

    def latency_by_day(self) -> list[JsonObject]:
        """How long answers took on each day."""
        return [{"date": day, **latency(waits)} for day, waits in sorted(self.waits_of_days.items())]

    def by_day(self) -> list[JsonObject]:
        """Tokens, money and talk of each day."""
        return [
            {
                "date": day,
                **_short(self.days.get(day, Spent())),
                "messages": self.talk_of_days.get(day, Talk()).total,
                "toolCalls": self.talk_of_days.get(day, Talk()).tool_calls,
                "errors": self.talk_of_days.get(day, Talk()).errors,
            }
            for day in sorted({*self.days, *self.talk_of_days})
        ]


def latency(waits: Sequence[float]) -> JsonObject:
    """Waits in seconds as clients are told of them."""
    found = sorted(waits)
    worst = found[min(len(found) - 1, int(len(found) * 0.95))]
    return {
        "count": len(found),
        "avgMs": round(1000 * sum(found) / len(found)),
        "p95Ms": round(1000 * worst),
        "minMs": round(1000 * found[0]),
        "maxMs": round(1000 * found[-1]),
    }


def count_up(lines: Iterable[LogEvent], since: float, until: float) -> SessionUsage:
    """What messages came to that were said from `since` to before `until` (Unix seconds)."""
    usage, asked_at = SessionUsage(), 0.0
    for line in lines:
        message = line.data.get("message")
        if line.kind != "message" or not isinstance(message, dict) or not since <= line.at < until:
            continue
        day, talk = day_of(line.at), Talk(total=1)
        usage.first, usage.last = usage.first or line.at, line.at
        if message.get("role") == "user":
            talk.user, asked_at = 1, line.at
        elif message.get("role") == "toolResult":
            talk.tool_results, talk.errors = 1, int(bool(message.get("isError")))
        elif message.get("role") == "assistant":
            talk.assistant = 1
            calls = _calls(message)
            talk.tool_calls, talk.errors = len(calls), int(message.get("stopReason") == "error")
            usage.tools.update(calls)
            if asked_at and 0 <= line.at - asked_at <= _LONGEST_PAUSE:
                usage.waits.append(line.at - asked_at)
                usage.waits_of_days[day].append(line.at - asked_at)
            asked_at = 0.0
            spent = spent_in(message)
            if spent is not None:
                model = (str(message.get("provider") or ""), str(message.get("model") or ""))
                for place in (usage.spent, usage.models[model], usage.days[day], usage.models_of_days[day, *model]):
                    place.add(spent)
        usage.talk.add(talk)
        usage.talk_of_days[day].add(talk)
    return usage


def spent_in(message: JsonObject) -> Spent | None:
    """What an answer took; None: it does not say."""
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return None
    cost = usage.get("cost")
    money = float(cost.get("total") or 0) if isinstance(cost, dict) else 0.0
    tokens = {name: int(usage.get(name) or 0) for name in ("input", "output", "cacheRead", "cacheWrite", "totalTokens")}
    return Spent(
        tokens["input"],
        tokens["output"],
        tokens["cacheRead"],
        tokens["cacheWrite"],
        tokens["totalTokens"],
        money,
        int(not isinstance(cost, dict)),
        1,
    )


def points(lines: Iterable[LogEvent], before: JsonObject | None = None) -> list[JsonObject]:
    """One point an answer, with what all had taken by then. `before` is the last point of the lines before these."""
    found: list[JsonObject] = []
    tokens, money = (before["cumulativeTokens"], before["cumulativeCost"]) if before is not None else (0, 0.0)
    for line in lines:
        message = line.data.get("message")
        spent = spent_in(message) if isinstance(message, dict) and message.get("role") == "assistant" else None
        if spent is None:
            continue
        tokens, money = tokens + spent.total, money + spent.cost
        told = {"timestamp": round(line.at * 1000), "input": spent.input, "output": spent.output}
        told |= {"cacheRead": spent.cache_read, "cacheWrite": spent.cache_write, "totalTokens": spent.total}
        point: JsonObject = {**told, "cost": spent.cost, "cumulativeTokens": tokens}
        found.append({**point, "cumulativeCost": round(money, 10)})
    return found


def day_of(at: float) -> str:
    """The day (UTC) of a moment."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _calls(message: JsonObject) -> list[str]:
    content = message.get("content")
    parts: Iterable[Any] = content if isinstance(content, list) else ()
    return [str(part.get("name") or "") for part in parts if isinstance(part, dict) and part.get("type") == "toolCall"]


def _short(spent: Spent) -> JsonObject:
    return {"tokens": spent.total, "cost": round(spent.cost, 10)}
