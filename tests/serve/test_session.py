"""Signing in: what opens, what does not, and what nobody can find out by trying."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.office.sessions import IDLE_MS, LIFE_MS
from monitor.serve.lockout import LONGEST_MS
from tests.serve.browser import CHROME, PASSWORD, UPGRADE, Browser, user, with_password
from tests.serve.school import COHORT, OTHER, School, opened, school, until


async def test_a_name_and_its_password_sign_in_and_the_cookie_opens_doors(place: School) -> None:
    await with_password(place, "teacher", "Yan", display="严老师", persons={COHORT: "w01"})
    async with Browser(place) as browser:
        assert (await browser.get("/v1/session"))[1] == {
            "user": None,
            "csrf": None,
            "session": None,
            "demo": False,
            "idle_seconds": None,
            "ends_at": None,
        }
        assert (await browser.get("/v1/cohorts"))[0] == 401
        status, told, headers = await browser.sign_in(" YAN ")
        assert (status, told["user"]["display"], told["user"]["persons"]) == (200, "严老师", {COHORT: "w01"})
        assert (await browser.get("/v1/session"))[1] == told
        status, cohorts, _ = await browser.get("/v1/cohorts")
        assert (status, [one["id"] for one in cohorts["cohorts"]]) == (200, [COHORT])
        cookie = headers["Set-Cookie"]
        assert cookie.startswith("monitor=")
        assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert (await browser.ask("DELETE", "/v1/session"))[0] == 204
        assert (await browser.get("/v1/cohorts"))[0] == 401


async def test_under_tls_the_cookie_is_of_this_host_alone(tmp_path: Path) -> None:
    async with school(tmp_path / "data", public_url="https://hours.example.org") as place:
        await with_password(place, "teacher", "yan")
        async with Browser(place) as browser:
            content = {"name": "yan", "password": PASSWORD}
            status, _, headers = await browser.ask(
                "POST", "/v1/session", json=content, origin="https://hours.example.org"
            )
    assert status == 200
    assert headers["Set-Cookie"].startswith("__Host-monitor=")
    assert "Secure" in {part.strip() for part in headers["Set-Cookie"].split(";")}


async def test_what_is_kept_holds_neither_password_nor_cookie_nor_secret(place: School) -> None:
    row = await user(place, "teacher", "yan")
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    async with Browser(place) as browser:
        await browser.post("/v1/link/use", {"secret": link.secret, "password": PASSWORD})
        cookie = browser.cookie
        again = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    assert cookie is not None
    folder = place.parts.office._folder.path
    kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    assert b"$argon2id$" in kept
    for text in (PASSWORD, cookie, link.secret, again.secret):
        assert text.encode() not in kept


# --- who may not ------------------------------------------------------------------------------------------


async def test_unknown_names_and_wrong_passwords_are_answered_alike(place: School) -> None:
    await with_password(place, "teacher", "yan")
    await user(place, "teacher", "invited")
    gone = await with_password(place, "teacher", "gone")
    await place.parts.office.change_user(gone.id, {"disabled": True}, by="tests", now=place.clock())
    answers = []
    async with Browser(place) as browser:
        for name, password in (
            ("yan", "wrong"),
            ("nobody", "wrong"),
            ("invited", ""),
            ("gone", PASSWORD),
            ("严", "x" * 900),
        ):
            status, told, headers = await browser.sign_in(name, password)
            told.pop("request_id")
            answers.append((status, told, "Set-Cookie" in headers))
    assert answers[0][0] == 401
    assert answers == [answers[0]] * 5


async def test_a_name_that_is_not_there_costs_as_much_work_as_one_that_is(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: each try verifies one hash, whoever it names."""
    await with_password(place, "teacher", "yan")
    passwords = place.parts.office.passwords
    await passwords.fits("warm", None)
    verify, counted = passwords._verify, []

    def counting(kept: str, typed: str) -> bool:
        counted.append(kept)
        return verify(kept, typed)

    monkeypatch.setattr(passwords, "_verify", counting)
    async with Browser(place) as browser:
        for name in ("yan", "nobody"):
            await browser.sign_in(name, "wrong")
    assert len(counted) == 2
    assert {hashed.split("$")[3] for hashed in counted} == {"m=65536,t=3,p=4"}


