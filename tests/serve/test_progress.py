"""A class's progress: every verdict of everybody in a letter each, and days that add up."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec

from monitor.hours.span import REASONS
from monitor.hours.words import words
from monitor.serve.progress import CODES, STANDINGS
from monitor.serve.shapes_of_days import ProgressTold
from tests.serve.school import COHORT, School, cohort_file

DOOR = f"/v1/cohorts/{COHORT}/progress"


async def progress(place: School, role: str = "admin") -> dict[str, Any]:
    status, answer, _ = await place.get(DOOR, role)
    assert status == 200, answer
    msgspec.convert(answer, ProgressTold, strict=True)
    return dict(answer)


async def test_each_cell_says_what_the_persons_own_door_says(place: School) -> None:
    await place.morning()
    answer = await progress(place)
    assert len({letter for letter in answer["codes"]}) == len(CODES)
    for row in answer["people"]:
        _, one, _ = await place.get(f"/v1/cohorts/{COHORT}/people/{row['id']}")
        assert [(p["session"], p["index"]) for p in one["periods"]] == [
            (p["session"], p["index"]) for p in answer["periods"]
        ]
        assert [[p["verdict"], p["reason"]] for p in one["periods"]] == [
            answer["codes"][letter] for letter in row["cells"]
        ]
        theirs = row.keys() - {"cells", "spare", "spare_seminar"}
        assert {key: row[key] for key in theirs} == {key: one[key] for key in theirs}


async def test_spare_is_what_may_still_be_missed_and_never_less_than_none(place: School) -> None:
    file = cohort_file()
    for day in range(13, 24):
        hours = [
            (f"2026-05-{day}T{h:02d}:00:00+08:00", f"2026-05-{day}T{h:02d}:45:00+08:00") for h in range(9, 17)
        ]
        file["sessions"].append(
            {**file["sessions"][0], "id": f"x{day}", "kind": "discussion", "periods": hours}
        )
    await place.parts.office.import_cohort(
        json.dumps(file).encode(), by="tests", why="tests", now=place.clock()
    )
    answer = await progress(place)
    row = answer["people"][0]
    assert (row["possible"], row["spare"]) == (91, 11)
    assert (row["possible_seminar"], row["spare_seminar"]) == (89, 73)
    assert (answer["cohort_name"], answer["organizer"]) == ("数控高级研修班", "某技师学院")
    _, one, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t01/days")
    assert (one["totals"]["spare"], one["totals"]["spare_seminar"]) == (11, 73)
    assert (one["cohort_name"], one["organizer"]) == ("数控高级研修班", "某技师学院")


async def test_nothing_may_be_missed_where_the_plan_is_too_short(place: School) -> None:
    row = (await progress(place))["people"][0]
    assert (row["possible"], row["spare"], row["spare_seminar"]) == (3, 0, 0)


async def test_days_and_standings_count_the_class(place: School) -> None:
    await place.morning()
    answer = await progress(place)
    first, second = answer["days"]
    assert first == {
        "date": "2026-05-11",
        "weekday": 1,
        "periods": 2,
        "countable": 2,
        "settled": 2,
        "trainees": 3,
        "present": 2,
        "credited": 2,
        "required": 6,
        "rate": "33.33",
        "credited_so_far": 2,
        "required_so_far": 6,
        "rate_so_far": "33.33",
    }
    assert (second["settled"], second["required"], second["rate"]) == (0, 0, None)
    assert answer["rate"] == second["rate_so_far"]
    assert answer["standings"] == dict.fromkeys(STANDINGS, 0) | {"unrecoverable": 3}
    assert (answer["needs"], [p["settled"] for p in answer["periods"]]) == (
        {"hours": 80, "seminar": 16, "hour_ms": 2_400_000},
        [True, True, False],
    )


async def test_its_link_leads_to_the_shortfalls(place: School) -> None:
    status, answer, _ = await place.get((await progress(place))["shortfalls"])
    assert (status, len(answer["shortfalls"])) == (200, 3)


async def test_center_and_auditor_see_names_masked(place: School) -> None:
    for role in ("center", "auditor"):
        assert [row["name"] for row in (await progress(place, role))["people"]] == ["张*", "欧*", "=*"]


async def test_it_is_compressed_for_who_accepts_it_and_the_etag_holds(place: School) -> None:
    async def ask(**sent: str) -> tuple[int, bytes, Any]:
        headers = {**place.headers("admin"), "Accept-Encoding": "gzip", **sent}
        async with place.http.get(place.url + DOOR, headers=headers, auto_decompress=False) as got:
            return got.status, await got.read(), got.headers

    await place.morning()
    status, body, headers = await ask()
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "Accept-Encoding" in headers["Vary"]
    assert msgspec.json.decode(gzip.decompress(body)) == await progress(place)
    status, body, _ = await ask(**{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")
    _, body, headers = await ask(**{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in headers
    assert msgspec.json.decode(body)["cohort"] == COHORT


def test_every_verdict_and_reason_of_the_rules_has_a_letter_and_words() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert {verdict for verdict, _ in CODES} == set(words()["verdicts"])
    assert {reason for _, reason in CODES if reason} == set(words()["reasons"])
    assert {("refused", reason) for reason in REASONS} <= set(CODES)
    assert set(STANDINGS) == set(words()["standings"])
