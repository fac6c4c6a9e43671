"""What is taken can be read by everybody for ever: nesting, numbers and bytes that not every reader takes."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import legible
from monitor.contents import canonical, write
from monitor.event import BadEvent, Event, decode, decode_batch
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.ingest.native import decode as at_the_door
from monitor.ingest.refusals import Refused
from monitor.ingest.sources import events, taken
from monitor.store.entry import Entry
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, event

EVENT = json.dumps(event()).encode()
DEEPEST = b"[" * 62 + b"]" * 62  # in the data of an event, which are two more


def said(extra: bytes, base: bytes = EVENT) -> bytes:
    """The event with a key more in its data."""
    return base[:-2] + b', "n": ' + extra + b"}}"


def told(extra: bytes, base: bytes = EVENT) -> bytes:
    """The event with an attribute more."""
    return base[:-1] + b', "n": ' + extra + b"}"


READABLE = {
    "the deepest data": said(DEEPEST),
    "the deepest attribute": told(b"[" + DEEPEST + b"]"),
    "many brackets, none deep": said(b"[" + b",".join([b"{}", b"[[]]"] * 200) + b"]"),
    "brackets in text": said(json.dumps('["' * 200).encode()),
    "the largest number": said(b"1.7976931348623157e308"),
    "the largest integer": said(b"1" + b"0" * 308),
    "the smallest number": said(b"-1" + b"0" * 308),
    "a number too small to be told from 0": said(b"1e-999"),
    "digits without end behind the point": said(b"0." + b"1" * 9_000),
    "digits without end in text": said(b'"' + b"9" * 9_000 + b'"'),
}
UNREADABLE = {
    "nested once more": (said(b"[" + DEEPEST + b"]"), "nested too deeply"),
    "objects nested once more": (said(b'{"n": ' + DEEPEST + b"}"), "nested too deeply"),
    "an attribute nested once more": (told(b"[[" + DEEPEST + b"]]"), "nested too deeply"),
    "nested under a name that comes twice": (said(b"[" + DEEPEST + b'], "n": 1'), "nested too deeply"),
    "nested in what a correction says": (
        EVENT[:-2] + b', "period": [' + DEEPEST + b"]}}",
        "nested too deeply",
    ),
    "nested without end": (said(b"[" * 9_000 + b"]" * 9_000), "nested too deeply"),
    "a number beyond all": (said(b"1e999"), "data.n: a number beyond"),
    "a number below all": (said(b"-1e999"), "data.n: a number beyond"),
    "an attribute beyond all": (told(b"1e999"), "n: a number beyond"),
    "an integer beyond all": (said(b"1" + b"0" * 309), "data.n: a number beyond"),
    "an integer beyond all in a correction": (
        EVENT[:-2] + b', "period": 1' + b"0" * 309 + b"}}",
        "data.period: a number beyond",
    ),
    "digits without end": (said(b"9" * 4_301), "data.n: a number beyond"),
    "bytes that are no text": (said(b'"\xff"'), "data.n: not UTF-8"),
    "bytes that are no name": (EVENT[:-2] + b', "\xff": 1}}', "not UTF-8"),
}
readable = pytest.mark.parametrize("raw", READABLE.values(), ids=READABLE)
unreadable = pytest.mark.parametrize(("raw", "problem"), UNREADABLE.values(), ids=UNREADABLE)


def replayed(body: bytes) -> list[Event]:
    """The events of a delivery that lies in the log: as many in columns as one by one."""
    entry = Entry(1, "delivery", "main", NOW, {}, body, "native/1", "")
    found = events(entry)
    for _ in range(2):  # columns know what they met before
        assert sorted(taken(entry).ids) == sorted(one.id for one in found)
    return found


def recounted(raw: bytes) -> list[str]:
    """What a recount says against an event, met for the first time and among others like it."""
    fold = Fold(open_cohort(cohort_file()))
    fold.up_to(NOW + 1)
    again = raw.replace(b'"e1"', b'"e2"')
    bad = fold.add_lines(EVENT.replace(b'"e1"', b'"e0"') + b"\n" + raw + b"\n" + again + b"\n")
    return [str(problem) for _, problem in bad]


@readable
def test_door_log_and_recount_take_what_everybody_can_read(raw: bytes) -> None:
    """And it can be written and compared."""
    (read,) = decode_batch(b"[" + raw + b"]")
    assert isinstance(read, Event)
    assert (
        [read.raw] == [one.raw for one in replayed(raw)] == [one.raw for one in replayed(b"[" + raw + b"]")]
    )
    assert [] == recounted(raw)
    assert canonical(decode(write(read))) == canonical(read)


@unreadable
def test_door_log_and_recount_refuse_what_not_everybody_can_read(raw: bytes, problem: str) -> None:
    """In the same words, which name the member where there is one."""
    bad, good = decode_batch(b"[" + raw + b"," + EVENT + b"]")
    assert isinstance(bad, BadEvent)
    assert problem in str(bad)
    assert isinstance(good, Event)
    assert [EVENT] == [one.raw for one in replayed(b"[" + raw + b"," + EVENT + b"]")]
    assert [] == replayed(raw)
    assert [str(bad)] * 2 == recounted(raw)


@pytest.mark.parametrize("levels", [legible.DEEPEST, legible.DEEPEST + 1])
def test_a_body_of_one_event_is_as_deep_as_one_in_a_batch(levels: int) -> None:
    raw = told(b"[" * (levels - 1) + b"]" * (levels - 1))
    found: list[Any] = []
    with contextlib.suppress(BadEvent):
        found = [*decode_batch(raw), *decode_batch(b"[" + raw + b"]")]
    assert [True] * (2 if levels == legible.DEEPEST else 0) == [isinstance(one, Event) for one in found]


_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**320), 10**320)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = ["account", "room", "camera", "person", "method", "session", "period", "reason", "n"]


@given(
    st.sampled_from(["camera.heartbeat", "camera.on", "classroom.ended", "attendance.corrected", "x"]),
    st.dictionaries(st.sampled_from(_NAMES), _values, max_size=4),
    st.dictionaries(
        st.sampled_from(["n", "subject", "datacontenttype", "kept", "receivedtime"]), _values, max_size=2
    ),
)
@settings(max_examples=500, deadline=None)
def test_whatever_is_taken_can_be_written_read_again_and_compared(
    kind: str, data: dict[str, Any], more: dict[str, Any]
) -> None:
    raw = json.dumps(event(kind=kind, data=event()["data"] | data) | more).encode()
    try:
        read = decode(raw, NOW)
    except BadEvent:
        return
    assert canonical(decode(write(read))) == canonical(read)


def test_every_way_to_refuse_is_a_refusal() -> None:
    """`Refused` of the door says what `BadEvent` of the recount says."""
    for raw, problem in UNREADABLE.values():
        (found,) = at_the_door(b"[" + raw + b"]", "main", NOW, False)
        assert isinstance(found, Refused)
        assert ("malformed", True) == (found.reason, problem in found.detail)
