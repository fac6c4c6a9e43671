"""The path of a delivery: who is proven is kept, once, before the answer; who is not leaves a count."""

import asyncio
import json
import sqlite3
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.beats import Taken
from monitor.ingest import sources
from monitor.ingest.refusals import DELIVERY, Refusal
from monitor.ingest.sources import KINDS, Source
from monitor.intake import MOST_BYTES, Answer, Intake, _Known
from monitor.store.entry import Entry
from monitor.store.log import Log
from tests.ingest.signing import NOW, OTHER, SECRET, batch, event, signed
from tests.store.logs import hand_on_the_writer


def platform(name: str = "main", *, secret: str = SECRET, may_sign_in: bool = False) -> Source:
    kind = KINDS["native"]
    return Source(name, kind, "heartbeat", 30, may_sign_in, False, 0, kind.seal((secret,)))


PLATFORMS = {
    one.id: one
    for one in (platform(), platform("other", secret=OTHER), platform("door-app", may_sign_in=True))
}


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    found = Log(tmp_path / "log.sqlite", waiting=3)
    yield found
    await found.close()


@pytest.fixture
def intake(log: Log) -> Intake:
    return Intake(log, PLATFORMS.get)


async def deliver(intake: Intake, name: str, body: bytes, now: int = NOW, **changed: str) -> Answer:
    return await intake.deliver("main", signed(name, body, at=now) | changed, body, now)


async def refusal(intake: Intake, headers: dict[str, str], body: bytes, source: str = "main") -> Refusal:
    with pytest.raises(Refusal) as found:
        await intake.deliver(source, headers, body, NOW)
    return found.value


async def kept(log: Log) -> list[Entry]:
    return [entry async for entry in log.read()]


async def test_what_is_accepted_is_in_the_log_as_it_was_signed(log: Log, intake: Intake) -> None:
    body = batch(event("班-1"), event("e2"))
    answer = await deliver(intake, "m1", body)
    assert answer == Answer(2, 0, [], "1")
    (entry,) = await kept(log)
    assert (entry.body, entry.at, entry.source, entry.decoder) == (body, NOW, "main", "native/1")
    headers = signed("m1", body)
    assert entry.headers == {name: headers[name] for name in sources.PROOF}


async def test_who_does_not_wait_is_told_the_same(log: Log, intake: Intake) -> None:
    found: asyncio.Queue[Answer | Exception] = asyncio.Queue()
    body = batch(event())
    proof = signed("m1", body)
    intake.take("main", proof, body + b" ", NOW, found.put_nowait)
    refused = found.get_nowait()  # at once
    assert isinstance(refused, Refusal)
    assert ("not_authentic", 1) == (refused.reason, intake.counts["not_authentic"])
    for _ in range(2):
        intake.take("main", proof, body, NOW, found.put_nowait)
        assert found.empty()
    async with asyncio.timeout(20):
        assert [Answer(1, 0, [], "1"), Answer(0, 1, [], "1")] == [await found.get(), await found.get()]
    assert len(await kept(log)) == 1


async def test_the_answer_is_json_as_the_wire_has_it(intake: Intake) -> None:
    answer = await deliver(intake, "m1", batch(event(), event("x", source="other")))
    told = json.loads(msgspec.json.encode(answer))
    assert told["accepted"] == 1
    assert told["refused"] == [
        {"index": 1, "reason": "source_mismatch", "detail": told["refused"][0]["detail"]}
    ]
    assert told["position"] == "1"


async def test_a_bad_event_in_a_good_batch_is_named_and_the_rest_counts(log: Log, intake: Intake) -> None:
    answer = await deliver(intake, "m1", batch(event("a"), {"id": "b"}, event("c")))
    assert (answer.accepted, [(one.index, one.reason) for one in answer.refused]) == (2, [(1, "malformed")])
    assert [one.id for one in sources.events((await kept(log))[0])] == ["a", "c"]


# --- repeats -------------------------------------------------------------------------------------------


