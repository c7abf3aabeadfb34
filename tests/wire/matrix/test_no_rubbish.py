"""What is read and told goes when it is done with: nothing refers to itself, and so nothing waits for a collection.

A gateway whose answers wait for one keeps them for hundreds of turns, between what lives on, and its memory creeps up.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.goldens import needs_goldens
from tests.wire.matrix.recorded import PROTOCOLS, Recorded, recordings
from tests.wire.matrix.speaking import FORMS, reply, small_request


@contextmanager
def rubbish() -> Iterator[Counter[str]]:
    """Counts, when the block is over, what it left behind that only a collection finds."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.update(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@needs_goldens
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_answers_leave_nothing_behind(protocol: str) -> None:
    found = recordings(protocol)
    assert len({one.golden.streamed for one in found}) == 2

    def read_and_told(one: Recorded) -> None:
        one.request()
        for target in PROTOCOLS:
            for form in FORMS:
                reply(target, form, one.events, small_request(target))

    some = (*found[:20], *[one for one in found if one.golden.streamed][:20])
    read_and_told(some[0])  # what is made once is kept
    with rubbish() as left:
        for one in some:
            read_and_told(one)
    ours = {name: count for name, count in left.items() if name.startswith("crawdad.")}
    assert ours == {}
