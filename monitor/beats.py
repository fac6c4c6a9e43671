"""Beats in columns: what cameras repeat all day, read by the hundred and kept by the number.

In: the body of a delivery. Out: of each plain beat what it says (`Said`, one object for the same words),
when, and two numbers that stand for its id and its contents; None where a body is not plainly that. Never: an
error of its own (whoever gets None reads event by event, and says what is wrong), a judgement.

Nearly all that is ever told is `camera.heartbeat`, and a camera says the same beat after beat but for id and
time. So its data is read once, and afterwards recognised by its bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from monitor.event import Data, Event, decode_data
from monitor.instant import instant, remembered
from monitor.legible import UNREADABLE

BEAT: Final = "camera.heartbeat"
_REMEMBERED: Final = 200_000


class Head(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An event of which nothing is left out: its attributes, and its data as bytes."""

    id: str
    source: str
    type: str
    time: str
    specversion: Literal["1.0"]
    data: msgspec.Raw = msgspec.Raw()
    datacontenttype: str | None = None


class Named:
    """A cohort as beats name it (None: they name none), and the number that stands for it in columns.

    One name has one number as long as there is anything that was said under it.
    """

    __slots__ = ("__weakref__", "code", "name")

    def __init__(self, name: str | None, code: int) -> None:
        self.name = name
        self.code = code


class Said:
    """What a beat says of whom, where and through which connection; `on`: the camera was on."""

    __slots__ = ("__weakref__", "data", "named", "number", "on")

    def __init__(self, data: Data, number: int, named: Named) -> None:
        self.data = data
        self.named = named
        self.on = data.camera == "on"
        self.number = number


Columns = tuple["array[int]", "array[int]", "array[int]", "array[int]", "array[int]"]
"""Numbers, instants, ids, prints and codes of beats, as `Beats` holds them."""


class Beats:
    """Plain beats of one source in columns, in no order; at least one.

    `at` is in milliseconds, from `first` to `last`; `ids` are hashes of the event ids and `prints` of all
    else that an event says but for its time, both worth something in this process only; `codes` stand for
    the cohorts that they name. `keeps` keeps alive what `numbers` and `codes` stand for: their `Said`, or
    whatever holds them. In a thousand classes these are beyond the cache: whoever only counts, sorts or hands
    on beats touches none of them.
    """

    __slots__ = ("at", "codes", "first", "ids", "keeps", "last", "numbers", "prints")

    def __init__(self, keeps: tuple[object, ...], columns: Columns, first: int, last: int) -> None:
        self.keeps = keeps
        self.numbers, self.at, self.ids, self.prints, self.codes = columns
        self.first, self.last = first, last

    @classmethod
    def of(cls, said: Sequence[Said], at: Sequence[int], ids: Iterable[int], prints: Iterable[int]) -> Beats:
        """The same of beats that are in no columns yet."""
        columns = (
            array("q", [one.number for one in said]),
            array("q", at),
            array("q", ids),
            array("q", prints),
            array("q", [one.named.code for one in said]),
        )
        return cls(tuple(set(said)), columns, min(at), max(at))

    def those(self, codes: set[int]) -> Beats | None:
        """Those that name one of these cohorts."""
        some = [row for row in zip(*self._columns(), strict=True) if row[-1] in codes]
        if not some:
            return None
        columns = [array("q", column) for column in zip(*some, strict=True)]
        at = columns[1]
        return Beats(self.keeps, (columns[0], at, *columns[2:]), min(at), max(at))  # type: ignore[arg-type]

    def _columns(self) -> Columns:
        return self.numbers, self.at, self.ids, self.prints, self.codes

    def __len__(self) -> int:
        return len(self.at)


