"""`monitor recount`: exit codes, the bytes on standard output, and what standard error names."""

import json
from pathlib import Path

import pytest

from monitor.__main__ import main
from monitor.hours.recount import recount, to_bytes
from monitor.instant import instant

from .cohorts import Made, make

CLASS = make(5)
Captured = pytest.CaptureFixture[bytes]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    return write(tmp_path, CLASS)


def write(folder: Path, made: Made, *extra: bytes) -> tuple[str, str]:
    cohort, events = folder / "cohort.json", folder / "events.ndjson"
    cohort.write_bytes(made.cohort_bytes)
    events.write_bytes(b"".join(line + b"\n" for line in [*made.lines[:3], *extra, *made.lines[3:]]))
    return str(cohort), str(events)


def run(cohort: str, events: str, *more: str, as_of: str = CLASS.as_of) -> int:
    return main(["recount", "--cohort", cohort, "--events", events, "--as-of", as_of, *more])


def expected_bytes() -> bytes:
    return to_bytes(recount(CLASS.cohort_bytes, CLASS.lines, instant(CLASS.as_of)))


def test_json_is_one_object_of_canonical_bytes(files: tuple[str, str], capsysbinary: Captured) -> None:
    assert run(*files, "--json") == 0
    out, err = capsysbinary.readouterr()
    assert expected_bytes() == out
    assert out.endswith(b"}\n")
    assert err == b""
    keys = ["as_of", "cohort", "findings", "people", "planned", "policy", "rate"]
    assert keys == list(json.loads(out))


def test_a_number_that_no_reader_takes_is_named_with_its_line(tmp_path: Path, capsysbinary: Captured) -> None:
    one = json.loads(CLASS.lines[0]) | {"id": "far too much"}
    files = write(tmp_path, CLASS, json.dumps(one)[:-1].encode() + b', "n": 1e999}')
    assert run(*files, "--json") == 2
    assert f"{files[1]}:4: n: a number beyond" in capsysbinary.readouterr().err.decode()
    assert run(*files, "--json", "--skip-bad") == 0
    assert expected_bytes() == capsysbinary.readouterr().out


def told(changes: dict[str, object]) -> dict[str, object]:
    """The answer of the attendance door to the same class, with members of its own, and changed ones."""
    answer = json.loads(expected_bytes())
    people = [{key: value for key, value in one.items() if key != "periods"} for one in answer["people"]]
    return {**answer, "people": people, "position": "7", "head": "ab", "demo": True, **changes}


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({}, []),
        ({"rate": "12.34"}, ["rate"]),
        ({"findings": []}, ["findings"]),
        ({"planned": {"hours": 1, "seminar": 1}, "policy": {}}, ["policy", "planned"]),
        ({"people": []}, ["people: others, or in another order"]),
    ],
)
def test_an_answer_of_the_service_is_compared_member_by_member(
    files: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    differing: list[str],
) -> None:
    """As of its own instant; each member in which it differs from the recount is named, with exit code 1."""
    (tmp_path / "answer.json").write_text(json.dumps(told(changes)))
    code = main(
        ["recount", "--cohort", files[0], "--events", files[1], "--against", str(tmp_path / "answer.json")]
    )
    out, err = capsys.readouterr()
    assert (code, bool(out)) == ((1, False) if differing else (0, True))
    assert [f"不同 differs: {name}" for name in differing] == err.splitlines()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"as_of": "2026-05-22T10:00:00Z"}', '{"as_of": "today"}'])
def test_what_is_no_answer_is_not_compared(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "answer.json").write_text(text)
    assert (
        main(
            [
                "recount",
                "--cohort",
                files[0],
                "--events",
                files[1],
                "--against",
                str(tmp_path / "answer.json"),
            ]
        )
        == 2
    )
    assert "answer.json" in capsys.readouterr().err


