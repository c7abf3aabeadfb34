"""The log in memory: what goes missing, what a cursor finds, and what a reader is told of both."""

from __future__ import annotations

from crawdad.adapters.files.slices import LocalFileSlices
from crawdad.services.log_ring import LogRing
from crawdad.services.log_tail import IN_MEMORY, LogTail


def tail_of(ring: LogRing) -> LogTail:
    return LogTail(lambda: None, LocalFileSlices(), ring)


async def test_lines_are_read_on_from_a_cursor() -> None:
    ring = LogRing()
    for number in range(10):
        ring.add(f"line {number}")
    tail = tail_of(ring)
    first = await tail.read(None, 3, 10_000)
    assert first.file == IN_MEMORY and first.lines == ["line 7", "line 8", "line 9"] and first.truncated
    assert first.cursor == first.size == ring.end
    assert (await tail.read(first.cursor, 100, 10_000)).lines == []
    ring.add("and one more")
    more = await tail.read(first.cursor, 100, 10_000)
    assert more.lines == ["and one more"] and not more.truncated and not more.reset


async def test_what_went_missing_is_told() -> None:
    ring = LogRing(100)
    for number in range(50):
        ring.add(f"line {number:02}")
    begin, data = ring.since(0)
    assert len(data) <= 100 and begin + len(data) == ring.end and data.startswith(b"line ")
    told = await tail_of(ring).read(0, 100, 10_000)
    assert told.truncated and told.lines[-1] == "line 49" and all(line.startswith("line ") for line in told.lines)


async def test_a_burst_says_how_much_of_it_is_not_here() -> None:
    ring = LogRing()
    ring.add("first")
    begun = await tail_of(ring).read(None, 10, 10_000)
    assert not begun.omitted and not begun.omitted_bytes  # of what was before, nobody misses anything
    for number in range(50):
        ring.add(f"line {number:02}")
    burst = await tail_of(ring).read(begun.cursor, 10, 10_000)
    assert (len(burst.lines), burst.omitted, burst.omitted_bytes) == (10, 40, 0)
    narrow = await tail_of(ring).read(begun.cursor, 10, 100)
    assert narrow.omitted_bytes == 300 and narrow.lines[-1] == "line 49"


async def test_another_process_begins_anew() -> None:
    ring = LogRing()
    ring.add("hello")
    told = await tail_of(ring).read(10_000, 100, 10_000)
    assert told.reset and told.lines == ["hello"] and not told.truncated


async def test_part_of_a_line_is_not_shown() -> None:
    ring = LogRing()
    ring.add("x" * 50)
    ring.add("y" * 50)
    told = await tail_of(ring).read(None, 100, 60)
    assert told.lines == ["y" * 50] and told.truncated


def test_colours_and_huge_records_do_not_stay() -> None:
    ring = LogRing(1000)
    ring.add("\x1b[31mred\x1b[0m")
    ring.add("z" * 10_000)
    _, data = ring.since(0)
    assert data.startswith(b"red\n") and len(data) < 1000
