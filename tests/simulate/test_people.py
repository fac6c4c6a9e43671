import itertools

import msgspec
import pytest

from monitor.cohort import Cohort, parse
from monitor.event import Event, decode
from monitor.simulate.character import DIVERSE, FINE, deal
from monitor.simulate.device import wire
from monitor.simulate.people import account, days, plan_day, telling
from monitor.simulate.stay import MINUTE
from tests.simulate.made import NOW, QUIET, cohort, events


def decoded(of: Cohort, seed: int = 1, **more) -> list[Event]:
    return [decode(wire(posting.report, "main")) for posting in events(of, seed, **more)]


def test_the_same_seed_gives_the_same_events_ids_and_all():
    assert events(cohort()) == events(cohort())


def test_another_seed_gives_other_events():
    assert events(cohort(), 1) != events(cohort(), 2)


@pytest.mark.parametrize("camera", ["heartbeat", "state", "none"])
def test_no_two_events_share_an_id(camera):
    ids = [posting.report.id for posting in events(cohort(camera=camera))]

    assert len(ids) == len(set(ids)) > 0


def test_a_changed_timetable_gives_new_ids_so_that_an_id_never_stands_for_two_things():
    before = cohort()
    content = msgspec.json.decode(msgspec.json.encode(before.content))
    content["sessions"][0]["periods"].pop()
    after, _ = parse(msgspec.json.encode(content))
    first = days(before)[0]
    tells = telling(before, "main")

    old = {posting.report.id for posting in plan_day(before, first, 1, tells, QUIET)}
    new = {posting.report.id for posting in plan_day(after, first, 1, tells, QUIET)}

    assert old & new == set()


def test_what_people_do_hangs_on_the_day_of_the_class_and_not_on_the_calendar():
    a_week = 7 * 24 * 3_600_000
    this_week, next_week = events(cohort(now=NOW)), events(cohort(now=NOW + a_week))

    assert [p.report.at + a_week for p in this_week] == [p.report.at for p in next_week]


def test_every_event_can_be_read_and_is_in_the_order_of_its_delivery():
    postings = events(cohort())

    assert sorted(postings, key=lambda p: p.deliver_at) == postings
    assert {decode(wire(p.report, "main")).data.cohort for p in postings} == {"sim-1-8"}


