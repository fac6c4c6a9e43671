"""How people come in: name and password, a one-time link, and what is said when it is not them."""

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser.chromium import Guard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, PASSWORD, Ground


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def test_name_and_password_lead_to_the_page_that_was_asked_for_and_out_again(visit: Visit) -> None:
    page = visit(None, f"/cohorts/{OURS}")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()

    sign_in(page, "yan", PASSWORD)

    expect(page).to_have_url(f"{page.url.partition('/sign-in')[0]}/cohorts/{OURS}")
    expect(page.get_by_text("实时")).to_be_visible()
    expect(page.get_by_text("严老师").first).to_be_visible()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()


@pytest.mark.parametrize(("name", "password"), [("yan", "not the password"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_a_wrong_name_are_answered_alike(
    visit: Visit, guard: Guard, name: str, password: str
) -> None:
    guard.expect("status of 401")
    page = visit(None, "/sign-in")

    sign_in(page, name, password)

    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    expect(page.get_by_label("密码")).to_have_value("")
    expect(page.get_by_label("密码")).to_be_focused()


def test_a_one_time_link_sets_a_password_signs_in_and_is_used_up(
    visit: Visit, guard: Guard, ground: Ground
) -> None:
    link = f"/link#{ground.links['newcomer']}"
    page = visit(None, link)
    expect(page.get_by_text("新来的老师 · 教师")).to_be_visible()
    assert "#" not in page.url  # the secret is no longer in the address
    page.get_by_label("新密码").fill("一句只有我自己知道的话")
    page.get_by_label("再输一遍").fill("另一句没有别人知道的话")
    expect(page.get_by_role("alert")).to_have_text("两次输入不一样。")
    page.get_by_label("再输一遍").fill("一句只有我自己知道的话")

    page.get_by_role("button", name="设置并登录").click()

    expect(page.get_by_role("link", name="智能网联汽车研修班")).to_be_visible()
    guard.expect("status of 404")
    again = visit(None, link)
    expect(again.get_by_text("这个链接不能用了")).to_be_visible()
