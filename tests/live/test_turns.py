"""Turns: telling takes no more than its part of the time, and passes nobody over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.live.turns import Turns


class Seconds:
    """Time that passes only while somebody is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_telling_takes_no_more_than_half_of_the_time_and_passes_nobody_over() -> None:
    seconds, told = Seconds(), []
    asked: list[tuple[float, Callable[[], None]]] = []

    def tell(name: str) -> None:
        told.append((name, round(seconds.now, 3)))
        seconds.now += 0.2

    turns = Turns(lambda wait, call: asked.append((seconds.now + wait, call)), seconds, tell)
    for name in ("a", "b", "a", "c"):
        turns.add(name)
    for _ in range(6):
        at, call = asked.pop(0)
        seconds.now = max(seconds.now, at)
        call()
        turns.add("a")
    assert told == [("a", 0.0), ("b", 0.38), ("c", 0.78), ("a", 1.18), ("a", 1.58), ("a", 1.98)]


def test_while_telling_takes_little_nobody_waits() -> None:
    seconds, waits = Seconds(), []

    def later(wait: float, call: Callable[[], None]) -> None:
        waits.append(wait)
        calls.append(call)

    calls: list[Callable[[], None]] = []
    turns = Turns(later, seconds, lambda name: setattr(seconds, "now", seconds.now + 0.001))
    for step in range(100):
        seconds.now = step * 0.02
        for name in "abcdefghi":
            turns.add(name)
        while calls:
            calls.pop()()
    assert set(waits) == {0.0}


def test_a_turn_that_fails_stops_nobody() -> None:
    seconds, told = Seconds(), []
    asked: list[Callable[[], None]] = []

    def tell(name: str) -> None:
        told.append(name)
        if name == "a":
            raise RuntimeError

    turns = Turns(lambda wait, call: asked.append(call), seconds, tell)
    turns.add("a")
    turns.add("b")
    with pytest.raises(RuntimeError):
        asked.pop(0)()
    asked.pop(0)()
    turns.add("a")
    assert (told, len(asked)) == (["a", "b"], 1)
