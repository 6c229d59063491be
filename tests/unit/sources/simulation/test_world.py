"""The simulated world: positions of plots, mines and ground, days of acquisition."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.core.lattice import LANDSAT
from minecover.sources.simulation.acquisition_days import dryness, overpasses, sun_at
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.layout import place_plots
from minecover.sources.simulation.mines import MinePlacer
from minecover.sources.simulation.parameters import Calendar, Parameters
from minecover.sources.simulation.spectra import Cover
from minecover.sources.simulation.world import World


@pytest.fixture(scope="module")
def world() -> World:
    params = composed(["source=simulated", "world.n_sites=20"])
    built = params.build("world")
    assert isinstance(built, World)
    return built


@pytest.fixture(scope="module")
def ground(world: World) -> Ground:
    return world.ground(world.plots()[0])


def test_plots_are_six_kilometres_apart() -> None:
    boxes = np.array([plot.grid.grown(-25).bounds for plot in place_plots(7)])

    gap_x = np.maximum(
        boxes[:, None, 0] - boxes[None, :, 2], boxes[None, :, 0] - boxes[:, None, 2]
    )
    gap_y = np.maximum(
        boxes[:, None, 1] - boxes[None, :, 3], boxes[None, :, 1] - boxes[:, None, 3]
    )
    gap = np.maximum(gap_x, gap_y)[~np.eye(len(boxes), dtype=bool)]

    assert gap.min() > 6_000 - 30


def test_background_sites_are_separate_and_have_no_mine(world: World) -> None:
    larger = replace(world, n_background=3)
    free = [plot for plot in larger.plots() if plot.is_mine_free]

    assert list(larger.sites()) == [f"background{k:04d}" for k in range(3)] + list(
        world.sites()
    )
    assert larger.plots()[: len(world.plots())] == world.plots()
    assert [site for plot in free for site in plot.site_ids] == list(larger.sites())[:3]
    assert not any(larger.mines(plot, larger.network(plot)) for plot in free)
    assert larger.ground(free[0]).mines == ()


def test_two_of_twenty_sites_overlap(world: World) -> None:
    sites = world.sites()
    left, bottom, right, top = np.array([grid.bounds for grid in sites.values()]).T
    overlaps = (
        (left[:, None] < right)
        & (right[:, None] > left)
        & (bottom[:, None] < top)
        & (top[:, None] > bottom)
        & ~np.eye(len(sites), dtype=bool)
    )

    assert np.argwhere(overlaps).tolist() == [[6, 7], [7, 6]]


def test_sites_lie_on_the_landsat_lattice(world: World) -> None:
    assert all(grid.is_on(LANDSAT) for grid in world.sites().values())
    assert {grid.shape for grid in world.sites().values()} == {(100, 100)}


def test_the_first_site_of_a_pair_can_be_alone(world: World) -> None:
    smaller = replace(world, n_sites=7)

    assert list(smaller.sites()) == [f"sim{i:04d}" for i in range(7)]


def test_every_site_has_an_annotated_mine(world: World) -> None:
    drawn = [
        np.any([mine.outline for mine in world.mines(plot, world.network(plot))], axis=0)
        for plot in world.plots()
    ]
    windows = [
        outlines[plot.slices(window)]
        for plot, outlines in zip(world.plots(), drawn, strict=True)
        for window in plot.windows
    ]

    assert len(windows) == 20
    assert all(window.any() for window in windows)


def test_first_mines_lie_near_water_and_anywhere_in_their_site(world: World) -> None:
    first = [
        (np.argwhere(mine.outline).mean(axis=0), network.shore_px[mine.outline].min())
        for plot in replace(world, n_sites=120).plots()
        if len(plot.windows) == 1
        for network in [world.network(plot)]
        for mine in world.mines(plot, network)[:1]
    ]
    centres = np.array([centre for centre, _ in first]) - 25
    shores = np.array([shore for _, shore in first])

    assert np.quantile(shores, 0.9) <= 25
    assert centres.std(axis=0) == pytest.approx(100 / np.sqrt(12), abs=6)
    assert centres.mean(axis=0) == pytest.approx(50, abs=9)


def test_lasting_confusers_are_rare(ground: Ground) -> None:
    confusers = np.isin(ground.cover, (Cover.BARE, Cover.SETTLEMENT, Cover.LANDSLIDE))

    assert confusers.mean() < 0.03


def test_mines_are_ponds_and_bare_ground(world: World, ground: Ground) -> None:
    plot = world.plots()[0]

    active = np.any([mine.active for mine in world.mines(plot, ground.network)], axis=0)

    np.testing.assert_array_equal(ground.is_mine, active)


def test_mines_have_the_shapes_of_hand_drawn_masks(world: World, tmp_path: Path) -> None:
    corner = np.zeros((1, 100, 100), np.uint8)
    corner[0, 40:43, 40] = corner[0, 42, 40:45] = 1
    np.savez(tmp_path / "masks.npz", masks=corner)
    drawn = replace(world, mine_masks=str(tmp_path / "masks.npz"))
    drawn = replace(drawn, parameters=_exact(drawn))

    plot = drawn.plots()[0]
    outline = drawn.mines(plot, drawn.network(plot))[0].outline
    rows, cols = np.nonzero(outline)

    assert outline.sum() == 7
    assert sorted([np.ptp(rows) + 1, np.ptp(cols) + 1]) == [3, 5]


def _exact(world: World) -> Parameters:
    annotator = replace(world.parameters.annotator, shift_px=0.0, overdrawn=0.0)
    return replace(world.parameters, annotator=annotator)


def test_missing_masks_name_the_key(world: World, tmp_path: Path) -> None:
    drawn = replace(world, mine_masks=str(tmp_path / "none.npz"))
    plot = drawn.plots()[0]

    with pytest.raises(ConfigError, match=r"world\.mine_masks"):
        drawn.mines(plot, drawn.network(plot))


def test_masks_of_other_values_are_refused(world: World, tmp_path: Path) -> None:
    np.savez(tmp_path / "grey.npz", masks=np.full((1, 4, 4), 128, np.uint8))
    drawn = replace(world, mine_masks=str(tmp_path / "grey.npz"))
    plot = drawn.plots()[0]

    with pytest.raises(ConfigError, match="0 and 1"):
        drawn.mines(plot, drawn.network(plot))


def test_a_plot_far_from_water_still_has_its_mine(world: World) -> None:
    placer = MinePlacer(world.parameters.mines, world.parameters.annotator, ())
    dry = np.full((40, 40), 1000.0)

    mines = placer.place(np.random.default_rng(7), dry, [(slice(10, 30), slice(10, 30))])

    assert mines[0].outline[10:30, 10:30].any()


def test_the_sun_stands_where_landsat_sees_it() -> None:
    winter, spring = sun_at(date(2016, 12, 21), -2.0), sun_at(date(2017, 4, 20), -2.0)

    assert 50 <= np.rad2deg(np.arcsin(winter.up)) <= 58
    assert 50 <= np.rad2deg(np.arcsin(spring.up)) <= 58
    assert winter.east > 0 > winter.north
    assert spring.north > 0


def test_a_slope_towards_the_sun_is_lighter() -> None:
    sun = sun_at(date(2016, 12, 21), -2.0)
    towards_west, flat, towards_east = np.array([0.3]), np.zeros(1), np.array([-0.3])

    assert sun.shading(flat, flat) == pytest.approx(1.0)
    assert sun.shading(towards_east, flat) > 1 > sun.shading(towards_west, flat)


def test_january_is_dry_and_november_wet() -> None:
    assert dryness(date(2017, 1, 16)) > 0.95
    assert dryness(date(2016, 11, 1)) < 0.1


def test_a_path_passes_every_sixteen_days_and_a_sidelap_more_often() -> None:
    calendar = Calendar("2016-10-15", "2017-05-09", 1)

    one = np.diff([day.toordinal() for day in overpasses(calendar, 4.5 * 159_000)])
    two = np.diff([day.toordinal() for day in overpasses(calendar, 4.0 * 159_000)])

    assert set(one) == {16}
    assert set(two) == {7, 9}


def test_more_dates_include_the_fewer_ones(world: World) -> None:
    few, many = replace(world, n_dates=5), replace(world, n_dates=9)

    assert all(set(few.days(plot)) < set(many.days(plot)) for plot in world.plots())


def test_sites_differ_in_their_number_of_dates(world: World) -> None:
    assert {len(world.days(plot)) for plot in world.plots()} == {6, 7, 8}


def test_the_harder_world_differs_in_five_numbers() -> None:
    usual = composed(["source=simulated"]).value("world.parameters")
    harder = composed(["experiment=harder"]).value("world.parameters")

    differences = {
        f"{group}.{key}": (usual[group][key], value)
        for group in ("calendar", "land", "mines", "annotator", "weather", "sensor")
        for key, value in harder[group].items()
        if value != usual[group][key]
    }

    assert differences == {
        "land.bare_fraction": (0.003, 0.012),
        "land.settlement_fraction": (0.003, 0.01),
        "mines.vegetation_fraction": (0.15, 0.30),
        "annotator.shift_px": (0.55, 0.7),
        "annotator.unlabelled": (0.06, 0.20),
    }


@pytest.mark.parametrize(
    ("override", "key"),
    [
        pytest.param("n_sites=0", "n_sites", id="no site"),
        pytest.param("n_sites=641", "n_sites", id="more sites than there is ground for"),
        pytest.param("n_background=600", "n_background", id="more ground than is left"),
        pytest.param("n_dates=14", "n_dates", id="more dates than overpasses"),
        pytest.param(
            "parameters.weather.veil_dates=1.2", "weather.veil_dates", id="share above 1"
        ),
        pytest.param(
            "parameters.mines.largest_px=3", "mines.largest_px", id="largest below smallest"
        ),
        pytest.param("parameters.land.field_px=0", "land.field_px", id="fields without size"),
        pytest.param(
            "parameters.calendar.first_day=october", "calendar", id="day that is none"
        ),
        pytest.param(
            "parameters.calendar.first_day=2017-05-01", "calendar", id="too short a season"
        ),
    ],
)
def test_invalid_values_name_their_key(override: str, key: str) -> None:
    params = composed(["source=simulated", f"world.{override}"])

    with pytest.raises(ConfigError, match=key):
        params.build("world")
