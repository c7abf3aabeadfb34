"""Orders that come while others are being carried out are carried out together: hundreds of parallel requests cost a few
transactions, and one that comes alone waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

Order = TypeVar("Order")
Verdict = TypeVar("Verdict")

_MOST_WAITING = 10_000
_AT_ONCE = 100


class Gathering(Generic[Order, Verdict]):
    """`carry_out` takes orders together and gives one verdict each; `undo` takes back those whose giver has gone meanwhile."""

    def __init__(
        self,
        carry_out: Callable[[Sequence[Order]], Awaitable[Sequence[Verdict]]],
        undo: Callable[[Sequence[Order]], Awaitable[None]],
    ) -> None:
        self._carry_out = carry_out
        self._undo = undo
        self._waiting: list[tuple[Order, asyncio.Future[Verdict]]] = []
        self._regretted: list[Order] = []
        """Orders that were carried out, but whose giver was cancelled before it heard of that."""
        self._some = asyncio.Event()

    async def do(self, order: Order) -> Verdict:
        """The verdict on `order`. Raises what `carry_out` raised, UNAVAILABLE when too many wait."""
        if len(self._waiting) >= _MOST_WAITING:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("budgets.too_many"), retry_after=2)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((order, future))
        self._some.set()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._regretted.append(order)
                self._some.set()
            raise

    async def keep_going(self) -> None:
        """Carry out what comes, for ever."""
        while True:
            await self._some.wait()
            batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            regretted, self._regretted = self._regretted, []
            if not self._waiting:
                self._some.clear()
            if regretted:
                await self._take_back(regretted)
            wanted = [(order, future) for order, future in batch if not future.done()]
            if wanted:
                await self._take(wanted)

    async def _take(self, wanted: Sequence[tuple[Order, asyncio.Future[Verdict]]]) -> None:
        try:
            verdicts = await self._carry_out([order for order, _ in wanted])
        except GatewayError as error:
            for _, future in wanted:
                if not future.done():
                    future.set_exception(GatewayError(error.kind, error.text, error.details, error.retry_after))
            return
        except BaseException:
            for _, future in wanted:
                future.cancel()
            raise
        gone = []
        for (order, future), verdict in zip(wanted, verdicts, strict=True):
            if future.done():
                gone.append(order)
            else:
                future.set_result(verdict)
        if gone:
            await self._take_back(gone)

    async def _take_back(self, orders: Sequence[Order]) -> None:
        """What cannot be undone now runs out by itself."""
        with suppress(GatewayError):
            await self._undo(orders)
