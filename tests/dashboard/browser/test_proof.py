"""From an hour to its proof in three clicks: the delivery and the hash that are shown are the log's."""

import re

from playwright.sync_api import expect

from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, Ground


def test_from_an_hour_in_the_map_to_the_delivery_in_the_log(visit: Visit, ground: Ground) -> None:
    page = visit("yan", f"/cohorts/{OURS}")
    page.get_by_role("link", name="进度").click()

    page.get_by_role("grid").get_by_role("link", name=re.compile("：已计入")).first.click()  # one
    expect(page).to_have_url(re.compile("/people/t"))
    events = page.get_by_role("region", name="事件与送达")
    events.get_by_role("button", name="摄像头打开").first.click()  # two
    shown = events.locator(".detail")

    position = shown.get_by_text(re.compile(r"^#\d+$")).inner_text().lstrip("#")
    digest = shown.locator(".hash").inner_text().split()[0]
    found = {delivery["position"]: delivery["hash"] for delivery in ground.deliveries()}
    assert found[position] == digest
