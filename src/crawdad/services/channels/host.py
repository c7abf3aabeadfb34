"""The host of all channels: opens the accounts that the settings name, and is the way to them for everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from crawdad.core.agents import Delivery
from crawdad.core.approvals import APPROVAL_REQUESTED
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Account, ChannelKind, ChatKind, SignInStep, Socket
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.happenings import Event
from crawdad.core.identity import Principal
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject, Part
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.core.sessions import Route
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.channels.chats import chat_at
from crawdad.services.channels.configured import block_of, configured_accounts, default_account, needs_restart
from crawdad.services.channels.deliveries import came_of, delivery_parts
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.channels.pairing import Pairing
from crawdad.services.channels.requests import PendingRequest, pending_requests
from crawdad.services.channels.running import RunningAccount
from crawdad.services.channels.sharing import SharedAccounts
from crawdad.services.channels.signing_in import SignIns
from crawdad.services.channels.status import AccountStatus
from crawdad.services.channels.tidying import keep_tidy
from crawdad.services.channels.views import AccountView, DeadLetter, dead_letter
from crawdad.services.channels.world import ChannelWorld
from crawdad.services.tasks import Tasks
from crawdad.store.channel_rows import DeliveryDraft, lane_of

OUTBOX_TOPIC = "channels.outbox"
"""Something was put into the outbox. `data`: `channel`, `account`, `lane`."""
_LOOK_SECONDS = 1.0
_WAIT_SECONDS = 30.0
_STOP_SECONDS = 5.0
_MOST_ACCOUNTS = 2000

_log = structlog.get_logger(__name__)


class ChannelHost:
    """All channels. `run` is to be run; the rest may be called by anybody."""

    def __init__(self, world: ChannelWorld, outbound: OutboundChannels) -> None:
        self._world = world
        self._outbound = outbound
        self._kinds: dict[str, ChannelKind] = {}
        self._running: dict[Account, RunningAccount] = {}
        self._shared = SharedAccounts(world, self._running)
        self._tasks_of: dict[Account, asyncio.Task[None]] = {}
        self._idle: dict[Account, tuple[ChannelKind, ChannelSettings | None, AccountStatus]] = {}
        self._stopped: set[Account] = set()
        self._sign_ins = SignIns(world.pairing)
        self._news = asyncio.Event()
        self._tasks = Tasks(_MOST_ACCOUNTS)
        self._seen: Settings | None = None

    def register(self, kind: ChannelKind) -> Callable[[], None]:
        """Offer a channel. Returns what takes it back. Raises CONFLICT for an id or alias that is taken."""
        names = {kind.id, *kind.aliases}
        taken = {name for other in self._kinds.values() for name in (other.id, *other.aliases)}
        if names & taken:
            raise GatewayError(ErrorKind.CONFLICT, Text("channels.taken", {"channel": kind.id}))
        self._kinds[kind.id] = kind
        self._look_again()

        def unregister() -> None:
            if self._kinds.get(kind.id) is kind:
                del self._kinds[kind.id]
                self._outbound.unregister(kind.id)  # the name is free at once: a plugin that is loaded anew wants it
                self._look_again()

        return unregister

    @property
    def pairing(self) -> Pairing:
        """Letting people in."""
        return self._world.pairing

    @property
    def kinds(self) -> Sequence[ChannelKind]:
        """The channels that are offered, in the order in which they came."""
        return list(self._kinds.values())

    def kind(self, name: str) -> ChannelKind:
        """A channel by its id or another of its names. Raises NOT_FOUND."""
        wanted = name.strip().lower()
        for kind in self._kinds.values():
            if wanted in (kind.id, *kind.aliases):
                return kind
        known = ", ".join(sorted(self._kinds)) or "-"
        raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.unknown", {"channel": name[:64], "known": known}))

    def accounts(self, channel: str) -> list[Account]:
        """The accounts of a channel, by its id."""
        return [account for account in (*self._running, *self._idle) if account.channel == channel]

    def is_running(self, account: Account) -> bool:
        """Whether this process runs an account."""
        running = self._running.get(account)
        return running is not None and not running.status.elsewhere

    def _look_again(self) -> None:
        self._seen = None
        self._news.set()

    async def run(self) -> None:
        """Keep the accounts as the settings have them; for ever."""
        async with self._tasks as tasks:
            tasks.start(self._listen(), "news for channels")
            tasks.start(keep_tidy(self._world), "old messages of channels")
            tasks.start(self._shared.follow(), "accounts of other processes")
            tasks.start(self._shared.ask(), "how accounts of other processes are")
            try:
                while True:
                    self._news.clear()
                    settings = self._world.settings()
                    if settings is not self._seen:
                        self._seen = settings
                        await self._reconcile(settings)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(until_next(self._world.clock.monotonic(), _LOOK_SECONDS)):
                            await self._news.wait()
            finally:
                await asyncio.gather(*(self._close(account) for account in list(self._running)))
                for name in self._kinds:
                    self._outbound.unregister(name)

    async def _reconcile(self, settings: Settings) -> None:
        wanted: dict[Account, tuple[ChannelKind, ChannelSettings]] = {}
        known = {account: one.status.identity for account, one in self._running.items()}
        known |= {account: status.identity for account, (_, _, status) in self._idle.items()}
        self._idle = {}
        for kind in self._kinds.values():
            for name, own in configured_accounts(kind, settings.channels).items():
                account = Account(kind.id, name)
                status = AccountStatus(kind.capabilities.silence_seconds, identity=known.get(account, ""))
                if isinstance(own, GatewayError):
                    status.fault = own.text
                    self._idle[account] = kind, None, status
                    continue
                status.enabled, status.configured = own.enabled and account not in self._stopped, kind.configured(own)
                if status.enabled and status.configured:
                    wanted[account] = kind, own
                else:
                    self._idle[account] = kind, own, status
        over = [
            account
            for account, running in self._running.items()
            if account not in wanted
            or wanted[account][0] is not running.kind
            or needs_restart(running.settings, wanted[account][1])
        ]
        await asyncio.gather(*(self._close(account) for account in over))
        for account, (kind, own) in wanted.items():
            if account in self._running:
                self._running[account].adopt(own)
            else:
                self._open(account, kind, own)
        for kind in self._kinds.values():
            if any(account.channel == kind.id for account in wanted):
                self._outbound.register(kind.id, self)
            else:
                self._outbound.unregister(kind.id)

    def _open(self, account: Account, kind: ChannelKind, settings: ChannelSettings) -> None:
        try:
            running = RunningAccount(self._world, account, kind, settings)
        except Exception as error:  # a channel is other people's code
            _log.exception("channel_not_opened", account=str(account))
            status = AccountStatus(kind.capabilities.silence_seconds)
            status.fault = error.text if isinstance(error, GatewayError) else Text("channels.fault")
            self._idle[account] = kind, settings, status
            return
        self._running[account] = running
        self._tasks_of[account] = self._tasks.start(running.run(), f"account {account}")

    async def _close(self, account: Account) -> None:
        self._running.pop(account, None)
        self._sign_ins.forget(account)
        task = self._tasks_of.pop(account, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP_SECONDS)

    async def start(self, account: Account) -> None:
        """Run an account that was stopped. Raises NOT_FOUND."""
        self._known(account)
        self._stopped.discard(account)
        self._look_again()

    async def stop(self, account: Account) -> None:
        """Run an account no more, until it is started or this process is. Raises NOT_FOUND."""
        self._known(account)
        self._stopped.add(account)
        self._look_again()

    async def restart(self, account: Account) -> None:
        """Close an account that runs, and open it anew. Raises NOT_FOUND."""
        self._known(account)
        await self._close(account)
        self._look_again()

    def account(self, channel: str, name: str = "") -> Account:
        """The account that is meant. Raises NOT_FOUND for a channel or account that is not there."""
        kind = self.kind(channel)
        account = Account(kind.id, name or default_account(kind, self._world.settings().channels))
        self._known(account)
        return account

    def _known(self, account: Account) -> None:
        if account not in self._running and account not in self._idle:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.no_account", {"account": str(account)[:100]}))

    def running(self, account: Account) -> RunningAccount:
        """An account that this process runs, or would. Raises NOT_FOUND; UNAVAILABLE: it is not to run, or runs elsewhere."""
        self._known(account)
        found = self._running.get(account)
        if found is None or found.status.elsewhere:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.not_here", {"account": str(account)}))
        return found

    def status(self, account: Account) -> AccountStatus:
        """How an account stands, as this process knows it or another tells. Raises NOT_FOUND."""
        self._known(account)
        found = self._running.get(account)
        return found.status if found is not None else self._idle[account][2]

    def name(self, account: Account) -> str:
        """What the operator calls an account; empty: nothing. Raises NOT_FOUND."""
        self._known(account)
        running = self._running.get(account)
        settings = running.settings if running is not None else self._idle[account][1]
        return settings.name if settings is not None else ""

    async def count(self, account: Account, kind: ChatKind) -> int:
        """How many chats of a kind an account has, asked of the platform now, by whichever process runs it. Raises as
        `running`, and `SendFailed`."""
        if self.status(account).elsewhere:
            return await self._shared.count(account, kind)
        return len(await self.running(account).desk.channel.directory(kind))

    async def view(self) -> list[AccountView]:
        """All accounts."""
        now = self._world.clock.now()
        found: list[AccountView] = []
        for kind in list(self._kinds.values()):
            for account, running in list(self._running.items()):
                if account.channel == kind.id:
                    found.append(await self._view(account, kind, running.settings, running.status, now))
            for account, (_, settings, status) in list(self._idle.items()):
                if account.channel == kind.id:
                    found.append(await self._view(account, kind, settings, status, now))
        return found

    async def _view(
        self, account: Account, kind: ChannelKind, settings: ChannelSettings | None, status: AccountStatus, now: float
    ) -> AccountView:
        events, deliveries = await self._world.inbox.counts(account), await self._world.outbox.counts(account)
        counts = {str(name): count for name, count in (*events.items(), *deliveries.items())}
        return AccountView(account, kind, settings, status, status.state(now), counts)

    async def probe(self, account: Account) -> JsonObject:
        """Ask the platform now: what it said, with `ok`."""
        running = self.running(account)
        status = running.status
        try:
            said = {"ok": True, **await running.desk.channel.probe()}
        except GatewayError as error:
            said = {"ok": False, "error": error.message()}
        status.probe, status.probed_at = said, self._world.clock.now()
        return said

    async def sign_in(self, account: Account, *, force: bool = False) -> SignInStep:
        """Begin a sign-in. Raises as `running`."""
        return await self._sign_ins.begin(self.running(account), force=force)

    def signing_in(self, account: Account) -> SignInStep | None:
        """Where a sign-in stands; None: none was begun."""
        return self._sign_ins.standing(account)

    async def sign_in_poll(self, account: Account, *, code: str = "", seconds: float = 40.0) -> SignInStep:
        """How it goes on, or how it stands after `seconds`. Raises CONFLICT when none was begun."""
        return await self._sign_ins.poll(self.running(account), code, seconds)

    async def sign_out(self, account: Account) -> None:
        """Forget an account's credentials. Raises as `running`."""
        await self.running(account).sign_out()

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        """See `core.agents.Outbound`."""
        account = self.account(route.channel, route.account)
        running = self._running.get(account)
        if running is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.not_running", {"account": str(account)}))
        chat = (await chat_at(self._world.chats, account, route)).chat
        name = f"out:{account}:{lane_of(chat)}:{key}"
        drafts = delivery_parts(running.desk, parts, name)
        if not drafts:
            raise bad_request("channels.nothing_said", "message")
        draft = DeliveryDraft(self._world.randomness.new_id(), name, account, chat)
        delivery, _ = await self._world.outbox.put(draft, drafts, self._world.clock.now())
        if running.held:
            running.sending.poke(delivery.lane)
        else:
            data = {"channel": account.channel, "account": account.name, "lane": delivery.lane}
            await self._world.bus.publish(Event(OUTBOX_TOPIC, data, self._world.clock.now(), self._world.runner))
        return came_of(await running.sending.settled(delivery.id, _WAIT_SECONDS))

    async def dead_letters(self, channel: str = "", account: str = "") -> list[DeadLetter]:
        """Events that could not be made anything of."""
        found = await self._world.inbox.dead(self.kind(channel).id if channel else "", account)
        return [dead_letter(event) for event in found]

    async def resubmit(self, event_row: str) -> None:
        """Have a dead event looked at anew. Raises NOT_FOUND, BAD_REQUEST, UNAVAILABLE."""
        found = await self._world.inbox.get(event_row)
        if found is None or not await self.running(found.account).intake.revive(event_row):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.no_dead_letter", {"id": event_row[:64]}))

    async def drop(self, event_row: str) -> None:
        """Put a dead event aside for good. Raises NOT_FOUND."""
        if not await self._world.inbox.drop(event_row, "dropped", self._world.clock.now()):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.no_dead_letter", {"id": event_row[:64]}))

    async def pending_requests(self, channel: str, account: str = "") -> list[PendingRequest]:
        """The requests (for friendship, to join a group) that nobody has answered, in the order in which they came. Raises
        NOT_FOUND for a channel that is not there."""
        return await pending_requests(self._world.approvals, self.kind(channel).id, account)

    async def decide_request(
        self, account: Account, flag: str, accept: bool, reason: str, by: Principal
    ) -> PendingRequest:
        """Answer such a request now. Raises as `running` and `Requests.decide`: NOT_FOUND where it does not wait (any more),
        `SendFailed` when the platform does not take the answer, and then it waits still."""
        return await self.running(account).intake.requests.decide(flag, accept, reason, by)

    async def webhook(self, channel: str, account: str, request: PluginRequest) -> PluginAnswer | None:
        """What an account's channel answers to a request of its platform's; None: there is nothing there."""
        running = self._here(channel, account)
        return None if running is None else await running.desk.channel.webhook(request)

    async def socket(self, channel: str, account: str, socket: Socket) -> None:
        """Hand a WebSocket to an account's channel until it ends."""
        running = self._here(channel, account)
        if running is None:
            await socket.close(4404)
        else:
            await running.desk.channel.socket(socket)

    def _here(self, channel: str, account: str) -> RunningAccount | None:
        try:
            running = self.running(self.account(channel, account))
        except GatewayError:
            return None
        return running if running.held else None

    def is_configured(self, name: str) -> bool:
        """Whether the settings speak of a channel."""
        return block_of(self.kind(name), self._world.settings().channels) is not None

    async def _listen(self) -> None:
        async for event in self._world.bus.subscribe((OUTBOX_TOPIC, APPROVAL_REQUESTED)):
            data = event.data
            try:
                if event.topic == OUTBOX_TOPIC:
                    running = self._running.get(Account(str(data["channel"]), str(data["account"])))
                    if running is not None and running.held:
                        running.sending.poke(str(data["lane"]))
                    continue
                details = data.get("details")
                for one in list(self._running.values()):
                    if one.held:
                        await one.intake.questions.ask(
                            str(data.get("sessionKey", "")),
                            str(data.get("id", "")),
                            str(data.get("summary", "")),
                            details if isinstance(details, dict) else {},
                        )
            except (GatewayError, KeyError) as error:
                _log.warning("channel_news_not_heeded", topic=event.topic, reason=str(error))
