"""Every benchmark runs, at sizes that tell nothing, and says what it is to say. No figure is looked at."""

import json
from pathlib import Path

import pytest

from benchmarks import ROWS
from benchmarks.rounds import Wanted, result, rotated
from monitor.__main__ import main


def bench(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, object]]:
    assert 0 == main(["bench", "--json", "--rounds", "1", "--scale", "0.002", *arguments])
    told: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize(
    "name", [["P1", "P1s", "P2", "P3"], ["P5"], ["P7"], ["P8"], ["P9"], ["P10"], ["recount"]], ids="-".join
)
def test_a_benchmark_says_a_ratio_and_that_of_each_round(
    name: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = bench(capsys, "--only", ",".join(name))

    assert name == list(told)
    for row in told.values():
        assert [row["ratio"]] == row["rounds"]
        assert isinstance(row["ratio"], float | int)
        assert row["ratio"] > 0


def test_what_there_is_not_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["bench", "--only", "P1,P99"])
    assert f"monitor bench: no benchmark P99; there are {', '.join(ROWS)}\n" == capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--rounds", "0"], ["--scale", "0"]])
def test_sizes_that_are_none_are_refused(wrong: list[str]) -> None:
    assert 2 == main(["bench", "--only", "P9", *wrong])


def test_rounds_begin_with_another_side_each() -> None:
    order: list[str] = []
    found = rotated({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, Wanted([], 2))

    assert ["a", "b", "b", "a"] == order
    assert [{"a": None, "b": None}] * 2 == found


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    assert {"ratio": 2.0, "rounds": [1.0, 9.12, 2.0], "events": 3} == result([1, 9.1234, 2], events=3)


def test_what_others_are_made_of_is_missing_rather_than_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "python").chmod(0o700)

    row = bench(capsys, "--only", "P4", "--peers", str(tmp_path))["P4"]
    assert row["ratio"] is None
    assert "monitor bench --peers DIR" in str(row["missing"])
