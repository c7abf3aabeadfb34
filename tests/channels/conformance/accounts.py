"""A simulator for each account of a platform: what the conformance suite's platforms have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from typing import Any, Generic, TypeVar

from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.simulator import OpenSimulator, Simulator

ACCOUNTS = ("default", "first", "second")
Side = TypeVar("Side")


class Accounts(Generic[Side]):
    """What the platforms have in common: a simulator for each account. What a platform cannot do is among its missing
    abilities, and never asked for."""

    def __init__(self, accounts: dict[str, Side]) -> None:
        self._accounts = accounts
        self._events: dict[str, Any] = {}
        """What was handed out, by the event's id."""

    def signed_in(self, account: str) -> JsonObject:
        return {}

    async def repeat(self, event_id: str, account: str = "default") -> None:
        raise NotImplementedError

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        raise NotImplementedError

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        for _ in range(times):
            self.fail_once(self._accounts[account], outcome, taken, seconds)

    def fail_once(self, one: Side, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        """Have the next send fail."""
        raise NotImplementedError

    async def cut(self, account: str = "default") -> None:
        raise NotImplementedError

    async def mend(self, account: str = "default") -> None:
        raise NotImplementedError


def opened(
    platform: Callable[[dict[str, Side]], Simulator], side: Callable[[], AbstractContextManager[Side]]
) -> OpenSimulator:
    """What opens a platform whose accounts each have a `side` of their own."""

    @asynccontextmanager
    async def open_platform() -> AsyncIterator[Simulator]:
        with ExitStack() as stack:
            yield platform({name: stack.enter_context(side()) for name in ACCOUNTS})

    return open_platform
