"""What staff decide: cohorts from files, corrections by two people, accounts of the inbox."""

from __future__ import annotations

import json
from typing import Any

from tests.serve.school import COHORT, OTHER, SECRET, School, cohort_file

CORRECTIONS = f"/v1/cohorts/{COHORT}/corrections"
PROPOSAL = {
    "person": "t03",
    "session": "s01",
    "period": 0,
    "credit": True,
    "reason": "平台故障，教师点名在场",
}


async def test_the_list_holds_the_cohorts_given_and_no_other(place: School) -> None:
    found = {}
    for role in ("admin", "teacher", "auditor"):
        _, answer, _ = await place.get("/v1/cohorts", role)
        found[role] = [line["id"] for line in answer["cohorts"]]
    assert found == {"admin": [COHORT, OTHER], "teacher": [COHORT], "auditor": [COHORT]}


async def test_the_list_pages_by_cursor(place: School) -> None:
    _, first, _ = await place.get("/v1/cohorts?limit=1")
    _, second, _ = await place.get(f"/v1/cohorts?limit=1&cursor={first['next']}")
    assert [line["id"] for line in first["cohorts"] + second["cohorts"]] == [COHORT, OTHER]
    assert second["next"] is None


async def test_a_cohort_is_given_back_as_its_file(place: School) -> None:
    status, answer, _ = await place.get(f"/v1/cohorts/{COHORT}")
    entry = await place.parts.log.entry(int(answer.pop("position")))
    assert (status, answer.pop("head")) == (200, entry.hash)
    assert answer == cohort_file()


async def test_a_clerk_creates_a_cohort_and_is_given_it(place: School) -> None:
    status, answer, _ = await place.post("/v1/cohorts", "clerk", cohort_file("new-one"))
    assert (status, answer["id"], answer["created"]) == (201, "new-one", True)
    status, _, _ = await place.get("/v1/cohorts/new-one", "clerk")
    assert status == 200
    status, _, _ = await place.get("/v1/cohorts/new-one", "teacher")
    assert status == 404


async def test_a_changed_file_is_a_new_version_and_the_same_file_none(place: School) -> None:
    changed = cohort_file()
    changed["cohort"]["name"] = "数控高级研修班（二）"
    status, answer, _ = await place.post("/v1/cohorts", "clerk", changed)
    assert (status, answer["created"], answer["changed"]) == (200, False, True)
    _, again, _ = await place.post("/v1/cohorts", "clerk", changed)
    assert (again["changed"], again["version"]) == (False, answer["version"])


async def test_a_clerk_can_not_take_the_id_of_a_cohort_not_given(place: School) -> None:
    status, problem, _ = await place.post("/v1/cohorts", "clerk", cohort_file(OTHER))
    assert (status, problem["reason"]) == (409, "conflict")


async def test_an_id_that_stands_in_no_address_is_refused(place: School) -> None:
    for name in ("../x", "a b", "a\nb", ""):
        status, problem, _ = await place.post("/v1/cohorts", "admin", cohort_file(name))
        assert (status, problem["reason"]) == (422, "bad_cohort_file")
        assert [error["where"] for error in problem["errors"]] == ["cohort.id"]


async def test_all_errors_of_a_file_are_named_at_once(place: School) -> None:
    file = cohort_file("bad-one")
    file["sessions"][0]["kind"] = "lecutre"
    file["people"][0]["colour"] = "red"
    del file["people"][1]["role"]
    status, problem, _ = await place.post("/v1/cohorts", "clerk", file)
    assert (status, problem["reason"]) == (422, "bad_cohort_file")
    assert [error["where"] for error in problem["errors"]] == [
        "people[0].colour",
        "people[1].role",
        "sessions[0].kind",
    ]


async def test_a_file_that_contradicts_itself_is_a_conflict(place: School) -> None:
    file = cohort_file("bad-one")
    file["people"][1]["accounts"] = ["u-1"]
    status, problem, _ = await place.post("/v1/cohorts", "clerk", file)
    assert (status, problem["reason"]) == (409, "cohort_contradicts")
    assert [error["where"] for error in problem["errors"]] == ["people[1].accounts[0]"]


async def test_what_is_no_json_is_said_to_be_none(place: School) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        status, problem, _ = await place.ask(
            "POST", "/v1/cohorts", "clerk", headers={"Content-Type": "application/json"}, data=body
        )
        assert (status, problem["reason"]) == (422, "bad_cohort_file")


