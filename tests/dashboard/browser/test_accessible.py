"""axe finds nothing on any page, light, dark and on a phone; and no page of the router is forgotten."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.ground import OURS, Ground

AXE: Final = Path(__file__).parents[3] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
ROUTER: Final = "document.querySelector('#app').__vue_app__.config.globalProperties.$router"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Seen(msgspec.Struct, frozen=True):
    """How a page is looked at: who, where, and what is there once it has loaded."""

    who: str | None
    address: str
    ready: str


PAGES: Final[dict[str, Seen]] = {
    "sign-in": Seen(None, "/sign-in", "form button[type=submit]"),
    "link": Seen(None, "/link#{link}", "form button[type=submit]"),
    "cohorts": Seen("cha", "/", ".card dd:has-text('%')"),
    "class": Seen("yan", f"/cohorts/{OURS}", ".tile"),
    "progress": Seen("yan", f"/cohorts/{OURS}/progress", "table a, [role=grid] a, main a[href*=people]"),
    "progress, forecast": Seen("yan", f"/cohorts/{OURS}/progress?view=forecast", "li a[href*=people]"),
    "progress, days": Seen("yan", f"/cohorts/{OURS}/progress?view=days", "main canvas, main svg[role=img]"),
    "person": Seen("yan", f"/cohorts/{OURS}/people/t01", "main a[href*=period]"),
    "person, hour": Seen("yan", f"/cohorts/{OURS}/people/t01?period=s01/0", "button.event"),
    "inbox": Seen("cha", f"/cohorts/{OURS}/inbox", ".accounts select"),
    "inbox, of nobody": Seen("yan", f"/cohorts/{OURS}/inbox", "main h2"),
    "findings": Seen("cha", f"/cohorts/{OURS}/findings", "main a[href*=people]"),
    "users": Seen("root", "/users", "main li a"),
    "user": Seen("root", "/users/{user}", "main h1"),
    "account": Seen("yan", "/account", "main h1"),
    "nowhere": Seen(None, "/no/such/page", "a[href='/']:has-text('班次')"),
}
"""Every page by its name in the router, and behind a comma what else it can show."""


def test_every_page_of_the_router_is_looked_at(visit: Visit) -> None:
    page = visit(None, "/sign-in")
    expect(page.locator("form")).to_be_visible()

    names = page.evaluate(f"{ROUTER}.getRoutes().map((one) => one.name)")

    assert set(names) == {name.partition(",")[0] for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit: Visit, ground: Ground, name: str) -> None:
    seen = PAGES[name]
    page = visit(seen.who, seen.address.format(link=ground.links["invited"], user=ground.users["yan"]))
    expect(page.locator(seen.ready).first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    page.evaluate(AXE.read_text("utf-8"))

    found = {"light": findings(page)}
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    found["dark"] = findings(page)
    page.set_viewport_size({"width": 390, "height": 844})
    found["dark, on a phone"] = findings(page)

    assert found == {look: [] for look in found}


def findings(page: Page) -> list[str]:
    """What axe finds, a line each: the rule, where, and why; once colours that change have changed."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    told: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in told["violations"]
        for node in rule["nodes"]
    ]
