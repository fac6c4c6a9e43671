"""What stands behind the question mark: checked against what the door says it takes, all of it.

In: a request and its door. Out: instants, numbers, cursors; or a Problem naming the parameter. Never: lets a
misspelt parameter pass as if it were not there, takes a token.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from aiohttp import web

from monitor.instant import instant, rfc3339
from monitor.serve.door import Door, Param
from monitor.serve.problem import Problem

AS_OF: Final = Param(
    "as_of",
    "The instant the answer is for (RFC 3339 with an offset; + written %2B); without it, the last at which "
    "something changed. One that has not come is refused: nobody can know it.",
    {"type": "string", "format": "date-time", "pattern": "^(19[7-9]|[2-9][0-9][0-9])[0-9]-"},
    example="2026-05-22T10:00:00.000Z",
)
POSITION: Final = Param(
    "position",
    "A position that an earlier answer bore: the answer is given from the log as it stood then, cohort file "
    "included, so that with the same as_of it is the same answer.",
    example="128",
)
FULL: Final = Param(
    "full",
    "For center and auditor: names in full. Needs a reason, and is written down.",
    {"type": "string", "enum": ["true", "false"]},
    example="true",
)
REASON: Final = Param(
    "reason", "Why names are needed in full; written down with who asked.", example="抽查 2026-05 考勤"
)
LIMIT: Final = Param(
    "limit",
    "At most how many entries, 1 to 500 (100 where nothing is said).",
    {"type": "integer", "minimum": 1, "maximum": 500},
    example=100,
)
CURSOR: Final = Param("cursor", "Where the last page ended: its `next`.", example="YmotY25jLTAx")

_NAKED_PLUS: Final = re.compile(r"(.*\d) (\d\d:\d\d)")


def check(request: web.Request, door: Door) -> None:
    """Refuses parameters that the door does not take, repeated ones, and values outside a closed choice."""
    known = {param.name: param for param in door.params if param.where == "query"}
    for name in request.query:
        param = known.get(name)
        if param is None:
            takes = ", ".join(known) or "none"
            raise Problem("bad_parameter", f"unknown parameter {name[:40]!r}; this door takes {takes}")
        values = request.query.getall(name)
        if len(values) > 1:
            raise Problem("bad_parameter", f"{name} is given {len(values)} times")
        choices = param.schema.get("enum")
        if choices and values[0] not in choices:
            raise Problem("bad_parameter", f"{name} must be one of {', '.join(choices)}")


def as_of(request: web.Request, now: int) -> int | None:
    """The instant asked for, or None. One ahead of `now` is refused: it would claim what no one can know."""
    text = request.query.get("as_of")
    if text is None:
        return None
    plus = _NAKED_PLUS.fullmatch(text)  # a + that was not written %2B arrives as a space
    if plus:
        text = f"{plus[1]}+{plus[2]}"
    try:
        at = instant(text)
    except ValueError as problem:
        raise Problem("bad_parameter", f"as_of: {problem}") from None
    if at > now:
        raise Problem(
            "as_of_ahead", f"as_of: that instant has not come; here it is {rfc3339(now)}, and nobody can know"
        )
    return at


def limit(request: web.Request) -> int:
    """How many entries a page may have."""
    text = request.query.get("limit", "100")
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= 500:
        raise Problem("bad_parameter", "limit must be a whole number from 1 to 500")
    return int(text)


def page(request: web.Request, rows: list[Any], key: Any) -> tuple[list[Any], str | None]:
    """The page of `rows` (in order of `key(row)`, a text) that is asked for, and the cursor of the next."""
    after, most = cursor(request), limit(request)
    rest = rows if after is None else [row for row in rows if key(row) > after]
    shown = rest[:most]
    return shown, (write_cursor(key(shown[-1])) if len(rest) > most else None)


def cursor(request: web.Request) -> str | None:
    """The key after which the page begins, or None for the first."""
    text = request.query.get("cursor")
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise Problem("position_unknown", "cursor: not one that an earlier page gave as `next`") from None


def write_cursor(key: str) -> str:
    """A key as an opaque cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
