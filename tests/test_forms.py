"""Bodies recognised by their form: the same events as when each is read by itself, whatever is altered."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest

from monitor import forms
from monitor.beats import Taken
from monitor.event import Event
from monitor.ingest import native
from monitor.ingest.refusals import Refused
from tests.ingest.signing import NOW

COUNT = 12


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_forms", {})
    monkeypatch.setattr(forms, "_words", forms._Words())


def time_of(n: int, digits: int = 3, zone: str = "Z") -> str:
    fraction = f"{n * 77_777_777 % 10**digits:0{digits}d}"
    return f"2026-05-10T0{n % 8}:{n * 7 % 60:02d}:{n * 13 % 60:02d}.{fraction}{zone}"


def beat(n: int, **more: Any) -> dict[str, Any]:
    data = {
        "cohort": f"k{n % 2}",
        "account": f"u-{n % 5}",
        "room": "教室一",
        "camera": ("on", "off")[n % 3 == 0],
    }
    head = {"specversion": "1.0", "id": f"evt-{n:04d}", "source": "main", "type": "camera.heartbeat"}
    return {**head, "time": time_of(n), "data": data, **more}


def typed(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its content type, data last."""
    data = event.pop("data")
    return {**event, "datacontenttype": "application/json", "data": data}


def plainly(body: bytes) -> tuple[Any, ...]:
    """What is taken and refused of a body whose events are read one by one."""
    try:
        found = native.decode(body, "main", NOW, False)
    except ValueError:
        return ("nothing",)
    refused = [item for item in found if isinstance(item, Refused)]
    return *shown(Taken.of(item for item in found if isinstance(item, Event))), refused


def told(body: bytes) -> tuple[Any, ...]:
    """The same as the service takes it."""
    try:
        taken, refused = native.take(body, "main", NOW, False)
    except ValueError:
        return ("nothing",)
    return *shown(taken), refused


def shown(taken: Taken) -> tuple[Any, ...]:
    rows = {}
    for name in taken.cohorts():
        found = taken.beats(name)
        if found is not None:
            assert (found.first, found.last) == (min(found.at), max(found.at))
            rows[name] = sorted(zip(found.numbers, found.at, found.ids, found.prints, strict=True))
    return rows, sorted(taken.ids), [event.raw for event in taken.events]


WRITERS: dict[str, Callable[[int], str]] = {
    "compact": lambda n: json.dumps(beat(n), separators=(",", ":"), ensure_ascii=False),
    "spaced": lambda n: json.dumps(beat(n), ensure_ascii=False),
    "escaped": lambda n: json.dumps(beat(n)),
    "indented": lambda n: json.dumps(beat(n), indent=2),
    "typed": lambda n: json.dumps(typed(beat(n))),
    "typed in front": lambda n: json.dumps({"datacontenttype": "application/json", **beat(n)}),
    "id and time first": lambda n: json.dumps(
        {"id": f"a{n % 10}", "time": time_of(n), **beat(n, id=f"a{n:02d}")}
    ),
    "micro": lambda n: json.dumps(beat(n, time=time_of(n, 6, "+08:00"))),
    "nano": lambda n: json.dumps(beat(n, time=time_of(n, 9))),
}


def body(writer: str, first: int, count: int = COUNT) -> bytes:
    between = "," if writer == "compact" else ", "
    return ("[" + between.join(WRITERS[writer](n) for n in range(first, first + count)) + "]").encode()


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_recognised_is_taken_as_read_by_itself(writer: str) -> None:
    assert forms.read(body(writer, 0), "main") is None
    assert told(body(writer, 0)) == plainly(body(writer, 0))
    for first in (0, 100, 200):
        assert forms.read(body(writer, first), "main") is not None
        assert told(body(writer, first)) == plainly(body(writer, first))
    assert forms.read(body(writer, 0), "other") is None


ODD: list[dict[str, Any]] = [
    {"source": "other"},
    {"type": "camera.on"},
    {"specversion": "0.3"},
    {"id": ""},
    {"id": 'evt"0005'},
    {"id": "evt\\0005"},
    {"id": "evt-00005"},
    {"id": "ev\t-0005"},
    {"time": "2999-05-11T08:30:30.000Z"},
    {"time": "2026-05-10T24:30:30.000Z"},
    {"time": "2026-05-10T08:60:30.000Z"},
    {"time": "2026-05-10T23:59:60.000Z"},
    {"time": "2026-05-10T08:30:6:.000Z"},
    {"time": "2026-05-09T08:30:30.000Z"},
    {"time": "2026-05-10T08:30:30.000+08:00"},
    {"time": "2026-05-10T08:30:30Z"},
    {"time": "yesterday"},
    {"more": 1},
    {"receivedtime": "2026-05-10T08:30:30.000Z"},
    {"data": {"account": "u-1", "room": "r", "camera": "sideways"}},
    {"data": {"account": "u-1", "room": "r", "camera": "on", "person": "t01"}},
    {"data": {"account": "u-1", "room": "r", "camera": "on", "more": [1]}},
    {"data": {"camera": "on"}},
    {"data": None},
]