@pytest.mark.parametrize("name", ["yan", "nobody"])
async def test_who_guesses_waits_longer_and_longer(place: School, name: str) -> None:
    await with_password(place, "teacher", "yan")
    waits: list[int] = []
    async with Browser(place) as browser:
        for _ in range(10):
            status, told, headers = await browser.sign_in(name, "wrong")
            if status == 429:
                assert (told["reason"], int(headers["Retry-After"])) == ("locked_out", told["retry_after"])
                waits.append(told["retry_after"])
                assert (await browser.sign_in(name))[0] == 429  # the right one neither: it would tell
                place.clock.now += told["retry_after"] * 1000
                assert (await browser.sign_in(name, "wrong"))[0] == 401
            else:
                assert status == 401
    assert waits == [5, 10, 20, 40, 80]
    assert 80_000 < LONGEST_MS


async def test_who_signs_in_is_free_again_and_others_never_were_locked(place: School) -> None:
    await with_password(place, "teacher", "yan")
    await with_password(place, "clerk", "cha")
    async with Browser(place) as browser:
        for _ in range(2):
            for _ in range(4):
                assert (await browser.sign_in("yan", "wrong"))[0] == 401
            assert (await browser.sign_in("yan"))[0] == 200
        for _ in range(5):
            assert (await browser.sign_in("yan", "wrong"))[0] == 401
        assert (await browser.sign_in("yan", "wrong"))[0] == 429
        assert (await browser.sign_in("cha"))[0] == 200


@pytest.mark.parametrize("cookie", ["", "nonsense", "x" * 4_000, "🙂", "mon_abc_def"])
async def test_a_forged_cookie_opens_nothing(place: School, cookie: str) -> None:
    async with Browser(place) as browser:
        status, _, _ = await browser.get("/v1/cohorts", Cookie=f"monitor={cookie}")
        assert status == 401
        status, told, _ = await browser.get("/v1/session", Cookie=f"monitor={cookie}")
        assert (status, told["user"]) == (200, None)


async def test_a_token_is_no_cookie_and_a_cookie_no_token(place: School) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "admin"))
        assert (await place.get("/v1/cohorts", browser.cookie or ""))[0] == 401
        token = place.tokens["admin"]
        assert (await place.get("/v1/cohorts", None, Cookie=f"monitor={token}"))[0] == 401
        status, _, _ = await browser.get("/v1/cohorts", Authorization="Bearer nonsense")
        assert status == 401  # a token that does not hold is not made up for by the cookie


@pytest.mark.parametrize(
    ("origin", "csrf", "reason"),
    [
        ("", None, "csrf_refused"),
        ("", "nonsense", "csrf_refused"),
        ("https://elsewhere.example.org", "", "origin_refused"),
        ("null", "", "origin_refused"),
        (None, "", "origin_refused"),
    ],
)
async def test_what_another_page_asks_for_is_refused(
    place: School, origin: str | None, csrf: str | None, reason: str
) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "admin"))
        for method, path in (
            ("POST", "/v1/users"),
            ("DELETE", "/v1/session"),
            ("PUT", "/v1/session/password"),
            ("POST", f"/v1/cohorts/{COHORT}/people/t01/accounts"),
        ):
            status, told, _ = await browser.ask(method, path, origin=origin, csrf=csrf, json={})
            assert (status, told["reason"]) == (403, reason)
        assert (await browser.get("/v1/session"))[1]["user"] is not None


async def test_the_token_header_of_one_session_is_none_of_anothers(place: School) -> None:
    admin = await user(place, "admin")
    async with Browser(place) as one, Browser(place) as other:
        await one.begin(admin)
        await other.begin(admin)
        assert one.csrf != other.csrf
        status, told, _ = await one.ask("DELETE", "/v1/session", csrf=other.csrf)
        assert (status, told["reason"]) == (403, "csrf_refused")


async def test_nobody_is_signed_in_by_a_page_of_another_origin(place: School) -> None:
    """Else somebody could be made to work in a session that is not theirs."""
    row = await with_password(place, "teacher", "yan")
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock(), straight=True)
    async with Browser(place) as browser:
        for path, content in (
            ("/v1/session", {"name": "yan", "password": PASSWORD}),
            ("/v1/link", {"secret": link.secret}),
            ("/v1/link/use", {"secret": link.secret}),
        ):
            status, told, headers = await browser.ask(
                "POST", path, json=content, origin="https://elsewhere.example.org"
            )
            assert (status, told["reason"], "Set-Cookie" in headers) == (403, "origin_refused", False)


