"""A table within a sheet: where its heading is, which column is which, and reading it row by row.

In: a grid and the columns one may expect. Out: a `Table`, and `Row`s that turn cells into values and report
the cells that can't be. Never: depends on where the table starts, or on the order of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from monitor.identity import holds_number, mask_within
from monitor.workbook import values
from monitor.workbook.columns import Column, spot
from monitor.workbook.faults import Faults, Place
from monitor.workbook.grid import Grid, Value
from monitor.workbook.values import Unfit, squeezed

T = TypeVar("T")

DEEPEST_HEADING: Final = 60
TALLEST_HEADING: Final = 3
BANNER_SHARE: Final = 3


@dataclass(slots=True)
class Table:
    """A heading found: `columns` by key, `headings` by column as they stand, `extra` the unknown ones."""

    grid: Grid
    head_row: int
    last_head_row: int
    columns: dict[str, int] = field(default_factory=dict)
    headings: dict[int, str] = field(default_factory=dict)
    extra: dict[int, str] = field(default_factory=dict)

    def place(self, key: str, row: int | None = None) -> Place:
        """The cell of a column in a row (its heading without one); the row where the column is missing."""
        column = self.columns.get(key, 0)
        return self.grid.place(self.head_row if row is None else row, column, self.headings.get(column, ""))

    def repeats_heading(self, row: int) -> bool:
        """Whether a row below is the heading once more, as on a second printed page."""
        same = sum(
            squeezed(str(self.grid.own(row, column) or "")) == squeezed(heading)
            for column, heading in self.headings.items()
        )
        return same >= min(3, len(self.headings))

    def banner(self, row: int) -> str | None:
        """The text of a cell merged across the row (a title, 午休), which is no data."""
        for column in self.grid.filled(row):
            if self.grid.width(row, column) >= max(BANNER_SHARE, len(self.columns) // 2):
                return str(self.grid.own(row, column))
        return None


def find_table(grid: Grid, columns: tuple[Column, ...], anchors: set[str]) -> Table | None:
    """The table whose heading names the most known columns, all `anchors` among them; None without one."""
    best: Table | None = None
    for row in range(1, min(grid.rows, DEEPEST_HEADING) + 1):
        table = _heading(grid, columns, row)
        if anchors <= table.columns.keys() and (best is None or len(table.columns) > len(best.columns)):
            best = table
    return best


def _heading(grid: Grid, columns: tuple[Column, ...], row: int) -> Table:
    """The table as it would be if its heading ended in or began with this row."""
    tops = [grid.origin(row, column)[0] for column in range(1, grid.columns + 1)]
    top = max(min(tops, default=row), row - TALLEST_HEADING + 1)
    bottom = row
    for column in range(1, grid.columns + 1):
        start, left = grid.origin(row, column)
        if left == column:
            bottom = max(bottom, min(start + grid.height(start, column) - 1, row + TALLEST_HEADING - 1))
    table = Table(grid, row, bottom)
    meant = {column: _meaning(grid, columns, column, top, bottom) for column in range(1, grid.columns + 1)}
    for exact in (True, False):
        for column, (heading, found) in meant.items():
            if found is None or found.key in table.columns:
                continue
            if not exact or squeezed(heading).startswith(squeezed(found.header)):
                table.columns[found.key] = column
                table.headings[column] = heading
    table.extra = {
        column: heading for column, (heading, _) in meant.items() if heading and column not in table.headings
    }
    return table


def _meaning(
    grid: Grid, columns: tuple[Column, ...], column: int, top: int, bottom: int
) -> tuple[str, Column | None]:
    """What stands over a column, and which column that means: the lowest words, all together, the topmost."""
    levels: list[str] = []
    for row in range(top, bottom + 1):
        starts_here = grid.origin(row, column)[1] == column
        value = grid.held(row, column) if starts_here or row < bottom else None
        words = mask_within(" ".join(value.split())) if isinstance(value, str) else ""
        if words and words not in levels:
            levels.append(words)
    if not levels:
        return "", None
    together = "".join(levels)
    for tried in dict.fromkeys((levels[-1], together)):
        if found := spot(columns, tried):
            return tried, found
    return together, None


@dataclass(slots=True)
class Row:
    """One row of a table; what can't be read is reported once and comes back as None."""

    table: Table
    number: int
    faults: Faults

    def has(self, key: str) -> bool:
        """Whether anything stands in the column, held by a merged area or not."""
        return self.held(key) is not None

    def own(self, key: str) -> Value:
        """What stands in this very cell."""
        column = self.table.columns.get(key)
        return None if column is None else self.table.grid.own(self.number, column)

    def held(self, key: str) -> Value:
        """What a reader sees there, a merged area counting for all its rows."""
        column = self.table.columns.get(key)
        return None if column is None else self.table.grid.held(self.number, column)

    def place(self, key: str) -> Place:
        """Where the column's cell in this row is."""
        return self.table.place(key, self.number)

    def wrong(self, key: str, zh: str, en: str, value: object = None) -> None:
        """An error at the column's cell."""
        self.faults.wrong(self.place(key), self.held(key) if value is None else value, zh, en)

    def note(self, key: str, zh: str, en: str) -> None:
        """A note at the column's cell."""
        self.faults.note(self.place(key), zh, en)

    def read(self, key: str, convert: Callable[[Value], T], *, merged: bool = True) -> T | None:
        """The converted value; None, and an error, where it is not of the form expected."""
        try:
            return convert(self.held(key) if merged else self.own(key))
        except Unfit as unfit:
            self.wrong(key, *unfit.sentence)
            return None

    def name(self, key: str, convert: Callable[[Value], str | None] = values.filled) -> str | None:
        """Text that something is known by. An identity number in it is an error."""
        found = self.read(key, convert, merged=True)
        if found is not None and holds_number(found):
            self.wrong(
                key,
                "身份证号只能写在“身份证号”列，不能用在别处",
                "an identity number may stand in the column for it only",
            )
            return None
        return found

    def words(self, key: str) -> str | None:
        """Text that describes. An identity number in it is masked, with a note."""
        found = self.read(key, values.text)
        return None if found is None else masked(self.faults, self.place(key), found)


