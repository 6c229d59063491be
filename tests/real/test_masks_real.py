"""Masks and dated labels on real scenes."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.features.validity import Profile, valid
from minecover.labels import LabelFiles
from minecover.labels.burning import label_cube
from minecover.sources.product_folder import ProductFolder

BANDS = tuple(OLI.bands)

NONE = Profile("none", [], [], False, False, None, None, None, None, 0, None)
POC = Profile("poc", [], ["fill", "cloud_high"], False, False, None, None, None, None, 0, None)
STRICT = Profile(
    "strict",
    [],
    ["fill", "dilated_cloud", "cirrus", "cloud", "cloud_shadow"],
    True,
    False,
    None,
    (-0.05, 1.6),
    (200, 340),
    None,
    0,
    None,
)
WHOLE = Site("whole", "w", Grid.around("EPSG:32623", 589_400, -2_227_200, size_px=280), 0)
HESSE = Site("hesse", "h", Grid.from_corner("EPSG:32632", 483_315, 5_628_495, 38, 38), 1)
CORUMBA = Site("corumba", "c", Grid.around("EPSG:32621", 450_000, -2_200_000, size_px=50), 0)


@pytest.fixture(scope="module")
def brumadinho(real_data: Path) -> Cube:
    folder = str(real_data / "brumadinho")
    return ProductFolder(
        folder, 2, ["blue", "green", "red", "nir08", "swir16", "swir22"]
    ).scenes(WHOLE)


@pytest.fixture(scope="module")
def mines(real_data: Path) -> gpd.GeoDataFrame:
    return LabelFiles(str(real_data / "brumadinho" / "mines.geojson"), None, ())()


def test_stricter_profiles_keep_less(brumadinho: Cube) -> None:
    none, poc, strict = (valid(brumadinho, p).mean() for p in (NONE, POC, STRICT))

    assert 1 > none > poc > strict > 0.9


def test_before_the_collections_clouds_are_masked_without_shadow_bits(real_data: Path) -> None:
    folder = real_data / "landsat_l1_all_bands" / "pre_collection"
    cube = ProductFolder(str(folder), 1, BANDS).scenes(HESSE)

    assert (~valid(cube, STRICT)).sum() == (cube.qa == 53248).sum() > 0


def test_collection_1_is_clear_here(real_data: Path) -> None:
    cube = ProductFolder(str(real_data / "landsat_l1_all_bands"), 1, BANDS).scenes(HESSE)

    assert valid(cube, STRICT).all()


def test_a_product_without_quality_band_needs_the_profile_none(real_data: Path) -> None:
    cube = ProductFolder(str(real_data / "landsat_l1"), 1, ["red"]).scenes(CORUMBA)

    assert valid(cube, NONE).all()
    with pytest.raises(SceneError, match=r"2019-08-09 to 2019-08-25 have no quality band"):
        valid(cube, POC)


def test_what_the_flood_left_is_a_mine_only_after_it(
    brumadinho: Cube, mines: gpd.GeoDataFrame
) -> None:
    label, truth = label_cube(mines, WHOLE.grid, brumadinho.dates, ignore_ring_m=0)
    new = mines[mines["seen_from"] != ""]

    assert new["seen_from"].tolist() == ["2019-01-25"] * 2
    assert label[1].sum() > label[0].sum() > 0
    assert (label[1] >= label[0]).all()
    assert np.unique(truth).tolist() == [-1]


def test_labels_have_the_area_that_was_drawn(mines: gpd.GeoDataFrame) -> None:
    square = shapely.box(*WHOLE.grid.bounds)
    drawn_ha = (mines.to_crs(WHOLE.grid.crs).union_all() & square).area / 1e4

    label, _ = label_cube(mines, WHOLE.grid, [date(2019, 1, 30)], ignore_ring_m=0)

    # Touched pixels add half a pixel all round.
    assert drawn_ha < (label == 1).sum() * 0.09 < 1.5 * drawn_ha
