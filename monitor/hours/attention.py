"""Whom a teacher can still help in a period that runs: one word for each row of the board.

In: where a trainee stands in a period, an instant. Out: the word, and when time alone changes it. Never: a
rule of the law; the two limits here are a board's, they credit and refuse nothing.

    full     the hour is full, the camera's last beat once proven; what happens now takes nothing away
    quiet    the platform has sent nothing for a while: what is missing is not known to be absence
    lost     the hour can't be reached any more: a word does not help
    danger   less than SPARE_MS until it can't, as things run; or the camera off for CAMERA_OFF_MS
    tight    as things run it will be reached, with less than SPARE_MS to spare
    calm     all else
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Attention = Literal["danger", "lost", "tight", "quiet", "calm", "full"]
ATTENTIONS: Final[tuple[Attention, ...]] = ("danger", "lost", "tight", "quiet", "calm", "full")

SPARE_MS: Final = 5 * 60_000
"""So little time to spare is danger 余量不足五分钟."""
CAMERA_OFF_MS: Final = 2 * 60_000
"""A camera that is off for so long is danger 摄像头关闭满两分钟."""


class Course(NamedTuple):
    """How a countable period goes for a trainee; instants and spans in milliseconds.

    `full_at`: when the hour is full, as things run; None where it won't be. `off_since`: since when the
    camera is off. `margin_ms`: what may still be lost; `lost_at`: when it is lost, as things run.
    """

    can_still: bool
    full_at: int | None
    margin_ms: int
    lost_at: int | None
    off_since: int | None
    quiet: bool


def attention(course: Course, as_of: int) -> tuple[Attention, int | None]:
    """The word at `as_of`, and the next instant after it at which time alone changes it; None for never.

    That a course is lost is told at `lost_at`, by whoever made it.
    """
    if course.full_at is not None and course.full_at <= as_of:
        return "full", None
    if course.quiet:
        return "quiet", course.full_at
    if not course.can_still:
        return "lost", None
    begins = []
    if course.lost_at is not None:
        begins.append(course.lost_at - SPARE_MS)  # at lost_at - 1 nothing is left to spare
    if course.off_since is not None:
        begins.append(course.off_since + CAMERA_OFF_MS)
    if begins and min(begins) <= as_of:
        return "danger", course.full_at
    due = min((at for at in (*begins, course.full_at) if at is not None), default=None)
    return ("tight" if course.margin_ms < SPARE_MS and course.lost_at is None else "calm"), due