# --- how it ends ------------------------------------------------------------------------------------------


async def test_a_session_ends_when_nobody_uses_it(place: School) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        for _ in range(3):
            place.clock.now += IDLE_MS - 1
            assert (await browser.get("/v1/cohorts"))[0] == 200
        place.clock.now += IDLE_MS
        assert (await browser.get("/v1/cohorts"))[0] == 401
        assert (await browser.get("/v1/session"))[1]["user"] is None


async def test_a_session_ends_however_it_is_used(place: School) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        for _ in range(LIFE_MS // (IDLE_MS // 2) - 1):
            place.clock.now += IDLE_MS // 2
            assert (await browser.get("/v1/cohorts"))[0] == 200
        place.clock.now += IDLE_MS // 2
        assert (await browser.get("/v1/cohorts"))[0] == 401


async def test_sessions_outlive_the_service_and_links_do_too(tmp_path: Path) -> None:
    async with school(tmp_path / "data") as place:
        row = await user(place, "teacher", "yan")
        async with Browser(place) as browser:
            await browser.begin(row)
            cookie = browser.cookie or ""
        link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
        clock = place.clock
        clock.now += 60_000
    async with opened(tmp_path / "data", clock) as place, Browser(place) as browser:
        browser.carry(cookie)
        assert (await browser.get("/v1/session"))[1]["user"]["name"] == "yan"
        status, told, _ = await browser.post("/v1/link", {"secret": link.secret})
        assert (status, told["kind"], told["needs"]) == (200, "invitation", ["password"])


@pytest.mark.parametrize(
    "change",
    [{"role": "clerk"}, {"cohorts": (OTHER,)}, {"persons": {COHORT: "w01"}}, {"disabled": True}],
)
async def test_a_change_of_rights_ends_sessions_sockets_and_links(
    place: School, change: dict[str, Any]
) -> None:
    row = await user(place, "teacher")
    async with Browser(place) as browser:
        await browser.begin(row)
        link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
        address = f"{place.url}/v1/live?cohort={COHORT}"
        async with browser.http.ws_connect(address, headers={"Origin": place.url}) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
            await place.parts.office.change_user(row.id, change, by="tests", now=place.clock())
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)
        assert (await browser.get("/v1/cohorts"))[0] == 401
        assert (await browser.post("/v1/link", {"secret": link.secret}))[0] == 404


async def test_another_name_to_be_shown_ends_nothing(place: School) -> None:
    row = await user(place, "teacher")
    async with Browser(place) as browser:
        await browser.begin(row)
        await place.parts.office.change_user(row.id, {"display": "严老师"}, by="tests", now=place.clock())
        assert (await browser.get("/v1/session"))[1]["user"]["display"] == "严老师"


async def test_another_password_ends_all_other_sessions_and_goes_on_here(place: School) -> None:
    await with_password(place, "teacher", "yan")
    async with Browser(place) as here, Browser(place) as there:
        await here.sign_in("yan")
        await there.sign_in("yan")
        wrong = {"old": "not this one", "new": "another long sentence"}
        assert (await here.ask("PUT", "/v1/session/password", json=wrong))[1]["reason"] == "sign_in_failed"
        short = {"old": PASSWORD, "new": "short"}
        assert (await here.ask("PUT", "/v1/session/password", json=short))[1]["reason"] == "bad_password"
        before = here.cookie
        right = {"old": PASSWORD, "new": "another long sentence"}
        assert (await here.ask("PUT", "/v1/session/password", json=right))[0] == 200
        assert here.cookie != before
        assert (await here.get("/v1/cohorts"))[0] == 200
        assert (await there.get("/v1/cohorts"))[0] == 401
        assert (await there.sign_in("yan"))[0] == 401
        assert (await there.sign_in("yan", "another long sentence"))[0] == 200


async def test_who_has_a_session_can_not_guess_the_password_any_faster(place: School) -> None:
    await with_password(place, "teacher", "yan")
    async with Browser(place) as browser:
        await browser.sign_in("yan")
        statuses = [
            (await browser.ask("PUT", "/v1/session/password", json={"old": f"guess {n}", "new": new}))[0]
            for n in range(4)
            for new in ("another long sentence", "short")
        ]
        assert statuses == [401, 422] * 4
        statuses = [
            (await browser.ask("PUT", "/v1/session/password", json={"old": "x", "new": PASSWORD}))[0]
            for _ in range(2)
        ]
    assert statuses == [401, 429]


