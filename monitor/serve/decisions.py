"""What staff send to be decided, and how the office's refusals are said at a door.

In: the office's `Declined`. Out: a `Problem`. Never: decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from monitor.office import Declined
from monitor.serve.problem import Problem

_REASONS: Final = {
    "not_found": "not_found",
    "invalid": "declined",
    "conflict": "conflict",
    "forbidden": "forbidden",
    "not_allowed": "two_people",
    "unavailable": "unavailable",
    "bad_name": "bad_name",
    "bad_password": "bad_password",
    "link_gone": "link_gone",
}


@contextmanager
def decided(invalid: str = "declined") -> Iterator[None]:
    """What the office declines within becomes a problem; `invalid`: why for what is wrong in itself."""
    try:
        yield
    except Declined as declined:
        reason = invalid if declined.reason == "invalid" else _REASONS[declined.reason]
        raise Problem(
            reason,
            declined.detail if not declined.errors else f"{len(declined.errors)} errors, named in `errors`",
            headers={"Retry-After": "5"} if reason == "unavailable" else None,
            more={"errors": [{"where": e.where, "problem": e.problem} for e in declined.errors]}
            if declined.errors
            else None,
        ) from None
