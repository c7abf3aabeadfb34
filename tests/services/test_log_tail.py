"""Attack 55: of a log of 10 GB the end is read alone, whoever looks at it."""

from __future__ import annotations

from pathlib import Path

from crawdad.adapters.files.slices import LocalFileSlices
from crawdad.adapters.system import SystemClock
from crawdad.services.log_follow import LogFollower, keeps
from crawdad.services.log_ring import LogRing
from crawdad.services.log_tail import LogTail

HUGE = 10 * 1024**3
MOST = 4 * 1024 * 1024


class Counted(LocalFileSlices):
    """Slices that tell how much was read."""

    taken = 0

    async def read(self, path: str, start: int, count: int) -> bytes:
        data = await super().read(path, start, count)
        self.taken += len(data)
        return data


def huge(path: Path) -> str:
    """A sparse log: nothing for 10 GB, then lines."""
    lines = "".join(f'{{"level": "info", "number": {number}}}\n' for number in range(1000))
    with path.open("wb") as file:
        file.truncate(HUGE)
        file.seek(HUGE)
        file.write(b"\n" + lines.encode())
    return str(path)


async def test_of_ten_gigabytes_only_the_end_is_read(tmp_path: Path) -> None:
    path, slices = huge(tmp_path / "crawdad.log"), Counted()
    huge(tmp_path / "crawdad.log.1")
    tail = LogTail(lambda: path, slices, LogRing())
    found = await tail.read(None, 10, MOST)
    assert [line[-4:] for line in found.lines] == [f"{number}}}" for number in range(990, 1000)]
    assert found.size > HUGE and slices.taken <= MOST
    slices.taken = 0
    assert (await tail.read(0, 500, MOST)).truncated, (
        "from the very beginning: what is too far away is told as left out"
    )
    assert slices.taken <= MOST
    slices.taken = 0
    assert len(await LogFollower(tail, SystemClock(), keeps()).history(500)) == 500
    assert slices.taken <= MOST
    slices.taken = 0
    moved = await tail.read(found.size * 2, 10, MOST)  # another file than the one that was read
    assert moved.reset and slices.taken <= 2 * MOST
