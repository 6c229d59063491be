"""The page of mines through time: its data, its texts, and its slider in a real browser."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import shapely
from drawn_changes import PERIODS, drawn_mines
from drawn_pages import page_json
from playwright.sync_api import Browser, Page, ViewportSize

from minecover.reporting.page import render_mines_in_time

Rows = list[dict[str, object]]
NAMES = ["2014", "2015", "2016", "2018"]


@pytest.fixture(scope="module")
def data() -> dict[str, object]:
    return page_json(render_mines_in_time(drawn_mines()))


def mines_by_state(data: dict[str, object]) -> dict[object, dict[str, object]]:
    return {mine["state"]: mine for mine in cast(Rows, data["candidates"])}


def test_a_mine_has_its_area_state_and_outline_in_each_period(data: dict[str, object]) -> None:
    mines = mines_by_state(data)

    grown, gone = mines["appeared"], mines["gone"]
    outlines = cast("list[object]", grown["outlines"])
    assert grown["areas"] == [0, 0.27, 0.36, 0.54]
    assert grown["states"] == ["absent", "appeared", "stable", "stable"]
    assert outlines[0] is None
    areas = [shapely.geometry.shape(outline).area for outline in outlines[1:]]
    assert areas == sorted(areas)
    assert gone["areas"] == [0.18, 0.18, None, 0]
    assert [one is None for one in cast("list[object]", gone["outlines"])] == [
        False, False, True, True,
    ]  # fmt: skip
    assert "area_ha_2014" not in grown
    assert "zone" not in grown


def test_alerts_are_marked(data: dict[str, object]) -> None:
    mines = mines_by_state(data)

    assert mines["appeared"]["alert"] == {
        "kind": "grown",
        "since": "2016-01-01",
        "grown_ha": 0.27,
    }
    assert mines["stable"]["alert"] is None


def test_periods_have_their_days_and_the_picture_that_there_is(data: dict[str, object]) -> None:
    periods = cast(Rows, data["periods"])

    assert [period["name"] for period in periods] == NAMES
    assert periods[3]["last_day"] == PERIODS[3].last_day.isoformat()
    assert [period["image"] is None for period in periods] == [False, False, True, False]
    (first_shown,) = cast(Rows, data["overlays"])
    assert first_shown["href"] == cast("dict[str, object]", periods[3]["image"])["href"]


def test_names_are_escaped_and_the_same_mines_give_the_same_page() -> None:
    html = render_mines_in_time(drawn_mines())

    assert "<b>drawn</b>" not in html
    assert html == render_mines_in_time(drawn_mines())
    assert html.index("These data are drawn.") < html.index('<div id="map">')


class Window:
    """The page of drawn mines in a browser window."""

    def __init__(
        self, browser: Browser, folder: Path, lang: str, width: int, **changed: Any
    ) -> None:
        path = folder / "index.html"
        path.write_text(render_mines_in_time(replace(drawn_mines(lang), **changed)))
        size = ViewportSize(width=width, height=900)
        self.page: Page = browser.new_context(viewport=size, offline=True).new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.body.dataset.ready === 'yes'")

    def at(self, period: str) -> str:
        """Wait until the slider is at a period, and return what it says of it."""
        self.page.wait_for_function(f"document.body.dataset.period === '{period}'")
        return self.page.inner_text("#period-count")

    def ground(self) -> str:
        """Return where the true colour on the map comes from."""
        return str(self.page.get_attribute("#map img.leaflet-image-layer", "src"))


@pytest.mark.parametrize("width", [1280, 400])
def test_the_slider_chooses_the_period_by_keys(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    window = Window(browser, tmp_path, "en", width)

    last, ground = window.at("2018"), window.ground()
    window.page.get_by_label("Period", exact=True).focus()
    window.page.keyboard.press("ArrowLeft")
    hidden, nothing = window.at("2016"), window.ground()
    window.page.keyboard.press("Home")
    first, before = window.at("2014"), window.ground()

    said = window.page.get_attribute("#period", "aria-valuetext")
    widths = "[document.documentElement.scrollWidth, window.innerWidth]"
    page_width, window_width = window.page.evaluate(widths)
    assert last == "3 mines, 0.9 ha; 1 not observed"
    assert hidden.startswith("4 mines")
    assert first == "4 mines, 0.7 ha"
    assert said == "2014"
    assert len({ground, nothing, before}) == 3
    assert nothing.startswith("data:image/gif")
    assert window.errors == []
    assert page_width <= window_width


def test_a_mine_shows_before_and_after_and_its_area_in_each_period(
    browser: Browser, tmp_path: Path
) -> None:
    window = Window(browser, tmp_path, "fr", 1280)

    window.page.locator("tr[data-index='0'] button").click()
    captions = window.page.locator("#place-view figcaption").all_inner_texts()
    window.page.click("#period-1")
    window.at("2015")
    rows = window.page.locator("#place-view tbody tr").all_inner_texts()
    chosen = window.page.get_attribute("#period-1", "aria-pressed")
    window.page.keyboard.press("Escape")

    assert captions == ["2014, absente, 0,00 ha", "2018, stable, 0,54 ha"]
    assert [row.split() for row in rows][1] == ["2015", "apparue", "0,27"]
    assert chosen == "true"
    assert window.page.is_visible("#list-view")
    assert window.page.locator("#list-body svg.spark").count() == 5
    assert "alerte" in window.page.inner_text("tr[data-index='0']")
    assert window.errors == []


def test_growth_that_no_mine_has_is_no_column(browser: Browser, tmp_path: Path) -> None:
    table = drawn_mines().table
    weeks = table.assign(growth_ha_a=np.nan, growth_low=np.nan, growth_high=np.nan)

    years = Window(browser, tmp_path, "en", 1280).page.locator(".list th").all_inner_texts()
    window = Window(browser, tmp_path, "en", 1280, table=weeks)

    assert "Growth (ha a year)" in years
    kept = [name for name in years if name != "Growth (ha a year)"]
    assert window.page.locator(".list th").all_inner_texts() == kept
    assert window.errors == []
