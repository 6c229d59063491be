"""Real metadata of four Sentinel-2 products, with pixels drawn into the images they name."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from safe_products import SIDE_M, write_image

from minecover.core.hemispheres import northern
from minecover.core.lattice import Lattice
from minecover.core.quality_bits import UNKNOWN_SCORE
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder
from minecover.sources.safe import MTD, read_safe
from minecover.sources.safe_tile import MTD_TILE, SafeTile, read_safe_tile


class Known(NamedTuple):
    """What is known of a product from the documents of ESA: its offset and its level."""

    product_id: str
    level: int
    offset: int


PRODUCTS = [
    Known("S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857", 2, 0),
    Known("S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248", 1, 0),
    Known("S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126", 2, -1000),
    Known("S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_20230822T021825", 2, -1000),
]
#: Bands of every pixel size; in Level 1 their images have no size in the name.
BANDS = {"blue": 10, "red": 10, "nir": 10, "nir08": 20, "swir16": 20, "swir22": 20, "nir09": 60}


@pytest.fixture(params=PRODUCTS, ids=lambda known: known.product_id[4:26])
def known(request: pytest.FixtureRequest) -> Known:
    found: Known = request.param
    return found


@pytest.fixture
def folder(known: Known, real_data: Path, tmp_path: Path) -> Path:
    """Copy the metadata of a product; return its folder."""
    name = f"{known.product_id}.SAFE"
    return Path(shutil.copytree(real_data / "sentinel2_metadata" / name, tmp_path / name))


@pytest.fixture
def expected(folder: Path) -> Any:
    """The STAC item that others made from the same metadata."""
    return json.loads((folder / "expected_output.json").read_text())


@pytest.fixture
def tile(folder: Path) -> SafeTile:
    (path,) = folder.rglob(MTD_TILE)
    return read_safe_tile(path)


def test_reflectance_is_what_was_put_in(
    known: Known, folder: Path, expected: Any, tile: SafeTile
) -> None:
    corner = tile.grids[10.0].bounds[0], tile.grids[10.0].bounds[3]
    crs = tile.grids[10.0].crs
    rng = np.random.default_rng(7)
    truth = {}
    for band, side_m in BANDS.items():
        n = SIDE_M // side_m
        truth[band] = rng.uniform(0.0, 1.2, (n, n)).round(4)
        dn = np.rint(truth[band] * 10_000 - known.offset).clip(1).astype(np.uint16)
        write_image(folder / expected["assets"][band]["href"], dn, crs, corner)
    scl = rng.integers(0, 12, (60, 60)).astype(np.uint8)
    if known.level == 2:
        write_image(folder / expected["assets"]["scl"]["href"], scl, crs, corner)
    whole = northern(tile.grids[10.0]).cut(0, 0, 120, 120)
    source = ProductFolder(
        str(folder.parent),
        known.level,
        list(BANDS),
        (expected["properties"]["platform"],),
        Lattice("sentinel_2", 10.0),
    )

    cube = source.scenes(Site("whole", "w", whole, 0))

    for band, side_m in BANDS.items():
        n = side_m // 10
        put = truth[band].repeat(n, 0).repeat(n, 1)
        read = cube.values(band)[0, 0]
        assert np.nanmax(np.abs(read - put)) <= 1e-4
        assert np.isfinite(read).mean() > 0.99
    if known.level == 2:
        has_data = cube.dn[0].any(axis=0)
        classes = np.where(has_data, scl.repeat(2, 0).repeat(2, 1), 0)
        np.testing.assert_array_equal(cube.qa[0] & 15, classes)
        assert (cube.qa >> 4 == UNKNOWN_SCORE).all()
    assert cube.qa_layout == ("s2" if known.level == 2 else "none")
    assert cube.dates[0].isoformat() == expected["properties"]["datetime"][:10]


def test_names_and_scaling_are_those_that_others_read(
    known: Known, folder: Path, expected: Any
) -> None:
    safe = read_safe(folder / MTD[known.level])

    assert safe.product_id == known.product_id
    assert safe.platform == expected["properties"]["platform"]
    assert (
        "{:02d}.{:02d}".format(*safe.baseline)
        == (expected["properties"]["s2:processing_baseline"])
    )
    for band in BANDS:
        asset = expected["assets"][band]
        native = safe.sensor.native(band)
        assert str(safe.image(native)) == asset["href"][2:].rpartition(".")[0]
        (stored,) = asset["raster:bands"]
        assert safe.scaling[native] == pytest.approx((stored["scale"], stored["offset"]))


def test_grids_and_angles_are_those_that_others_read(expected: Any, tile: SafeTile) -> None:
    properties = expected["properties"]

    for band, side_m in BANDS.items():
        grid = tile.grids[float(side_m)]
        asset = expected["assets"][band]
        assert list(grid.transform)[:6] == asset["proj:transform"]
        assert list(grid.shape) == asset["proj:shape"]
        assert list(grid.bounds) == asset["proj:bbox"]
    code = properties.get("proj:code") or f"EPSG:{properties['proj:epsg']}"
    assert {grid.crs for grid in tile.grids.values()} == {code}
    assert 90 - tile.sun_zenith_deg == pytest.approx(properties["view:sun_elevation"])
    assert tile.sun_azimuth_deg == pytest.approx(properties["view:sun_azimuth"])
    assert tile.view_zenith_deg == pytest.approx(properties["view:incidence_angle"])
