"""The whole way on real Landsat scenes and hand-drawn mines."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_pages import Window, serious_violations
from numpy.typing import NDArray
from playwright.sync_api import Browser
from rio_cogeo.cogeo import cog_info, cog_validate

from minecover.core.raster import read_grid, read_planes


class Checkout(Protocol):
    root: Path

    def must(self, *command: str) -> str: ...
    def run(self, *command: str) -> CompletedProcess[str]: ...


@pytest.fixture(scope="module")
def mapped(
    brumadinho: Checkout, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Map the folder with the registered champion."""
    out = tmp_path_factory.mktemp("maps")
    said = brumadinho.must(
        "minecover", "predict", "--model", "models:/minecover-brumadinho@champion",
        "--source", str(real_data / "brumadinho"), "--out", str(out),
    )  # fmt: skip
    assert str(out / "brumadinho.tif") in said
    return out / "brumadinho.tif"


@pytest.fixture(scope="module")
def region(
    brumadinho: Checkout, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Map both scenes on tiles of 2 km with the registered champion, in French."""
    out = tmp_path_factory.mktemp("region") / "feijao"
    brumadinho.must(
        "minecover", "map", "-44.2003,-20.18,-44.0786,-20.10", "--tile", "64", "--lang", "fr",
        "--model", "models:/minecover-brumadinho@champion", "--workers", "2",
        "--source", str(real_data / "brumadinho"), "--out", str(out),
    )  # fmt: skip
    return out


def drawn_groups(real_data: Path) -> NDArray[np.object_]:
    """Return the five groups of drawn mines that touch, in the zone of the scenes."""
    drawn = gpd.read_file(real_data / "brumadinho/mines.geojson").to_crs("EPSG:32623")
    return np.asarray(shapely.get_parts(shapely.union_all(drawn.geometry.buffer(0.5))))


def test_a_small_forest_finds_mines_that_it_never_saw(brumadinho: Checkout) -> None:
    metrics = json.loads((brumadinho.root / "reports/metrics.json").read_text())

    assert metrics["location"]["average_precision"] > 10 * metrics["prevalence"]["location"]


def test_a_dated_spill_is_no_mine_before_its_date(brumadinho: Checkout) -> None:
    table = pd.concat(
        pd.read_parquet(path, columns=["label", "valid_strict"])
        .assign(date=np.repeat(range(2), 2500))
        .loc[lambda rows: rows["valid_strict"]]
        for path in sorted((brumadinho.root / "data/features/observations").glob("*.parquet"))
        if len(pd.read_parquet(path, columns=["label"])) == 5000
    )

    mines = table.groupby("date")["label"].sum()
    assert mines[1] > 1.3 * mines[0]


def test_the_report_of_real_data_does_not_say_simulated(brumadinho: Checkout) -> None:
    page = (brumadinho.root / "reports/index.html").read_text()

    assert "simulated" not in page.partition("</title>")[0].lower()


def test_the_map_is_a_valid_cog(mapped: Path) -> None:
    valid, errors, warnings = cog_validate(mapped, strict=True)

    assert (valid, errors, warnings) == (True, [], [])
    assert cog_info(mapped).Profile.Nodata in ("nan", "NaN") or np.isnan(
        float(cog_info(mapped).Profile.Nodata)
    )


def test_every_group_of_drawn_mines_is_among_the_first_candidates_of_the_map(
    mapped: Path, real_data: Path
) -> None:
    # In sample: the model was trained on these mines.
    groups = drawn_groups(real_data)
    candidates = gpd.read_parquet(mapped.with_name("candidates.parquet"))

    first = candidates[candidates["rank"] <= 7].to_crs("EPSG:32623")

    assert len(groups) == 5
    assert [first.intersects(group).any() for group in groups] == [True] * 5
    assert first["known"].sum() >= 5
    assert candidates["candidate_id"].is_unique


def test_mines_that_borders_of_tiles_cut_are_one_candidate_each(
    region: Path, real_data: Path
) -> None:
    candidates = gpd.read_parquet(region / "candidates.parquet").to_crs("EPSG:32623")
    first = candidates[candidates["rank"] <= 7]
    tiles = [shapely.box(*read_grid(path).bounds) for path in region.glob("class/*.tif")]

    cut = [sum(tile.intersects(shape) for tile in tiles) > 1 for shape in first.geometry]
    meeting, _ = candidates.sindex.query(candidates.geometry.buffer(1), predicate="intersects")

    assert [first.intersects(one).any() for one in drawn_groups(real_data)] == [True] * 5
    assert sum(cut) >= 3
    assert len(meeting) == len(candidates)


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_of_the_map_shows_both_dates_in_french_and_requests_nothing(
    browser: Browser, region: Path, width: int
) -> None:
    opened = Window(browser, region / "index.html", width)
    page = opened.page

    page.locator("#list-body button").first.click()
    page.wait_for_function("document.body.dataset.shown === '0'")

    place = page.inner_text("#place-view")
    assert "14 janv. 2019" in place
    assert "30 janv. 2019" in place
    assert "touche une mine connue" in place
    assert "mines connues" in page.inner_text("#legend")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {url.partition(":")[0] for url in opened.requests} <= {"file", "data", "blob"}
    assert opened.messages == []


def test_axe_core_finds_no_serious_violation_on_the_page_of_the_map(
    browser: Browser, region: Path, axe: str
) -> None:
    page = Window(browser, region / "index.html").page

    of_list = serious_violations(page, axe)
    page.locator("#list-body button").first.click()
    page.wait_for_function("document.body.dataset.shown === '0'")

    assert [*of_list, *serious_violations(page, axe)] == []


def test_the_maps_corners_are_those_of_both_scenes(mapped: Path) -> None:
    grid = read_grid(mapped)

    assert grid.crs == "EPSG:32623"
    assert grid.bounds == (583485.0, -2231685.0, 596385.0, -2222685.0)


def test_one_date_where_one_scene_reaches_and_two_where_both_do(mapped: Path) -> None:
    planes = read_planes(mapped)

    dates = planes["valid_dates"]
    assert dates[:, :30].max() == 1
    assert dates[:, -30:].max() == 1
    assert dates[:, 30:-30].max() == 2
    np.testing.assert_array_equal(np.isnan(planes["probability"]), dates == 0)


def test_a_model_of_six_bands_refuses_other_products(
    brumadinho: Checkout, real_data: Path, tmp_path: Path
) -> None:
    done = brumadinho.run(
        "minecover", "predict", "--model", "models:/minecover-brumadinho@champion",
        "--source", str(real_data / "landsat_l1"), "--out", str(tmp_path / "maps"),
    )  # fmt: skip

    assert done.returncode == 1
    assert "the model reads Level-2 products" in done.stderr
    assert "holds none, but Level-1 products of landsat-8" in done.stderr
    assert not (tmp_path / "maps").exists()
