"""The report page in a real browser without a network: requests, map, strip and list."""

from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

#: JavaScript that finds one of Bokeh's models by name.
FIND_MODEL = "(name) => Bokeh.documents.map((one) => one.get_model_by_name(name)).find(Boolean)"
WIDTHS = [pytest.param(1280, id="desktop"), pytest.param(400, id="phone")]


class Checkout(Protocol):
    root: Path


class ReportWindow:
    """The report in a browser window, with its requests and console messages."""

    def __init__(self, browser: Browser, path: Path, width: int) -> None:
        size = ViewportSize(width=width, height=900)
        self.page: Page = browser.new_context(viewport=size, offline=True).new_page()
        self.requests: list[str] = []
        self.messages: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on(
            "console", lambda message: self.messages.append(f"{message.type}: {message.text}")
        )
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.body.dataset.ready === 'yes'")

    def marker_position(self, index: int) -> tuple[float, float]:
        """Return the position of a candidate's marker in the window [px]."""
        self.page.locator("#map").scroll_into_view_if_needed()
        x, y = self.page.evaluate(
            f"""(index) => {{
              const named = {FIND_MODEL};
              const view = Bokeh.index.find_one(named("map")), data = named("candidates").data;
              const box = view.canvas_view.el.getBoundingClientRect();
              const {{x_scale, y_scale}} = view.frame;
              return [box.x + x_scale.compute(data.lon[index]),
                      box.y + y_scale.compute(data.lat[index])];
            }}""",
            index,
        )
        return float(x), float(y)

    def width_px(self, picture: int) -> float:
        """Return the width of the ground that a picture shows [px]."""
        ends = f"""(name) => {{
          const range = ({FIND_MODEL})(name).x_range; return range.end - range.start;
        }}"""
        return float(self.page.evaluate(ends, f"picture-{picture}"))

    def shown_index(self) -> int:
        """Return the index of the candidate whose pictures are shown."""
        return int(self.page.evaluate("Number(document.body.dataset.shown)"))


@pytest.fixture(scope="module", params=WIDTHS)
def window(
    request: pytest.FixtureRequest, browser: Browser, small_world: Checkout
) -> ReportWindow:
    return ReportWindow(browser, small_world.root / "reports/index.html", request.param)


@pytest.fixture
def report(window: ReportWindow) -> ReportWindow:
    """Return the report in its first state: the first candidate, whole pictures."""
    window.page.locator("tr[data-index='0'] button").click()
    window.page.wait_for_function("document.body.dataset.shown === '0'")
    window.page.locator("#home").click()
    return window


def test_the_report_requests_no_other_file(report: ReportWindow, small_world: Checkout) -> None:
    requests = [url for url in report.requests if not url.startswith("data:")]

    assert requests == [(small_world.root / "reports/index.html").as_uri()]
    assert [message for message in report.messages if "[bokeh" not in message] == []


def test_the_page_is_no_wider_than_the_window(report: ReportWindow) -> None:
    page_width, window_width = report.page.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth]"
    )

    assert page_width <= window_width


def test_a_tap_on_the_map_shows_the_strip(report: ReportWindow) -> None:
    before = report.page.locator("#chosen").inner_text()

    report.page.mouse.click(*report.marker_position(3))
    report.page.wait_for_function("document.body.dataset.shown !== '0'")

    index = report.shown_index()
    text = report.page.locator("#chosen").inner_text()
    row = report.page.locator(f"tr[data-index='{index}']")
    assert text != before
    assert text.startswith(f"Rank {index + 1}, ")
    assert "chosen" in (row.get_attribute("class") or "")


def test_a_row_of_the_list_shows_the_strip(report: ReportWindow) -> None:
    report.page.locator("tr[data-index='2'] button").click()
    report.page.wait_for_function("document.body.dataset.shown === '2'")

    pixels = report.page.evaluate(
        f"Array.from(new Set(({FIND_MODEL})('pixels-0').data.image[0])).length"
    )
    assert report.page.locator("#chosen").inner_text().startswith("Rank 3, ")
    assert pixels > 100


def test_all_pictures_zoom_together(report: ReportWindow) -> None:
    first = report.width_px(0)

    report.page.locator("#nearer").click()

    assert report.width_px(0) == pytest.approx(first / 1.5)
    assert report.width_px(4) == report.width_px(2) == report.width_px(0)


def test_the_wheel_zooms_over_one_picture_and_all_follow(report: ReportWindow) -> None:
    report.page.evaluate("document.getElementById('look').scrollIntoView()")
    box = report.page.locator("#strip").bounding_box()
    assert box is not None
    before = report.width_px(0)

    report.page.mouse.move(box["x"] + 80, box["y"] + 100)
    report.page.keyboard.down("Control")
    report.page.mouse.wheel(0, -300)
    report.page.wait_for_timeout(300)
    report.page.keyboard.up("Control")

    assert report.width_px(0) < before
    assert report.width_px(3) == report.width_px(0)


def test_an_outline_can_be_hidden(report: ReportWindow) -> None:
    report.page.locator("input[data-outline='candidate']").uncheck()

    assert not report.page.evaluate(f"({FIND_MODEL})('line-candidate-0').visible")
    assert report.page.evaluate(f"({FIND_MODEL})('line-label-0').visible")
