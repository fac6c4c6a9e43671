"""A cohort at a glance: as of the last change, and the same as the board's."""

import json

from tests.serve.school import COHORT, School
from tests.serve.test_board import live, told

OVERVIEW = f"/v1/cohorts/{COHORT}/overview"


async def test_it_says_what_the_board_says(place: School) -> None:
    place.clock.to("08:31:00")
    await place.push(place.beats("u-1", "08:25:30", "08:30:30"))
    status, shown, headers = await place.get(OVERVIEW, "teacher")
    assert (status, shown["trainees"], shown["name"]) == (200, 3, "数控高级研修班")
    assert [one["id"] for one in shown["running"]] == ["s01/0"]
    assert shown["next"]["id"] == "s01/1"
    async with live(place) as socket:
        state = (await told(socket))["state"]
    same = ("as_of", "position", "head", "rate", "planned", "policy", "running", "next", "quiet")
    assert {key: shown[key] for key in same} == {key: state[key] for key in same}
    standings = [person["standing"] for person in state["people"]]
    assert shown["standings"] == {word: standings.count(word) for word in standings}
    status, _, _ = await place.get(OVERVIEW, "teacher", **{"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_it_names_nobody(place: School) -> None:
    await place.morning()
    _, shown, _ = await place.get(OVERVIEW, "teacher")
    assert "张三" not in json.dumps(shown, ensure_ascii=False)


async def test_a_reading_by_the_center_is_noted(place: School) -> None:
    _, shown, _ = await place.get(OVERVIEW, "center")
    readings = await place.parts.office.readings(COHORT)
    assert shown["cohort"] == COHORT
    assert [(one["role"], one["door"]) for one in readings] == [
        ("center", "GET /v1/cohorts/{cohort}/overview")
    ]
