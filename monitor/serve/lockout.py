"""Who guesses has to wait, longer with each guess: by name and address, by name alone, by address alone.

In: tries at an instant (ms). Out: how long to wait. Never: says whether there is a user of a name, keeps what
was tried on disk. A try is charged before it is judged, so that many at once are no way around it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

FREE: Final = {"pair": 5, "name": 20, "address": 50}
"""Failed tries without a wait: of a name from one address, of a name, from an address (a school has one)."""
FIRST_MS: Final = 5_000
LONGEST_MS: Final = 15 * 60_000
"""The first wait; each further one is twice as long, up to a quarter of an hour."""
FORGOTTEN_MS: Final = 6 * 3_600_000
"""After so long without a try all is forgotten."""
_MOST: Final = 20_000


@dataclass
class _Count:
    failed: int = 0
    tried_at: int = 0
    until: int = 0


class Lockout:
    """What was tried lately, in memory."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, bytes], _Count] = OrderedDict()

    def wait(self, name: str | None, address: str, now: int) -> int:
        """Milliseconds until this may be tried again; 0: now."""
        waits = (self._known(key, now).until - now for key in _keys(name, address))
        return max(0, *waits)

    def charge(self, name: str | None, address: str, now: int) -> None:
        """A try that is about to be judged counts as failed until `forgive`."""
        for key in _keys(name, address):
            count = self._known(key, now)
            count.failed += 1
            count.tried_at = now
            over = count.failed - FREE[key[0]]
            if over >= 0:
                count.until = now + min(LONGEST_MS, FIRST_MS << min(over, 20))
            self._counts[key] = count
            self._counts.move_to_end(key)
        while len(self._counts) > _MOST:
            self._counts.popitem(last=False)

    def forgive(self, name: str | None, address: str) -> None:
        """The try was right: it counts for nothing, and this name is free again from this address."""
        self.refund(name, address)
        for key in _keys(name, address):
            if key[0] == "pair":
                self._counts.pop(key, None)

    def refund(self, name: str | None, address: str) -> None:
        """The try could not be judged: it counts for nothing."""
        for key in _keys(name, address):
            count = self._counts.get(key)
            if count is None:
                continue
            count.failed -= 1
            if count.failed < FREE[key[0]]:
                count.until = 0
            if count.failed <= 0:
                del self._counts[key]

    def _known(self, key: tuple[str, bytes], now: int) -> _Count:
        count = self._counts.get(key)
        return _Count() if count is None or now - count.tried_at >= FORGOTTEN_MS else count


def _keys(name: str | None, address: str) -> list[tuple[str, bytes]]:
    """What a try is counted under; hashed, so that memory holds neither names nor addresses."""
    place = _place(address)
    texts = {"address": place}
    if name is not None:
        texts |= {"pair": f"{name}\n{place}", "name": name}
    return [
        (kind, hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest())
        for kind, text in texts.items()
    ]


def _place(address: str) -> str:
    """An address, or of IPv6 the network that one household is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(int(found) >> 64)
    return str(getattr(found, "ipv4_mapped", None) or found)
