"""The class that is on, as it happens; and right again after the service was away."""

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.browser.chromium import Guard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, WATCHED, Ground

ON, OFF = "摄像头开", "摄像头关"


def tile(page: Page, name: str = WATCHED) -> Locator:
    return page.locator(".tile").filter(has_text=name)


def states(page: Page) -> dict[str, str]:
    """What each trainee does, by name, as the tiles say."""
    found = page.locator(".tile .top").all_inner_texts()
    return {name: state for name, state in (text.split("\n", 1) for text in found)}


def test_a_tile_changes_when_events_are_pushed(visit: Visit, ground: Ground) -> None:
    page = visit("yan", f"/cohorts/{OURS}")
    expect(tile(page)).to_be_visible()

    ground.push(*ground.comes_with_camera())
    expect(tile(page)).to_contain_text(ON)

    ground.push(ground.event("camera.off"))
    expect(tile(page)).to_contain_text(OFF)

    ground.push(ground.event("classroom.left"))
    expect(tile(page)).to_contain_text("不在教室")
    assert len(states(page)) == 7  # those whom the simulated platform told of, too


def test_the_class_is_as_wide_as_a_phone_in_both_languages(visit: Visit) -> None:
    page = visit("yan", f"/cohorts/{OURS}", viewport={"width": 390, "height": 844})
    expect(page).to_have_title("课堂 · 五轴数控高级研修班 · 学时在册")
    beyond = """() => [...document.querySelectorAll('main *')]
        .filter((one) => one.getBoundingClientRect().right > 390 && !one.closest('.tile'))
        .map((one) => `${one.className} ${one.textContent}`.slice(0, 80))"""
    expect(tile(page)).to_be_visible()
    assert page.evaluate(beyond) == []

    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="中文")).to_be_visible()

    assert page.evaluate(beyond) == []


def test_a_board_says_that_the_service_is_away_comes_back_by_itself_and_is_right(
    visit: Visit, guard: Guard, ground: Ground
) -> None:
    guard.expect("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    page = visit("yan", f"/cohorts/{OURS}")
    ground.push(*ground.comes_with_camera())
    expect(tile(page)).to_contain_text(ON)

    ground.kill()
    expect(page.get_by_text("连接中断")).to_be_visible()
    expect(tile(page)).to_contain_text(ON)  # what was known stays, with its time

    ground.start()
    ground.push(ground.event("camera.off"))
    expect(page.get_by_text("连接中断")).to_have_count(0)
    expect(tile(page)).to_contain_text(OFF)

    fresh = visit("yan", f"/cohorts/{OURS}")
    expect(tile(fresh)).to_be_visible()
    assert states(page) == states(fresh)