async def test_one_sees_and_ends_ones_own_sessions_and_no_others(place: School) -> None:
    mine, other = await user(place, "teacher", "yan"), await user(place, "teacher", "wu")
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit Version/19.0 Safari/604.1"
    async with Browser(place) as here, Browser(place, phone) as there, Browser(place) as theirs:
        await there.begin(mine)
        place.clock.now += 1000
        await here.begin(mine)
        await theirs.begin(other)
        (first, second) = (await here.get("/v1/sessions"))[1]["sessions"]
        assert (first["agent"], first["current"]) == ("Chrome · Windows", True)
        assert (second["agent"], second["current"]) == ("Safari · iPhone", False)
        strange = (await theirs.get("/v1/sessions"))[1]["sessions"][0]["session"]
        assert (await here.ask("DELETE", f"/v1/sessions/{strange}"))[0] == 404
        assert (await theirs.get("/v1/cohorts"))[0] == 200
        assert (await here.ask("DELETE", f"/v1/sessions/{second['session']}"))[0] == 204
        assert (await there.get("/v1/cohorts"))[0] == 401
        assert (await here.get("/v1/cohorts"))[0] == 200


async def test_no_address_and_no_more_of_the_browser_than_two_words_is_kept(place: School) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
    folder = place.parts.office._folder.path
    kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    assert b"Chrome" in kept
    for text in (CHROME, "127.0.0.1:5", "Chrome/140"):
        assert text.encode() not in kept


async def test_an_open_board_keeps_its_session_in_use(place: School) -> None:
    from monitor.app import _sweep

    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        address = f"{place.url}/v1/live?cohort={COHORT}"
        async with browser.http.ws_connect(address, headers={"Origin": place.url}) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
            await until(lambda: bool(place.parts.sockets))
            place.clock.now += IDLE_MS - 1
            await _sweep(place.parts)
            place.clock.now += IDLE_MS - 1
            assert (await browser.get("/v1/cohorts"))[0] == 200


async def test_a_board_ends_with_its_session(place: School) -> None:
    from monitor.app import _sweep

    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        address = f"{place.url}/v1/live?cohort={COHORT}"
        async with browser.http.ws_connect(address, headers={"Origin": place.url}) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
            await until(lambda: bool(place.parts.sockets))
            place.clock.now += LIFE_MS
            await _sweep(place.parts)
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)


# --- the live board ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://elsewhere.example.org", None])
async def test_a_board_by_cookie_needs_our_origin(place: School, origin: str | None) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        status, told, _ = await browser.ask(
            "GET", f"/v1/live?cohort={COHORT}", headers=UPGRADE, origin=origin
        )
        assert (status, told["reason"]) == (403, "origin_refused")


async def test_a_board_whose_session_is_over_is_asked_for_a_token(place: School) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher"))
        place.clock.now += IDLE_MS
        address = f"{place.url}/v1/live?cohort={COHORT}"
        async with browser.http.ws_connect(address, headers={"Origin": place.url}) as socket:
            assert (await socket.receive_json())["type"] == "auth_required"


@pytest.mark.parametrize("cohort", [OTHER, "nobody"])
async def test_a_board_of_a_cohort_not_given_is_told_so_where_a_page_can_read_it(
    place: School, cohort: str
) -> None:
    """On the socket: of a handshake that was refused a browser tells its page nothing."""
    async with Browser(place) as browser:
        await browser.begin(await user(place, "teacher", cohorts=(COHORT,)))
        address = f"{place.url}/v1/live?cohort={cohort}"
        async with browser.http.ws_connect(address, headers={"Origin": place.url}) as socket:
            told = await socket.receive_json()
            assert (told["type"], told["reason"]) == ("problem", "not_found")
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4404)


# --- links ------------------------------------------------------------------------------------------------


