"""What panels stand on: the activity log, tickets, and the WebSocket that tells what happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawdad import __version__
from crawdad.api.clawpanel.live import LivePanels
from crawdad.api.front_door import SocketHandler
from crawdad.api.management.mount import LazyApplication
from crawdad.app.accounts import World
from crawdad.core.errors import GatewayError
from crawdad.core.text import Text
from crawdad.services.activity.feed import ActivityFeed
from crawdad.services.activity.log import ActivityLog
from crawdad.services.activity.pushed import PushedActivity
from crawdad.services.identity import Door
from crawdad.services.identity.ended_sessions import EndedSessions
from crawdad.services.identity.living import Living
from crawdad.services.identity.panel_tokens import PanelTokens
from crawdad.services.identity.tickets import Tickets
from crawdad.services.tasks import Tasks
from crawdad.store.activity import ActivityStore
from crawdad.store.tickets import TicketStore

if TYPE_CHECKING:
    from crawdad.api.clawpanel.access import Access

_LAST_SECONDS = 3.0
_MOST_TOLD = 20
_SAME_CHANGE_SECONDS = 10.0


@asynccontextmanager
async def open_activity(world: World) -> AsyncIterator[ActivityLog]:
    """The activity log, fed. On leaving, what waits is written."""
    cluster = world.cluster
    store = ActivityStore(world.database)
    log = ActivityLog(store, cluster.bus, world.clock, world.randomness, world.settings, world.runner)
    async with Tasks(2) as tasks:
        tasks.start(log.keep_writing(), "activity log")
        tasks.start(ActivityFeed(cluster.bus, log, world.runner).follow(), "activity of others")
        await asyncio.sleep(0)  # the feed listens from here on
        log.system(Text("activity.started", {"version": __version__}))
        try:
            yield log
        finally:
            log.system(Text("activity.stopping"))
            with suppress(TimeoutError, GatewayError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await log.flush()


async def note_settings(world: World, log: ActivityLog, paths: Sequence[str]) -> None:
    """Note that settings were changed. Of the processes of a cluster that take up the same change one does it."""
    shown = ", ".join(sorted(paths)[:_MOST_TOLD]) + (", …" if len(paths) > _MOST_TOLD else "")
    try:
        name = f"activity.settings:{hash_of(shown)}"
        if not await world.cluster.leases.claim(name, world.runner, _SAME_CHANGE_SECONDS):
            return
    except GatewayError:
        pass  # told twice is better than not told
    log.system(Text("activity.configuration", {"paths": shown}), "system.configuration")


def hash_of(text: str) -> str:
    """A short name for a text."""
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(slots=True)
class PanelSide:
    """What the panel's routes and its WebSocket share."""

    world: World
    door: Door
    tokens: PanelTokens
    activity: ActivityLog
    pushed: PushedActivity
    tickets: Tickets
    live: LivePanels
    ended: EndedSessions
    _access: Access | None = None

    @property
    def access(self) -> Access:
        """The way in, made when it is first asked for: a gateway that nobody administers needs no web framework."""
        if self._access is None:
            from crawdad.api.clawpanel.access import Access

            self._access = Access(self.door, self.tokens, self.tickets)
        return self._access

    def socket(self) -> SocketHandler:
        """The handler of `/ws`, made when it is first called."""

        def make() -> SocketHandler:
            from crawdad.api.clawpanel.socket import PanelSocket

            return PanelSocket(self.access, self.live, self.world.randomness)

        return LazyApplication(make)


def open_panel(
    world: World, tasks: Tasks, door: Door, tokens: PanelTokens, ended: EndedSessions, activity: ActivityLog
) -> PanelSide:
    """The panel's side, its background work started."""
    cluster, clock = world.cluster, world.clock
    living = Living(door, lambda: world.settings().gateway)
    live = LivePanels(
        cluster.bus, clock, lambda signed_in: signed_in.still(door, living, clock.now()), lambda: door.generation
    )
    tasks.start(live.follow(), "panels")
    tasks.start(live.keep_checking(), "credentials of panels")
    return PanelSide(
        world,
        door,
        tokens,
        activity,
        PushedActivity(activity, cluster.rates, world.settings),
        Tickets(door, living, TicketStore(world.database), clock, world.randomness),
        live,
        ended,
    )
