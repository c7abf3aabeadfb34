"""Letters by a channel's own way of sending while no channel is open: the gateway is stopped, or in safe mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass

from crawdad.core.channel_settings import ChannelBlock, ChannelSettings
from crawdad.core.channels import (
    Account,
    Channel,
    ChannelContext,
    ChannelKind,
    ChannelState,
    OutboundMessage,
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.notification_settings import NotificationTarget
from crawdad.core.notifications import Letter, NotDelivered
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Leases, Randomness, SecretBox, Transport
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.services.channels.chats import chat_at
from crawdad.services.channels.chunking import chunks
from crawdad.services.channels.configured import configured_accounts, default_account
from crawdad.services.channels.plain import plain_text
from crawdad.services.channels.running import KeptState, lease_of
from crawdad.services.notifications.doorstep import Doorstep
from crawdad.services.tasks import Tasks
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.key_values import KeyValues

_LINK_SECONDS = 15.0
_COMING_SECONDS = 33.0
"""For a side that connects to us: many try it every 30 seconds."""
_ALONE_SECONDS = 60.0
"""Longer than a letter takes: the link and the call have less."""
_FINAL = frozenset(("refused", "signed_out", "unsupported", "too_long"))


@dataclass(frozen=True, slots=True)
class ChannelGround:
    """What a channel needs to send. `settings`: the blocks of `channels`, as they are now; `runner` names this process;
    `doorstep`: where the other side comes in, where it connects to us."""

    settings: Callable[[], Mapping[str, ChannelBlock]]
    chats: ChannelChats
    memory: KeyValues
    box: SecretBox
    transport: Transport
    clock: Clock
    randomness: Randomness
    leases: Leases
    runner: str
    doorstep: Doorstep


class UnopenedChannelCourier:
    """`core.notifications.Courier` by an account of `kind`, whose sending needs nobody that listens. `linked`: it goes by the
    link that events come by, which is held for as long as it takes. `alone`: there is one such link, which a second would cut:
    it is made only where no process runs the account, and none does meanwhile. `comes`: whether an account's link is made by
    the other side, which tries it now and then."""

    def __init__(
        self,
        kind: ChannelKind,
        ground: ChannelGround,
        *,
        linked: bool = False,
        alone: bool = False,
        comes: Callable[[ChannelSettings], bool] = lambda _: False,
    ) -> None:
        self._kind, self._ground, self._linked, self._alone, self._comes = kind, ground, linked, alone, comes

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port. What is longer than a message of the platform's is cut."""
        try:
            return await self._deliver(target, letter)
        except SendFailed as failed:
            told_twice = failed.outcome == "ambiguous" and not self._kind.capabilities.repeats_safely
            raise NotDelivered(failed.text, again=failed.outcome not in _FINAL and not told_twice) from None
        except SignedOut as refused:
            raise NotDelivered(refused.text, again=False) from None
        except GatewayError as error:
            raise NotDelivered(error.text) from None

    async def _deliver(self, target: NotificationTarget, letter: Letter) -> str:
        context = self._context(target.account)
        channel, able = self._kind.open(context), self._kind.capabilities
        route = Route(self._kind.id, target.to, context.account.name)
        text = f"{letter.title}\n{letter.text}"
        shown = text if able.markdown else plain_text(text)
        known = await chat_at(self._ground.chats, context.account, route)
        message = OutboundMessage(
            letter.id,
            known.chat,
            chunks(shown, able.text_limit, channel.measure)[0],
            role="notice",
            reply_context=known.reply_context,
        )
        comes = self._comes(context.settings)
        async with (
            self._held(context.account) if self._alone else nullcontext(),
            self._ground.doorstep.open(self._kind, context.account, channel) if comes else nullcontext(),
            _linked(channel, context, _COMING_SECONDS if comes else _LINK_SECONDS) if self._linked else nullcontext(),
        ):
            return next(iter((await channel.send(message)).message_ids), "")

    @asynccontextmanager
    async def _held(self, account: Account) -> AsyncIterator[None]:
        """The account is ours. Raises UNAVAILABLE while a process runs it, be it this one, which has just become well."""
        lease, owner = lease_of(account), f"{self._ground.runner}#letter"
        if not await self._ground.leases.claim(lease, owner, _ALONE_SECONDS):
            raise _closed()
        try:
            yield
        finally:
            with suppress(GatewayError):
                await self._ground.leases.release(lease, owner)

    def _context(self, name: str) -> _Unopened:
        blocks = self._ground.settings()
        name = name or default_account(self._kind, blocks)
        settings = configured_accounts(self._kind, blocks).get(name)
        if isinstance(settings, GatewayError):
            raise settings
        if settings is None or not settings.enabled or not self._kind.configured(settings):
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("notifications.no_channels"))
        return _Unopened(self._ground, Account(self._kind.id, name), settings)


class _Unopened(ChannelContext):
    """What the channel is given: nothing that comes is taken, so that the platform keeps it for whoever listens next."""

    def __init__(self, ground: ChannelGround, account: Account, settings: ChannelSettings) -> None:
        self.account = account
        self.settings = settings
        self.state: ChannelState = KeptState(ground.memory, ground.box, account)
        self.files = _NoFiles()
        self.transport = ground.transport
        self.clock = ground.clock
        self.randomness = ground.randomness
        self.linked: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def admit(self, *events: JsonObject) -> None:
        raise _closed()

    async def show(self, frame: JsonObject) -> None:
        pass

    def heard(self, identity: str = "") -> None:
        if not self.linked.done():
            self.linked.set_result(None)

    def ended(self, why: GatewayError) -> None:
        """There is no link, and there will be none."""
        if not self.linked.done():
            self.linked.set_exception(why)

    def lost(self, reason: Text | str) -> None:
        pass


class _NoFiles:
    async def keep(self, data: bytes) -> str:
        raise _closed()

    async def read(self, name: str) -> bytes:
        raise _closed()


def _closed() -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("notifications.no_channels"))


@asynccontextmanager
async def _linked(channel: Channel, context: _Unopened, seconds: float) -> AsyncIterator[None]:
    """Hold the channel's link. Raises what keeps it from that."""

    async def hold() -> None:
        try:
            await channel.run()
        except GatewayError as error:
            context.ended(error)
        else:
            context.ended(_closed())

    async with Tasks(1) as tasks:
        tasks.start(hold(), "link of a channel")
        try:
            async with asyncio.timeout(seconds):
                await context.linked
        except TimeoutError:
            raise _closed() from None
        yield
