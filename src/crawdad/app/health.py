"""The health of the gateway put together: the probes, and what they look at."""

from __future__ import annotations

from crawdad.adapters.machine import LocalMachine, LocalProcess
from crawdad.app.accounts import World
from crawdad.app.doors import AgentParts
from crawdad.app.inside import LocalInside
from crawdad.core.settings import GatewaySettings
from crawdad.services.accounts.pool import Pool
from crawdad.services.channels.host import ChannelHost
from crawdad.services.gateway_metrics import GatewayMetrics
from crawdad.services.health import Health
from crawdad.services.health.first_run import note_first_run
from crawdad.services.health.inner import AccountProbe, ChannelProbe, CronProbe, InsideProbe
from crawdad.services.health.process import ClockProbe, DatabaseProbe, FrontDoorProbe, Heart, ProcessProbe
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.tasks import Tasks
from crawdad.store.health import HealthStore
from crawdad.store.key_values import KeyValues
from crawdad.store.schedule import ScheduleStore

_EVERYWHERE = ("loopback", "lan")
"""What is listened on at `127.0.0.1` among others."""


def start_health(world: World, tasks: Tasks, pool: Pool, inside: LocalInside, lifecycle: Lifecycle) -> Health:
    """The health, looked at from now on, and told to Prometheus."""

    def agents() -> AgentParts | None:
        return inside.interior.agents if inside.entered else None

    def host() -> ChannelHost | None:
        found = agents()
        return found.channels if found is not None else None

    def does_jobs() -> bool:
        found = agents()
        return found is not None and found.jobs is not None and found.jobs.enabled

    clock, store = world.clock, HealthStore(world.database)
    heart = Heart(clock)
    probes = (
        ProcessProbe(LocalProcess(world.home), clock),
        ClockProbe(clock),
        DatabaseProbe(store.answers, clock),
        FrontDoorProbe(world.transport, front_door_url(world.settings().gateway), clock),
        InsideProbe(lambda: lifecycle.state),
        ChannelProbe(host, clock),
        CronProbe(ScheduleStore(world.database).next_time, does_jobs, clock),
        AccountProbe(pool),
    )
    health = Health(probes, heart, LocalMachine(), store, clock, world.randomness, world.cluster.bus)
    gateway = GatewayMetrics(
        lambda: health.report,
        lambda: lifecycle.state,
        host,
        lambda: pool.snapshot.by_provider,
        lambda: tasks.count,
        clock,
    )
    inside.metrics.beside.append(gateway)
    tasks.start(heart.keep_beating(), "heart")
    tasks.start(health.keep_looking(), "health")
    tasks.start(note_first_run(KeyValues(world.database), clock.now()), "first run")
    return health


def front_door_url(gateway: GatewaySettings) -> str:
    """Where the way in is asked; empty where the system chooses the port. Pure."""
    if gateway.port == 0:
        return ""
    host = "127.0.0.1" if gateway.bind in _EVERYWHERE else gateway.bind
    return f"http://{f'[{host}]' if ':' in host else host}:{gateway.port}/healthz"
