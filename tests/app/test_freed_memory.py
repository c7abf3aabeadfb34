"""What only a collection of garbage frees does not wait for traffic, and threads share one heap."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawdad.app.freed_memory import keep_giving_back
from tests.support.fakes import FakeClock


class Ring:
    """Refers to itself: counting references alone does not free it."""

    def __init__(self) -> None:
        self.itself = self


class Minutes(FakeClock):
    """Ends what waits on it after so many of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    async def sleep(self, seconds: float) -> None:
        self._left -= 1
        if self._left < 0:
            raise asyncio.CancelledError
        await super().sleep(seconds)


@pytest.fixture
def _no_collection_of_its_own() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collection_of_its_own")
async def test_old_garbage_goes_within_ten_minutes() -> None:
    rings = [Ring() for _ in range(100)]
    known = [weakref.ref(ring) for ring in rings]
    gc.collect()  # they are among what has lived for long
    rings.clear()
    with pytest.raises(asyncio.CancelledError):
        await keep_giving_back(Minutes(9))
    assert sum(ref() is not None for ref in known) == 100, "not every minute: it holds everybody up"
    with pytest.raises(asyncio.CancelledError):
        await keep_giving_back(Minutes(10))
    assert sum(ref() is not None for ref in known) == 0


_THREADS = """
import ctypes, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from crawdad.app.server import _share_arenas

_share_arenas()
together = Barrier(4)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda _: (together.wait(), bytearray(50_000)), range(4)))
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
library.malloc_info.argtypes = ctypes.c_int, ctypes.c_void_p
library.fclose.argtypes = (ctypes.c_void_p,)
file = library.fopen(sys.argv[1].encode(), b"w")
library.malloc_info(0, file)
library.fclose(file)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the C library tells nothing of its heaps")
def test_threads_have_one_heap_together(tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", _THREADS, str(told)], check=True, timeout=120)
    assert told.read_text().count("<heap nr=") == 1