_by_bytes: dict[bytes, Said] = {}
_by_words: dict[tuple[str | None, ...], Said] = {}
_by_number: WeakValueDictionary[int, Said] = WeakValueDictionary()
_made = 0
NAMES_NONE: Final = 0
"""The code of beats that name no cohort."""
_none: Final = Named(None, NAMES_NONE)
_by_name: WeakValueDictionary[str | None, Named] = WeakValueDictionary()
_by_code: WeakValueDictionary[int, Named] = WeakValueDictionary()
_by_name[None] = _by_code[NAMES_NONE] = _none
_named = 0

_decode_array = msgspec.json.Decoder(list[Head]).decode
_decode_one = msgspec.json.Decoder(Head).decode


def of_number(number: int) -> Said:
    """What a number stands for that stands in columns."""
    return _by_number[number]


def name_of(code: int) -> str | None:
    """The cohort that a code stands for that stands in columns; None where beats name none."""
    return _by_code[code].name


def codes_of(cohorts: Iterable[str | None]) -> set[int]:
    """The codes of those of these cohorts that anything kept names."""
    return {one.code for name in cohorts if (one := _by_name.get(name)) is not None}


def heads(body: bytes) -> list[Head] | None:
    """The events of a body, an array or one object; None where it has to be read event by event."""
    try:
        return _decode_array(body) if body[:1] == b"[" else [_decode_one(body)]
    except UNREADABLE:
        return None


def said(datas: Sequence[bytes]) -> list[Said] | None:
    """What these data of beats say; None where one of them says something that a plain beat doesn't."""
    found = list(map(_by_bytes.get, datas))
    if None in found:
        for place, one in enumerate(found):
            if one is None and (new := _learn(datas[place])) is not None:
                found[place] = new
    return None if None in found else found  # type: ignore[return-value]


def _learn(data: bytes) -> Said | None:
    """Reads data not met before; None where it is not a plain beat's (one that names a person is none)."""
    read = decode_data(data)
    if read is None or not read.room or not read.camera:
        return None
    if read.person is not None or read.method is not None:
        return None
    known = _by_bytes[data] = _of_words(read)
    return known


def _of_words(data: Data) -> Said:
    """The one `Said` for these words."""
    global _made
    if len(_by_bytes) >= _REMEMBERED or len(_by_words) >= _REMEMBERED:
        _by_bytes.clear()
        _by_words.clear()
    words = (data.cohort, data.account, data.room, data.instance, data.connection, data.camera)
    known = _by_words.get(words)
    if known is None:
        _made += 1
        known = _by_words[words] = _by_number[_made] = Said(data, _made, _of_name(data.cohort))
    return known


def _of_name(cohort: str | None) -> Named:
    """The one `Named` for this name."""
    global _named
    known = _by_name.get(cohort)
    if known is None:
        _named += 1
        known = _by_name[cohort] = _by_code[_named] = Named(cohort, _named)
    return known


def instants(times: Sequence[str]) -> list[int] | None:
    """The instants of these texts, in milliseconds; None where one of them is none."""
    minutes, seconds, rests = remembered()
    found = []
    for time in times:
        try:
            at = minutes[time[:17]] + seconds[time[17:20]] + rests[time[20:]]
        except KeyError:
            try:
                at = instant(time)
            except ValueError:
                return None
        found.append(at)
    return found


def prints(beats: Sequence[Head], datas: Sequence[bytes]) -> list[int]:
    """A number for what each says beside its id and time: the same for the same bytes."""
    if all([head.datacontenttype is None for head in beats]):
        return list(map(hash, datas))
    return [print_of(head.datacontenttype, data) for head, data in zip(beats, datas, strict=True)]


def print_of(content: str | None, data: bytes) -> int:
    """The same for one that states its content type, or doesn't."""
    return hash(data) if content is None else hash((content, data))


class Row(NamedTuple):
    """A plain beat as a row of the columns."""

    said: Said
    at: int
    id: int
    print: int


