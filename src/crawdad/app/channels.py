"""The channels put together. Which there are, plugins say: those that come with Crawdad (`app.bundled`) and others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crawdad.adapters.programs.ffmpeg import Ffmpeg
from crawdad.adapters.programs.pattern_search import search
from crawdad.app.accounts import World
from crawdad.core.agents import AgentRuns
from crawdad.core.asking import HearRecording
from crawdad.services.agents.roster import Roster
from crawdad.services.channels.host import ChannelHost
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.channels.pairing import Pairing
from crawdad.services.channels.transcribing import Transcribing
from crawdad.services.channels.world import ChannelWorld
from crawdad.services.sessions.service import SessionService
from crawdad.services.tasks import Tasks
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.channel_files import ChannelFileTable
from crawdad.store.channel_inbox import ChannelInbox
from crawdad.store.channel_outbox import ChannelOutbox
from crawdad.store.channel_people import ChannelPeople
from crawdad.store.key_values import KeyValues

_SECRET_KEY = "channels.secret"  # the name of a row, no secret


@dataclass(frozen=True, slots=True)
class ChannelParts:
    """What channels lead to."""

    runs: AgentRuns
    sessions: SessionService
    approvals: ApprovalService
    roster: Callable[[], Roster]
    outbound: OutboundChannels
    hearing: HearRecording


def make_pairing(world: World) -> Pairing:
    """Requests to be let in."""
    cluster = world.cluster
    return Pairing(ChannelPeople(world.database), cluster.bus, cluster.rates, world.clock, world.randomness)


@asynccontextmanager
async def open_channels(world: World, parts: ChannelParts) -> AsyncIterator[ChannelHost]:
    """The host, at work. On leaving, what is under way is left to the next process."""
    memory = KeyValues(world.database)
    secret = await memory.settle(_SECRET_KEY, world.randomness.new_token())
    host = ChannelHost(
        ChannelWorld(
            inbox=ChannelInbox(world.database),
            outbox=ChannelOutbox(world.database),
            chats=ChannelChats(world.database),
            people=ChannelPeople(world.database),
            files=ChannelFileTable(world.database),
            memory=memory,
            pairing=make_pairing(world),
            approvals=parts.approvals,
            runs=parts.runs,
            hooks=parts.outbound.hooks,
            sessions=parts.sessions,
            roster=parts.roster,
            settings=world.settings,
            bus=world.cluster.bus,
            leases=world.cluster.leases,
            box=world.box,
            transport=world.transport,
            clock=world.clock,
            randomness=world.randomness,
            runner=world.runner,
            secret=str(secret),
            search=search,
            transcribe=Transcribing(parts.hearing, lambda: world.settings().tools.media.audio, Ffmpeg().to_wave),
        ),
        parts.outbound,
    )
    async with Tasks(1) as tasks:
        tasks.start(host.run(), "channels")
        yield host