def test_a_beating_source_beats_about_every_thirty_seconds():
    beats: dict[str, list[int]] = {}
    for event in decoded(cohort()):
        if event.type == "camera.heartbeat":
            beats.setdefault(event.data.connection, []).append(event.at)
    gaps = sorted(b - a for ats in beats.values() for a, b in zip(sorted(ats), sorted(ats)[1:], strict=False))

    assert 28_000 <= gaps[len(gaps) // 2] <= 32_000
    assert gaps[0] > 25_000


def test_a_state_source_tells_turns_and_never_beats():
    types = {event.type for event in decoded(cohort(camera="state"))}

    assert types == {"classroom.joined", "classroom.left", "classroom.ended", "camera.on", "camera.off"}


def test_a_source_without_cameras_tells_of_the_room_alone():
    types = {event.type for event in decoded(cohort(camera="none"))}

    assert types == {"classroom.joined", "classroom.left", "classroom.ended"}


def test_about_seven_in_ten_keep_to_the_timetable():
    dealt = deal([f"t{n}" for n in range(40)], 3)

    assert sum(character in FINE for character in dealt.values()) == 28


def test_every_character_is_there_in_a_class_of_two_dozen():
    dealt = deal([f"t{n}" for n in range(24)], 3)

    assert {character.name for character in DIVERSE} <= {character.name for character in dealt.values()}


# --- each thing that goes wrong on platforms happens to somebody ---


@pytest.fixture(scope="module")
def told() -> list[Event]:
    return decoded(cohort(60, seed=4), 4)


@pytest.fixture(scope="module")
def connections(told) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in told:
        if event.data.connection:
            found.setdefault(event.data.connection, []).append(event)
    return {connection: sorted(of, key=lambda e: e.at) for connection, of in found.items()}


def test_a_connection_drops_without_a_leave(connections):
    assert any(not any(e.type == "classroom.left" for e in of) for of in connections.values())


def test_a_leave_has_no_join(connections):
    assert any([e.type for e in of] == ["classroom.left"] for of in connections.values())


def test_two_devices_of_one_account_are_on_at_once(connections):
    spans: dict[tuple, list[tuple[int, int]]] = {}
    for of in connections.values():
        key = (of[0].data.account, of[0].data.instance, of[0].data.room)
        spans.setdefault(key, []).append((of[0].at, of[-1].at))
    overlaps = [
        min(a[1], b[1]) - max(a[0], b[0])
        for found in spans.values()
        for n, a in enumerate(found)
        for b in found[n + 1 :]
    ]

    assert max(overlaps) > 10_000


def test_a_camera_is_off_for_minutes_while_the_beats_go_on(told):
    assert sum(e.data.camera == "off" for e in told) > 20


def test_beats_are_missing_for_longer_than_anything_excuses(connections):
    gaps = [b.at - a.at for of in connections.values() for a, b in itertools.pairwise(of)]

    assert max(gaps) > 3 * MINUTE


def test_an_account_that_nobody_knows_comes_to_class(told):
    assert any(e.data.account and e.data.account.startswith("guest-") for e in told)


def test_somebody_is_not_there_for_a_whole_day(told):
    people = {e.data.account for e in told if e.data.account and not e.data.account.startswith("guest-")}
    seen = {(e.data.account, e.data.instance[:3]) for e in told if e.data.account}

    assert len(people) == 61
    assert len(seen) < 61 * len({instance for _, instance in seen})


def test_breakout_rooms_are_used_and_closed(told):
    rooms = {e.data.room for e in told}
    ended = {e.data.room for e in told if e.type == "classroom.ended"}

    assert rooms == ended == {"room-1", "room-1-a", "room-1-b"}


def test_somebody_comes_late_and_somebody_leaves_early(told):
    of = cohort(60, seed=4)
    session = next(s for s in of.sessions if not s.breakouts)
    start, end = session.periods[0][0], session.periods[-1][1]
    came = {}
    went = {}
    for event in told:
        if event.data.instance == session.id and event.data.account:
            came.setdefault(event.data.account, event.at)
            went[event.data.account] = event.at

    assert max(came.values()) > start + 2 * MINUTE
    assert min(went.values()) < end - 3 * MINUTE


def offline() -> Cohort:
    content = {
        "policy": "beijing-2026",
        "cohort": {"id": "c"},
        "sources": [{"id": "main", "camera": "heartbeat"}, {"id": "cards", "camera": "none"}],
        "people": [
            {"id": f"t{n:02d}", "role": "trainee", "accounts": [f"u-{n}", f"cards/k-{n}"]} for n in range(30)
        ]
        + [{"id": "gone", "role": "trainee", "accounts": ["u-x"], "withdrawn_on": "2026-05-01"}],
        "sessions": [
            {
                "id": f"s{n}",
                "course": "实操",
                "kind": "practice",
                "mode": "offline",
                "sign_out": True,
                "place": "车间",
                "people": None if n < 9 else ["t01"],
                "periods": [[f"2026-05-{n + 10}T08:30:00+08:00", f"2026-05-{n + 10}T09:15:00+08:00"]],
            }
            for n in range(10)
        ],
    }
    found, errors = parse(msgspec.json.encode(content))
    assert found is not None, errors
    return found


def test_a_card_reader_tells_of_sign_ins_and_sign_outs_under_its_own_accounts():
    told = [
        decode(wire(p.report, "cards"))
        for p in events(offline(), tells=telling(offline(), "cards", rooms=False, sign_ins=True))
    ]

    assert {e.type for e in told} == {"attendance.signed-in", "attendance.signed-out"}
    assert all(e.data.account.startswith("k-") and e.data.method == "card" for e in told)
    start = offline().sessions[0].periods[0][0]
    first = [e.at for e in told if e.data.session == "s0" and e.type == "attendance.signed-in"]
    assert min(first) < start < max(first)


def test_a_source_that_tells_of_rooms_alone_tells_nothing_of_offline_sessions():
    assert events(offline(), tells=telling(offline(), "main")) == []


def test_who_is_not_enrolled_or_not_listed_does_not_come():
    told = events(offline(), tells=telling(offline(), "main", sign_ins=True))
    accounts = {p.report.data.account for p in told}
    last = {p.report.data.account for p in told if p.report.data.session == "s9"}

    assert "u-x" not in accounts
    assert last <= {"u-1"}


@pytest.mark.parametrize(
    ("accounts", "source", "expected"),
    [
        (["u-1"], "main", "u-1"),
        (["other/u-2", "main/u-1"], "main", "u-1"),
        (["other/u-2", "u-3"], "main", "u-3"),
        (["other/u-2"], "main", "guest-t1"),
        (["x/y"], "main", "x/y"),
        ([], "main", "guest-t1"),
    ],
)
def test_the_account_on_a_source_is_its_own_else_one_for_any_source_else_one_nobody_knows(
    accounts, source, expected
):
    content = {
        "policy": "p",
        "cohort": {"id": "c"},
        "people": [{"id": "t1", "role": "trainee", "accounts": accounts}],
    }
    found, _ = parse(msgspec.json.encode(content))

    assert expected == account(found.people[0], source, ["main", "other"])