async def test_the_same_delivery_again_is_answered_as_duplicate_and_kept_once(
    log: Log, intake: Intake
) -> None:
    body = batch(event("a"), 5)
    first = await deliver(intake, "m1", body)
    again = await deliver(intake, "m1", body, NOW + 200_000)
    assert again == Answer(0, 1, first.refused, first.position)
    assert len(await kept(log)) == 1


async def test_the_same_id_with_another_body_is_a_conflict(log: Log, intake: Intake) -> None:
    await deliver(intake, "m1", batch(event("a")))
    found = await refusal(intake, signed("m1", b"[]"), b"[]")
    assert (found.status, found.reason) == (409, "id_reused")
    assert len(await kept(log)) == 1


async def test_copies_in_flight_are_kept_once_and_answered_after_the_first(log: Log, intake: Intake) -> None:
    body = batch(event("a"))
    answers = await asyncio.gather(*(deliver(intake, "m1", body) for _ in range(3)))
    assert sorted(answer.accepted for answer in answers) == [0, 0, 1]
    assert {answer.position for answer in answers} == {"1"}
    assert len(await kept(log)) == 1


async def test_a_repeat_is_judged_by_the_arrival_of_the_first(intake: Intake) -> None:
    ahead = batch(event("a", time="2026-05-11T08:36:00.000+08:00"))
    first = await deliver(intake, "m1", ahead, NOW)
    again = await deliver(intake, "m1", ahead, NOW + 60_000)
    assert [one.reason for one in first.refused] == ["too_far_ahead"]
    assert (again.refused, again.duplicate) == (first.refused, 0)


async def test_events_that_came_before_are_counted_as_duplicate_but_the_delivery_is_kept(
    log: Log, intake: Intake
) -> None:
    await deliver(intake, "m1", batch(event("a"), event("b")))
    answer = await deliver(intake, "m2", batch(event("b"), event("c"), event("c")))
    assert (answer.accepted, answer.duplicate) == (1, 2)
    assert len(await kept(log)) == 2


async def test_after_a_restart_known_events_are_known_again(log: Log, intake: Intake) -> None:
    await deliver(intake, "m1", batch(event("a")))
    again = Intake(log, PLATFORMS.get)
    await again.warm()
    assert (await deliver(again, "m2", batch(event("a")))).duplicate == 1


