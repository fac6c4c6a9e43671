"""What the browser's tests ask for: a service with classes, Chromium, and a visitor who is signed in.

One service and one browser for all of them, as long as pytest stays in this folder; each test has a browser
context and pages of its own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser.chromium import PATIENCE_MS, Guard, NoBrowser, chromium, context, executable
from tests.dashboard.browser.ground import PASSWORD, Ground
from tests.databases import CI

Visit = Callable[..., Page]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; without one the test is skipped, but not where CI runs."""
    try:
        executable()
    except NoBrowser as none:
        if CI:
            pytest.fail(str(none))
        pytest.skip(str(none))
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def ground(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The service, fed; made only where there is a browser to look at it."""
    made = Ground(tmp_path_factory.mktemp("board"))
    try:
        made.start()
        made.simulate()
        made.unclaimed()
        made.activate()
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="package")
def _sessions() -> dict[str, Any]:
    """The cookies of those who are signed in already, by name."""
    return {}


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Fails the test for whatever went wrong on its pages and was not expected."""
    watching = Guard()
    yield watching
    assert watching.unexpected == []


@pytest.fixture
def visit(browser: Browser, ground: Ground, guard: Guard, _sessions: dict[str, Any]) -> Iterator[Visit]:
    """`visit(name, address)`: a page of a browser in which `name` is signed in (None: nobody)."""
    contexts = []

    def visit(name: str | None, address: str = "/", **more: Any) -> Page:
        if name is not None and name not in _sessions:
            signing_in = context(browser, ground.url)
            answer = signing_in.request.post(
                "/v1/session", data={"name": name, "password": PASSWORD}, headers={"Origin": ground.url}
            )
            assert answer.ok, answer.text()
            _sessions[name] = signing_in.storage_state()
            signing_in.close()
        opened = context(browser, ground.url, storage_state=_sessions.get(name) if name else None, **more)
        contexts.append(opened)
        page = opened.new_page()
        guard.watch(page)
        page.goto(address)
        return page

    yield visit
    for opened in contexts:
        opened.close()