def test_the_order_of_the_lines_changes_no_byte(tmp_path: Path, capsysbinary: Captured) -> None:
    turned = Made(CLASS.seed, CLASS.cohort, [*CLASS.events[::-1], *CLASS.events[:9]], CLASS.as_of, 1)
    assert run(*write(tmp_path, turned), "--json") == 0
    assert expected_bytes() == capsysbinary.readouterr().out


def test_a_last_line_without_newline_is_read(files: tuple[str, str], capsysbinary: Captured) -> None:
    Path(files[1]).write_bytes(b"\n".join(CLASS.lines))
    assert run(*files, "--json") == 0
    assert expected_bytes() == capsysbinary.readouterr().out


def test_lines_that_end_as_on_windows_and_empty_lines_are_read(
    files: tuple[str, str], capsysbinary: Captured
) -> None:
    Path(files[1]).write_bytes(b"\r\n\r\n".join(CLASS.lines) + b"\r\n")
    assert run(*files, "--json") == 0
    assert expected_bytes() == capsysbinary.readouterr().out


def test_without_json_it_is_a_table_for_people(files: tuple[str, str], capsysbinary: Captured) -> None:
    assert run(*files) == 0
    out, err = capsysbinary.readouterr()
    for person in CLASS.cohort["people"]:
        if person["role"] == "trainee":
            assert person["id"] in out.decode()
    assert err == b""


def test_nothing_is_written_beside_what_is_printed(files: tuple[str, str], capsysbinary: Captured) -> None:
    folder = Path(files[0]).parent
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run(*files, "--json")
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsysbinary.readouterr()


BAD_LINES = {
    "no JSON": (b"{not json", ""),
    "half a line": (CLASS.lines[0][:40], ""),
    "not an object": (b'["specversion"]', ""),
    "not UTF-8": (b'{"specversion": "1.0", "id": "\xff"}', ""),
    "no time": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"camera.on","data":{"room":"r"}}',
        "time",
    ),
    "a time without offset": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"camera.on","time":"2026-05-11T08:30:00",'
        b'"data":{"room":"r"}}',
        "time",
    ),
    "a time that isn't one": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"camera.on","time":"2026-05-32T08:30:00Z",'
        b'"data":{"room":"r"}}',
        "time",
    ),
    "no id": (
        b'{"specversion":"1.0","source":"main","type":"camera.on","time":"2026-05-11T08:30:00Z",'
        b'"data":{"room":"r"}}',
        "id",
    ),
    "a heartbeat without camera": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"camera.heartbeat",'
        b'"time":"2026-05-11T08:30:00Z","data":{"room":"r"}}',
        "data.camera",
    ),
    "a heartbeat with a camera that is neither": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"camera.heartbeat",'
        b'"time":"2026-05-11T08:30:00Z","data":{"room":"r","camera":"dim"}}',
        "data.camera",
    ),
    "no room": (
        b'{"specversion":"1.0","id":"x","source":"main","type":"classroom.joined",'
        b'"time":"2026-05-11T08:30:00Z","data":{"account":"u-1"}}',
        "data.room",
    ),
    "another specversion": (
        b'{"specversion":"0.3","id":"x","source":"main","type":"camera.on","time":"2026-05-11T08:30:00Z",'
        b'"data":{"room":"r"}}',
        "specversion",
    ),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_stops_it_and_is_named_by_file_line_and_field(
    name: str, tmp_path: Path, capsysbinary: Captured
) -> None:
    line, field = BAD_LINES[name]
    files = write(tmp_path, CLASS, line)
    assert run(*files, "--json") == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert f"{files[1]}:4: {field}" in err.decode()


@pytest.mark.parametrize("name", BAD_LINES)
def test_skip_bad_reports_the_line_and_goes_on(name: str, tmp_path: Path, capsysbinary: Captured) -> None:
    line, field = BAD_LINES[name]
    files = write(tmp_path, CLASS, line)
    assert run(*files, "--json", "--skip-bad") == 0
    out, err = capsysbinary.readouterr()
    assert expected_bytes() == out
    assert f"{files[1]}:4: {field}" in err.decode()


