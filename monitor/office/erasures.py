"""Erasure (删除, PIPL 47): a body goes, its hash stays, and the log says who wanted it and why.

In: a position, a reason, who; events without the person, or nothing. Out: the entry that says so; from then
on whoever reads the position gets what stands there now. Never: a body that can't be read in the place of one
that could; decisions of the office other than deliveries (the tables are read anew from them).
"""

from collections.abc import Mapping

import msgspec

from monitor import legible
from monitor.event import BadEvent, Event
from monitor.identity import holds_number
from monitor.ingest import sources
from monitor.office.archive import decision
from monitor.office.declined import Declined
from monitor.office.deliveries import Deliveries
from monitor.store import erasure
from monitor.store.entry import Entry
from monitor.store.ledger import Erasing


class Erasures(Deliveries):
    """The office's erasures."""

    @decision
    async def erase(
        self,
        position: int,
        reason: str,
        *,
        by: str,
        now: int,
        replacement: bytes = b"",
        accounts: Mapping[str, str] | None = None,
    ) -> Entry:
        """Erases the body of a delivery, or has other events stand in its place.

        `replacement`: events as the decoder of the delivery reads them. `accounts`: pseudonyms of accounts;
        then the delivery itself with those is what stands there. Declined where that could not be read.
        """
        if not reason.strip() or not by.strip():
            raise Declined("invalid", "an erasure says who wants it (by), and why (reason)")
        if holds_number(reason):
            raise Declined("invalid", "reason: leave the ID number out")
        try:
            entry = await self.log.entry(position)
        except KeyError:
            raise Declined("not_found", f"there is no position {position} in the log") from None
        if entry.kind != "delivery":
            raise Declined(
                "invalid", f"position {position} is no delivery but a {entry.kind}: it can't be erased"
            )
        if accounts:
            replacement = _with_accounts(entry.body, accounts)
        if replacement:
            _check(entry, replacement)
        headers = {"position": str(position), "by": by.strip(), "why": reason.strip()}
        said = erasure.body(entry, replacement)
        done = await self.keep(erasure.ERASURE, headers, said, now, erase=Erasing(position, replacement))
        await self.refile(position)
        return done


def _with_accounts(body: bytes, accounts: Mapping[str, str]) -> bytes:
    """The events of a body with pseudonyms for accounts; all else as it was."""
    try:
        found = legible.read(body)
    except legible.Illegible:
        raise Declined("invalid", "the body can't be read, so no account in it can be replaced") from None
    met = set()
    for item in found if isinstance(found, list) else [found]:
        data = item.get("data") if isinstance(item, dict) else None
        if isinstance(data, dict) and isinstance(account := data.get("account"), str) and account in accounts:
            met.add(account)
            data["account"] = accounts[account]
    if missing := sorted(set(accounts) - met):
        raise Declined(
            "not_found", f"{len(missing)} of the accounts are in no event there; nothing was erased"
        )
    return msgspec.json.encode(found)


def _check(entry: Entry, replacement: bytes) -> None:
    """Declines events that don't stand for those that were signed."""
    try:
        events = sources.decode(msgspec.structs.replace(entry, body=replacement))
    except BadEvent as bad:
        raise Declined("invalid", f"events: {bad}") from None
    before = {event.id for event in sources.events(entry)}
    for index, event in enumerate(events):
        if not isinstance(event, Event) and not _refused(entry):
            raise Declined("invalid", f"events[{index}]: {event.reason}, {event.detail}")
    if any(event.id not in before for event in events if isinstance(event, Event)):
        raise Declined(
            "invalid", "events: one has an id that the delivery doesn't have; only what was sent can stay"
        )
    if holds_number(replacement.decode("utf-8", "replace")):
        raise Declined("invalid", "events: leave the ID number out")


def _refused(entry: Entry) -> bool:
    """Whether the delivery, as it was signed, has something that was not taken, so that this may stay."""
    try:
        return not all(isinstance(event, Event) for event in sources.decode(entry))
    except BadEvent:
        return True
