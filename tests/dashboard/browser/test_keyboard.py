"""The main ways through the board without a mouse; whatever has the focus shows it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, PASSWORD, WATCHED

MOST = 60
_OUTLINED = """
(element) => [null, '::after'].some((part) => {
  const style = getComputedStyle(element, part)
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
})
"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the focus is there. Wherever it comes by, it is seen."""
    expect(wanted).to_be_visible()
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if focus.count() == 0:
            continue  # the address bar, as it were
        assert focus.evaluate(_OUTLINED), focus.evaluate("(element) => element.outerHTML")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def test_in_to_the_class_and_to_a_trainee(visit: Visit) -> None:
    page = visit(None, "/")
    expect(page.get_by_label("用户名")).to_be_focused()
    page.keyboard.type("yan")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Enter")

    tab_to(page, page.get_by_role("link", name="五轴数控高级研修班"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator(".tile").filter(has_text=WATCHED))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name=WATCHED)).to_be_visible()


def test_from_the_map_of_hours_to_a_delivery(visit: Visit) -> None:
    page = visit("yan", f"/cohorts/{OURS}/progress")
    grid = page.get_by_role("grid")
    tab_to(page, grid.locator("[tabindex='0']"))
    for arrow in ["ArrowDown"] * 6 + ["ArrowRight"] * 3:  # who needs least is last
        page.keyboard.press(arrow)
    expect(grid.locator("[tabindex='0']")).to_be_focused()
    expect(grid.locator("[tabindex='0']")).to_have_accessible_name(re.compile("第.*学时"))
    page.keyboard.press("Enter")

    tab_to(page, page.locator("button.event").first)
    page.keyboard.press("Enter")

    expect(page.locator("button.event").first).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".hash")).to_contain_text(re.compile("[0-9a-f]{32}"))


def test_the_first_stop_leads_past_the_header(visit: Visit) -> None:
    page = visit("yan", "/")
    expect(page.get_by_role("link", name="五轴数控高级研修班")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="跳到正文"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="五轴数控高级研修班")).to_be_focused()
