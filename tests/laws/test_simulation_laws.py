"""Properties of the simulated world: it depends on the seed only."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minecover.core.config import composed
from minecover.core.grid import Grid
from minecover.core.raster import burn
from minecover.core.sites import Site
from minecover.sources.simulated import SimulatedScenes, outlined
from minecover.sources.simulation.layout import MAX_SITES
from minecover.sources.simulation.streams import Bools, highest
from minecover.sources.simulation.world import World

GRID = Grid.from_corner("EPSG:32635", 600_015.0, -200_985.0, 12, 9)


@pytest.fixture(scope="module")
def world() -> World:
    params = composed(["source=simulated", "world.n_sites=40", "world.n_dates=1"])
    built = params.build("world")
    assert isinstance(built, World)
    return built


@settings(max_examples=5)
@given(index=st.integers(0, 39), n_sites=st.integers(40, MAX_SITES))
def test_a_site_does_not_depend_on_the_size_of_its_world(
    world: World, index: int, n_sites: int
) -> None:
    site_id = f"sim{index:04d}"
    site = Site(site_id, "", world.sites()[site_id], 0)
    larger = replace(world, n_sites=n_sites)

    alone = SimulatedScenes(world).scenes(site)
    among = SimulatedScenes(larger).scenes(site)

    assert larger.sites()[site_id] == site.grid
    np.testing.assert_array_equal(alone.dn, among.dn)
    np.testing.assert_array_equal(alone.qa, among.qa)


@settings(max_examples=5)
@given(index=st.integers(0, 39), n_dates=st.integers(2, 9))
def test_more_dates_change_neither_ground_nor_scenes(
    world: World, index: int, n_dates: int
) -> None:
    site_id = f"sim{index:04d}"
    site = Site(site_id, "", world.sites()[site_id], 0)

    few = SimulatedScenes(world).scenes(site)
    many = SimulatedScenes(replace(world, n_dates=n_dates)).scenes(site)

    assert set(few.dates) <= set(many.dates)
    same = many.on([many.dates.index(day) for day in few.dates])
    np.testing.assert_array_equal(same.dn, few.dn)
    np.testing.assert_array_equal(same.qa, few.qa)


@settings(max_examples=5)
@given(seed=st.integers(0, 2**31))
def test_another_seed_makes_another_world(world: World, seed: int) -> None:
    other = replace(world, seed=seed + 8)

    assert other.sites() != world.sites()
    assert other.sites().keys() == world.sites().keys()


@settings(max_examples=100)
@given(mask=hnp.arrays(bool, GRID.shape))
def test_outlines_touch_their_own_pixels_only(mask: Bools) -> None:
    np.testing.assert_array_equal(burn([outlined(mask, GRID)], GRID, all_touched=True), mask)


@given(
    field=hnp.arrays(float, (6, 7), elements=st.floats(-3, 3), unique=True),
    share=st.floats(0, 1),
)
def test_the_highest_share_is_marked_and_no_more(field: np.ndarray, share: float) -> None:
    among = field > -1.0

    marked = highest(field, share, among)

    assert not (marked & ~among).any()
    assert marked.sum() <= np.ceil(share * among.sum())
