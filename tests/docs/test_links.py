"""No link of the documents leads nowhere."""

import re
from pathlib import Path

import pytest

from tests.docs.fences import DOCS

PAGES = sorted([*DOCS.rglob("*.md"), DOCS.parent / "CHANGELOG.md"])
GENERATED = set(re.findall(r"docs/(\w+\.md)", (DOCS / "generate.py").read_text("utf-8")))
"""Pages that docs/generate.py writes; that they are there and up to date is for `make lint`."""
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as the usual places to read Markdown make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS.parent)))
def test_every_link_within_the_project_leads_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M)
    for link in _LINK.findall(text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if target.name in GENERATED:
            continue
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_decision_is_in_the_list() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text("utf-8")
    decisions = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))

    assert decisions != []
    assert [name for name in decisions if f"]({name})" not in listed] == []
