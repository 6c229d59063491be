"""Surfaces and layers of the simulated world, as context planes read them."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.core.raster import burn
from minecover.features.context import ElevationChange, Position, Slope
from minecover.sources.simulated import SimulatedLayer, SimulatedSurface
from minecover.sources.simulation.world import World


@pytest.fixture(scope="module")
def world() -> World:
    params = composed(["source=simulated", "world.n_sites=8", "world.n_dates=2"])
    built = params.build("world")
    assert isinstance(built, World)
    return built


def test_elevation_is_the_relief_that_shades_the_scenes(world: World) -> None:
    plot = world.plots()[0]

    elevation = SimulatedSurface(world, "elevation")(plot.grid)

    np.testing.assert_allclose(elevation, world.ground(plot).relief.height_m, atol=0.0051)


def test_a_site_that_shares_its_ground_shares_its_terrain(world: World) -> None:
    surface = SimulatedSurface(world, "elevation")
    first, second = world.sites()["sim0006"], world.sites()["sim0007"]
    row, col = first.rowcol(*second.xy(0, 0))

    wide = surface(first.grown(60))

    np.testing.assert_array_equal(
        wide[60 + row : 160 + row, 60 + col : 160 + col][:40, :40], surface(second)[:40, :40]
    )


def test_beyond_the_simulated_ground_elevation_is_unknown(world: World) -> None:
    grid = world.sites()["sim0000"].grown(30)

    elevation = SimulatedSurface(world, "elevation")(grid)

    assert np.isnan(elevation[:5]).all()
    assert np.isnan(elevation[:, -5:]).all()
    assert np.isfinite(elevation[5:-5, 5:-5]).all()


def test_terrain_planes_are_known_on_every_site(world: World) -> None:
    after = SimulatedSurface(world, "elevation")
    change = ElevationChange(after, SimulatedSurface(world, "elevation_before"))

    values = [
        plane(grid)
        for plane in (Slope(after), Position(after, 1000.0), change)
        for grid in world.sites().values()
    ]

    assert all(np.isfinite(plane).all() for plane in values)


def test_mines_were_dug_between_the_models(world: World) -> None:
    after = SimulatedSurface(world, "elevation")
    change = ElevationChange(after, SimulatedSurface(world, "elevation_before"))
    plots = world.plots()
    changes = [change(plot.grid) for plot in plots]
    mined = [world.ground(plot).is_mine for plot in plots]

    inside = np.concatenate([c[m] for c, m in zip(changes, mined, strict=True)])
    outside = np.concatenate([c[~m] for c, m in zip(changes, mined, strict=True)])

    assert np.nanmean(inside) < -1
    assert abs(np.nanmean(outside)) < 0.2
    # The error of the earlier model hides most single pixels.
    assert np.nanstd(outside) > 2


def test_water_is_an_area_where_the_river_is_wide(world: World) -> None:
    plot = world.plots()[0]
    water = SimulatedLayer(world, "water")().to_crs(plot.grid.crs)
    network = world.network(plot)

    wet = burn(water.geometry, plot.grid, all_touched=False)

    assert np.abs(wet.sum() - (network.river > 0.5).sum()) < 0.15 * wet.sum()
    assert (SimulatedSurface(world, "water_occurrence")(plot.grid)[wet] > 0).all()


def test_an_unknown_surface_is_refused(world: World) -> None:
    with pytest.raises(ConfigError, match="elevation, elevation_before, water_occurrence"):
        SimulatedSurface(world, "geology")