def masked(faults: Faults, place: Place, found: str) -> str:
    """The text without identity numbers; a note where there was one."""
    if not holds_number(found):
        return found
    faults.note(
        place,
        "其中的身份证号已遮去中间各位后保存",
        "the identity number in it is kept masked",
    )
    hidden = mask_within(found)
    return hidden if not holds_number(hidden) else "***"


def rows_below(table: Table, faults: Faults) -> Iterator[Row]:
    """The rows under the heading that hold something of their own and are no heading or banner again."""
    for number in range(table.last_head_row + 1, table.grid.rows + 1):
        if not table.grid.filled(number):
            continue
        if table.repeats_heading(number):
            continue
        if number in table.grid.hidden_rows:
            faults.note(
                table.grid.place(number), "这一行是隐藏的，也已读入", "this row is hidden and was read too"
            )
        yield Row(table, number, faults)


def check_heading(table: Table, columns: tuple[Column, ...], faults: Faults) -> None:
    """Errors for required columns that are missing and for known ones that are there twice."""
    for column in columns:
        if column.required and column.key not in table.columns:
            faults.wrong(
                table.grid.place(table.head_row),
                None,
                f"表头里找不到“{column.header}”列",
                f'the heading has no column "{column.header}" ({column.en})',
            )
    for number, heading in table.extra.items():
        if squeezed(heading) in {squeezed(known) for known in table.headings.values()}:
            faults.wrong(
                table.grid.place(table.head_row, number, heading),
                heading,
                f"“{heading}”列出现了两次，请只留一列",
                f'the column "{heading}" is there twice; keep one',
            )


def choose_sheet(
    candidates: list[tuple[Grid, Table]], titles: Sequence[str], what_zh: str, what_en: str, faults: Faults
) -> Table | None:
    """The sheet to read: the one with a title of ours, or the only one; an error where that is not clear."""
    if not candidates:
        return None
    titled = [pair for pair in candidates if squeezed(pair[0].title) in titles]
    chosen = titled if titled else candidates
    if len(chosen) > 1:
        names = "、".join(grid.title for grid, _ in chosen)
        faults.wrong(
            Place(chosen[0][0].workbook),
            names,
            f"有不止一张{what_zh}；请只留一张，或把不用的工作表隐藏",
            f"there is more than one {what_en}; keep one, or hide the sheets not meant",
        )
        return None
    grid, table = chosen[0]
    faults.note(
        grid.place(table.head_row),
        f"表头在第{table.head_row}行，读作{what_zh}",
        f"read as the {what_en}, its heading in row {table.head_row}",
    )
    return table
