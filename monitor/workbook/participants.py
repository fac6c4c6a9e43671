"""Who the timetable speaks of: a teacher's name or id, the trainees a session is for.

In: the people read, and cells of the timetable. Out: ids. Never: takes one of two people of the same name.
"""

from __future__ import annotations

import re
from typing import Any, Final

from monitor.workbook import values
from monitor.workbook.people import Member
from monitor.workbook.table import Row
from monitor.workbook.values import squeezed

_EVERYONE: Final = frozenset({"全体", "全体学员", "全部", "全班", "所有人", "all", "everyone"})
_STRONG: Final = re.compile(r"[;；,，、\n]+")


class Participants:
    """The people by id and by name. Without a sheet of teachers each new teacher's name is a new teacher."""

    def __init__(self, trainees: list[Member] | None, teachers: list[Member] | None) -> None:
        self.known = trainees is not None
        self.listed = teachers is not None
        self.trainees = _index(trainees or [])
        self.teachers = _index(teachers or [])
        self.found: list[tuple[dict[str, Any], Row]] = []
        self.taken = {
            str(m.person["id"]) for m in (*(trainees or []), *(teachers or [])) if m.person.get("id")
        }

    def teacher(self, row: Row) -> str | None:
        """The id of the row's teacher."""
        name = row.name("teacher", values.person_name)
        if name is None or squeezed(name) in ("-", "/", "无", "—", "——"):
            return None
        ids = self.teachers.get(squeezed(name), [])
        if len(ids) == 1:
            return ids[0]
        if len(ids) > 1:
            row.wrong(
                "teacher", "教师表里有同名的教师，请填教师编号", "two teachers have this name; give the id"
            )
            return None
        if len([part for part in _STRONG.split(name) if part.strip()]) > 1:
            row.wrong(
                "teacher",
                "一次课只填一位授课教师；其余的请写在“指导教师”列",
                "one teacher a session; name the others in the column 指导教师 (guide)",
            )
            return None
        if self.listed:
            row.wrong("teacher", "“教师”表里没有这位教师", "no such teacher on the sheet 教师 (teachers)")
            return None
        return self._new_teacher(name, row)

    def _new_teacher(self, name: str, row: Row) -> str:
        index = len(self.found) + 1
        while f"w{index:02d}" in self.taken:
            index += 1
        chosen = f"w{index:02d}"
        self.taken.add(chosen)
        self.found.append(({"id": chosen, "role": "teacher", "name": name}, row))
        self.teachers[squeezed(name)] = [chosen]
        row.note(
            "teacher",
            f"教师取自课表，编号{chosen}，没有平台账号；要核对教师到课，请填“教师”表",
            f"teacher taken from the timetable as {chosen}, without accounts; fill in the sheet 教师 "
            "(teachers) to have teachers proven",
        )
        return chosen

    def some(self, row: Row) -> list[str] | None:
        """The ids of who takes part; None for everyone."""
        text = row.read("people", values.filled)
        if text is None or squeezed(text) in _EVERYONE or not self.known:
            return None
        chosen: list[str] = []
        for part in _STRONG.split(text):
            whole = [part] if squeezed(part) in self.trainees else part.split()
            for name in whole:
                ids = self.trainees.get(squeezed(name), [])
                if len(ids) == 1:
                    chosen += [ids[0]] if ids[0] not in chosen else []
                elif ids:
                    row.wrong(
                        "people",
                        f"“{name}”有同名学员，请填学员编号",
                        f'two trainees are called "{name}"',
                        name,
                    )
                else:
                    row.wrong("people", f"名册里没有“{name}”", f'no trainee "{name}" on the roster', name)
        return chosen


def _index(members: list[Member]) -> dict[str, list[str]]:
    """Ids by id and by name."""
    found: dict[str, list[str]] = {}
    for member in members:
        chosen = str(member.person.get("id") or "")
        if not chosen:
            continue
        for word in {squeezed(chosen), squeezed(member.name)} - {""}:
            found.setdefault(word, []).append(chosen)
    return found
