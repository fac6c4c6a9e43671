"""Findings for people: words, filters, pages, and who may not see them."""

from __future__ import annotations

from typing import Any

import msgspec

from monitor.serve.shapes_of_inbox import FindingsTold
from tests.serve.school import COHORT, ROLES, School

DOOR = f"/v1/cohorts/{COHORT}/findings"


async def findings(place: School, more: str = "", role: str = "teacher") -> dict[str, Any]:
    status, answer, _ = await place.get(DOOR + more, role)
    assert status == 200, answer
    msgspec.convert(answer, FindingsTold, strict=True)
    return dict(answer)


async def test_they_are_those_of_the_attendance_with_words(place: School) -> None:
    await place.morning()
    answer = await findings(place)
    _, attendance, _ = await place.get(f"/v1/cohorts/{COHORT}/attendance")
    told = [{key: value for key, value in one.items() if key != "name"} for one in answer["findings"]]
    assert sorted(map(str, attendance["findings"])) == sorted(map(str, told))
    codes = {one["code"]: one for one in answer["codes"]}
    assert codes.keys() == {one["code"] for one in told}
    assert codes["account_unmatched"]["count"] == 1
    assert codes["account_unmatched"]["do"]["zh"].startswith("在待认领里认领")
    assert [c["clause"] for c in codes["account_unmatched"]["clauses"]] == ["BJ 五(二)4"]


async def test_they_are_filtered_by_code_and_person(place: School) -> None:
    await place.morning()
    one = await findings(place, "?code=account_unmatched")
    assert [found["account"] for found in one["findings"]] == ["u-7"]
    assert len(one["codes"]) > 1  # counted without the filter
    persons = (await findings(place, "?person=t01"))["findings"]
    assert {(found["person"], found["name"]) for found in persons} == {("t01", "张三")}
    assert (await findings(place, "?person=nobody"))["findings"] == []
    status, problem, _ = await place.get(f"{DOOR}?code=nonsense", "teacher")
    assert (status, problem["reason"]) == (400, "bad_parameter")


async def test_they_page_by_cursor_and_none_is_lost_or_told_twice(place: School) -> None:
    await place.morning()
    whole = (await findings(place))["findings"]
    found: list[Any] = []
    more = "?limit=1"
    while True:
        answer = await findings(place, more)
        found += answer["findings"]
        if answer["next"] is None:
            break
        more = f"?limit=1&cursor={answer['next']}"
    assert len(whole) > 2
    assert whole == found


async def test_an_auditor_sees_names_masked_and_center_sees_none_of_it(place: School) -> None:
    await place.morning()
    seen = {one.get("name") for one in (await findings(place, role="auditor"))["findings"]} - {None}
    assert seen
    assert all(name.endswith("*") for name in seen)
    found = {role: (await place.get(DOOR, role))[0] for role in ROLES}
    refused = {"platform", "center", "trainee"}
    assert found == {role: 403 if role in refused else 200 for role in ROLES}
