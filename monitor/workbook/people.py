"""One row about one person: trainee or teacher.

In: rows of the roster or of the sheet of teachers. Out: `Member`s: the person as the cohort file wants it,
the identity number apart. Never: puts an identity number into the person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from monitor.identity import gender, holds_number
from monitor.workbook import values
from monitor.workbook.columns import words_to_keys
from monitor.workbook.faults import Faults
from monitor.workbook.people_columns import GENDER_WORDS
from monitor.workbook.table import Row, masked

_GENDERS: Final = words_to_keys(GENDER_WORDS)
_SLASH: Final = re.compile(r"\s*[/／|]\s*")
_BLANK: Final = re.compile(r"[、,，;；\s]+")
LONGEST_WORK: Final = 200
"""A longer text is no employer and post that one could part."""

_LABELS: Final = re.compile(r"^(?:工作)?单位[:：]\s*(?P<employer>.+?)[\s,;，；/]*职务[:：]\s*(?P<post>.+)$")
_ORGANISATION: Final = re.compile(
    r"(公司|集团|厂|学院|学校|大学|中心|研究所|研究院|医院|局|院|社|店|事务所|工作室|企业)$"
)


@dataclass(slots=True)
class Member:
    """A person as read: `person` for the cohort file, `number` to be kept apart, encrypted."""

    row: Row
    person: dict[str, Any]
    number: str | None

    @property
    def name(self) -> str:
        """As it stands in the cohort file."""
        return str(self.person.get("name") or "")


def read_member(row: Row, role: str, on: date | None, *, number_needed: bool) -> Member:
    """One person. The id may still be missing: `number_members` gives it."""
    person: dict[str, Any] = {"id": row.name("id", values.ident), "role": role}
    person["name"] = row.name("name", values.person_name)
    number = _number(row, on, number_needed)
    person["accounts"] = _accounts(row)
    for key in ("enrolled_on", "withdrawn_on"):
        day = row.read(
            key, lambda value: values.day(value, row.table.grid.mac_dates, frozenset({on.year} if on else ()))
        )
        person[key] = None if day is None else day.isoformat()
    if person["enrolled_on"] and person["withdrawn_on"] and person["withdrawn_on"] < person["enrolled_on"]:
        row.wrong("withdrawn_on", "退班日期早于入班日期", "is before the first day")
    person["gender"] = _gender(row, number)
    person["employer"], person["post"] = _work(row)
    for key in ("education", "certificate", "level"):
        person[key] = row.words(key)
    person["note"] = _note(row)
    return Member(row, {key: value for key, value in person.items() if value not in (None, [])}, number)


def _number(row: Row, on: date | None, needed: bool) -> str | None:
    raw = row.own("identity")
    try:
        number = values.identity_number(raw, on)
    except values.Unfit as unfit:
        row.wrong("identity", *unfit.sentence, value=values.masked_cell(raw))
        return None
    if number is None and needed and "identity" in row.table.columns:
        row.wrong("identity", "身份证号不能为空", "must not be empty")
    return number


def _gender(row: Row, number: str | None) -> str | None:
    stated = row.read("gender", lambda value: values.one_of(value, _GENDERS, "男、女"))
    if stated is not None and number is not None and stated != gender(number):
        row.wrong(
            "gender",
            "与身份证号不符（第17位单数为男，双数为女）；请核对两处",
            "disagrees with the identity number (its 17th digit is odd for men); compare both",
        )
    return stated


def _accounts(row: Row) -> list[str]:
    accounts = row.read("accounts", values.items, merged=False) or []
    if any(holds_number(account) for account in accounts):
        row.wrong(
            "accounts",
            "不能用身份证号作平台账号；请让平台改用别的登录账号",
            "an identity number can't be an account; have the platform use another login",
        )
        return []
    return accounts


def _work(row: Row) -> tuple[str | None, str | None]:
    employer, post = row.words("employer"), row.words("post")
    together = row.words("work")
    if together is None:
        return employer, post
    first, second = split_work(together)
    return employer or first, post or second


def split_work(together: str) -> tuple[str, str | None]:
    """工作单位及职务 in two where that is clear: two parts, and the second is no organisation."""
    labelled = _LABELS.match(together) if len(together) <= LONGEST_WORK else None
    if labelled:
        return labelled["employer"].strip(), labelled["post"].strip()
    slashed = [part for part in _SLASH.split(together) if part]
    if len(slashed) == 2 and not _ORGANISATION.search(slashed[1]):
        return slashed[0], slashed[1]
    spaced = [part for part in _BLANK.split(together) if part]
    if len(spaced) == 2 and _ORGANISATION.search(spaced[0]) and not _ORGANISATION.search(spaced[1]):
        return spaced[0], spaced[1]
    return together, None


def _note(row: Row) -> str | None:
    """The note, and behind it every column that we have no place for, as 列名：值."""
    kept = [found] if (found := row.words("note")) else []
    for column, heading in extra_columns(row):
        place = row.table.grid.place(row.number, column, heading)
        try:
            found = values.text(row.table.grid.held(row.number, column))
        except values.Unfit as unfit:
            row.faults.wrong(place, row.table.grid.held(row.number, column), *unfit.sentence)
            continue
        if found is not None:
            kept.append(f"{heading}：{masked(row.faults, place, found)}")
    note = "；".join(kept)
    if len(note) > values.LONGEST_TEXT:
        row.wrong(
            "note",
            f"备注和不认识的列合起来太长，最多{values.LONGEST_TEXT}个字",
            f"note and unknown columns together are too long; at most {values.LONGEST_TEXT} characters",
            note,
        )
    return note or None


def extra_columns(row: Row) -> list[tuple[int, str]]:
    """The columns without a place of their own, by their headings or, where there is none, their letters."""
    table, found = row.table, []
    for column in range(1, table.grid.columns + 1):
        if column in table.headings or table.grid.origin(row.number, column)[1] != column:
            continue
        heading = table.extra.get(column)
        if heading is None and table.grid.own(row.number, column) is None:
            continue
        found.append((column, heading or f"{table.grid.place(1, column).cell[:-1]}列"))
    return found


def continue_member(member: Member, row: Row) -> None:
    """A further row of the same person, name and number merged over both: its texts join those above."""
    columns = {column: key for key, column in row.table.columns.items()}
    for column in row.table.grid.filled(row.number):
        key = columns.get(column, "note")
        if key == "number":
            continue
        key = key if key in ("education", "certificate", "level", "employer", "post", "note") else "note"
        place = row.table.grid.place(row.number, column, row.table.headings.get(column, ""))
        value = row.table.grid.own(row.number, column)
        try:
            found = values.text(value)
        except values.Unfit as unfit:
            row.faults.wrong(place, value, *unfit.sentence)
            continue
        if found is not None:
            kept = masked(row.faults, place, found)
            member.person[key] = f"{member.person[key]}；{kept}" if key in member.person else kept


def number_members(
    members: list[Member], prefix: str, taken: set[str], known: Mapping[str, str], faults: Faults
) -> None:
    """Give an id to each who has none: the one an earlier import gave to the same number, else the next free.

    `known`: identity number to id. `taken`: ids in use elsewhere; those given here are added.
    """
    first: dict[str, Row] = {}
    for member in members:
        chosen = member.person.get("id")
        if chosen is None:
            continue
        if chosen in first or chosen in taken:
            zh = f"第{first[chosen].number}行" if chosen in first else "另一张表"
            en = f"row {first[chosen].number}" if chosen in first else "another sheet"
            member.row.wrong("id", f"编号与{zh}重复", f"the id is used already in {en}")
        first.setdefault(chosen, member.row)
    taken |= first.keys()
    free = (f"{prefix}{index:02d}" for index in range(1, 10**6))
    reserved = taken | set(known.values())
    given = 0
    for member in members:
        if member.person.get("id") is not None:
            continue
        given += member.number is None
        earlier = known.get(member.number or "")
        if earlier is None or earlier in taken:
            earlier = next(candidate for candidate in free if candidate not in reserved)
        member.person = {"id": earlier} | {k: v for k, v in member.person.items() if k != "id"}
        taken.add(earlier)
    if given:
        table = members[0].row.table
        faults.note(
            table.place("id"),
            f"{given}人没有编号，也没有身份证号，已按顺序编号；以后插入新行会改变编号，请导出后填回",
            f"{given} people had neither id nor identity number and were numbered in order; a row inserted "
            "later changes the numbers, so fill them in",
        )


def check_members(members: list[Member]) -> None:
    """Nobody twice: not the same identity number, not the same account; the same name is only noted."""
    numbers: dict[str, Member] = {}
    accounts: dict[str, Member] = {}
    names: dict[str, Member] = {}
    for member in members:
        row = member.row
        if member.number is not None:
            before = numbers.setdefault(member.number, member)
            if before is not member:
                zh, en = _at(before, row)
                row.wrong(
                    "identity",
                    f"与{zh}的身份证号相同，同一人只能列一次",
                    f"the same identity number as in {en}; list each person once",
                    values.masked_cell(member.number),
                )
        for account in member.person.get("accounts", ()):
            before = accounts.setdefault(account, member)
            if before is not member:
                zh, en = _at(before, row)
                row.wrong("accounts", f"账号“{account}”已属于{zh}", f'"{account}" belongs to {en} already')
        before = names.setdefault(member.name, member)
        if member.name and before is not member:
            zh, en = _at(before, row)
            row.note(
                "name",
                f"与{zh}同名；参加人员中请用编号区分",
                f"the same name as in {en}; use ids to tell them apart",
            )


def _at(member: Member, row: Row) -> tuple[str, str]:
    """Where another person stands, seen from a row."""
    number, title = member.row.number, member.row.table.grid.title
    if member.row.table is row.table:
        return f"第{number}行", f"row {number}"
    return f"“{title}”表第{number}行", f'row {number} of sheet "{title}"'
