"""The reference is judged by the same tables that a lawyer reads, before it may judge the engine."""

import pytest

from .case_files import Case, cases, check
from .reference import reference

# A walk of each millisecond would take too long: cases that turn on one judge the engine alone.
COARSE = [case for case in cases() if case.tick_ms >= 100]


@pytest.mark.parametrize("case", COARSE, ids=lambda case: f"{case.file}: {case.id}")
def test_the_reference_agrees_with_the_table(case: Case) -> None:
    check(case, reference(case.cohort, case.events, case.as_of, case.tick_ms))
