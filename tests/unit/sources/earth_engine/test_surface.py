"""Layers from Earth Engine: elevation and the like, on any grid."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from affine import Affine
from servers.ee_assets import Drawn, drawn
from servers.ee_drawing import FOOTPRINT, SITE, Desk
from servers.ee_faults import PIXELS
from servers.ee_rasters import Raster

from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.sources.earth_engine import EarthEngineSurface
from minecover.sources.earth_engine.images import Method

#: Tiles side by side on a lattice of degrees, a ramp of metres from west to east.
ARC_SECOND = 1 / 3600
WEST, NORTH = 28.78, -1.80


def tile(first: int, n: int) -> Raster:
    corner = Affine(ARC_SECOND, 0, WEST + first * ARC_SECOND, 0, -ARC_SECOND, NORTH)
    ramp = np.broadcast_to(np.arange(first, first + n, dtype=np.float64), (60, n))
    return Raster(ramp, Grid("EPSG:4326", corner, (60, n)))


@pytest.fixture
def elevation(desk: Desk) -> Desk:
    """One image, a collection of two tiles of the same ramp, and an empty collection."""
    west, east, whole = tile(0, 66), tile(66, 60), tile(0, 126)
    desk.server.catalogue = Drawn(
        {
            "": (drawn("SRTM", {"elevation": whole}),),
            "GLO30": (drawn("w", {"DEM": west}), drawn("e", {"DEM": east})),
            "NONE": (),
        }
    )
    return desk


def surface(desk: Desk, asset: str = "SRTM", band: str = "elevation") -> EarthEngineSurface:
    is_collection = asset != "SRTM"
    return EarthEngineSurface(desk.client, asset, band, is_collection, "bilinear")


def test_a_ramp_arrives_as_a_ramp(elevation: Desk) -> None:
    values = surface(elevation)(SITE.grid)

    steps = np.diff(values, axis=1)
    assert values.dtype == np.float32
    np.testing.assert_allclose(steps, 30 / (ARC_SECOND * 111_265), rtol=2e-3)


def test_tiles_are_joined_without_a_seam(elevation: Desk) -> None:
    whole = surface(elevation)(FOOTPRINT)

    tiles = replace(surface(elevation, "GLO30", "DEM"), method="nearest")(FOOTPRINT)

    assert tiles.min() < 66 <= tiles.max()
    np.testing.assert_allclose(tiles, whole, atol=0.51)


def test_what_the_asset_does_not_reach_is_unknown(elevation: Desk) -> None:
    wide = surface(elevation)(SITE.grid.grown(100))

    assert np.isfinite(wide).any()
    assert np.isnan(wide).any()


def test_a_collection_without_tiles_there_is_unknown(elevation: Desk) -> None:
    assert np.isnan(surface(elevation, "NONE", "DEM")(SITE.grid)).all()


def test_an_image_that_does_not_exist_is_an_error(elevation: Desk) -> None:
    missing = replace(surface(elevation), asset="SRTM99")

    with pytest.raises(NotCoveredError, match="'SRTM99' not found"):
        missing(SITE.grid)


def test_a_band_that_does_not_exist_is_an_error(elevation: Desk) -> None:
    with pytest.raises(SceneError, match=r"'height' did not match.*bands: \[elevation\]"):
        surface(elevation, band="height")(SITE.grid)


def test_what_is_too_much_comes_in_pieces(elevation: Desk) -> None:
    whole = surface(elevation)(FOOTPRINT)
    elevation.server.faults.plan(PIXELS, "memory", "memory")

    pieces = surface(elevation)(FOOTPRINT)

    assert elevation.server.count(PIXELS) == 1 + 2 + 3
    np.testing.assert_array_equal(pieces, whole)


def test_equal_layers_are_one_layer(desk: Desk) -> None:
    assert len({surface(desk), surface(desk)}) == 1


def test_another_way_to_resample_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="method must be one of nearest, bilinear, bicubic"):
        EarthEngineSurface(desk.client, "SRTM", "elevation", False, cast(Method, "cubic"))
