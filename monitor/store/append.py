"""An append on its way into the log, and what can become of it.

In: what is to be kept, and whom to tell. Out: the entry, or one of these errors. Never: writes anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.store.entry import Entry
from monitor.store.ledger import Erasing


class LogBusy(Exception):
    """More is waiting to be written than the log takes on: come again in `retry_after` seconds."""

    retry_after = 2


class LogFailed(Exception):
    """The commit this waited on failed: nothing of it was kept. Come again in `retry_after` seconds."""

    retry_after = 5


class LogCut(Exception):
    """The log is not the one that was written to: cut, replaced, or another has written. Nothing more is."""


class AlreadyKept(Exception):
    """A delivery of this id and this very body is kept already, durably, at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"kept at position {position}")
        self.position = position


class IdReused(Exception):
    """A delivery of this id with another body is kept already, at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"kept with another body at position {position}")
        self.position = position


Tell = Callable[[Entry | Exception], None]
"""What is told the entry once it would survive a power cut, or why it was not kept."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An append on its way."""

    kind: str
    source: str
    at: int
    headers: Mapping[str, str]
    body: bytes
    decoder: str
    once: str | None
    then: Callable[[Entry], None] | None
    erase: Erasing | None
    tell: Tell
    outcome: Entry | Exception | None = None