class Taken:
    """What of a delivery was taken: plain beats, and the other events.

    `ids` are those of all its events, in no order. A delivery may name hundreds of cohorts, of which few are
    looked at: what each is told is put together when it is asked for.
    """

    __slots__ = ("_beats", "_codes", "events", "ids")

    def __init__(self, beats: Beats | Row | None, events: list[Event], ids: list[str]) -> None:
        self._beats = beats
        self._codes: set[int] | None = None
        self.events = events
        self.ids = ids

    @property
    def every(self) -> Beats | None:
        """All its plain beats; None where there are none."""
        if isinstance(self._beats, Row):
            one = self._beats
            self._beats = Beats.of((one.said,), (one.at,), (one.id,), (one.print,))
        return self._beats

    def beats(self, cohort: str | None) -> Beats | None:
        """The plain beats that name a cohort (None: that name none); None where there are none."""
        every, wanted, codes = self.every, codes_of((cohort,)), self.codes()
        if every is None or wanted.isdisjoint(codes):
            return None
        return every if len(codes) == 1 else every.those(wanted)

    def codes(self) -> set[int]:
        """The codes of the cohorts that its plain beats name."""
        if self._codes is None:
            beats = self._beats
            if beats is None:
                self._codes = set()
            else:
                self._codes = {beats.said.named.code} if isinstance(beats, Row) else set(beats.codes)
        return self._codes

    def cohorts(self) -> set[str | None]:
        """The cohorts that its events name; None where one names none."""
        return {*map(name_of, self.codes()), *(event.data.cohort for event in self.events)}

    def only(self, cohorts: set[str | None]) -> Taken:
        """Those of its events that name one of these cohorts (None: that name none)."""
        codes, wanted = self.codes(), codes_of(cohorts)
        beats = self._beats
        if not codes <= wanted:
            every = None if codes.isdisjoint(wanted) else self.every
            beats = None if every is None else every.those(wanted)
        return Taken(beats, [event for event in self.events if event.data.cohort in cohorts], self.ids)

    def without(self, codes: set[int]) -> Taken:
        """Its plain beats that name none of these cohorts."""
        every = self.every
        return Taken(None if every is None else every.those(self.codes() - codes), [], self.ids)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Taken:
        """The same of events that were read one by one."""
        others: list[Event] = []
        rows: list[Row] = []
        ids = []
        for event in events:
            ids.append(event.id)
            row = plain(event)
            if row is None:
                others.append(event)
            else:
                rows.append(row)
        return cls(Beats.of(*zip(*rows, strict=True)) if rows else None, others, ids)

    @classmethod
    def of_heads(cls, beats: Sequence[Head], at: Sequence[int], others: list[Event]) -> Taken | None:
        """The same of heads of beats at these instants, and of others; None where a beat is no plain one."""
        datas = [bytes(head.data) for head in beats]
        says = said(datas)
        if says is None:
            return None
        ids = [head.id for head in beats]
        columns = (says, at, list(map(hash, ids)), prints(beats, datas))
        return cls(Beats.of(*columns) if says else None, others, ids + [event.id for event in others])

    @classmethod
    def of_head(cls, beat: Head, at: int) -> Taken | None:
        """The same of the head of one beat that came alone; None where it is no plain one."""
        data = bytes(beat.data)
        says = _by_bytes.get(data) or _learn(data)
        if says is None:
            return None
        print_ = print_of(beat.datacontenttype, data)
        return cls(Row(says, at, hash(beat.id), print_), [], [beat.id])


def plain(event: Event) -> Row | None:
    """A plain beat as a row of the columns; None for any other event."""
    data = event.data
    if event.type != BEAT or data.person is not None or data.method is not None:
        return None
    found = heads(event.raw)
    says = None if found is None else said([bytes(found[0].data)])
    if found is None or says is None:
        one = _of_words(data)
        return Row(one, event.at, hash(event.id), hash(event.raw))
    print_ = prints(found, [bytes(found[0].data)])[0]
    return Row(says[0], event.at, hash(event.id), print_)
