"""Who may see what follows role and cohort: another's class is neither listed nor shown."""

from playwright.sync_api import expect

from tests.dashboard.browser.chromium import Guard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, THEIRS, WATCHED

OUR_NAME, THEIR_NAME = "五轴数控高级研修班", "智能网联汽车研修班"


def test_a_teacher_is_shown_the_own_class_alone(visit: Visit) -> None:
    page = visit("yan", "/")

    expect(page.get_by_role("link", name=OUR_NAME)).to_be_visible()
    expect(page.get_by_text(THEIR_NAME)).to_have_count(0)


def test_an_admin_is_shown_both(visit: Visit) -> None:
    page = visit("root", "/")

    expect(page.get_by_role("link", name=OUR_NAME)).to_be_visible()
    expect(page.get_by_role("link", name=THEIR_NAME)).to_be_visible()


def test_the_address_of_anothers_class_is_refused_plainly(visit: Visit, guard: Guard) -> None:
    guard.expect("status of 40[34]")
    page = visit("yan", f"/cohorts/{THEIRS}")

    expect(page.get_by_text("您没有查看这个班次的权限").first).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)
    assert page.request.get(f"/v1/cohorts/{THEIRS}/attendance").status in (403, 404)
    page.get_by_role("link", name="返回班次").click()
    expect(page.get_by_role("link", name=OUR_NAME)).to_be_visible()


def test_names_are_masked_for_an_auditor(visit: Visit) -> None:
    page = visit("shen", f"/cohorts/{OURS}")

    expect(page.locator(".tile").first).to_be_visible()
    expect(page.get_by_text(WATCHED)).to_have_count(0)
