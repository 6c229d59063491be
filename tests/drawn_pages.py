"""A page of candidates with pictures of drawn ground, and what its scripts read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from playwright.sync_api import Browser, Page, ViewportSize

from minecover.core.grid import Grid
from minecover.core.language import Language
from minecover.labels.review import candidate_questions
from minecover.reporting.candidates import TABLE
from minecover.reporting.figures import Ground
from minecover.reporting.page import (
    Image,
    PageContent,
    data_url,
    draw_candidate,
    draw_true_colour,
    window_around,
    with_href,
)

__all__ = [
    "GRID",
    "Window",
    "candidates_of",
    "drawn_ground",
    "drawn_page",
    "page_json",
    "serious_violations",
]

GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 100, 100)
DAYS = (date(2017, 1, 15), date(2017, 1, 31), date(2017, 2, 16))
#: Side of a candidate, and distance of one from the next [px].
SIDE, STEP = 6, 12
assert draw_true_colour([]) is None


def drawn_ground() -> Ground:
    """Draw dark ground with bright candidates; the second date is hidden by clouds."""
    red = np.full((len(DAYS), *GRID.shape), 0.05, np.float32)
    for top, left in corners(64):
        red[:, top : top + SIDE, left : left + SIDE] = 0.3
    red += np.linspace(0, 0.02, GRID.shape[1], dtype=np.float32)
    usable = np.ones(red.shape, np.bool_)
    usable[1] = False
    bands = {"red": red, "green": red * 0.8, "blue": red * 0.6, "nir08": red + 0.1}
    probability = np.where(red[0] > 0.2, 0.9, 0.1).astype(np.float32)
    mined = red > 0.2
    mined[0] = False
    return Ground(GRID, DAYS, {**bands, "swir22": red}, usable, mined, probability)


def corners(n: int) -> list[tuple[int, int]]:
    """Return rows and columns of the upper left corners of n candidates."""
    a_row = GRID.shape[1] // STEP
    return [(STEP * (i // a_row) + 3, STEP * (i % a_row) + 3) for i in range(n)]


def candidates_of(n: int) -> gpd.GeoDataFrame:
    """Draw n candidates; every second one is known, the model extrapolates at the third."""
    boxes = [
        shapely.box(*GRID.cut(top, left, top + SIDE, left + SIDE).bounds)
        for top, left in corners(n)
    ]
    outlines = gpd.GeoSeries(boxes, crs=GRID.crs).to_crs("EPSG:4326")
    middles = outlines.to_crs(GRID.crs).centroid.to_crs("EPSG:4326")
    frame = gpd.GeoDataFrame(
        {
            "lat": middles.y.round(6).to_numpy(),
            "lon": middles.x.round(6).to_numpy(),
            "rank": range(1, n + 1),
            "candidate_id": [f"N35-E{i}-S1" for i in range(n)],
            "site_id": "<b>s001</b>",
            "province": ["Sud-Kivu" if i % 3 else "Maniema" for i in range(n)],
            "area_ha": [3.24 - 0.01 * i for i in range(n)],
            "max_probability": 0.9,
            "mean_probability": 0.7,
            "dates_valid": 2,
            "dates_seen": pd.array([1] * n, "Int64"),
            "first_seen": "2017-02-16",
            "applicable": [i != 2 for i in range(n)],
            "at_edge": False,
            "to_water_m": 60.0,
            "to_road_m": np.nan,
            "to_known_mine_m": 1234.0,
            "known": [i % 2 == 0 for i in range(n)],
        },
        geometry=outlines,
        crs="EPSG:4326",
    )
    return frame[list(TABLE)]


def drawn_page(n: int, *, lang: str = "en", n_pictures: int = 64) -> PageContent:
    """Return the content of a page of n candidates, with their pictures inside."""
    table, ground = candidates_of(n), drawn_ground()
    pictures = {}
    for row in table.head(n_pictures).itertuples():
        outline = gpd.GeoSeries([row.geometry], crs=table.crs).to_crs(GRID.crs).iloc[0]
        part = ground.on(window_around(outline, GRID))
        pictures[str(row.candidate_id)] = with_href(draw_candidate(part, row.geometry, {}))
    west, south, east, north = table.total_bounds.tolist()
    href = next(iter(pictures.values()))["href"] if pictures else data_url(b"")
    return PageContent(
        title="Candidates <b>drawn</b>",
        language=Language(lang),
        candidates=table.set_geometry(candidate_questions(table).geometry),
        pictures=pictures,
        threshold=0.5,
        pixel_m=30.0,
        world="a drawn world",
        overlays=[Image("true colour", str(href), (west, south, east, north))],
        warnings=["These data are drawn."],
        summary=[f"{n} candidates."],
    )


def page_json(html: str) -> dict[str, object]:
    """Return the data of a rendered page."""
    body = html.partition('id="data">')[2].partition("</script>")[0]
    data: dict[str, object] = json.loads(body)
    return data


def serious_violations(page: Page, axe: str) -> list[str]:
    """Return what axe-core calls serious or critical on an open page, each with an element."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html']} and {len(one['nodes']) - 1} more"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


class Window:
    """A page in a browser window, without network, with its requests and messages."""

    def __init__(self, browser: Browser, path: Path, width: int = 1280) -> None:
        size = ViewportSize(width=width, height=900)
        self.page: Page = browser.new_context(viewport=size, offline=True).new_page()
        self.requests: list[str] = []
        self.messages: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.body.dataset.ready === 'yes'")

    def look_at(self, index: int) -> None:
        """Choose a candidate in the list."""
        self.page.locator(f"tr[data-index='{index}'] button").click()
        self.page.wait_for_function(f"document.body.dataset.shown === '{index}'")

    def save(self, path: Path) -> Path:
        """Save the verdicts by the key."""
        with self.page.expect_download() as download:
            self.page.keyboard.press("s")
        download.value.save_as(path)
        return path

    def ranks(self) -> list[str]:
        """Return the ranks of the list, in its order."""
        return self.page.locator("#list-body td:first-child").all_inner_texts()