async def test_a_correction_counts_from_the_second_persons_word(place: School) -> None:
    await place.morning()
    status, told, _ = await place.post(CORRECTIONS, "teacher", PROPOSAL)
    assert (status, told["n"], told["state"]) == (201, 1, "proposed")
    _, before, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t03")
    assert before["periods"][0]["verdict"] == "refused"
    place.clock.to("10:30:00")
    status, told, _ = await place.post(f"{CORRECTIONS}/1/approve", "approver")
    assert (status, told["state"], told["approved_by"]) == (200, "approved", "approver of tests")
    _, after, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t03?events=s01/0")
    assert (after["periods"][0]["verdict"], after["periods"][0]["reason"]) == ("credited", "manual")
    proof = after["events"][-1]
    assert proof["event"]["data"]["approved_by"] == "approver of tests"
    assert proof["position"] == told["position"]


async def test_one_person_can_not_be_both(place: School) -> None:
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    place.tokens["second"] = await place.token("approver", cohorts=(COHORT,), name="clerk of tests")
    status, problem, _ = await place.post(f"{CORRECTIONS}/1/approve", "second")
    assert (status, problem["reason"]) == (403, "two_people")


async def test_what_is_decided_already_is_a_conflict(place: School) -> None:
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    await place.post(f"{CORRECTIONS}/1/approve", "approver")
    status, problem, _ = await place.post(f"{CORRECTIONS}/1/approve", "approver")
    assert (status, problem["reason"]) == (409, "conflict")


async def test_a_correction_of_nobody_or_nothing_is_not_found(place: School) -> None:
    for change in ({"person": "t99"}, {"session": "s99"}, {"period": 7}):
        status, problem, _ = await place.post(CORRECTIONS, "clerk", PROPOSAL | change)
        assert (status, problem["reason"]) == (404, "not_found")
    for number in ("1", "x", "99999999999"):
        status, _, _ = await place.post(f"{CORRECTIONS}/{number}/approve", "approver")
        assert status == 404


async def test_a_correction_that_is_not_whole_names_the_place(place: School) -> None:
    for change, place_named in (
        ({"credit": "yes"}, "$.credit"),
        ({"reason": " "}, "$.reason"),
        ({"who": 1}, "who"),
    ):
        status, problem, _ = await place.post(CORRECTIONS, "clerk", PROPOSAL | change)
        assert (status, problem["reason"]) == (400, "bad_body")
        assert place_named in problem["detail"]


async def test_an_id_number_in_a_reason_is_declined_and_not_repeated(place: School) -> None:
    number = "11010519491231002X"
    status, problem, _ = await place.post(CORRECTIONS, "clerk", PROPOSAL | {"reason": f"{number} 在场"})
    assert (status, problem["reason"]) == (409, "declined")
    assert number not in json.dumps(problem)


async def test_approvers_see_what_waits_for_them(place: School) -> None:
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    _, answer, _ = await place.get(CORRECTIONS, "approver")
    assert [(row["n"], row["state"], row["by"]) for row in answer["corrections"]] == [
        (1, "proposed", "clerk of tests")
    ]


async def test_the_inbox_holds_accounts_that_match_nobody(place: School) -> None:
    await place.morning()
    _, answer, _ = await place.get("/v1/inbox", "clerk")
    assert answer == {
        "inbox": [
            {"cohort": COHORT, "source": "main", "account": "u-7", "first_at": "2026-05-11T00:25:00.000Z"}
        ],
        "next": None,
    }


async def test_the_inbox_pages_over_cohorts(place: School) -> None:
    await place.push([place.event("classroom.joined", f"x-{n}", "08:19:00") for n in range(3)])
    found, query = [], "?limit=2"
    while True:
        _, answer, _ = await place.get(f"/v1/inbox{query}")
        found += [(row["cohort"], row["account"]) for row in answer["inbox"]]
        if answer["next"] is None:
            break
        query = f"?limit=2&cursor={answer['next']}"
    assert found == [(cohort, f"x-{n}") for cohort in (COHORT, OTHER) for n in range(3)]


async def test_a_bound_account_counts_from_the_start(place: School) -> None:
    await place.morning()
    door = f"/v1/cohorts/{COHORT}/people/t03"
    _, before, _ = await place.get(door)
    assert before["credited"] == 0
    status, bound, _ = await place.post(f"{door}/accounts", "clerk", {"account": "u-7", "source": "main"})
    assert (status, bound["account"]) == (200, "main/u-7")
    _, after, _ = await place.get(door)
    assert after["credited"] == 2
    _, answer, _ = await place.get("/v1/inbox", "clerk")
    assert answer["inbox"] == []


