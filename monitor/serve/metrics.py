"""What the service counts of itself, as Prometheus reads it: a registry of its own, one table of names.

In: answered requests, commits, folds and turns as they happen; counters that intake, log and live keep. Out:
the exposition text. Never: labels that name a person, a cohort or a token; work for each event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitor.ingest.refusals import DELIVERY, EVENT
from monitor.serve.unknown import UnknownTypes

if TYPE_CHECKING:
    from monitor.intake import Intake
    from monitor.live import Live
    from monitor.store.log import Log

disable_created_metrics()  # type: ignore[no-untyped-call]  # the process's start says it for all


class Row(NamedTuple):
    """One metric; a counter's name is told with `_total` behind it. docs/operate.md prints these rows."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    zh: str
    en: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_ANSWER: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMIT: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_FOLD: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
_LAG: Final = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10)

TABLE: Final = (
    Row("monitor_requests", "counter", "应答数", "Requests answered", ("door", "status")),
    Row(
        "monitor_request_seconds",
        "histogram",
        "从请求到应答的时间",
        "Time from request to answer",
        ("door",),
        _ANSWER,
    ),
    Row("monitor_deliveries", "counter", "收下并已落盘的推送", "Deliveries kept"),
    Row("monitor_repeated_deliveries", "counter", "重复的推送", "Deliveries that were kept before"),
    Row(
        "monitor_refused_deliveries",
        "counter",
        "拒收的推送，按原因",
        "Deliveries refused, by reason",
        ("reason",),
    ),
    Row("monitor_events", "counter", "收下的事件", "Events taken"),
    Row(
        "monitor_refused_events",
        "counter",
        "收下的推送中被拒的事件，按原因",
        "Events refused in deliveries that were kept, by reason",
        ("reason",),
    ),
    Row(
        "monitor_unknown_types",
        "counter",
        "规则不认识的事件类型（照样保存），按类型；最多 50 种，其余计入 other",
        "Events of types that the rules don't know, which are kept: by type, 50 at most, the rest as `other`",
        ("type",),
    ),
    Row("monitor_log_position", "gauge", "台账末尾的位置", "Position of the log's head"),
    Row("monitor_log_commits", "counter", "落盘次数", "Commits of the log"),
    Row("monitor_log_failed_commits", "counter", "失败的落盘", "Commits of the log that failed"),
    Row(
        "monitor_log_commit_seconds",
        "histogram",
        "一次落盘的时间，同步在内",
        "Time of one commit, sync included",
        (),
        _COMMIT,
    ),
    Row("monitor_log_pending", "gauge", "等待落盘的条目", "Appends waiting to be durable"),
    Row("monitor_log_pending_bytes", "gauge", "等待落盘的字节", "Bytes of the appends that wait"),
    Row("monitor_log_writable", "gauge", "上次落盘是否成功（1、0）", "Whether the last commit held (1, 0)"),
    Row("monitor_cohorts_held", "gauge", "内存中的班次", "Cohorts folded in memory"),
    Row(
        "monitor_fold_seconds",
        "histogram",
        "从台账重算一个班次的时间",
        "Time to fold a cohort anew from the log",
        (),
        _FOLD,
    ),
    Row(
        "monitor_turn_seconds",
        "histogram",
        "为一个班次的看板结算一次的时间：结果、差异、编码",
        "Time of one turn: a cohort's result, what changed, its encoding for the boards",
        (),
        _ANSWER,
    ),
    Row("monitor_watchers", "gauge", "正在观看的看板", "Boards that watch"),
    Row("monitor_changes", "counter", "发给看板的变更", "Changes told to boards"),
    Row(
        "monitor_board_lag_seconds",
        "histogram",
        "从事件到达到带着它的变更交给看板的时间，取同一变更中最早到达者",
        "Time from an event's arrival until the change that carries it is handed to the boards; of the "
        "events that ride in one change, the first to arrive",
        (),
        _LAG,
    ),
    Row(
        "monitor_slow_watchers",
        "counter",
        "因跟不上而断开的看板",
        "Boards let go because they did not keep up",
    ),
)
"""Every metric of ours there is."""

