"""Files that are no workbook, or mean harm: refused with what to do, without unpacking what they claim."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from monitor.workbook import package
from monitor.workbook.grid import Broken, Grid, Unsolved, open_book
from monitor.workbook.package import Unreadable, examine
from tests.workbook.sheets import MAY_11, book, saved

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def changed(data: bytes, part: str, pattern: str, by: str) -> bytes:
    """The workbook with a pattern in one part replaced once."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == part:
                text, count = re.subn(pattern, lambda _: by, content.decode(), count=1)
                assert count == 1
                content = text.encode()
            new.writestr(info.filename, content)
    return buffer.getvalue()


def plain() -> bytes:
    return book({"甲": [["a", "b"], [1, 2]]})


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        open_book("roster", data)
    return caught.value.sentence.zh


def grid(data: bytes) -> Grid:
    return open_book("plan", data).grids[0]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空的"),
        (b"hello", "不是可读的"),
        (b"PK\x03\x04" + b"\0" * 100, "不是可读的"),
        (OLE + b"\0" * 600, ".xls"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("姓名,身份证号\n".encode(), "不是可读的"),
    ],
)
def test_what_is_no_xlsx_file_is_named_for_what_it_is(data: bytes, word: str) -> None:
    assert word in refused(data)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert "不是可读的" in refused(buffer.getvalue())


@pytest.mark.parametrize("end", [10, 100, -200, -30])
def test_a_file_that_was_cut_short_is_refused(end: int) -> None:
    assert refused(plain()[:end])


def test_a_damaged_part_is_refused() -> None:
    assert refused(changed(plain(), SHEET, "</sheetData>", "</sheet"))
    assert refused(changed(plain(), "xl/workbook.xml", "<sheets>.*</sheets>", "<sheets>"))
    assert "工作表" in refused(
        changed(plain(), "xl/workbook.xml", "<sheets>.*</sheets>", "<sheets></sheets>")
    )
    assert refused(
        changed(plain(), "xl/styles.xml", "<cellXfs.*</cellXfs>", "<cellXfs><xf fontId='many'/></cellXfs>")
    )


def test_a_file_beyond_the_size_is_not_even_opened() -> None:
    assert "MB" in refused(b"PK\x03\x04" + b"\0" * package.MOST_BYTES)


def test_a_part_that_unpacks_to_too_much_is_refused_by_its_size() -> None:
    buffer = io.BytesIO(plain())
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/big.xml", "w") as part,
    ):
        for _ in range(package.MOST_UNPACKED_BYTES >> 20):
            part.write(b" " * (1 << 20))
    assert len(buffer.getvalue()) < 200_000
    assert "太多" in refused(buffer.getvalue())


def test_entities_are_refused_whatever_they_say() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet '
    assert "不是可读的" in refused(changed(plain(), SHEET, "<worksheet ", bomb))
    external = '<!DOCTYPE x SYSTEM "file:///etc/hostname"><worksheet '
    assert "不是可读的" in refused(changed(plain(), SHEET, "<worksheet ", external))


def test_xml_nested_without_end_is_refused() -> None:
    deep = "<a>" * 200 + "</a>" * 200
    assert refused(changed(plain(), SHEET, "<sheetData>", deep + "<sheetData>"))


@pytest.mark.parametrize("reference", ["A1:XFD1048576", "A1:CV2001"])
def test_a_merged_area_over_the_whole_sheet_is_refused_before_it_is_built(reference: str) -> None:
    merged = f'</sheetData><mergeCells count="1"><mergeCell ref="{reference}"/></mergeCells>'
    assert "太多" in refused(changed(plain(), SHEET, "</sheetData>", merged))


def test_a_link_over_the_whole_sheet_does_no_harm() -> None:
    link = '</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'
    assert grid(changed(plain(), SHEET, "</sheetData>", link)).cells[1, 1] == "a"


def test_rows_and_columns_beyond_the_limits_are_refused_only_if_something_stands_there() -> None:
    for row, column in ((package.MOST_ROWS + 1, 1), (1, package.MOST_COLUMNS + 1)):
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        assert sheet is not None
        sheet.cell(1, 1, "a")
        sheet.cell(row, column, "far away")
        assert "太多" in refused(saved(workbook))
        sheet.cell(row, column).value = None
        sheet.cell(row, column).number_format = "@"
        assert grid(saved(workbook)).cells == {(1, 1): "a"}


def test_too_many_cells_are_refused_even_empty_ones() -> None:
    row = '<row r="9">' + '<c r="A9" s="0"/>' * (package.MOST_CELLS + 1) + "</row></sheetData>"
    assert "太多" in refused(changed(plain(), SHEET, "</sheetData>", row))


def test_a_row_number_far_below_does_no_harm() -> None:
    far = '<row r="1048576"/></sheetData>'
    assert grid(changed(plain(), SHEET, "</sheetData>", far)).rows == 2


def test_the_sheets_own_word_on_its_size_is_not_believed() -> None:
    lying = changed(plain(), SHEET, 'ref="A1:B2"', 'ref="A1"')
    assert grid(lying).cells == {(1, 1): "a", (1, 2): "b", (2, 1): 1, (2, 2): 2}


def test_formulas_give_the_value_stored_with_them() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_formula(0, 0, '="甲"&"乙"', None, "甲乙")
        sheet.write_formula(0, 1, "=1+1", None, 2)
    assert grid(buffer.getvalue()).cells == {(1, 1): "甲乙", (1, 2): 2}


def test_a_formula_that_was_never_worked_out_and_an_error_value_are_told_apart_from_empty() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"], sheet["B1"] = "=1+1", "#N/A"
    assert grid(saved(workbook)).cells == {(1, 1): Unsolved(), (1, 2): Broken("#N/A")}


def test_a_merged_area_holds_its_value_for_all_of_its_cells() -> None:
    found = grid(book({"甲": [["a", None, "c"], [None, None, "d"]]}, {"甲": ["A1:B2"]}))
    assert [found.held(2, 2), found.own(2, 2), found.own(1, 1)] == ["a", None, "a"]
    assert [found.width(1, 1), found.height(1, 1), found.origin(2, 2)] == [2, 2, (1, 1)]


def test_dates_and_times_come_as_such() -> None:
    found = grid(book({"甲": [[MAY_11, MAY_11.replace(hour=8)]]}))
    assert list(found.cells.values()) == [MAY_11, MAY_11.replace(hour=8)]


def test_hidden_sheets_and_rows_are_known() -> None:
    workbook = openpyxl.Workbook()
    shown: Any = workbook.active
    shown["A1"], shown["A2"] = "a", "b"
    shown.row_dimensions[2].hidden = True
    hidden = workbook.create_sheet("藏")
    hidden["A1"] = "c"
    hidden.sheet_state = "veryHidden"
    opened = open_book("plan", saved(workbook))
    assert [(g.title, g.hidden, g.hidden_rows) for g in opened.grids] == [
        ("Sheet", False, {2}),
        ("藏", True, set()),
    ]
    assert [g.title for g in opened.shown()] == ["Sheet"]


def test_the_guard_reads_what_excel_and_libraries_write() -> None:
    assert examine(plain())[SHEET].merged == []
