"""Workbooks (.xlsx) of organisers in, cohort files out; and the empty ones to fill in."""

from monitor.workbook.faults import CellError, Note, Place, WorkbookErrors
from monitor.workbook.imported import Imported, read_workbooks
from monitor.workbook.template import PLAN_FILE, ROSTER_FILE, write_templates

__all__ = [
    "PLAN_FILE",
    "ROSTER_FILE",
    "CellError",
    "Imported",
    "Note",
    "Place",
    "WorkbookErrors",
    "read_workbooks",
    "write_templates",
]
