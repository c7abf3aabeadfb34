"""Notifications put together: whoever takes them where, and what they are told of."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.adapters.system import machine_zone
from crawdad.api.later import Later
from crawdad.app.accounts import World
from crawdad.app.crashes import events_up_to_this_start
from crawdad.core.agents import Outbound
from crawdad.core.budgets import Budget
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import ChannelKind
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import (
    APPLICATION_CRASHED,
    BACKUP_FAILED,
    BUDGET_REACHED,
    SWITCH_UNDONE,
    UPDATE_AVAILABLE,
    Event,
)
from crawdad.core.notification_settings import FEISHU_APP, SMTP, NotificationSettings, NotificationTarget
from crawdad.core.notifications import Courier, Letter
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Runner
from crawdad.core.secret import Secret
from crawdad.core.switches import Switches
from crawdad.core.tasks import Words, words_out
from crawdad.core.text import Language
from crawdad.services.backups.service import Backups
from crawdad.services.budgets import Budgets
from crawdad.services.channels.configured import configured_accounts, default_account
from crawdad.services.healing.reports import summary
from crawdad.services.healing.supervisor_log import crash_before
from crawdad.services.notifications import Notifications
from crawdad.services.notifications.couriers import ChannelCourier, FeishuWebhookCourier, WebhookCourier, courier_of
from crawdad.services.notifications.doorstep import Doorstep
from crawdad.services.notifications.listening import Listening
from crawdad.services.notifications.reading import Reading
from crawdad.services.notifications.sending import Sending
from crawdad.services.schedule.zones import zones
from crawdad.services.tasks import Tasks
from crawdad.services.updates.service import Updates
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.key_values import KeyValues
from crawdad.store.notifications import NotificationStore
from crawdad.store.schedule import ScheduleStore

if TYPE_CHECKING:
    from crawdad.app.inside import LocalInside

FEISHU_TARGET = "feishu-env"
"""The name of the target that the environment's `FEISHU_*` make."""
_NEAR_SECONDS = 300.0
_STATELESS = ("discord", "slack", "dingtalk", "qqbot", "wechat", "openclaw-weixin", "email")
"""Channels that send by a call with a token of their own."""
_log = structlog.get_logger(__name__)
_TRUE = frozenset(("1", "true", "yes", "on"))


def make_notifications(
    world: World, runner: Runner, inside: Callable[[], LocalInside], doorstep: Doorstep, environment: Mapping[str, str]
) -> Notifications:
    """All of it, at rest."""

    def settings() -> NotificationSettings:
        return with_environment(world.settings().notifications, environment)

    def outbound() -> Outbound | None:
        entered = inside()
        side = entered.interior.agents.control if entered.entered and entered.interior.agents is not None else None
        return side.outbound if side is not None else None

    zone_of = zones(machine_zone(), lambda: world.settings().cron.timezone)
    place, store = socket.gethostname(), NotificationStore(world.database)
    couriers = courier_of(
        ChannelCourier(outbound, _direct(world, doorstep)),
        WebhookCourier(world.transport, world.clock, place),
        FeishuWebhookCourier(world.transport, world.clock),
        {SMTP: _Late(lambda: _smtp(world)), FEISHU_APP: _Late(lambda: _feishu(world))},
    )
    sending = Sending(
        store, settings, couriers, lambda: zone_of(settings().quiet_hours.timezone), world.clock, runner, place
    )
    return Notifications(store, settings, sending, world.clock, world.randomness)


def start_notifications(world: World, runner: Runner, notifications: Notifications, tasks: Tasks) -> None:
    """Begin to listen and to send."""
    jobs = ScheduleStore(world.database)

    async def failures(job_id: str) -> int:
        job = await jobs.get(job_id)
        return job.state.consecutive_errors if job is not None else 0

    reading = Reading(failures, lambda: world.settings().notifications.cron_failures)
    bus, leases = world.cluster.bus, world.cluster.leases
    listening = Listening(bus, leases, reading, world.clock, runner, notifications.take)
    tasks.start(listening.follow(), "notices")
    tasks.start(notifications.sending.keep_sending(), "notifications")


def tell_of_services(world: World, backups: Backups, updates: Updates, budgets: Budgets) -> None:
    """Have what these find out told on the bus."""

    async def publish(topic: str, data: JsonObject) -> None:
        await world.cluster.bus.publish(Event(topic, data, world.clock.now(), world.runner))

    async def backup_failed(reason: Words) -> None:
        await publish(BACKUP_FAILED, {"reason": words_out(reason)})

    async def update_available(version: str) -> None:
        await publish(UPDATE_AVAILABLE, {"version": version, "current": updates.version})

    async def budget_reached(budget: Budget, resets_at: float | None) -> None:
        about = {"subject": budget.subject, "unit": budget.unit, "period": budget.period}
        await publish(BUDGET_REACHED, {**about, "limit": budget.limit, "resetsAt": resets_at})

    backups.failed, updates.available, budgets.reached = backup_failed, update_available, budget_reached


async def tell_crash(world: World, safe_mode: bool) -> None:
    """Tell that the process before this one crashed, where it did."""
    crash = crash_before(await events_up_to_this_start(Path(world.home), world.clock), os.getpid())
    if crash is None:
        return
    hung = crash.silent_seconds is not None
    data: JsonObject = {"how": crash.how, "hung": hung, "safeMode": safe_mode, "at": crash.at, "cutOff": crash.cut_off}
    if safe_mode:
        data["words"] = await _why(Path(world.home), crash.at)
    with suppress(GatewayError):  # the supervisor's log holds it all the same
        await world.cluster.bus.publish(Event(APPLICATION_CRASHED, data, crash.at, world.runner))


