"""A batch with one poisonous event: it alone is refused, and nobody chokes on it."""

from __future__ import annotations

import json

from tests.faults.child import nursery
from tests.faults.kept import entries
from tests.faults.sender import BATCH, Ground, Sender, client, event, proof

DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000


def poisons() -> dict[str, bytes]:
    """Each a JSON value that stands among good events."""
    base = json.dumps(event("poison"))

    def with_(**changes: object) -> bytes:
        return json.dumps({**event("poison"), **changes}).encode()

    return {
        "a number": b"17",
        "null": b"null",
        "an empty object": b"{}",
        "an array": b"[[[]]]",
        "no time": with_(time=None),
        "a time that does not exist": with_(time="2026-02-30T25:61:61Z"),
        "a time without offset": with_(time="2026-05-11T08:30:30"),
        "year 0": with_(time="0000-01-01T00:00:00Z"),
        "year 9999": with_(time="9999-12-31T23:59:59.999Z"),
        "an offset of a day": with_(time="2026-05-11T00:30:30+24:00"),
        "an id that is a number": with_(id=1),
        "an empty id": with_(id=""),
        "another source": with_(source="other"),
        "data that is none": with_(data="camera"),
        "a camera that is neither": with_(data={**event("x")["data"], "camera": "maybe"}),
        "a person": with_(data={**event("x")["data"], "person": "t01"}),
        "a correction": with_(type="attendance.corrected"),
        "a surrogate alone": base.replace('"poison"', '"\\ud800"').encode(),
        "a number beyond all": base.replace('"on"', "1e999999").encode(),
        "digits without end": base.replace('"on"', "9" * 5_000).encode(),
        "nested without end": base.encode()[:-1] + b',"deep":' + DEEP + b"}",
    }


async def test_one_poisonous_event_stops_no_other_and_survives_a_restart(ground: Ground) -> None:
    odd = {}
    async with nursery() as start:
        child = await start(ground.data)
        await child.listens()
        where = f"{child.url}/v1/ingest/main"
        async with client() as http:
            for n, (what, poison) in enumerate(poisons().items()):
                good = [json.dumps(event(f"good-{n}.{place}", n)).encode() for place in (0, 1)]
                body = b"[" + b",".join([good[0], poison, good[1]]) + b"]"
                headers = {**proof(f"p-{n}", body), "content-type": BATCH}
                async with http.post(where, data=body, headers=headers) as answer:
                    said = await answer.json(content_type=None)
                    if (
                        answer.status != 202
                        or said["accepted"] != 2
                        or [one["index"] for one in said["refused"]] != [1]
                    ):
                        odd[what] = (answer.status, said.get("reason"), said.get("accepted"))
            assert {} == odd
            attendance = f"{child.url}/v1/cohorts/bj-cnc-01/attendance"
            async with http.get(attendance, headers=ground.bearer("admin")) as answer:
                before = (answer.status, (await answer.json())["people"])
        assert 200 == before[0]
        assert [] == child.mishaps()
        await child.kill()
        child = await start(ground.data)
        await child.listens()
        async with client() as http:
            attendance = f"{child.url}/v1/cohorts/bj-cnc-01/attendance"
            async with http.get(attendance, headers=ground.bearer("admin")) as answer:
                assert before == (answer.status, (await answer.json())["people"])
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert len(poisons()) == len([entry for entry in await entries(ground.data) if entry.source == "main"])


async def test_a_body_that_is_no_json_is_kept_refused_and_harmless(ground: Ground) -> None:
    sender = Sender()
    async with nursery() as start:
        child = await start(ground.data)
        await child.listens()
        async with client() as http:
            bodies = [
                b"",
                b"[",
                b"nonsense",
                b"\xff\xfe[]",
                b'[{"a":1},]',
                DEEP,
                b"[" * 100_000,
                b"\0" * 1000,
            ]
            for n, body in enumerate(bodies):
                headers = {**proof(f"p-{n}", body), "content-type": BATCH}
                async with http.post(f"{child.url}/v1/ingest/main", data=body, headers=headers) as answer:
                    assert 400 == answer.status, body[:20]
            assert 202 == (await sender.post(http, child.url, sender.delivery()[0]))[0]
        assert 0 == await child.end()
        assert [] == child.mishaps()
    assert len(bodies) + 1 == len([entry for entry in await entries(ground.data) if entry.source == "main"])
