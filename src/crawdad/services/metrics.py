"""Counting exchanges for Prometheus. Counting is a few dictionary look-ups; the text is made when it is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from crawdad.core.exchange import Exchange

if TYPE_CHECKING:
    from prometheus_client.core import Metric

DURATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_MOST_SERIES = 5000

_Labels = tuple[str, ...]


class _Histogram:
    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(DURATION_BUCKETS) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.buckets[bisect_left(DURATION_BUCKETS, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        count, rows = 0, []
        for bound, found in zip((*map(str, DURATION_BUCKETS), "+Inf"), self.buckets, strict=True):
            count += found
            rows.append((bound, float(count)))
        return rows


class Collector(Protocol):
    """What Prometheus's client library takes."""

    def collect(self) -> Iterator[Metric]:
        """The series of the moment."""


class ExchangeMetrics:
    """What `/metrics` tells of the exchanges of this process. Series are bounded: past the bound, new ones are `other`."""

    def __init__(
        self, running: Callable[[], int], dropped: Callable[[], int], bodies_dropped: Callable[[], int] = lambda: 0
    ) -> None:
        self._running = running
        self._dropped = dropped
        self._bodies_dropped = bodies_dropped
        self._requests: dict[_Labels, int] = {}
        self._tokens: dict[_Labels, int] = {}
        self._durations: dict[_Labels, _Histogram] = {}
        self._first_bytes: dict[_Labels, _Histogram] = {}
        self._costs: dict[_Labels, float] = {}
        self.beside: list[Collector] = []
        """What else is told."""

    def observe(self, exchange: Exchange) -> None:
        """Count one closed exchange."""
        provider, model = exchange.provider, exchange.model_resolved
        if len(self._requests) > _MOST_SERIES:
            provider = model = "other"
        key = (exchange.protocol, exchange.operation, provider, model, exchange.outcome, str(exchange.status))
        self._requests[key] = self._requests.get(key, 0) + 1
        usage = exchange.usage
        if exchange.cost:
            self._costs[provider, model] = self._costs.get((provider, model), 0.0) + exchange.cost
        if usage.input_tokens or usage.output_tokens:
            for direction, count in (
                ("input", usage.input_tokens),
                ("output", usage.output_tokens),
                ("cache_read", usage.cache_read_tokens),
                ("cache_write", usage.cache_write_tokens),
            ):
                if not count and direction.startswith("cache"):
                    continue
                tokens_key = (provider, model, direction)
                self._tokens[tokens_key] = self._tokens.get(tokens_key, 0) + (count or 0)
        where = (exchange.protocol, provider)
        if exchange.duration_seconds is not None:
            _histogram(self._durations, where).add(exchange.duration_seconds)
        if exchange.first_byte_seconds is not None:
            _histogram(self._first_bytes, where).add(exchange.first_byte_seconds)

    def exposition(self) -> bytes:
        """All series in Prometheus's text format."""
        from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
        from prometheus_client.exposition import generate_latest

        registry = CollectorRegistry()
        for usual in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            registry.register(usual)
        for collector in (self, *self.beside):  # a collector is whatever has collect()
            registry.register(collector)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """The series, as Prometheus's client library wants them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        labels = ("protocol", "operation", "provider", "model", "outcome", "status")
        requests = CounterMetricFamily("crawdad_exchanges", "Exchanges closed.", labels=labels)
        for key, count in self._requests.items():
            requests.add_metric(key, count)
        tokens = CounterMetricFamily("crawdad_tokens", "Tokens.", labels=("provider", "model", "direction"))
        for key, count in self._tokens.items():
            tokens.add_metric(key, count)
        costs = CounterMetricFamily("crawdad_cost_usd", "What it cost, as far as known.", labels=("provider", "model"))
        for key, cost in self._costs.items():
            costs.add_metric(key, cost)
        yield requests
        yield tokens
        yield costs
        for name, words, table in (
            ("crawdad_exchange_seconds", "Time from request to end of answer.", self._durations),
            ("crawdad_first_byte_seconds", "Time from request to the answer's first byte.", self._first_bytes),
        ):
            family = HistogramMetricFamily(name, words, labels=("protocol", "provider"))
            for key, histogram in table.items():
                family.add_metric(key, histogram.cumulative(), sum_value=histogram.total)
            yield family
        running = GaugeMetricFamily("crawdad_requests_running", "Requests under way.", value=self._running())
        dropped = CounterMetricFamily(
            "crawdad_log_dropped", "Exchanges the log had no room for.", value=self._dropped()
        )
        bodies = CounterMetricFamily(
            "crawdad_bodies_dropped", "Exchanges whose bodies were given up.", value=self._bodies_dropped()
        )
        yield running
        yield dropped
        yield bodies


def _histogram(table: dict[_Labels, _Histogram], key: _Labels) -> _Histogram:
    found = table.get(key)
    if found is None:
        found = table[key] = _Histogram()
    return found