async def tell_undone(world: World, switches: Switches) -> None:
    """Tell that an update or a restore was taken back before this start, as nothing came to serve with it: whoever ordered it
    was told that it is on its way. Once for each."""
    values, key = KeyValues(world.database), f"switch.told:{socket.gethostname()}:{world.home}"
    try:
        last = await switches.last()
        if last is None or last.state != "undone" or await values.get(key) == last.id:
            return
        about = str(last.detail.get("to") or last.detail.get("backup") or "")
        data: JsonObject = {
            "purpose": last.purpose,
            "about": about,
            "reason": words_out(last.reason),
            "switch": last.id,
        }
        await world.cluster.bus.publish(Event(SWITCH_UNDONE, data, world.clock.now(), world.runner))
        await values.put(key, last.id)
    except GatewayError as error:
        _log.warning("switch_not_told", reason=error.message())


async def _why(home: Path, at: float) -> dict[str, str]:
    """What the look before this start found and did, in each language; empty where it found nothing."""
    try:
        noted = await LocalHealFolder(home, lambda: 0).noted()
    except GatewayError:
        return {}
    events = [event for event in noted if event.place == "start" and event.at > at - _NEAR_SECONDS]
    languages: tuple[Language, ...] = ("en", "zh")
    return {
        language: "\n".join(
            [
                *(summary(event, language) for event in events),
                *(f"reports/{event.report}" for event in events[-1:] if event.report),
            ]
        )
        for language in languages
        if events
    }


def with_environment(settings: NotificationSettings, environment: Mapping[str, str]) -> NotificationSettings:
    """The settings, and a target of what OpenClaw Buddy reads from its environment: `FEISHU_ENABLED`, `FEISHU_APP_ID`,
    `FEISHU_APP_SECRET`, `FEISHU_CHAT_ID`. Pure."""
    if environment.get("FEISHU_ENABLED", "").strip().lower() not in _TRUE or FEISHU_TARGET in settings.targets:
        return settings
    secret = environment.get("FEISHU_APP_SECRET", "")
    target = NotificationTarget(
        kind=FEISHU_APP,
        app_id=environment.get("FEISHU_APP_ID", ""),
        app_secret=Secret(secret) if secret else None,
        to=environment.get("FEISHU_CHAT_ID", ""),
        language="zh",
    )
    return settings.model_copy(update={"targets": {**settings.targets, FEISHU_TARGET: target}})


class _Late:
    """A courier that is made when it is first wanted: what it needs takes a while to load."""

    def __init__(self, make: Callable[[], Courier]) -> None:
        self._courier = Later(make)

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        return await (await self._courier.get()).deliver(target, letter)


def _direct(world: World, doorstep: Doorstep) -> dict[str, Courier]:
    """The channels whose sending needs nobody that listens. WeCom's goes by a connection of which a bot has one."""
    unopened = partial(_unopened, world, doorstep)
    return {
        "telegram": _Late(lambda: _telegram(world)),
        "feishu": _Late(lambda: _feishu_channel(world)),
        "qq": _Late(lambda: unopened("qq", linked=True)),
        "wecom": _Late(lambda: unopened("wecom", linked=True, alone=True)),
        **{name: _Late(partial(unopened, name)) for name in _STATELESS},
    }


def _unopened(world: World, doorstep: Doorstep, name: str, *, linked: bool = False, alone: bool = False) -> Courier:
    from crawdad.adapters.channels.onebot.settings import OneBotSettings
    from crawdad.app.bundled import channel_kind
    from crawdad.services.notifications.unopened import ChannelGround, UnopenedChannelCourier

    ground = ChannelGround(
        lambda: world.settings().channels,
        ChannelChats(world.database),
        KeyValues(world.database),
        world.box,
        world.transport,
        world.clock,
        world.randomness,
        world.cluster.leases,
        world.runner,
        doorstep,
    )

    def comes(settings: ChannelSettings) -> bool:
        return isinstance(settings, OneBotSettings) and settings.way == "reverse"

    return UnopenedChannelCourier(channel_kind(name), ground, linked=linked, alone=alone, comes=comes)


def _smtp(world: World) -> Courier:
    from crawdad.adapters.channels.email.notifying import SmtpCourier

    return SmtpCourier(world.clock)


def _telegram(world: World) -> Courier:
    from crawdad.adapters.channels.telegram import CHANNEL
    from crawdad.adapters.channels.telegram.notifying import TelegramCourier

    return TelegramCourier(world.transport, world.randomness, lambda account: _account(world, CHANNEL, account))


def _feishu_channel(world: World) -> Courier:
    from crawdad.adapters.channels.feishu import CHANNEL
    from crawdad.adapters.channels.feishu.notifying import FeishuChannelCourier

    return FeishuChannelCourier(_feishu(world), lambda account: _account(world, CHANNEL, account))


def _account(world: World, kind: ChannelKind, name: str) -> ChannelSettings | None:
    """The settings of a channel's account; None where there is none such, or with a fault."""
    blocks = world.settings().channels
    found = configured_accounts(kind, blocks).get(name or default_account(kind, blocks))
    return found if isinstance(found, ChannelSettings) else None


def _feishu(world: World) -> Courier:
    from crawdad.adapters.channels.feishu.notifying import FeishuAppCourier

    return FeishuAppCourier(world.transport, world.clock, world.randomness)
