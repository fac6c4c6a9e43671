"""Attendance as a table for a spreadsheet: CSV and XLSX, a row a trainee.

In: the attendance answer, and the names as this caller may see them. Out: bytes, the same for the same
answer. Never: lets a cell be read as a formula, reads a clock.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

from monitor.instant import instant

COLUMNS: Final = (
    ("id", "编号"),
    ("name", "姓名"),
    ("credited", "有效学时"),
    ("seminar", "其中研讨、交流"),
    ("online", "其中线上"),
    ("required", "应出勤学时"),
    ("rate", "出勤率 %"),
    ("slots_required", "应签到次数"),
    ("slots_met", "实签到次数"),
    ("possible", "最多可达学时"),
    ("possible_seminar", "最多可达研讨、交流"),
    ("gap", "尚缺学时"),
    ("gap_seminar", "尚缺研讨、交流"),
    ("standing", "状态"),
)

STANDINGS: Final = {
    "met": "已达标",
    "short": "未达标",
    "unrecoverable": "已无法达标",
    "at_risk": "有风险",
    "on_track": "正常",
}

_DEMO: Final = "演示数据 DEMO"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


_RATE: Final = [key for key, _ in COLUMNS].index("rate")
_WHOLE_RATE, _NO_RATE = "全班出勤率 rate %", "—"


def rows(answer: dict[str, Any], names: dict[str, str | None]) -> list[list[str | int | None]]:
    """The head and a row for each trainee, by id; a column says so where the cohort is a demonstration."""
    demo = bool(answer.get("demo"))
    found: list[list[str | int | None]] = [[*(f"{zh} {key}" for key, zh in COLUMNS), *["演示"] * demo]]
    for person in answer["people"]:
        cells = {**person, "name": names.get(person["id"])}
        standing = person["standing"]
        cells["standing"] = f"{STANDINGS.get(standing, '')} {standing}".strip()
        found.append([cells.get(key) for key, _ in COLUMNS] + [_DEMO] * demo)
    return found


def to_csv(answer: dict[str, Any], names: dict[str, str | None]) -> bytes:
    """UTF-8 with a byte order mark, lines ended by CR LF (RFC 4180), as Excel and WPS open them."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows(answer, names):
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str | int | None) -> str | int:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def to_xlsx(answer: dict[str, Any], names: dict[str, str | None]) -> bytes:
    """A workbook: the table, and a sheet that says as of when, by which rules and from which log position."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    as_of = datetime.fromtimestamp(instant(answer["as_of"]) // 1000, UTC)
    book.set_properties({"title": answer["cohort"], "created": as_of.replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    text = book.add_format({"quote_prefix": True})
    percent = book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet("出勤 attendance")
    for number, row in enumerate(rows(answer, names)):
        for column, cell in enumerate(row):
            if number and column == _RATE and isinstance(cell, str):
                sheet.write_number(number, column, float(cell), percent)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell is not None:
                style = bold if number == 0 else text if cell.startswith(_FORMULA) else None
                sheet.write_string(number, column, cell, style)
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, len(COLUMNS), 14)
    about = book.add_worksheet("说明 about")
    for number, (key, value) in enumerate(_about(answer)):
        about.write_string(number, 0, key, bold)
        if key == _WHOLE_RATE and value != _NO_RATE:
            about.write_number(number, 1, float(value), percent)
        else:
            about.write_string(number, 1, value)
    about.set_column(0, 0, 28)
    about.set_column(1, 1, 72)
    book.close()
    return buffer.getvalue()


def _about(answer: dict[str, Any]) -> list[tuple[str, str]]:
    policy, planned = answer["policy"], answer["planned"]
    lines = [
        ("班次 cohort", answer["cohort"]),
        ("截至 as_of (UTC)", answer["as_of"]),
        ("规则 policy", policy["id"]),
        ("规则摘要 digest", policy["digest"]),
        ("计划学时 planned", f"{planned['hours']} / {planned['seminar']}"),
        (_WHOLE_RATE, answer["rate"] or _NO_RATE),
        ("台账位置 position", answer["position"]),
        ("台账校验 head", answer["head"]),
    ]
    return [(_DEMO, "并非真实人员与课时 not real people or hours"), *lines] if answer.get("demo") else lines
