"""One account at work: claimed for this process, connected, watched, and connected again.

Of all processes that share a database one runs an account (a lease says which). What keeps an account from running is told
apart: its link is down (`run` goes on trying), it was silent for too long (`run` is started anew), its credentials are dead (it
waits for a sign-in), its settings cannot work (it waits for others).
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import orjson
import structlog

from crawdad.core.channel_notices import FRAME, STATUS
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import (
    Account,
    Channel,
    ChannelContext,
    ChannelFiles,
    ChannelKind,
    ChannelState,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness, SecretBox, Transport
from crawdad.core.text import Text
from crawdad.services.channels.answering import Answering
from crawdad.services.channels.intake import Intake
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.status import AccountState, AccountStatus
from crawdad.services.channels.world import ChannelWorld, OpenAccount
from crawdad.services.tasks import Tasks, until_first
from crawdad.store.key_values import KeyValues

LEASE_SECONDS = 15.0
_RENEW_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_SWEEP_SECONDS = 5.0
_STOP_SECONDS = 2.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_STEADY_SECONDS = 60.0
_MOST_TASKS = 20_000

_log = structlog.get_logger(__name__)


def lease_of(account: Account) -> str:
    """The name of the lease that says which process runs an account."""
    return f"channels.account:{account}"


class _LeaseLost(Exception):
    """Another process has the account."""


class KeptState(ChannelState):
    """`core.channels.ChannelState` in the database, encrypted."""

    def __init__(self, memory: KeyValues, box: SecretBox, account: Account) -> None:
        self._memory = memory
        self._box = box
        self._prefix = f"channels.state:{account.channel}:{account.name}:"

    async def get(self, name: str) -> Any:
        kept = await self._memory.get(self._prefix + name)
        return None if kept is None else orjson.loads(self._box.decrypt(str(kept)))

    async def put(self, name: str, value: Any) -> None:
        await self._memory.put(self._prefix + name, self._box.encrypt(orjson.dumps(value).decode()))

    async def delete(self, name: str) -> None:
        await self._memory.delete(self._prefix + name)


class KeptFiles(ChannelFiles):
    """`core.channels.ChannelFiles` in the database."""

    def __init__(self, world: ChannelWorld, account: Account) -> None:
        self._world = world
        self._account = account

    async def keep(self, data: bytes) -> str:
        name = self._world.randomness.new_id()
        await self._world.files.put(self._account, name, data, self._world.clock.now())
        return name

    async def read(self, name: str) -> bytes:
        found = await self._world.files.get(self._account, name)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.file_gone"))
        return found


class Context(ChannelContext):
    """What the channel of one account is given."""

    def __init__(self, world: ChannelWorld, account: Account, settings: ChannelSettings) -> None:
        self.account = account
        self.settings = settings
        self.state: ChannelState = KeptState(world.memory, world.box, account)
        self.files: ChannelFiles = KeptFiles(world, account)
        self.transport: Transport = world.transport
        self.clock: Clock = world.clock
        self.randomness: Randomness = world.randomness
        self.running: RunningAccount | None = None

    async def admit(self, *events: JsonObject) -> None:
        running = self.running
        if running is None or not running.held:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.not_here", {"account": str(self.account)}))
        await running.intake.admit(*events)

    async def show(self, frame: JsonObject) -> None:
        if self.running is not None:
            await self.running.desk.publish(FRAME, {"frame": frame})

    def heard(self, identity: str = "") -> None:
        if self.running is not None:
            self.running.heard(identity)

    def lost(self, reason: Text | str) -> None:
        if self.running is not None:
            self.running.lost(reason)


class RunningAccount:
    """An account, from its settings to its end."""

    def __init__(self, world: ChannelWorld, account: Account, kind: ChannelKind, settings: ChannelSettings) -> None:
        self.account, self.kind, self.settings = account, kind, settings
        self.held = False
        """Whether this process may run the account now."""
        self._world = world
        self._clock = world.clock
        context = Context(world, account, settings)
        channel: Channel = kind.open(context)
        status = AccountStatus(kind.capabilities.silence_seconds)
        self.desk = OpenAccount(world, account, kind, settings, channel, status, Tasks(_MOST_TASKS), Tasks(_MOST_TASKS))
        self.sending = Sending(self.desk)
        self.intake = Intake(self.desk, self.sending, Answering(self.desk, self.sending))
        context.running = self
        self._again = asyncio.Event()
        self._lease_lost = asyncio.Event()
        self._told: tuple[AccountState, str] | None = None

    @property
    def status(self) -> AccountStatus:
        """How it is."""
        return self.desk.status

    def heard(self, identity: str) -> None:
        """See `core.channels.ChannelContext`."""
        known = self.status.identity
        fresh = self.status.heard(self._clock.now(), identity)
        if fresh:
            self.desk.tasks.start(self.sending.poke_all(), f"what waits for {self.account}")
        if fresh or self.status.identity != known:
            self._tell_soon()

    def lost(self, reason: Text | str) -> None:
        """See `core.channels.ChannelContext`."""
        self.status.lost(self._clock.now(), reason)
        self._tell_soon()

    def _tell_soon(self) -> None:
        """Tell of another state as soon as it is there; the sweep tells of those that time alone brings."""
        if self.held:
            self.desk.tasks.start(self._tell_state(), f"the state of {self.account}")

    def adopt(self, settings: ChannelSettings) -> None:
        """Settings that hold from now on without a new connection."""
        self.settings = self.desk.settings = settings

    def restart(self) -> None:
        """Start `run` anew: after a sign-in, say."""
        self.status.signed_out = False
        self._again.set()

    async def sign_out(self) -> None:
        """Forget the credentials, and stop."""
        await self.desk.channel.sign_out()
        self.status.signed_out = True
        self._again.set()

    async def run(self) -> None:
        """For ever; cancelled to stop."""
        lease = lease_of(self.account)
        try:
            while True:
                if not await self._claim(lease):
                    self.status.elsewhere = True
                    await self._clock.sleep(_RENEW_SECONDS)
                    continue
                if self.status.elsewhere:
                    self.status.taken()
                try:
                    await self._hold(lease)
                except _LeaseLost:
                    _log.warning("channel_account_lost", account=str(self.account))
                except GatewayError as error:  # the database does not answer, say
                    _log.warning("channel_account_not_held", account=str(self.account), reason=error.message())
                    self.status.last_error = error.text
                    await self._clock.sleep(_RENEW_SECONDS)
        finally:
            self.status.stopped(self._clock.now())
            await self._release(lease)

    async def _claim(self, lease: str) -> bool:
        try:
            return await self._world.leases.claim(lease, self._world.runner, LEASE_SECONDS)
        except GatewayError as error:
            _log.warning("channel_lease_not_claimed", account=str(self.account), reason=error.message())
            return False

    async def _release(self, lease: str) -> None:
        try:
            await self._world.leases.release(lease, self._world.runner)
        except GatewayError as error:
            _log.warning("channel_lease_not_released", account=str(self.account), reason=error.message())

    async def _hold(self, lease: str) -> None:
        self._lease_lost.clear()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.desk.sends)
            tasks = await stack.enter_async_context(self.desk.tasks)
            self.held = True
            try:
                tasks.start(self._renew(lease), f"the lease of {self.account}")
                tasks.start(self._sweep(), f"what waits in {self.account}")
                await self.sending.begin()
                await self.intake.begin()
                await self._supervise()
            finally:
                self.held = False
                self.status.stopped(self._clock.now())

    async def _renew(self, lease: str) -> None:
        until = self._clock.monotonic() + LEASE_SECONDS
        while True:
            await self._clock.sleep(_RENEW_SECONDS)
            before = self._clock.monotonic()
            try:
                mine = await self._world.leases.claim(lease, self._world.runner, LEASE_SECONDS)
            except GatewayError:
                mine = before < until - _RENEW_SECONDS  # unanswered, it is still ours for a while
            else:
                until = before + LEASE_SECONDS
            if not mine:
                self._lease_lost.set()
                return

    async def _sweep(self) -> None:
        """What other processes put into the outbox, and what a fault left lying."""
        while True:
            await self._clock.sleep(_SWEEP_SECONDS)
            try:
                await self.sending.poke_all()
                await self.sending.tidy()
                for lane in await self._world.inbox.lanes(self.account):
                    self.intake.poke(lane)
                await self._tell_state()
            except GatewayError as error:
                _log.warning("channel_not_swept", account=str(self.account), reason=error.message())

    async def _tell_state(self) -> None:
        state = self.status.state(self._clock.now())
        if (state, self.status.identity) != self._told:
            self._told = state, self.status.identity
            await self.desk.publish(STATUS, {"state": state, "identity": self.status.identity})

    async def _supervise(self) -> None:
        wait = _FIRST_WAIT
        while True:
            self._again.clear()
            if self.status.signed_out:
                await self._until_again()
                continue
            self.status.started(self._clock.now())
            began = self._clock.monotonic()
            fault = await self._once()
            self.status.running = False
            await self._tell_state()
            if self._again.is_set():
                wait = _FIRST_WAIT
                continue
            if isinstance(fault, SignedOut):
                self.status.signed_out, self.status.last_error = True, fault.text
                await self.desk.tell("signed_out", fault.text)
                await self._tell_state()
                continue
            if isinstance(fault, GatewayError) and fault.kind is ErrorKind.BAD_REQUEST:
                self.status.fault = self.status.last_error = fault.text
                await self.desk.tell("bad_settings", fault.text)
                await self._tell_state()
                await self._until_again()
                continue
            self.status.last_error = fault.text if isinstance(fault, GatewayError) else Text("channels.fault")
            self.status.running, self.status.lost_at = True, self._clock.now()  # it is between two tries
            if self._clock.monotonic() - began > _STEADY_SECONDS:
                wait = _FIRST_WAIT
            await self._pause(wait * (0.75 + 0.5 * self._world.randomness.uniform()))
            wait = _FIRST_WAIT if self._again.is_set() else min(wait * 2, _LONGEST_WAIT)

    async def _until_again(self) -> None:
        while not self._again.is_set():
            self._check_lease()
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._again.wait()
            except TimeoutError:
                continue

    async def _pause(self, seconds: float) -> None:
        """Between two tries: no longer than until somebody signs it in, or wants it connected anew."""

        async def asked() -> None:
            await self._again.wait()

        self._check_lease()
        await until_first(self._clock.sleep(seconds), asked())

    def _check_lease(self) -> None:
        if self._lease_lost.is_set():
            raise _LeaseLost

    async def _once(self) -> Exception | None:
        """Run the channel until it ends, is silent for too long, or is to be started anew. Returns what it ended with."""
        faults: list[Exception] = []

        async def work() -> None:
            try:
                await self.desk.channel.run()
            except Exception as error:  # a channel is other people's code
                if not isinstance(error, GatewayError):
                    _log.exception("channel_run_failed", account=str(self.account))
                faults.append(error)

        task = self.desk.tasks.start(work(), f"channel {self.account}")
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_LOOK_SECONDS)
                self._check_lease()
                if self._again.is_set():
                    break
                if self.status.silent(self._clock.now()):
                    self.status.lost(self._clock.now(), Text("channels.silent"))
                    break
        finally:
            if not task.done():
                task.cancel()
                done, _ = await asyncio.wait({task}, timeout=_STOP_SECONDS)
                if not done:
                    _log.error("channel_does_not_stop", account=str(self.account))
        return faults[0] if faults else None
