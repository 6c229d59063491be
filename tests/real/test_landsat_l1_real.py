"""Level 1 of three generations against the formulas, and against each other."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.raster import read_grid
from minecover.core.sensors import OLI
from minecover.core.sensors import THERMAL as THERMAL_NAMES
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder

BANDS = tuple(OLI.bands)
REFLECTIVE = tuple(name for name in BANDS if name not in THERMAL_NAMES)

CORUMBA = Site("corumba", "c", Grid.around("EPSG:32621", 450_000, -2_200_000, size_px=100), 8)
#: 40 x 40 pixels inside the 41 x 41 of the cut with all bands.
HESSE = Site("hesse", "h", Grid.from_corner("EPSG:32632", 483_315, 5_628_495, 38, 38), 1)


@pytest.fixture(scope="module")
def corumba(real_data: Path) -> Cube:
    return ProductFolder(str(real_data / "landsat_l1"), 1, ["blue", "swir22"]).scenes(CORUMBA)


@pytest.fixture(scope="module")
def collection_1(real_data: Path) -> Cube:
    return ProductFolder(str(real_data / "landsat_l1_all_bands"), 1, BANDS).scenes(HESSE)


@pytest.fixture(scope="module")
def pre_collection(real_data: Path) -> Cube:
    folder = real_data / "landsat_l1_all_bands" / "pre_collection"
    return ProductFolder(str(folder), 1, BANDS).scenes(HESSE)


@pytest.mark.parametrize(
    ("index", "sun_deg"),
    [pytest.param(0, 42.61713919, id="9 August"), pytest.param(1, 46.93822012, id="25 August")],
)
def test_reflectance_is_the_formula(
    corumba: Cube, real_data: Path, index: int, sun_deg: float
) -> None:
    path = sorted((real_data / "landsat_l1").glob("*/*_B7.TIF"))[index]
    x, y = corumba.grid.xy(30, 50)
    with rasterio.open(path) as file:
        dn = next(file.sample([(x, y)])).item()

    value = corumba.values("swir22")[index, 0, 30, 50]

    assert value == pytest.approx((2e-5 * dn - 0.1) / math.sin(math.radians(sun_deg)), abs=1e-6)


def test_a_product_without_quality_band_is_read_as_such(corumba: Cube) -> None:
    assert corumba.qa_layout == "none"
    assert (corumba.dn > 0).all()


def test_two_generations_bring_two_layouts(collection_1: Cube, pre_collection: Cube) -> None:
    assert (collection_1.qa_layout, pre_collection.qa_layout) == ("c1", "pre")
    assert np.unique(collection_1.qa).tolist() == [2720]
    assert set(np.unique(pre_collection.qa)) <= {20480, 20512, 36864, 53248}


def test_two_generations_show_the_same_reflectance(
    collection_1: Cube, pre_collection: Cube
) -> None:
    # The sun elevations of the two MTLs differ by 0.16 degrees, 0.2 % of the reflectance.
    difference = collection_1.values(*REFLECTIVE) - pre_collection.values(*REFLECTIVE)

    assert np.abs(difference).max() < 0.003
    assert np.median(np.abs(difference)) < 0.0005


def test_two_generations_show_the_same_temperature(
    collection_1: Cube, pre_collection: Cube
) -> None:
    # Collection 1 corrects TIRS's stray light, which moves B10 by 0.7 K and B11 by little.
    difference = np.abs(
        collection_1.values("lwir11", "lwir12") - pre_collection.values("lwir11", "lwir12")
    )

    assert difference[:, 0].max() < 0.8
    assert difference[:, 1].max() < 0.2
    assert (
        285
        < pre_collection.values("lwir11").min()
        < pre_collection.values("lwir11").max()
        < 320
    )


def test_pan_lies_where_green_and_red_do(collection_1: Cube) -> None:
    # Pan (0.50-0.68 um) is nearly a mix of green and red. A shift by a pan pixel, half of ours,
    # would make that mix fit worse.
    b3, b4, b8 = collection_1.values("green", "red", "pan")[0]
    inner = np.s_[1:-1, 1:-1]
    mix = (b3 + b4) / 2
    shifted = [(mix + np.roll(mix, step, axis)) / 2 for axis in (0, 1) for step in (-1, 1)]

    fits = [np.corrcoef(b8[inner].ravel(), m[inner].ravel())[0, 1] for m in (mix, *shifted)]

    assert fits[0] > 0.98
    assert fits[0] == max(fits)


def test_the_pan_grid_of_the_cut_shares_the_centres(real_data: Path) -> None:
    folder = real_data / "landsat_l1_all_bands"
    (pan_path,), (b4_path,) = (list(folder.glob(f"*_{band}.TIF")) for band in ("B8", "B4"))
    pan, b4 = read_grid(pan_path), read_grid(b4_path)

    assert (pan.transform.a, b4.transform.a) == (15, 30)
    assert pan.xy(0, 1) == b4.xy(0, 0)
    assert pan.xy(10, 11) == b4.xy(5, 5)
