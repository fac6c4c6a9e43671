"""Two workbooks in, one cohort file out.

In: the bytes of a roster and of a plan. Out: `Imported`: the cohort file's object, the identity numbers
apart, and which cell each part came from; or `WorkbookErrors` with every error of both.
Never: puts an identity number into the cohort, an error or a note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from monitor.identity import Sentence
from monitor.workbook.class_sheet import DEFAULT_TIMEZONE, ClassSheet, read_class_sheet
from monitor.workbook.faults import CellError, Faults, Note, Place, Workbook, WorkbookErrors, shown
from monitor.workbook.grid import Book, open_book
from monitor.workbook.package import Unreadable
from monitor.workbook.participants import Participants
from monitor.workbook.people import Member, check_members, number_members
from monitor.workbook.roster import Head, find_roster, read_head, read_roster, read_teachers
from monitor.workbook.rule_words import in_chinese
from monitor.workbook.timetable import Lesson, find_timetable, read_timetable, session_object

_HEAD_KEYS: Final = (
    "name",
    "organizer",
    "organizer_id",
    "district",
    "project",
    "starts_on",
    "ends_on",
    "filed_at",
)
_STEP_UP: Final = re.compile(r"(\.[^.\[\]]+|\[\d+\])$")
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(slots=True)
class Imported:
    """What two workbooks say.

    `cohort`: the object of a cohort file. `identities`: person id to normalised identity number, to be kept
    encrypted and nowhere else. `places`: path in the cohort file, as in `sessions[3].periods[0]`, to cell.
    """

    cohort: dict[str, Any]
    identities: dict[str, str] = field(repr=False)
    notes: list[Note]
    places: dict[str, Place]

    @property
    def cells(self) -> dict[str, str]:
        """Each path with its cell in words, as in 课表 / 课表 / 第7行 / F列“开始时间”."""
        return {path: place.said("zh") for path, place in self.places.items()}

    def place(self, where: str) -> Place | None:
        """The cell of a path, or of the nearest part around it that has one."""
        while where:
            if where in self.places:
                return self.places[where]
            shorter = _STEP_UP.sub("", where)
            where = shorter if shorter != where else ""
        return None

    def cell_error(self, where: str, problem: str) -> CellError:
        """What is wrong with the cohort as a whole (a `CohortError`), said at the cell it comes from."""
        place = self.place(where)
        chinese = in_chinese(problem)
        if place is None:
            return CellError(Place("plan"), "", Sentence(f"{where}：{chinese}", f"{where}: {problem}"))
        return CellError(place, self._value(where), Sentence(chinese, problem))

    def _value(self, where: str) -> str:
        """What stands at a path of the cohort: a text, a number, or a period as in 08:30-09:15."""
        found: Any = self.cohort
        for key, index in _STEP.findall(where):
            try:
                found = found[key] if key else found[int(index)]
            except (KeyError, IndexError, TypeError):
                return ""
        if isinstance(found, list) and len(found) == 2 and ".periods[" in where:
            return "-".join(str(moment)[11:16] for moment in found)
        return shown(found) if isinstance(found, str | int) else ""


def read_workbooks(
    roster: bytes,
    plan: bytes,
    policy: str,
    cohort_id: str,
    *,
    known: Mapping[str, str] | None = None,
    sources: Sequence[Mapping[str, Any]] = (),
    sessions: Sequence[Mapping[str, Any]] = (),
    reserved: Collection[str] = (),
) -> Imported:
    """Read a roster and a plan into a cohort. Raises `WorkbookErrors` with every error of both workbooks.

    `known`: normalised identity number to person id, from the import before, so that people without an id in
    the roster keep theirs. `sources`: the cohort's sources where the class sheet names none. `sessions`:
    those of the cohort file that holds, so that sessions without an id keep theirs; `reserved`: ids that new
    ones must not get. What the
    counting rules ask of a cohort is not checked here. Takes up to a few seconds: not for an event loop.
    """
    faults = Faults()
    roster_book, plan_book = _open("roster", roster, faults), _open("plan", plan, faults)
    sheet = read_class_sheet(plan_book, cohort_id, faults) if plan_book else ClassSheet()
    roster_table = find_roster(roster_book, faults) if roster_book else None
    head = read_head(roster_table, faults) if roster_table else Head()
    _fill_from_head(sheet, head, faults)
    trainees = read_roster(roster_table, _first_day(sheet), faults) if roster_table else None
    teachers = read_teachers(plan_book, faults) if plan_book else None
    taken: set[str] = set()
    for members, prefix in ((trainees, "t"), (teachers, "w")):
        number_members(members or [], prefix, taken, known or {}, faults)
    check_members([*(trainees or []), *(teachers or [])])
    people = Participants(trainees, teachers)
    table = find_timetable(plan_book, faults) if plan_book else None
    lessons = read_timetable(table, sheet, people, faults, sessions, reserved) if table else []
    chosen = sheet.sources or [dict(source) for source in sources]
    if not chosen and any(lesson.session.get("mode") == "online" for lesson in lessons):
        _no_source(plan_book, sheet, faults)
    if faults.errors:
        raise WorkbookErrors(faults.errors, faults.notes)
    return _assembled(
        policy, cohort_id, sheet, chosen, [*(trainees or []), *(teachers or [])], people, lessons, faults
    )


def _open(workbook: Workbook, data: bytes, faults: Faults) -> Book | None:
    try:
        return open_book(workbook, data)
    except Unreadable as unreadable:
        faults.wrong(Place(workbook), None, *unreadable.sentence)
        return None


def _first_day(sheet: ClassSheet) -> date | None:
    stated = sheet.values.get("starts_on")
    return date.fromisoformat(stated) if stated else None


def _fill_from_head(sheet: ClassSheet, head: Head, faults: Faults) -> None:
    """The roster's head line stands in for what the class sheet leaves out; a difference is noted."""
    for key in ("organizer", "project", "starts_on", "ends_on"):
        value = getattr(head, key)
        if value is None:
            continue
        said = value.isoformat() if isinstance(value, date) else str(value)
        stated = sheet.values.get(key)
        if stated is None:
            sheet.values[key] = said
            sheet.places[key] = head.places[key]
        elif stated != said:
            faults.note(
                head.places[key],
                f"名册表头与“{sheet.title}”表不同，取“{sheet.title}”表的“{stated}”",
                f'differs from the sheet "{sheet.title}", which holds: "{stated}"',
            )


