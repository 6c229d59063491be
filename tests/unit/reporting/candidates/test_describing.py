"""Candidates are described by dates, distances and province; precision among the first ones."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.grid import Grid
from minecover.core.surroundings import Surroundings
from minecover.evaluation import Bootstrap
from minecover.reporting.candidates import (
    TABLE,
    SiteMap,
    describe,
    find_candidates,
    precision_at,
    write_kml,
)

GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 3, 6)
DATES = (date(2017, 1, 14), date(2017, 1, 30), date(2017, 2, 15))
NO_MINES = gpd.GeoSeries([], crs="EPSG:4326")


def masks(*pictures: str) -> np.ndarray:
    """Return one boolean plane for each drawing: x is True."""
    return np.array([[[c == "x" for c in line] for line in p.split()] for p in pictures])


def one_candidate() -> gpd.GeoDataFrame:
    """Return a candidate of four pixels: the first two columns of the first two rows."""
    probability = np.where(masks("xx.... xx.... ......")[0], 0.9, 0.0).astype(np.float32)
    labels = gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326")
    return find_candidates([SiteMap("a", GRID, probability)], labels, threshold=0.5, min_px=1)


def surroundings(
    valid: np.ndarray, looks_mined: np.ndarray, planes: dict[str, np.ndarray] | None = None
) -> Surroundings:
    return Surroundings(
        grid=GRID,
        province="Sud-Kivu",
        dates=DATES,
        valid=valid,
        looks_mined=looks_mined,
        applicable=np.ones(GRID.shape, np.float32),
        planes=planes or {},
    )


ALL, NONE = "xxxxxx xxxxxx xxxxxx", "...... ...... ......"
HALF, LESS = "x..... x..... ......", "x..... ...... ......"


@pytest.mark.parametrize(
    ("valid", "mined", "expected"),
    [
        pytest.param([ALL] * 3, [ALL] * 3, (3, 3, "2017-01-14"), id="on every date"),
        pytest.param([ALL] * 3, [NONE, HALF, LESS], (3, 1, "2017-01-30"), id="half is enough"),
        pytest.param([NONE, ALL, ALL], [ALL] * 3, (2, 2, "2017-01-30"), id="hidden at first"),
        pytest.param([LESS, NONE, NONE], [LESS] * 3, (1, 1, "2017-01-14"), id="partly clouded"),
        pytest.param([ALL] * 3, [NONE] * 3, (3, 0, ""), id="never"),
    ],
)
def test_dates_are_counted_where_the_candidate_was_observed(
    valid: list[str], mined: list[str], expected: tuple[int, int, str]
) -> None:
    site = surroundings(masks(*valid), masks(*mined))

    row = describe(one_candidate(), lambda _: site, NO_MINES).iloc[0]

    assert (row["dates_valid"], row["dates_seen"], row["first_seen"]) == expected


def test_distances_are_measured_from_the_nearest_pixel_to_any_water() -> None:
    metres = np.arange(18, dtype=np.float32).reshape(3, 6) + 30
    planes = {"distance_to_water": metres + 100, "distance_to_river": metres}
    site = surroundings(masks(*[ALL] * 3), masks(*[ALL] * 3), planes)

    row = describe(one_candidate(), lambda _: site, NO_MINES).iloc[0]

    assert row["to_water_m"] == 30
    assert np.isnan(row["to_road_m"])
    assert row["province"] == "Sud-Kivu"
    assert bool(row["applicable"])


@pytest.mark.parametrize(
    ("gap_m", "expected"),
    [
        pytest.param(-30, 0, id="overlapping"),
        pytest.param(0, 0, id="touching"),
        pytest.param(0.3, 0, id="touching but for rounding"),
        pytest.param(0.7, 1, id="beside it"),
        pytest.param(600, 600, id="away"),
    ],
)
def test_the_nearest_mine_is_measured_from_outline_to_outline(
    gap_m: float, expected: float
) -> None:
    left, right = GRID.bounds[0], GRID.bounds[0] + 60
    near = shapely.box(right + gap_m, GRID.bounds[3] - 60, right + gap_m + 90, GRID.bounds[3])
    far = shapely.box(left - 9000, GRID.bounds[3] - 60, left - 8000, GRID.bounds[3])
    mines = gpd.GeoSeries([far, near], crs=GRID.crs).to_crs("EPSG:4326")
    site = surroundings(masks(*[ALL] * 3), masks(*[ALL] * 3))

    row = describe(one_candidate(), lambda _: site, mines).iloc[0]

    assert row["to_known_mine_m"] == pytest.approx(expected, abs=1)
    assert row["known"] == (row["to_known_mine_m"] == 0)


def test_no_candidates_give_a_table_without_rows() -> None:
    site = surroundings(masks(*[ALL] * 3), masks(*[ALL] * 3))
    usual = describe(one_candidate(), lambda _: site, NO_MINES)

    empty = describe(one_candidate()[:0], lambda _: site, NO_MINES)

    assert list(empty.columns) == list(TABLE)
    assert empty.drop(columns=["candidate_id", "site_id"]).dtypes.equals(
        usual.drop(columns=["candidate_id", "site_id"]).dtypes
    )


def test_kml_opens_with_all_fields_and_coordinates(tmp_path: Path) -> None:
    site = surroundings(masks(*[ALL] * 3), masks(*[ALL] * 3))
    candidates = describe(one_candidate(), lambda _: site, NO_MINES)

    write_kml(tmp_path / "candidates.kml", candidates, simulated=True)

    opened = gpd.read_file(tmp_path / "candidates.kml")
    assert opened["candidate_id"].tolist() == candidates["candidate_id"].tolist()
    assert opened["area_ha"].astype(float).tolist() == candidates["area_ha"].tolist()
    assert set(TABLE) <= set(opened.columns)
    assert opened["to_road_m"].isna().all()
    metres = opened.to_crs(GRID.crs).geometry.iloc[0]
    wanted = candidates.to_crs(GRID.crs).geometry.iloc[0]
    assert metres.symmetric_difference(wanted).area < 1
    assert "simulated data" in (tmp_path / "candidates.kml").read_text()


def test_kml_is_reproducible(tmp_path: Path) -> None:
    site = surroundings(masks(*[ALL] * 3), masks(*[ALL] * 3))
    candidates = describe(one_candidate(), lambda _: site, NO_MINES)

    write_kml(tmp_path / "one.kml", candidates, simulated=False)
    write_kml(tmp_path / "two.kml", candidates, simulated=False)

    assert (tmp_path / "one.kml").read_bytes() == (tmp_path / "two.kml").read_bytes()


def test_precision_counts_mines_among_the_first_candidates() -> None:
    table = precision_at(
        np.array([True, True, False, True]),
        ["a", "b", "c", "a"],
        sites=["a", "b", "c", "d"],
        tops=[2, 3, 50],
        bootstrap=Bootstrap(replicates=200, level=0.95, seed=7),
    )

    assert table["k"].tolist() == [2, 3, 4]
    assert table["precision"].tolist() == [1.0, 0.666667, 0.75]
    assert (table["low"] <= table["precision"]).all()
    assert (table["high"] >= table["precision"]).all()


def test_no_candidates_give_an_empty_precision_table() -> None:
    bootstrap = Bootstrap(replicates=10, level=0.95, seed=7)

    table = precision_at(np.empty(0, bool), [], sites=["a"], tops=[10], bootstrap=bootstrap)

    assert table.empty
