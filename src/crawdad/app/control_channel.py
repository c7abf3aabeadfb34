"""The control channel put together."""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable
from dataclasses import dataclass

from crawdad import __version__
from crawdad.adapters.files.slices import LocalFileSlices
from crawdad.api.control.context import Control
from crawdad.api.control.health import Health
from crawdad.api.control.hub import Hub
from crawdad.api.control.methods import registry_of
from crawdad.api.control.news import News
from crawdad.api.control.registry import Registry
from crawdad.api.control.relays import RELAYS
from crawdad.api.control.socket import ControlSocket
from crawdad.api.speaking import Gate
from crawdad.app.accounts import World
from crawdad.app.control_agents import NewestSessions
from crawdad.app.devices import pairing_of
from crawdad.app.doors import AgentParts
from crawdad.app.launch import Launch
from crawdad.app.logs import RING
from crawdad.app.management import Managed
from crawdad.app.schedule import make_system_events
from crawdad.app.wiring import database_url
from crawdad.services.configuration.editing import ConfigurationEditor
from crawdad.services.devices.admission import Admission
from crawdad.services.log_tail import LogTail
from crawdad.services.nodes.asking import NodeAsking
from crawdad.services.nodes.live import Nodes
from crawdad.services.nodes.pending import PendingWork
from crawdad.services.owners_language import OwnersLanguage
from crawdad.services.presence import Presence, Self
from crawdad.services.tasks import Tasks
from crawdad.services.tools.approval_file import ApprovalFile
from crawdad.services.tools.command_questions import CommandQuestions
from crawdad.services.wake_words import WakeWords
from crawdad.store.key_values import Counters, KeyValues

RESTARTING = "service restart"


@dataclass(frozen=True, slots=True)
class ControlChannel:
    """The socket's handler, the methods that it knows, and the way to end it."""

    socket: ControlSocket
    registry: Registry
    close: Callable[[], None]


def open_control(
    world: World, launch: Launch, gate: Gate, managed: Managed, tasks: Tasks, agents: AgentParts | None = None
) -> ControlChannel:
    """The channel, its background work started. Without `agents` it has no methods about them."""
    side = agents.control if agents is not None else None
    settings, clock, bus = world.settings, world.clock, world.cluster.bus

    pairing = pairing_of(world)
    tokens = managed.panel_side.tokens
    admission = Admission(gate.door, pairing, lambda: settings().gateway, clock, world.randomness, tokens)
    hub = Hub(bus, clock, admission, RELAYS)
    nodes = Nodes(bus, clock, world.randomness, world.runner, hub.ask_node)
    values = KeyValues(world.database)
    pending = PendingWork(values, Counters(world.database), clock, world.randomness)
    asking = NodeAsking(nodes, pending, lambda: settings().gateway.nodes)
    if side is not None:
        side.nodes.reach(asking)
    presence = Presence(_self(), bus, clock, world.runner)
    store = database_url(settings(), launch)
    path = store.removeprefix("sqlite:///") if store.startswith("sqlite:") else ""
    health = Health(settings, NewestSessions(side.sessions) if side is not None else None, clock, path)
    control = Control(
        settings=settings,
        clock=clock,
        randomness=world.randomness,
        admission=admission,
        pairing=pairing,
        presence=presence,
        health=health,
        health_report=lambda: managed.health.report,
        news=News(hub, presence, health, clock),
        configuration=ConfigurationEditor(managed.configuration),
        statistics=managed.statistics,
        catalogue=lambda: managed.live.current,
        accounts=managed.accounts.pool,
        log_tail=LogTail(lambda: settings().logging.file, LocalFileSlices(), RING),
        nodes=nodes,
        tasks=managed.operations.tasks,
        notifications=managed.notifications,
        update_orders=managed.operations.update_orders,
        backup_orders=managed.operations.backup_orders,
        asking=asking,
        pending=pending,
        wake_words=WakeWords(values, bus, clock, world.runner),
        owners_language=OwnersLanguage(values, lambda: settings().language),
        process=world.runner,
        version=__version__,
        config_path=str(launch.config_path),
        state_directory=str(launch.home),
        started_at=clock.monotonic(),
        system_events=make_system_events(world),
        heartbeats=agents.switch if agents is not None else None,
        healing=managed.healing,
        approvals=CommandQuestions(managed.approvals),
        approval_file=ApprovalFile(managed.configuration, settings, managed.approvals),
        agents=side,
        speech=side.speech if side is not None else None,
        plugins=agents.extensions.administration if agents is not None and agents.extensions is not None else None,
    )
    registry = registry_of(control)
    tasks.start(hub.follow(), "control events")
    tasks.start(hub.keep_ticking(), "control ticks")
    tasks.start(hub.keep_checking(), "credentials of clients")
    tasks.start(presence.follow(), "control presence")
    tasks.start(nodes.follow(), "control nodes")
    tasks.start(nodes.keep_telling(), "control nodes of others")
    tasks.start(control.news.keep_telling(), "control news")
    tasks.start(control.news.keep_telling_health(), "control health")
    return ControlChannel(ControlSocket(control, registry), registry, lambda: hub.close(RESTARTING))


def _self() -> Self:
    host = socket.gethostname()
    system = platform.system()
    family = {"Darwin": "Mac"}.get(system, system)
    return Self(host, host, __version__, f"{system.lower()} {platform.release()}", family, platform.machine())
