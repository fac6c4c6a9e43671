"""Real Chromium: the one the system has, driven by Playwright. Never: downloads a browser.

Out: pages at which nothing may go wrong unseen: an error in the console, an exception that nobody caught or a
breach of the content security policy fails the test, unless the test said that it expects it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

SITE: Final = Path(__file__).parents[3] / "monitor" / "site" / "index.html"
PATIENCE_MS: Final = 60_000
"""After which something that must happen counts as never happening. No test measures time."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BREACHES: Final = """
addEventListener('securitypolicyviolation', (breach) =>
  console.error(`security policy: ${breach.violatedDirective} ${breach.blockedURI} ${breach.sourceFile}`))
"""


class NoBrowser(Exception):
    """What is missing, and what to do."""


def executable() -> str:
    """Where Chromium is; raises NoBrowser."""
    asked = os.environ.get("MONITOR_TEST_CHROMIUM")
    found = asked or next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser("no Chromium: apt-get install chromium, or name one in MONITOR_TEST_CHROMIUM")
    if not SITE.exists():
        raise NoBrowser("the board is not built: make dev")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser while the block runs."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


class Guard:
    """What went wrong on the pages of a test."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._seen.append(f"exception: {error}"))
        page.on("response", lambda answer: self._answer(answer.status, answer.url))

    def expect(self, pattern: str) -> None:
        """Errors in the console that the test itself brings about."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self._seen if not any(re.search(one, text) for one in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._seen.append(f"{message.text} ({message.location.get('url', '')})")

    def _answer(self, status: int, url: str) -> None:
        if status >= 500:
            self._seen.append(f"status {status}: {url}")


def context(browser: Browser, url: str, **more: Any) -> BrowserContext:
    """A visitor's browser, with nothing of another's; nothing moves in it, so that it can be looked at."""
    asked = {"locale": "zh-CN", "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    made = browser.new_context(base_url=url, **(asked | more))
    made.set_default_timeout(PATIENCE_MS)
    made.add_init_script(_BREACHES)
    return made
