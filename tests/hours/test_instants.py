"""Beats kept in four bytes come back as they went in, however far apart they are."""

from array import array
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.hours.instants import Instants

WEEK_MS = 7 * 86_400_000
near = st.lists(st.integers(10**12, 10**12 + 6 * WEEK_MS), max_size=60)
far = st.lists(st.integers(0, 253 * 10**12), max_size=60)


@given(st.one_of(near, far), st.lists(st.integers(0, 60), max_size=4))
@settings(deadline=None)
def test_what_was_added_comes_back(at: list[int], cuts: list[int]) -> None:
    at.sort()
    edges = sorted({0, len(at), *(min(cut, len(at)) for cut in cuts)})
    found = Instants()
    for begin, end in pairwise(edges):
        found.add(array("q", at[begin:end]))
        assert (len(found), found.last) == (end, at[end - 1])
    assert found.whole() == Instants.of(array("q", at)).whole() == array("q", at)
    assert bool(found) == bool(at)
