"""Orders about sources and about deliveries in the log, and what every order is.

In: an office that is open. Out: what came of it, as can be written in JSON. Never: where it is carried out
(`control` does that, in the running server or by itself).
"""

from abc import ABCMeta, abstractmethod
from typing import Any

import msgspec

from monitor.office import Office
from monitor.office.deliveries import CatalogueBehind, looked_for


class _Abstract(msgspec.StructMeta, ABCMeta):
    """A struct that only those can be made of that do what it leaves open."""


class Order(msgspec.Struct, metaclass=_Abstract, tag_field="order", forbid_unknown_fields=True, kw_only=True):
    """Something to be done; `by` says who wants it, as the log will have it."""

    by: str

    @abstractmethod
    async def carry_out(self, office: Office, now: int) -> Any:
        """Does it; what came of it."""


class AddSource(Order, tag="source add"):
    """A platform that may push."""

    id: str
    kind: str
    secret: str | None = None
    camera: str = "heartbeat"
    heartbeat_seconds: int | None = None
    may_sign_in: bool = False
    demo: bool = False

    async def carry_out(self, office: Office, now: int) -> Any:
        """Adds it; its row and its secret."""
        return await office.add_source(
            self.id,
            self.kind,
            secret=self.secret,
            camera=self.camera,
            heartbeat_seconds=self.heartbeat_seconds,
            may_sign_in=self.may_sign_in,
            demo=self.demo,
            by=self.by,
            now=now,
        )


class ListSources(Order, tag="source list"):
    """Every source."""

    async def carry_out(self, office: Office, now: int) -> Any:
        """Lists them, and until when their secrets hold; without the secrets."""
        return [
            {**msgspec.structs.asdict(row), "secrets": office.secrets_of(row.id)} for row in office.sources()
        ]


class ChangeSource(Order, tag="source set"):
    """Another camera, interval or right for a platform; None: as it is."""

    id: str
    camera: str | None = None
    heartbeat_seconds: int | None = None
    may_sign_in: bool | None = None

    async def carry_out(self, office: Office, now: int) -> Any:
        """Changes it; its row."""
        return await office.change_source(
            self.id,
            camera=self.camera,
            heartbeat_seconds=self.heartbeat_seconds,
            may_sign_in=self.may_sign_in,
            by=self.by,
            now=now,
        )


class RotateSource(Order, tag="source rotate"):
    """A fresh secret for a platform; the one it has holds for some hours yet."""

    id: str
    secret: str | None = None
    keep_ms: int = 0

    async def carry_out(self, office: Office, now: int) -> Any:
        """Rotates it; its row, its secret, and until when the old one holds."""
        return await office.rotate_source(
            self.id, secret=self.secret, keep_ms=self.keep_ms, by=self.by, now=now
        )


class Erase(Order, tag="ledger erase"):
    """A body of the log that has to go, and what stands in its place."""

    position: int
    reason: str
    events: bytes = b""
    accounts: dict[str, str] = {}

    async def carry_out(self, office: Office, now: int) -> Any:
        """Erases it; position and hash of the entry that says so."""
        entry = await office.erase(
            self.position,
            self.reason,
            by=self.by,
            now=now,
            replacement=self.events,
            accounts=self.accounts,
        )
        return {"position": str(entry.position), "head": entry.hash}


class FindDeliveries(Order, tag="ledger find"):
    """A page of the deliveries of a source: about a room or a session, of a local day (YYYY-MM-DD)."""

    source: str
    room: str | None = None
    session: str | None = None
    day: str | None = None
    after: int = 0
    most: int = 100

    async def carry_out(self, office: Office, now: int) -> Any:
        """Finds them; or says how far the catalogue is."""
        place, day = looked_for(self.room, self.session, self.day)
        try:
            page = await office.find(self.source, place, day, after=self.after, most=self.most)
        except CatalogueBehind as behind:
            return {"found": [], "next": self.after, "behind": [behind.position, behind.head]}
        return {"found": page.found, "next": page.next, "behind": None}
