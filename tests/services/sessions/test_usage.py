"""What sessions used, counted from their lines."""

from __future__ import annotations

from typing import Any

from crawdad.core.sessions import LogEvent
from crawdad.services.sessions.usage import SessionUsage, count_up, points

DAY = 86_400.0


def line(at: float, message: dict[str, Any], kind: Any = "message") -> LogEvent:
    return LogEvent("s", int(at) + 1, "id", kind, at, {"message": message})


def answer(at: float, tokens: int, cost: float | None = 0.5, **more: Any) -> LogEvent:
    usage: dict[str, Any] = {"input": tokens, "output": 2, "cacheRead": 3, "cacheWrite": 4, "totalTokens": tokens + 9}
    if cost is not None:
        usage["cost"] = {"total": cost}
    return line(at, {"role": "assistant", "provider": "p", "model": "m", "usage": usage, "content": [], **more})


LINES = [
    line(10.0, {"role": "user", "content": "hello"}),
    answer(12.0, 100, content=[{"type": "toolCall", "name": "look"}, {"type": "toolCall", "name": "look"}]),
    line(13.0, {"role": "toolResult", "isError": True, "content": []}),
    answer(14.0, 200, model="n"),
    line(20.0, {"role": "compaction"}, "compaction"),
    line(DAY + 5, {"role": "user", "content": "again"}),
    answer(DAY + 6, 300, None, stopReason="error"),
]


def test_everything_is_counted_once() -> None:
    usage = count_up(LINES, 0, 3 * DAY)
    told = usage.told()
    assert told["messageCounts"] == {
        "total": 6,
        "user": 2,
        "assistant": 3,
        "toolCalls": 2,
        "toolResults": 1,
        "errors": 2,
    }
    assert (told["input"], told["output"], told["totalTokens"]) == (600, 6, 627)
    assert told["totalCost"] == 1.0 and told["missingCostEntries"] == 1
    assert told["toolUsage"] == {"totalCalls": 2, "uniqueTools": 1, "tools": [{"name": "look", "count": 2}]}
    assert [(each["model"], each["count"]) for each in told["modelUsage"]] == [("m", 2), ("n", 1)]
    assert told["latency"] == {"count": 2, "avgMs": 1500, "p95Ms": 2000, "minMs": 1000, "maxMs": 2000}
    assert told["activityDates"] == ["1970-01-01", "1970-01-02"]
    assert [each["tokens"] for each in told["dailyBreakdown"]] == [318, 309]
    assert told["durationMs"] == (DAY + 6 - 10) * 1000
    assert usage.by_provider()[0]["totals"]["totalTokens"] == 627


def test_a_window_takes_its_own() -> None:
    assert count_up(LINES, DAY, 2 * DAY).talk.total == 2
    assert count_up(LINES, 5 * DAY, 6 * DAY).told()["totalTokens"] == 0
    assert "firstActivity" not in count_up([], 0, DAY).told()


def test_pages_come_to_the_same_as_the_whole() -> None:
    together = SessionUsage()
    for page in (LINES[:2], LINES[2:5], LINES[5:]):
        together.add(count_up(page, 0, 3 * DAY))
    assert together.told() == count_up(LINES, 0, 3 * DAY).told()


def test_points_add_up_over_pages() -> None:
    whole = points(LINES)
    first = points(LINES[:3])
    assert first + points(LINES[3:], first[-1]) == whole
    assert [each["cumulativeTokens"] for each in whole] == [109, 318, 627]
