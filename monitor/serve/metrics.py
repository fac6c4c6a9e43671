"""What the service counts of itself, as Prometheus reads it: a registry of its own.

In: answered requests; counters that intake, log and live keep. Out: the exposition text. Never: labels that
name a person, a cohort or a token.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from monitor.intake import Intake
    from monitor.live import Live
    from monitor.store.log import Log

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The registry. `watch` adds what the rooms count by themselves."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "monitor_requests", "Requests answered", ("door", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "monitor_request_seconds",
            "Time from request to answer",
            ("door",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def answered(self, door: str, status: int, seconds: float) -> None:
        """Counts one answer; `door` is a pattern of the table, never an address."""
        known = self._known.get((door, status))
        if known is None:
            known = (self._requests.labels(door, str(status)), self._seconds.labels(door))
            self._known[door, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def watch(self, log: Log, intake: Intake, live: Live) -> None:
        """Reads these rooms' counters whenever somebody scrapes."""
        self.registry.register(_Rooms(log, intake, live))

    def text(self) -> bytes:
        """Everything, in the text format."""
        return generate_latest(self.registry)


class _Rooms(Collector):
    def __init__(self, log: Log, intake: Intake, live: Live) -> None:
        self._log, self._intake, self._live = log, intake, live

    def collect(self) -> Iterable[Metric]:
        log, intake, live = self._log, self._intake, self._live
        taken = CounterMetricFamily("monitor_intake", "Deliveries, events, refusals", labels=("what",))
        for what, count in sorted(intake.counts.items()):
            taken.add_metric((what,), count)
        yield taken
        yield CounterMetricFamily("monitor_log_commits", "Commits of the log", value=log.commits)
        yield GaugeMetricFamily("monitor_log_pending", "Appends waiting to be durable", value=log.pending)
        yield GaugeMetricFamily("monitor_log_position", "Position of the log's head", value=log.head()[0])
        yield GaugeMetricFamily("monitor_log_writable", "Whether the last commit held", value=log.writable)
        yield GaugeMetricFamily("monitor_cohorts_held", "Cohorts folded in memory", value=live.cohorts)
        yield GaugeMetricFamily("monitor_watchers", "Boards that watch", value=live.watchers)
        yield CounterMetricFamily("monitor_changes", "Changes told to boards", value=live.changes)
        yield CounterMetricFamily("monitor_slow_watchers", "Boards let go for being slow", value=live.slow)
