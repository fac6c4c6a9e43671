"""What is wrong in a workbook, and where: one error a cell, all of them at once.

In: places and sentences from the readers. Out: `CellError`s a clerk can act on, `Note`s on what was
guessed or left out, and `WorkbookErrors` that carries them. Never: shows an identity number unmasked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Final, Literal

from openpyxl.utils import get_column_letter

from monitor.identity import Sentence, mask_within

Workbook = Literal["roster", "plan"]

WORKBOOKS: Final[dict[Workbook, Sentence]] = {
    "roster": Sentence("名册", "roster"),
    "plan": Sentence("课表", "plan"),
}

LONGEST_VALUE: Final = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, a row (column 0), a sheet (row 0) or a whole workbook (sheet ""); rows and columns from 1."""

    workbook: Workbook
    sheet: str = ""
    row: int = 0
    column: int = 0
    header: str = ""

    @property
    def cell(self) -> str:
        """As in "C7"; "" where the place is no single cell."""
        return f"{get_column_letter(self.column)}{self.row}" if self.row and self.column else ""

    def said(self, lang: str = "zh") -> str:
        """As in 名册 / 学员名册 / 第7行 / E列“身份证号”."""
        english = lang == "en"
        parts = [WORKBOOKS[self.workbook].said(lang)]
        if self.sheet:
            parts.append(self.sheet)
        if self.row:
            parts.append(f"row {self.row}" if english else f"第{self.row}行")
        if self.column:
            letter = get_column_letter(self.column)
            quoted = f' "{self.header}"' if english else f"“{self.header}”"
            parts.append((f"column {letter}" if english else f"{letter}列") + (quoted if self.header else ""))
        return " / ".join(parts)


@dataclass(frozen=True, slots=True)
class CellError:
    """One cell (or row, or sheet) that can't be taken: what stands there and what was expected."""

    place: Place
    value: str
    expected: Sentence

    @property
    def workbook(self) -> Workbook:
        """`roster` or `plan`."""
        return self.place.workbook

    @property
    def sheet(self) -> str:
        """The sheet's title; "" for the whole workbook."""
        return self.place.sheet

    @property
    def row(self) -> int:
        """From 1; 0 for the whole sheet."""
        return self.place.row

    @property
    def column(self) -> str:
        """The column's header as it stands in the sheet, or its letter where it has none."""
        return self.place.header or (get_column_letter(self.place.column) if self.place.column else "")

    @property
    def cell(self) -> str:
        """As in "C7"."""
        return self.place.cell

    def sentence(self, lang: str = "zh") -> str:
        """The whole error on one line: place, value, what was expected."""
        value = f": {self.value}" if self.value else ""
        return f"{self.place.said(lang)}{value} —— {self.expected.said(lang)}"

    def as_dict(self) -> dict[str, str | int]:
        """For a script: every part on its own, both languages."""
        return {
            "workbook": self.workbook,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "cell": self.cell,
            "value": self.value,
            "expected": self.expected.en,
            "expected_zh": self.expected.zh,
        }

    def __str__(self) -> str:
        return self.sentence("en")


@dataclass(frozen=True, slots=True)
class Note:
    """What was guessed, changed or left out while reading; nothing that stops the import."""

    place: Place
    text: Sentence

    def sentence(self, lang: str = "zh") -> str:
        """The note on one line."""
        return f"{self.place.said(lang)} —— {self.text.said(lang)}"

    def __str__(self) -> str:
        return self.sentence("en")


class WorkbookErrors(ValueError):
    """The workbooks can't be taken; `errors` names every cell, `notes` what was guessed on the way."""

    def __init__(self, errors: list[CellError], notes: list[Note]) -> None:
        self.errors = errors
        self.notes = notes
        super().__init__("\n".join(str(error) for error in errors))


@dataclass(slots=True)
class Faults:
    """Gathers errors and notes in the order in which they are found."""

    errors: list[CellError] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    failed: set[Place] = field(default_factory=set)
    """Where there is an error already, so that an empty value is not one more."""

    def wrong(self, place: Place, value: object, zh: str, en: str) -> None:
        """One more error. The value is shortened, and identity numbers in it masked."""
        self.failed.add(place)
        self.errors.append(CellError(place, shown(value), Sentence(mask_within(zh), mask_within(en))))

    def note(self, place: Place, zh: str, en: str) -> None:
        """One more note."""
        self.notes.append(Note(place, Sentence(mask_within(zh), mask_within(en))))


def shown(value: object) -> str:
    """A cell's value as an error may show it: on one line, short, without identity numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = mask_within(" ".join(str(value).split())[: 2 * LONGEST_VALUE])
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
