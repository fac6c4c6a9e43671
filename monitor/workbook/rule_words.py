"""What the counting rules say against a whole cohort, in Chinese, for the people who fill in workbooks.

In: the English sentence of a `CohortError`. Out: the same in Chinese, or as it is where it can't come from a
workbook. Never: decides anything.
"""

from __future__ import annotations

import re
from typing import Final

_SENTENCES: Final = (
    (r"lasts (\S+) minutes; a class hour of (\S+) has (\d+)", r"这一节只有\1分钟；\2 每学时为\3分钟"),
    (r"ends before it has begun", "结束时间应晚于开始时间"),
    (r"begins before the period ahead of it has ended", "与前一节重叠或次序颠倒"),
    (r"is not within one local date \((\S+), .*\)", r"同一课次的各节应在同一天（\1）"),
    (r"unknown policy (\S+); known are (.*)", r"不认识的办法“\1”；可用：\2"),
    (r"(\S+) is not among the people", r"名册和教师表里没有编号“\1”"),
    (r"(\d+) is over silence_seconds \((\d+)\)", r"心跳秒数\1超过办法允许的\2秒"),
    (r"(\S+) is held by (\S+) already", r"账号“\1”已属于编号“\2”的人"),
    (r"(\S+) is used already by (\S+)", r"编号“\1”重复"),
)


def in_chinese(problem: str) -> str:
    """The sentence in Chinese, where there is one for it."""
    for pattern, chinese in _SENTENCES:
        found = re.fullmatch(pattern, problem)
        if found:
            return found.expand(chinese)
    return problem