async def test_of_a_long_log_the_youngest_entries_are_read_at_a_restart(
    log: Log, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as hold enough ids, and all of them where the log is shorter than that."""
    for n in range(8):
        await deliver(intake, f"m{n}", batch(event(f"{n}"), event(f"{n}b")))
    for steps, enough, known in (
        ((2, 4), 3, {"6", "7"}),
        ((2, 4), 5, set("4567")),
        ((2, 99), 99, set("01234567")),
    ):
        monkeypatch.setattr("monitor.intake._WARM", steps)
        monkeypatch.setattr("monitor.intake._WARM_IDS", enough)
        again = Intake(log, PLATFORMS.get)
        await again.warm()
        assert known == {name for name in "01234567" if not again._known.add("main", [name])}


async def test_what_intake_remembers_of_events_is_bounded(intake: Intake) -> None:
    intake._known._remember = 10
    for n in range(100):
        await deliver(intake, f"m{n}", batch(event(f"{n}"), event(f"{n}b")))
    remembered = (await deliver(intake, "again", batch(*(event(f"{n}") for n in range(100))))).duplicate
    assert 5 <= remembered <= 10
    assert (await deliver(intake, "last", batch(event("99")))).duplicate == 1


def test_what_intake_remembers_takes_no_more_memory_for_long_ids() -> None:
    known = _Known(1_000)
    tracemalloc.start()
    try:
        new = sum(known.add("main", [f"{n}{'x' * 10_000}"]) for n in range(3_000))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (new, known.add("main", [f"2999{'x' * 10_000}"])) == (3_000, 0)
    assert held < 200 * 2_000


def test_an_event_is_new_once_in_a_delivery_across_generations_and_for_each_source() -> None:
    known = _Known(4)
    assert known.add("main", ["a", "b", "a"]) == 2
    assert known.add("other", ["a"]) == 1
    assert known.add("main", ["c"]) == 1  # the fourth: a generation is full
    assert known.add("main", ["a", "a", "d"]) == 1
    assert known.add("main", ["a", "b", "d"]) == 0


# --- refusals ------------------------------------------------------------------------------------------


async def test_who_can_not_prove_it_leaves_a_count_and_nothing_else(log: Log, intake: Intake) -> None:
    body = batch(event())
    forged = await refusal(intake, signed("m1", body, secret=OTHER), body)
    nobody = await refusal(intake, signed("m1", body), body, source="nobody")
    assert (forged.status, forged.reason, forged.detail) == (nobody.status, nobody.reason, nobody.detail)
    stale = await refusal(intake, signed("m1", body, at=NOW - 301_000), body)
    nobody_stale = await refusal(intake, signed("m1", body, at=NOW - 301_000), body, source="nobody")
    assert stale.reason == nobody_stale.reason == "stale"
    assert {forged.status, stale.status} == {401}
    assert await kept(log) == []
    assert intake.counts == {"not_authentic": 2, "stale": 2}


async def test_a_body_that_is_no_json_is_kept_and_refused(log: Log, intake: Intake) -> None:
    for _ in range(2):
        found = await refusal(intake, signed("m1", b"{"), b"{")
        assert (found.status, found.reason) == (400, "malformed")
        assert "kept" in found.detail
    assert [entry.body for entry in await kept(log)] == [b"{"]


@pytest.mark.parametrize(
    ("headers", "reason", "status"),
    [
        ({"content-encoding": "gzip"}, "unsupported_encoding", 415),
        ({"content-type": "text/plain"}, "unsupported_type", 415),
        ({"content-type": ""}, "unsupported_type", 415),
        ({"content-type": "application/json; charset=gbk"}, "unsupported_type", 415),
    ],
)
async def test_what_is_not_sent_as_agreed_is_not_kept(
    log: Log, intake: Intake, headers: dict[str, str], reason: str, status: int
) -> None:
    found = await refusal(intake, signed("m1", b"[]") | headers, b"[]")
    assert (found.reason, found.status) == (reason, status)
    assert await kept(log) == []


@pytest.mark.parametrize(
    "kind",
    [
        "application/cloudevents+json",
        "application/cloudevents-batch+json; charset=UTF-8",
        "Application/JSON",
    ],
)
async def test_json_is_taken_under_each_of_its_names(intake: Intake, kind: str) -> None:
    body = json.dumps(event()).encode()
    assert (await deliver(intake, "m1", body, **{"content-type": kind})).accepted == 1


async def test_a_body_of_5_mib_is_taken_and_one_byte_more_is_not(log: Log, intake: Intake) -> None:
    body = batch(event()).ljust(MOST_BYTES)
    assert (await deliver(intake, "m1", body)).accepted == 1
    found = await refusal(intake, signed("m2", body + b" "), body + b" ")
    assert (found.status, found.reason) == (413, "too_large")
    assert len(await kept(log)) == 1


async def test_10000_events_are_taken_and_one_more_is_not(log: Log, intake: Intake) -> None:
    body = batch(*(event(f"{n}") for n in range(10_000)))
    assert (await deliver(intake, "m1", body)).accepted == 10_000
    more = batch(*range(10_001))
    found = await refusal(intake, signed("m2", more), more)
    assert (found.status, found.reason) == (413, "too_many")
    assert len(await kept(log)) == 1


async def test_a_large_batch_of_too_many_is_refused_before_any_of_it_is_read(
    log: Log, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "take_delivery", lambda *_: pytest.fail("it was read"))
    more = batch(*[event()] * 10_001)
    found = await refusal(intake, signed("m1", more), more)
    assert (found.status, found.reason) == (413, "too_many")
    assert await kept(log) == []


async def test_a_full_queue_is_503_and_says_when_to_come_again(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hand_on_the_writer(monkeypatch) as hand:
        hand.go.clear()
        under_way = [asyncio.create_task(deliver(intake, f"m{n}", b"[]")) for n in range(3)]
        await asyncio.sleep(0)
        found = await refusal(intake, signed("m9", b"[]"), b"[]")
        assert (found.status, found.reason, found.retry_after) == (503, "busy", 2)
        hand.go.set()
        assert len(await asyncio.gather(*under_way)) == 3


async def test_a_failed_commit_is_503_and_leaves_nothing(
    log: Log, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail.append(sqlite3.OperationalError("disk I/O error"))
        found = await refusal(intake, signed("m1", batch(event())), batch(event()))
        assert (found.status, found.reason, found.retry_after) == (503, "not_kept", 5)
    assert await kept(log) == []
    assert (await deliver(intake, "m1", batch(event()))).accepted == 1


async def test_a_delivery_found_in_the_file_after_its_503_counts_once_and_is_a_duplicate(
    log: Log, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, list[str]]] = []
    intake.on_entry.append(lambda entry, taken: seen.append((entry.position, taken.ids)))
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail, hand.late = [sqlite3.OperationalError("disk I/O error")], [True]
        found = await refusal(intake, signed("m1", batch(event("a"))), batch(event("a")))
        assert found.reason == "not_kept"
    again = await deliver(intake, "m1", batch(event("a")))
    assert (again.accepted, again.duplicate, again.position) == (0, 1, "1")
    assert (await deliver(intake, "m2", batch(event("a"), event("b")))).accepted == 1
    assert seen == [(1, ["a"]), (2, ["a", "b"])]
    assert intake.counts["deliveries"] == 2


async def test_a_decoder_that_breaks_undoes_nothing(
    log: Log, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Any]:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setitem(sources._TAKERS, "native/1", broken)
        answer = await deliver(intake, "m1", batch(event()))
    assert (answer.accepted, [one.reason for one in answer.refused]) == (0, ["not_decoded"])
    assert [one.id for one in sources.events((await kept(log))[0])] == ["e1"]


# --- those who follow ----------------------------------------------------------------------------------


async def test_followers_see_each_durable_delivery_once_in_order_with_what_was_taken(
    log: Log, intake: Intake
) -> None:
    seen: list[tuple[int, list[str]]] = []

    def broken(_entry: Entry, _taken: Taken) -> None:
        raise RuntimeError("broken")

    intake.on_entry += [broken, lambda entry, taken: seen.append((entry.position, taken.ids))]
    await asyncio.gather(*(deliver(intake, f"m{n}", batch(event(f"{n}"), 5)) for n in range(3)))
    await deliver(intake, "m0", batch(event("0"), 5))
    await refusal(intake, signed("bad", b"{"), b"{")
    assert seen == [(1, ["0"]), (2, ["1"]), (3, ["2"]), (4, [])]
    assert [(e.position, [x.id for x in sources.events(e)]) for e in await kept(log)] == seen


async def test_a_source_with_the_right_may_send_sign_ins(intake: Intake) -> None:
    one = event(kind="attendance.signed-in", source="door-app", data={"account": "u", "session": "s01"})
    body = batch(one)
    assert (await intake.deliver("door-app", signed("m1", body), body, NOW)).accepted == 1


# --- whatever comes ------------------------------------------------------------------------------------


@given(
    body=st.binary(max_size=80)
    | st.lists(st.sampled_from([event(), event("x", kind="y"), 5, None, []])).map(
        lambda items: batch(*items)
    ),
    headers=st.dictionaries(
        st.sampled_from([*sources.PROOF, "content-type", "content-encoding"]),
        st.text(max_size=20),
        max_size=2,
    ),
    source=st.sampled_from(["main", "other", "staff", "door", "", "../x"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_answered_or_refused_by_the_table(
    tmp_path: Path, body: bytes, headers: dict[str, str], source: str
) -> None:
    async def come() -> None:
        log = Log(tmp_path / "log.sqlite")
        intake = Intake(log, PLATFORMS.get)
        proof = signed("m", body) if _is_text(body) else {}
        before = log.head()[0]
        refusal: Refusal | None = None
        try:
            await intake.deliver(source, proof | headers, body, NOW)
        except Refusal as found:
            refusal = found
        finally:
            await log.close()
        if refusal is not None:
            assert refusal.status == DELIVERY[refusal.reason][0]
            assert refusal.reason == "malformed" or log.head()[0] == before

    asyncio.run(come())


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
