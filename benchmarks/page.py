"""How fast is the page of many candidates? Drawn ones, measured in a headless browser.

    python benchmarks/page.py --candidates 2000 --out .cache/bench/page

Writes a page of drawn candidates (simulated: bright squares on dark ground, twelve dates each)
with the pictures of all of them beside it, opens it from its file with the network cut, and
prints the size of the page, the first paint, and the longest task of 60 interactions: moves of
the map, sorts, filters, candidates one after the other, verdicts.

    python benchmarks/page.py --tiles 64

measures instead how long the layers of a map take, true colour and probability, from drawn
tiles of 1024 pixels a side.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from playwright.sync_api import Page, ViewportSize, sync_playwright

from minecover.core.grid import Grid
from minecover.core.language import IN_ENGLISH
from minecover.core.raster import write_planes
from minecover.core.raster.tile_files import MosaicTile, write_mosaic, write_tile
from minecover.reporting.candidates import TABLE
from minecover.reporting.figures import Ground
from minecover.reporting.page import (
    PageContent,
    draw_candidate,
    draw_probability,
    draw_true_colour,
    render_page,
    window_around,
    with_href,
)

#: Ground on which candidates are drawn: a square of 40 x 40 pixels each has its own.
SIDE_PX, N_DATES = 40, 12
#: Records tasks of more than 50 ms, as browsers define long tasks.
OBSERVER = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longTasks.push(one.duration);
}).observe({entryTypes: ["longtask"]});
"""


