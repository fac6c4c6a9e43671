"""The wall clock, read here and nowhere else: everybody else is handed `now` or a clock.

Out: instants as UTC integer milliseconds. Never: time zones, formatting, waiting.
"""

import time


def now_ms() -> int:
    """The present instant, in UTC milliseconds."""
    return time.time_ns() // 1_000_000