async def test_an_account_of_somebody_else_is_a_conflict(place: School) -> None:
    status, problem, _ = await place.post(
        f"/v1/cohorts/{COHORT}/people/t03/accounts", "clerk", {"account": "u-1"}
    )
    assert (status, problem["reason"]) == (409, "conflict")


async def test_a_decision_that_can_not_be_written_is_unavailable(place: School) -> None:
    place.parts.log._closing = True
    status, problem, headers = await place.post(CORRECTIONS, "clerk", PROPOSAL)
    assert (status, problem["reason"], headers["Retry-After"]) == (503, "unavailable", "5")


async def test_a_binding_to_a_platform_that_the_cohort_has_not_is_not_found(place: School) -> None:
    door = f"/v1/cohorts/{COHORT}/people/t03/accounts"
    for source in ("nowhere", "other"):
        status, problem, _ = await place.post(door, "clerk", {"account": "u-7", "source": source})
        assert (status, source in problem["detail"]) == (404, True)


async def test_a_binding_is_taken_back_and_the_account_is_in_the_inbox_again(place: School) -> None:
    """For a mistake; what the cohort file itself says is changed in the file."""
    await place.morning()
    door, person = f"/v1/cohorts/{COHORT}/people/t03/accounts", f"/v1/cohorts/{COHORT}/people/t03"
    for source, query in ((None, "?account=u-7"), ("main", "?account=u-7&source=main")):
        said = {"account": "u-7"} | ({"source": source} if source else {})
        status, _, _ = await place.post(door, "clerk", said)
        assert (status, (await place.get(person))[1]["credited"]) == (200, 2)
        status, answer, _ = await place.ask("DELETE", f"{door}{query}", "clerk")
        assert (status, answer["person"]) == (200, "t03")
        assert (await place.get(person))[1]["credited"] == 0
        assert [row["account"] for row in (await place.get("/v1/inbox", "clerk"))[1]["inbox"]] == ["u-7"]
        status, _, _ = await place.ask("DELETE", f"{door}{query}", "clerk")
        assert status == 404
    status, problem, _ = await place.ask("DELETE", f"{door}?account=u-3", "clerk")
    assert (status, "cohort file" in problem["detail"]) == (404, True)
    status, answer, _ = await place.post("/v1/cohorts", "clerk", cohort_file())
    assert (status, answer["changed"]) == (200, False)


async def test_what_was_proposed_by_mistake_is_withdrawn_and_what_is_not_so_is_rejected(
    place: School,
) -> None:
    for _ in range(2):
        await place.post(CORRECTIONS, "clerk", PROPOSAL)
    status, problem, _ = await place.post(f"{CORRECTIONS}/1/reject", "teacher")
    assert (status, problem["reason"]) == (403, "forbidden")
    found = [await place.post(f"{CORRECTIONS}/{n + 1}/reject", ("clerk", "approver")[n]) for n in range(2)]
    assert [(status, answer["state"], answer["rejected_by"]) for status, answer, _ in found] == [
        (200, "withdrawn", "clerk of tests"),
        (200, "rejected", "approver of tests"),
    ]
    _, answer, _ = await place.get(CORRECTIONS)
    assert [row["state"] for row in answer["corrections"]] == ["withdrawn", "rejected"]
    status, problem, _ = await place.post(f"{CORRECTIONS}/1/approve", "approver")
    assert (status, problem["reason"]) == (409, "conflict")


async def test_an_auditor_reads_corrections_masked_and_it_is_written_down(place: School) -> None:
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    await place.post(f"{CORRECTIONS}/1/approve", "approver")
    status, answer, _ = await place.get(CORRECTIONS, "auditor")
    (found,) = answer["corrections"]
    assert (status, found["by"], found["approved_by"]) == (200, "c*", "a*")
    assert found["reason"] == PROPOSAL["reason"]
    assert (await place.get(f"{CORRECTIONS}?full=true", "auditor"))[0] == 403
    _, answer, _ = await place.get(f"{CORRECTIONS}?full=true&reason=抽查", "auditor")
    assert answer["corrections"][0]["by"] == "clerk of tests"
    readings = await place.parts.office.readings(COHORT)
    assert [(one["role"], one["full"], one["why"]) for one in readings] == [
        ("auditor", False, None),
        ("auditor", True, "抽查"),
    ]
    assert (await place.get(CORRECTIONS, "center"))[0] == 403