@pytest.mark.parametrize("place", [0, 5, COUNT - 1])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_one_among_them_is_seen(odd: dict[str, Any], place: int) -> None:
    native.take(body("compact", 0), "main", NOW, False)
    events = [beat(n, **(odd if n == place else {})) for n in range(COUNT)]
    altered = json.dumps(events, separators=(",", ":"), ensure_ascii=False).encode()
    assert told(altered) == plainly(altered)


@pytest.mark.parametrize("writer", WRITERS)
def test_whatever_is_altered_in_a_body_it_is_taken_as_read_by_itself(writer: str) -> None:
    native.take(body(writer, 0), "main", NOW, False)
    known, rng = body(writer, 0), random.Random(writer)
    signs = [
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b" ",
        b"0",
        b"9",
        b"",
        b"\n",
        b"\xff",
        b"\xc3\xa9",
    ]
    for _ in range(600):
        at, sign = rng.randrange(len(known)), rng.choice(signs)
        altered = known[:at] + sign + known[at + rng.randrange(2) :]
        assert told(altered) == plainly(altered), altered


def test_bodies_that_are_cut_or_joined_are_no_bodies() -> None:
    native.take(body("compact", 0), "main", NOW, False)
    whole = body("compact", 0)
    assert forms.read(whole, "main") is not None
    id_, start = b'"id":"', b'{"specversion":"1.0",'
    cut = [whole[:-1], whole[: whole.rindex(id_) + len(id_)], whole[1:], whole[: len(whole) // 2]]
    joined = [whole + whole, whole + b"x", whole[:-1] + whole, whole.replace(b"}," + start, b"}]" + start, 3)]
    ended = [whole.replace(b"}," + start + id_, b"}]"), whole[:-1] + b"," + start + id_]
    for altered in (*cut, *joined, *ended):
        assert told(altered) == plainly(altered)


def test_data_that_come_twice_teach_nothing() -> None:
    """Of two the last one counts; what stands behind the first is not what ends an event."""
    size = len(json.dumps(beat(0)["data"], ensure_ascii=False, separators=(",", ":")))
    first = f'"data":"{"x" * (size - 1)}' + '}, more",'
    one = WRITERS["compact"](0).replace('"data"', first + '"data"')
    twice = f"[{','.join([one] * COUNT)}]"
    assert told(twice.encode()) == plainly(twice.encode())
    assert not forms._forms


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_TAILS", 20)
    for writer in WRITERS:
        for first in range(0, 100, 20):
            assert told(body(writer, first)) == plainly(body(writer, first))
        assert len(forms._words.said) <= 20 + 2 * COUNT
    assert all(len(known) <= 4 for known in forms._forms.values())


def test_words_learnt_one_by_one_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform whose way of writing is known says ever new words: connections, day after day."""
    monkeypatch.setattr(forms, "_TAILS", 20)
    fresh = WRITERS["compact"]
    for day in range(12):
        items = [fresh(n).replace("u-", f"u-{day}-") for n in range(COUNT)]
        whole = f"[{','.join(items)}]".encode()
        assert told(whole) == plainly(whole)
        assert len(forms._words.said) <= 20 + 2 * COUNT


def test_what_beats_that_wait_keep_of_words_long_forgotten_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forms, "_TAILS", 5)
    monkeypatch.setattr(forms, "_kept", WeakSet())
    monkeypatch.setattr(forms, "_words", forms._Words())
    fresh = WRITERS["compact"]
    wait = []
    for day in range(20):
        items = [fresh(n).replace("u-", f"u-{day}-") for n in range(COUNT)]
        whole = f"[{','.join(items)}]".encode()
        for _ in range(3):
            assert told(whole) == plainly(whole)
            wait.append(native.take(whole, "main", NOW, False)[0])
        assert len(forms._kept) <= forms._GENERATIONS
    assert len(forms._kept) == forms._GENERATIONS
    assert [taken.cohorts() for taken in wait] == [{"k0", "k1"}] * len(wait)
    wait.clear()
    whole = body("compact", 0)
    for _ in range(3):
        assert told(whole) == plainly(whole)
    assert forms.read(whole, "main") is not None


def test_places_are_found_whatever_slots_their_keys_share() -> None:
    rng = random.Random(1)
    places = forms._Places()
    keys = [rng.getrandbits(4) << 40 | rng.getrandbits(4) for _ in range(300)]
    keys += [rng.getrandbits(63) - (1 << 62) for _ in range(300)] + [0, -1, 63, 64]
    every = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    for key, place in every.items():
        assert places.find(np.array([key]))[0] == -1
        places.add(key, place)
        assert places.find(np.array([key]))[0] == place
    asked = [rng.choice((rng.choice(keys), rng.getrandbits(6), rng.getrandbits(45))) for _ in range(3_000)]
    assert places.find(np.array(asked)).tolist() == [every.get(key, -1) for key in asked]


def test_a_key_is_under_a_secret_even_where_the_hashes_of_text_are_not() -> None:
    show = "from monitor import forms; print(hash('x'), forms._key('x'))"
    told = [
        subprocess.run(
            [sys.executable, "-c", show],
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert told[0][0] == told[1][0]
    assert told[0][1] != told[1][1]
