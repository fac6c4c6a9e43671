"""The code fences of the pages in docs/, by the name behind their language: ```json cohort.json."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.S | re.M)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def fences(name: str) -> dict[str, str]:
    """What stands in the named fences of a page."""
    return {title: text for _, title, text in _FENCE.findall(page(name)) if title}


def commands(name: str, language: str = "sh") -> list[str]:
    """What stands in the nameless fences of a language."""
    return [
        text.strip() for found, title, text in _FENCE.findall(page(name)) if found == language and not title
    ]


def section(name: str, number: int) -> str:
    """A numbered section of a page, down to the next one."""
    return re.split(rf"^## {number}\. ", page(name), maxsplit=1, flags=re.M)[1].split("\n## ")[0]
