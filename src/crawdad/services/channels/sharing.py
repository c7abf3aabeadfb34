"""What processes of a cluster tell each other of the accounts that they run: whoever is asked, in any of them, shows an account
as it is where it runs.

A process that has seen that others run accounts asks about them now and again, all at once; each answers for those that it
holds, and changes are told as they come. What was not told of for a while is not known any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import structlog

from crawdad.core.catalogue import MESSAGES
from crawdad.core.channel_notices import STATUS
from crawdad.core.channels import Account, ChatKind
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.channels.running import RunningAccount
from crawdad.services.channels.status import STATES, AccountState, AccountStatus
from crawdad.services.channels.world import ChannelWorld
from crawdad.services.tasks import Tasks

ASKED = "channels.status_asked"
"""A process wants to know how the accounts are that it does not run."""
TOLD = "channels.status_told"
"""The accounts that a process runs. `data`: `accounts`, a list of `{channel, account, …}`."""
COUNT_ASKED = "channels.count_asked"
"""How many chats of a `kind` has `channel`, `account`?"""
COUNT_TOLD = "channels.count_told"
"""So many: `count`."""
ASK_SECONDS = 10.0
_COUNT_SECONDS = 5.0
_MOST_AT_ONCE = 100
_TEXTS = ("fault", "last_error")
_TIMES = ("heard_at", "lost_at", "connected_at", "started_at", "stopped_at", "inbound_at", "outbound_at")

_log = structlog.get_logger(__name__)


class SharedAccounts:
    """One for a process. `running`: the accounts that it runs or would run. `ask` and `follow` are to be run."""

    def __init__(self, world: ChannelWorld, running: Mapping[Account, RunningAccount]) -> None:
        self._world = world
        self._running = running
        self._tasks = Tasks()
        self._wanted: dict[tuple[Account, str], asyncio.Future[int]] = {}

    async def ask(self) -> None:
        """Ask others, for ever."""
        while True:
            await self._pause()
            if any(running.status.elsewhere for running in self._running.values()):
                await self._tell(ASKED, {})

    async def _pause(self) -> None:
        """Until it is time to ask again, or an account is elsewhere of which nothing is known."""
        for _ in range(int(ASK_SECONDS)):
            await self._world.clock.sleep(until_next(self._world.clock.monotonic(), 1.0))
            if any(one.status.elsewhere and one.status.told is None for one in self._running.values()):
                return

    async def follow(self) -> None:
        """Hear what others ask and tell, for ever."""
        async with self._tasks as tasks:
            async for event in self._world.bus.subscribe((ASKED, TOLD, STATUS, COUNT_ASKED, COUNT_TOLD)):
                if event.origin == self._world.runner:
                    continue
                try:
                    await self._heed(event, tasks)
                except (
                    GatewayError,
                    KeyError,
                    TypeError,
                    ValueError,
                ) as error:  # another version may tell it otherwise
                    _log.warning("shared_account_not_understood", topic=event.topic, reason=str(error))

    async def _heed(self, event: Event, tasks: Tasks) -> None:
        data = event.data
        if event.topic == ASKED:
            await self._answer()
        elif event.topic == STATUS:
            self._adopt(data)
        elif event.topic == TOLD:
            for one in data["accounts"]:
                self._adopt(one)
        elif event.topic == COUNT_ASKED:
            self._count_for(data, tasks)
        elif event.topic == COUNT_TOLD:
            self._counted(data)

    async def _answer(self) -> None:
        held = [told_of(one.account, one.status, self._world.clock.now()) for one in self._running.values() if one.held]
        for first in range(0, len(held), _MOST_AT_ONCE):
            await self._tell(TOLD, {"accounts": held[first : first + _MOST_AT_ONCE]})

    def _adopt(self, data: Mapping[str, Any]) -> None:
        running = self._running.get(Account(str(data["channel"]), str(data["account"])))
        if running is not None and running.status.elsewhere:
            adopt(running.status, data, self._world.clock.now())

    async def count(self, account: Account, kind: ChatKind) -> int:
        """How many chats of a kind an account has that another process runs. Raises UNAVAILABLE when nobody answers."""
        place = account, kind
        answer = self._wanted.get(place)
        if answer is None:
            answer = self._wanted[place] = asyncio.get_running_loop().create_future()
            await self._tell(COUNT_ASKED, {"channel": account.channel, "account": account.name, "kind": kind})
        with suppress(TimeoutError):
            async with asyncio.timeout(_COUNT_SECONDS):
                return await asyncio.shield(answer)
        self._wanted.pop(place, None)
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.not_here", {"account": str(account)}))

    def _count_for(self, data: Mapping[str, Any], tasks: Tasks) -> None:
        running = self._running.get(Account(str(data["channel"]), str(data["account"])))
        kind = str(data["kind"])
        if running is None or not running.held or kind not in ("direct", "group", "channel"):
            return
        found = running

        async def work() -> None:
            try:
                count = len(await found.desk.channel.directory(cast(ChatKind, kind)))
            except GatewayError as error:
                _log.info("count_not_known", account=str(found.account), kind=kind, reason=error.message())
                return
            about = {"channel": found.account.channel, "account": found.account.name}
            await self._tell(COUNT_TOLD, {**about, "kind": kind, "count": count})

        tasks.start(work(), f"a count of {found.account}")

    def _counted(self, data: Mapping[str, Any]) -> None:
        place = Account(str(data["channel"]), str(data["account"])), str(data["kind"])
        answer = self._wanted.pop(place, None)
        if answer is not None and not answer.done():
            answer.set_result(int(data["count"]))

    async def _tell(self, topic: str, data: JsonObject) -> None:
        try:
            await self._world.bus.publish(Event(topic, data, self._world.clock.now(), self._world.runner))
        except GatewayError as error:
            _log.warning("shared_accounts_not_told", topic=topic, reason=error.message())


def told_of(account: Account, status: AccountStatus, now: float) -> JsonObject:
    """How an account is, for others."""
    told: JsonObject = {"channel": account.channel, "account": account.name, "state": status.state(now)}
    told |= {"identity": status.identity, "running": status.running, "reconnects": status.reconnects}
    told |= {name: getattr(status, name) for name in _TIMES}
    return told | {name: _packed(getattr(status, name)) for name in _TEXTS}


def adopt(status: AccountStatus, data: Mapping[str, Any], now: float) -> None:
    """Have `status` be as another process tells; what it does not tell stays. Raises KeyError, TypeError, ValueError."""
    state = data["state"]
    if state not in STATES:
        raise ValueError(state)
    status.told, status.told_at = cast(AccountState, state), now
    status.identity = str(data.get("identity") or status.identity)
    status.running = bool(data.get("running", state in ("connected", "degraded", "starting")))
    status.reconnects = int(data.get("reconnects", status.reconnects))
    for name in _TIMES:
        if name in data:
            setattr(status, name, None if data[name] is None else float(data[name]))
    for name in _TEXTS:
        if name in data:
            setattr(status, name, _unpacked(data[name]))


def _packed(words: object) -> Any:
    if isinstance(words, Text):
        return {"key": words.key, "values": {name: _packed(value) for name, value in words.values.items()}}
    return words if isinstance(words, (str, int, float)) or words is None else str(words)


def _unpacked(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    text = Text(str(told["key"]), {str(name): _unpacked(value) for name, value in dict(told["values"]).items()})
    if text.key not in MESSAGES:  # of another version
        return text.key
    text.render()
    return text
