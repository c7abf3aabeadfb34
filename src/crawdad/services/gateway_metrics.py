"""Gauges of the gateway for Prometheus: how well it and its parts do, its channels and its accounts. All of it is known
already when somebody asks: nothing is looked up for him."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from crawdad import __version__
from crawdad.core.accounts import Account
from crawdad.core.health import severity
from crawdad.core.ports import Clock
from crawdad.services.channels.host import ChannelHost
from crawdad.services.health import HealthReport
from crawdad.services.lifecycle import State

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class GatewayMetrics:
    """What `/metrics` tells beside the exchanges. `host` says None while there are no channels."""

    def __init__(
        self,
        report: Callable[[], HealthReport],
        state: Callable[[], State],
        host: Callable[[], ChannelHost | None],
        accounts: Callable[[], Mapping[str, tuple[Account, ...]]],
        tasks: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._report = report
        self._state = state
        self._host = host
        self._accounts = accounts
        self._tasks = tasks
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """The series, as Prometheus's client library wants them."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily(
            "crawdad_build", "What runs.", value={"version": __version__, "python": platform.python_version()}
        )
        report = self._report()
        yield GaugeMetricFamily("crawdad_health_level", "0 ok, 1 degraded, 2 down.", value=severity(report.level))
        levels = GaugeMetricFamily("crawdad_part_level", "The same of each part.", labels=("part",))
        figures = GaugeMetricFamily(
            "crawdad_part_figure", "What was measured, in the unit of the part.", labels=("part",)
        )
        for name, part in report.parts.items():
            levels.add_metric((name,), severity(part.held.level))
            if part.finding.figure is not None:
                figures.add_metric((name,), part.finding.figure)
        yield levels
        yield figures
        state = GaugeMetricFamily("crawdad_gateway_state", "1 for the state that it is in.", labels=("state",))
        state.add_metric((self._state(),), 1)
        yield state
        yield from self._channels()
        accounts = GaugeMetricFamily("crawdad_accounts", "Accounts with providers.", labels=("provider", "state"))
        for provider, known in self._accounts().items():
            for word, count in Counter(_word(account) for account in known).items():
                accounts.add_metric((provider, word), count)
        yield accounts
        yield GaugeMetricFamily("crawdad_background_tasks", "Tasks at work.", value=self._tasks())

    def _channels(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        labels = ("channel", "account")
        states = GaugeMetricFamily(
            "crawdad_channel_state", "1 for the state of each account.", labels=(*labels, "state")
        )
        reconnects = CounterMetricFamily("crawdad_channel_reconnects", "Links that were made anew.", labels=labels)
        host = self._host()
        for kind in host.kinds if host is not None else ():
            assert host is not None
            for account in host.accounts(kind.id):
                status, who = host.status(account), (account.channel, account.name)
                states.add_metric((*who, status.state(self._clock.now())), 1)
                reconnects.add_metric(who, status.reconnects)
        yield states
        yield reconnects


def _word(account: Account) -> str:
    if account.paused_at is not None:
        return "paused"
    return "usable" if account.usable else "unusable"
