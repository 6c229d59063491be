"""Raster layers from Earth Engine on any grid."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from affine import Affine
from servers.ee_assets import DrawnAssets, draw_asset
from servers.ee_drawing import FOOTPRINT, SITE, LocalService
from servers.ee_faults import PIXELS
from servers.ee_graph import Asset, Bounds
from servers.ee_rasters import Raster

from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid, project
from minecover.sources.earth_engine import EarthEngineSurface
from minecover.sources.earth_engine.images import Method

#: Adjacent tiles in degrees, with a ramp of metres from west to east.
ARC_SECOND = 1 / 3600
WEST, NORTH = 28.78, -1.80


def tile(first: int, n: int) -> Raster:
    corner = Affine(ARC_SECOND, 0, WEST + first * ARC_SECOND, 0, -ARC_SECOND, NORTH)
    ramp = np.broadcast_to(np.arange(first, first + n, dtype=np.float64), (60, n))
    return Raster(ramp, Grid("EPSG:4326", corner, (60, n)))


@pytest.fixture
def elevation(service: LocalService) -> LocalService:
    """Serve an image, a collection of two tiles of the same ramp, and an empty collection."""
    west, east, whole = tile(0, 66), tile(66, 60), tile(0, 126)
    service.server.catalogue = DrawnAssets(
        {
            "": (draw_asset("SRTM", {"elevation": whole}),),
            "GLO30": (draw_asset("w", {"DEM": west}), draw_asset("e", {"DEM": east})),
            "NONE": (),
        }
    )
    return service


def surface(
    service: LocalService, asset: str = "SRTM", band: str = "elevation"
) -> EarthEngineSurface:
    is_collection = asset != "SRTM"
    return EarthEngineSurface(service.client, asset, band, is_collection, "bilinear")


def test_a_ramp_arrives_as_a_ramp(elevation: LocalService) -> None:
    values = surface(elevation)(SITE.grid)

    steps = np.diff(values, axis=1)
    assert values.dtype == np.float32
    np.testing.assert_allclose(steps, 30 / (ARC_SECOND * 111_265), rtol=2e-3)


def test_tiles_are_joined_without_a_seam(elevation: LocalService) -> None:
    whole = surface(elevation)(FOOTPRINT)

    tiles = replace(surface(elevation, "GLO30", "DEM"), method="nearest")(FOOTPRINT)

    assert tiles.min() < 66 <= tiles.max()
    np.testing.assert_allclose(tiles, whole, atol=0.51)


def test_outside_of_the_asset_there_is_no_data(elevation: LocalService) -> None:
    wide = surface(elevation)(SITE.grid.grown(100))

    assert np.isfinite(wide).any()
    assert np.isnan(wide).any()


def test_a_collection_without_tiles_has_no_data(elevation: LocalService) -> None:
    assert np.isnan(surface(elevation, "NONE", "DEM")(SITE.grid)).all()


def test_an_image_that_does_not_exist_is_an_error(elevation: LocalService) -> None:
    missing = replace(surface(elevation), asset="SRTM99")

    with pytest.raises(NotCoveredError, match="'SRTM99' not found"):
        missing(SITE.grid)


def test_a_band_that_does_not_exist_is_an_error(elevation: LocalService) -> None:
    with pytest.raises(SceneError, match=r"'height' did not match.*bands: \[elevation\]"):
        surface(elevation, band="height")(SITE.grid)


def test_large_requests_are_divided(elevation: LocalService) -> None:
    whole = surface(elevation)(FOOTPRINT)
    elevation.server.faults.plan(PIXELS, "memory", "memory")

    pieces = surface(elevation)(FOOTPRINT)

    assert elevation.server.count(PIXELS) == 1 + 2 + 3
    np.testing.assert_array_equal(pieces, whole)


def test_equal_layers_have_equal_hashes(service: LocalService) -> None:
    assert len({surface(service), surface(service)}) == 1


def test_another_resampling_method_is_refused(service: LocalService) -> None:
    with pytest.raises(ConfigError, match="method must be one of nearest, bilinear, bicubic"):
        EarthEngineSurface(service.client, "SRTM", "elevation", False, cast(Method, "cubic"))


def test_tiles_on_both_sides_of_180_degrees_are_joined_and_no_others(
    service: LocalService,
) -> None:
    zone = "EPSG:32660"
    grid = Grid.around(zone, *project(180, -17, zone), size_px=4)
    side, north = 60 * ARC_SECOND, -17 + 30 * ARC_SECOND

    def level(name: str, west: float, metres: float) -> Asset:
        corner = Affine(ARC_SECOND, 0, west, 0, -ARC_SECOND, north)
        plane = np.full((60, 60), metres)
        return draw_asset(name, {"DEM": Raster(plane, Grid("EPSG:4326", corner, (60, 60)))})

    tiles = (level("w", 180 - side, 5.0), level("e", -180, 5.0), level("far", 28, 900.0))
    listed: list[str] = []

    class Recording(DrawnAssets):
        def collection(self, name: str, bounds: Bounds | None) -> Sequence[Asset]:
            found = super().collection(name, bounds)
            listed.extend(one.index for one in found)
            return found

    service.server.catalogue = Recording({"": (), "GLO30": tiles})

    surface(service, "GLO30", "DEM")(grid)

    assert set(listed) == {"w", "e"}