# --- what a new version would part ------------------------------------------------------------------------

MOVED = ["2026-05-11T13:30:00+08:00", "2026-05-11T14:15:00+08:00"]


def with_sessions(*changes: dict[str, Any]) -> dict[str, Any]:
    sessions = [
        {**session, **change} for session, change in zip(cohort_file()["sessions"], changes, strict=False)
    ]
    return cohort_file(sessions=sessions)


async def test_a_session_that_something_names_does_not_become_another_by_accident(place: School) -> None:
    """Nor go: the correction would stand beside other hours. Each is named; who means it says so, and why."""
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    for changes in (({"periods": [MOVED]}, {}), ({"course": "安全"}, {}), ()):
        file = with_sessions(*changes)
        status, problem, _ = await place.post("/v1/cohorts", "clerk", file)
        assert (status, problem["reason"]) == (409, "conflict")
        first, how = problem["errors"]
        assert first["where"] == "sessions s01"
        assert "corrections 1" in first["problem"]
        assert "change_sessions=true" in how["problem"]
    status, problem, _ = await place.post("/v1/cohorts?change_sessions=true", "clerk", file)
    assert (status, "why" in problem["detail"]) == (409, True)
    status, answer, _ = await place.post("/v1/cohorts?change_sessions=true&why=备案变更", "clerk", file)
    assert (status, answer["changed"]) == (200, True)
    assert any("s01" in note for note in answer["notes"])
    entry = await place.parts.log.entry(int(answer["version"]))
    assert (entry.headers["why"], entry.headers["allowed"]) == ("备案变更", "change-sessions")


async def test_sessions_that_nothing_names_change_freely_and_so_does_all_else_of_a_session(
    place: School,
) -> None:
    await place.post(CORRECTIONS, "clerk", PROPOSAL)
    for changes in (({}, {"periods": [MOVED]}), ({"room": "room-2", "teacher": None}, {}), ({},)):
        status, _, _ = await place.post("/v1/cohorts", "clerk", with_sessions(*changes))
        assert status == 200


async def test_sign_ins_and_excuses_name_their_session_too(place: School) -> None:
    office, now = place.parts.office, place.clock()
    await office.add_source("hall", "native", secret=SECRET, may_sign_in=True, by="tests", now=now)
    hall = {"sources": [*cohort_file()["sources"], {"id": "hall", "camera": "none"}]}
    status, _, _ = await place.post("/v1/cohorts", "admin", cohort_file(**hall))
    assert status == 200
    events = [
        {**place.event(kind, "u-1", "08:19:00", session="s02", room=None), "source": "hall"}
        for kind in ("attendance.signed-in", "attendance.signed-out")
    ]
    headers, body = place.signed([*events, events[0]])
    status, _, _ = await place.ask("POST", "/v1/ingest/hall", None, headers=headers, data=body)
    assert status == 202
    await office.excuse(COHORT, "t02", "s02", "病假", by="李", token="t", now=now)
    status, problem, _ = await place.post("/v1/cohorts", "admin", with_sessions({}) | hall)
    assert (status, problem["errors"][0]["where"]) == (409, "sessions s02")
    assert "sign-ins and sign-outs: 2, excuses: 1" in problem["errors"][0]["problem"]


async def test_people_of_whom_there_are_events_do_not_go_by_accident(place: School) -> None:
    """Each is named with events and hours, by id only, and the tokens that would open nothing any more."""
    await place.morning()
    token = next(row.id for row in place.parts.office.tokens() if row.person == "t01")
    everybody = cohort_file()["people"]
    without = [cohort_file(people=everybody[:2] + everybody[3:]), cohort_file(people=everybody[1:])]
    status, answer, _ = await place.post("/v1/cohorts", "clerk", without[0])
    assert (status, [note for note in answer["notes"] if "t03" in note] != []) == (200, True)
    status, problem, _ = await place.post("/v1/cohorts", "clerk", without[1])
    assert (status, problem["reason"]) == (409, "conflict")
    first, how = problem["errors"]
    assert first["where"] == "people t01"
    assert f"with 203 events and 2 hours; token {token}" in first["problem"]
    assert "张三" not in json.dumps(problem, ensure_ascii=False)
    assert "drop_people=true" in how["problem"]
    status, answer, _ = await place.post("/v1/cohorts?drop_people=true&why=PIPL", "clerk", without[1])
    assert (status, answer["changed"]) == (200, True)
    entry = await place.parts.log.entry(int(answer["version"]))
    assert entry.headers["allowed"] == "drop-people"
