"""Our reading of cron expressions beside that of a library that others wrote: the same times, whatever the expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.services.schedule.expression import parse

_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.tuples(st.sampled_from(["*", f"{low}-{high}"]), st.integers(1, high)).map(
        lambda pair: f"{pair[0]}/{pair[1]}"
    )
    one = st.one_of(number.map(str), span, step)
    return st.one_of(st.just("*"), st.lists(one, min_size=1, max_size=3).map(",".join))


_EXPRESSIONS = st.tuples(_field(0, 59), _field(0, 23), _field(1, 28), _field(1, 12), _field(0, 6)).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(text=_EXPRESSIONS, seconds=st.one_of(st.none(), _field(0, 59)), begin=st.integers(0, 4 * 366 * 86_400))
def test_the_same_times_as_the_library(text: str, seconds: str | None, begin: int) -> None:
    if seconds is not None:
        text = f"{seconds} {text}"
    start = _BEGIN + timedelta(seconds=begin)
    theirs, ours, moment = CronSim(text, start), parse(text), int(start.timestamp())
    for _ in range(4):
        expected = next(theirs)
        found = ours.next_after(moment, UTC)
        assert found is not None and datetime.fromtimestamp(found, UTC) == expected, text
        moment = found
