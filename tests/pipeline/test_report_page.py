"""The report in a real browser, its network cut: nothing is asked for, everything answers."""

from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

#: Finds one of Bokeh's models by its name.
NAMED = "(name) => Bokeh.documents.map((one) => one.get_model_by_name(name)).find(Boolean)"
WIDTHS = [pytest.param(1280, id="desk"), pytest.param(400, id="phone")]


class House(Protocol):
    root: Path


class Opened:
    """The report in a window, and all that it asked for or complained of."""

    def __init__(self, browser: Browser, path: Path, width: int) -> None:
        size = ViewportSize(width=width, height=900)
        self.page: Page = browser.new_context(viewport=size, offline=True).new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(f"{said.type}: {said.text}")
        )
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.body.dataset.ready === 'yes'")

    def spot(self, place: int) -> tuple[float, float]:
        """Where on the page a candidate's mark lies [px]."""
        self.page.locator("#map").scroll_into_view_if_needed()
        x, y = self.page.evaluate(
            f"""(place) => {{
              const named = {NAMED};
              const view = Bokeh.index.find_one(named("map")), data = named("candidates").data;
              const box = view.canvas_view.el.getBoundingClientRect();
              const {{x_scale, y_scale}} = view.frame;
              return [box.x + x_scale.compute(data.lon[place]),
                      box.y + y_scale.compute(data.lat[place])];
            }}""",
            place,
        )
        return float(x), float(y)

    def span(self, picture: int) -> float:
        """How much ground a small picture shows from left to right [pixels of the ground]."""
        ends = f"""(name) => {{
          const range = ({NAMED})(name).x_range; return range.end - range.start;
        }}"""
        return float(self.page.evaluate(ends, f"picture-{picture}"))

    def shown(self) -> int:
        """The place of the candidate whose pictures are shown."""
        return int(self.page.evaluate("Number(document.body.dataset.shown)"))


@pytest.fixture(scope="module", params=WIDTHS)
def opened(request: pytest.FixtureRequest, browser: Browser, small_world: House) -> Opened:
    return Opened(browser, small_world.root / "reports/index.html", request.param)


@pytest.fixture
def report(opened: Opened) -> Opened:
    """The report as it opens: the first candidate, whole pictures."""
    opened.page.locator("tr[data-place='0'] button").click()
    opened.page.wait_for_function("document.body.dataset.shown === '0'")
    opened.page.locator("#home").click()
    return opened


def test_the_report_asks_for_nothing_but_itself(report: Opened, small_world: House) -> None:
    asked = [url for url in report.asked if not url.startswith("data:")]

    assert asked == [(small_world.root / "reports/index.html").as_uri()]
    assert [said for said in report.complaints if "[bokeh" not in said] == []


def test_the_page_is_no_wider_than_the_window(report: Opened) -> None:
    width, window = report.page.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth]"
    )

    assert width <= window


def test_a_tap_on_the_map_shows_the_strip(report: Opened) -> None:
    before = report.page.locator("#chosen").inner_text()

    report.page.mouse.click(*report.spot(3))
    report.page.wait_for_function("document.body.dataset.shown !== '0'")

    place = report.shown()
    said = report.page.locator("#chosen").inner_text()
    row = report.page.locator(f"tr[data-place='{place}']")
    assert said != before
    assert said.startswith(f"Rank {place + 1}, ")
    assert "chosen" in (row.get_attribute("class") or "")


def test_a_row_of_the_list_shows_the_strip(report: Opened) -> None:
    report.page.locator("tr[data-place='2'] button").click()
    report.page.wait_for_function("document.body.dataset.shown === '2'")

    pixels = report.page.evaluate(
        f"Array.from(new Set(({NAMED})('pixels-0').data.image[0])).length"
    )
    assert report.page.locator("#chosen").inner_text().startswith("Rank 3, ")
    assert pixels > 100


def test_all_pictures_zoom_together(report: Opened) -> None:
    first = report.span(0)

    report.page.locator("#nearer").click()

    assert report.span(0) == pytest.approx(first / 1.5)
    assert report.span(4) == report.span(2) == report.span(0)


def test_the_wheel_zooms_over_one_picture_and_all_follow(report: Opened) -> None:
    report.page.evaluate("document.getElementById('look').scrollIntoView()")
    box = report.page.locator("#strip").bounding_box()
    assert box is not None
    before = report.span(0)

    report.page.mouse.move(box["x"] + 80, box["y"] + 100)
    report.page.keyboard.down("Control")
    report.page.mouse.wheel(0, -300)
    report.page.wait_for_timeout(300)
    report.page.keyboard.up("Control")

    assert report.span(0) < before
    assert report.span(3) == report.span(0)


def test_an_outline_can_be_taken_away(report: Opened) -> None:
    report.page.locator("input[data-outline='candidate']").uncheck()

    assert not report.page.evaluate(f"({NAMED})('line-candidate-0').visible")
    assert report.page.evaluate(f"({NAMED})('line-label-0').visible")
