"""`cohort`: files and workbooks in, the file again out."""

import asyncio
import json
from pathlib import Path

import pytest

from monitor.control import opened
from monitor.intake import Intake
from monitor.store.folder import Folder
from tests.cli.command import Command
from tests.cohort_file import COHORT, cohort_file
from tests.ingest.signing import NOW, SECRET, batch, event, signed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cohort.json"
    path.write_bytes(cohort_file())
    return path


def test_an_imported_cohort_is_listed_and_exported_as_it_was(monitor: Command, file: Path) -> None:
    done = monitor("cohort", "import", file)
    assert (done.code, "created" in done.out) == (0, True)
    assert "bj-cnc-01" in monitor("cohort", "list").out
    (row,) = json.loads(monitor("cohort", "list", "--json").out)
    assert (row["id"], row["versions"], row["sources"]) == ("bj-cnc-01", 1, ["main"])
    assert json.loads(monitor("cohort", "export", "bj-cnc-01").out) == COHORT


def test_importing_again_says_that_nothing_changed(monitor: Command, file: Path) -> None:
    monitor("cohort", "import", file)
    done = json.loads(monitor("cohort", "import", file, "--json").out)
    assert (done["created"], done["changed"]) == (False, False)


def test_every_error_of_a_file_is_named_with_it(monitor: Command, file: Path) -> None:
    file.write_bytes(cohort_file(policy="nowhere", misspelt=1))
    done = monitor("cohort", "import", file)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert all(f"monitor: {file}: " in line for line in lines)
    assert not Path(monitor.data).exists()


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{", "文件".encode("utf-16")])
def test_what_is_no_cohort_file_is_exit_code_2(monitor: Command, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    done = monitor("cohort", "import", file)
    assert (done.code, done.out) == (2, "")
    assert str(file) in done.err


def test_a_file_with_a_byte_order_mark_is_read(monitor: Command, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + cohort_file())
    assert monitor("cohort", "import", file).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.json"],
        ["a.json", "b.json", "c.json"],
        ["cohort.json", "--id", "x"],
        ["cohort.json", "cohort.json"],
    ],
)
def test_files_that_do_not_go_together_are_exit_code_2(
    monitor: Command, file: Path, arguments: list[str]
) -> None:
    done = monitor("cohort", "import", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err


def test_a_cohort_that_is_not_there_can_not_be_exported(monitor: Command, file: Path) -> None:
    monitor("cohort", "import", file)
    done = monitor("cohort", "export", "nowhere")
    assert (done.code, done.out) == (2, "")
    assert "nowhere" in done.err


def test_templates_are_written_and_are_not_overwritten(monitor: Command, tmp_path: Path) -> None:
    done = monitor("cohort", "template", tmp_path / "empty")
    assert done.code == 0
    written = [Path(line) for line in done.out.splitlines()]
    assert [path.suffix for path in written] == [".xlsx", ".xlsx"]
    assert all(path.exists() for path in written)
    again = monitor("cohort", "template", tmp_path / "empty")
    assert again.code == 1
    assert again.err


def test_empty_templates_are_declined_naming_the_sheet(monitor: Command, tmp_path: Path) -> None:
    books = monitor("cohort", "template", tmp_path).out.splitlines()
    done = monitor("cohort", "import", *books, "--policy", "beijing-2026", "--id", "x")
    assert done.code == 2
    assert "名册" in done.err
    english = monitor("cohort", "import", *books, "--policy", "beijing-2026", "--id", "x", "--lang", "en")
    assert "roster" in english.err


def test_workbooks_need_a_policy_and_an_id(monitor: Command, tmp_path: Path) -> None:
    books = monitor("cohort", "template", tmp_path).out.splitlines()
    done = monitor("cohort", "import", *books)
    assert (done.code, "--policy" in done.err) == (2, True)


def test_who_has_events_is_dropped_only_by_who_means_it(monitor: Command, tmp_path: Path) -> None:
    """Named with their hours, and by name; and it takes a reason."""
    asyncio.run(_pushed(monitor.data))
    (tmp_path / "fewer.json").write_bytes(cohort_file(people=COHORT["people"][1:]))
    done = monitor("cohort", "import", tmp_path / "fewer.json")
    assert done.code == 2
    assert "张三" in done.err
    assert "with 1 events" in done.err
    assert "--drop-people" in done.err
    assert "--why" in monitor("cohort", "import", tmp_path / "fewer.json", "--drop-people").err
    done = monitor("cohort", "import", tmp_path / "fewer.json", "--drop-people", "--why", "误报")
    assert (done.code, "张三" in done.err) == (0, True)


async def _pushed(data: str) -> None:
    async with opened(Folder(Path(data))) as (log, office):
        await office.import_cohort(cohort_file(), by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        body = batch(event())
        await Intake(log, office.source).deliver("main", signed("m", body), body, NOW)


def test_a_new_data_folder_is_told_of_and_a_failed_first_import_leaves_none(
    monitor: Command, file: Path, tmp_path: Path
) -> None:
    """Whoever stands in the wrong folder sees it at once."""
    (tmp_path / "bad.json").write_bytes(cohort_file(policy="nowhere-1999"))
    done = monitor("cohort", "import", tmp_path / "bad.json")
    assert (done.code, "made a new data folder" in done.err) == (2, False)
    assert not Path(monitor.data).exists()
    done = monitor("cohort", "import", file)
    assert f"made a new data folder: {Path(monitor.data).resolve()}" in done.err
    assert "made a new data folder" not in monitor("cohort", "import", file).err
    assert monitor("cohort", "import", tmp_path / "bad.json").code == 2
    assert "bj-cnc-01" in monitor("cohort", "list").out


def test_an_empty_timetable_is_told(monitor: Command, file: Path) -> None:
    file.write_bytes(cohort_file(sessions=[]))
    done = monitor("cohort", "import", file)
    assert done.code == 0
    assert "bj-cnc-01: 课表是空的" in done.err
    file.write_bytes(cohort_file())
    assert "课表" not in monitor("cohort", "import", file).err
