"""Laws of features: independent of invalid observations, order of dates and tiling."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid
from minecover.core.sensors import OLI
from minecover.features import FeatureSet
from minecover.features.planes import (
    feature_planes,
    flat_sets,
    location_planes,
    observation_planes,
    plane_names,
)
from minecover.features.requirements import location_reach_px

BANDS = tuple(OLI.bands)

HALO = 28
SIDE = 2 * HALO + 12
GRID = Grid.from_corner("EPSG:32635", 600015.0, 9800015.0, SIDE, SIDE)


@pytest.fixture(scope="module")
def feature_sets() -> dict[str, FeatureSet]:
    """Every feature set of conf/table that needs no context plane."""
    choice = "[bands,spectral,normalised,season,temporal,neighbourhood]"
    conf = Path(__file__).parents[2] / "conf"
    built: dict[str, FeatureSet] = flat_sets(
        composed([f"table={choice}"], conf=conf).build("table")
    )
    return built


def patch(seed: int, n_dates: int = 3) -> tuple[Cube, np.ndarray]:
    """A patch of noise, two thirds of it valid."""
    rng = np.random.default_rng(seed)
    shape = (n_dates, len(BANDS), *GRID.shape)
    thermal = np.array([band in ("lwir11", "lwir12") for band in BANDS])
    cube = Cube(
        dn=rng.integers(7000, 20000, shape).astype(np.uint16),
        scale=np.broadcast_to(np.where(thermal, 3.4e-3, 2e-5), shape[:2]).copy(),
        offset=np.broadcast_to(np.where(thermal, 270.0, -0.1), shape[:2]).copy(),
        qa=np.zeros((n_dates, *GRID.shape), np.uint16),
        saturated=np.zeros((n_dates, *GRID.shape), np.bool_),
        qa_layout="c2",
        dates=tuple(date(2017, 1, 1) + timedelta(16 * i) for i in range(n_dates)),
        bands=BANDS,
        grid=GRID,
        halo_px=HALO,
    )
    return cube, rng.random((n_dates, *GRID.shape)) < 0.66


def features(
    cube: Cube, valid: np.ndarray, feature_sets: dict[str, FeatureSet]
) -> tuple[F32, F32]:
    """All observation planes where valid, and all location planes, without the halo."""
    columns = plane_names(feature_sets)
    by_date = observation_planes(cube, valid, feature_sets, columns, halo_px=cube.halo_px)
    over_dates = location_planes(by_date, valid, {}, feature_sets, columns, pixel_m=30)
    seen = np.where(valid[:, None], np.stack(list(by_date.values()), axis=1), np.float32(0))
    return cube.core(seen), cube.core(np.stack(list(over_dates.values())))


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_feature_ignores_the_value_of_an_invalid_observation(
    seed: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    dn = np.where(valid[:, None], cube.dn, np.uint16(65000))

    spoiled = features(replace(cube, dn=dn), valid, feature_sets)

    for clean, after in zip(features(cube, valid, feature_sets), spoiled, strict=True):
        np.testing.assert_array_equal(clean, after)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(1, 2))
def test_location_features_do_not_depend_on_the_order_of_dates(
    seed: int, shift: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    timeless = {n: b for n, b in feature_sets.items() if n not in ("season", "month_poc")}
    turned = replace(cube, dn=np.roll(cube.dn, shift, axis=0))

    _, before = features(cube, valid, timeless)
    _, after = features(turned, np.roll(valid, shift, axis=0), timeless)

    np.testing.assert_array_equal(before, after)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_spread_over_dates_is_defined_where_two_dates_are_valid_and_there_alone(
    seed: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    names = [name for name in plane_names(feature_sets) if re.search(r"_p\d+_p\d+$", name)]
    ndvi_names = [name for name in names if name.startswith("ndvi")]

    by_date = observation_planes(cube, valid, feature_sets, names, halo_px=0)
    usable = cube.core(valid)
    planes = location_planes(
        by_date, usable, {}, feature_sets, [*names, "dates_seen"], pixel_m=30
    )

    n_dates = usable.sum(axis=0)
    assert {1, 2, 3} <= set(np.unique(n_dates))
    assert len(ndvi_names) == 2
    for name in ndvi_names:
        np.testing.assert_array_equal(np.isfinite(planes[name]), n_dates >= 2)
    for name in names:
        assert not np.isfinite(planes[name][n_dates < 2]).any()
    np.testing.assert_array_equal(planes["dates_seen"], n_dates)


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**32 - 1),
    kept=st.lists(st.booleans(), min_size=3, max_size=3).filter(any),
)
def test_planes_of_some_dates_are_those_of_a_cube_of_these_dates(
    seed: int, kept: list[bool], feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    timeless = {n: b for n, b in feature_sets.items() if n not in ("season", "month_poc")}
    columns, some = plane_names(timeless), np.array(kept)
    fewer = replace(
        cube,
        dn=cube.dn[some],
        scale=cube.scale[some],
        offset=cube.offset[some],
        qa=cube.qa[some],
        saturated=cube.saturated[some],
        dates=tuple(day for day, is_kept in zip(cube.dates, kept, strict=True) if is_kept),
    )

    whole = feature_planes(cube, valid, {}, timeless, columns, with_medians=True)
    alone = feature_planes(fewer, valid[some], {}, timeless, columns, with_medians=True)

    found = whole.of_dates(some)
    np.testing.assert_array_equal(
        np.stack([found[name] for name in columns]),
        np.stack([alone.location[name] for name in columns]),
    )


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_more_invalid_date_changes_no_location_feature(
    seed: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    invalid_last = valid.copy()
    invalid_last[-1] = False

    _, with_date = features(cube, invalid_last, feature_sets)
    _, without_date = features(cube.on([0, 1]), valid[:2], feature_sets)

    np.testing.assert_array_equal(with_date, without_date)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), row=st.integers(0, 5), col=st.integers(0, 5))
def test_features_do_not_depend_on_the_tiling(
    seed: int, row: int, col: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    size = SIDE - 6
    part = replace(
        cube,
        dn=cube.dn[..., row : row + size, col : col + size],
        qa=cube.qa[..., row : row + size, col : col + size],
        saturated=cube.saturated[..., row : row + size, col : col + size],
        grid=GRID.cut(row, col, row + size, col + size),
    )

    whole = features(cube, valid, feature_sets)
    cut = features(part, valid[..., row : row + size, col : col + size], feature_sets)

    inner = size - 2 * HALO
    for all_of_it, some in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(
            all_of_it[..., row : row + inner, col : col + inner], some
        )


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_plane_does_not_depend_on_the_width_of_its_halo(
    seed: int, feature_sets: dict[str, FeatureSet]
) -> None:
    cube, valid = patch(seed)
    columns = plane_names(feature_sets)
    halo = location_reach_px(feature_sets, columns, 30)

    wide = observation_planes(cube, valid, feature_sets, columns, halo_px=HALO)
    narrow = observation_planes(cube, valid, feature_sets, columns, halo_px=halo)

    assert 0 < halo < HALO
    seen = cube.core(valid, halo_px=halo)
    for name, plane in narrow.items():
        np.testing.assert_array_equal(
            plane[seen], cube.core(wide[name], halo_px=halo)[seen], err_msg=name
        )
