"""Batches of beats recognised by what stays the same: the text between id, time and data.

In: the body of a delivery. Out: its beats in columns, exactly as they are when each is read by itself; None
where the body is not, to the last character, what was learnt before (then it is read the other way, and what
that finds is learnt). Never: a guess, an error of its own.

A platform writes one beat like the other:

    [{"specversion":"1.0","id":"  A  ","source":"main",...,"time":"  T  ","data":  {...}  },{"specversion"...
    └────────── lead ──────────┘ id └────────── between ──────────┘    └─ before ┘ data └────── join ──────┘

So a body is cut at `between`. What lies behind a time up to the next id is looked up as a whole, and an id is
text without quotes: every character is accounted for, and the body can't be read in any other way.
"""

from __future__ import annotations

import os
import re
import secrets
from array import array
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from monitor.beats import Beats, Head, Said, Taken, instants, print_of, said
from monitor.instant import instant

_FEW: Final = 8  # beats in a body, up to which the other way costs no more
_FORMS: Final = 4  # ways in which one source writes
_SOURCES: Final = 1_000
_TAILS: Final = 100_000
_GENERATIONS: Final = 4  # so often so many words, where beats that wait keep those that were forgotten

_MEMBER: Final = r'(?:"(?:specversion|source|type|datacontenttype)"\s*:\s*"[^"\\]*"\s*,\s*){0,4}'
_FIRST: Final = re.compile(
    r'(\[\s*)(\{\s*%s"id"\s*:\s*")([^"\\]*)("\s*,\s*%s"time"\s*:\s*")([^"\\]*)("\s*,\s*%s"data"\s*:\s*)'
    % ((_MEMBER,) * 3)
)
_NEXT: Final = re.compile(r"\s*\}\s*,\s*")
_LAST: Final = re.compile(r"\s*\}\s*\]\s*\Z")


_salt: Final = secrets.token_hex(16) if os.environ.get("PYTHONHASHSEED", "random") != "random" else ""


def _salted(tail: str) -> int:
    return hash(_salt + tail)


_key: Final[Callable[[str], int]] = _salted if _salt else hash
"""Python hashes text under a key that it draws when it starts, unless its environment names one."""

_kept: WeakSet[_Words] = WeakSet()


class _Words:
    """What beats say behind their time, met so far: what is told of them, in columns."""

    def __init__(self) -> None:
        _kept.add(self)
        self.said: list[Said] = []
        self.numbers, self.prints, self.codes = (np.empty(1_024, np.int64) for _ in range(3))

    def add(self, said: Said, print_: int) -> int:
        """One more; returns its place."""
        place = len(self.said)
        if place == len(self.numbers):
            self.numbers, self.prints, self.codes = (
                np.concatenate((one, one)) for one in (self.numbers, self.prints, self.codes)
            )
        self.said.append(said)
        self.numbers[place], self.prints[place], self.codes[place] = said.number, print_, said.named.code
        return place


