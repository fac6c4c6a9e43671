"""What watches over these tests does see what it is there for."""

from playwright.sync_api import expect

from tests.dashboard.browser.chromium import Guard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.test_accessible import AXE, findings


def test_errors_and_breaches_of_the_policy_are_seen(visit: Visit, guard: Guard) -> None:
    page = visit(None, "/sign-in")
    expect(page.locator("form")).to_be_visible()
    assert guard.unexpected == []

    page.evaluate("console.error('something went wrong')")
    page.evaluate("setTimeout(() => { throw new Error('nobody caught it') })")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i style=\"color: red\">x</i>')")
    page.evaluate("new Promise((done) => setTimeout(done))")

    seen = "\n".join(guard.unexpected)
    assert "something went wrong" in seen
    assert "nobody caught it" in seen
    assert "security policy: style-src-attr" in seen
    guard.expect("")  # all of it was ours


def test_axe_sees_a_field_without_a_name_and_a_word_that_is_too_pale(visit: Visit) -> None:
    page = visit(None, "/sign-in")
    expect(page.locator("form")).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(
        """() => {
          const pale = document.querySelector('main').appendChild(document.createElement('p'))
          pale.textContent = 'pale'
          pale.style.color = '#ccc'
          document.querySelector('main').appendChild(document.createElement('input'))
        }"""
    )

    assert {line.partition(":")[0] for line in findings(page)} == {"color-contrast", "label"}
