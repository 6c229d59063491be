"""Laws of chips: masks survive as outlines, and features on a part are those of the part."""

from datetime import date

import numpy as np
import pytest
from chip_sets import LATTICE, chip_set, write_raster
from hypothesis import given, settings
from hypothesis import strategies as st

from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.neighbourhood import Neighbourhood
from minecover.features.planes import feature_planes
from minecover.features.roughness import Roughness
from minecover.labels.burning import kind_plane, label_cube, labels_of_site
from minecover.sources.chips import ChipLabels, ChipSites

SIZE = 12
SQUARES: dict[str, FeatureSet] = {
    "bands": Bands(("red",)),
    "squares": Neighbourhood(("red",), (30, 90), least_share=0.3),
    "rough": Roughness(("red",), (10, 20), 50, least_share=0.3),
}
COLUMNS = (
    "red",
    "red_mean30m",
    "red_sd30m",
    "red_mean90m",
    "red_sd90m",
    "red_rough10m_50m",
    "red_rough20m_50m",
)


@settings(max_examples=30)
@given(cells=st.lists(st.sampled_from([0, 1, 2, 255]), min_size=36, max_size=36).filter(any))
def test_the_outlines_of_any_mask_burn_to_the_mask(
    tmp_path_factory: pytest.TempPathFactory, cells: list[int]
) -> None:
    mask = np.array(cells, np.uint8).reshape(1, 6, 6)
    folder = tmp_path_factory.mktemp("chips")
    write_raster(folder / "images/a_t0.tif", np.ones((1, 6, 6), np.uint8))
    write_raster(folder / "masks/a.tif", mask)
    chips = chip_set(folder)

    labels = labels_of_site(ChipLabels(chips)(), "a")
    grid = ChipSites(chips, LATTICE)(labels)[0].grid

    burned, _ = label_cube(labels, grid, [date(2018, 1, 1)], ignore_ring_m=0)
    expected = np.select([mask[0] == 1, mask[0] == 255], [1, -1], 0)
    np.testing.assert_array_equal(burned[0], expected)
    np.testing.assert_array_equal(kind_plane(labels, grid, "look_alike"), mask[0] == 2)


def cube(values: F32, *, halo_px: int, is_chip: bool) -> Cube:
    rows, cols = values.shape
    return Cube(
        dn=values[None, None],
        scale=np.ones((1, 1)),
        offset=np.zeros((1, 1)),
        qa=np.zeros((1, rows, cols), np.uint16),
        saturated=np.zeros((1, rows, cols), np.bool_),
        qa_layout="none",
        dates=(date(2018, 1, 1),),
        bands=("red",),
        grid=Grid.from_corner("EPSG:32619", 350_010.0, -1_420_000.0, rows, cols, pixel_m=10),
        halo_px=halo_px,
        is_chip=is_chip,
    )


def planes(one: Cube) -> dict[str, F32]:
    valid = np.isfinite(one.values())[:, 0]
    found = feature_planes(one, valid, {}, SQUARES, COLUMNS, with_medians=True)
    return dict(found.location)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_chip_is_a_map_of_which_nothing_else_was_seen(seed: int) -> None:
    """The same function computes both: what lies beyond the chip has no data on the map."""
    rng = np.random.default_rng(seed)
    on_chip = rng.random((SIZE, SIZE)).astype(np.float32)
    around = np.full((SIZE + 8, SIZE + 8), np.nan, np.float32)
    around[4:-4, 4:-4] = on_chip

    chip = planes(cube(on_chip, halo_px=0, is_chip=True))
    hidden = planes(cube(around, halo_px=4, is_chip=False))

    assert set(chip) == set(COLUMNS)
    for name in COLUMNS:
        np.testing.assert_array_equal(chip[name], hidden[name])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_where_whole_squares_lie_on_the_chip_its_features_are_those_of_the_map(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    around = rng.random((SIZE + 8, SIZE + 8)).astype(np.float32)

    chip = planes(cube(around[4:-4, 4:-4].copy(), halo_px=0, is_chip=True))
    whole = planes(cube(around, halo_px=4, is_chip=False))

    for name in COLUMNS:
        np.testing.assert_array_equal(chip[name][4:-4, 4:-4], whole[name][4:-4, 4:-4])
    # At the edge the rest of the square counts, never ground that is mirrored or made up.
    assert (chip["red_mean90m"][0] != whole["red_mean90m"][0]).all()
