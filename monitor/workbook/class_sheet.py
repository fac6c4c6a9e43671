"""The class sheet (班次): what holds for the whole class, one line each, and the platforms it uses.

In: the plan's book. Out: `ClassSheet`: the cohort's own keys, the sources, the minutes of an hour and of a
break where rows don't say. Never: takes a line it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.event import OURS
from monitor.workbook import values
from monitor.workbook.class_columns import CAMERA_WORDS, CLASS, SOURCE_KEYS, TIMEZONE_WORDS
from monitor.workbook.columns import Column, spot, words_to_keys
from monitor.workbook.faults import Faults, Place, shown
from monitor.workbook.grid import Book, Grid, Value
from monitor.workbook.table import masked
from monitor.workbook.values import Unfit, squeezed

CLASS_TITLES: Final = ("班次", "班级", "班次信息", "班级信息", "基本信息", "class", "cohort")
DEFAULT_TIMEZONE: Final = "Asia/Shanghai"

_CAMERAS: Final = words_to_keys(CAMERA_WORDS)
_TIMEZONES: Final = words_to_keys(TIMEZONE_WORDS)
_HEADINGS: Final = ("项目", "内容", "说明", "值", "填写内容", "key", "value", "名称")
_OUR_IDS: Final = frozenset(OURS)


@dataclass(slots=True)
class ClassSheet:
    """What was read; `places` by key, sources' by `source 0`, `camera 0` ..."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    title: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The class's time zone."""
        return ZoneInfo(self.values.get("timezone") or DEFAULT_TIMEZONE)

    def instant(self, day: date, seconds: int) -> str:
        """A local time as RFC 3339 with the class's offset; seconds since midnight."""
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60, tzinfo=self.zone)
        return datetime.combine(day, clock).isoformat()


def read_class_sheet(book: Book, cohort_id: str, faults: Faults) -> ClassSheet:
    """The class sheet of the plan; an empty one where there is none, which is noted."""
    sheet = ClassSheet()
    grids = [grid for grid in book.shown() if squeezed(grid.title) in CLASS_TITLES]
    if not grids:
        faults.note(
            Place(book.workbook),
            "没有“班次”表：时区按北京时间，其余取自名册表头",
            "no sheet 班次 (class): time zone Asia/Shanghai, the rest from the roster's head",
        )
        return sheet
    grid = grids[0]
    sheet.title = grid.title
    cells: dict[str, list[tuple[Place, Value]]] = {}
    for row in range(1, grid.rows + 1):
        _line(grid, row, cells, faults)
    for column in CLASS:
        if column.key not in SOURCE_KEYS and column.key in cells:
            place, value = cells[column.key][0]
            sheet.places[column.key] = place
            for more, left in cells[column.key][1:]:
                faults.note(more, f"没有读：{shown(left)}", f"not read: {shown(left)}")
            _take(sheet, grid, column.key, value, place, faults)
    stated = sheet.values.get("id")
    if stated is not None and stated != cohort_id:
        faults.wrong(
            sheet.places["id"],
            stated,
            f"与导入时所给的班次编号“{cohort_id}”不同",
            f'is not the id given at the import, "{cohort_id}"',
        )
    starts, ends = sheet.values.get("starts_on"), sheet.values.get("ends_on")
    if starts and ends and ends < starts:
        faults.wrong(sheet.places["ends_on"], ends, "结束日期早于开始日期", "is before the first day")
        del sheet.values["ends_on"]
    _sources(sheet, cells, faults)
    return sheet


def _line(grid: Grid, row: int, cells: dict[str, list[tuple[Place, Value]]], faults: Faults) -> None:
    """The labels of a row with the values to the right of each."""
    label: Column | None = None
    for number in grid.filled(row):
        value = grid.own(row, number)
        found = spot(CLASS, value) if isinstance(value, str) and (label is None or number == 1) else None
        if found is None and label is not None:
            cells[label.key].append((grid.place(row, number, label.header), value))
        elif found is not None:
            label = found
            if found.key in cells:
                faults.wrong(grid.place(row, number), value, f"“{found.header}”填了两处", "is there twice")
            cells.setdefault(found.key, [])
        elif len(grid.filled(row)) > 1 and squeezed(str(value)) not in _HEADINGS:
            faults.wrong(
                grid.place(row, number),
                value,
                "不认识的项目；可用：" + "、".join(column.header for column in CLASS),
                "an unknown line; known are " + ", ".join(column.header for column in CLASS),
            )
            return
        else:
            return
    if label is not None and not cells[label.key]:
        del cells[label.key]