BEATS = [
    event for event in CLASS.events if event["type"] == "camera.heartbeat" and "account" in event["data"]
]
BAD_BEATS = {
    "another specversion": ({"specversion": "0.3"}, "specversion"),
    "no specversion": ({"specversion": None}, "specversion"),
    "an empty id": ({"id": ""}, "id"),
    "an id that is a number": ({"id": 7}, "id"),
    "an empty source": ({"source": ""}, "source"),
    "a time without offset": ({"time": "2026-05-11T08:30:00"}, "time"),
    "a time that isn't one": ({"time": "2026-05-11T24:30:00Z"}, "time"),
    "a received time that isn't one": ({"receivedtime": "yesterday"}, "receivedtime"),
}


@pytest.mark.parametrize("name", BAD_BEATS)
def test_a_bad_beat_among_good_ones_with_the_same_data_is_found(
    name: str, tmp_path: Path, capsysbinary: Captured
) -> None:
    assert len(BEATS) > 100
    spoilt, field = BAD_BEATS[name]
    bad = json.dumps({**BEATS[-1], "id": "bad", **spoilt}, ensure_ascii=False).encode()
    files = write(tmp_path, CLASS)
    Path(files[1]).write_bytes(b"\n".join([*CLASS.lines, bad, *CLASS.lines]))
    assert run(*files, "--json", "--skip-bad") == 0
    out, err = capsysbinary.readouterr()
    assert expected_bytes() == out
    assert f"{files[1]}:{len(CLASS.lines) + 1}: {field}" in err.decode()
    assert run(*files, "--json") == 2
    assert capsysbinary.readouterr().out == b""


def test_skip_bad_reports_each_of_several(tmp_path: Path, capsysbinary: Captured) -> None:
    lines = [line for line, _ in BAD_LINES.values()]
    files = write(tmp_path, CLASS, *lines)
    assert run(*files, "--json", "--skip-bad") == 0
    out, err = capsysbinary.readouterr()
    assert expected_bytes() == out
    for number in range(len(lines)):
        assert f"{files[1]}:{number + 4}: " in err.decode()


def test_every_error_of_the_cohort_file_is_named(tmp_path: Path, capsysbinary: Captured) -> None:
    files = write(tmp_path, CLASS)
    cohort = json.loads(CLASS.cohort_bytes)
    cohort["policy"] = "nowhere"
    cohort["people"][0]["rol"] = "x"
    Path(files[0]).write_text(json.dumps(cohort), encoding="utf-8")
    assert run(*files, "--json") == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert f"{files[0]}: policy: " in err.decode()
    assert f"{files[0]}: people[0].rol: " in err.decode()


@pytest.mark.parametrize("missing", [0, 1])
def test_a_file_that_is_not_there_is_named(
    missing: int, files: tuple[str, str], capsysbinary: Captured
) -> None:
    Path(files[missing]).unlink()
    assert run(*files, "--json") == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert files[missing] in err.decode()


@pytest.mark.parametrize(
    "as_of", ["", "yesterday", "2026-05-11", "2026-05-11T08:30:00", "2026-13-01T00:00:00Z"]
)
def test_an_as_of_that_is_no_instant_is_wrong_use(
    as_of: str, files: tuple[str, str], capsysbinary: Captured
) -> None:
    assert run(*files, "--json", as_of=as_of) == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert b"--as-of" in err


def test_no_event_at_all_is_an_answer_too(files: tuple[str, str], capsysbinary: Captured) -> None:
    Path(files[1]).write_bytes(b"")
    assert run(*files, "--json") == 0
    assert to_bytes(recount(CLASS.cohort_bytes, [], instant(CLASS.as_of))) == capsysbinary.readouterr().out


def test_what_is_asked_wrongly_is_wrong_use(capsysbinary: Captured) -> None:
    assert main(["recount", "--json"]) == 2
    assert b"--cohort" in capsysbinary.readouterr().err
