"""Removing the oldest rows in small transactions, so that nobody who writes waits for long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

Oldest = Callable[[], Awaitable[Sequence[tuple[str, int]]]]
"""The ids and sizes of the oldest rows, a page of them."""
Delete = Callable[[Sequence[str]], Awaitable[None]]


async def delete_pages(oldest: Oldest, delete: Delete, page: int) -> int:
    """Remove all that `oldest` tells of, until it tells of less than a page. Returns how many."""
    removed = 0
    while True:
        found = await oldest()
        await delete([row_id for row_id, _ in found])
        removed += len(found)
        if len(found) < page:
            return removed


async def delete_excess(oldest: Oldest, delete: Delete, excess: int) -> int:
    """Remove the oldest until `excess` bytes are gone. Returns how many."""
    removed = 0
    while excess > 0:
        doomed = []
        for row_id, size in await oldest():
            if excess <= 0:
                break
            doomed.append(row_id)
            excess -= size
        if not doomed:
            break
        await delete(doomed)
        removed += len(doomed)
    return removed
