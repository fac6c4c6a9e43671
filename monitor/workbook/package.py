"""The guard before a workbook is opened: is this an .xlsx file that is safe to read whole.

In: the bytes somebody uploaded. Out: what the parts say of sheets that openpyxl's streaming mode leaves
out (merged areas, hidden rows, whether there are formulas), or `Unreadable` with what to do about it.
Never: unpacks more than its limits, resolves an XML entity, follows a link, runs a macro or a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from openpyxl.utils import column_index_from_string

from monitor.identity import Sentence

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_PARTS: Final = 2000
MOST_UNPACKED_BYTES: Final = 64 * 1024 * 1024
MOST_XML_DEPTH: Final = 100
MOST_ROWS: Final = 2000
MOST_COLUMNS: Final = 100
MOST_CELLS: Final = 200_000
MOST_MERGED_AREAS: Final = 4000
MOST_MERGED_CELLS: Final = 100_000

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_CHUNK: Final = 1 << 16

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column."""


class Unreadable(ValueError):
    """The file can't be read as a workbook; `sentence` says why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = Sentence(zh, en)
        super().__init__(en)


@dataclass(slots=True)
class SheetFacts:
    """What one part of the package says of a sheet."""

    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    """Where a formula stands, and the type of its result: `str` is text, maybe empty."""


def examine(data: bytes) -> dict[str, SheetFacts]:
    """The facts of each XML part, by its path in the package. Raises `Unreadable`."""
    if not data:
        raise Unreadable("文件是空的", "the file is empty")
    if len(data) > MOST_BYTES:
        raise Unreadable(
            f"文件大于{MOST_BYTES >> 20}MB；请删去图片后再试",
            f"the file is larger than {MOST_BYTES >> 20} MB; remove pictures and try again",
        )
    if data.startswith(_OLE):
        raise _old_or_locked(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _parts(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as problem:
        raise _not_a_workbook() from problem


def _old_or_locked(data: bytes) -> Unreadable:
    if _ENCRYPTED in data:
        return Unreadable(
            "文件有打开密码；请取消密码后另存再导入",
            "the file is protected by a password; save it without one and import again",
        )
    return Unreadable(
        "这是旧的 .xls 文件（或 WPS 的 .et）；请用 Excel 或 WPS 另存为 .xlsx",
        "this is an old .xls file; save it as .xlsx with Excel or WPS",
    )


def _not_a_workbook() -> Unreadable:
    return Unreadable(
        "这不是可读的 .xlsx 工作簿，或文件已损坏；请用 Excel 或 WPS 打开后另存为 .xlsx",
        "this is no readable .xlsx workbook, or it is damaged; open it in Excel or WPS and save it as .xlsx",
    )


def _parts(package: zipfile.ZipFile) -> dict[str, SheetFacts]:
    infos = [info for info in package.infolist() if not info.is_dir()]
    names = [info.filename for info in infos]
    if "[Content_Types].xml" not in names or len(names) != len(set(names)):
        raise _not_a_workbook()
    if any(info.flag_bits & 1 for info in infos):
        raise Unreadable(
            "压缩包有密码；请取消密码后另存再导入", "the package is encrypted; save it without a password"
        )
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED_BYTES:
        raise _too_much()
    count = _Count()
    texts = [info for info in infos if info.filename.lower().endswith((".xml", ".rels"))]
    return {info.filename: _Scan(count).read(package, info) for info in texts}


def _too_much() -> Unreadable:
    return Unreadable(
        f"内容太多（最多{MOST_ROWS}行、{MOST_COLUMNS}列，共{MOST_CELLS}个单元格）；"
        "请删去多余的行、列和格式，只留一张表再试",
        f"too much in it (at most {MOST_ROWS} rows, {MOST_COLUMNS} columns, {MOST_CELLS} cells); "
        "delete what is not needed, formats of empty rows too, and try again",
    )


@dataclass(slots=True)
class _Count:
    """Cells in the whole package, and cells that merged areas cover."""

    cells: int = 0
    merged: int = 0


class _Scan:
    """One pass over a part with expat, which hands out names only: no tree, no entities."""

    def __init__(self, count: _Count) -> None:
        self.count = count
        self.facts = SheetFacts()
        self.depth = 0
        self.at: tuple[int, int] = (0, 0)
        self.row = 0
        self.type = ""

    def read(self, package: zipfile.ZipFile, info: zipfile.ZipInfo) -> SheetFacts:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = self.doctype
        try:
            with package.open(info) as part:
                while chunk := part.read(_CHUNK):
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except Unreadable:
            raise
        except (expat.ExpatError, ValueError) as problem:
            raise _not_a_workbook() from problem
        return self.facts

    def doctype(self, *_: object) -> None:
        raise _not_a_workbook()

    def end(self, _: str) -> None:
        self.depth -= 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_XML_DEPTH:
            raise _not_a_workbook()
        match name.rpartition(" ")[2]:
            case "c":
                self.cell(attributes)
            case "v" | "is":
                if self.at[0] > MOST_ROWS or self.at[1] > MOST_COLUMNS:
                    raise _too_much()
            case "row":
                self.begin_row(attributes)
            case "f":
                self.facts.formulas[self.at] = self.type
            case "mergeCell":
                self.merge(attributes.get("ref", ""))

    def begin_row(self, attributes: dict[str, str]) -> None:
        self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
        self.at = (self.row, 0)
        if attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_rows.add(self.row)

    def cell(self, attributes: dict[str, str]) -> None:
        self.count.cells += 1
        if self.count.cells > MOST_CELLS:
            raise _too_much()
        reference = attributes.get("r", "")
        self.at = _coordinates(reference) if reference else (self.row, self.at[1] + 1)
        self.type = attributes.get("t", "n")

    def merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, left = _coordinates(first)
        bottom, right = _coordinates(last or first)
        bottom, right = min(bottom, MOST_ROWS), min(right, MOST_COLUMNS)
        self.facts.merged.append((top, left, bottom, right))
        self.count.merged += max(0, bottom - top + 1) * max(0, right - left + 1)
        if self.count.merged > MOST_MERGED_CELLS or len(self.facts.merged) > MOST_MERGED_AREAS:
            raise _too_much()


def _coordinates(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise _not_a_workbook()
    return int(found[2]), column_index_from_string(found[1])
