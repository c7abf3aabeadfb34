"""What `/metrics` tells beside the exchanges, read back by Prometheus's own parser."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from crawdad import __version__
from crawdad.adapters.system import SystemClock
from crawdad.core.backups import Backup
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.exchange import Exchange
from crawdad.core.happenings import BACKUP_FAILED, HEAL_CHANGED, Event
from crawdad.core.health import Finding
from crawdad.services.gateway_metrics import GatewayMetrics
from crawdad.services.health import HealthReport, Part
from crawdad.services.health.hysteresis import Held
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.operation_metrics import OperationMetrics, Watched
from crawdad.store.inprocess import InProcessBus
from tests.support.services import ManualClock
from tests.support.waiting import until


def told(host: Any, report: HealthReport, *exchanges: Exchange) -> dict[tuple[str, tuple[str, ...]], float]:
    metrics = ExchangeMetrics(lambda: 0, lambda: 0)
    accounts: Any = {
        "vendor": (
            SimpleNamespace(paused_at=None, usable=True),
            SimpleNamespace(paused_at=1.0, usable=False),
            SimpleNamespace(paused_at=None, usable=False),
        )
    }
    metrics.beside.append(
        GatewayMetrics(lambda: report, lambda: "running", lambda: host, lambda: accounts, lambda: 7, SystemClock())
    )
    for exchange in exchanges:
        metrics.observe(exchange)
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_gateway_in_figures() -> None:
    account = SimpleNamespace(channel="telegram", name="default")
    status = SimpleNamespace(state=lambda now: "connected", reconnects=3)
    host = SimpleNamespace(
        kinds=[SimpleNamespace(id="telegram")], accounts=lambda kind: [account], status=lambda which: status
    )
    report = HealthReport("degraded", 1.0, None, {"disk": Part(Held("degraded"), Finding("degraded", 93.0))})
    exchange = Exchange("id", 0.0, "openai", "openai-chat", "chat", provider="v", model_resolved="v/m", cost=0.25)
    exchange.usage.input_tokens, exchange.usage.output_tokens, exchange.usage.cache_read_tokens = 10, 5, 8
    series = told(host, report, exchange, exchange)
    build = next(labels for name, labels in series if name == "crawdad_build_info")
    assert __version__ in build
    assert series["crawdad_health_level", ()] == 1 and series["crawdad_part_level", ("disk",)] == 1
    assert series["crawdad_part_figure", ("disk",)] == 93 and series["crawdad_gateway_state", ("running",)] == 1
    assert series["crawdad_channel_state", ("connected", "default", "telegram")] == 1
    assert series["crawdad_channel_reconnects_total", ("default", "telegram")] == 3
    for word in ("usable", "paused", "unusable"):
        assert series["crawdad_accounts", (word, "vendor")] == 1
    assert series["crawdad_background_tasks", ()] == 7
    assert series["crawdad_cost_usd_total", ("v", "v/m")] == 0.5
    assert series["crawdad_tokens_total", ("cache_read", "v", "v/m")] == 16
    assert ("crawdad_tokens_total", ("cache_write", "v", "v/m")) not in series


def test_a_gateway_without_channels() -> None:
    series = told(None, HealthReport())
    assert series["crawdad_health_level", ()] == 0
    assert not [name for name, _ in series if name.startswith("crawdad_channel_state")]


async def test_what_the_gateway_does_for_itself() -> None:
    bus = InProcessBus()
    told = [
        Event(CRON_CHANGED, {"action": "finished", "status": "ok"}, 1.0, "me"),
        Event(CRON_CHANGED, {"action": "finished", "status": "ok"}, 1.0, "another"),
        Event(CRON_CHANGED, {"action": "started", "status": "running"}, 1.0, "me"),
        Event(HEAL_CHANGED, {"cause": "disk", "remedy": "free_disk", "status": "healed"}, 1.0, "me"),
        Event(BACKUP_FAILED, {"reason": "no room"}, 60.0, "me"),
    ]

    class Depths:
        asked = 0

        async def sessions(self) -> int:
            self.asked += 1
            return 12

        async def inbox(self) -> int:
            return 3

        async def outbox(self) -> int:
            return 4

    async def backups() -> list[Backup]:
        return [Backup("b", "full", "schedule", 50.0, "1"), Backup("a", "full", "schedule", 40.0, "1")]

    async def free() -> int:
        return 1 << 30

    depths, clock = Depths(), ManualClock()
    made = OperationMetrics(
        Watched(depths, lambda: 5, lambda: {("webhook", "sent"): 2}, backups, free), bus, clock, "me"
    )
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(made.keep_counting())
        await asyncio.sleep(0)
        for event in told:
            await bus.publish(event)

        async def counted() -> bool:
            return "backup_last_success 0" in _text(made)

        await until(counted)
        counting.cancel()
    await made.look()
    await made.look()
    assert depths.asked == 1, "what grows with the data is seldom counted"
    lines = set(_text(made).splitlines())
    assert lines >= {
        'crawdad_cron_runs_total{outcome="ok"} 1.0',
        'crawdad_healing_actions_total{cause="disk",outcome="healed",remedy="free_disk"} 1.0',
        'crawdad_queue_depth{queue="log"} 5.0',
        'crawdad_queue_depth{queue="inbox"} 3.0',
        'crawdad_notifications_total{kind="webhook",outcome="sent"} 2.0',
        'crawdad_backup_last_timestamp_seconds{kind="full"} 50.0',
        "crawdad_sessions 12.0",
        "crawdad_disk_free_bytes 1.073741824e+09",
    }


def _text(metrics: OperationMetrics) -> str:
    found = ExchangeMetrics(lambda: 0, lambda: 0)
    found.beside.append(metrics)
    return found.exposition().decode()
