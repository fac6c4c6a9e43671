"""Deliveries at the door: who may look, what is found, and that who read the bytes is written down."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.serve.school import COHORT, School

NAME = "room=room-1&day=2026-05-11"


@pytest.fixture
async def auditor(place: School) -> str:
    """A token of an auditor of all cohorts."""
    return await place.token("auditor", name="auditor of all")


async def sent(place: School) -> list[str]:
    """Three deliveries: of room-1, of room-2, and of room-1 on the day after."""
    place.clock.to("2026-05-12T10:00:00+08:00")
    found = []
    for room, at in (
        ("room-1", "2026-05-11T09:00:00+08:00"),
        ("room-2", "2026-05-11T09:00:00+08:00"),
        ("room-1", "2026-05-12T09:00:00+08:00"),
    ):
        status, answer, _ = await place.push(
            [place.event("camera.heartbeat", "u-1", at, room=room, camera="on")]
        )
        assert status == 202
        found.append(answer["position"])
    return found


async def test_a_page_lists_what_is_about_a_room_on_a_day(place: School, auditor: str) -> None:
    first, _, third = await sent(place)
    for role in ("admin", auditor):
        status, answer, _ = await place.get(f"/v1/deliveries?source=main&{NAME}", role)
        assert status == 200
        (found,) = answer.pop("deliveries")
        entry = await place.parts.log.entry(int(first))
        assert found == {
            "position": first,
            "at": "2026-05-12T02:00:00.000Z",
            "source": "main",
            "webhook_id": entry.headers["webhook-id"],
            "events": 1,
            "refused": 0,
            "hash": entry.hash,
            "erased": False,
        }
        assert answer == {"next": None}
    _, answer, _ = await place.get("/v1/deliveries?source=main&room=room-1")
    assert [found["position"] for found in answer["deliveries"]] == [first, third]


async def test_pages_follow_one_another_to_the_end(place: School) -> None:
    expected = await sent(place)
    for asked in ("source=main", "source=main&room=room-1"):
        found, cursor = [], ""
        for _ in range(5):
            _, answer, _ = await place.get(f"/v1/deliveries?{asked}&limit=1{cursor}")
            found += [one["position"] for one in answer["deliveries"]]
            if answer["next"] is None:
                break
            cursor = f"&cursor={answer['next']}"
        else:
            raise AssertionError("there is no last page")
        assert found == (expected if asked == "source=main" else expected[::2])


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("", 400, "source"),
        ("source=", 400, "source"),
        ("source=nobody", 404, "nobody"),
        ("source=main&day=2026-02-30", 400, "day: there is no such day"),
        ("source=main&day=today", 400, "day: a day as in 2026-05-11"),
        ("source=main&room=a&session=b", 409, "not both"),
        ("source=main&rooms=a", 400, "rooms"),
        ("source=main&limit=0", 400, "limit"),
        ("source=main&cursor=!", 404, "cursor"),
        ("source=main&cursor=eHg", 404, "cursor"),
        ("source=main&source=main", 400, "2 times"),
    ],
)
async def test_what_is_asked_wrongly_is_said_to_be_so(
    place: School, asked: str, status: int, said: str
) -> None:
    found, problem, headers = await place.get(f"/v1/deliveries?{asked}")
    assert (found, headers["Content-Type"]) == (status, "application/problem+json")
    assert said in problem["detail"]


async def test_a_token_of_some_cohorts_finds_the_doors_closed(place: School) -> None:
    """Whatever is behind them: nobody knows yet of which cohort an event is."""
    (position, *_) = await sent(place)
    limited = [await place.token(role, cohorts=(COHORT,)) for role in ("admin", "auditor")]
    for token in limited:
        for path in (
            "/v1/deliveries?source=main",
            f"/v1/deliveries?source=main&{NAME}",
            "/v1/deliveries?source=nobody",
            f"/v1/deliveries/{position}",
            f"/v1/deliveries/{position}?full=true&reason=x",
            "/v1/deliveries/999",
        ):
            status, problem, _ = await place.get(path, token)
            assert (status, problem["reason"]) == (403, "forbidden")
            assert "--cohort" in problem["detail"]


async def test_one_delivery_can_be_checked_against_its_link_by_anybody(place: School, auditor: str) -> None:
    (position, *_) = await sent(place)
    _, told, _ = await place.get(f"/v1/deliveries/{position}?full=true&reason={quote('核对')}", auditor)
    body = base64.b64decode(told["body"])
    assert json.loads(body)[0]["data"]["room"] == "room-1"
    assert (told["body_sha256"], told["body_bytes"]) == (hashlib.sha256(body).hexdigest(), len(body))
    fields: dict[str, Any] = {
        "at": told["arrived_ms"],
        "body": told["body_sha256"],
        "decoder": told["decoder"],
        "headers": told["headers"],
        "kind": "delivery",
        "position": int(told["position"]),
        "source": told["source"],
    }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(bytes.fromhex(told["before"]) + canonical).hexdigest() == told["hash"]


async def readings(place: School) -> list[tuple[str, str, bool, str | None]]:
    return [
        (row["role"], row["door"], row["full"], row["why"]) for row in await place.parts.office.readings()
    ]


async def test_the_bytes_take_a_reason_and_who_read_them_is_written_down(place: School, auditor: str) -> None:
    (position, *_) = await sent(place)
    for role in ("admin", auditor):
        for asked in ("?full=true", "?full=true&reason=%20"):
            status, problem, _ = await place.get(f"/v1/deliveries/{position}{asked}", role)
            assert (status, problem["reason"]) == (403, "reason_needed")
    assert await readings(place) == []
    for role in ("admin", auditor):
        _, told, _ = await place.get(f"/v1/deliveries/{position}", role)
        assert "body" not in told
        _, told, _ = await place.get(f"/v1/deliveries/{position}?full=true&reason=x", role)
        assert "body" in told
    await place.get("/v1/deliveries?source=main", auditor)
    door = "GET /v1/deliveries/{position}"
    assert await readings(place) == [
        ("admin", door, True, "x"),
        ("auditor", door, False, None),
        ("auditor", door, True, "x"),
        ("auditor", "GET /v1/deliveries", False, None),
    ]


@pytest.mark.parametrize("position", ["0", "1", "999", "x", "-1", "1" * 30, "²"])
async def test_where_no_delivery_stands_there_is_none(place: School, position: str) -> None:
    status, problem, _ = await place.get(f"/v1/deliveries/{quote(position)}")
    assert (status, problem["reason"]) == (404, "not_found")


async def test_who_looks_first_is_told_to_come_again(place: School, monkeypatch: pytest.MonkeyPatch) -> None:
    await sent(place)
    with monkeypatch.context() as patch:
        patch.setattr("monitor.serve.deliveries._PATIENCE_S", 0.0)
        status, problem, headers = await place.get(f"/v1/deliveries?source=main&{NAME}")
    assert (status, problem["reason"], headers["Retry-After"]) == (503, "unavailable", "5")
    status, answer, _ = await place.get(f"/v1/deliveries?source=main&{NAME}")
    assert (status, len(answer["deliveries"])) == (200, 1)


async def test_an_erased_delivery_shows_its_hash_and_what_stands_there_now(place: School) -> None:
    (position, *_) = await sent(place)
    _, before, _ = await place.get(f"/v1/deliveries/{position}")
    await place.parts.office.erase(int(position), "asked", by="x", now=place.clock())
    _, told, _ = await place.get(f"/v1/deliveries/{position}?full=true&reason=x")
    assert (told["erased"], told["events"], told["body"], told["body_bytes"]) == (True, 0, "", 0)
    assert (told["body_sha256"], told["hash"]) == (before["body_sha256"], before["hash"])
