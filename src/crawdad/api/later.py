"""What is made when it is first asked for, off the event loop: making it imports what a start does without, and that takes
long enough for everybody else to notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Something that `make` makes, once; all who ask meanwhile wait for the same."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """It. Raises what `make` raises; whoever asks next has it tried again."""
        made = self._made
        if made is None or (made.done() and (made.cancelled() or made.exception() is not None)):
            made = self._made = asyncio.get_running_loop().run_in_executor(None, self._make)
        return await asyncio.shield(made)  # who goes away takes it from nobody
