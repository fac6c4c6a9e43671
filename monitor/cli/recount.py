"""`monitor recount`: a cohort's hours from two files, without server or database (WIRE section 3).

In: a cohort file and an event file (NDJSON). Out: one JSON object, or a table for people. Never: writes
anything, reads a clock.
"""

from __future__ import annotations

import argparse
import gc
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from typing import Any, BinaryIO, Final

from monitor import legible
from monitor.event import BadEvent
from monitor.hours.compare import NoAnswer, differences, instant_of
from monitor.hours.fold import Fold
from monitor.hours.plan import CohortFileError, Plan, open_cohort
from monitor.hours.recount import document, to_bytes
from monitor.instant import instant

_CHUNK: Final = 1 << 16
STANDINGS: Final = {
    "met": "已达标 met",
    "on_track": "正常 on track",
    "at_risk": "有风险 at risk",
    "unrecoverable": "已无法达标 unrecoverable",
    "short": "未达标 short",
}


def add(commands: Any) -> None:
    """Add `recount` to the command line."""
    command: argparse.ArgumentParser = commands.add_parser(
        "recount",
        help="recount a cohort from its files 离线复算",
        description="Recount a cohort's class hours from its file and its events: no server, no database. "
        "The same set of events gives the same bytes.",
    )
    command.add_argument("--cohort", required=True, metavar="COHORT.json", help="the cohort file 班次文件")
    command.add_argument(
        "--events",
        required=True,
        metavar="EVENTS.ndjson",
        help="CloudEvents, one a line (- for standard input)",
    )
    command.add_argument("--as-of", metavar="TIME", help="RFC 3339 with offset: 2026-05-22T18:00:00+08:00")
    command.add_argument(
        "--against",
        metavar="ANSWER.json",
        help="an answer of the service (attendance or one person), as it was saved: exit code 1 where a "
        "recount differs; as of the instant that it is for 与服务的回答核对",
    )
    command.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    command.add_argument(
        "--skip-bad", action="store_true", help="report event lines that can't be read, go on"
    )
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Recount and print; 0, or 2 for input that can't be read; 1 where an answer says something else."""
    try:
        answer = None if chosen.against is None else _answer(chosen.against)
        text = chosen.as_of or (None if answer is None else instant_of(answer))
        if text is None:
            return _wrong("--as-of TIME is needed, or --against ANSWER.json")
        as_of = instant(text)
    except NoAnswer as problem:
        return _wrong(f"{chosen.against}: {problem}")
    except ValueError as problem:
        return _wrong(f"--as-of {chosen.as_of or chosen.against}: {problem}")
    try:
        with open(chosen.cohort, "rb") as file:
            plan = open_cohort(file.read())
    except OSError as problem:
        return _wrong(f"{chosen.cohort}: {problem.strerror}")
    except CohortFileError as problem:
        for error in problem.errors:
            _wrong(f"{chosen.cohort}: {error}")
        return 2
    fold = Fold(plan)
    fold.up_to(as_of)
    with _no_collection():
        try:
            bad = _read(chosen.events, fold)
        except OSError as problem:
            return _wrong(f"{chosen.events}: {problem.strerror}")
        for line, bad_line in bad:
            _wrong(f"{chosen.events}:{line}: {bad_line}")
        if bad and not chosen.skip_bad:
            return _wrong(f"{len(bad)} of the lines can't be read; --skip-bad goes on without them")
        found = document(fold.result(as_of))
    if answer is not None:
        return _compared(found, answer, chosen)
    if chosen.json:
        sys.stdout.buffer.write(to_bytes(found))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(table(plan, found))
    return 0


def _answer(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            return legible.read(file.read())
    except OSError as problem:
        raise NoAnswer(problem.strerror) from None
    except legible.Illegible as problem:
        raise NoAnswer(f"is no answer: {problem}") from None


def _compared(found: dict[str, Any], answer: Any, chosen: argparse.Namespace) -> int:
    """Whether the answer says the same; 1 names each member in which it doesn't."""
    try:
        differing = differences(found, answer)
    except NoAnswer as problem:
        return _wrong(f"{chosen.against}: {problem}")
    for name in differing:
        print(f"不同 differs: {name}", file=sys.stderr)
    if not differing:
        print(f"一致 the same: {chosen.against}, {found['cohort']}, {found['as_of']}")
    return 1 if differing else 0


def _read(path: str, fold: Fold) -> list[tuple[int, BadEvent]]:
    """Fold every line of the file; returns those that can't be read, with their numbers."""
    bad: list[tuple[int, BadEvent]] = []
    before = 0
    with open(0 if path == "-" else path, "rb", buffering=0) as file:
        for chunk in _whole_lines(file):
            bad += [(before + number + 1, problem) for number, problem in fold.add_lines(chunk)]
            before += chunk.count(b"\n")
    return bad


def _whole_lines(file: BinaryIO | FileIO) -> Iterator[bytes]:
    """The file in chunks that end where a line does."""
    rest = b""
    while block := file.read(_CHUNK):
        whole, newline, rest_of_block = block.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = rest_of_block
        else:
            rest += block
    if rest:
        yield rest


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hundreds of thousands of events, none of them garbage: looking for some would cost half the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _wrong(sentence: str) -> int:
    print(f"monitor recount: {sentence}", file=sys.stderr)
    return 2


def table(plan: Plan, found: dict[str, Any]) -> str:
    """The result for people: one line a trainee, then how many findings of which kind."""
    policy = plan.policy
    rows = [["学员", "姓名", "学时", "研讨交流", "线上", "应出勤", "出勤率%", "签到", "可达", "缺", "状态"]]
    rows += [
        [
            one["id"],
            plan.people[one["id"]].name or "",
            f"{one['credited']}/{policy.total_hours}",
            f"{one['seminar']}/{policy.seminar_hours}",
            str(one["online"]),
            str(one["required"]),
            one["rate"] or "-",
            f"{one['slots_met']}/{one['slots_required']}",
            f"{one['possible']}+{one['possible_seminar']}",
            f"{one['gap']}+{one['gap_seminar']}",
            STANDINGS[one["standing"]],
        ]
        for one in found["people"]
    ]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    head = (
        f"{plan.cohort.name or plan.cohort.id}  {found['as_of']}  {policy.id}\n"
        f"出勤率 rate {found['rate'] or '-'}%  计划学时 planned {found['planned']['hours']}"
        f"（研讨交流 seminar {found['planned']['seminar']}）\n\n"
    )
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    counts: dict[str, int] = {}
    for finding in found["findings"]:
        counts[finding["code"]] = counts.get(finding["code"], 0) + 1
    noted = "".join(f"  {code} {count}\n" for code, count in counts.items())
    return (
        head
        + "".join(f"{line.rstrip()}\n" for line in lines)
        + (f"\n发现 findings\n{noted}" if noted else "")
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
