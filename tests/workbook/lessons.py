"""Rows of a timetable, read: the sessions of them, the one error, what is noted."""

from __future__ import annotations

from typing import Any

from tests.workbook.sheets import (
    only_error,
    plan,
    read,
)

FOUR = ["08:30-09:15", "09:20-10:05", "10:10-10:55", "11:00-11:45"]


def sessions(*lessons: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    earlier = {key: options.pop(key) for key in ("sessions", "reserved") if key in options}
    return list(read(None, plan(*lessons, **options), **earlier).cohort["sessions"])


def wrong(*lessons: dict[str, Any], **options: Any) -> tuple[str, str]:
    """Heading and Chinese sentence of the one error there is."""
    error = only_error(None, plan(*lessons, **options))
    return error.column, error.expected.zh


def notes(*lessons: dict[str, Any], **options: Any) -> str:
    return "\n".join(note.sentence("zh") for note in read(None, plan(*lessons, **options)).notes)
