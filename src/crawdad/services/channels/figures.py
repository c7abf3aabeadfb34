"""QQ in figures, for panels that ask every few seconds: it is asked once in a while, and never waited for longer than a panel
waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from crawdad.core.channels import Account, ChatKind
from crawdad.core.errors import GatewayError
from crawdad.core.ports import Clock
from crawdad.services.channels.host import ChannelHost

QQ = "qq"
WECHAT = ("wechat", "openclaw-weixin")
"""The channels that are WeChat: the first of them that the settings speak of counts."""
FRESH_SECONDS = 15.0
CAP_SECONDS = 2.5

_log = structlog.get_logger(__name__)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class QqFigures:
    """The QQ account. `connected`: the link to the QQ side works. What is not known is 0 or empty."""

    connected: bool = False
    self_id: int = 0
    nickname: str = ""
    groups: int = 0
    friends: int = 0


class _Fresh(Generic[Found]):
    """A figure that is asked for once, however many want it, and holds for a while."""

    def __init__(self, ask: Callable[[], Awaitable[Found]], clock: Clock, seconds: float) -> None:
        self._ask = ask
        self._clock = clock
        self._seconds = seconds
        self._value: Found | None = None
        self._asked_at = 0.0
        self._asking: asyncio.Task[Found] | None = None

    async def get(self, cap: float) -> Found | None:
        """The figure; the last one known where a new one takes longer than `cap` seconds, None where there is none."""
        if self._value is not None and self._clock.monotonic() - self._asked_at < self._seconds:
            return self._value
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._work())
            self._asking.add_done_callback(self._done)
        done, _ = await asyncio.wait({self._asking}, timeout=cap)
        return self._value if not done else next(iter(done)).result()

    async def _work(self) -> Found:
        value = await self._ask()
        self._value, self._asked_at = value, self._clock.monotonic()
        return value

    def _done(self, task: asyncio.Task[Found]) -> None:
        self._asking = None
        if not task.cancelled() and task.exception() is not None:
            _log.error("figures_failed", exc_info=task.exception())

    def forget(self) -> None:
        """Ask anew the next time."""
        self._asked_at = -self._seconds

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})


class ChannelFigures:
    """One for a process. `host` None: there are no channels."""

    def __init__(self, host: ChannelHost | None, clock: Clock) -> None:
        self._host = host
        self._clock = clock
        self._groups = _Fresh(lambda: self._count("group"), clock, FRESH_SECONDS)
        self._friends = _Fresh(lambda: self._count("direct"), clock, FRESH_SECONDS)

    async def qq(self) -> QqFigures:
        """The QQ account."""
        connected, identity = self._state(QQ)
        if not connected:
            self._groups.forget()
            self._friends.forget()
            return QqFigures(False, number_of(identity), name_of(identity))
        groups, friends = await asyncio.gather(self._groups.get(CAP_SECONDS), self._friends.get(CAP_SECONDS))
        return QqFigures(True, number_of(identity), name_of(identity), groups or 0, friends or 0)

    async def close(self) -> None:
        """Ask no more."""
        await asyncio.gather(self._groups.close(), self._friends.close())

    def account(self, channel: str) -> Account | None:
        """The account of a channel that panels show; None: there is none."""
        if self._host is None:
            return None
        try:
            return self._host.account(channel)
        except GatewayError:
            return None

    def _state(self, channel: str) -> tuple[bool, str]:
        account = self.account(channel)
        if self._host is None or account is None:
            return False, ""
        status = self._host.status(account)
        return status.state(self._clock.now()) == "connected", status.identity

    async def _count(self, kind: ChatKind) -> int:
        account = self.account(QQ)
        if self._host is None or account is None:
            return 0
        try:
            return await self._host.count(account, kind)
        except GatewayError as error:
            _log.info("figures_not_known", account=str(account), kind=kind, reason=error.message())
            return 0


def number_of(identity: str) -> int:
    """The number of an account whose identity is told as `name number`; 0 where it has none."""
    last = identity.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def name_of(identity: str) -> str:
    """Its name."""
    name, _, last = identity.rpartition(" ")
    return name if last.isdigit() else identity
