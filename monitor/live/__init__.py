"""Cohorts in memory: folded from the log when somebody needs them, kept while somebody looks.

In: entries of the log with their events, and `now`. Out: answers at any instant and any position of the log,
and to those who watch a snapshot and every change. Never: reads a clock, knows HTTP, decides who may look.

    log ─▶ took(entry, events) ─▶ Held (fold) ─▶ answer(cohort, as_of, position)
                                     │  in turns
                                     ▼
    tick(now) ──────────────────▶ Channel ─▶ Watcher queues
"""

from monitor.live.behind import PositionUnknown
from monitor.live.change import difference
from monitor.live.held import Held, Told
from monitor.live.live import Live
from monitor.live.watch import Watcher

__all__ = ["Held", "Live", "PositionUnknown", "Told", "Watcher", "difference"]
