"""The seals of a source whose secrets come and go: at each instant those hold that have not ended.

In: secrets, and a delivery with `now`. Out: its proven id and stamp, or a `Refusal`. Never: a clock, a timer:
an old secret ends by itself, for `now` is past its end.
"""

from collections.abc import Callable, Mapping, Sequence

from monitor.ingest.seal import Stamped
from monitor.ingest.sources import Sealed
from monitor.store.cabinet import Secret


class Seals:
    """One seal for each set of secrets that holds for a while."""

    def __init__(self, seal: Callable[[tuple[str, ...]], Sealed], secrets: Sequence[Secret]) -> None:
        """`seal` makes the seal of a kind of platform from secrets that hold together."""
        self._seal = seal
        self._secrets = tuple(secrets)
        self._ends = any(one.ends_at is not None for one in secrets)
        self._now = self._holding(secrets[0].added_at if secrets else 0)

    def open(self, headers: Mapping[str, str], body: bytes, now: int) -> Stamped:
        """The id and stamp of a delivery that one of the secrets signed that hold now; else Refusal 401."""
        texts, seal = self._now
        if self._ends:
            holding = tuple(one.text for one in self._secrets if one.holds(now))
            if holding != texts:
                self._now = texts, seal = self._holding(now)
        return seal.open(headers, body, now)

    def _holding(self, now: int) -> tuple[tuple[str, ...], Sealed]:
        texts = tuple(one.text for one in self._secrets if one.holds(now))
        return texts, self._seal(texts)
