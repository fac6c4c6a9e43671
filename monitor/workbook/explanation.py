"""The sheet 说明 of a template: what each column means, which values it takes, and an example.

In: the columns. Out: one more sheet. Never: puts an example into the table itself, where it would have to be
deleted before filling in.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from monitor.identity import Sentence
from monitor.workbook.columns import Column
from monitor.workbook.plan_columns import KIND_WORDS, MODE_WORDS

SHEET: Final = "说明"

_WIDTHS: Final = (26, 48, 48, 36, 28)
_LINE_POINTS: Final = 15

ROSTER_NOTES: Final = (
    Sentence(
        "样式取自《通州区高技能人才研修班学员名册》（附件2）。北京市名册的样式未见公布，暂用此式。",
        "The form of Tongzhou's annex 2; Beijing's own form is not published with the notice.",
    ),
    Sentence(
        "备注右边的列是本系统加的，都可不填，打印时不印出。",
        "The columns to the right of 备注 are ours, optional, and not printed.",
    ),
    Sentence(
        "身份证号、证书编号、账号按文本填写；变成数字的长号码末几位会丢失，不能导入。",
        "Identity and certificate numbers and accounts are text; long numbers lose their last digits.",
    ),
    Sentence(
        "可以加行（在表中插入行）、加列、换列的次序；不认识的列会以“列名：值”附在备注里。",
        "Rows may be inserted, columns added and moved; unknown columns are kept in the note as 列名：值.",
    ),
)

PLAN_NOTES: Final = (
    Sentence(
        "先填“班次”，再填“课表”；“教师”可不填，不填时教师取自课表，但无法核对教师到课。",
        "Fill in 班次 (class) and 课表 (timetable); without 教师 the teachers come from the timetable.",
    ),
    Sentence(
        "课表一行是一次课或一节课，时间有三种写法：",
        "A row is one session or one period; its times are written in one of three ways:",
    ),
    Sentence(
        "　一、开始时间、结束时间，加每学时分钟和课间分钟（整班相同的填在“班次”）；",
        "  1. start and end, with the minutes of an hour and of a break (on 班次 if the same for all);",
    ),
    Sentence(
        "　二、开始时间、结束时间，加学时和其中一个分钟数；",
        "  2. start and end, with the hours and one of the two;",
    ),
    Sentence(
        "　三、节次时间逐节列出，如 08:30-09:15, 09:20-10:05。",
        "  3. the list of periods, as in 08:30-09:15, 09:20-10:05.",
    ),
    Sentence(
        "中间有午休或大课间的，分两行写（填同一课次编号），或用第三种。",
        "With a lunch in it, write two rows with the same 课次编号 (session id), or use the third.",
    ),
    Sentence(
        "日期、课程等可以合并单元格，合并的值对所含各行有效。",
        "Cells may be merged over rows: the value holds for each of them.",
    ),
)


def write_explanation(
    book: Any, notes: Sequence[Sentence], tables: Sequence[tuple[str, Sequence[Column]]]
) -> None:
    """Add the sheet: the notes, then one block for each of the `tables` (title, columns)."""
    sheet = book.add_worksheet(SHEET)
    wrap = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "font_size": 12})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#E7EEF5", "align": "center"})
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    row = 0
    for note in notes:
        sheet.merge_range(row, 0, row, 1, note.zh, plain)
        sheet.merge_range(row, 2, row, 4, note.en, plain)
        sheet.set_row(
            row, _LINE_POINTS * max(_lines(note.zh, sum(_WIDTHS[:2])), _lines(note.en, sum(_WIDTHS[2:])))
        )
        row += 1
    for title, columns in tables:
        row += 1
        sheet.write_string(row, 0, title, bold)
        row += 1
        for column, heading in enumerate(("列", "说明", "Meaning", "可填的值", "示例")):
            sheet.write_string(row, column, heading, head)
        for line in columns:
            row += 1
            cells = (_named(line), line.zh, line.en, _choices(line), line.example)
            for column, words in enumerate(cells):
                sheet.write_string(row, column, words, wrap)
            lines = max(_lines(words, width) for words, width in zip(cells, _WIDTHS, strict=True))
            sheet.set_row(row, _LINE_POINTS * lines + 2)
        row += 1
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _named(column: Column) -> str:
    return column.header + ("（必填）" if column.required else "（选填）" if column.ours else "")


def _lines(words: str, width: int) -> int:
    """How many lines a text takes in a column so wide; a Chinese character is two wide."""
    wide = sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in words)
    return max(1, math.ceil(wide * 1.1 / width))


def _choices(column: Column) -> str:
    """The values to choose from, with the English keys where they have some."""
    for words in (KIND_WORDS, MODE_WORDS):
        if column.choices == tuple(some[0] for some in words.values()):
            return "、".join(f"{some[0]}（{key}）" for key, some in words.items())
    return "、".join(column.choices)
