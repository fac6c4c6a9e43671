"""Names: masked for center and auditor unless they ask in full; every reading of theirs is written down."""

from __future__ import annotations

import pytest

from monitor.serve.mask import masked
from tests.serve.school import COHORT, School

WAYS = (
    f"/v1/cohorts/{COHORT}",
    f"/v1/cohorts/{COHORT}/people/t01",
    f"/v1/cohorts/{COHORT}/shortfalls",
    f"/v1/cohorts/{COHORT}/attendance?format=csv",
    f"/v1/cohorts/{COHORT}/attendance?format=xlsx",
    f"/v1/cohorts/{COHORT}/attendance",
    "/v1/cohorts",
    "/v1/inbox",
)
NAMES = ("张三", "欧阳小四", "王老师")


def test_a_name_is_masked_whatever_its_length() -> None:
    assert [masked(name) for name in ("张三", "张小三", "欧", "", None)] == ["张*", "张*", "欧*", "", None]


@pytest.mark.parametrize("role", ["center", "auditor"])
async def test_no_door_shows_a_name_to_those_who_see_them_masked(place: School, role: str) -> None:
    await place.morning()
    for way in WAYS:
        async with place.http.get(place.url + way, headers=place.headers(role)) as answer:
            body = await answer.read()
        shown = b"".join(_texts(body)) if "xlsx" in way else body
        assert [name for name in NAMES if name.encode() in shown] == []


def _texts(body: bytes) -> list[bytes]:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return [book.read(name) for name in book.namelist()]


async def test_what_identifies_people_elsewhere_is_masked_too(place: School) -> None:
    _, answer, _ = await place.get(f"/v1/cohorts/{COHORT}", "auditor")
    assert answer["people"][0] == {"id": "t01", "role": "trainee", "name": "张*"}


async def test_staff_see_names(place: School) -> None:
    for role in ("teacher", "clerk", "approver", "admin"):
        _, answer, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t01", role)
        assert answer["name"] == "张三"


async def test_asked_in_full_names_are_whole_and_the_reason_is_written_down(place: School) -> None:
    door = f"/v1/cohorts/{COHORT}/people/t01"
    _, answer, _ = await place.get(f"{door}?full=true&reason=抽查", "auditor")
    assert answer["name"] == "张三"
    reading = (await place.parts.office.readings(COHORT))[-1]
    reading.pop("n")
    assert reading.pop("token")
    assert reading == {
        "at": place.clock(),
        "role": "auditor",
        "door": "GET /v1/cohorts/{cohort}/people/{person}",
        "cohort": COHORT,
        "person": "t01",
        "full": True,
        "why": "抽查",
    }


async def test_in_full_without_a_reason_is_refused(place: School) -> None:
    for query in ("full=true", "full=true&reason=", "full=true&reason=%20"):
        status, problem, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t01?{query}", "center")
        assert (status, problem["reason"]) == (403, "reason_needed")
    assert await place.parts.office.readings(COHORT) == []


async def test_each_reading_by_center_and_auditor_is_written_down(place: School) -> None:
    ways = [way for way in WAYS if way != "/v1/inbox"]
    for role in ("center", "auditor", "teacher", "admin"):
        for way in ways:
            await place.get(way, role)
    readings = await place.parts.office.readings()
    assert [reading["role"] for reading in readings] == ["center"] * len(ways) + ["auditor"] * len(ways)
    assert {reading["full"] for reading in readings} == {False}


async def test_a_reading_that_was_refused_is_none(place: School) -> None:
    await place.get(f"/v1/cohorts/{COHORT}/people/t99", "auditor")
    await place.get(f"/v1/cohorts/{COHORT}/attendance?as_of=2030-01-01T00:00:00Z", "auditor")
    assert await place.parts.office.readings() == []
