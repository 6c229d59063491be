"""The report page of a build in a real browser: nothing is requested, candidates have dates."""

from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, ViewportSize


class Checkout(Protocol):
    root: Path


@pytest.mark.parametrize(
    "width", [pytest.param(1280, id="desktop"), pytest.param(400, id="phone")]
)
def test_the_report_is_complete_alone(
    browser: Browser, small_world: Checkout, width: int
) -> None:
    path = small_world.root / "reports/index.html"
    size = ViewportSize(width=width, height=900)
    page = browser.new_context(viewport=size, offline=True).new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("console", lambda message: messages.append(message.text))

    page.goto(path.as_uri())
    page.wait_for_function("document.body.dataset.ready === 'yes'")
    page.locator("tr[data-index='0'] button").click()
    page.wait_for_function("document.body.dataset.shown === '0'")

    dates = page.locator("#place-view .dates").first.locator("figure").count()
    page_width = page.evaluate("document.documentElement.scrollWidth")
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert messages == []
    assert page_width <= width
    assert dates > 3
    assert page.locator("#place-view svg .label").count() > 0
    assert "simulated" in page.inner_text(".notices")
    assert page.locator("#scores").count() == 1