def _no_source(book: Book | None, sheet: ClassSheet, faults: Faults) -> None:
    faults.wrong(
        Place("plan" if book is None else book.workbook, sheet.title),
        None,
        "有线上课，却没有平台：请在“班次”表填“平台编号”和“摄像头证据”",
        "there are online sessions but no platform: fill in 平台编号 (source) and 摄像头证据 (camera) on the "
        "sheet 班次 (class)",
    )


def _assembled(
    policy: str,
    cohort_id: str,
    sheet: ClassSheet,
    sources: list[dict[str, Any]],
    members: list[Member],
    people: Participants,
    lessons: list[Lesson],
    faults: Faults,
) -> Imported:
    """The cohort file's object, with the cell that each part of it came from."""
    places: dict[str, Place] = {}
    head = {"id": cohort_id, "timezone": sheet.values.get("timezone") or DEFAULT_TIMEZONE}
    head |= {key: sheet.values[key] for key in _HEAD_KEYS if sheet.values.get(key) is not None}
    places |= {f"cohort.{key}": place for key, place in sheet.places.items() if " " not in key}
    for index in range(len(sheet.sources)):
        for key, written in (
            ("source", "id"),
            ("camera", "camera"),
            ("heartbeat_seconds", "heartbeat_seconds"),
        ):
            if f"{key} {index}" in sheet.places:
                places[f"sources[{index}].{written}"] = sheet.places[f"{key} {index}"]
        places[f"sources[{index}]"] = sheet.places[f"source {index}"]
    objects = [member.person for member in members]
    for index, member in enumerate(members):
        places[f"people[{index}]"] = member.row.table.grid.place(member.row.number)
        places |= {f"people[{index}].{key}": member.row.place(key) for key in member.row.table.columns}
    for person, row in people.found:
        places[f"people[{len(objects)}]"] = row.place("teacher")
        objects.append(person)
    for index, lesson in enumerate(lessons):
        path = f"sessions[{index}]"
        places |= {f"{path}.{key}" if key else path: place for key, place in lesson.places.items()}
        places |= {f"{path}.periods[{i}]": place for i, (_, place) in enumerate(lesson.periods)}
    cohort = {
        "policy": policy,
        "cohort": head,
        "sources": sources,
        "people": objects,
        "sessions": [session_object(lesson, sheet) for lesson in lessons],
    }
    identities = {str(member.person["id"]): member.number for member in members if member.number is not None}
    return Imported(cohort, identities, faults.notes, places)
