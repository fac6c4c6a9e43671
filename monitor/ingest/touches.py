"""What a delivery is about by its own words: rooms, sessions, and local days. Pure; what the catalogue holds.

In: a delivery as the log holds it. Out: each room or session that one of its events names, with the local day
of that event. Never: people, accounts, cohorts (which may be known later only), a judgement: what was refused
is about its room all the same. It is lenient where the decoders are strict, so that nothing that was kept is
out of reach: what says no time is filed under the day it came.
"""

import hashlib
import re
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from monitor import legible
from monitor.ingest.sources import Kept
from monitor.instant import instant

_DAY_MS: Final = 86_400_000
_ZONE_MS: Final = 8 * 3_600_000
"""China Standard Time, the same for every cohort: a cohort's own zone may be known later only."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LONGEST: Final = 200  # bytes of a name; beyond it a hash stands for it, for no index takes it whole


class Touch(NamedTuple):
    """A room or session (as `room` and `session` write it; "" for neither), on a local day."""

    place: str
    day: int


def room(name: str) -> str:
    """A room as it is filed."""
    return _filed("room/", name)


def session(name: str) -> str:
    """A session as it is filed."""
    return _filed("session/", name)


def _filed(what: str, name: str) -> str:
    plain = name.replace("\0", "\ufffd")
    whole = plain.encode()
    return what + (plain if len(whole) <= _LONGEST else "sha256:" + hashlib.sha256(whole).hexdigest())


def local_day(at: int) -> int:
    """The local day (UTC+8) of an instant in milliseconds, as days since 1970-01-01."""
    return (at + _ZONE_MS) // _DAY_MS


def day_of(text: str) -> int:
    """The same of YYYY-MM-DD; ValueError for what is no day."""
    if not _DAY.fullmatch(text):
        raise ValueError("a day as in 2026-05-11")
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        raise ValueError("there is no such day; write one as in 2026-05-11") from None


class _Named(msgspec.Struct, frozen=True, gc=False):
    room: str | None = None
    session: str | None = None


_NOTHING: Final = _Named()


class _Head(msgspec.Struct, gc=False):
    time: str
    data: _Named = _NOTHING


_plainly = msgspec.json.Decoder(list[_Head]).decode
_one_plainly = msgspec.json.Decoder(_Head).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_anyhow = msgspec.json.Decoder().decode


def of(entry: Kept) -> set[Touch]:
    """What a delivery is about; at least its day of arrival."""
    body, came = entry.body, local_day(entry.at)
    try:
        heads = [_one_plainly(body)] if body.lstrip()[:1] == b"{" else _plainly(body)
        said = {(head.time, head.data.room, head.data.session) for head in heads}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _said_somehow(body)
    found: set[Touch] = set()
    for time, named_room, named_session in said:
        try:
            day = local_day(instant(time))
        except ValueError:
            day = came
        if named_room:
            found.add(Touch(room(named_room), day))
        if named_session:
            found.add(Touch(session(named_session), day))
        if not named_room and not named_session:
            found.add(Touch("", day))
    return found or {Touch("", came)}


def _said_somehow(body: bytes) -> set[tuple[str, str | None, str | None]]:
    """The same of a body in which something is amiss: as much of it as can be read."""
    found = set()
    try:
        raws = [bytes(raw) for raw in _items(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raws = legible.items(body) or [body]
    for raw in raws:
        try:
            item: Any = _anyhow(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        event = item if isinstance(item, dict) else {}
        data = event.get("data")
        named = data if isinstance(data, dict) else {}
        found.add((_text(event.get("time")) or "", _text(named.get("room")), _text(named.get("session"))))
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
