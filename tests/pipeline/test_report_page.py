"""The report page of a build in a real browser: nothing is requested, candidates have dates."""

from pathlib import Path
from typing import Protocol

import pytest
from drawn_pages import Window
from playwright.sync_api import Browser


class Checkout(Protocol):
    root: Path


@pytest.mark.parametrize(
    "width", [pytest.param(1280, id="desktop"), pytest.param(400, id="phone")]
)
def test_the_report_is_complete_alone(
    browser: Browser, small_world: Checkout, width: int
) -> None:
    path = small_world.root / "reports/index.html"
    opened = Window(browser, path, width)
    page = opened.page

    opened.look_at(0)

    dates = page.locator("#place-view .dates").first.locator("figure").count()
    page_width = page.evaluate("document.documentElement.scrollWidth")
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]
    assert opened.messages == []
    assert page_width <= width
    assert dates > 3
    assert page.locator("#place-view svg .label").count() > 0
    assert "simulated" in page.inner_text(".notices")
    assert page.locator("#scores").count() == 1