async def test_a_link_opens_once(place: School) -> None:
    row = await user(place, "teacher", "yan", display="严老师")
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    content = {"secret": link.secret, "password": PASSWORD}
    async with Browser(place) as browser, Browser(place) as thief:
        status, told, _ = await browser.post("/v1/link", {"secret": link.secret})
        assert (status, told["name"], told["display"], told["role"]) == (200, "yan", "严老师", "teacher")
        status, told, _ = await browser.post("/v1/link/use", {**content, "password": "short"})
        assert (status, told["reason"]) == (422, "bad_password")
        assert (await browser.post("/v1/link/use", content))[0] == 200
        for path, sent in (("/v1/link", {"secret": link.secret}), ("/v1/link/use", content)):
            status, told, headers = await thief.post(path, sent)
            assert (status, told["reason"], "Set-Cookie" in headers) == (404, "link_gone", False)


async def test_links_that_ended_were_used_or_never_were_are_answered_alike(place: School) -> None:
    row = await user(place, "teacher", "yan")
    office = place.parts.office
    first = await office.link_for(row.id, by="tests", now=place.clock())
    second = await office.link_for(row.id, by="tests", now=place.clock())
    place.clock.now = second.ends_at
    answers = []
    async with Browser(place) as browser:
        for secret in (first.secret, second.secret, "nonsense"):
            status, told, _ = await browser.post("/v1/link/use", {"secret": secret, "password": "short"})
            told.pop("request_id")
            answers.append((status, told))
    assert answers[0][1]["reason"] == "link_gone"
    assert answers == [answers[0]] * 3


async def test_two_at_once_with_one_link_are_one(place: School) -> None:
    import asyncio

    row = await user(place, "teacher", "yan")
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    async with Browser(place) as one, Browser(place) as other:
        content = {"secret": link.secret, "password": PASSWORD}
        answers = await asyncio.gather(one.post("/v1/link/use", content), other.post("/v1/link/use", content))
    assert sorted(status for status, _, _ in answers) == [200, 404]


async def test_a_reset_ends_sessions_and_the_old_password(place: School) -> None:
    row = await with_password(place, "teacher", "yan")
    async with Browser(place) as browser, Browser(place) as fresh:
        await browser.sign_in("yan")
        link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
        assert link.kind == "reset"
        assert (await browser.get("/v1/cohorts"))[0] == 200  # until it is used
        await fresh.post("/v1/link/use", {"secret": link.secret, "password": "another long sentence"})
        assert (await browser.get("/v1/cohorts"))[0] == 401
        assert (await browser.sign_in("yan"))[0] == 401
        assert (await browser.sign_in("yan", "another long sentence"))[0] == 200


async def test_the_first_link_makes_an_admin_and_then_none_any_more(place: School) -> None:
    office = place.parts.office
    old = await office.first_link(place.clock())
    link = await office.first_link(place.clock())
    assert old is not None
    assert link is not None
    content = {"secret": link.secret, "name": "guan", "display": "管理员", "password": PASSWORD}
    async with Browser(place) as browser:
        assert (await browser.post("/v1/link/use", {**content, "secret": old.secret}))[0] == 404
        status, told, _ = await browser.post("/v1/link", {"secret": link.secret})
        assert (told["kind"], told["needs"]) == ("first", ["name", "display", "password"])
        assert (await browser.post("/v1/link/use", {**content, "name": "a b"}))[1]["reason"] == "bad_name"
        status, told, _ = await browser.post("/v1/link/use", content)
        assert (status, told["user"]["role"], told["user"]["cohorts"]) == (200, "admin", None)
        assert (await browser.get("/v1/users"))[0] == 200
    assert await office.first_link(place.clock()) is None


async def test_no_address_holds_a_secret(place: School) -> None:
    """What follows # is sent to no server, so it stands in no log on the way."""
    row = await user(place, "teacher")
    link = await place.parts.office.link_for(row.id, by="tests", now=place.clock())
    address = place.parts.office.link_address(link)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/link#[\w-]{43}", address)


async def test_a_hash_of_other_parameters_is_made_anew_when_its_user_signs_in(place: School) -> None:
    from argon2 import PasswordHasher

    row = await with_password(place, "teacher", "yan")
    office = place.parts.office
    office._kept[row.id] = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    async with Browser(place) as browser:
        assert (await browser.sign_in("yan", "wrong"))[0] == 401
        assert "m=8192" in office._kept[row.id]
        assert (await browser.sign_in("yan"))[0] == 200
    assert "m=65536" in office._kept[row.id]
    assert await office.cabinet.keyring.passwords() == {row.id: office._kept[row.id]}
