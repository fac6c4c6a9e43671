"""What changed between two states: a difference, and two of them in one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.live import difference
from monitor.live.change import together
from tests.live.state import apply

_row = st.fixed_dictionaries({"id": st.sampled_from("abcd"), "n": st.integers(0, 3)})
_state = st.fixed_dictionaries(
    {
        "rate": st.none() | st.text(max_size=2),
        "people": st.lists(_row, max_size=4, unique_by=lambda row: row["id"]),
        "findings": st.lists(st.integers(0, 2), max_size=5),
    },
    optional={"demo": st.just(True), "extra": st.lists(st.integers(0, 1), max_size=2)},
)


@given(_state, _state)
def test_applied_to_the_old_state_a_difference_makes_the_new_one(old: Any, new: Any) -> None:
    change = difference(old, new)
    assert apply(old, {"type": "change", **change}) == new
    assert (change == {}) == (old == new)


@given(_state, _state, _state)
def test_two_changes_together_are_one_after_the_other(first: Any, second: Any, third: Any) -> None:
    changes = difference(first, second), difference(second, third)
    both = together(*changes)
    if both is not None:
        assert apply(first, {"type": "change", **both}) == third
    else:
        assert changes[0]["lists"].keys() & {*changes[1].get("lists", ()), *changes[1].get("rows", ())}