class _Places:
    """Where in the words stand tails that were met: a hash table, looked through for a whole batch at once.

    A dict of 30,000 cameras' words misses the cache five times for each of them, one miss behind the other.
    Here a hundred are fetched together, and of each only its key: 64 bits of SipHash under a key that this
    process drew and tells nobody. An unknown tail is taken for one of 100,000 known ones once in 10^14, and
    who sends can neither provoke that nor find out.
    """

    def __init__(self) -> None:
        self._table = np.full((64, 2), -1, np.int64)  # key, place
        self._count = 0

    def add(self, key: int, place: int) -> None:
        """One more, not found so far."""
        if self._count * 4 >= len(self._table):
            old = self._table[self._table[:, 1] >= 0].tolist()
            self._table = np.full((len(self._table) * 4, 2), -1, np.int64)
            for row in old:
                self._put(*row)
        self._put(key, place)
        self._count += 1

    def _put(self, key: int, place: int) -> None:
        mask = len(self._table) - 1
        slot = key & mask
        while self._table[slot, 1] >= 0:
            slot = slot + 1 & mask
        self._table[slot] = key, place

    def find(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """For each of these keys the place of its tail; -1 where that is not known."""
        table, mask = self._table, len(self._table) - 1
        slots = keys & mask
        rows = table.take(slots, 0)
        places = rows[:, 1]
        astray = np.flatnonzero(rows[:, 0] != keys)
        while len(astray := astray[places[astray] >= 0]):
            slots[astray] = slots[astray] + 1 & mask
            rows = table.take(slots[astray], 0)
            places[astray] = rows[:, 1]
            astray = astray[rows[:, 0] != keys[astray]]
        return places


class Form:
    """One way of writing beats. `tails` are those met so far: where in `words` stands what they say."""

    __slots__ = ("before", "between", "content", "end", "join", "lead", "tails", "words")

    def __init__(
        self, lead: str, between: str, before: str, join: str, end: str, content: str | None
    ) -> None:
        self.lead, self.between, self.before, self.join, self.end = lead, between, before, join, end
        self.content = content
        self.tails = _Places()
        self.words = _words

    def learn(self, tail: str) -> int | None:
        """The place in `words` of a tail not met before; None where it is no plain beat's."""
        data = tail[len(self.before) : -len(self.join)]
        if tail != self.before + data + self.join or data[:1] != "{" or data[-1:] != "}":
            return None
        bare = data.encode()
        says = said([bare])
        if says is None:
            return None
        place = self.words.add(says[0], print_of(self.content, bare))
        self.tails.add(_key(tail), place)
        return place


_forms: dict[str, list[Form]] = {}
_words = _Words()


def read(body: bytes, source: str) -> tuple[Taken, int] | None:
    """All of a body of nothing but plain beats of a source, and the last instant of them (ms)."""
    forms = _forms.get(source)
    if forms is None:
        return None
    if len(_words.said) >= _TAILS:
        _forgotten()
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    for form in forms:
        if text.startswith(form.lead):
            found = _read(text, form)
            if found is not None:
                return found
    return None


def _read(text: str, form: Form) -> tuple[Taken, int] | None:
    first, *pieces = text.split(form.between)
    size, width = len(first) - len(form.lead), pieces[0].find('"') if pieces else 0
    if len(pieces) < _FEW or size < 1 or width < 1:
        return None
    last = pieces[-1]
    times = [piece[:width] for piece in pieces]
    del pieces[-1]
    ids = [piece[-size:] for piece in pieces]
    ids.append(first[-size:])
    tails = [piece[width:-size] for piece in pieces]
    if not last.endswith(form.end):
        return None
    tails.append(last[width : -len(form.end)] + form.join)
    which = _places(form, tails)
    if which is None or not _are_ids("".join(ids)):
        return None
    at = _instants(times)
    if at is None:
        read = instants(times)
        if read is None:
            return None
        at = np.array(read)
    ids.insert(0, ids.pop())
    words = form.words
    columns = (
        array("q", words.numbers.take(which).tobytes()),
        array("q", at.tobytes()),
        array("q", np.fromiter(map(hash, ids), np.int64, len(ids)).tobytes()),
        array("q", words.prints.take(which).tobytes()),
        array("q", words.codes.take(which).tobytes()),
    )
    last_at = int(np.maximum.reduce(at))
    return Taken(Beats((words,), columns, int(np.minimum.reduce(at)), last_at), [], ids), last_at


def _places(form: Form, tails: list[str]) -> npt.NDArray[np.int64] | None:
    """Where in `words` stands what these say; None where one of them is no plain beat's."""
    found = form.tails.find(np.fromiter(map(_key, tails), np.int64, len(tails)))
    if np.minimum.reduce(found) >= 0:
        return found
    new: dict[str, int] = {}
    for n in np.flatnonzero(found < 0).tolist():
        tail = tails[n]
        place = new.get(tail)
        if place is None:
            place = form.learn(tail)
            if place is None:
                return None
            new[tail] = place
        found[n] = place
    return found


def _forgotten() -> bool:
    """Forgets all that was learnt; False where too much is kept still of what was forgotten before."""
    global _words
    if len(_kept) >= _GENERATIONS:
        return False
    _forms.clear()
    _words = _Words()
    return True


def _are_ids(every: str) -> bool:
    """Whether text is what stands between quotes in JSON, just so."""
    return every.isprintable() and '"' not in every and "\\" not in every


def learn(body: bytes, beats: list[Head]) -> None:
    """Remembers how a body is written that was read as nothing but these, all of them plain beats."""
    if len(beats) <= _FEW:
        return
    text = body.decode()
    found = _FIRST.match(text)
    if found is None:
        return
    opening, lead, _, between, _, before = found.groups()
    data = bytes(beats[0].data).decode()
    behind = _NEXT.match(text, found.end() + len(data))
    end = _LAST.search(text, max(0, len(text) - 40))
    if behind is None or end is None or not text.startswith(data, found.end()):
        return
    if len(_forms) >= _SOURCES and not _forgotten():
        return
    known = _forms.setdefault(beats[0].source, [])
    made = Form(opening + lead, between, before, behind[0] + lead, end[0], beats[0].datacontenttype)
    if not any(_same(made, one) for one in known):
        known.insert(0, made)
        del known[_FORMS:]


def _same(one: Form, other: Form) -> bool:
    return (one.lead, one.between, one.before, one.join, one.end) == (
        other.lead,
        other.between,
        other.before,
        other.join,
        other.end,
    )


# --- times ---------------------------------------------------------------------------------------------

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT)\d\d:\d\d:\d\d\.\d{3}(\d{0,6})(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY_MS: Final = 86_400_000
_HOURS: Final = 11
"""Where the time of day begins."""
_WORTH: Final = (36_000_000, 3_600_000, 0, 600_000, 60_000, 0, 10_000, 1_000, 0, 100, 10, 1)
_MOST: Final = (2, 9, 15, 5, 9, 15, 5, 9, 15, 9, 9, 9)
"""The most that the low half of each sign can be; those that are no digits are the same in all."""


class _Layout:
    """The bits of a time that are the same in all; what a sign of its time of day is worth, and at most."""

    def __init__(self, size: int, finer: int) -> None:
        self.day = slice(_HOURS, _HOURS + len(_WORTH) + finer)
        self.worth = np.array(_WORTH + (0,) * finer)
        self.most = np.array(_MOST + (9,) * finer, np.uint8)
        self.same = np.full(size, 0xFF, np.uint8)
        self.same[self.day][self.most < 15] = 0xF0


_layouts: dict[tuple[int, int], _Layout] = {}


def _instants(times: list[str]) -> npt.NDArray[np.int64] | None:
    """The instants of times that differ in the time of day alone; None where they may differ in more."""
    first, joined = times[0], "".join(times)
    found = _TIME.fullmatch(first)
    if found is None or len(joined) != len(first) * len(times) or not joined.isascii():
        return None
    try:
        midnight = instant(f"{found[1]}00:00:00.000{found[3]}")
    except ValueError:
        return None
    key = len(first), len(found[2])
    layout = _layouts.get(key)
    if layout is None:
        layout = _layouts[key] = _Layout(*key)
    table: npt.NDArray[np.uint8] = np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(first))
    digits = table[:, layout.day] & 0x0F
    if np.count_nonzero((table ^ table[0]) & layout.same) or np.count_nonzero(digits > layout.most):
        return None
    of_day = digits @ layout.worth
    if np.maximum.reduce(of_day) >= _DAY_MS:
        return None
    return of_day + midnight  # type: ignore[no-any-return]