PROCESS: Final = (
    Row("process_resident_memory_bytes", "gauge", "占用的内存", "Memory in use"),
    Row("process_virtual_memory_bytes", "gauge", "地址空间", "Address space"),
    Row("process_cpu_seconds", "counter", "用去的处理器时间", "Processor time used"),
    Row("process_start_time_seconds", "gauge", "启动时刻（1970 年起的秒）", "When it started, since 1970"),
    Row("process_open_fds", "gauge", "打开的描述符", "Descriptors that are open"),
    Row("process_max_fds", "gauge", "描述符的上限", "How many may be open"),
)
"""What the library tells of the process, on Linux."""


class Metrics:
    """The registry. `watch` adds what the rooms count by themselves."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(*_said("monitor_requests"), registry=self.registry)
        timed = {
            row.name: Histogram(*_said(row.name), buckets=row.buckets, registry=self.registry)
            for row in TABLE
            if row.kind == "histogram"
        }
        self._answer = timed["monitor_request_seconds"]
        self._commit = timed["monitor_log_commit_seconds"]
        self._fold = timed["monitor_fold_seconds"]
        self._turn = timed["monitor_turn_seconds"]
        self._lag = timed["monitor_board_lag_seconds"]
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def answered(self, door: str, status: int, seconds: float) -> None:
        """Counts one answer; `door` is a pattern of the table, never an address."""
        known = self._known.get((door, status))
        if known is None:
            known = (self._requests.labels(door, str(status)), self._answer.labels(door))
            self._known[door, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def committed(self, seconds: float) -> None:
        """One commit of the log; called in the log's own thread."""
        self._commit.observe(seconds)

    def folded(self, seconds: float) -> None:
        """One cohort, folded anew from the log."""
        self._fold.observe(seconds)

    def told(self, seconds: float, lag_ms: int | None) -> None:
        """One turn of a cohort; `lag_ms` of the first event in the change, None where it carries none."""
        self._turn.observe(seconds)
        if lag_ms is not None:
            self._lag.observe(max(lag_ms, 0) / 1000)

    def watch(self, log: Log, intake: Intake, live: Live) -> None:
        """Reads these rooms' counters whenever somebody scrapes, and is told what they time."""
        unknown = UnknownTypes()
        intake.on_entry.append(unknown.took)
        log.on_commit = self.committed
        live.on_told = self.told
        self.registry.register(_Rooms(log, intake, live, unknown))

    def text(self) -> bytes:
        """Everything, in the text format."""
        return generate_latest(self.registry)


class _Rooms(Collector):
    def __init__(self, log: Log, intake: Intake, live: Live, unknown: UnknownTypes) -> None:
        self._log, self._intake, self._live, self._unknown = log, intake, live, unknown

    def collect(self) -> Iterable[Metric]:
        log, intake, live = self._log, self._intake, self._live
        counts = intake.counts
        yield _total("monitor_deliveries", counts["deliveries"])
        yield _total("monitor_repeated_deliveries", counts["repeated"])
        yield _total("monitor_refused_deliveries", {reason: counts[reason] for reason in DELIVERY})
        yield _total("monitor_events", counts["events"])
        yield _total("monitor_refused_events", {reason: intake.refused[reason] for reason in EVENT})
        yield _total("monitor_unknown_types", self._unknown.counts)
        yield _now("monitor_log_position", log.head()[0])
        yield _total("monitor_log_commits", log.commits)
        yield _total("monitor_log_failed_commits", log.failed_commits)
        yield _now("monitor_log_pending", log.pending)
        yield _now("monitor_log_pending_bytes", log.pending_bytes)
        yield _now("monitor_log_writable", log.writable)
        yield _now("monitor_cohorts_held", live.cohorts)
        yield _now("monitor_watchers", live.watchers)
        yield _total("monitor_changes", live.changes)
        yield _total("monitor_slow_watchers", live.slow)


_ROWS: Final = {row.name: row for row in TABLE}


def _said(name: str) -> tuple[str, str, tuple[str, ...]]:
    row = _ROWS[name]
    return name, row.en, row.labels


def _total(name: str, counted: int | Mapping[str, int]) -> Metric:
    name, about, labels = _said(name)
    if not isinstance(counted, Mapping):
        return CounterMetricFamily(name, about, value=counted)
    family = CounterMetricFamily(name, about, labels=labels)
    for label, count in sorted(counted.items()):
        family.add_metric((label,), count)
    return family


def _now(name: str, value: float) -> Metric:
    return GaugeMetricFamily(name, _said(name)[1], value=value)
