"""What name is like what a platform says, and what is not."""

from __future__ import annotations

import pytest

from monitor.cohort import Person
from monitor.serve.likeness import likeness, suggestions


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("张三", "张三", "same"),
        ("张 三", "张三", "same"),
        ("ＺＨＡＮＧ san", "Zhang San", "same"),
        ("数控-张三（手机）", "张三", "contains"),
        ("05_李晓明", "李晓明", "contains"),
        ("晓明", "李晓明", "close"),
        ("李小明", "李晓明", "close"),
        ("Zang San", "Zhang San", "close"),
        ("李四", "张三", None),
        ("张四", "张三", None),
        ("三", "张三", None),
        ("iPhone", "张三", None),
        ("", "张三", None),
        ("张三", "", None),
        ("王大明", "李晓明", None),
    ],
)
def test_a_text_is_like_a_name_or_not(text: str, name: str, how: str | None) -> None:
    assert likeness(text, name) == how


def test_who_holds_nothing_on_the_source_comes_first_and_five_at_most() -> None:
    people = [Person(id=f"t{n}", role="trainee", name="张三", accounts=(f"main/{n}",)) for n in range(6)]
    people += [
        Person(id="t7", role="trainee", name="张三丰", accounts=("hall/7",)),
        Person(id="w1", role="teacher", name="张三丰", accounts=()),
    ]
    found = suggestions(["张三丰"], people, "main")
    assert [(one["person"], one["unbound"]) for one in found[:3]] == [
        ("t7", True),
        ("w1", True),
        ("t0", False),
    ]
    assert len(found) == 5