def _take(sheet: ClassSheet, grid: Grid, key: str, value: Value, place: Place, faults: Faults) -> None:
    try:
        match key:
            case "id":
                found: Any = values.ident(value)
            case "starts_on" | "ends_on":
                day = values.day(value, grid.mac_dates)
                found = None if day is None else day.isoformat()
            case "filed_at":
                found = filed(value, sheet, mac_dates=grid.mac_dates)
            case "minutes" | "pause":
                found = values.whole(value)
            case "timezone":
                found = _timezone(value)
            case _:
                found = values.text(value)
                found = None if found is None else masked(faults, place, found)
    except Unfit as unfit:
        faults.wrong(place, value, *unfit.sentence)
        return
    if found is not None:
        sheet.values[key] = found


def filed(value: Value, sheet: ClassSheet, *, mac_dates: bool) -> str | None:
    """When something was filed: a date, or local date and time with the class's offset."""
    if isinstance(value, datetime) and value.time() != time():
        return sheet.instant(value.date(), values.clock(value) or 0)
    if isinstance(value, str) and len(parts := values.half_width(value).split()) == 2:
        day, seconds = values.day(parts[0], mac_dates), values.clock(parts[1])
        if day is not None and seconds is not None:
            return sheet.instant(day, seconds)
    day = values.day(value, mac_dates)
    return None if day is None else day.isoformat()


def _timezone(value: Value) -> str | None:
    found = values.filled(value)
    if found is None:
        return None
    name = _TIMEZONES.get(squeezed(found), found)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unfit(
            "不认识的时区；应如 Asia/Shanghai，或不填", "an unknown time zone; as in Asia/Shanghai, or empty"
        ) from None
    return name


def _sources(sheet: ClassSheet, cells: dict[str, list[tuple[Place, Value]]], faults: Faults) -> None:
    """The platforms, one to a column of the sheet."""
    columns = {
        key: {place.column: (place, value) for place, value in cells.get(key, [])} for key in SOURCE_KEYS
    }
    seen: set[str] = set()
    for number in sorted(set().union(*columns.values())):
        source: dict[str, Any] = {}
        index = len(sheet.sources)
        here = next(columns[key][number][0] for key in SOURCE_KEYS if number in columns[key])
        for key, readable in (("source", "平台编号"), ("camera", "摄像头证据")):
            if number not in columns[key]:
                faults.wrong(here, None, f"这个平台没有填“{readable}”", f"this platform has no {readable}")
        for key in SOURCE_KEYS:
            if number not in columns[key]:
                continue
            place, value = columns[key][number]
            sheet.places[f"{key} {index}"] = place
            try:
                source |= _source_value(key, value)
            except Unfit as unfit:
                faults.wrong(place, value, *unfit.sentence)
        if source.get("id") in seen:
            faults.wrong(here, source["id"], "平台编号重复", "the platform is there twice")
        seen.add(str(source.get("id")))
        sheet.sources.append(source)


def _source_value(key: str, value: Value) -> dict[str, Any]:
    match key:
        case "source":
            found = values.ident(value)
            if found in _OUR_IDS:
                raise Unfit("是本系统自用的编号，请换一个", "is an id of our own; take another one")
            return {"id": found}
        case "camera":
            return {"camera": values.one_of(value, _CAMERAS, "heartbeat（心跳）、state（状态）、none（无）")}
        case _:
            seconds = values.whole(value)
            if seconds == 0:
                raise Unfit("应至少为1秒", "must be at least 1 second")
            return {} if seconds is None else {"heartbeat_seconds": seconds}
