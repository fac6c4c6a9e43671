"""Which core works for whom: what is measured, and the raw limit, on one; the load that drives it on another.

In: a process. Out: it is bound, where the system can do that and has two cores; meanwhile nobody looks for
garbage here, so that what is measured never waits for our own housekeeping. Never: more than two cores, so
that a large machine measures what a small one does.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator


def _two() -> tuple[int, int] | None:
    if not hasattr(os, "sched_getaffinity"):
        return None
    mine = sorted(os.sched_getaffinity(0))
    return (mine[0], mine[1]) if len(mine) > 1 else None


_CORES = _two()


def of_service(process: int) -> None:
    """Bind a process that has just begun to the core of what is measured."""
    if _CORES:
        os.sched_setaffinity(process, {_CORES[0]})


@contextlib.contextmanager
def as_service() -> Iterator[None]:
    """Measure here: on the core where the service works."""
    with _on(0):
        yield


@contextlib.contextmanager
def as_load() -> Iterator[None]:
    """Drive from here: the service's core is left alone."""
    with _on(1):
        yield


@contextlib.contextmanager
def _on(which: int) -> Iterator[None]:
    with _no_garbage(), _bound(which):
        yield


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Looks for garbage before, and not while the block runs."""
    was = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextlib.contextmanager
def _bound(which: int) -> Iterator[None]:
    if _CORES is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_CORES[which]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
