"""Attendance: the numbers of the recount, as of an instant and a position, in three formats."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from monitor.event import decode_batch
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, summary, to_bytes
from monitor.instant import instant, rfc3339
from monitor.store.ledger import Ledger
from tests.serve.school import COHORT, School, cohort_file, school

DOOR = f"/v1/cohorts/{COHORT}/attendance"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def test_without_as_of_it_is_as_of_the_last_change_and_its_etag_holds(place: School) -> None:
    await place.morning()
    status, answer, headers = await place.get(DOOR)
    assert (status, answer["as_of"]) == (200, "2026-05-11T02:10:00.000Z")
    place.clock.to("11:00:00")
    again, _, _ = await place.get(DOOR, **{"If-None-Match": headers["ETag"]})
    assert again == 304


async def test_time_alone_moves_as_of_to_the_last_instant_at_which_it_changed_something(
    place: School,
) -> None:
    await place.push([place.event("classroom.joined", "u-1", "08:19:50")])
    place.clock.to("2026-05-13T12:00:00+08:00")
    _, answer, _ = await place.get(DOOR)
    assert answer["as_of"] == "2026-05-12T01:16:30.000Z"  # the last period is settled


async def test_an_event_changes_the_etag(place: School) -> None:
    _, _, before = await place.get(DOOR)
    await place.push([place.event("classroom.joined", "u-77", "08:19:50")])
    status, answer, after = await place.get(DOOR, **{"If-None-Match": before["ETag"]})
    assert status == 200
    assert after["ETag"] != before["ETag"]
    assert [finding["code"] for finding in answer["findings"] if "account" in finding] == [
        "account_unmatched"
    ]


async def test_it_is_the_recount_of_the_same_events_to_the_byte(place: School) -> None:
    await place.morning()
    _, answer, _ = await place.get(f"{DOOR}?as_of=2026-05-11T10:00:00%2B08:00")
    folded = Fold(open_cohort(json.dumps(cohort_file()).encode()))
    async for entry in place.parts.log.read(kinds={"delivery"}):
        for event in decode_batch(entry.body, entry.at):
            folded.add(event)  # type: ignore[arg-type]
    expected = to_bytes(summary(document(folded.result(instant("2026-05-11T10:00:00+08:00")))))
    ours = {key: value for key, value in answer.items() if key not in ("position", "head")}
    assert expected == to_bytes(ours)


async def test_its_bytes_are_canonical(place: School) -> None:
    async with place.http.get(place.url + DOOR, headers=place.headers("admin")) as answer:
        body = await answer.read()
    assert (
        body
        == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        + b"\n"
    )


async def test_a_plus_that_was_not_escaped_is_understood(place: School) -> None:
    place.clock.to("10:00:00")
    status, answer, _ = await place.get(f"{DOOR}?as_of=2026-05-11T09:00:00+08:00")
    assert (status, answer["as_of"]) == (200, "2026-05-11T01:00:00.000Z")


@pytest.mark.parametrize(
    ("as_of", "why"),
    [
        ("yesterday", "not a time with an offset"),
        ("2026-05-11T08:20:00", "not a time with an offset"),
        ("2026-02-30T10:00:00Z", "there is no such day"),
        ("2026-05-11T24:00:00Z", "there is no such time of day"),
        ("2026-05-11T10:00:60Z", "a leap second is only at"),
        ("1969-12-31T23:59:59Z", "outside the years 1970 to 9999"),
    ],
)
async def test_a_bad_as_of_is_named(place: School, as_of: str, why: str) -> None:
    """A time that never comes is wrong (400), not ahead (409)."""
    status, problem, headers = await place.get(f"{DOOR}?as_of={as_of}")
    assert (status, problem["reason"]) == (400, "bad_parameter")
    assert problem["detail"].startswith(f"as_of: {why}")
    assert headers["Content-Type"] == "application/problem+json"


async def test_an_instant_that_has_not_come_is_refused(place: School) -> None:
    status, problem, _ = await place.get(f"{DOOR}?as_of=2026-05-11T08:20:00.001%2B08:00")
    assert (status, problem["reason"]) == (409, "as_of_ahead")
    assert "2026-05-11T00:20:00.000Z" in problem["detail"]


async def test_an_answer_given_last_week_can_be_given_again(place: School) -> None:
    await place.morning()
    _, first, _ = await place.get(DOOR)
    place.clock.to("11:00:00")
    await place.push(place.beats("u-3", "08:30:00", "10:06:00"))
    status, _, _ = await place.post(f"/v1/cohorts/{COHORT}/people/t02/accounts", "clerk", {"account": "u-7"})
    assert status == 200
    _, now, _ = await place.get(DOOR)
    assert now["people"] != first["people"]
    _, again, _ = await place.get(f"{DOOR}?as_of={first['as_of']}&position={first['position']}")
    assert first == again


async def test_a_position_the_log_does_not_have_is_not_found(place: School) -> None:
    for position in ("999999", "0", "x", "-1", "1" * 30):
        status, problem, _ = await place.get(f"{DOOR}?position={position}")
        assert (status, problem["reason"]) == (404, "position_unknown")


async def test_a_position_before_the_cohort_is_not_found(place: School) -> None:
    status, problem, _ = await place.get(f"{DOOR}?position=1")
    assert (status, problem["reason"]) == (404, "position_unknown")


async def test_position_and_head_are_a_link_of_the_chain(place: School) -> None:
    await place.morning()
    _, answer, _ = await place.get(DOOR)
    entry = await place.parts.log.entry(int(answer["position"]))
    assert answer["head"] == entry.hash


async def test_other_cohorts_deliveries_change_nothing(place: School) -> None:
    _, _, before = await place.get(DOOR)
    await place.push([place.event("classroom.joined", "u-1", "08:19:50", cohort="bj-plc-02")])
    _, _, after = await place.get(DOOR)
    assert before["ETag"] == after["ETag"]


async def test_csv_has_a_byte_order_mark_and_no_formulas(place: School) -> None:
    await place.morning()
    status, body, headers = await place.get(f"{DOOR}?format=csv")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [row["姓名 name"] for row in rows] == ["张三", "欧阳小四", "'=2+5"]
    assert [row["有效学时 credited"] for row in rows] == ["2", "0", "0"]
    assert headers["Monitor-Position"]


async def test_xlsx_has_no_formulas_and_says_as_of_when(place: School) -> None:
    await place.morning()
    status, body, headers = await place.get(DOOR, Accept=XLSX)
    assert (status, headers["Content-Type"]) == (200, XLSX)
    book = openpyxl.load_workbook(io.BytesIO(body))
    cells = [row[1] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type) for cell in cells] == [
        ("张三", "s"),
        ("欧阳小四", "s"),
        ("=2+5", "s"),
    ]
    head = [cell.value for cell in next(book.worksheets[0].iter_rows())]
    rates = [row[head.index("出勤率 % rate")] for row in book.worksheets[0].iter_rows(min_row=2)]
    _, told, _ = await place.get(DOOR)
    assert [(cell.value, cell.data_type, cell.number_format) for cell in rates] == [
        (float(person["rate"]), "n", "0.00") for person in told["people"]
    ]
    about = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert about["全班出勤率 rate %"] == float(told["rate"])
    assert about["截至 as_of (UTC)"] == headers["Monitor-As-Of"]


async def test_xlsx_is_the_same_file_for_the_same_answer(place: School) -> None:
    _, first, one = await place.get(f"{DOOR}?format=xlsx")
    _, second, two = await place.get(f"{DOOR}?format=xlsx")
    assert (first, one["ETag"]) == (second, two["ETag"])


async def test_accept_decides_where_no_format_is_named(place: School) -> None:
    wanted = {
        "text/csv": "text/csv",
        "*/*": "application/json",
        "application/json;q=0.1, text/*": "text/csv",
        "text/html, application/xhtml+xml, */*;q=0.8": "application/json",
        "text/csv;q=0, */*;q=0.5": "application/json",
    }
    found = {}
    for accept in wanted:
        _, _, headers = await place.get(DOOR, Accept=accept)
        found[accept] = headers["Content-Type"].split(";")[0]
    assert wanted == found


async def test_a_format_there_is_not_is_not_acceptable(place: School) -> None:
    status, problem, _ = await place.get(DOOR, Accept="image/png")
    assert (status, problem["reason"]) == (406, "not_acceptable")
    status, problem, _ = await place.get(f"{DOOR}?format=pdf")
    assert (status, problem["reason"]) == (400, "bad_parameter")


async def test_a_demo_says_so_in_every_format(tmp_path: Path) -> None:
    async with school(tmp_path / "data", demo=True) as place:
        _, answer, headers = await place.get(DOOR)
        assert (answer["demo"], headers["Monitor-Demo"]) == (True, "true")
        _, body, headers = await place.get(f"{DOOR}?format=csv")
        assert "演示数据 DEMO" in body.decode()
        assert headers["Monitor-Demo"] == "true"
        _, body, headers = await place.get(f"{DOOR}?format=xlsx")
        assert openpyxl.load_workbook(io.BytesIO(body)).worksheets[1]["A1"].value == "演示数据 DEMO"
        for path in ("people/t01", "shortfalls", ""):
            _, answer, headers = await place.get(f"/v1/cohorts/{COHORT}/{path}".rstrip("/"))
            assert (answer["demo"], headers["Monitor-Demo"]) == (True, "true")
        _, answer, headers = await place.get("/v1/cohorts")
        assert ([line["demo"] for line in answer["cohorts"]], headers["Monitor-Demo"]) == (
            [True, True],
            "true",
        )


async def test_a_demo_says_so_where_something_is_decided(tmp_path: Path) -> None:
    """In the inbox, with corrections, bindings and imports."""
    async with school(tmp_path / "data", demo=True) as place:
        await place.morning()
        said = {"person": "t03", "session": "s01", "period": 0, "credit": True, "reason": "在场"}
        corrections = f"/v1/cohorts/{COHORT}/corrections"
        for answer in (
            await place.get("/v1/inbox"),
            await place.post(corrections, "clerk", said),
            await place.get(corrections),
            await place.post(f"{corrections}/1/approve", "approver"),
            await place.post(f"/v1/cohorts/{COHORT}/people/t03/accounts", "clerk", {"account": "u-7"}),
            await place.post("/v1/cohorts", "clerk", cohort_file()),
        ):
            status, document, headers = answer
            assert (status < 300, document["demo"], headers["Monitor-Demo"]) == (True, True, "true")


async def test_a_real_cohort_does_not_say_demo(place: School) -> None:
    _, answer, headers = await place.get(DOOR)
    assert ("demo" in answer, "Monitor-Demo" in headers) == (False, False)


async def test_after_a_restart_everything_is_there(tmp_path: Path) -> None:
    from tests.serve.school import opened

    async with school(tmp_path / "data") as place:
        await place.morning()
        tokens, clock = place.tokens, place.clock
        _, before, headers = await place.get(DOOR)
    async with opened(tmp_path / "data", clock) as place:
        place.tokens = tokens
        status, after, again = await place.get(DOOR)
        assert (200, before, headers["ETag"]) == (status, after, again["ETag"])
        _, events, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t01?events=s01/0")
        assert len(events["events"]) > 80


async def test_the_exported_ledger_recounts_to_the_same_bytes(place: School) -> None:
    from monitor.hours.recount import recount
    from monitor.office import extract

    await place.morning()
    _, answer, _ = await place.get(DOOR)
    ledger = Ledger(place.parts.log.place)
    file = extract.cohort_file(ledger, COHORT, int(answer["position"]))
    assert file is not None
    lines = list(extract.event_lines(ledger, file, int(answer["position"])))
    ledger.close()
    expected = summary(recount(file, lines, instant(answer["as_of"])))
    ours = {key: value for key, value in answer.items() if key not in ("position", "head")}
    assert to_bytes(expected) == to_bytes(ours)
    assert rfc3339(instant(answer["as_of"])) == answer["as_of"]