def candidates_of(n: int) -> gpd.GeoDataFrame:
    """Draw n candidates of a jagged outline on a square of ground."""
    rng, a_row = np.random.default_rng(7), int(np.ceil(np.sqrt(n)))
    side = SIDE_PX * a_row
    grid = Grid.from_corner("EPSG:32635", 600_015.0, -100_005.0, side, side)
    shapes = []
    for i in range(n):
        row, col = SIDE_PX * (i // a_row) + 10, SIDE_PX * (i % a_row) + 10
        cells = [(row + r, col + c) for r, c in rng.integers(0, 8, (24, 2)).tolist()]
        boxes = [shapely.box(*grid.cut(r, c, r + 3, c + 3).bounds) for r, c in cells]
        shapes.append(shapely.union_all(boxes))
    outlines = gpd.GeoSeries(shapes, crs=grid.crs)
    middles = outlines.centroid.to_crs("EPSG:4326")
    frame = gpd.GeoDataFrame(
        {
            "lat": middles.y.round(6),
            "lon": middles.x.round(6),
            "rank": range(1, n + 1),
            "candidate_id": [f"map-N35-E{i}-S1" for i in range(n)],
            "site_id": "35_0_0",
            "province": [f"Province {i % 7}" for i in range(n)],
            "area_ha": (outlines.area / 1e4).round(2),
            "max_probability": rng.uniform(0.5, 1, n).round(3),
            "mean_probability": rng.uniform(0.4, 0.6, n).round(3),
            "dates_valid": N_DATES,
            "dates_seen": pd.array([5] * n, "Int64"),
            "first_seen": "2017-02-16",
            "applicable": rng.random(n) < 0.9,
            "at_edge": rng.random(n) < 0.1,
            "to_water_m": rng.uniform(0, 5000, n).round(),
            "to_road_m": np.nan,
            "to_known_mine_m": rng.uniform(0, 9000, n).round(),
            "known": rng.random(n) < 0.2,
        },
        geometry=outlines.to_crs("EPSG:4326"),
        crs="EPSG:4326",
    )
    return frame[list(TABLE)]


def write_page(n: int, out: Path) -> Path:
    """Write the page of n candidates, with a picture file of each beside it."""
    table = candidates_of(n)
    rng = np.random.default_rng(7)
    first = table.geometry.iloc[:1].to_crs("EPSG:32635").iloc[0]
    seed = Grid.around("EPSG:32635", first.centroid.x, first.centroid.y, size_px=2)
    window = window_around(first, seed)
    shape = (N_DATES, *window.shape)
    values = {
        band: rng.uniform(0.02, 0.2, shape).astype(np.float32)
        for band in ("red", "green", "blue", "nir08", "swir22")
    }
    days = tuple(date(2017, 1, 1) + timedelta(16 * k) for k in range(N_DATES))
    usable = rng.random((N_DATES, 1, 1)) < np.ones(shape) * 0.8
    probability = rng.uniform(0, 1, window.shape).astype(np.float32)
    ground = Ground(window, days, values, usable, usable, probability)
    drawn = draw_candidate(ground, table.geometry.iloc[0], {})
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    pictures = {}
    for name in table["candidate_id"]:
        (out / f"pictures/{name}.webp").write_bytes(drawn.image)
        pictures[name] = with_href(drawn, f"pictures/{name}.webp")
    content = PageContent(
        title=f"{n} drawn candidates, simulated data",
        language=IN_ENGLISH,
        candidates=table,
        pictures=pictures,
        threshold=0.5,
        pixel_m=30.0,
        world="drawn",
    )
    path = out / "index.html"
    path.write_text(render_page(replace(content, summary=[f"{n} candidates."])))
    return path


def interact(page: Page) -> int:
    """Do what a person does; return the number of interactions."""
    steps = 0
    for _ in range(5):
        page.keyboard.press("End")
        page.mouse.move(300, 500)
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(250)
        page.mouse.down()
        page.mouse.move(380, 450, steps=4)
        page.mouse.up()
        page.wait_for_timeout(150)
        steps += 2
    for title in ("Area", "Probability", "Province", "Status", "Rank") * 2:
        page.click(f"#list-head >> text={title}")
        steps += 1
    for text in ("3", "35", "E19", ""):
        page.fill("#filters input[type=search]", text)
        steps += 1
    for status in ("new", "known", ""):
        page.select_option("#filters select >> nth=0", status)
        steps += 1
    page.locator("#list-body button").first.click()
    for key in ("m", "ArrowRight", "n", "2", "ArrowRight", "u", "z", "ArrowRight", "x") * 3:
        page.keyboard.press(key)
        page.wait_for_timeout(40)
        steps += 1
    for _ in range(3):
        page.click("#place-view >> text=infrared")
        page.click("#place-view >> text=outlines")
        steps += 2
    return steps


def measure_layers(n_tiles: int, out: Path) -> None:
    """Draw the layers of a map of some tiles, and print the time of a processor."""
    out.mkdir(parents=True, exist_ok=True)
    plane = np.full((1024, 1024), 0.1, np.float32)
    plane[100:200, 300:500] = 0.9
    coarse = {name: np.full((512, 512), 900, np.uint16) for name in ("red", "green", "blue")}
    tiles, files = [], []
    for i in range(n_tiles):
        left, top = 600_015.0 + 30_720 * (i % 8), -100_005.0 - 30_720 * (i // 8)
        grid = Grid.from_corner("EPSG:32635", left, top, 1024, 1024)
        write_tile(out / f"{i}.tif", plane, grid, name="probability")
        files.append(out / f"true_colour_{i}.tif")
        write_planes(files[-1], coarse, grid.merged(2))
        tiles.append(MosaicTile(f"{i}.tif", grid))
    write_mosaic(out / "probability_32635.vrt", tiles, "float32", float("nan"))
    begin = time.process_time()
    draw_true_colour(files)
    middle = time.process_time()
    draw_probability([out / "probability_32635.vrt"])
    end = time.process_time()
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9
    print(f"{n_tiles * plane.size:,} drawn locations: true colour {middle - begin:.1f} s,")
    print(f"probability {end - middle:.1f} s of a processor; peak memory {peak:.2f} GB")


def main() -> None:
    """Write the page, measure it, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=0)
    parser.add_argument("--candidates", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path(".cache/bench/page"))
    options = parser.parse_args()
    if options.tiles:
        measure_layers(options.tiles, options.out / "tiles")
        return
    path = write_page(options.candidates, options.out)
    size = ViewportSize(width=1280, height=900)
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport=size, offline=True).new_page()
        page.add_init_script(OBSERVER)
        page.goto(path.resolve().as_uri())
        page.wait_for_function("document.body.dataset.ready === 'yes'")
        page.wait_for_timeout(300)
        paint = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
        loading = page.evaluate("window.longTasks.splice(0)")
        steps = interact(page)
        tasks = page.evaluate("window.longTasks")
        browser.close()
    print(f"{options.candidates} drawn candidates (simulated), {N_DATES} dates each")
    print(f"index.html {path.stat().st_size / 1e6:.1f} MB")
    print(f"first contentful paint {paint:.0f} ms")
    print(f"longest task of loading {max(loading, default=0):.0f} ms")
    longest = max(tasks, default=0)
    print(f"{steps} interactions: {len(tasks)} tasks over 50 ms, the longest {longest:.0f} ms")


if __name__ == "__main__":
    main()
