"""A workbook as grids of plain values, one a sheet.

In: the bytes of an .xlsx file. Out: `Book`: for each sheet what stands in each cell, which merged area
covers it, which rows are hidden. Formulas give the value that was stored with them. Never: keeps the file
open, or trusts the sheet's own word on how large it is.

openpyxl reads in its streaming mode: the other one builds every cell that a merged area or a link claims to
cover, which a hostile file can make billions of. What streaming leaves out comes from `package.examine`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import openpyxl
from openpyxl.utils.datetime import MAC_EPOCH

from monitor.identity import mask_within
from monitor.workbook.faults import Place, Workbook
from monitor.workbook.package import MOST_COLUMNS, MOST_ROWS, Area, SheetFacts, Unreadable, examine


@dataclass(frozen=True, slots=True)
class Unsolved:
    """A formula whose value was never stored in the file."""

    def __str__(self) -> str:
        return "=…"


@dataclass(frozen=True, slots=True)
class Broken:
    """An error value, as in #N/A."""

    code: str

    def __str__(self) -> str:
        return self.code


Value = str | int | float | bool | datetime | date | time | timedelta | Unsolved | Broken | None
At = tuple[int, int]


@dataclass(slots=True)
class Grid:
    """One sheet. Rows and columns count from 1, to the last one that holds anything."""

    workbook: Workbook
    title: str
    hidden: bool = False
    mac_dates: bool = False
    cells: dict[At, Value] = field(default_factory=dict)
    origins: dict[At, At] = field(default_factory=dict)
    areas: dict[At, Area] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    rows: int = 0
    columns: int = 0

    def own(self, row: int, column: int) -> Value:
        """What stands in this very cell; None in a cell that a merged area covers."""
        if self.origins.get((row, column), (row, column)) != (row, column):
            return None
        return self.cells.get((row, column))

    def held(self, row: int, column: int) -> Value:
        """What a reader sees there: a merged area holds one value for all of its cells."""
        return self.cells.get(self.origins.get((row, column), (row, column)))

    def origin(self, row: int, column: int) -> At:
        """Where the value that `held` gives stands."""
        return self.origins.get((row, column), (row, column))

    def width(self, row: int, column: int) -> int:
        """How many columns the cell spans."""
        area = self.areas.get((row, column))
        return area[3] - area[1] + 1 if area else 1

    def height(self, row: int, column: int) -> int:
        """How many rows the cell spans."""
        area = self.areas.get((row, column))
        return area[2] - area[0] + 1 if area else 1

    def filled(self, row: int) -> list[int]:
        """The columns of a row in which something of its own stands."""
        return [column for column in range(1, self.columns + 1) if self.own(row, column) is not None]

    def place(self, row: int = 0, column: int = 0, header: str = "") -> Place:
        """A place in this sheet."""
        return Place(self.workbook, self.title, row, column, header)


@dataclass(frozen=True, slots=True)
class Book:
    """All sheets of a workbook, in their order."""

    workbook: Workbook
    grids: list[Grid]

    def shown(self) -> Iterator[Grid]:
        """The sheets that are not hidden and hold anything."""
        return (grid for grid in self.grids if not grid.hidden and grid.cells)


def open_book(workbook: Workbook, data: bytes) -> Book:
    """The grids of a workbook. Raises `Unreadable`. Takes up to a few seconds: not for an event loop."""
    parts = examine(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Book(workbook, _grids(workbook, data, parts))
    except Unreadable:
        raise
    except Exception as problem:  # openpyxl raises whatever a malformed part leads it to
        raise Unreadable(
            "工作簿的内容读不出来；请用 Excel 或 WPS 打开后另存为 .xlsx 再试",
            "the workbook's contents can't be read; open it in Excel or WPS, save it as .xlsx and try again",
        ) from problem


def _grids(workbook: Workbook, data: bytes, parts: dict[str, SheetFacts]) -> list[Grid]:
    opened = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        mac_dates = opened.epoch == MAC_EPOCH
        grids = []
        for sheet in opened.worksheets:
            facts = parts.get(getattr(sheet, "_worksheet_path", ""))
            if facts is None:
                raise Unreadable(
                    f"工作表“{sheet.title}”读不出来；请用 Excel 或 WPS 打开后另存为 .xlsx",
                    f'the sheet "{sheet.title}" can\'t be read; open it in Excel or WPS and save it as .xlsx',
                )
            grid = Grid(workbook, mask_within(sheet.title), sheet.sheet_state != "visible", mac_dates)
            grid.hidden_rows = facts.hidden_rows
            _fill(grid, sheet, facts)
            _merge(grid, facts)
            grids.append(grid)
        if not grids:
            raise Unreadable(
                "工作簿里没有可读的工作表；请用 Excel 或 WPS 另存为普通的 .xlsx",
                "no readable sheet in the workbook; save it as an ordinary .xlsx with Excel or WPS",
            )
        return grids
    finally:
        opened.close()


def _fill(grid: Grid, sheet: object, facts: SheetFacts) -> None:
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS)  # type: ignore[attr-defined]
    for row, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells, start=1):
            value: Value = cell.value
            if cell.data_type == "e":
                value = Broken(str(value))
            elif value is None and facts.formulas.get((row, column), "str") != "str":
                value = Unsolved()
            elif isinstance(value, str) and not value.strip():
                value = None
            if value is not None:
                grid.cells[row, column] = value
                grid.rows = row
                grid.columns = max(grid.columns, column)


def _merge(grid: Grid, facts: SheetFacts) -> None:
    for area in facts.merged:
        top, left, bottom, right = area
        grid.areas[top, left] = area
        for row in range(top, min(bottom, grid.rows) + 1):
            for column in range(left, min(right, grid.columns) + 1):
                grid.origins[row, column] = (top, left)
