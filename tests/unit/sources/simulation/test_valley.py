"""River valleys: ground that looks mined, mines along streams, and what labels say of both."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.core.lattice import LANDSAT, Lattice
from minecover.sources.simulated import SimulatedLabels
from minecover.sources.simulation.finer import Finer, finer_ground
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.label_masks import look_alike_masks, look_alikes, mine_masks
from minecover.sources.simulation.meanders import draw_meander
from minecover.sources.simulation.parameters import Valleys
from minecover.sources.simulation.spectra import Cover
from minecover.sources.simulation.valley import LOOK_ALIKES, MINED, draw_valley
from minecover.sources.simulation.world import World

TEN_M = Lattice("sentinel_2", 10)


@pytest.fixture(scope="module")
def world() -> World:
    built = composed(["experiment=river_valleys", "world.n_sites=6"]).build("world")
    assert isinstance(built, World)
    return built


@pytest.fixture(scope="module")
def valleys(world: World) -> Valleys:
    assert world.parameters.valleys is not None
    return world.parameters.valleys


@pytest.fixture(scope="module")
def grounds(world: World) -> list[Ground]:
    return [world.ground(plot) for plot in world.plots()]


def test_distances_from_a_river_change_by_a_pixel_a_pixel() -> None:
    rng = np.random.default_rng(3)
    river = draw_meander(rng, (60, 60), half_px=3.0)

    # Distances from a line differ by at most a pixel's width from one pixel to the next.
    assert river.distance_px.min() < 1.0
    for axis in (0, 1):
        assert np.abs(np.diff(river.distance_px, axis=axis)).max() <= 1.0 + 1e-3


def test_bends_have_an_inner_and_an_outer_side() -> None:
    river = draw_meander(np.random.default_rng(4), (80, 80), half_px=2.0)
    near = river.distance_px < 6

    assert river.inner[near].max() > 0.3
    assert river.inner[near].min() < -0.3
    assert np.abs(river.inner).max() <= 1.0


def test_bars_lie_on_the_inner_side_of_bends(valleys: Valleys) -> None:
    rivers = replace(valleys, landslides=0, fish_farms=0, clearings=0, rivers=3)
    level = np.zeros((100, 100))
    bars, sides = [], []
    for seed in range(6):
        valley = draw_valley(np.random.default_rng(seed), rivers, level.shape, level)
        bars.append((valley.inside[Cover.RIVER_BAR] > 0).sum())
        sides.append((valley.inside[Cover.WIDE_RIVER] > 0).sum())
        assert (valley.inside[Cover.SCAR] > 0).sum() == 0
        assert (valley.inside[Cover.FISH_POND] > 0).sum() == 0

    assert 0 < sum(bars) < sum(sides)


def test_a_number_of_zero_leaves_a_kind_out(valleys: Valleys) -> None:
    nothing = replace(valleys, rivers=0, landslides=0, fish_farms=0, clearings=0)
    level = np.zeros((50, 40))
    valley = draw_valley(np.random.default_rng(1), nothing, level.shape, level)

    assert all((inside <= 0).all() for inside in valley.inside.values())
    assert np.isinf(valley.shore_px).all()


def test_colours_differ_between_grounds_by_what_was_measured(valleys: Valleys) -> None:
    level = np.zeros((8, 8))
    tints = np.log(
        [
            draw_valley(np.random.default_rng(seed), valleys, level.shape, level).tint
            for seed in range(300)
        ]
    )
    spread = tints.std(axis=0)

    # Bars: 0.26 in the visible bands, 0.21 and 0.32 beyond; nothing in the cirrus band.
    np.testing.assert_allclose(
        spread[Cover.RIVER_BAR, [1, 4, 5]], [0.26, 0.21, 0.32], atol=0.04
    )
    assert (spread[:, 8] == 0).all()
    together = np.corrcoef(tints[:, Cover.RIVER_BAR, 3], tints[:, Cover.TAILINGS, 3])[0, 1]
    assert 0.2 < together < 0.6


def test_no_colours_are_drawn_without_a_spread(valleys: Valleys) -> None:
    level = np.zeros((8, 8))
    plain = replace(valleys, colour_spread=0)

    assert (draw_valley(np.random.default_rng(1), plain, level.shape, level).tint == 1).all()


def test_every_kind_occurs_and_mines_are_tailings_and_ponds(grounds: list[Ground]) -> None:
    covers = set(np.unique(np.stack([ground.cover[:150, :150] for ground in grounds])))

    assert covers >= {
        Cover.WIDE_RIVER,
        Cover.RIVER_BAR,
        Cover.SCAR,
        Cover.FISH_POND,
        Cover.YARD,
        Cover.CLEARING,
        *MINED,
    }
    assert not covers & {Cover.MINE, Cover.POND}


def test_no_mine_looks_like_one_and_is_not(grounds: list[Ground]) -> None:
    for ground in grounds:
        alike = np.any(list(look_alikes(ground).values()), axis=0)
        assert ground.is_mine.any()
        assert alike.any()
        assert not (alike & ground.is_mine).any()


def test_mines_along_streams_are_nearer_to_water(world: World) -> None:
    def distance(share: float) -> float:
        mines = replace(world.parameters.mines, along_streams=share, more_per_site=5)
        other = replace(world, parameters=replace(world.parameters, mines=mines))
        found = [other.ground(plot) for plot in other.plots()]
        shores = [
            np.minimum(one.network.shore_px, one.valley.shore_px)[one.is_mine]
            for one in found
            if one.valley is not None
        ]
        return float(np.concatenate(shores).mean())

    assert distance(1.0) < distance(0.0)


def test_finer_pixels_show_the_same_valley(world: World, grounds: list[Ground]) -> None:
    plot, coarse = world.plots()[0], grounds[0]
    fine = finer_ground((world.seed, plot.ground_id), Finer(plot.grid), coarse)
    kinds = [*LOOK_ALIKES, *MINED]

    of_coarse = np.isin(coarse.cover, kinds).mean()
    of_fine = np.isin(fine.cover, kinds).mean()

    assert of_coarse > 0.02
    assert of_fine == pytest.approx(of_coarse, rel=0.15)


@pytest.mark.parametrize("lattice", [LANDSAT, TEN_M])
def test_labels_name_what_looks_mined(world: World, lattice: Lattice) -> None:
    small = replace(world, n_sites=2)
    table = SimulatedLabels(small, lattice)()
    alike = table[table["kind"] == "look_alike"]

    assert set(alike["name"]) <= set(LOOK_ALIKES.values())
    assert {"river", "clearing"} <= set(alike["name"])
    assert alike["label_id"].is_unique
    plot = small.plots()[0]
    grid, masks = mine_masks(small, plot, lattice)
    assert all(
        mask.shape == grid.shape for mask in look_alike_masks(small, plot, lattice).values()
    )
    assert any(active.any() for _, active in masks)


def test_other_worlds_label_nothing_as_looking_mined(world: World) -> None:
    plain = replace(world, n_sites=2, parameters=replace(world.parameters, valleys=None))
    table = SimulatedLabels(plain)()

    assert "look_alike" not in set(table["kind"])
    assert plain.ground(plain.plots()[0]).valley is None


@pytest.mark.parametrize(
    ("field", "value"), [("rivers", -1), ("island_share", 1.5), ("widest_px", 0)]
)
def test_impossible_valleys_are_refused(valleys: Valleys, field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"world.parameters.valleys.{field}"):
        replace(valleys, **{field: value})
